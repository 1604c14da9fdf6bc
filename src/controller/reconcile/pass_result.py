"""The result of a pass, for its log line."""

from __future__ import annotations

from datetime import datetime

from controller.domain.dataclass import dataclass
from controller.domain.decision.desired import Decision
from controller.domain.guards.overdue import Overdue
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp
from controller.reconcile.outcome import Outcome

MOST_UNKNOWN = 5
"""How many unknown sentences a log line lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """
    How the pass ended, for the log. `due_at` None: no pass is due without a request.
    `undelivered` is the number of events that wait for a later pass, `fault` the traceback of a
    failed delivery; `overdue` is what a guard rail found. `unknown_events` are ECS service event
    texts since the last pass that the controller does not recognize.
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
    """Each is logged once: by the first pass after it."""
    seen = outcome.observed.resources.values() if outcome.observed else ()
    fresh = [
        text
        for one in seen
        for at, text in one.unknown_events
        if last_pass_at is None or at > last_pass_at
    ]
    return tuple(dict.fromkeys(fresh))[:MOST_UNKNOWN]
