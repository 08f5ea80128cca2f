"""The error hierarchy, its one table, and the way over the wire and back."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_client import errors as client_errors
from alphapulse_mesh.runtime import errors
from alphapulse_mesh.runtime.errors import (
    CODES,
    STATUS_DETAILS_KEY,
    FrameError,
    InternalError,
    MeshError,
    NotFound,
    OrderRejected,
    ResourceExhausted,
    UnknownInstrument,
    code_of,
    from_rpc_error,
    to_status,
)


def hierarchy(cls: type[MeshError] = MeshError) -> list[type[MeshError]]:
    return [cls, *(sub for base in cls.__subclasses__() for sub in hierarchy(base))]


OURS = [cls for cls in hierarchy() if cls.__module__ == client_errors.__name__]


class FakeRpcError(grpc.RpcError):
    """As gRPC raises it, with what our server sends."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: object = ()) -> None:
        super().__init__(details)
        self._all = code, details, trailing

    def code(self) -> grpc.StatusCode:
        return self._all[0]

    def details(self) -> str:
        return self._all[1]

    def trailing_metadata(self) -> Any:
        return self._all[2]


def over_the_wire(error: MeshError) -> MeshError:
    status = to_status(error)
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    trailing = ((STATUS_DETAILS_KEY, status.SerializeToString()),)
    return from_rpc_error(FakeRpcError(code, status.message, trailing))


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
class TestEveryClass:
    def test_is_in_the_table_and_exported(self, cls: type[MeshError]) -> None:
        assert cls in CODES
        assert cls.__name__ in client_errors.__all__
        assert getattr(errors, cls.__name__) is cls

    def test_is_drawn_in_the_tree(self, cls: type[MeshError]) -> None:
        lines = (client_errors.__doc__ or "").splitlines()
        line = next(line for line in lines if line.lstrip(" │├└─").split(" ")[0] == cls.__name__)
        base = cls.__bases__[0]
        if base in (MeshError, Exception):
            assert cls is MeshError or CODES[cls].name in line
        else:
            assert CODES[cls] is CODES[base]

    def test_comes_back_as_itself(self, cls: type[MeshError]) -> None:
        if cls is MeshError:
            back = over_the_wire(cls("what happened", reason="SOMETHING_ELSE", number=7))
        else:
            back = over_the_wire(cls("what happened", number=7))
            assert back.reason == cls.default_reason
        assert type(back) is cls
        assert str(back) == "what happened"
        assert back.values == {"number": "7"}


def test_every_code_that_grpc_can_answer_has_a_class() -> None:
    assert set(CODES.values()) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


def test_status_has_exactly_one_error_info() -> None:
    status = to_status(
        OrderRejected("too big", reason="ORDER_TOO_LARGE", limit=10, order=b"\x01\xff")
    )
    assert status.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert len(status.details) == 1
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("ORDER_TOO_LARGE", "alphapulse")
    assert dict(info.metadata) == {"limit": "10", "order": "01ff"}


def test_a_status_always_fits_the_metadata_limit() -> None:
    values = {f"value{index}": "x" * 10_000 for index in range(8)}
    assert to_status(NotFound("m" * 100_000, **values)).ByteSize() < 4096


@pytest.mark.parametrize("reason", ["", "lower", "9NINE", "TRAILING_", "A" * 64, "WITH SPACE"])
def test_reasons_are_upper_snake_and_short(reason: str) -> None:
    with pytest.raises(ValueError, match="UPPER_SNAKE"):
        MeshError("m", reason=reason)


@given(st.from_regex(r"[A-Z][A-Z0-9_]{0,61}[A-Z0-9]", fullmatch=True))
def test_any_good_reason_survives(reason: str) -> None:
    assert over_the_wire(ResourceExhausted("m", reason=reason)).reason == reason


def test_classes_with_a_prefix_hold_to_it() -> None:
    assert FrameError("m", reason="FRAME_BAD_MAGIC").reason == "FRAME_BAD_MAGIC"
    with pytest.raises(ValueError, match="FRAME_"):
        FrameError("m", reason="BAD_MAGIC")


def test_subclass_of_another_module_takes_its_bases_code() -> None:
    class Special(UnknownInstrument):
        pass

    assert code_of(Special("m")) is grpc.StatusCode.NOT_FOUND


def test_unknown_reason_of_a_newer_server_keeps_code_and_reason() -> None:
    back = over_the_wire(NotFound("m", reason="NEVER_HEARD_OF"))
    assert type(back) is NotFound
    assert back.reason == "NEVER_HEARD_OF"


@pytest.mark.parametrize("code", [c for c in grpc.StatusCode if c is not grpc.StatusCode.OK])
def test_errors_that_grpc_itself_made(code: grpc.StatusCode) -> None:
    back = from_rpc_error(FakeRpcError(code, "from a proxy"))
    assert code_of(back) is code
    assert back.reason == code.name
    assert back.message == "from a proxy"


def test_details_of_another_domain_are_not_ours() -> None:
    status = to_status(InternalError("m"))
    info = error_details_pb2.ErrorInfo(reason="THEIRS", domain="example.com")
    status.details[0].Pack(info)
    trailing = ((STATUS_DETAILS_KEY, status.SerializeToString()),)
    back = from_rpc_error(FakeRpcError(grpc.StatusCode.INTERNAL, "m", trailing))
    assert back.reason == "INTERNAL"
