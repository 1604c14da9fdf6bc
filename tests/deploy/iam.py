"""
Whether IAM policies allow a request, by the rules of AWS's own evaluation for one account.

An explicit Deny wins, then any Allow; all else is refused. Of the conditions only those that our
policies use are known, and anything else raises: a rule that is not understood must not pass.
moto's evaluator was weighed and left (5.2.5 ignores every operator but StringEquals, and takes an
Allow whose condition fails for a Deny). Source: IAM user guide, "Policy evaluation logic",
"Condition operators" and "Wildcards in paths".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Statement = Mapping[str, Any]

_KNOWN = {"Sid", "Effect", "Action", "Resource", "Condition"}


class Verdict(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "allowed by no statement"
    DENIED = "denied by a statement"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing that AWS asks the policies. `context` holds condition keys and their values."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource} with {dict(self.context)}"


def statements(role: Mapping[str, Any]) -> list[Statement]:
    """All statements of a role's inline policies."""
    return [
        statement
        for policy in role["Properties"].get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def evaluate(policy: Iterable[Statement], request: Request) -> Verdict:
    effects = {s["Effect"] for s in policy if _applies(s, request)}
    if "Deny" in effects:
        return Verdict.DENIED
    return Verdict.ALLOWED if "Allow" in effects else Verdict.REFUSED


def allows(policy: Iterable[Statement], request: Request) -> bool:
    return evaluate(policy, request) is Verdict.ALLOWED


def members(value: str | Sequence[str]) -> Iterator[str]:
    """The members of an element that may be one text or a list of them."""
    if isinstance(value, str):
        yield value
    else:
        yield from value


def matches(pattern: str, text: str) -> bool:
    """Match `*` and `?`; an action's letters count alike, an ARN's do not (see callers)."""
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), text) is not None


def _applies(statement: Statement, request: Request) -> bool:
    if unknown := set(statement) - _KNOWN:
        raise NotImplementedError(f"a statement has {unknown}")
    action = request.action.lower()
    conditions = statement.get("Condition", {})
    return (
        any(matches(a.lower(), action) for a in members(statement["Action"]))
        and any(matches(r, request.resource) for r in members(statement["Resource"]))
        and all(_holds(o, keys, request.context) for o, keys in conditions.items())
    )


def _holds(operator: str, keys: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    having = {key.lower(): value for key, value in context.items()}
    return all(_holds_for(operator, having.get(k.lower()), wanted) for k, wanted in keys.items())


def _holds_for(operator: str, found: str | None, wanted: str | Sequence[str]) -> bool:
    match operator:
        case "Null":
            return (found is None) == (wanted == "true")
        case "StringEquals":
            return found is not None and found in list(members(wanted))
        case "ForAllValues:StringLike":  # true of a request without the key, says IAM
            return found is None or any(matches(each, found) for each in members(wanted))
    raise NotImplementedError(f"the condition operator {operator} is not known here")
