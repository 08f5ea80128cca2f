"""What collectors met and the registry does not know: InstrumentDiscovered frames, registered.

The metadata of a row is the JSON of an Instrument; without it the id itself must say what it is. By
policy an instrument is registered as active, or as announced: that is the review, which ends with
`UpdateInstrument` to active or with `DelistInstrument`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Literal

from google.protobuf.json_format import Parse, ParseError

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.subscription import Subscription
from alphapulse_core import InstrumentIdError, instrument_id_decode
from alphapulse_layout import MessageType
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.writer import Command
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError

if TYPE_CHECKING:
    from alphapulse_client.frames import Frame
    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.writer import RegistryWriter, Respond
    from alphapulse_mesh.runtime.system import Reading

__all__ = ["Discovery", "Policy", "instruments_of"]

_log = logging.getLogger(__name__)
_RETRY_SECONDS: Final = 1.0
Policy = Literal["review", "register"]


def instruments_of(frame: Frame) -> list[pb.Instrument | InvalidArgument]:
    """What the rows of an InstrumentDiscovered frame are, or why one cannot be told."""
    blob = bytes(frame.blob)
    found: list[pb.Instrument | InvalidArgument] = []
    for row in frame.rows:
        start = int(row["metadata_offset"])
        metadata = blob[start : start + int(row["metadata_length"])]
        try:
            found.append(
                _instrument(row["instrument_id"].tobytes(), row["symbol"].decode(), metadata)
            )
        except InvalidArgument as error:
            found.append(error)
        except (ParseError, UnicodeDecodeError, InstrumentIdError) as error:
            found.append(_unreadable(str(error)))
    return found


def _unreadable(why: str) -> InvalidArgument:
    return InvalidArgument(
        f"a discovered instrument cannot be told: {why}", reason=Reason.DISCOVERY_UNREADABLE
    )


def _instrument(instrument_id: bytes, symbol: str, metadata: bytes) -> pb.Instrument:
    if metadata:
        return Parse(metadata.decode(), pb.Instrument())
    scheme, key = instrument_id_decode(instrument_id)
    message = identity.to_message(instrument_id)
    instrument = pb.Instrument(
        id=message, asset_type=message.asset_type, venue=message.venue, symbol=symbol
    )
    if key is None or message.asset_type in identity.ON_CHAIN | identity.DATED:
        raise _unreadable("its id is a hash, or says too little, and it has no metadata")
    if scheme == common_pb2.ID_SCHEME_PAIR:
        instrument.base_currency, instrument.quote_currency = key.split("/")
    elif scheme == common_pb2.ID_SCHEME_ISIN:
        instrument.isin = key
    else:
        instrument.symbol = key
    return instrument


class Discovery:
    """Follows the frames and has them registered by policy."""

    def __init__(
        self,
        writer: RegistryWriter,
        target: str,
        policy: Policy,
        *,
        reading: Reading = nullcontext,
    ) -> None:
        """`target` is the MarketDataRelay; the writer must run. `reading`: around the time that a
        subscription is read.
        """
        self._writer = writer
        self._reading = reading
        self._target = target
        self._policy = policy
        self.outcomes: Counter[str] = Counter()
        """How many were `created`, `known`, or refused, by reason."""

    async def run(self) -> None:
        """Until cancelled. What is seen again after a new start is known by then."""
        while True:
            try:
                async with (
                    Subscription(
                        self._target,
                        "market_data",
                        message_types=[MessageType.INSTRUMENT_DISCOVERED],
                        start="oldest",
                        name="registry-discovery",
                    ) as found,
                    self._reading(found),
                ):
                    async for batch in found:
                        for frame in batch.frames:
                            await self.take(frame)
            except MeshError as error:
                _log.warning("no discoveries: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)

    async def take(self, frame: Frame) -> None:
        """Register what a frame says, in one commit; a refused row leaves the others.

        Raises:
            Unavailable: nothing more can be written.
        """
        found = instruments_of(frame)

        planned: list[str] = []

        async def plan(planner: RegistryPlanner) -> Respond:
            planned[:] = [self._outcome(planner, each) for each in found]  # anew after a conflict
            return lambda _: b""

        await self._writer.submit(Command("Discovery", plan, weight=len(found)))
        self.outcomes.update(planned)

    def _outcome(self, planner: RegistryPlanner, found: pb.Instrument | InvalidArgument) -> str:
        if isinstance(found, InvalidArgument):
            _log.info("%s", found)
            return found.reason
        try:
            requested = identity.from_message(found.id) if found.HasField("id") else None
            if requested is not None and planner.instrument(requested) is not None:
                return "known"
            if self._policy == "review":
                found.status = pb.INSTRUMENT_STATUS_ANNOUNCED
            _, created = planner.register_instrument(found)
        except MeshError as error:
            _log.info("a discovered instrument was refused: %s (%s)", error, error.reason)
            return error.reason
        return "created" if created else "known"
