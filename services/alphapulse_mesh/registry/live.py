"""The registry on the MarketDataRelay: values of synthetics as SyntheticUpdate frames whenever one
of their components is quoted, and its own instruments as InstrumentDiscovery frames.

Only what synthetics are made of is subscribed to, and nothing when there are none. A frame of
values is caused by the frame of quotes that moved them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from alphapulse_client import frames
from alphapulse_client.context import FrameContext, new_context
from alphapulse_client.subscription import Subscription
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.registry.model import InstrumentEntry, SyntheticEntry
from alphapulse_mesh.registry.opportunities import opportunity_frame
from alphapulse_mesh.registry.records import instrument_record, scaled
from alphapulse_mesh.registry.synthetics import Evaluation, SyntheticGraph
from alphapulse_mesh.runtime.errors import MeshError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alphapulse_client.publisher import Publisher
    from alphapulse_client.subscription import Batch
    from alphapulse_mesh.registry.opportunities import Opportunity
    from alphapulse_mesh.registry.opportunity_feed import OpportunityFeed
    from alphapulse_mesh.registry.quotes import LiveQuotes
    from alphapulse_mesh.registry.state import RegistryState
    from alphapulse_mesh.registry.watch import Recent
    from alphapulse_mesh.runtime.system import Reading

__all__ = ["LiveRegistry", "QuoteFollower", "discovery_frame", "mid_prices", "synthetic_frame"]

_log = logging.getLogger(__name__)
_ID_BYTES: Final = 16
_CHUNK: Final = 1024
_RETRY_SECONDS: Final = 1.0
_LONG: Final = 3600.0
_SCALE: Final = 8
_CAUSES: Final = 16
"""Further causes that a frame names: what opened it is the context itself."""


def mid_prices(rows: frames.Rows) -> dict[bytes, Decimal]:
    """Instrument → the middle of its last quote with two sides among Quote rows, exactly."""
    ids = rows["instrument_id"].tobytes()
    bids, asks = rows["bid_price"].tolist(), rows["ask_price"].tolist()
    return {
        ids[at * _ID_BYTES : (at + 1) * _ID_BYTES]: Decimal(bid + ask).scaleb(-_SCALE) / 2
        for at, (bid, ask) in enumerate(zip(bids, asks, strict=True))
        if bid > 0 and ask > 0
    }


def synthetic_frame(
    graph: SyntheticGraph,
    evaluations: Sequence[Evaluation],
    context: FrameContext,
    times: tuple[int, int, int],
) -> bytes | None:
    """One frame of SyntheticUpdate rows with their components; None when nothing has a value.
    `times`: of the quote's exchange, of its receipt here, and how long evaluating took, ns.
    """
    valued = [each for each in evaluations if each.value is not None]
    if not valued:
        return None
    rows = frames.rows(MessageType.SYNTHETIC_UPDATE, len(valued))
    rows["exchange_time"], rows["receive_time"], rows["evaluation_ns"] = times
    parts: list[bytes] = []
    ids = b"".join(each.entry.id for each in valued)
    rows["synthetic_id"] = np.frombuffer(ids, dtype=rows.dtype["synthetic_id"])
    for row, each in zip(rows, valued, strict=True):
        assert each.value is not None, "only those with a value are here"
        inputs = graph.inputs(each.entry)
        row["value"] = int(each.value.scaleb(_SCALE))
        row["formula_hash"] = each.entry.message.formula_hash
        row["version"] = each.entry.message.version
        row["first_component"] = len(parts)
        row["component_count"] = len(inputs)
        parts += [
            key + int(value.scaleb(_SCALE)).to_bytes(8, "little", signed=True)
            for key, value in inputs
        ]
    return frames.encode(
        MessageType.SYNTHETIC_UPDATE,
        rows,
        source=SourceType.REGISTRY,
        context=context,
        components=b"".join(parts),
    )


def discovery_frame(entries: Sequence[InstrumentEntry], now_ns: int) -> bytes:
    """One frame of InstrumentDiscovery rows: what the registry holds of instruments, each row's
    name in the blob.
    """
    rows = frames.rows(MessageType.INSTRUMENT_DISCOVERY, len(entries))
    rows["receive_time"] = now_ns
    blob = bytearray()
    dtype = frames.dtype_of(frames.REGISTRY_RECORDS)
    for row, entry in zip(rows, entries, strict=True):
        message = entry.message()
        record = np.frombuffer(instrument_record(message), dtype=dtype)[0]
        for field in ("instrument_id", "symbol", "isin", "cusip", "figi", "address", "decimals"):
            row[field] = record[field]
        row["tick_size"], row["lot_size"] = scaled(message.tick_size), scaled(message.lot_size)
        row["chain_id"] = message.chain_id
        row["symbol_length"] = len(message.symbol.encode())
        row["currency"] = message.quote_currency.encode()[:4]
        name = message.name.encode()
        row["data_offset"], row["data_length"] = len(blob), len(name)
        blob += name
    return frames.encode(
        MessageType.INSTRUMENT_DISCOVERY,
        rows,
        source=SourceType.REGISTRY,
        context=new_context(sampled=False),
        timestamp=now_ns,
        blob=bytes(blob),
    )


class QuoteFollower:
    """Follows every quote of the MarketDataRelay: for routing, and for opportunities where there is
    somebody to tell.
    """

    def __init__(
        self,
        quotes: LiveQuotes,
        feed: OpportunityFeed,
        target: str,
        publisher: Publisher | None,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        reading: Reading = nullcontext,
    ) -> None:
        """`target` is the relay; without `publisher` opportunities are for `feed`'s watchers alone,
        and nobody looks for them while there are none. `reading`: around the time that a
        subscription is read.
        """
        self._quotes = quotes
        self._feed = feed
        self._target = target
        self._publisher = publisher
        self._clock_ns = clock_ns
        self._reading = reading
        feed.followed = True

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with (
                    Subscription(
                        self._target,
                        "market_data",
                        message_types=[MessageType.QUOTE],
                        name="registry-quotes",
                    ) as quotes,
                    self._reading(quotes),
                ):
                    async for batch in quotes:
                        for frame in batch.frames:
                            await self.take(frame)
            except MeshError as error:
                _log.warning("no quotes: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)

    async def take(self, frame: frames.Frame) -> None:
        """Keep the quotes of a frame, and publish what opportunities they open."""
        moved = self._quotes.take(frame.rows, frame.context)
        if self._publisher is None and not self._feed.wanted:
            return
        now_ns = self._clock_ns()
        context = frame.context.child()
        found = self._feed.move(moved, context, now_ns)
        if found and self._publisher is not None:
            causes = self._other_causes(found, frame.context)
            await self._publisher.publish(opportunity_frame(found, context, now_ns, causes))

    def _other_causes(
        self, found: Sequence[Opportunity], own: FrameContext
    ) -> list[tuple[bytes, bytes]]:
        """The frames of the quotes on the other sides, each once."""
        causes: dict[tuple[bytes, bytes], None] = {}
        for each in found:
            for side in each.key:
                context = self._quotes.context(side)
                if context is not None and context.message_id != own.message_id:
                    causes[context.trace_id, context.message_id] = None
        return list(causes)[:_CAUSES]


class LiveRegistry:
    """Keeps the MarketDataRelay told. `publisher` is of its domain."""

    def __init__(  # what it reads and where it writes
        self,
        state: RegistryState,
        recent: Callable[[], Recent],
        target: str,
        publisher: Publisher,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        reading: Reading = nullcontext,
    ) -> None:
        """`recent` answers the writer's recent changes; `target` is the relay. `reading`: around
        the time that a subscription is read.
        """
        self._state = state
        self._recent = recent
        self._target = target
        self._publisher = publisher
        self._clock_ns = clock_ns
        self._reading = reading
        self._graph = SyntheticGraph(state)

    async def tell_discoveries(self) -> None:
        """Publish what is registered or updated from now on, until cancelled."""
        cursor = self._state.revision
        while True:
            await self._recent().wait_beyond(cursor, _LONG)
            events = self._recent().after(cursor, _CHUNK)
            if events is None:  # too much at once to tell: who needs all of it watches the registry
                cursor = self._recent().revision
                continue
            entries = [e.change for e in events if isinstance(e.change, InstrumentEntry)]
            if entries:
                await self._publisher.publish(discovery_frame(entries, self._clock_ns()))
            cursor = events[-1].revision if events else cursor

    async def evaluate(self) -> None:
        """Follow the quotes of what synthetics are made of, until cancelled."""
        while True:
            leaves = self._leaves()
            revision = self._state.revision
            following = asyncio.ensure_future(self._follow(leaves))
            try:
                await self._definitions_change(revision)
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    def _leaves(self) -> set[bytes]:
        """What is quoted: inputs that are no synthetics themselves."""
        synthetics = self._state.synthetics
        inputs = {each for entry in synthetics.values() for each in entry.inputs.values()}
        return inputs - synthetics.keys()

    async def _definitions_change(self, revision: int) -> None:
        while True:
            await self._recent().wait_beyond(revision, _LONG)
            events = self._recent().after(revision, _CHUNK)
            if events is None or any(isinstance(e.change, SyntheticEntry) for e in events):
                return
            revision = events[-1].revision if events else revision

    async def _follow(self, leaves: set[bytes]) -> None:
        while leaves:
            try:
                async with (
                    Subscription(
                        self._target,
                        "market_data",
                        message_types=[MessageType.QUOTE],
                        instruments=leaves,
                        name="registry",
                    ) as quotes,
                    self._reading(quotes),
                ):
                    async for batch in quotes:
                        await self._take(batch)
            except MeshError as error:
                _log.warning("no quotes for synthetics: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _take(self, batch: Batch) -> None:
        for frame in batch.frames:
            rows = frame.rows
            started = time.perf_counter_ns()
            evaluations = self._graph.move(mid_prices(rows))
            took = time.perf_counter_ns() - started
            for each in evaluations:
                if each.value is None:
                    _log.debug("%s has no value: %s", each.entry.message.name, each.reason)
            times = (int(rows["exchange_time"].max()), int(rows["receive_time"].max()), took)
            update = synthetic_frame(self._graph, evaluations, frame.context.child(), times)
            if update is not None:
                await self._publisher.publish(update)
