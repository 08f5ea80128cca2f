"""What a subscriber wants: its request checked and compiled once, then applied to whole runs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.transports.selection import row_filter
from alphapulse_layout import MessageType
from alphapulse_mesh.relay.window import Run
from alphapulse_mesh.relay.wire import encode_run
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Selection", "filters_of", "select"]

_MESSAGE_TYPES: Final = frozenset(MessageType)
_MAX_INSTRUMENTS: Final = 100_000
"""Ids that a subscriber may name; more is better said by venue or asset type."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a subscriber wants, compiled once."""

    types: frozenset[int] | None
    """Message types, None for all: enough to pass or skip most runs whole."""
    rows: core.FrameFilter | None
    """None where the types say it all."""

    @property
    def everything(self) -> bool:
        """Nothing is filtered."""
        return self.types is None and self.rows is None

    def apply(self, run: Run) -> Run | None:
        """The run itself, what is left of it, or None when nothing is."""
        if self.types is not None:
            if self.types.isdisjoint(run.type_set):
                return None
            if self.rows is None and run.type_set <= self.types:
                return run
        if self.rows is None:
            return self._by_type(run)
        block, bounds, _ = self.rows.apply_block(run.data, run.offsets, run.lengths)
        if len(bounds) == 1:
            return None
        if len(bounds) - 1 == len(run.types) and int(bounds[-1]) == int(run.lengths.sum()):
            return run
        offsets, lengths = bounds[:-1], np.diff(bounds).astype(np.uint32)
        left = core.verify_block(block, offsets, lengths, checksum=False)
        view = memoryview(block)  # type: ignore[arg-type]  # an ndarray is a buffer
        ends = bounds.tolist()
        encoded = encode_run(view[start:end] for start, end in pairwise(ends))
        return Run(run.first, encoded, left.message_type, left.record_count)

    def _by_type(self, run: Run) -> Run:
        assert self.types is not None, "else nothing is filtered"
        wanted = np.isin(run.types, list(self.types))
        view = memoryview(run.data)
        encoded = encode_run(
            view[at : at + size]
            for at, size in zip(
                run.offsets[wanted].tolist(), run.lengths[wanted].tolist(), strict=True
            )
        )
        return Run(run.first, encoded, run.types[wanted], run.records[wanted])


def filters_of(request: pb.SubscribeRequest) -> bytes:
    """The filters of a request: equal bytes want the same."""
    filters = pb.SubscribeRequest(
        message_types=sorted(set(request.message_types)),
        instrument_ids=request.instrument_ids,
        venues=sorted(set(request.venues)),
        sources=sorted(set(request.sources)),
        asset_types=sorted(set(request.asset_types)),
        predicate=request.predicate,
    )
    return filters.SerializeToString(deterministic=True)


def select(
    request: pb.SubscribeRequest,
    accepted: NDArray[np.bool_],
    domain: str,
    schemas: Sequence[tuple[int, core.Schema]] = (),
) -> Selection:
    """The filters of a request; `accepted` is (256,): which message types the domain has, `schemas`
    those registered at run time.

    Raises:
        InvalidArgument: a filter that cannot be meant.
    """
    if len(request.message_types) > 256:
        raise _too_large("message_types", len(request.message_types), 256)
    for number in request.message_types:
        if number > 255 or not accepted[number]:
            raise InvalidArgument(
                f"message type {number} does not belong to the domain {domain}",
                reason="DOMAIN_MISMATCH",
                message_type=number,
            )
        if number < MessageType.CUSTOM and number not in _MESSAGE_TYPES:
            raise InvalidArgument(
                f"there is no message type {number}",
                reason="MESSAGE_TYPE_UNKNOWN",
                message_type=number,
            )
    if len(request.instrument_ids) % 16:
        raise InvalidArgument(
            f"instrument_ids has {len(request.instrument_ids)} bytes, not a multiple of 16",
            reason="INSTRUMENT_ID_INVALID",
        )
    if len(request.instrument_ids) > 16 * _MAX_INSTRUMENTS:
        raise _too_large("instrument_ids", len(request.instrument_ids) // 16, _MAX_INSTRUMENTS)
    _check_numbers("venues", request.venues, 65535)
    _check_numbers("sources", request.sources, 255)
    _check_numbers("asset_types", request.asset_types, 255)
    types = frozenset(request.message_types) or None
    return Selection(types, row_filter(request, schemas))


def _check_numbers(name: str, numbers: Any, limit: int) -> None:
    if len(numbers) > limit + 1:
        raise _too_large(name, len(numbers), limit + 1)
    for number in numbers:
        if number > limit:
            raise InvalidArgument(
                f"{name}: {number} is above {limit}", reason="FILTER_INVALID", field=name
            )


def _too_large(name: str, count: int, limit: int) -> InvalidArgument:
    return InvalidArgument(
        f"{name} has {count} entries, at most {limit} are taken",
        reason="FILTER_TOO_LARGE",
        field=name,
        limit=limit,
    )
