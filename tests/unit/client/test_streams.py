"""Why a stream ended: the service's word, whatever aio says of its own beside it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
import pytest

from alphapulse_client import PermissionDenied, Unavailable
from alphapulse_client._streams import StreamEnd
from alphapulse_client.errors import InternalError
from alphapulse_mesh.runtime.errors import STATUS_DETAILS_KEY, to_status

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = PermissionDenied("not you", reason="NOT_YOU")
REFUSAL = (
    grpc.StatusCode.PERMISSION_DENIED,
    "not you",
    ((STATUS_DETAILS_KEY, to_status(REFUSED).SerializeToString()),),
)
AIO_ITSELF: tuple[Any, ...] = (grpc.StatusCode.INTERNAL, "Internal error from Core", ())


class Ending:
    """A call as aio has it: it may get one status after the other, and tells each at once."""

    def __init__(self) -> None:
        self._status: tuple[Any, ...] | None = None
        self._callbacks: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._callbacks.append(callback)

    def ends(self, status: tuple[Any, ...]) -> None:
        self._status = status
        for callback in self._callbacks:
            callback(self)

    async def code(self) -> Any:
        assert self._status is not None
        return self._status[0]

    async def details(self) -> Any:
        assert self._status is not None
        return self._status[1]

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        assert self._status is not None
        return grpc.aio.Metadata(*self._status[2])

    async def initial_metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata()


@pytest.mark.parametrize(
    "statuses", [[REFUSAL], [AIO_ITSELF, REFUSAL], [REFUSAL, AIO_ITSELF]], ids=len
)
async def test_the_service_has_the_word(statuses: list[tuple[Any, ...]]) -> None:
    call = Ending()
    end = StreamEnd(cast("Any", call))
    asked = asyncio.create_task(end.why())
    for status in statuses:
        await asyncio.sleep(0)
        call.ends(status)
    failure = await asked
    assert (type(failure), failure.reason) == (PermissionDenied, "NOT_YOU")


async def test_an_end_in_peace_may_pass() -> None:
    call = Ending()
    end = StreamEnd(cast("Any", call))
    call.ends((grpc.StatusCode.OK, "", ()))
    failure = await end.why()
    assert (type(failure), failure.reason) == (Unavailable, "STREAM_ENDED")


async def test_nobody_is_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alphapulse_client._streams._PATIENCE_SECONDS", 0.01)
    call = Ending()
    end = StreamEnd(cast("Any", call))
    call.ends(AIO_ITSELF)
    assert type(await end.why()) is InternalError
