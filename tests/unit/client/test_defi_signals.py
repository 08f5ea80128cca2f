"""Fixed arbitrage records become DeFi signals and come back; what is lost on the way is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alphapulse_core as core
from alphapulse_client import Frame, FrameError, InvalidArgument, encode, new_context, rows
from alphapulse_client.decimals import from_halves, to_halves
from alphapulse_client.defi_signals import (
    Loss,
    migrate,
    row_tlvs,
    to_arbitrage_opportunities,
    to_defi_signals,
)
from alphapulse_client.q64 import fixed_from_q64, product_to_q64, q64_from_fixed
from alphapulse_layout import Compression, MessageType, SignalAction, SourceType, TlvType, VenueId
from alphapulse_layout.dtypes import (
    ARBITRAGE_OPPORTUNITY,
    ARBITRAGE_TERMS_TLV,
    INT128,
    UINT128,
)
from alphapulse_layout.enums import DeFiVenueType

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE = 10**8
I64 = st.integers(-(2**63), 2**63 - 1)
U64 = st.integers(0, 2**64 - 1)


def nearest(numerator: int, denominator: int) -> int:
    """numerator / denominator, half away from zero, with Python's own integers."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def opportunities(count: int = 3) -> NDArray[np.void]:
    """Records with something else in each field."""
    records = rows(MessageType.ARBITRAGE_OPPORTUNITY, count)
    number = np.arange(count)
    records["base_id"]["asset_id"] = number + 1
    records["quote_id"]["asset_id"] = number + 1001
    records["base_id"]["venue"] = VenueId.BINANCE
    records["created_at"] = 1_700_000_000_000_000_000 + number
    records["expires_at"] = 1_700_000_001_000_000_000 + number
    records["signal_id"] = number + 7
    records["buy_price"] = 61_234 * ONE + number
    records["sell_price"] = 61_300 * ONE + number
    records["max_size"] = ONE // 2 + number
    records["estimated_profit"] = number * 3 - 5
    records["strategy_id"] = number + 1
    records["spread_bps"] = -11
    records["deviation_bps_e2"] = 250
    records["venue_a"], records["venue_b"] = VenueId.UNISWAP_V3, VenueId.KRAKEN
    records["confidence"] = 8000
    records["action"] = SignalAction.ENTER
    return records


def bytes_of_some(count: int) -> st.SearchStrategy[bytes]:
    size = ARBITRAGE_OPPORTUNITY.itemsize
    return st.binary(min_size=count * size, max_size=count * size)


# ------------------------------------------------------------------------------------------ Q64.64


@given(st.lists(I64, min_size=1, max_size=20))
def test_signed_fixed_point_goes_to_q64_and_back_exactly(values: list[int]) -> None:
    array = np.array(values, np.int64)
    amounts = q64_from_fixed(array)
    assert amounts.dtype == INT128
    for value, amount in zip(values, amounts, strict=True):
        assert from_halves(amount["lo"], amount["hi"]) == nearest(value << 64, ONE)
    back = fixed_from_q64(amounts)
    assert back.values.tolist() == values
    assert not back.rounded.any()
    assert not back.overflowed.any()


@given(st.lists(U64, min_size=1, max_size=20))
def test_unsigned_fixed_point_goes_to_q64_and_back_exactly(values: list[int]) -> None:
    back = fixed_from_q64(q64_from_fixed(np.array(values, np.uint64)))
    assert back.values.tolist() == values
    assert not back.rounded.any()
    assert not back.overflowed.any()


@given(st.lists(st.integers(0, 2**128 - 1), min_size=1, max_size=20))
def test_any_amount_becomes_the_nearest_fixed_point_or_says_that_it_does_not_fit(
    amounts: list[int],
) -> None:
    array = np.array([to_halves(amount) for amount in amounts], UINT128)
    result = fixed_from_q64(array)
    for amount, value, rounded, overflowed in zip(amounts, *result, strict=True):
        exact = nearest(amount * ONE, 1 << 64)
        assert overflowed == (exact >= 1 << 64)
        assert value == min(exact, (1 << 64) - 1)
        assert rounded == (not overflowed and nearest(exact << 64, ONE) != amount)


@given(st.lists(st.integers(-(2**127), 2**127 - 1), min_size=1, max_size=20))
def test_signed_amounts_likewise(amounts: list[int]) -> None:
    array = np.array([to_halves(amount, signed=True) for amount in amounts], INT128)
    result = fixed_from_q64(array)
    for amount, value, overflowed in zip(amounts, result.values, result.overflowed, strict=True):
        exact = nearest(amount * ONE, 1 << 64)
        held = max(-(2**63), min(exact, 2**63 - 1))
        assert (value, overflowed) == (held, held != exact)
    unsigned = fixed_from_q64(array, signed=False)
    negative = np.array([nearest(amount * ONE, 1 << 64) < 0 for amount in amounts])
    assert (unsigned.values[negative] == 0).all()
    assert unsigned.overflowed[negative].all()


@given(st.lists(st.tuples(U64, I64), min_size=1, max_size=20))
def test_products_are_exact_or_refused(pairs: list[tuple[int, int]]) -> None:
    sizes = np.array([size for size, _ in pairs], np.uint64)
    prices = np.array([price for _, price in pairs], np.int64)
    amounts, impossible = product_to_q64(sizes, prices)
    for (size, price), amount, refused in zip(pairs, amounts, impossible, strict=True):
        exact = nearest((size * price) << 64, ONE * ONE)
        assert refused == (price < 0 or exact >= 1 << 128)
        assert from_halves(amount["lo"], amount["hi"]) == (0 if refused else exact)


# ----------------------------------------------------------------------------------------- records


def test_a_record_becomes_a_signal_that_says_the_same() -> None:
    records = opportunities()
    signals, tlvs, losses = to_defi_signals(records, chain_id=1, venue_a_router=b"\x11" * 20)
    assert losses == []
    assert (signals["base_instrument"] == records["base_id"]).all()
    assert (signals["quote_instrument"] == records["quote_id"]).all()
    assert signals["signal_id"].tolist() == [7, 8, 9]
    assert signals["chain_id"].tolist() == [1, 1, 1]
    assert signals[0]["venue_a_router"].tobytes() == b"\x11" * 20
    assert signals["direction"].tolist() == [1, 1, 1]
    assert signals["confidence"].tolist() == [80, 80, 80]
    assert signals["venue_a_type"].tolist() == [DeFiVenueType.UNISWAP_V3] * 3
    assert signals["venue_b_type"].tolist() == [DeFiVenueType.NONE] * 3
    first = signals[0]
    half = first["optimal_size_q"]
    assert from_halves(half["lo"], half["hi"]) == 1 << 63, "0.5"
    cost = first["amount_in_q"]
    assert from_halves(cost["lo"], cost["hi"]) == 30_617 << 64, "0.5 * 61,234"
    found = row_tlvs(signals[2], tlvs)
    assert list(found) == [TlvType.ARBITRAGE_TERMS]
    [terms] = np.frombuffer(found[TlvType.ARBITRAGE_TERMS], ARBITRAGE_TERMS_TLV)
    assert terms["buy_price"] == records[2]["buy_price"]
    assert terms["venue_b"] == VenueId.KRAKEN


def test_the_way_back_is_exact() -> None:
    records = opportunities(1310)  # as many as one frame points at
    signals, tlvs, _ = to_defi_signals(records)
    back = to_arbitrage_opportunities(signals, tlvs)
    assert back.losses == []
    assert back.rows.tobytes() == records.tobytes()
    with pytest.raises(InvalidArgument) as caught:
        to_defi_signals(opportunities(1311))
    assert caught.value.reason == "TOO_MANY_ROWS"


@settings(max_examples=50)
@given(st.integers(0, 5).flatmap(bytes_of_some))
def test_any_record_comes_back_or_its_loss_is_told(content: bytes) -> None:
    records = np.frombuffer(content, ARBITRAGE_OPPORTUNITY)
    signals, tlvs, losses = to_defi_signals(records)
    back = to_arbitrage_opportunities(signals, tlvs)
    told = {loss.field for loss in losses if not loss.recoverable}
    for name in ARBITRAGE_OPPORTUNITY.names or ():
        same = back.rows[name].tobytes() == records[name].tobytes()
        assert same == (name not in told), name
    assert told <= {"reserved", "reserved1", "reserved2"}


def test_what_the_signal_holds_more_coarsely_is_told_and_kept_in_the_tlv() -> None:
    records = opportunities()
    records["strategy_id"][1] = 70_000
    records["confidence"][2] = 8049
    records["buy_price"][0] = -1
    signals, tlvs, losses = to_defi_signals(records)
    assert {(loss.field, loss.rows) for loss in losses} == {
        ("strategy_id", 1), ("confidence", 1), ("buy_price", 1),
    }  # fmt: skip
    assert all(loss.recoverable for loss in losses)
    assert signals["strategy_id"].tolist() == [1, 0, 3]
    assert signals["confidence"].tolist() == [80, 80, 80]
    back = to_arbitrage_opportunities(signals, tlvs)
    assert back.rows.tobytes() == records.tobytes()


def test_a_signal_of_its_own_kind_loses_what_a_record_has_no_field_for() -> None:
    signals = rows(MessageType.DEFI_SIGNAL, 2)
    signals["signal_id"] = [1, 2]
    signals["expected_profit_q"][0] = to_halves(5 << 64, signed=True)
    signals["expected_profit_q"][1] = to_halves(1, signed=True)  # 2^-64: no 8 decimals
    signals["optimal_size_q"] = np.array([to_halves(1 << 64)] * 2, UINT128)
    signals["required_capital_q"] = signals["optimal_size_q"]
    signals["chain_id"] = 137
    signals["base_token"][1] = np.void(b"\x01" * 20)
    signals["version"] = 1
    signals["direction"] = 1
    signals["confidence"] = 90
    back = to_arbitrage_opportunities(signals)
    assert back.rows["estimated_profit"].tolist() == [5 * ONE, 0]
    assert back.rows["max_size"].tolist() == [ONE, ONE]
    assert back.rows["confidence"].tolist() == [9000, 9000]
    assert {(loss.field, loss.rows) for loss in back.losses} == {
        ("ARBITRAGE_TERMS", 2), ("expected_profit_q", 1), ("chain_id", 2), ("base_token", 1),
    }  # fmt: skip


def test_a_signal_that_was_changed_goes_before_its_tlv() -> None:
    signals, tlvs, _ = to_defi_signals(opportunities(1))
    signals["confidence"], signals["strategy_id"] = 20, 9
    signals["expected_profit_q"] = q64_from_fixed(np.array([77], np.int64))
    [record] = to_arbitrage_opportunities(signals, tlvs).rows
    assert (record["confidence"], record["strategy_id"], record["estimated_profit"]) == (
        2000,
        9,
        77,
    )


def test_further_tlvs_belong_to_their_row() -> None:
    pools = [core.encode_tlv(TlvType.POOL_ADDRESSES, bytes([at]) * 40) for at in range(3)]
    pools[1] = b""
    pools[2] += core.encode_tlv(150, b"unknown")
    signals, tlvs, losses = to_defi_signals(opportunities(), tlvs=pools)
    assert losses == []
    assert [sorted(row_tlvs(signal, tlvs)) for signal in signals] == [[1, 34], [34], [1, 34, 150]]
    assert row_tlvs(signals[2], tlvs)[TlvType.POOL_ADDRESSES] == b"\x02" * 40
    back = to_arbitrage_opportunities(signals, tlvs)
    assert back.rows.tobytes() == opportunities().tobytes()
    assert back.losses == [
        Loss("TLV 1", 2, "a fixed record has no extensions"),
        Loss("TLV 150", 1, "a fixed record has no extensions"),
    ]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"tlvs": [b""]}, "ARGUMENT_INVALID"),
        ({"tlvs": [b"\x01\x09short"] * 3}, "FRAME_BAD_TLV"),
        ({"signal_id": 1}, "FIELD_UNKNOWN"),
        ({"chain": 1}, "FIELD_UNKNOWN"),
    ],
)
def test_wrong_use_is_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        to_defi_signals(opportunities(), **wrong)
    assert caught.value.reason == reason


def test_rows_of_another_type_are_refused() -> None:
    for convert in (to_defi_signals, to_arbitrage_opportunities):
        with pytest.raises(InvalidArgument) as caught:
            convert(rows(MessageType.TRADE, 1))
        assert caught.value.reason == "MESSAGE_TYPE_UNKNOWN"


@pytest.mark.parametrize(("offset", "length"), [(0, 51), (40, 50), (65_535, 1), (1, 49)])
def test_a_row_whose_tlvs_are_not_there_is_refused(offset: int, length: int) -> None:
    signals, tlvs, _ = to_defi_signals(opportunities(1))
    signals["tlv_offset"], signals["tlv_length"] = offset, length
    with pytest.raises(FrameError) as caught:
        to_arbitrage_opportunities(signals, tlvs)
    assert caught.value.reason == "FRAME_BAD_TLV"


# ------------------------------------------------------------------------------------------ frames


def frame_of(records: NDArray[np.void], **options: Any) -> Frame:
    """A frame of opportunities with a cause, a TLV that nobody knows, a priority."""
    return Frame.parse(
        encode(
            MessageType.ARBITRAGE_OPPORTUNITY,
            records,
            source=SourceType.ARBITRAGE_STRATEGY,
            context=new_context(new_context()),
            causes=[(b"\x01" * 16, b"\x02" * 8)],
            extensions=core.encode_tlv(150, b"unknown"),
            priority=2,
            **options,
        )
    )


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.ZSTD])
def test_a_frame_keeps_who_made_it_when_and_why(compression: int) -> None:
    before = frame_of(opportunities(), timestamp=123, compression=compression, snapshot=True)
    migrated = migrate(before, MessageType.DEFI_SIGNAL, chain_id=1)
    [data] = migrated.frames
    after = Frame.parse(data)
    assert after.message_type == MessageType.DEFI_SIGNAL
    assert (after.source, after.timestamp, after.context) == (
        before.source, before.timestamp, before.context,
    )  # fmt: skip
    assert after.info.flags == before.info.flags
    assert after.causes == before.causes
    assert after.tlv(150) == b"unknown"
    assert after.rows["chain_id"].tolist() == [1, 1, 1]

    [data] = migrate(after, MessageType.ARBITRAGE_OPPORTUNITY).frames
    back = Frame.parse(data)
    assert back.rows.tobytes() == before.rows.tobytes()
    assert bytes(back.extensions) == bytes(before.extensions)
    assert (back.context, back.info.flags) == (before.context, before.info.flags)


def test_without_what_it_was_told_the_frame_comes_back_byte_for_byte() -> None:
    before = frame_of(opportunities())
    [signal] = migrate(before, MessageType.DEFI_SIGNAL).frames
    migrated = migrate(Frame.parse(signal), MessageType.ARBITRAGE_OPPORTUNITY)
    assert (migrated.frames, migrated.losses) == ([bytes(before)], [])


def test_a_big_frame_becomes_several_with_ids_that_follow_from_the_first() -> None:
    before = frame_of(opportunities(3000))
    frames = [Frame.parse(data) for data in migrate(before, MessageType.DEFI_SIGNAL).frames]
    assert [frame.info.record_count for frame in frames] == [1310, 1310, 380]
    assert frames[0].context == before.context
    assert len({frame.context.message_id for frame in frames}) == 3
    assert {(f.context.trace_id, f.context.causation_id) for f in frames} == {
        (before.context.trace_id, before.context.causation_id)
    }
    assert migrate(before, MessageType.DEFI_SIGNAL).frames == [bytes(one) for one in frames]
    back = [
        Frame.parse(migrate(frame, MessageType.ARBITRAGE_OPPORTUNITY).frames[0]).rows
        for frame in frames
    ]
    assert np.concatenate(back).tobytes() == before.rows.tobytes()


def test_an_empty_frame_stays_one() -> None:
    before = frame_of(opportunities(0))
    [data] = migrate(before, MessageType.DEFI_SIGNAL).frames
    assert Frame.parse(data).rows.shape == (0,)
    assert migrate(Frame.parse(data), MessageType.ARBITRAGE_OPPORTUNITY).frames == [bytes(before)]


def test_a_live_frame_causes_its_migrated_one() -> None:
    before = frame_of(opportunities())
    one, same = (
        Frame.parse(migrate(before, MessageType.DEFI_SIGNAL, caused=True).frames[0]).context
        for _ in range(2)
    )
    assert one == same, "the same frame again is the same message"
    assert one.message_id != before.context.message_id
    assert (one.trace_id, one.causation_id) == (before.context.trace_id, before.context.message_id)


@pytest.mark.parametrize("to", [MessageType.ARBITRAGE_OPPORTUNITY, MessageType.TRADE])
def test_a_frame_of_another_type_is_refused(to: MessageType) -> None:
    with pytest.raises(InvalidArgument) as caught:
        migrate(frame_of(opportunities()), to)
    assert caught.value.reason == "MESSAGE_TYPE_UNKNOWN"
