"""One value that is not known is one error, however many arguments want it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from controller.domain.problem import Level, Problem

_RULES = frozenset({"look-up", "unknown-value", "count", "for-each"})
_MOST_PLACES = 5


def fold_unknown(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """
    The problems, in their order; of those that lack the same value first the first alone.

    It says where the others are, and what they lack too. Of an argument that has no value nothing
    else is said: whatever was found out about it is about its default.
    """
    groups: dict[object, list[Problem]] = {}
    problems = list(problems)
    without = {_argument(p) for p in problems if p.place and _is_missing(p)}
    for problem in problems:
        if _argument(problem) in without and not _is_missing(problem):
            continue
        about = problem.unknown[:1] if _lacks_a_value(problem) else problem
        groups.setdefault(about, []).append(problem)
    return tuple(_folded(group) for group in groups.values())


def _lacks_a_value(problem: Problem) -> bool:
    return problem.level is Level.ERROR and problem.rule in _RULES and bool(problem.unknown)


def _is_missing(problem: Problem) -> bool:
    return problem.level is Level.ERROR and problem.rule in ("look-up", "unknown-value")


def _argument(problem: Problem) -> tuple[object, ...]:
    return problem.place, problem.address


def _folded(group: list[Problem]) -> Problem:
    first, *others = group
    if not others:
        return first
    unknown = tuple(dict.fromkeys(name for problem in group for name in problem.unknown))
    places = [str(p.place) for p in others if p.place not in (None, first.place)]
    places = list(dict.fromkeys(places))
    shown = ", ".join(places[:_MOST_PLACES]) + (", …" if len(places) > _MOST_PLACES else "")
    also = f"; the same at {shown}" if shown else ""
    return replace(first, message=f"{first.message}{also}", unknown=unknown)
