"""Formulas, definitions without cycles, values, and what is evaluated anew when something moves."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import formula, identity, synthetics
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.journal import decode_event, encode_event
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.errors import (
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    MeshError,
    NotFound,
    OutOfRange,
    UnknownInstrument,
)
from alphapulse_mesh.runtime.event_store import RecordedEvent
from alphapulse_testing.registry import currency

NAMES = ("A", "B", "C")


@pytest.mark.parametrize(
    ("text", "value", "normal"),
    [
        ("1+2*3", "7", "1 + (2 * 3)"),
        ("(1+2)*3", "9", "(1 + 2) * 3"),
        ("2-3-4", "-5", "(2 - 3) - 4"),
        ("-2*3", "-6", "(-2) * 3"),
        ("8/4/2", "1", "(8 / 4) / 2"),
        ("1.50", "1.5", "1.5"),
        ("0.1+0.2", "0.3", "0.1 + 0.2"),
        ("min(3,1,2)", "1", "min(3, 1, 2)"),
        ("max( 1 ,abs(-7))", "7", "max(1, abs(-7))"),
        ("avg(1,2)", "1.5", "avg(1, 2)"),
        ("sum(1,2,3)", "6", "sum(1, 2, 3)"),
        ("wsum(0.5,A,0.25,B)", "2", "wsum(0.5, A, 0.25, B)"),
        ("A / B", "0.5", "A / B"),
    ],
)
def test_formulas_have_values_and_a_normal_form(text: str, value: str, normal: str) -> None:
    parsed = formula.parse(text)
    assert parsed.text == normal
    assert formula.parse(normal).text == normal
    assert parsed.evaluate({"A": Decimal(2), "B": Decimal(4)}) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("1 +", 3),
        ("(1", 2),
        ("1)", 1),
        ("A B", 2),
        ("A..b", 1),
        ("f(1)", 0),
        ("min()", 4),
        ("abs(1,2)", 0),
        ("wsum(1,2,3)", 0),
        ("2 ** 3", 3),
        ("__import__('os')", 0),
        ("A[0]", 1),
        ("1e9", 1),
    ],
)
def test_what_is_no_formula_says_where(text: str, position: int) -> None:
    with pytest.raises(formula.FormulaError) as caught:
        formula.parse(text)
    assert caught.value.position >= position - 1
    assert "character" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["(" * 100 + "1" + ")" * 100, "+".join(["1"] * 500), "1" * 40, "-" * 200 + "1", " " * 20_000],
)
def test_a_formula_has_bounds(text: str) -> None:
    with pytest.raises(formula.FormulaTooLargeError):
        formula.parse(text)


TREES = st.recursive(
    st.sampled_from(["A", "B", "C", "1", "2.5", "7"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_values_agree_with_exact_fractions(text: str) -> None:
    values = {"A": 3, "B": 5, "C": -2}
    python = text
    for number in ("2.5", "1", "7"):
        python = python.replace(number, f"Fraction('{number}')")
    scope = {"Fraction": Fraction, **{name: Fraction(v) for name, v in values.items()}}
    parsed = formula.parse(text)
    given_values = {name: Decimal(v) for name, v in values.items()}
    try:
        exact = eval(python, {"__builtins__": {}}, scope)  # the test's own text
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            parsed.evaluate(given_values)
        return
    value = Fraction(parsed.evaluate(given_values))
    assert abs(value - exact) <= Fraction(1, 10**25) * max(1, abs(exact))


class Registry:
    """A state with currencies A, B, C to make synthetics of."""

    def __init__(self) -> None:
        self.state = RegistryState()
        self.journal: list[RecordedEvent] = []
        planner = RegistryPlanner(self.state)
        self.ids = {
            name: identity.to_message(planner.register_instrument(currency(name))[0].id)
            for name in NAMES
        }
        self._commit(planner)

    def _commit(self, planner: RegistryPlanner) -> None:
        for change in planner.changes:
            event = encode_event(change, 1)
            stored = RecordedEvent("registry", change.revision, event.type, event.data, 1)
            self.journal.append(stored)
            self.state.apply(change.revision, decode_event(stored))

    def define(self, name: str, text: str, *names: str, **fields: Any) -> pb.Synthetic:
        inputs = [pb.SyntheticInput(alias=each, id=self.ids[each]) for each in names]
        request = pb.DefineSyntheticRequest(name=name, formula=text, inputs=inputs, **fields)
        planner = RegistryPlanner(self.state)
        entry, _ = planner.define_synthetic(request)
        self._commit(planner)
        self.ids[name] = entry.message.id
        return entry.message

    def value(self, name: str, **values: str) -> Decimal:
        entry = synthetics.find_synthetic(self.state, name)
        given_values = synthetics.parse_values(
            pb.InstrumentValue(id=self.ids[each], value=value) for each, value in values.items()
        )
        return synthetics.evaluate(self.state, entry, given_values)[0]

    def key(self, name: str) -> bytes:
        return identity.from_message(self.ids[name])


def refused(kind: type[MeshError], reason: Reason, call: Any) -> MeshError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.reason == reason
    return caught.value


def test_an_index_a_basket_and_a_spread() -> None:
    registry = Registry()
    registry.define("INDEX", "wsum(0.5, A, 0.3, B, 0.2, C)", "A", "B", "C")
    registry.define("BASKET", "10 * A + 4 * B", "A", "B")
    registry.define("SPREAD", "INDEX - BASKET / 14", "INDEX", "BASKET")
    assert registry.value("INDEX", A="100", B="50", C="10") == Decimal(67)
    assert registry.value("BASKET", A="100", B="50") == Decimal(1200)
    expected = (Decimal(67) - Decimal(1200) / 14).quantize(Decimal("1e-8"))
    assert registry.value("SPREAD", A="100", B="50", C="10") == expected
    # a value that is given stands for the synthetic
    assert registry.value("SPREAD", INDEX="7", BASKET="14") == Decimal(6)
    links = {(link.key.type, link.key.target) for link in registry.state.links_in_order}
    assert (pb.LINK_TYPE_COMPONENT_OF, registry.key("SPREAD")) in links
    assert registry.state.instruments[registry.key("INDEX")].symbol == "INDEX"


def test_versions_follow_the_formula() -> None:
    registry = Registry()
    first = registry.define("S", "A+B", "A", "B")
    revision = registry.state.revision
    assert registry.define("S", "A  + B", "B", "A") == first
    assert registry.state.revision == revision
    second = registry.define("S", "A - B", "A", "B", expected_revision=first.revision)
    assert (second.version, second.id) == (2, first.id)
    assert second.formula_hash != first.formula_hash
    back = registry.define("S", "A + B", "A", "B")
    assert (back.version, back.formula_hash) == (3, first.formula_hash)
    refused(
        Conflict,
        Reason.REVISION_CONFLICT,
        lambda: registry.define("S", "A", "A", expected_revision=first.revision),
    )


def test_a_new_version_is_no_longer_linked_to_what_it_dropped() -> None:
    registry = Registry()
    registry.define("S", "A + B", "A", "B")
    registry.define("S", "B + C", "B", "C")
    components = {link.key.source for link in registry.state.links_of[registry.key("S")]}
    assert components == {registry.key("B"), registry.key("C")}
    assert not registry.state.links_of.get(registry.key("A"))


def test_a_component_that_is_over_ends_the_live_values() -> None:
    registry = Registry()
    registry.define("S", "A + B", "A", "B")
    graph = synthetics.SyntheticGraph(registry.state)
    a, b = registry.key("A"), registry.key("B")
    [first] = graph.move({a: Decimal(1), b: Decimal(2)})
    assert first.value == 3
    planner = RegistryPlanner(registry.state)
    planner.delist_instrument(a, pb.DelistInstrumentRequest(), now_ns=10**18)
    registry._commit(planner)
    assert graph.move({b: Decimal(3)}) == []  # not 4, of a price that nobody will ever change
    # whoever names values has them evaluated as before
    entry = registry.state.synthetic_names["S"]
    assert synthetics.evaluate(registry.state, entry, {a: Decimal(1), b: Decimal(3)})[0] == 4


def test_a_cycle_is_refused() -> None:
    registry = Registry()
    registry.define("X", "A", "A")
    registry.define("Y", "X + 1", "X")
    registry.define("Z", "Y * 2", "Y")
    before = registry.state.dump()
    for inputs in (("X",), ("Y",), ("Z",), ("A", "Z")):
        text = " + ".join(inputs)
        refused(
            FailedPrecondition,
            Reason.SYNTHETIC_CYCLE,
            lambda text=text, inputs=inputs: registry.define("X", text, *inputs),
        )
    assert registry.state.dump() == before


def test_bad_definitions_say_why() -> None:
    registry = Registry()
    registry.ids["NOBODY"] = identity.to_message(b"\x07" * 16)
    cases: list[tuple[Reason, tuple[str, ...]]] = [
        (Reason.SYNTHETIC_NAME_INVALID, ("lower", "A", "A")),
        (Reason.SYNTHETIC_NAME_INVALID, ("", "A", "A")),
        (Reason.FORMULA_INVALID, ("S", "A +", "A")),
        (Reason.FORMULA_TOO_LARGE, ("S", "(" * 100 + "A" + ")" * 100, "A")),
        (Reason.FORMULA_INPUTS_INVALID, ("S", "A + B", "A")),
        (Reason.FORMULA_INPUTS_INVALID, ("S", "A", "A", "B")),
        (Reason.FORMULA_INPUTS_INVALID, ("S", "A", "A", "A")),
        (Reason.FORMULA_INPUTS_INVALID, ("S", "1 + 1")),
        (Reason.DIVISION_BY_ZERO, ("S", "1 / 0")),
        (Reason.DIVISION_BY_ZERO, ("S", "A / 0", "A")),
        (Reason.DIVISION_BY_ZERO, ("S", "A + 1 / (A * A / min(1 - 1, 0))", "A")),
    ]
    for reason, arguments in cases:
        refused(InvalidArgument, reason, lambda arguments=arguments: registry.define(*arguments))
    refused(
        UnknownInstrument,
        Reason.INSTRUMENT_UNKNOWN,
        lambda: registry.define("S", "NOBODY", "NOBODY"),
    )
    assert not registry.state.synthetics


def test_bad_values_say_why() -> None:
    registry = Registry()
    registry.define("RATIO", "A / B", "A", "B")
    error = refused(
        FailedPrecondition, Reason.VALUE_MISSING, lambda: registry.value("RATIO", A="1")
    )
    assert error.values["id"] == registry.key("B")
    for numerator in ("1", "0"):
        refused(
            FailedPrecondition,
            Reason.DIVISION_BY_ZERO,
            lambda numerator=numerator: registry.value("RATIO", A=numerator, B="0"),
        )
    refused(
        OutOfRange,
        Reason.VALUE_OUT_OF_RANGE,
        lambda: registry.value("RATIO", A="9" * 20, B="0.00000001"),
    )
    refused(InvalidArgument, Reason.VALUE_INVALID, lambda: registry.value("RATIO", A="1e5", B="1"))
    refused(NotFound, Reason.SYNTHETIC_UNKNOWN, lambda: registry.value("NOPE"))


def test_only_what_depends_on_a_move_is_evaluated() -> None:
    registry = Registry()
    registry.define("LEFT", "A + 1", "A")
    registry.define("RIGHT", "B * 2", "B")
    registry.define("TOP", "LEFT / RIGHT", "LEFT", "RIGHT")
    graph = synthetics.SyntheticGraph(registry.state)
    a, b, c = (registry.key(name) for name in NAMES)

    def move(**values: str) -> dict[str, str | Decimal]:
        moved = {registry.key(name): Decimal(value) for name, value in values.items()}
        return {
            each.entry.message.name: each.reason if each.value is None else each.value
            for each in graph.move(moved)
        }

    assert move(A="3") == {"LEFT": 4}
    assert move(B="1", C="9") == {"RIGHT": 2, "TOP": 2}
    before = graph.evaluations
    assert move(A="3") == {}
    assert move(C="10") == {}
    assert graph.evaluations == before
    assert move(A="7") == {"LEFT": 8, "TOP": 4}
    assert graph.evaluations == before + 2
    assert move(B="0") == {"RIGHT": 0, "TOP": Reason.DIVISION_BY_ZERO}
    assert move(A="1", B="1") == {"LEFT": 2, "RIGHT": 2, "TOP": 1}
    registry.define("LEFT", "A + C", "A", "C")
    assert move(C="11") == {"LEFT": 12, "TOP": 6}
    top = registry.state.synthetic_names["TOP"]
    assert graph.inputs(top) == [
        (registry.key("LEFT"), Decimal(12)),
        (registry.key("RIGHT"), Decimal(2)),
    ]
    assert len({a, b, c}) == 3


def test_definitions_survive_replay_and_snapshot() -> None:
    registry = Registry()
    registry.define("S", "A + B", "A", "B")
    registry.define("S", "A - B", "A", "B")
    replayed = RegistryState()
    for event in registry.journal:
        replayed.apply(event.version, decode_event(event))
    dump = registry.state.dump()
    assert replayed.dump() == dump
    loaded = RegistryState.load(dump)
    assert loaded.dump() == dump
    assert loaded.synthetic_names["S"].message.version == 2
