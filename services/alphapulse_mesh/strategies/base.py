"""What a strategy is: told of instruments, handed frames, asked for signals.

The run loop around it (`service`) owns connections, spans and checkpoints; a backtest calls the
same three methods with recorded frames. Time is the market's: the rows' `receive_time`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import Frame, Rows
    from alphapulse_client.instrument_ids import InstrumentKey
    from alphapulse_layout import MessageType, SourceType

__all__ = ["InstrumentDirectory", "Signal", "Strategy"]


class InstrumentDirectory(Protocol):
    """What a strategy may ask of the registry; `RegistryClient` is one."""

    def links(
        self, instrument: InstrumentKey | None = None, *, link_type: pb.LinkType.ValueType = ...
    ) -> AsyncIterator[pb.Link]:
        """The links of an instrument (None: all), of one type where given."""
        ...

    async def get_many(
        self, instruments: Iterable[InstrumentKey], *, min_revision: int = 0
    ) -> list[pb.Instrument | None]:
        """Instruments in the order of their ids; None for an unknown one."""
        ...

    async def venue(self, key: str | int) -> pb.Venue:
        """A venue by number, name or MIC."""
        ...


@dataclass(frozen=True, slots=True)
class Signal:
    """One decision, ready to be published."""

    message_type: MessageType
    row: Rows
    """(1,) of the type's dtype."""
    signal_id: int
    cause: FrameContext
    """Of the frame whose row tipped it."""
    further_causes: tuple[FrameContext, ...] = ()
    """Of other frames that it rests on."""
    attributes: Mapping[str, str | bool | int | float] = field(default_factory=dict)
    """For the span of the decision."""


class Strategy(ABC):
    """One strategy. Deterministic: the same frames in the same order give the same signals."""

    name: ClassVar[str]
    source: ClassVar[SourceType]
    """What its signals name as their source."""
    message_types: ClassVar[tuple[MessageType, ...]]
    """What it wants to be handed."""

    def __init__(self, strategy_id: int) -> None:
        self.strategy_id = strategy_id

    @abstractmethod
    async def on_start(self, directory: InstrumentDirectory) -> None:
        """Learn the instruments. Called again whenever the registry may have new ones."""

    @abstractmethod
    def on_batch(self, frames: Sequence[Frame], *, muted: bool = False) -> list[Signal]:
        """Take frames of `message_types`, in sequence; the signals that they lead to, in order.

        `muted`: learn from them, but decide nothing (paused, or catching up on old frames).
        """

    @abstractmethod
    def unknown(self, frames: Sequence[Frame]) -> set[bytes]:
        """Ids in the frames that `on_start` has not told of."""

    @property
    @abstractmethod
    def ready(self) -> bool:
        """It has what it needs to decide."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything that it must remember over a restart, as JSON values."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave; what is not of this strategy is left out."""
