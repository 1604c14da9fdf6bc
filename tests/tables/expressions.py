"""
DynamoDB's expressions: conditions, key conditions and updates, read once and kept.

Source: the developer guide's "Condition and filter expressions, operators, and functions" and
"Update expressions". What is not known here is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from local.errors import AwsError

Value = dict[str, Any]
Item = dict[str, Value]


class Scope:
    """What an expression is about: an item, and what `#names` and `:values` stand for."""

    __slots__ = ("item", "names", "values")

    def __init__(self, item: Mapping[str, Value], request: Mapping[str, Any]) -> None:
        self.item = item
        self.names: Mapping[str, str] = request.get("ExpressionAttributeNames") or {}
        self.values: Mapping[str, Value] = request.get("ExpressionAttributeValues") or {}


Operand = Callable[[Scope], Value | None]
Test = Callable[[Scope], bool]
Change = Callable[[Scope, Item], None]

_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),+-]|[:#]?[A-Za-z_][A-Za-z0-9_.]*)")
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "<>": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}
_CLAUSES = ("SET", "REMOVE", "ADD")


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


@lru_cache(maxsize=500)
def condition(text: str) -> Test:
    """Whether an item meets a condition."""
    reader = _Reader(text)
    test = reader.either()
    reader.finish()
    return test


@lru_cache(maxsize=500)
def update(text: str) -> tuple[Change, ...]:
    """What an update does; each part reads the item as it was and changes the new one."""
    reader = _Reader(text)
    changes = list(reader.changes())
    reader.finish()
    return tuple(changes)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [match.group(1) for match in _TOKEN.finditer(text)]
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise invalid(f'Invalid expression: syntax error in "{text}"')
        self._at = 0

    def peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token.upper() != expected):
            raise invalid(
                f'Invalid expression "{self._text}": found "{token or "its end"}", '
                f'expected "{expected or "an operand"}"'
            )
        self._at += 1
        return token

    def takes(self, word: str) -> bool:
        if self.peek().upper() != word:
            return False
        self._at += 1
        return True

    def finish(self) -> None:
        if self.peek():
            raise invalid(f'Invalid expression "{self._text}": "{self.peek()}" is unexpected')

    # conditions

    def either(self) -> Test:
        test = self._both()
        while self.takes("OR"):
            test = _or(test, self._both())
        return test

    def _both(self) -> Test:
        test = self._test()
        while self.takes("AND"):
            test = _and(test, self._test())
        return test

    def _test(self) -> Test:
        if self.takes("NOT"):
            inner = self._test()
            return lambda scope: not inner(scope)
        if self.takes("("):
            inner = self.either()
            self.take(")")
            return inner
        if self.peek(1) == "(" and self.peek() in _FUNCTIONS:
            return self._function()
        return self._comparison()

    def _function(self) -> Test:
        name = self.take()
        arguments = self._arguments()
        return _FUNCTIONS[name](*arguments)

    def _arguments(self) -> list[Operand]:
        self.take("(")
        found = [self._operand()]
        while self.takes(","):
            found.append(self._operand())
        self.take(")")
        return found

    def _comparison(self) -> Test:
        left = self._operand()
        if self.takes("BETWEEN"):
            low = self._operand()
            self.take("AND")
            return _and(_compare(">=", left, low), _compare("<=", left, self._operand()))
        operator = self.take()
        if operator not in _COMPARES:
            raise invalid(f'Invalid expression "{self._text}": no operator "{operator}"')
        return _compare(operator, left, self._operand())

    def _operand(self) -> Operand:
        token = self.take()
        if token == "if_not_exists":
            first, other = self._arguments()
            return lambda scope: found if (found := first(scope)) is not None else other(scope)
        if token.startswith(":"):
            return lambda scope: _given(scope, token)
        return lambda scope: scope.item.get(_name(scope, token))

    # updates

    def changes(self) -> Iterator[Change]:
        while self.peek():
            clause = self.take().upper()
            if clause not in _CLAUSES:
                raise invalid(f'Invalid UpdateExpression: no clause "{clause}"')
            yield self._change(clause)
            while self.takes(","):
                yield self._change(clause)

    def _change(self, clause: str) -> Change:
        path = self.take()
        if clause == "REMOVE":
            return _removing(path)
        if clause == "ADD":
            return _adding(path, self._operand())
        self.take("=")
        return _setting(path, self._operand())


def _name(scope: Scope, path: str) -> str:
    if not path.startswith("#"):
        return path
    if path not in scope.names:
        raise invalid(f"An expression attribute name used in expression is not defined: {path}")
    return scope.names[path]


def _given(scope: Scope, name: str) -> Value:
    if name not in scope.values:
        raise invalid(f"An expression attribute value used in expression is not defined: {name}")
    return scope.values[name]


def _removing(path: str) -> Change:
    def change(scope: Scope, new: Item) -> None:
        new.pop(_name(scope, path), None)

    return change


def _setting(path: str, operand: Operand) -> Change:
    def change(scope: Scope, new: Item) -> None:
        value = operand(scope)
        if value is None:
            raise invalid("The provided expression refers to an attribute that does not exist")
        new[_name(scope, path)] = value

    return change


def _adding(path: str, operand: Operand) -> Change:
    def change(scope: Scope, new: Item) -> None:
        name, more = _name(scope, path), operand(scope)
        before = scope.item.get(name, {"N": "0"})
        if more is None or "N" not in more or "N" not in before:
            raise invalid("An operand in the update expression has an incorrect data type")
        new[name] = {"N": str(Decimal(before["N"]) + Decimal(more["N"]))}

    return change


def _and(one: Test, other: Test) -> Test:
    return lambda scope: one(scope) and other(scope)


def _or(one: Test, other: Test) -> Test:
    return lambda scope: one(scope) or other(scope)


def _compare(operator: str, left: Operand, right: Operand) -> Test:
    compare = _COMPARES[operator]

    def test(scope: Scope) -> bool:
        one, other = left(scope), right(scope)
        if one is None or other is None or one.keys() != other.keys():
            return operator == "<>" and one is not None and other is not None
        return compare(plain(one), plain(other))

    return test


def plain(value: Value) -> Any:
    """A typed value as something that sorts like it."""
    ((kind, found),) = value.items()
    return Decimal(found) if kind == "N" else found


def _type_of(value: Value | None) -> str | None:
    return next(iter(value)) if value else None


def _begins_with(path: Operand, prefix: Operand) -> Test:
    def test(scope: Scope) -> bool:
        value, start = path(scope), prefix(scope)
        return bool(value and start and value.get("S", "").startswith(start["S"]))

    return test


_FUNCTIONS: dict[str, Callable[..., Test]] = {
    "attribute_exists": lambda path: lambda scope: path(scope) is not None,
    "attribute_not_exists": lambda path: lambda scope: path(scope) is None,
    "attribute_type": lambda path, kind: lambda scope: _type_of(path(scope)) == kind(scope)["S"],
    "begins_with": _begins_with,
}
