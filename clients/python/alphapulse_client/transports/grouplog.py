"""A domain's JetStream stream as a log of groups: connecting to it, and finding a place in it.

Shared by the relay, which looks for where it ended, and by subscribers, who look for where to
start. What the messages hold is `groups`' part.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from alphapulse_client.transports.groups import Group, Index, index_subject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["BROKEN", "FoundGroup", "GroupLog", "connect"]

BROKEN: Final = (nats.errors.Error, OSError, TimeoutError)
"""What a server that is not there, or that refuses, makes of a call."""
_CONNECT_SECONDS: Final = 2
_ANSWER_SECONDS: Final = 5.0
_CREDENTIALS: Final = "ALPHAPULSE_NATS__CREDENTIALS_FILE"
_TOKEN: Final = "ALPHAPULSE_NATS__TOKEN"  # noqa: S105  # the variable's name


async def connect(
    url: str,
    *,
    name: str,
    credentials_file: str = "",
    token: str = "",
    closed: Callable[[], Awaitable[None]] | None = None,
) -> Any:
    """A connection that ends when it breaks: who holds it decides what then.

    Credentials that are not given are taken from the environment. `closed` is called at its end.

    Raises:
        One of `BROKEN`.
    """
    credentials_file = credentials_file or os.environ.get(_CREDENTIALS, "")
    token = token or os.environ.get(_TOKEN, "")
    client = Client()
    try:
        await client.connect(
            [one.strip() for one in url.split(",")],
            name=name,
            connect_timeout=_CONNECT_SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # of the first connection too
            reconnect_time_wait=0,
            ping_interval=5,
            closed_cb=closed,
            error_cb=_ignore,  # what ends the connection is told by its end
            user_credentials=credentials_file or None,
            token=token or None,
        )
    except BaseException:
        await client.close()  # a connection that was refused is one all the same
        raise
    return client


async def _ignore(error: Exception) -> None:
    del error


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group's index and where it is."""

    place: int
    """Sequence of the index in the JetStream stream."""
    index: Index

    @property
    def begin(self) -> int:
        """Sequence of the group's first message in the JetStream stream."""
        return self.place - len(self.index.parts)


class GroupLog:
    """The groups of one domain, for reading."""

    def __init__(self, connection: Any, name: str, prefix: str) -> None:
        """`name` is the stream's, `prefix` that of its subjects."""
        self.jetstream = connection.jetstream(timeout=_ANSWER_SECONDS)
        self._name = name
        self._subject = index_subject(prefix)

    async def newest(self) -> FoundGroup | None:
        """The last group; None where there is none."""
        try:
            found = await self.jetstream.get_last_msg(self._name, self._subject)
        except nats.js.errors.NotFoundError:
            return None
        return FoundGroup(found.seq or 0, Index.decode(found.data or b""))

    async def at(self, place: int) -> FoundGroup | None:
        """The first group whose index is at `place` or behind it."""
        try:
            found = await self.jetstream.get_msg(
                self._name, max(place, 1), subject=self._subject, next=True
            )
        except nats.js.errors.NotFoundError:
            return None
        return FoundGroup(found.seq or 0, Index.decode(found.data or b""))

    async def oldest(self) -> FoundGroup | None:
        """The first group that is there whole."""
        begin = await self._begin()
        found = await self.at(begin)
        if found is not None and found.begin < begin:
            found = await self.at(found.place + 1)
        return found

    async def first(self, wanted: Callable[[Index], bool]) -> FoundGroup | None:
        """The first group that is `wanted`, where all behind one that is are wanted too."""
        newest = await self.newest()
        if newest is None or not wanted(newest.index):
            return None
        low, best = await self._begin(), newest
        high = newest.place
        while low < high:  # the wanted one is at `low` or behind it, `best` is wanted
            middle = (low + high) // 2
            found = await self.at(middle)
            if found is None or wanted(found.index):
                high = middle
                best = found or best
            else:
                low = found.place + 1
        return best

    async def read(self, found: FoundGroup) -> Group | None:
        """All frames of a group; None where some of them have left the stream."""
        payloads: list[bytes] = []
        for place in range(found.begin, found.place):
            try:
                message = await self.jetstream.get_msg(self._name, place)
            except nats.js.errors.NotFoundError:
                return None
            payloads.append(message.data or b"")
        return Group.decode(found.index, found.index.parts, payloads)

    async def _begin(self) -> int:
        info = await self.jetstream.stream_info(self._name)
        return max(int(info.state.first_seq), 1)
