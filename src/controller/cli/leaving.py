"""How stacks are left that the controller lets go of: asleep, or awake as they are."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from controller.asking.stack_view import StackView
from controller.domain.decision.hold import Hold
from controller.domain.planning.plan import Target
from controller.domain.reporting.report import Report

LONG = timedelta(days=7)
"""How long stacks are held asleep: until all is gone, or somebody investigates."""


class Leave(StrEnum):
    """How the stacks are left behind: as they are now, or asleep."""

    AWAKE = "awake"
    ASLEEP = "asleep"


def hold_asleep(view: StackView, by: str, reason: str) -> Hold:
    """A hold that no wake that was requested before it ends."""
    return Hold(
        stack=view.stack,
        state=Target.ASLEEP,
        by=by,
        reason=reason,
        set_at=view.now,
        until=view.now + LONG,
        over=frozenset(lease.id for lease in view.records.leases),
    )


def name_standing(report: Report) -> str:
    """What of a stack is still there, by the last pass."""
    stuck = report.status.stuck
    names = stuck.standing if stuck else [r.address for r in report.spec.resources]
    return ", ".join(names)
