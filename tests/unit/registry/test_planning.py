"""What a request adds: instruments with derived links, collisions, conflicts, venues, links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import instrument_id_hash
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.model import CollisionEntry, InstrumentEntry, LinkEntry
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.venues import FIRST_GIVEN_NUMBER, LAST_GIVEN_NUMBER
from alphapulse_mesh.runtime.errors import (
    AlreadyExists,
    InvalidArgument,
    MeshError,
    ResourceExhausted,
    UnknownInstrument,
)
from alphapulse_testing.registry import (
    USDC_ETHEREUM,
    USDC_SOLANA,
    WETH_ETHEREUM,
    colliding,
    currency,
    future,
    option,
    pair,
    perpetual,
    pool,
    stock,
    token,
)

if TYPE_CHECKING:
    from alphapulse_mesh.registry.identity import HashId

L = pb.LinkType
A = common_pb2.AssetType


class Book:
    """A state and the commits made to it."""

    def __init__(self, hash_id: HashId | None = None) -> None:
        self.state = RegistryState()
        self._arguments = [hash_id] if hash_id else []

    def planner(self) -> Planner:
        return Planner(self.state, *self._arguments)

    def commit(self, planner: Planner) -> None:
        for change in planner.changes:
            self.state.apply(change.revision, change)

    def add(self, instrument: pb.Instrument) -> InstrumentEntry:
        planner = self.planner()
        entry, _ = planner.register_instrument(instrument)
        self.commit(planner)
        return entry

    def links(self) -> set[tuple[str, str, int]]:
        key = {entry.id: entry.natural_key for entry in self.state.in_order}
        return {(key[k.source], key[k.target], k.type) for k in self.state.links}


def underlying(entry: InstrumentEntry) -> common_pb2.InstrumentId:
    return identity.to_message(entry.id)


def test_registered_twice_is_registered_once() -> None:
    book = Book()
    first = book.add(pair(tick_size="0.010"))
    planner = book.planner()
    again, created = planner.register_instrument(pair(tick_size="0.01"))
    assert (again, created) == (first, False)
    assert planner.changes == []


def test_what_was_read_can_be_registered_again() -> None:
    book = Book()
    entry = book.add(token())
    again, created = book.planner().register_instrument(entry.message())
    assert (again, created) == (entry, False)


def test_within_one_commit_too() -> None:
    planner = Planner(RegistryState())
    first, created_first = planner.register_instrument(pair())
    again, created_again = planner.register_instrument(pair())
    assert (again, created_first, created_again) == (first, True, False)
    assert planner.revision == 1


def test_other_data_is_a_conflict_that_names_the_fields() -> None:
    book = Book()
    entry = book.add(pair(tick_size="0.01", name="Bitcoin"))
    planner = book.planner()
    with pytest.raises(AlreadyExists) as caught:
        planner.register_instrument(pair(tick_size="0.1", lot_size="1"))
    assert caught.value.reason == Reason.INSTRUMENT_CONFLICT
    assert caught.value.values["fields"] == "name,tick_size,lot_size"
    assert caught.value.values["id"] == entry.id
    assert planner.changes == []


def test_metadata_counts_as_data() -> None:
    book = Book()
    one, other = stock(), stock()
    one.metadata.update({"sector": "Technology", "tiers": [1, 2]})
    other.metadata.update({"tiers": [1, 2], "sector": "Technology"})
    book.add(one)
    assert book.planner().register_instrument(other)[1] is False
    other.metadata.update({"tiers": [2, 1]})
    with pytest.raises(AlreadyExists, match="metadata"):
        book.planner().register_instrument(other)


def test_the_id_that_the_caller_computed_is_accepted() -> None:
    book = Book()
    known = Book().add(pair())
    entry = book.add(pair(id=identity.to_message(known.id), id_text=known.id.hex()))
    assert entry.id == known.id


# ---------------------------------------------------------------------------------- derived links


def test_a_perpetual_is_a_derivative_of_its_underlying_and_a_currency_the_base_of_its_pairs() -> (
    None
):
    book = Book()
    btc = book.add(currency("BTC"))
    book.add(currency("USDT"))
    book.add(pair("BTC", "USDT"))
    book.add(perpetual("BTCUSDT", underlying=underlying(btc)))
    assert book.links() == {
        ("v1:currency:0:BTC", "v1:crypto_pair:1:BTC/USDT", L.LINK_TYPE_BASE_OF),
        ("v1:perpetual:2:BTCUSDT", "v1:currency:0:BTC", L.LINK_TYPE_DERIVATIVE_OF),
    }


def test_the_order_of_registration_does_not_matter_to_the_links() -> None:
    def together(*instruments: pb.Instrument) -> set[tuple[str, str, int]]:
        book = Book()
        for instrument in instruments:
            book.add(instrument)
        return book.links()

    btc, spot, other = currency("BTC"), pair(), pair(venue=VenueId.KRAKEN, symbol="XBT/USDT")
    assert len(together(btc, spot, other)) == 2
    assert together(btc, spot, other) == together(spot, other, btc) == together(spot, btc, other)


def test_links_within_one_commit() -> None:
    planner = Planner(RegistryState())
    for instrument in (pair(), currency("BTC"), pair(venue=VenueId.KRAKEN)):
        planner.register_instrument(instrument)
    links = [change for change in planner.changes if isinstance(change, LinkEntry)]
    assert len(links) == 2
    assert [change.revision for change in planner.changes] == [1, 2, 3, 4, 5]


def test_a_base_written_otherwise_is_another_currency() -> None:
    book = Book()
    book.add(currency("BTC"))
    book.add(pair("btc", "usd", venue=VenueId.BITSTAMP, symbol="btcusd"))
    assert book.links() == set()


def test_links_that_other_underlyings_mean() -> None:
    book = Book()
    share = book.add(stock())
    usdc = book.add(token())
    book.add(currency("BTC"))
    btc = underlying(book.state.by_symbol["BTC"][0])
    receipt = pb.Instrument(
        asset_type=A.ASSET_TYPE_DEPOSITARY_RECEIPT,
        venue=VenueId.B3,
        symbol="AAPL34",
        underlying=underlying(share),
    )
    book.add(receipt)
    book.add(future(underlying=btc))
    book.add(option(underlying=btc))
    book.add(token("0x" + "11" * 20, symbol="aUSDC", underlying=underlying(usdc)))
    book.add(token("0x" + "22" * 20, chain_id=137, underlying=underlying(usdc)))
    book.add(token("0x" + "33" * 20, symbol="WBTC", underlying=btc))
    kinds = {(source.split(":")[1], kind) for source, _, kind in book.links()}
    assert kinds == {
        ("depositary_receipt", L.LINK_TYPE_RECEIPT_OF),
        ("future", L.LINK_TYPE_DERIVATIVE_OF),
        ("option", L.LINK_TYPE_DERIVATIVE_OF),
        ("token", L.LINK_TYPE_WRAPS),
        ("token", L.LINK_TYPE_BRIDGED_FROM),
    }
    bridged = {source for source, _, kind in book.links() if kind == L.LINK_TYPE_BRIDGED_FROM}
    assert bridged == {"v1:token:101:0x" + "22" * 20}


def test_a_pool_names_its_tokens() -> None:
    book = Book()
    usdc = book.add(token(USDC_ETHEREUM))
    weth = book.add(token(WETH_ETHEREUM, symbol="WETH", decimals=18))
    entry = book.add(pool(pool_tokens=[underlying(usdc), underlying(weth)], pool_fee_ppm=500))
    assert [identity.from_message(t) for t in entry.message().pool_tokens] == [usdc.id, weth.id]


# ------------------------------------------------------------------------------------- collisions


def test_the_later_key_gets_the_next_salt() -> None:
    book = Book(colliding)
    first, second, third = (book.add(pair(code, "usdt")) for code in ("aa", "bb", "cc"))
    assert len({first.id, second.id, third.id}) == 3
    met = [(c.existing_key, c.colliding_key) for c in book.state.collisions]
    assert met == [(first.natural_key, second.natural_key), (first.natural_key, third.natural_key)]
    assert book.state.collisions[0].id == first.id
    assert book.state.collisions[0].assigned_id == second.id
    assert second.id == identity.make_id(
        identity.NaturalKey(A.ASSET_TYPE_CRYPTO_PAIR, 1, "bb/usdt"), 1, colliding
    )


def test_a_key_that_lost_is_found_again() -> None:
    book = Book(colliding)
    book.add(pair("aa", "usdt"))
    second = book.add(pair("bb", "usdt"))
    planner = book.planner()
    again, created = planner.register_instrument(pair("bb", "usdt"))
    assert (again, created, planner.changes) == (second, False, [])
    given, created = planner.register_instrument(pair("bb", "usdt", id_text=second.id.hex()))
    assert (given, created) == (second, False)
    with pytest.raises(AlreadyExists):
        planner.register_instrument(pair("bb", "usdt", tick_size="1"))


def test_a_key_can_meet_two_others() -> None:
    def crowded(asset_type: int, venue: int, key: str, attempt: int) -> bytes:
        everyone = f"{key.rpartition(':')[0]}:everyone"
        return instrument_id_hash(asset_type, venue, everyone if attempt < 2 else key, attempt)

    book = Book(crowded)
    first, second, third = (book.add(pair(code, "usdt")) for code in ("aa", "bb", "cc"))
    met = [(c.existing_key, c.colliding_key) for c in book.state.collisions]
    assert met == [
        (first.natural_key, second.natural_key),
        (first.natural_key, third.natural_key),
        (second.natural_key, third.natural_key),
    ]


def test_links_find_a_currency_that_lost_a_collision() -> None:
    book = Book(colliding)
    book.add(currency("xbt"))
    lost = book.add(currency("btc"))
    spot = book.add(pair("btc", "usd"))
    assert {(k.source, k.target) for k in book.state.links} == {(lost.id, spot.id)}


def test_collisions_within_one_commit() -> None:
    planner = Planner(RegistryState(), colliding)
    planner.register_instrument(pair("aa", "usdt"))
    planner.register_instrument(pair("bb", "usdt"))
    assert sum(isinstance(change, CollisionEntry) for change in planner.changes) == 1


# ------------------------------------------------------------------------------------------ links


def link(source: InstrumentEntry, target: InstrumentEntry, kind: int) -> pb.Link:
    ends: dict[str, Any] = {"from": underlying(source)}
    return pb.Link(to=underlying(target), type=L.ValueType(kind), **ends)


def test_a_stated_link_is_added_once() -> None:
    book = Book()
    nasdaq, xetra = book.add(stock()), book.add(stock("APC", VenueId.XETRA))
    planner = book.planner()
    message = link(xetra, nasdaq, L.LINK_TYPE_SAME_SECURITY)
    entry, created = planner.link(message)
    again, created_again = planner.link(message)
    assert (created, created_again, again) == (True, False, entry)
    book.commit(planner)
    assert book.planner().link(message) == (entry, False)
    reverse, created = book.planner().link(link(nasdaq, xetra, L.LINK_TYPE_SAME_SECURITY))
    assert created
    assert reverse.key != entry.key


def test_a_derived_link_may_be_stated() -> None:
    book = Book()
    btc, spot = book.add(currency("BTC")), book.add(pair())
    assert book.planner().link(link(btc, spot, L.LINK_TYPE_BASE_OF))[1] is False


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (L.LINK_TYPE_UNSPECIFIED, Reason.LINK_TYPE_MISSING),
        (99, Reason.LINK_TYPE_MISSING),
        (L.LINK_TYPE_DERIVATIVE_OF, Reason.LINK_TYPE_MISMATCH),
        (L.LINK_TYPE_RECEIPT_OF, Reason.LINK_TYPE_MISMATCH),
        (L.LINK_TYPE_WRAPS, Reason.LINK_TYPE_MISMATCH),
        (L.LINK_TYPE_BRIDGED_FROM, Reason.LINK_TYPE_MISMATCH),
        (L.LINK_TYPE_COMPONENT_OF, Reason.LINK_TYPE_MISMATCH),
        (L.LINK_TYPE_BASE_OF, Reason.LINK_TYPE_MISMATCH),
        (L.LINK_TYPE_SAME_SECURITY, Reason.LINK_TYPE_MISMATCH),
    ],
)
def test_links_that_say_nothing(kind: int, reason: Reason) -> None:
    book = Book()
    one, other = book.add(stock()), book.add(currency("BTC"))
    with pytest.raises(InvalidArgument) as caught:
        book.planner().link(link(one, other, kind))
    assert caught.value.reason == reason


def test_both_ends_must_be_there_and_be_two() -> None:
    book = Book()
    one = book.add(stock())
    with pytest.raises(InvalidArgument) as itself:
        book.planner().link(link(one, one, L.LINK_TYPE_SAME_SECURITY))
    assert itself.value.reason == Reason.LINK_TO_ITSELF
    elsewhere = Book().add(stock("MSFT"))
    with pytest.raises(UnknownInstrument) as caught:
        book.planner().link(link(one, elsewhere, L.LINK_TYPE_SAME_SECURITY))
    assert caught.value.reason == Reason.INSTRUMENT_UNKNOWN
    assert caught.value.values["field"] == "to"


# ----------------------------------------------------------------------------------------- venues


def venue(name: str = "LOCAL", **fields: Any) -> pb.Venue:
    return pb.Venue(**{"name": name, "kind": pb.VENUE_KIND_EXCHANGE, **fields})


def test_venue_numbers_are_given_out_in_order_and_never_twice() -> None:
    planner = Planner(RegistryState())
    planner.register_venue(venue("TAKEN", venue=FIRST_GIVEN_NUMBER + 1))
    numbers = [planner.register_venue(venue(name))[0].message.venue for name in ("A", "B", "C")]
    assert numbers == [FIRST_GIVEN_NUMBER, FIRST_GIVEN_NUMBER + 2, FIRST_GIVEN_NUMBER + 3]


def test_a_venue_registered_twice_is_registered_once() -> None:
    planner = Planner(RegistryState())
    entry, created = planner.register_venue(venue(mic="XLOC"))
    assert created
    assert planner.register_venue(venue(mic="XLOC")) == (entry, False)
    assert planner.register_venue(entry.message) == (entry, False)


def test_a_built_in_venue_may_be_registered_as_it_is() -> None:
    state = RegistryState()
    planner = Planner(state)
    nasdaq = state.venue("NASDAQ")
    assert nasdaq is not None
    assert planner.register_venue(nasdaq.message) == (nasdaq, False)


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (venue("NASDAQ"), "mic,title,country"),
        (venue("FIRST", mic="XTWO"), "mic"),
        (venue("SECOND", mic="XNAS"), "mic"),
        (venue("SECOND", venue=1), "venue"),
        (venue("FIRST", venue=60_000), "venue"),
        (venue("XNAS"), "name,mic,title,country"),
        (venue("CHAIN_TWO", kind=pb.VENUE_KIND_CHAIN, chain_id=1), "chain_id"),
        (venue("CHAIN_THREE", kind=pb.VENUE_KIND_CHAIN, chain_id=59_144), "chain_id"),
    ],
)
def test_venue_conflicts(message: pb.Venue, fields: str) -> None:
    planner = Planner(RegistryState())
    planner.register_venue(venue("FIRST", venue=50_000))
    planner.register_venue(venue("LINEA", kind=pb.VENUE_KIND_CHAIN, chain_id=59_144))
    planned = len(planner.changes)
    with pytest.raises(AlreadyExists) as caught:
        planner.register_venue(message)
    assert caught.value.reason == Reason.VENUE_CONFLICT
    assert caught.value.values["fields"] == fields
    assert len(planner.changes) == planned


def test_venue_numbers_run_out() -> None:
    every = [
        venue(f"V{number}", venue=number)
        for number in range(FIRST_GIVEN_NUMBER, LAST_GIVEN_NUMBER + 1)
    ]
    with pytest.raises(ResourceExhausted) as caught:
        Planner(RegistryState(every)).register_venue(venue("ONE_MORE"))
    assert caught.value.reason == Reason.VENUE_NUMBERS_EXHAUSTED


def test_tokens_live_on_a_registered_chain() -> None:
    planner = Planner(RegistryState())
    chain, _ = planner.register_venue(venue("LINEA", kind=pb.VENUE_KIND_CHAIN, chain_id=59_144))
    entry, _ = planner.register_instrument(token(chain_id=59_144))
    assert entry.venue == chain.message.venue
    solana, _ = planner.register_instrument(token(USDC_SOLANA, 0, venue=VenueId.SOLANA))
    assert solana.chain_id == 501_000_101


def test_a_pools_chain_may_be_its_venues() -> None:
    planner = Planner(RegistryState())
    dex, _ = planner.register_venue(venue("AERODROME", kind=pb.VENUE_KIND_DEX, chain_id=8453))
    entry, _ = planner.register_instrument(pool(venue=dex.message.venue, chain_id=0))
    assert entry.chain_id == 8453
    with pytest.raises(InvalidArgument) as caught:
        planner.register_instrument(pool(venue=dex.message.venue, chain_id=1))
    assert caught.value.reason == Reason.CHAIN_MISMATCH


# --------------------------------------------------------------------------------------- roll back


def test_rolled_back_is_as_if_never_asked() -> None:
    planner = Planner(RegistryState(), colliding)
    planner.register_instrument(currency("aa"))
    planner.register_venue(venue("FIRST"))
    planned = len(planner.changes)
    before = planner.revision
    planner.register_instrument(currency("bb"))
    planner.register_instrument(pair("bb", "usd"))
    planner.register_venue(venue("SECOND"))
    planner.record("id", "method", b"", lambda revision: b"%d" % revision)
    planner.roll_back(planned)
    assert (planner.revision, len(planner.changes)) == (before, planned)
    assert planner.recorded("id") is None
    assert planner.register_instrument(currency("aa"))[1] is False
    assert planner.register_instrument(currency("bb"))[1] is True
    assert planner.register_venue(venue("SECOND"))[0].message.venue == FIRST_GIVEN_NUMBER + 1


def test_refusals_leave_nothing_behind() -> None:
    planner = Planner(RegistryState())
    entry, _ = planner.register_instrument(stock())
    planned = list(planner.changes)
    for refuse in (
        lambda: planner.register_instrument(stock(name="other")),
        lambda: planner.register_instrument(stock(isin="US")),
        lambda: planner.link(link(entry, entry, L.LINK_TYPE_SAME_SECURITY)),
        lambda: planner.register_venue(venue("NASDAQ")),
    ):
        with pytest.raises(MeshError):
            refuse()
    assert planner.changes == planned
