"""The expression language of synthetics: numbers, names, + - * /, parentheses, min, max, abs, sum,
avg and wsum(weight, value, …). Parsed by a Pratt parser of its own, never evaluated as code; values
are exact decimals of 38 digits. A formula is bounded in length, steps and depth, so that nobody's
input costs more than that.
"""

from __future__ import annotations

import re
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Formula", "FormulaError", "FormulaTooLargeError", "parse"]

LENGTH: Final = 16_384
NODES: Final = 4096
DEPTH: Final = 64
HEIGHT: Final = 128
_CONTEXT: Final = Context(
    prec=38,
    rounding=ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[-+*/(),]))"
)
_DIGITS: Final = 30
_BINDING: Final = {"+": 1, "-": 1, "*": 2, "/": 2}
_UNARY: Final = 3


class FormulaError(ValueError):
    """The text is no formula; `position` is where that shows."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at character {position + 1}")
        self.position = position


class FormulaTooLargeError(FormulaError):
    """Beyond the bounds of length, nodes or depth."""


class Node(NamedTuple):
    """One step: a number, a name, or an operation on others."""

    kind: str
    """`number`, `name`, `neg`, an operator's sign or a function's name."""
    text: str
    arguments: tuple[Node, ...]
    height: int
    """Steps from here to the farthest number or name."""


# function → (fewest arguments, whether they come in pairs)
_FUNCTIONS: Final = {
    "min": (1, False),
    "max": (1, False),
    "abs": (1, False),
    "sum": (1, False),
    "avg": (1, False),
    "wsum": (2, True),
}


class Formula:
    """A parsed formula."""

    def __init__(self, root: Node) -> None:
        """Of its outermost step."""
        self._root = root
        self.text: str = _write(root)
        """Normal form: equal formulas have equal text."""
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_names(root)))
        """What it needs, in order of appearance."""

    def check(self) -> None:
        """Work out what hangs on no name.

        Raises:
            ZeroDivisionError: something is divided by a constant that is zero.
            OverflowError: a constant has no meaning in 38 digits.
        """
        try:
            _constant(self._root)
        except (DivisionByZero, InvalidOperation):
            raise ZeroDivisionError("division by a constant that is zero") from None
        except Overflow:
            raise OverflowError("beyond 38 digits") from None

    def evaluate(self, values: Mapping[str, Decimal]) -> Decimal:
        """The value for values of all `names`.

        Raises:
            ZeroDivisionError: it divides by zero.
            OverflowError: the value has no meaning in 38 digits.
            KeyError: a name has no value.
        """
        try:
            return _value(self._root, values)
        except DivisionByZero:
            raise ZeroDivisionError("division by zero") from None
        except InvalidOperation:  # 0 / 0 is one
            raise ZeroDivisionError("division of zero by zero") from None
        except Overflow:
            raise OverflowError("beyond 38 digits") from None


def parse(text: str) -> Formula:
    """The formula that `text` is.

    Raises:
        FormulaError: it is none.
        FormulaTooLargeError: it is beyond the bounds.
    """
    if len(text) > LENGTH:
        raise FormulaTooLargeError(f"longer than {LENGTH} characters", LENGTH)
    parser = _Parser(_tokens(text), len(text))
    root = parser.expression(0, 0)
    parser.end()
    return Formula(root)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(f"unexpected {text[at : at + 8].strip()!r}", at)
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        if kind == "number" and len(match[kind]) > _DIGITS:
            raise FormulaTooLargeError(f"a number of more than {_DIGITS} digits", at)
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: Sequence[_Token], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._nodes = 0
        self._end = end

    def _peek(self) -> _Token:
        if self._next < len(self._tokens):
            return self._tokens[self._next]
        return _Token("end", "", self._end)

    def _take(self) -> _Token:
        token = self._peek()
        self._next += 1
        return token

    def _expect(self, sign: str) -> None:
        token = self._take()
        if token.text != sign:
            raise FormulaError(f"{sign!r} expected, not {token.text or 'the end'!r}", token.at)

    def end(self) -> None:
        token = self._peek()
        if token.kind != "end":
            raise FormulaError(f"unexpected {token.text!r}", token.at)

    def _node(self, kind: str, text: str, *arguments: Node, at: int) -> Node:
        self._nodes += 1
        if self._nodes > NODES:
            raise FormulaTooLargeError(f"more than {NODES} steps", at)
        height = 1 + max((argument.height for argument in arguments), default=0)
        if height > HEIGHT:  # a chain without parentheses nests to the left
            raise FormulaTooLargeError(f"more than {HEIGHT} steps in a row (use sum)", at)
        return Node(kind, text, arguments, height)

    def expression(self, binding: int, depth: int) -> Node:
        """What binds tighter than `binding`."""
        if depth > DEPTH:
            raise FormulaTooLargeError(f"deeper than {DEPTH}", self._peek().at)
        left = self._first(depth)
        while True:
            token = self._peek()
            strength = _BINDING.get(token.text, 0)
            if strength <= binding:
                return left
            self._take()
            right = self.expression(strength, depth + 1)
            left = self._node(token.text, "", left, right, at=token.at)

    def _first(self, depth: int) -> Node:
        token = self._take()
        if token.kind == "number":
            number = Decimal(token.text).normalize(_CONTEXT)
            return self._node("number", f"{number:f}", at=token.at)
        if token.kind == "name":
            if self._peek().text == "(":
                return self._call(token, depth)
            return self._node("name", token.text, at=token.at)
        if token.text == "(":
            inner = self.expression(0, depth + 1)
            self._expect(")")
            return inner
        if token.text == "-":
            return self._node("neg", "", self.expression(_UNARY, depth + 1), at=token.at)
        raise FormulaError(f"a value expected, not {token.text or 'the end'!r}", token.at)

    def _call(self, function: _Token, depth: int) -> Node:
        if function.text not in _FUNCTIONS:
            raise FormulaError(f"there is no function {function.text!r}", function.at)
        self._expect("(")
        arguments = [self.expression(0, depth + 1)]
        while self._peek().text == ",":
            self._take()
            arguments.append(self.expression(0, depth + 1))
        self._expect(")")
        fewest, paired = _FUNCTIONS[function.text]
        single = function.text == "abs" and len(arguments) != 1
        if len(arguments) < fewest or (paired and len(arguments) % 2) or single:
            raise FormulaError(
                f"{function.text} does not take {len(arguments)} arguments", function.at
            )
        return self._node(function.text, "", *arguments, at=function.at)


def _write(node: Node) -> str:
    """Normal form: one space around signs, parentheses wherever an operation is an operand."""
    match node.kind:
        case "number" | "name":
            return node.text
        case "neg":
            return f"-{_operand(node.arguments[0])}"
        case "+" | "-" | "*" | "/":
            left, right = node.arguments
            return f"{_operand(left)} {node.kind} {_operand(right)}"
        case function:
            return f"{function}({', '.join(map(_write, node.arguments))})"


def _operand(node: Node) -> str:
    text = _write(node)
    return f"({text})" if node.kind in _BINDING or node.kind == "neg" else text


def _names(node: Node) -> list[str]:
    if node.kind == "name":
        return [node.text]
    return [name for argument in node.arguments for name in _names(argument)]


def _value(node: Node, values: Mapping[str, Decimal]) -> Decimal:  # one a step
    if node.kind == "number":
        return Decimal(node.text)
    if node.kind == "name":
        return values[node.text]
    of = [_value(argument, values) for argument in node.arguments]
    match node.kind:
        case "neg":
            return _CONTEXT.minus(of[0])
        case "+":
            return _CONTEXT.add(*of)
        case "-":
            return _CONTEXT.subtract(*of)
        case "*":
            return _CONTEXT.multiply(*of)
        case "/":
            return _CONTEXT.divide(*of)
        case "abs":
            return _CONTEXT.abs(of[0])
        case "min":
            return min(of)
        case "max":
            return max(of)
        case "wsum":
            return _sum([_CONTEXT.multiply(w, v) for w, v in zip(of[::2], of[1::2], strict=True)])
        case "avg":
            return _CONTEXT.divide(_sum(of), Decimal(len(of)))
        case _:
            return _sum(of)


def _constant(node: Node) -> Decimal | None:
    """The value of a step that hangs on no name, None for one that does."""
    if node.kind == "name":
        return None
    known = [_constant(argument) for argument in node.arguments]
    if node.kind == "/" and known[1] is not None and not known[1]:
        raise DivisionByZero
    return None if None in known else _value(node, {})


def _sum(terms: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for term in terms:
        total = _CONTEXT.add(total, term)
    return total
