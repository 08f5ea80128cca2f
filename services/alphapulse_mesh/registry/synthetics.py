"""Synthetic instruments: definitions without cycles, values, and what has to be evaluated anew when
something moves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from blake3 import blake3

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import formula, identity, queries
from alphapulse_mesh.registry.fees import plain
from alphapulse_mesh.registry.identity import NaturalKey
from alphapulse_mesh.registry.model import LinkKey, LinkRemoval, SyntheticEntry
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import (
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    OutOfRange,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alphapulse_mesh.registry.paging import Paging
    from alphapulse_mesh.registry.state import RegistryState

__all__ = [
    "Evaluation",
    "SyntheticGraph",
    "SyntheticPlanner",
    "evaluate",
    "find_synthetic",
    "list_synthetics",
    "parse_values",
]

_NAME: Final = re.compile(r"[A-Z0-9][A-Z0-9.\-_]{0,31}")
_VALUE: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,18})?")
_STEP: Final = Decimal("1e-8")
_LARGEST: Final = Decimal((1 << 63) - 1) * _STEP
_OVER: Final = {pb.INSTRUMENT_STATUS_EXPIRED, pb.INSTRUMENT_STATUS_DELISTED}
_ROUNDING: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class SyntheticPlanner(Planner):
    """Plans definitions."""

    def define_synthetic(self, request: pb.DefineSyntheticRequest) -> tuple[SyntheticEntry, bool]:
        """The entry of a definition, and whether it is new or a new version.

        Raises:
            InvalidArgument: no name, no formula, or inputs that are not those of the formula.
            UnknownInstrument: an input is not there.
            FailedPrecondition: it would be made of itself (SYNTHETIC_CYCLE).
            Conflict: the definition has another revision (REVISION_CONFLICT).
        """
        if not _NAME.fullmatch(request.name):
            raise InvalidArgument(
                f"{request.name[:64]!r}: 1 to 32 of A-Z, 0-9, dot, hyphen and _",
                reason=Reason.SYNTHETIC_NAME_INVALID,
            )
        parsed = _parsed(request.formula)
        inputs = self._inputs(parsed, request.inputs)
        key = NaturalKey(common_pb2.ASSET_TYPE_SYNTHETIC, 0, request.name)
        known, own_id, _ = self._find_place(key)
        before = self._synthetic(own_id)
        _expect(before, request)
        self._refuse_cycle(own_id, request.name, inputs.values())
        message = pb.Synthetic(
            name=request.name,
            formula=parsed.text,
            formula_hash=_hash(parsed.text, inputs),
            version=before.message.version + 1 if before else 1,
            title=request.title,
            inputs=[
                pb.SyntheticInput(alias=alias, id=identity.to_message(instrument_id))
                for alias, instrument_id in inputs.items()
            ],
        )
        if before is not None and before.message.formula_hash == message.formula_hash:
            return before, False
        if known is None:
            known, _ = self.register_instrument(
                pb.Instrument(
                    asset_type=common_pb2.ASSET_TYPE_SYNTHETIC,
                    symbol=request.name,
                    name=request.title,
                    quote_currency=request.quote_currency,
                )
            )
        message.id.CopyFrom(identity.to_message(known.id))
        message.revision = self.revision + 1
        entry = SyntheticEntry.of(message)
        self._plan(entry)
        made_of = dict.fromkeys(inputs.values())
        for instrument_id in made_of:
            self._add_link(LinkKey(instrument_id, known.id, pb.LINK_TYPE_COMPONENT_OF))
        for instrument_id in dict.fromkeys(before.inputs.values() if before else ()):
            dropped = LinkKey(instrument_id, known.id, pb.LINK_TYPE_COMPONENT_OF)
            link = self._link(dropped)
            if instrument_id not in made_of and link is not None:
                self._plan(LinkRemoval(dropped, self.revision + 1, link.wire))
        return entry, True

    def _synthetic(self, instrument_id: bytes) -> SyntheticEntry | None:
        return self._synthetics.get(instrument_id) or self._state.synthetics.get(instrument_id)

    def _inputs(
        self, parsed: formula.Formula, given: Sequence[pb.SyntheticInput]
    ) -> dict[str, bytes]:
        """Alias → instrument, by alias: exactly the names of the formula."""
        named = {each.alias: identity.from_message(each.id) for each in given}
        wrong = set(named) ^ set(parsed.names)
        if wrong or len(named) != len(given) or not named:
            raise InvalidArgument(
                f"inputs are the names of the formula, each once: {sorted(wrong)[:5]}",
                reason=Reason.FORMULA_INPUTS_INVALID,
                alias=min(wrong, default=""),
            )
        return {alias: named[alias] for alias in sorted(named)}

    def _refuse_cycle(self, own_id: bytes, name: str, inputs: Iterable[bytes]) -> None:
        seen: set[bytes] = set()
        waiting = list(inputs)
        for instrument_id in waiting:
            if instrument_id != own_id:
                self._known(identity.to_message(instrument_id), "inputs", Reason.INSTRUMENT_UNKNOWN)
        while waiting:
            instrument_id = waiting.pop()
            if instrument_id == own_id:
                raise FailedPrecondition(
                    f"{name} would be made of itself", reason=Reason.SYNTHETIC_CYCLE, name=name
                )
            entry = self._synthetic(instrument_id)
            if entry is not None and instrument_id not in seen:
                seen.add(instrument_id)
                waiting.extend(entry.inputs.values())


def _expect(before: SyntheticEntry | None, request: pb.DefineSyntheticRequest) -> None:
    revision = before.revision if before else 0
    if request.expected_revision and request.expected_revision != revision:
        raise Conflict(
            f"{request.name} is at revision {revision}, not {request.expected_revision}",
            reason=Reason.REVISION_CONFLICT,
            revision=revision,
            expected_revision=request.expected_revision,
        )


def _parsed(text: str) -> formula.Formula:
    """The formula; one that divides by a constant zero is none.

    Raises:
        InvalidArgument: FORMULA_INVALID, FORMULA_TOO_LARGE or SYNTHETIC_DIVISION_BY_ZERO.
    """
    try:
        parsed = formula.parse(text)
        parsed.check()
    except formula.FormulaTooLargeError as error:
        raise InvalidArgument(
            str(error), reason=Reason.FORMULA_TOO_LARGE, position=error.position
        ) from None
    except formula.FormulaError as error:
        raise InvalidArgument(
            str(error), reason=Reason.FORMULA_INVALID, position=error.position
        ) from None
    except ZeroDivisionError as error:
        raise InvalidArgument(str(error), reason=Reason.DIVISION_BY_ZERO) from None
    except OverflowError as error:
        raise InvalidArgument(str(error), reason=Reason.VALUE_OUT_OF_RANGE) from None
    return parsed


def _hash(text: str, inputs: Mapping[str, bytes]) -> int:
    lines = [text, *(f"{alias}={instrument_id.hex()}" for alias, instrument_id in inputs.items())]
    return int.from_bytes(blake3("\n".join(lines).encode()).digest()[:8], "little")


# ------------------------------------------------------------------------------------------- values


def find_synthetic(state: RegistryState, name: str) -> SyntheticEntry:
    """The definition of a name or an id in text.

    Raises:
        NotFound: there is none (SYNTHETIC_UNKNOWN).
    """
    entry = state.synthetic_names.get(name)
    if entry is None and identity.is_id(name):
        entry = state.synthetics.get(bytes.fromhex(name))
    if entry is None:
        raise NotFound(
            f"no synthetic is called {name[:64]!r}", reason=Reason.SYNTHETIC_UNKNOWN, name=name[:64]
        )
    return entry


def list_synthetics(
    state: RegistryState, request: pb.ListSyntheticsRequest, paging: Paging, max_bytes: int
) -> bytes:
    """`ListSyntheticsResponse`, in the order of first definition.

    Raises:
        InvalidArgument, UnknownInstrument: no such instrument.
    """
    wanted: set[bytes] | None = None
    if request.instrument_id:
        instrument_id = identity.parse_id(request.instrument_id, "instrument_id")
        queries.get_instrument(state, instrument_id)
        wanted = _made_of(state, instrument_id)
    ordinals: list[int] = []
    found: list[bytes] = []
    for instrument in state.by_type.get(common_pb2.ASSET_TYPE_SYNTHETIC, ()):
        entry = state.synthetics.get(instrument.id)
        if entry is None or instrument.ordinal < paging.start:
            continue
        named = entry.message.name.startswith(request.name_prefix)
        if named and (wanted is None or entry.id in wanted):
            ordinals.append(instrument.ordinal)
            found.append(entry.wire)
            if len(found) > paging.size:
                break
    return queries.page(state.revision, paging, found, ordinals, max_bytes)


def _made_of(state: RegistryState, instrument_id: bytes) -> set[bytes]:
    """The synthetics with an instrument among their inputs, or among those of their inputs."""
    dependents: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for entry in state.synthetics.values():
        for each in entry.inputs.values():
            dependents[each].append(entry.id)
    made: set[bytes] = set()
    waiting = [instrument_id]
    while waiting:
        for dependent in dependents.get(waiting.pop(), ()):
            if dependent not in made:
                made.add(dependent)
                waiting.append(dependent)
    return made


def parse_values(values: Iterable[pb.InstrumentValue]) -> dict[bytes, Decimal]:
    """Values by instrument.

    Raises:
        InvalidArgument: not decimal text (SYNTHETIC_VALUE_INVALID).
    """
    parsed = {}
    for each in values:
        if not _VALUE.fullmatch(each.value):
            raise InvalidArgument(
                f"{each.value[:64]!r} is not decimal text", reason=Reason.VALUE_INVALID
            )
        parsed[identity.from_message(each.id)] = Decimal(each.value)
    return parsed


def evaluate(
    state: RegistryState, entry: SyntheticEntry, values: Mapping[bytes, Decimal]
) -> tuple[Decimal, dict[bytes, Decimal]]:
    """The value of a synthetic, and every value that was given or made on the way. A synthetic
    among the inputs is evaluated unless it has a value.

    Raises:
        FailedPrecondition: an input has no value (SYNTHETIC_VALUE_MISSING, value `id`), or a
            formula divides by zero (SYNTHETIC_DIVISION_BY_ZERO).
        OutOfRange: a value is beyond the fixed record (SYNTHETIC_VALUE_OUT_OF_RANGE).
    """
    known = dict(values)
    known.pop(entry.id, None)
    waiting = [entry]
    while waiting:  # no recursion: synthetics may be made of each other to any depth
        current = waiting[-1]
        if current.id in known:
            waiting.pop()
            continue
        open_inputs = [each for each in current.inputs.values() if each not in known]
        below = [state.synthetics[each] for each in open_inputs if each in state.synthetics]
        if len(below) < len(open_inputs):
            missing = next(each for each in open_inputs if each not in state.synthetics)
            raise FailedPrecondition(
                f"{current.message.name}: no value for {missing.hex()}",
                reason=Reason.VALUE_MISSING,
                id=missing,
                name=current.message.name,
            )
        if below:
            waiting.extend(below)
        else:
            known[current.id] = value_of(current, known)
            waiting.pop()
    return known[entry.id], known


def value_of(entry: SyntheticEntry, known: Mapping[bytes, Decimal]) -> Decimal:
    """One formula's value, rounded half to even to 8 places.

    Raises:
        FailedPrecondition: it divides by zero (SYNTHETIC_DIVISION_BY_ZERO).
        OutOfRange: beyond the fixed record (SYNTHETIC_VALUE_OUT_OF_RANGE).
    """
    try:
        value = entry.formula.evaluate({a: known[i] for a, i in entry.inputs.items()})
    except ZeroDivisionError as error:
        raise FailedPrecondition(
            f"{entry.message.name}: {error}",
            reason=Reason.DIVISION_BY_ZERO,
            name=entry.message.name,
        ) from None
    except OverflowError:
        value = _LARGEST + 1
    if abs(value) > _LARGEST:
        raise OutOfRange(
            f"{entry.message.name} is beyond {_LARGEST}",
            reason=Reason.VALUE_OUT_OF_RANGE,
            name=entry.message.name,
        )
    return value.quantize(_STEP, context=_ROUNDING)


# -------------------------------------------------------------------------------------- incremental


class Evaluation(NamedTuple):
    """A synthetic's new value, or why it has none."""

    entry: SyntheticEntry
    value: Decimal | None
    reason: str


class SyntheticGraph:
    """Values that move: each change evaluates anew only what depends on it, each synthetic once and
    after what it is made of.
    """

    def __init__(self, state: RegistryState) -> None:
        """Of the definitions of a state; nothing has a value yet."""
        self._state = state
        self._values: dict[bytes, Decimal] = {}
        self._order: dict[bytes, int] = {}
        self._dependents: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._built: tuple[int, ...] = ()
        self.evaluations = 0

    def move(self, values: Mapping[bytes, Decimal]) -> list[Evaluation]:
        """Take new values of instruments; what became of the synthetics that depend on them."""
        self._build()
        moved = {each for each, value in values.items() if self._values.get(each) != value}
        self._values.update({each: values[each] for each in moved})
        dirty: set[bytes] = set()
        waiting = list(moved)
        while waiting:
            for dependent in self._dependents.get(waiting.pop(), ()):
                if dependent not in dirty:
                    dirty.add(dependent)
                    waiting.append(dependent)
        return [
            evaluation
            for each in sorted(dirty, key=self._order.__getitem__)
            if (evaluation := self._evaluate(each)) is not None
        ]

    def inputs(self, entry: SyntheticEntry) -> list[tuple[bytes, Decimal]]:
        """What a synthetic is made of and has a value."""
        held = self._values
        return [(each, held[each]) for each in entry.inputs.values() if each in held]

    def _evaluate(self, synthetic: bytes) -> Evaluation | None:
        entry = self._state.synthetics[synthetic]
        if not all(each in self._values and self._lives(each) for each in entry.inputs.values()):
            self._values.pop(synthetic, None)
            return None
        self.evaluations += 1
        try:
            value = value_of(entry, self._values)
        except (FailedPrecondition, OutOfRange) as error:
            self._values.pop(synthetic, None)
            return Evaluation(entry, None, error.reason)
        self._values[synthetic] = value
        return Evaluation(entry, value, "")

    def _lives(self, instrument_id: bytes) -> bool:
        """Whether a last quote still says something: nobody quotes what is over."""
        return self._state.instruments[instrument_id].status not in _OVER

    def _build(self) -> None:
        """Order and dependents anew when a definition changed."""
        built = tuple(entry.revision for entry in self._state.synthetics.values())
        if built == self._built:
            return
        self._built = built
        self._dependents.clear()
        self._order.clear()
        for entry in self._state.synthetics.values():
            self._values.pop(entry.id, None)
            for each in entry.inputs.values():
                self._dependents[each].add(entry.id)
        waiting = list(self._state.synthetics.values())
        while waiting:
            entry = waiting[-1]
            below = [
                self._state.synthetics[each]
                for each in entry.inputs.values()
                if each in self._state.synthetics and each not in self._order
            ]
            if entry.id in self._order or not below:
                self._order.setdefault(entry.id, len(self._order))
                waiting.pop()
            else:
                waiting.extend(below)
        for each in sorted(self._order, key=self._order.__getitem__):
            self._evaluate(each)  # what is there already counts for the new definitions
        self.evaluations = 0


def answer(
    state: RegistryState, entry: SyntheticEntry, values: Mapping[bytes, Decimal]
) -> pb.EvaluateSyntheticResponse:
    """`EvaluateSyntheticResponse`.

    Raises:
        FailedPrecondition, OutOfRange: as `evaluate`.
    """
    value, known = evaluate(state, entry, values)
    return pb.EvaluateSyntheticResponse(
        value=plain(value),
        formula_hash=entry.message.formula_hash,
        version=entry.message.version,
        inputs=[
            pb.InstrumentValue(id=identity.to_message(each), value=plain(known[each]))
            for each in entry.inputs.values()
        ],
        revision=state.revision,
    )
