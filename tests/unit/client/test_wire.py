"""The hot messages are read and written as protobuf does it, whatever the sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._wire import encode_publish_request, read_subscribe_response, varint
from alphapulse_client.errors import DataLoss

FRAMES = st.lists(st.binary(max_size=300) | st.integers(0, 40_000).map(bytes), max_size=6)


@given(FRAMES, st.integers(0, 2**64 - 1))
def test_a_publish_request_is_protobufs(frames: list[bytes], first: int) -> None:
    request = pb.PublishRequest.FromString(encode_publish_request(frames, first))
    assert (list(request.frames), request.first_sequence) == (frames, first)


@given(FRAMES, st.integers(0, 2**64 - 1), st.binary(max_size=30))
def test_a_subscribe_response_is_protobufs(frames: list[bytes], last: int, token: bytes) -> None:
    response = pb.SubscribeResponse(frames=frames, delivered_sequence=last, resume_token=token)
    views, rest = read_subscribe_response(response.SerializeToString())
    assert [bytes(view) for view in views] == frames
    assert (rest.delivered_sequence, rest.resume_token) == (last, token)


def test_fields_in_another_order_are_the_same_message() -> None:
    numbers = pb.SubscribeResponse(delivered_sequence=7).SerializeToString()
    frames = pb.SubscribeResponse(frames=[b"one", b"two"]).SerializeToString()
    for data in (numbers + frames, frames + numbers, frames[:5] + numbers + frames[5:]):
        views, rest = read_subscribe_response(data)
        assert [bytes(view) for view in views] == [b"one", b"two"]
        assert rest.delivered_sequence == 7


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x0a\xff", b"\xff\xff", b"\x0a\x80"])
def test_bytes_that_are_no_response(data: bytes) -> None:
    with pytest.raises(DataLoss) as caught:
        read_subscribe_response(data)
    assert caught.value.reason == "RESPONSE_BROKEN"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**32, "8080808010")],
)
def test_varint(value: int, encoded: str) -> None:
    assert varint(value).hex() == encoded
