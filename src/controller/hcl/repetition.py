"""How many instances `count` and `for_each` make, and under which keys (HCL semantics §17)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.problem import Place
from controller.hcl import numbers
from controller.hcl.carried import computed
from controller.hcl.convert import (
    convert,
    describe,
    is_ephemeral,
    is_sensitive,
    number,
    string,
    unknowns_in,
)
from controller.hcl.declarations import Repetition
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.origins import describe_origins, lacking_file, may_be_planned
from controller.hcl.scope import Scope
from controller.hcl.syntax import Expression
from controller.hcl.types import (
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    Type,
)
from controller.hcl.values import Unknown, Value

Key = str | int | None
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Expansion:
    """
    The instances by key, with what `each.key` and `each.value`, or `count.index`, are in them.

    `kind` is "", "count" or "for_each". `unknown` is set, and there are no instances, where only
    AWS knows their number: there is one for each element of `over`, then. `place` is that of the
    argument.
    """

    kind: str
    instances: Mapping[Key, tuple[Value, ...]] = field(default_factory=dict)
    unknown: Unknown | None = None
    over: Value | None = None
    place: Place | None = None


ONCE = Expansion("", {None: ()})


def expand(repetition: Repetition, scope: Scope) -> Expansion:
    """Raises HclError "count" or "for-each", and what evaluating the argument raises."""
    try:
        if repetition.count:
            return replace(_count(repetition.count, scope), place=repetition.count.place)
        if repetition.for_each:
            return replace(_for_each(repetition.for_each, scope), place=repetition.for_each.place)
    except HclError as error:
        expression = repetition.count or repetition.for_each
        raise error.at(expression.place if expression else None) from None
    return ONCE


def address_with_key(address: str, key: Key) -> str:
    """Terraform's spelling: `aws_lb.nlb[0]`, `aws_lb.nlb["api"]`."""
    if key is None:
        return address
    return f"{address}[{json.dumps(key, ensure_ascii=False)}]"


def _count(expression: Expression, scope: Scope) -> Expansion:
    given = evaluate(expression, scope)
    if given.ephemeral:
        raise HclError("ephemeral", "count cannot be an ephemeral value")
    try:
        value = convert(given, NUMBER)
    except HclError:
        raise HclError("count", f"count is a {describe(given.type)}, expected a number") from None
    if value.is_null:
        raise HclError("count", "count is null, expected a number")
    if value.is_unknown:
        over = Value(ListType(NUMBER), computed("range", (value,)))
        return _undecided("count", "count", value.data, over)
    size = numbers.to_int(value.data) if numbers.is_whole(value.data) else -1
    if not 0 <= size <= _MOST:
        raise HclError(
            "count",
            f"count is {numbers.format_number(value.data)}, expected a whole number from 0 on",
        )
    return Expansion("count", {index: (number(index),) for index in range(size)})


def _undecided(kind: str, error: str, unknown: Unknown, over: Value) -> Expansion:
    if may_be_planned(unknown):
        return Expansion(kind, unknown=unknown, over=over)
    raise lacking_file(unknown.origins) or HclError(
        error,
        f"{kind} depends on {describe_origins(unknown.origins)}, which is known only after apply",
        origins=unknown.origins,
    )


def _for_each(expression: Expression, scope: Scope) -> Expansion:
    value = evaluate(expression, scope)
    if value.ephemeral or is_ephemeral(value):
        raise HclError("ephemeral", "for_each cannot be an ephemeral value")
    if value.sensitive or (isinstance(value.type, SetType) and is_sensitive(value)):
        raise HclError("for-each", "for_each is sensitive, but its keys become part of addresses")
    if value.is_null:
        raise HclError("for-each", "for_each is null, expected a map or a set of strings")
    _check_type(value.type)
    if value.is_unknown:
        return _undecided("for_each", "for-each", value.data, value)
    if isinstance(value.type, SetType):
        return _for_each_set(value)
    return Expansion("for_each", {key: (string(key), v) for key, v in value.data.items()})


def _check_type(type_: Type) -> None:
    if isinstance(type_, MapType | ObjectType) or type_ == DYNAMIC:
        return
    if isinstance(type_, SetType):
        if type_.element in (STRING, DYNAMIC):
            return
        raise HclError(
            "for-each", f"for_each is a {describe(type_)}, expected a map or a set of strings"
        )
    raise HclError(
        "for-each",
        f"for_each is a {describe(type_)}, expected a map or a set of strings; "
        "toset() makes one of a list",
    )


def _for_each_set(value: Value) -> Expansion:
    unknown = next(iter(unknowns_in(value)), None)
    if unknown is not None:
        return _undecided("for_each", "for-each", unknown, value)
    if any(element.is_null for element in value.data):
        raise HclError("for-each", "for_each holds a null, expected only strings")
    return Expansion("for_each", {e.data: (e, e) for e in value.data})
