"""The normaliser on single messages: golden rows, bad input, lost books."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_layout import (
    BookAction,
    BookFlag,
    MessageType,
    QuoteFlag,
    Side,
    TradeFlag,
    VenueId,
)
from alphapulse_mesh.collectors.binance import (
    BinanceNormalizer,
    MalformedMessageError,
    UnknownSymbolError,
)
from alphapulse_mesh.collectors.rows import RowBuffer

BTC, ETH = b"btc-instrument-i", b"eth-instrument-i"
T0 = 1_723_161_254_087_896_568
MS = 1_000_000

# from the recordings of 2024-08-08
SPOT_TRADE = b"""{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",
"t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"""
SPOT_QUOTE = b"""{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT",
"b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}"""
FUTURES_TRADE = b"""{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,
"T":1723161256321,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}
"""
FUTURES_QUOTE = b"""{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107839020,
"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256312,
"E":1723161256313}}"""


def spot_diff(first: int, last: int, **levels: Any) -> bytes:
    data = {"e": "depthUpdate", "E": 1000, "s": "BTCUSDT", "U": first, "u": last}
    return orjson.dumps({"stream": "btcusdt@depth", "data": {**data, "b": [], "a": [], **levels}})


def snapshot(last: int) -> bytes:
    return orjson.dumps(
        {"lastUpdateId": last, "bids": [["99.5", "1"], ["99", "2"]], "asks": [["100", "3"]]}
    )


class Fed:
    """A normaliser and what came out of it."""

    def __init__(self, venue: VenueId = VenueId.BINANCE, **symbols: bytes | None) -> None:
        self.rows = RowBuffer()
        self.normalizer = BinanceNormalizer(venue, symbols or {"BTCUSDT": BTC}, self.rows)

    def feed(self, *payloads: bytes) -> None:
        for number, payload in enumerate(payloads):
            self.normalizer.feed(T0 + number, payload)

    def drain(self, message_type: MessageType) -> np.ndarray[Any, np.dtype[np.void]]:
        (batch,) = [b for b in self.rows.drain() if b.message_type == message_type]
        return batch.rows


def test_a_spot_trade() -> None:
    fed = Fed()
    fed.feed(SPOT_TRADE)
    (row,) = fed.drain(MessageType.TRADE)
    assert row["instrument_id"].tobytes() == BTC
    assert row["exchange_time"] == 1_723_161_255_342 * MS
    assert row["receive_time"] == T0
    assert row["price"] == 6_183_763_000_000
    assert row["size"] == 2_000_000
    assert row["trade_id"] == 3_735_683_259
    assert row["side"] == Side.SELL  # the buyer was the maker
    assert row["flags"] == 0
    # this recorder's clock is behind the exchange's: a latency taken as unsigned would be centuries
    assert row["receive_time"] < row["exchange_time"]


def test_a_futures_trade() -> None:
    fed = Fed(VenueId.BINANCE_FUTURES)
    fed.feed(FUTURES_TRADE)
    (row,) = fed.drain(MessageType.TRADE)
    assert (row["price"], row["size"], row["side"]) == (6_180_030_000_000, 600_000, Side.BUY)
    assert row["exchange_time"] == 1_723_161_256_321 * MS


@pytest.mark.parametrize(
    ("kind", "flags"), [("INSURANCE_FUND", TradeFlag.LIQUIDATION), ("MARKET", TradeFlag(0))]
)
def test_forced_trades_are_marked(kind: str, flags: TradeFlag) -> None:
    fed = Fed(VenueId.BINANCE_FUTURES)
    fed.feed(FUTURES_TRADE.replace(b"MARKET", kind.encode()))
    assert fed.drain(MessageType.TRADE)["flags"].tolist() == [flags]


def test_a_trade_of_nothing_is_ignored() -> None:
    fed = Fed(VenueId.BINANCE_FUTURES)
    fed.feed(FUTURES_TRADE.replace(b'"p":"61800.30","q":"0.006"', b'"p":"0","q":"0"'))
    assert fed.rows.drain() == []
    assert fed.normalizer.counters.ignored == 1


def test_a_futures_quote_has_its_own_time() -> None:
    fed = Fed(VenueId.BINANCE_FUTURES)
    fed.feed(FUTURES_QUOTE)
    (row,) = fed.drain(MessageType.QUOTE)
    assert row["exchange_time"] == 1_723_161_256_312 * MS
    assert (row["bid_price"], row["bid_size"]) == (6_180_020_000_000, 250_700_000)
    assert (row["ask_price"], row["ask_size"]) == (6_180_030_000_000, 251_000_000)
    assert row["update_id"] == 5_123_107_839_020
    assert row["flags"] == 0


def test_a_spot_quote_has_the_newest_time_known_of_its_instrument() -> None:
    fed = Fed()
    fed.feed(SPOT_QUOTE, SPOT_TRADE, SPOT_QUOTE)
    rows = fed.drain(MessageType.QUOTE)
    assert rows["exchange_time"].tolist() == [0, 1_723_161_255_342 * MS]


def test_a_side_without_price_is_marked() -> None:
    fed = Fed()
    fed.feed(SPOT_QUOTE.replace(b'"a":"61837.64000000","A":"1.54698000"', b'"a":"0.0","A":"0.0"'))
    assert fed.drain(MessageType.QUOTE)["flags"].tolist() == [QuoteFlag.ONE_SIDED]


def test_messages_without_envelope_are_taken_too() -> None:
    wrapped, bare = Fed(), Fed()
    wrapped.feed(SPOT_TRADE, SPOT_QUOTE)
    bare.feed(*(orjson.dumps(orjson.loads(item)["data"]) for item in (SPOT_TRADE, SPOT_QUOTE)))
    assert [b.rows.tobytes() for b in wrapped.rows.drain()] == [
        b.rows.tobytes() for b in bare.rows.drain()
    ]


def test_a_book_from_snapshot_and_diffs() -> None:
    fed = Fed()
    fed.feed(
        spot_diff(95, 98, b=[["98", "9"]]),
        spot_diff(99, 103, b=[["99", "0"]], a=[["100.5", "4"]]),
    )
    assert fed.rows.drain() == []
    assert fed.normalizer.needs_snapshot == {"BTCUSDT"}
    fed.feed(snapshot(100), spot_diff(104, 104, a=[["100", "0"]]))
    assert fed.normalizer.needs_snapshot == set()
    rows = fed.drain(MessageType.ORDER_BOOK)
    assert rows["action"].tolist() == [BookAction.CLEAR] + [BookAction.SET] * 6
    assert (rows["price"] // 10**6).tolist() == [0, 9950, 9900, 10000, 9900, 10050, 10000]
    assert rows["update_id"].tolist() == [100] * 4 + [103] * 2 + [104]
    snapshots = (rows["flags"] & BookFlag.SNAPSHOT) != 0
    assert snapshots.tolist() == [True] * 4 + [False] * 3
    assert ((rows["flags"] & BookFlag.VALID) != 0).all()
    last = (rows["flags"] & BookFlag.LAST_IN_EVENT) != 0
    assert last.tolist() == [False, False, False, True, False, True, True]
    # what was kept for the snapshot is in the book only from the snapshot on
    assert (np.diff(rows["receive_time"].astype(np.int64)) >= 0).all()


def test_a_gap_loses_the_book_until_the_next_snapshot() -> None:
    fed = Fed()
    fed.feed(snapshot(100), spot_diff(101, 101, b=[["99.5", "5"]]))
    fed.rows.drain()
    fed.feed(spot_diff(103, 103, b=[["99.5", "6"]]), spot_diff(104, 104, b=[["99.5", "7"]]))
    (row,) = fed.drain(MessageType.ORDER_BOOK)
    assert row["action"] == BookAction.CLEAR
    assert row["flags"] == BookFlag.LAST_IN_EVENT  # and not VALID
    assert row["update_id"] == 101
    assert fed.normalizer.counters.book_gaps == 1
    assert fed.normalizer.needs_snapshot == {"BTCUSDT"}
    fed.feed(snapshot(102))
    rows = fed.drain(MessageType.ORDER_BOOK)
    assert rows["update_id"].tolist() == [102] * 4 + [103, 104]
    assert ((rows["flags"] & BookFlag.VALID) != 0).all()


def test_futures_diffs_need_their_chain() -> None:
    fed = Fed(VenueId.BINANCE_FUTURES)
    diff = orjson.loads(spot_diff(95, 103, b=[["99", "1"]]))
    diff["data"] |= {"pu": 94, "T": 999}
    fed.feed(snapshot(100), orjson.dumps(diff))
    rows = fed.drain(MessageType.ORDER_BOOK)
    assert rows["exchange_time"].tolist() == [0] * 4 + [999 * MS]
    del diff["data"]["pu"]
    with pytest.raises(MalformedMessageError, match="pu"):
        fed.feed(orjson.dumps(diff))


def test_a_lost_connection_clears_books_and_marks_quotes_once() -> None:
    fed = Fed()
    fed.feed(snapshot(100), SPOT_QUOTE)
    fed.rows.drain()
    fed.normalizer.disconnected(T0 + 5)
    book, quotes = fed.rows.drain()
    if book.message_type != MessageType.ORDER_BOOK:
        book, quotes = quotes, book
    assert book.rows["action"].tolist() == [BookAction.CLEAR]
    assert not book.rows["flags"][0] & BookFlag.VALID
    assert quotes.rows["flags"].tolist() == [QuoteFlag.STALE]
    assert quotes.rows["bid_price"].tolist() == [6_183_763_000_000]
    fed.normalizer.disconnected(T0 + 6)
    assert fed.rows.drain() == []
    fed.feed(spot_diff(101, 102))  # waits: the connection's books begin anew
    assert fed.normalizer.needs_snapshot == {"BTCUSDT"}


def test_unknown_and_unwanted_symbols() -> None:
    fed = Fed(ETHUSDT=None)
    with pytest.raises(UnknownSymbolError) as caught:
        fed.feed(SPOT_TRADE)
    assert caught.value.symbol == "BTCUSDT"
    assert fed.normalizer.counters.messages == 0
    fed.normalizer.add("BTCUSDT", BTC)
    fed.feed(SPOT_TRADE, SPOT_TRADE.replace(b"BTCUSDT", b"ETHUSDT").replace(b"btcusdt", b"ethusdt"))
    assert len(fed.drain(MessageType.TRADE)) == 1
    assert fed.normalizer.counters.ignored == 1


def test_answers_and_other_streams_are_ignored() -> None:
    fed = Fed()
    fed.feed(b'{"result":null,"id":1}', b'{"stream":"x","data":{"e":"kline","s":"BTCUSDT"}}')
    assert fed.rows.drain() == []
    assert fed.normalizer.counters.ignored == 2


def test_a_snapshot_without_symbol_needs_a_feed_of_one_instrument() -> None:
    fed = Fed(BTCUSDT=BTC, ETHUSDT=ETH)
    with pytest.raises(MalformedMessageError, match="2 instruments"):
        fed.feed(snapshot(1))
    assert fed.normalizer.snapshot("ETHUSDT", T0, snapshot(1))
    assert {row.tobytes() for row in fed.drain(MessageType.ORDER_BOOK)["instrument_id"]} == {ETH}


BROKEN = [
    b"",
    b"[]",
    b"7",
    b"{",
    b'{"stream":"btcusdt@trade","data":[]}',
    SPOT_TRADE[:-20],
    SPOT_TRADE.replace(b'"61837.63000000"', b"61837.63"),  # a float has lost digits already
    SPOT_TRADE.replace(b'"61837.63000000"', b'"61837.6x"'),
    SPOT_TRADE.replace(b'"T":1723161255342', b'"T":"1723161255342"'),
    SPOT_TRADE.replace(b'"t":3735683259', b'"t":-1'),
    SPOT_QUOTE.replace(b'"u":50093239212', b'"u":null'),
    SPOT_QUOTE.replace(b'"B":"3.78826000",', b""),
    spot_diff(5, 4),
    spot_diff(5, 6, b=[["1"]]),
    spot_diff(5, 6, b="1"),
    b'{"lastUpdateId":"5","bids":[],"asks":[]}',
    b'{"lastUpdateId":5,"bids":[["1","-1"]],"asks":[]}',
]


@pytest.mark.parametrize("payload", BROKEN)
def test_broken_messages_are_refused_and_leave_no_row(payload: bytes) -> None:
    fed = Fed()
    fed.feed(SPOT_TRADE, SPOT_QUOTE)  # the streams are known: the short way is taken
    fed.rows.drain()
    with pytest.raises(MalformedMessageError):
        fed.feed(payload)
    assert fed.rows.drain() == []
    fed.feed(SPOT_TRADE)
    assert len(fed.drain(MessageType.TRADE)) == 1


@given(st.data())
def test_cut_and_changed_messages_never_raise_anything_else(data: st.DataObject) -> None:
    """Any damage is either refused or makes rows of sane shape; the next message is taken."""
    payload = bytearray(
        data.draw(st.sampled_from([SPOT_TRADE, SPOT_QUOTE, snapshot(9), spot_diff(1, 2)]))
    )
    at = data.draw(st.integers(0, len(payload) - 1))
    if data.draw(st.booleans()):
        del payload[at:]
    else:
        payload[at] = data.draw(st.integers(0, 255))
    fed = Fed()
    try:
        fed.feed(bytes(payload))
    except (MalformedMessageError, UnknownSymbolError):
        assert len(fed.rows) == 0
    fed.rows.drain()
    fed.feed(SPOT_TRADE)
    assert len(fed.drain(MessageType.TRADE)) == 1
