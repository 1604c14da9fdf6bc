"""The event that ends a stack's week, if weekly messages are configured. Pure."""

from __future__ import annotations

from datetime import datetime

from controller.domain.dataclass import replace
from controller.domain.decision.history import EventKind
from controller.domain.money.prices import find_prices
from controller.domain.money.week import Week
from controller.domain.planning.plan import Target
from controller.domain.reporting.report import policy_of
from controller.domain.reporting.status import Status
from controller.reconcile.events import add_event
from controller.reconcile.ports import Records


def add_week_events(status: Status, records: Records, now: datetime, *, weekly: bool) -> Status:
    """Count the week, and report it at its end; without `weekly` nothing is counted."""
    if not weekly:
        return replace(status, week=None)
    asleep = status.target is Target.ASLEEP and status.settled
    if status.week is None:
        return replace(status, week=_begin(status, now, asleep=asleep))
    week = status.week.at_end_of_pass(now, asleep=asleep)
    status = replace(status, week=week)
    if now < week.ends_at(policy_of(records.spec).zone):
        return status
    prices = find_prices(records.spec.region)
    facts = week.report(status.meter, status.lifecycle, prices, now)
    status = replace(status, week=_begin(status, now, asleep=asleep))
    if facts is None:
        return status
    return add_event(status, records.spec, EventKind.DIGEST, now, "a week is over", **facts)


def next_of_week(status: Status, records: Records) -> datetime | None:
    """When the week ends that is counted."""
    return status.week.ends_at(policy_of(records.spec).zone) if status.week else None


def _begin(status: Status, now: datetime, *, asleep: bool) -> Week | None:
    return Week.begin(status.meter, status.lifecycle, now, asleep=asleep)
