"""
Guard rails: resources that still cost money long after they should have ended. Pure.

They check records and clock, independently of the decision logic. So they notice a wrong decision
as well as a sleep that does not end. The template's alarms count the log lines that say so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from controller.domain.decision.desired import Decision
from controller.domain.decision.office_hours import OfficeHours, Rules
from controller.domain.decision.sleep_rules import Rule
from controller.domain.planning.plan import Target
from controller.domain.reporting.status import Status

GRACE = timedelta(hours=1)
"""A sleep may take a quarter of an hour, and be waited for to the end of a paid hour."""


LONGEST_PASS = timedelta(minutes=15)
"""A Lambda function ends by then (AWS behaviour §5.4): what holds a stack for longer hangs."""


class Overdue(StrEnum):
    AWAKE_TOO_LONG = "awake_too_long"
    SLEEP_STUCK = "sleep_stuck"
    BUSY_TOO_LONG = "busy_too_long"


def find_overdue(
    status: Status,
    decision: Decision,
    rules: Rules,
    now: datetime,
    drain: timedelta = timedelta(0),
) -> Overdue | None:
    """
    Say what is wrong at the end of a pass, if anything; what costs nothing is not.

    A sleep is stuck an hour after it was decided, and what a replaced spec has left behind an hour
    after it was found that it cannot be taken down. Awake is too long outside office hours, unless
    somebody holds it awake, an hour beyond `max_awake` counted from the wake or the last closing.
    """
    if any(now - left.since > GRACE for left in status.replaced.values() if left.standing):
        return Overdue.SLEEP_STUCK
    if not status.lifecycle.billed:
        return None
    if status.target is Target.ASLEEP:
        since = None if status.settled else status.since
        return Overdue.SLEEP_STUCK if since and now - since > GRACE + drain else None
    return Overdue.AWAKE_TOO_LONG if _is_awake_too_long(status, decision, rules, now) else None


def _is_awake_too_long(status: Status, decision: Decision, rules: Rules, now: datetime) -> bool:
    since, most = status.lifecycle.waking_since, rules.policy.max_awake + GRACE
    if since is None or now - since <= most or decision.rule is Rule.HOLD:
        return False
    windows = OfficeHours(rules, now, back=most + GRACE)
    if windows.at(now):
        return False
    return now - max(since, windows.last_closing(now) or since) > most
