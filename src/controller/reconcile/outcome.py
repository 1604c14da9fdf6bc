"""Input and result of a run of the loop: limits, rounds, the outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from controller.domain.dataclass import dataclass, field
from controller.domain.decision.history import Learned
from controller.domain.planning.observed import Observed
from controller.domain.planning.plan import Plan, Target
from controller.domain.planning.progress import Progress, Timeline
from controller.reconcile.serving import Served

POLL = timedelta(seconds=10)
"""The longest time between two polls, unless another is given."""


class Result(StrEnum):
    CONVERGED = "converged"
    UNFINISHED = "unfinished"  # time is up; come back at `due_at`
    INTERRUPTED = "interrupted"  # the target has changed
    BLOCKED = "blocked"  # a foreign resource blocks it
    DEGRADED = "degraded"  # it serves people, though not completely, and is left to recover
    FAILED = "failed"  # it needs a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """One snapshot of the stack, for code that shows progress or records costs."""

    now: datetime
    target: Target
    observed: Observed
    plan: Plan
    timeline: Timeline
    note: str = ""
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. `cause` is a sentence for people; `is_late`: its time was over."""

    result: Result
    target: Target
    cause: str
    observed: Observed | None
    plan: Plan | None
    progress: Progress
    timeline: Timeline
    is_late: bool = False


class Report(Protocol):
    def __call__(self, seen: Iteration) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    When to stop trying.

    `deadline` is the end of the process's own time, `give_up_at` the time limit of a wake, `poll`
    the longest time between two polls. `since` is when the wake began, in this pass or before, and
    `learned` what earlier ones have taught. A pass that is not `patient` waits only for retries
    that are due in a moment.
    With `served` the stack may have been ready before: then `give_up_at` does not count.
    """

    deadline: datetime | None = None
    give_up_at: datetime | None = None
    poll: timedelta = POLL
    since: datetime | None = None
    learned: Learned = field(default_factory=Learned)
    patient: bool = True
    served: Served | None = None
