"""Sends rows to the registry: batches at a time, what changed as updates, until all is told.

There is no checkpoint file: the registry is the checkpoint. Registering is idempotent by key and
content, so an import that is begun again finds what was acknowledged and adds the rest. Calls are
repeated while the registry is unavailable, for as long as the client's time-out says.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import (
    Cancelled,
    DeadlineExceeded,
    InternalError,
    MeshError,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.importers.rows import Row, Summary

__all__ = ["AS_OF", "BROKEN", "Loader", "changed_fields", "each", "told"]

AS_OF: Final = "as_of"
"""Metadata: the date of the list that a thing was told by. An older list changes nothing."""
_CONFLICT: Final = "INSTRUMENT_CONFLICT"
BROKEN: Final = (Unavailable, DeadlineExceeded, Cancelled, InternalError)
"""Failures of the mesh, which end an import, beside refusals of a row, which do not."""
_REFERENCES: Final = ("underlying", "pool_tokens")
_T = TypeVar("_T")
_ThingT = TypeVar("_ThingT", pb.Instrument, pb.Venue)


async def each(items: Iterable[_T], work: Callable[[_T], Awaitable[None]], *, at_once: int) -> None:
    """`work` of every item, in their order and so many at once.

    Raises:
        MeshError: the first failure, which ends all.
    """
    pending = iter(items)

    async def worker() -> None:
        for item in pending:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(worker())
    except* MeshError as failed:
        raise _first(failed) from None


class Loader:
    """Registers the rows of one import; `ids` has what rows with a key became."""

    def __init__(
        self,
        registry: RegistryClient,
        *,
        batch: int = 1000,
        at_once: int = 4,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`progress` is told of every so many rows that are done."""
        self.registry = registry
        self.ids: dict[str, common_pb2.InstrumentId] = {}
        self._refusals: dict[str, str] = {}
        self._batch = batch
        self._at_once = at_once
        self._progress = progress

    async def load(self, rows: Sequence[Row], fields: frozenset[str], summary: Summary) -> None:
        """Register rows, whose references must be loaded before. What is there with other `fields`
        is updated in these alone, unless a newer list said it.

        Raises:
            MeshError: the mesh failed, not a row.
        """
        size = self._batch
        chunks = [rows[start : start + size] for start in range(0, len(rows), size)]

        async def one(chunk: Sequence[Row]) -> None:
            await self._load(chunk, fields, summary)
            self._progress(len(chunk))

        await each(chunks, one, at_once=self._at_once)

    async def _load(self, rows: Sequence[Row], fields: frozenset[str], summary: Summary) -> None:
        summary.read += sum(not row.fill_in for row in rows)
        ready = [row for row in rows if self._refer(row, summary)]
        if not ready:
            return
        outcomes = await self.registry.register_many(row.message for row in ready)
        other: list[tuple[Row, common_pb2.InstrumentId]] = []
        for row, outcome in zip(ready, outcomes, strict=True):
            known = outcome.HasField("id")
            if not outcome.reason:
                if not row.fill_in:
                    summary.created += outcome.created
                    summary.unchanged += not outcome.created
            elif outcome.reason == _CONFLICT and known:
                other.append((row, outcome.id))
            else:
                self._refusals[row.key] = outcome.message
                if not row.fill_in:
                    summary.refuse(row.place, outcome.reason, outcome.message)
                continue
            if row.key and known:
                self.ids[row.key] = outcome.id
        await self._update(other, fields, summary)

    def _refer(self, row: Row, summary: Summary) -> bool:
        """Fill in the ids of what a row refers to."""
        for key in (row.underlying, *row.pool_tokens):
            if key and key not in self.ids:
                why = self._refusals.get(key, "it was refused before it was sent")
                summary.refuse(row.place, "REFERENCE_REFUSED", f"{key} is not registered: {why}")
                return False
        if row.underlying:
            row.message.underlying.CopyFrom(self.ids[row.underlying])
        row.message.pool_tokens.extend(self.ids[key] for key in row.pool_tokens)
        return True

    async def _update(
        self,
        rows: Sequence[tuple[Row, common_pb2.InstrumentId]],
        fields: frozenset[str],
        summary: Summary,
    ) -> None:
        changing = [(row, key) for row, key in rows if not row.fill_in]
        if not changing:
            return
        stored = await self.registry.get_many(key for _, key in changing)
        work = []
        for (row, _), there in zip(changing, stored, strict=True):
            assert there is not None, "the registry answered its id"
            paths = changed_fields(row.message, there, fields)
            ours, theirs = told(row.message), told(there)
            if ours < theirs and paths:
                summary.adapt(row.place, "OLDER_LIST", f"that of {theirs} says otherwise")
                paths = []
            if paths:
                work.append((row, there, paths))
            else:
                summary.unchanged += 1

        async def one(item: tuple[Row, pb.Instrument, list[str]]) -> None:
            row, there, paths = item
            row.message.id_text = there.id_text
            try:
                await self.registry.update(
                    row.message, fields=paths, expected_revision=there.revision
                )
            except BROKEN:
                raise
            except MeshError as error:
                summary.refuse(row.place, error.reason, error.message)
            else:
                summary.updated += 1

        await each(work, one, at_once=16 * self._at_once)


def changed_fields(wanted: _ThingT, there: _ThingT, fields: frozenset[str]) -> list[str]:
    """Which of `fields` an update has to change. References that are set stay; the date of a
    list is no change by itself.
    """
    mine, theirs = (
        {field.name: value for field, value in _undated(thing).ListFields()}
        for thing in (wanted, there)
    )
    changed = {
        name
        for name in fields
        if mine.get(name) != theirs.get(name) and not (name in _REFERENCES and name in theirs)
    }
    return sorted(changed | ({"metadata"} & fields)) if changed else []


def _undated(thing: _ThingT) -> _ThingT:
    copy = type(thing)()
    copy.CopyFrom(thing)
    if AS_OF in copy.metadata.fields:
        del copy.metadata.fields[AS_OF]
    return copy


def told(thing: pb.Instrument | pb.Venue) -> str:
    """The date of the list that an instrument or a venue was told by."""
    fields = thing.metadata.fields
    return fields[AS_OF].string_value if AS_OF in fields else ""


def _first(group: BaseException) -> MeshError:
    """One failure of a group; its tasks share one registry, so the others say the same."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, MeshError)
    return found
