"""What a pass ends with, for its log line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.decision.desired import Decision
from controller.domain.guards.overdue import Overdue
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp
from controller.reconcile.outcome import Outcome

MOST_UNKNOWN = 5
"""So many sentences of one kind of sign are enough for a log line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """
    How the pass ended, for the log. `due_at` None: nothing will change by itself. `undelivered`
    events wait for a pass that can tell them, `fault` is the traceback of what kept one from being
    told; `overdue` is what a guard rail found. `unknown_events` are sentences that ECS has written
    since the last pass, and whose words nobody here knows.
    """

    decision: Decision
    outcome: Outcome
    due_at: datetime | None
    undelivered: int = 0
    fault: str = ""
    overdue: Overdue | None = None
    unknown_events: tuple[str, ...] = ()

    def as_log(self) -> dict[str, Json]:
        return {
            "decision": self.decision.to_json(),
            "result": str(self.outcome.result),
            "cause": self.outcome.cause,
            "due_at": format_timestamp(self.due_at) if self.due_at else None,
            **({"undelivered": self.undelivered} if self.undelivered else {}),
            **({"fault": self.fault} if self.fault else {}),
            **({"overdue": str(self.overdue)} if self.overdue else {}),
            **({"unknown_events": list(self.unknown_events)} if self.unknown_events else {}),
        }


def find_unknown_events(outcome: Outcome, last_pass_at: datetime | None) -> tuple[str, ...]:
    """Each is told once: by the first pass after it."""
    seen = outcome.observed.resources.values() if outcome.observed else ()
    fresh = [
        text
        for one in seen
        for at, text in one.unknown_events
        if last_pass_at is None or at > last_pass_at
    ]
    return tuple(dict.fromkeys(fresh))[:MOST_UNKNOWN]
