"""From requests to rows."""

from __future__ import annotations

from typing import Any

import pytest

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_layout import OrderFlag, OrderType, TimeInForce
from alphapulse_mesh.execution import requests
from alphapulse_mesh.runtime.errors import InvalidArgument
from alphapulse_testing.execution import BTCUSDT


def request(**fields: Any) -> pb.SubmitOrderRequest:
    known = {"instrument_id": BTCUSDT.hex(), "side": pb.SIDE_BUY, "quantity": "1.5"}
    return pb.SubmitOrderRequest(**{**known, **fields})


@pytest.mark.parametrize(
    ("fields", "order_type"),
    [
        ({}, OrderType.MARKET),
        ({"price": "1"}, OrderType.LIMIT),
        ({"stop_price": "1"}, OrderType.STOP),
        ({"price": "1", "stop_price": "1"}, OrderType.STOP_LIMIT),
        ({"price": "1", "order_type": pb.ORDER_TYPE_MARKET}, OrderType.MARKET),
    ],
)
def test_prices_tell_the_type_where_nobody_says_it(
    fields: dict[str, Any], order_type: OrderType
) -> None:
    assert requests.order_row(request(**fields), 0)["order_type"][0] == order_type


def test_a_row_is_what_was_asked_for() -> None:
    asked = request(
        price="0.00000001",
        client_order_id=(1 << 64) - 1,
        account_id=3,
        strategy_id=4,
        time_in_force=pb.TIME_IN_FORCE_FOK,
        post_only=True,
        reduce_only=True,
    )
    (row,) = requests.order_row(asked, 17)
    assert row["instrument_id"].tobytes() == BTCUSDT
    assert (row["price"], row["quantity"]) == (1, 150_000_000)
    assert row["client_order_id"] == (1 << 64) - 1
    assert (row["account_id"], row["strategy_id"], row["created_at"]) == (3, 4, 17)
    assert row["time_in_force"] == TimeInForce.FOK
    assert row["flags"] == OrderFlag.POST_ONLY | OrderFlag.REDUCE_ONLY
    assert requests.order_row(request(), 0)["time_in_force"][0] == TimeInForce.GTC


def test_a_request_id_names_an_order_of_its_account() -> None:
    def number(**fields: Any) -> int:
        return int(requests.order_row(request(**fields), 0)["client_order_id"][0])

    assert number() == 0
    assert number(request_id="a") == number(request_id="a")
    assert number(request_id="a") != number(request_id="b")
    assert number(request_id="a") != number(request_id="a", account_id=1)
    assert number(request_id="a", client_order_id=5) == 5
    assert number(request_id="a") >> 62 == 3, "not a number that clients or execution count up to"


@pytest.mark.parametrize(("seconds", "nanos"), [(-1, 0), (1, 1_000_000_000), (1 << 40, 0)])
def test_an_impossible_expiry_is_malformed(seconds: int, nanos: int) -> None:
    asked = request()
    asked.expires_at.seconds, asked.expires_at.nanos = seconds, nanos
    with pytest.raises(InvalidArgument) as refused:
        requests.order_row(asked, 0)
    assert refused.value.reason == "TIMESTAMP_INVALID"


def test_page_tokens_come_back_and_belong_to_their_list() -> None:
    token = requests.page_token("orders", 17)
    assert requests.parse_page_token("orders", token) == 17
    assert requests.parse_page_token("orders", "") == (1 << 64) - 1
    for kind, bad in (("fills", token), ("orders", "x"), ("orders", "Ω"), ("orders", token[:-3])):
        with pytest.raises(InvalidArgument):
            requests.parse_page_token(kind, bad)


def test_page_sizes_are_bounded() -> None:
    assert requests.page_size(pb.ListOrdersRequest()) == 100
    assert requests.page_size(pb.ListOrdersRequest(page_size=5000)) == 1000
    with pytest.raises(InvalidArgument):
        requests.page_size(pb.ListOrdersRequest(page_size=-1))
