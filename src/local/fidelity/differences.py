"""
The result of the comparison: which answers differ, and which only come later.

Where a state takes the same course in both, but at other moments, that is one difference in time
and not one for each poll in between.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from controller.domain.dataclass import dataclass, replace
from local.fidelity.replay import Observation

SLACK = 5.0
"""Seconds: a change is seen up to one poll late, and polls are one to five seconds apart."""
Runs = list[tuple[Any, float]]
"""Each value of a course in turn, with the second at which it was first seen."""
STEADY = ("time",)
"""Kinds that take no course."""


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One place at which answers of an operation differ, `times` times, the first at second `at`.

    `kind` is that of `Seen`; or "late": the same course, `ours` seconds after AWS (before it, if
    negative), and `recorded` shows the course; or "course": states that only one of the two shows.
    """

    service: str
    operation: str
    kind: str
    path: str
    recorded: Any
    ours: Any
    at: float
    times: int = 1


def differences(observations: Sequence[Observation]) -> list[Difference]:
    """In the order in which they first appear; equal ones are counted."""
    courses: defaultdict[tuple[str, str, str], list[Observation]] = defaultdict(list)
    for each in observations:
        courses[each.question, each.seen.path, each.seen.kind].append(each)
    found: dict[tuple[Any, ...], Difference] = {}
    for course in courses.values():
        for new in _of_course(course):
            key = (new.service, new.operation, new.kind, new.path, _key(new))
            known = found.get(key)
            found[key] = replace(known, times=known.times + new.times) if known else new
    return sorted(found.values(), key=lambda each: each.at)


def _key(difference: Difference) -> str:
    """Delays of one course are one difference, however long each was."""
    return repr((difference.recorded, None if difference.kind == "late" else difference.ours))


def _of_course(course: Sequence[Observation]) -> Iterator[Difference]:
    wrong = [each for each in course if not each.seen.is_same]
    if not wrong:
        return
    recorded, ours = _runs(course, "recorded"), _runs(course, "ours")
    delay = _delay(recorded, ours, course[-1].entry.at)
    if course[0].seen.kind in STEADY or not _may_be_one(recorded, ours):
        yield from (_difference(each) for each in wrong)
    elif delay is None:
        yield replace(
            _difference(wrong[0]), kind="course", recorded=_text(recorded), ours=_text(ours)
        )
    elif abs(delay) > SLACK:
        yield replace(_difference(wrong[0]), kind="late", recorded=_text(recorded), ours=delay)


def _difference(observation: Observation) -> Difference:
    entry, seen = observation.entry, observation.seen
    path = re.sub(r"\[\d+\]", "[]", seen.path)
    return Difference(
        entry.service, entry.operation, seen.kind, path, seen.recorded, seen.ours, entry.at
    )


def _may_be_one(recorded: Runs, ours: Runs) -> bool:
    """Whether the states that both show come in the same order; others fell between two polls."""
    left, right = ([value for value, _ in runs] for runs in (recorded, ours))
    common = [value for value in left if value in right]
    shared = [value for value in right if value in left]
    return bool(common) and _collapsed(common) == _collapsed(shared)


def _collapsed(values: list[Any]) -> list[Any]:
    return [value for value, _ in itertools.groupby(values)]


def _delay(recorded: Runs, ours: Runs, end: float) -> float | None:
    """
    The longest time by which we change later than AWS (before it: negative).

    Each side may lack what was over before the first poll, or comes after `end`. None if there is
    no such way to lay one course on the other.
    """
    for shift in _shifts(recorded, ours):
        left, right = recorded[max(0, shift) :], ours[max(0, -shift) :]
        both = list(zip(left, right, strict=False))
        if both and all(one[0] == other[0] for one, other in both):
            delays: list[float] = [late - early for (_, early), (_, late) in both]
            delays += [end - at for _, at in left[len(both) :]]
            delays += [at - end for _, at in right[len(both) :]]
            longest = max((abs(each), each) for each in delays)[1]
            return round(longest, 3)
    return None


def _shifts(recorded: Runs, ours: Runs) -> Iterable[int]:
    """Where a state comes back, the parts of a course cannot be distinguished."""
    for runs in (recorded, ours):
        values = [value for value, _ in runs]
        if any(values.count(value) > 1 for value in values):
            return (0,) if len(recorded) == len(ours) else ()
    return range(1 - len(ours), len(recorded))


def _text(runs: Runs) -> str:
    return " -> ".join(str(value) for value, _ in runs)


def _runs(course: Sequence[Observation], side: str) -> Runs:
    runs: Runs = []
    for each in course:
        value = getattr(each.seen, side)
        if not runs or runs[-1][0] != value:
            runs.append((value, each.entry.at))
    return runs
