"""An error that Terraform's state would end says so, or why the state at hand does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from controller.domain.problem import Level, Problem
from controller.hcl.origins import kind_of
from controller.hcl.values import Origin
from controller.mapping.from_state import Choice
from controller.mapping.state_names import Name, without_key


def explain(
    problems: Iterable[Problem], sleepers: frozenset[str], choice: Choice | None
) -> tuple[Problem, ...]:
    """The problems; an error that a state would end says so, or why this state does not."""
    return tuple(
        replace(problem, message=f"{problem.message}; {hint}")
        if problem.level is Level.ERROR and (hint := _hint(problem.unknown, sleepers, choice))
        else problem
        for problem in problems
    )


def would_end(unknown: Iterable[Name], sleepers: frozenset[str]) -> bool:
    """Whether all of these values are such as Terraform's state has."""
    names = list(dict.fromkeys(unknown))
    return bool(names) and all(_may_be_in_state(address, sleepers) for address, _ in names)


def _hint(unknown: tuple[Name, ...], sleepers: frozenset[str], choice: Choice | None) -> str:
    if not would_end(unknown, sleepers):
        return ""
    if choice is None:
        return "Terraform's state has it: give --state FILE, what `terraform show -json` prints"
    for address, attribute in unknown:
        if address in choice.distrusted:
            return f"{choice.state.name} is older than the files: {choice.distrusted[address]}"
        if address in choice.bound:
            return (
                f"{choice.state.name} has it, but it depends on {choice.bound[address]}, which is "
                "created again at each wake"
            )
        if choice.thing(address) is None:
            return (
                f"{choice.state.name} has no {address}; run terraform apply first, or give a plan "
                "with awake = true"
            )
        if choice.is_unknown((address, attribute)):
            return f"{choice.state.name} says that it is known only after apply"
    return ""


def _may_be_in_state(address: str, sleepers: frozenset[str]) -> bool:
    if kind_of(Origin(address, ())) not in ("managed", "data"):
        return False
    return address not in sleepers and not _is_sleeper_type(address, sleepers)


def _is_sleeper_type(address: str, sleepers: frozenset[str]) -> bool:
    """Of a block whose instances are not known the address has no key."""
    return any(without_key(sleeper) == address for sleeper in sleepers)
