"""Names of things: domains, and the forms of an instrument id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2
from alphapulse_client import InvalidArgument, id_bytes, id_message, id_text
from alphapulse_client.domains import DOMAINS, relay_domain, relay_service
from alphapulse_client.instrument_ids import join_ids
from alphapulse_core import instrument_id_fields, instrument_id_symbol
from alphapulse_layout import AssetType, Domain, VenueId


@pytest.mark.parametrize("name", ["market_data", "market-data", Domain.MARKET_DATA])
def test_a_domain_by_any_of_its_names(name: str | Domain) -> None:
    assert relay_domain(name) == "market_data"
    assert relay_service(name) == "alphapulse.relay.v1.MarketDataRelay"


def test_every_domain_has_a_service() -> None:
    assert len({relay_service(domain) for domain in DOMAINS}) == 4


@pytest.mark.parametrize("name", ["marketdata", "", Domain.CUSTOM])
def test_a_domain_without_a_relay(name: str | Domain) -> None:
    with pytest.raises(InvalidArgument) as caught:
        relay_domain(name)
    assert caught.value.reason == "DOMAIN_UNKNOWN"


@given(st.binary(min_size=16, max_size=16))
def test_the_forms_of_an_id_are_one_id(raw: bytes) -> None:
    assert id_bytes(id_text(raw)) == raw
    assert id_bytes(id_text(raw).upper()) == raw
    assert id_bytes(registry_pb2.Instrument(id_text=id_text(raw))) == raw
    fields = instrument_id_fields(raw)
    assert _fields(id_message(raw)) == fields
    assert id_bytes(id_message(raw)) == raw


def _fields(message: common_pb.InstrumentId) -> tuple[int, int, int, int, int]:
    return (message.asset_id, message.venue, message.asset_type, message.scheme, message.salt)


def test_an_instrument_stands_for_its_id() -> None:
    raw = instrument_id_symbol(AssetType.CRYPTO_PAIR, VenueId.BINANCE, "BTCUSDT")
    instrument = registry_pb2.Instrument(id=id_message(raw), symbol="BTCUSDT")
    assert id_bytes(instrument) == raw
    assert join_ids([instrument, raw]) == raw * 2


@pytest.mark.parametrize(
    "key",
    [
        b"short",
        "00",
        "zz" * 16,
        "00 " * 16,
        registry_pb2.Instrument(),
        common_pb.InstrumentId(venue=70_000),
    ],
)
def test_what_is_no_id(key: bytes | str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        id_bytes(key)
    assert caught.value.reason == "INSTRUMENT_ID_INVALID"
