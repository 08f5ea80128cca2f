"""Cross-venue arbitrage: what makes it signal, and what does not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import AssetType, QuoteFlag, SignalAction, VenueId
from alphapulse_mesh.collectors.sources.replay import RecordedFile, ReplaySource
from alphapulse_mesh.collectors.sources.simulator import SimulatorSource
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.config import CrossVenueArbitrageConfig
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.strategies.cross_venue_arbitrage import LONG, CrossVenueArbitrage
from alphapulse_testing.offline import offline_signals
from alphapulse_testing.quotes import MS, T0, Directory, Tick, instrument, quote_frame

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.strategies.base import Signal

BTC = instrument(AssetType.CURRENCY, VenueId.NONE, "BTC")
SPOT = instrument(
    AssetType.CRYPTO_PAIR, VenueId.BINANCE, "BTCUSDT", base_currency="BTC", quote_currency="USDT"
)
PERP = instrument(
    AssetType.PERPETUAL, VenueId.BINANCE_FUTURES, "BTCUSDT",
    base_currency="BTC", quote_currency="USDT", settlement_currency="USDT", contract_multiplier="1",
)  # fmt: skip
SPOT_ID, PERP_ID = id_bytes(SPOT), id_bytes(PERP)


async def strategy(**settings: Any) -> CrossVenueArbitrage:
    """One pair, no warm-up and no pause unless said."""
    defaults = {
        "basis_warmup_seconds": 0.0,
        "cooldown_seconds": 0.0,
        "max_notional": Decimal(10**9),
    }
    made = CrossVenueArbitrage(CrossVenueArbitrageConfig(**{**defaults, **settings}))
    await made.on_start(Directory(BTC, SPOT, PERP))
    return made


def both(time: float, basis_bps: float, **fields: Any) -> list[Tick]:
    """Spot at 10,000 and the perpetual so far above it, both 0.1 bp wide."""
    perp = 10_000 * (1 + basis_bps / 1e4)
    return [
        Tick(SPOT_ID, time, 9_999.95, 10_000.05, **fields),
        Tick(PERP_ID, time, perp - 0.05, perp + 0.05, **fields),
    ]


def run(made: CrossVenueArbitrage, *basis: float, step: float = 200.0) -> list[Signal]:
    """A frame for each value of the basis, `step` ms apart."""
    return [
        signal
        for number, value in enumerate(basis)
        for signal in made.on_batch([quote_frame(*both(number * step, value))])
    ]


def actions(signals: list[Signal]) -> list[SignalAction]:
    return [SignalAction(int(signal.row["action"][0])) for signal in signals]


async def test_the_derivative_falls_below_its_mean_and_comes_back() -> None:
    signals = run(await strategy(), -1, -1, -1, -8, -8, -1)
    assert actions(signals) == [SignalAction.ENTER, SignalAction.EXIT]
    enter, leave = (signal.row[0] for signal in signals)
    # bought where it is cheap, at the ask; sold where it is dear, at the bid
    assert enter["base_id"].tobytes() == PERP_ID
    assert enter["quote_id"].tobytes() == SPOT_ID
    assert enter["buy_price"] == 999_205_000_000
    assert enter["sell_price"] == 999_995_000_000
    assert (enter["venue_a"], enter["venue_b"]) == (VenueId.BINANCE_FUTURES, VenueId.BINANCE)
    assert enter["created_at"] == T0 + 600 * MS
    assert enter["expires_at"] == T0 + 2600 * MS
    assert enter["max_size"] == 10**8
    assert enter["spread_bps"] == 8
    assert enter["deviation_bps_e2"] == pytest.approx(-700, abs=2)
    # 7.9 of difference less 1 bp a leg of 9,992.05 and 9,999.95
    assert enter["estimated_profit"] == 790_000_000 - 199_920_000
    assert 0 < enter["confidence"] <= 10_000
    # the way back is the same legs the other way round
    assert leave["base_id"].tobytes() == SPOT_ID
    assert leave["quote_id"].tobytes() == PERP_ID
    assert (leave["buy_price"], leave["sell_price"]) == (1_000_005_000_000, 999_895_000_000)


async def test_the_derivative_rises_above_its_mean() -> None:
    signals = run(await strategy(), 1, 1, 1, 8, 1)
    assert actions(signals) == [SignalAction.ENTER, SignalAction.EXIT]
    assert signals[0].row["base_id"].tobytes() == SPOT_ID
    assert signals[0].row["quote_id"].tobytes() == PERP_ID


@pytest.mark.parametrize(
    ("settings", "basis"),
    [
        ({}, [-1, -1, -3]),  # 2.9 less 2 of fees is below the threshold of 2
        ({"fee_bps_per_leg": Decimal(10)}, [-1, -1, -15]),  # the venues' fees of 2024
        ({"min_edge_bps": Decimal(7)}, [-1, -1, -8]),
        ({}, [-8, -8, -8]),  # far, but no farther than usual
        ({"basis_warmup_seconds": 10.0}, [-1, -1, -8]),
    ],
)
async def test_too_little_or_too_early(settings: dict[str, Any], basis: list[float]) -> None:
    assert run(await strategy(**settings), *basis) == []


async def test_between_the_two_conditions_nothing_happens() -> None:
    """Hysteresis: having entered it neither enters again nor leaves before the mean."""
    signals = run(await strategy(), -1, -1, -1, -8, -6, -8, -5, -9)
    assert actions(signals) == [SignalAction.ENTER]


async def test_a_pause_of_market_time_between_signals() -> None:
    basis = [-1, -1, -1, -8, -1, -1, -8, -1, -1]
    assert len(run(await strategy(), *basis)) == 4
    slow = run(await strategy(cooldown_seconds=0.5), *basis)
    times = [int(signal.row["created_at"][0]) for signal in slow]
    assert actions(slow) == [SignalAction.ENTER, SignalAction.EXIT]
    # at 800 and 1,000 it was too early; at 1,200 spot comes first, and the basis is still -1
    assert times == [T0 + 600 * MS, T0 + 1200 * MS]


async def test_an_old_quote_on_one_side_is_not_traded_on() -> None:
    made = await strategy(max_quote_age_seconds=1.0)
    assert run(made, -1, -1, -1) == []
    perp_only = [Tick(PERP_ID, 400 + age, 9_991.95, 9_992.05) for age in (1_001, 2_000)]
    assert made.on_batch([quote_frame(tick) for tick in perp_only]) == []
    spot = Tick(SPOT_ID, 2_400, 9_999.95, 10_000.05)
    assert len(made.on_batch([quote_frame(spot)])) == 1


@pytest.mark.parametrize("flag", [QuoteFlag.STALE, QuoteFlag.ONE_SIDED])
async def test_a_flagged_quote_is_not_traded_on(flag: QuoteFlag) -> None:
    made = await strategy()
    run(made, -1, -1, -1)
    spot, perp = both(600, -8)
    assert made.on_batch([quote_frame(spot, perp._replace(flags=int(flag)))]) == []
    assert len(made.on_batch([quote_frame(*both(800, -8))])) == 1


async def test_muted_it_learns_but_does_not_decide() -> None:
    made = await strategy()
    run(made, -1, -1, -1)
    assert made.on_batch([quote_frame(*both(600, -8))], muted=True) == []
    assert made.pairs[0].basis_bps == pytest.approx(-8, abs=0.01)
    assert made.pairs[0].position == 0
    assert len(made.on_batch([quote_frame(*both(800, -8))])) == 1
    assert made.pairs[0].position == LONG


async def test_causes_are_the_frames_that_it_rests_on() -> None:
    made = await strategy()
    run(made, -1, -1, -1)
    spot, perp = both(600, -8)
    first, second = quote_frame(spot, sampled=False), quote_frame(perp)
    (signal,) = made.on_batch([first, second])
    assert signal.cause == second.context
    assert signal.further_causes == (first.context,)
    # from another batch as well
    (leave,) = made.on_batch([quote_frame(both(800, -1)[1])])
    assert leave.further_causes == (first.context,)
    assert signal.attributes[names.DECISION] == "enter"


async def test_one_frame_with_both_legs_is_one_cause() -> None:
    made = await strategy()
    signals = run(made, -1, -1, -1, -8)
    assert signals[0].further_causes == ()


async def test_sizes_are_what_both_sides_show_and_the_notional_allows() -> None:
    made = await strategy(max_notional=Decimal(5_000))
    run(made, -1, -1, -1)
    (signal,) = made.on_batch([quote_frame(*both(600, -8))])
    assert signal.row["max_size"][0] == 5_000 * 10**16 // 999_205_000_000
    made = await strategy()
    run(made, -1, -1, -1)
    spot, perp = both(600, -8)
    (signal,) = made.on_batch([quote_frame(spot._replace(size=0.25), perp)])
    assert signal.row["max_size"][0] == 25_000_000


async def test_signal_ids_are_a_function_of_frame_and_decision() -> None:
    frames = [quote_frame(*both(n * 200.0, b)) for n, b in enumerate((-1, -1, -1, -8, -1))]
    runs = []
    for _ in range(2):
        made = await strategy()
        runs.append([s.signal_id for frame in frames for s in made.on_batch([frame])])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2
    assert all(0 < number < 1 << 64 for number in runs[0])


async def test_a_restored_strategy_decides_as_if_it_had_never_stopped() -> None:
    frames = [
        quote_frame(*both(n * 200.0, b)) for n, b in enumerate((-1, -1, -1, -8, -8, -1, -1, -9))
    ]
    whole = await strategy()
    expected = [s.signal_id for frame in frames for s in whole.on_batch([frame])]
    for cut in range(len(frames)):
        before = await strategy()
        found = [s.signal_id for frame in frames[:cut] for s in before.on_batch([frame])]
        after = CrossVenueArbitrage(
            CrossVenueArbitrageConfig(basis_warmup_seconds=0.0, cooldown_seconds=0.0)
        )
        after.restore(before.state())
        await after.on_start(Directory(BTC, SPOT, PERP))
        found += [s.signal_id for frame in frames[cut:] for s in after.on_batch([frame])]
        assert found == expected


async def test_a_foreign_state_is_left_out() -> None:
    made = CrossVenueArbitrage(CrossVenueArbitrageConfig())
    made.restore({f"{SPOT_ID.hex()}/{PERP_ID.hex()}": {"position": 7}})
    await made.on_start(Directory(BTC, SPOT, PERP))
    assert made.pairs[0].position == 0


async def test_instruments_that_come_later_are_asked_for() -> None:
    directory = Directory(BTC, SPOT)
    made = CrossVenueArbitrage(CrossVenueArbitrageConfig())
    await made.on_start(directory)
    frame = quote_frame(*both(0, 0))
    assert not made.ready
    assert made.unknown([frame]) == {SPOT_ID, PERP_ID}
    directory.add(PERP)
    await made.on_start(directory)
    assert made.ready
    assert made.unknown([frame]) == set()


def test_exit_must_lie_inside_enter() -> None:
    with pytest.raises(ConfigError, match="must be below"):
        CrossVenueArbitrage(CrossVenueArbitrageConfig(exit_deviation_bps=Decimal("0.5")))


async def test_the_recordings_of_2024_hold_tens_of_opportunities(data_dir: Path) -> None:
    paths = sorted((data_dir / "binance_raw_hftbacktest").glob("*usdt_20240808.gz"))
    signals = await offline_signals(
        ReplaySource([RecordedFile(path) for path in paths], lambda _w, _x: None, speed="max")
    )
    assert len(signals) > 50
    counts = actions(signals).count
    assert abs(counts(SignalAction.ENTER) - counts(SignalAction.EXIT)) <= 2
    for signal in signals:
        row = signal.row[0]
        if row["action"] == SignalAction.ENTER:
            assert row["estimated_profit"] > 0
            # spot was above the perpetual by 4 bps on that day: it was the perpetual to buy
            assert row["venue_a"] == VenueId.BINANCE_FUTURES


async def test_the_simulator_holds_opportunities() -> None:
    signals = await offline_signals(SimulatorSource(seed=1, speed="max", duration=15_000 * MS))
    assert len(signals) > 10
