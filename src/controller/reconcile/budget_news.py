"""Events about a month's budget: when most of it is spent, and when it is used up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controller.domain.dataclass import replace
from controller.domain.decision.history import EventKind
from controller.domain.money.budget import Budget, make_budget
from controller.domain.planning.spec import Spec
from controller.domain.reporting.report import rules_of
from controller.domain.reporting.status import Status
from controller.reconcile.events import add_event
from controller.reconcile.ports import Records


def add_budget_events(status: Status, records: Records, now: datetime) -> Status:
    """Each of the two once in a month; where it is used up at once, that alone."""
    spec, rules = records.spec, rules_of(records.spec, status, records.bookings)
    budget = make_budget(
        spec, rules, records.leases, records.hold, status.lifecycle, status.meter, now
    )
    if budget is None:
        return status
    reported = _reported_of(status, budget)
    if budget.is_used_up and EventKind.BUDGET_USED_UP not in reported:
        kinds = (EventKind.BUDGET_NEAR, EventKind.BUDGET_USED_UP)
        return _tell(status, spec, budget, kinds, EventKind.BUDGET_USED_UP, now)
    if budget.is_near and not reported:
        return _tell(status, spec, budget, (EventKind.BUDGET_NEAR,), EventKind.BUDGET_NEAR, now)
    return status


def _reported_of(status: Status, budget: Budget) -> Sequence[EventKind]:
    month, *kinds = status.budget_notified or ("",)
    return tuple(map(EventKind, kinds)) if month == str(budget.month) else ()


def _tell(
    status: Status,
    spec: Spec,
    budget: Budget,
    kinds: Sequence[EventKind],
    kind: EventKind,
    now: datetime,
) -> Status:
    status = replace(status, budget_notified=(str(budget.month), *map(str, kinds)))
    used_up = f"the budget of {budget.month} is used up"
    reason = used_up if budget.is_used_up else f"{budget.said} are spent in {budget.month}"
    return add_event(status, spec, kind, now, reason, **budget.to_json())
