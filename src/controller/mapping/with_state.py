"""Compile with as little of Terraform's state as it takes (see `from_state.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from controller.domain.problem import Level, Problem
from controller.mapping.assemble import Compiled
from controller.mapping.state_hint import explain

if TYPE_CHECKING:
    from controller.mapping.from_state import Choice
    from controller.terraform.state import State

_MOST_ROUNDS = 8
"""Each round takes what the errors of the one before ask for; a directory needs one or two."""


def compile_with(
    state: State | None, compile_once: Callable[[Choice | None], Compiled]
) -> Compiled:
    """
    Compile by `compile_once`, which evaluates with the given choice of values.

    Errors that a state would end say so. What of the state has gone into the spec is in its
    `source`, under "state".
    """
    if state is None:
        compiled = compile_once(None)
        return replace(compiled, problems=explain(compiled.problems, compiled.sleepers, None))
    # Most directories have no state at hand: they do not wait for what reads one.
    from controller.mapping.from_state import elsewhere, stranger

    compiled, choice = _compile(state, compile_once)
    other = elsewhere(state, compiled.region)
    if other is not None:
        compiled = compile_with(None, compile_once)
        spec = compiled.spec if other.level is Level.WARNING else None
        return replace(compiled, spec=spec, problems=(other, *compiled.problems))
    problems = explain(compiled.problems, compiled.sleepers, choice)
    unrelated = stranger(state, compiled.awake.resources) if compiled.awake else None
    problems = (unrelated, *problems) if unrelated else problems
    compiled = replace(_noted(compiled, choice), problems=problems)
    return _judged(compiled, state) if state.judges else compiled


def _judged(compiled: Compiled, state: State) -> Compiled:
    from controller.mapping.judge import judge

    if compiled.awake is None:
        return compiled
    differences = tuple(judge(compiled.awake, state, compiled.sleepers))
    if not differences:
        return compiled
    return replace(compiled, spec=None, problems=(*compiled.problems, *differences))


def _compile(
    state: State, compile_once: Callable[[Choice | None], Compiled]
) -> tuple[Compiled, Choice]:
    from controller.mapping.from_state import Choice

    choice = Choice(state)
    compiled = compile_once(choice)
    for _ in range(_MOST_ROUNDS):
        known = Choice(state, choice.wanted, compiled.sleepers)
        more = frozenset(name for name in _asked_for(compiled.problems) if known.has(name))
        wanted = (choice.wanted or frozenset()) | more
        if wanted == choice.wanted:
            break
        choice = replace(known, wanted=wanted)
        compiled = compile_once(choice)
    if _fails(compiled):
        # An error that does not say what it lacks: it may still be something that the state has.
        everything = Choice(state, None, compiled.sleepers)
        second = compile_once(everything)
        if not _fails(second):
            return second, everything
    return compiled, choice


def _asked_for(problems: Iterable[Problem]) -> Iterable[tuple[str, str]]:
    """Errors ask, and so do warnings that say what they would rather know."""
    return (name for problem in problems for name in problem.unknown)


def _fails(compiled: Compiled) -> bool:
    return any(problem.level is Level.ERROR for problem in compiled.problems)


def _noted(compiled: Compiled, choice: Choice) -> Compiled:
    if compiled.spec is None:
        return compiled
    requests = [resource.request for resource in compiled.spec.resources]
    pinned = choice.pinned([*requests, compiled.spec.role_arn])
    if not pinned:
        return compiled
    state = {"name": choice.state.name, "values": pinned}
    source = {**compiled.spec.source, "state": state}
    return replace(compiled, spec=replace(compiled.spec, source=source))
