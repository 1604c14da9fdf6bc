"""Does what was taken from Terraform's state still exist? A state does not know when it is old."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from controller.domain.diagnostics.facts import Facts, backs
from controller.domain.diagnostics.finding import Finding, ok, problem
from controller.domain.planning.observed import Holder

_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:(\d{12}):")


def remembered(facts: Facts) -> Iterator[Finding]:
    """One finding for all of the state, so that its age is reported once."""
    state = facts.spec.source.get("state")
    if not isinstance(state, Mapping):
        return
    values: Mapping[str, str] = state["values"]
    gone = [f"{of} ({value})" for value, of in values.items() if _is_gone(facts, value)]
    strange = sorted({a for a in map(_account, values) if facts.caller and a})
    strange = [a for a in strange if facts.caller and a != facts.caller.account]
    if strange:
        yield problem(
            "state",
            state["name"],
            f"is of the account {', '.join(strange)}, but these credentials are of "
            f"{facts.caller.account if facts.caller else ''}; take the state, or the profile, that "
            "belongs to the other",
        )
    elif gone:
        yield problem(
            "state",
            state["name"],
            f"is older than the world: {', '.join(gone)} {_are(gone)} there no more; run terraform "
            "apply, then check and publish again",
        )
    else:
        yield ok("state", state["name"], f"{len(values)} values from it are still true")


def _is_gone(facts: Facts, value: str) -> bool:
    """Only a resource that was searched for can be reported as missing."""
    if value.startswith("subnet-"):
        return facts.subnets is not None and value not in facts.subnets
    if value.startswith("sg-"):
        return facts.groups is not None and value not in facts.groups
    if value.startswith("vpc-"):
        return facts.vpcs is not None and value not in facts.vpcs
    if value.startswith("eipalloc-"):
        address = (facts.addresses or {}).get(value)
        return address is not None and address.holder is Holder.GONE
    clusters = {back.cluster for back in backs(facts.spec)}
    return value in clusters and facts.clusters is not None and value not in facts.clusters


def _account(value: str) -> str | None:
    match = _ARN.match(value)
    return match.group(1) if match else None


def _are(things: list[str]) -> str:
    return "is" if len(things) == 1 else "are"
