"""The state of a stack in one sentence for people; times are local to the stack's zone."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from controller.domain.decision.hold import Hold
from controller.domain.decision.sleep_rules import Rule
from controller.domain.formatting import say_duration, say_moment
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import Policy

BY_HOURS = (Rule.OFFICE_HOURS, Rule.OPENING, Rule.BOOKING)


def say_local(moment: datetime, zone: tzinfo) -> str:
    """With the zone's abbreviation, because the reader may be in another zone."""
    return f"{say_moment(moment, zone)} {moment.astimezone(zone):%Z}"


def say_awake(address: str, until: str) -> str:
    where = f" at {address}" if address else ""
    return f"awake{where} {until}"


def say_waking(eta: timedelta | None, until: str) -> str:
    left = f" (about {say_duration(eta)} more)" if eta else ""
    return f"waking{left}, and stays awake {until}"


def say_awake_until(policy: Policy, rule: Rule, hold: Hold | None, end: datetime | None) -> str:
    """`end` is when it goes to sleep, as far as that can be foreseen."""
    if hold:
        return f"until {say_local(hold.until, policy.zone)} at least"
    until = f"until {say_local(end, policy.zone)}" if end else "with no end in sight"
    may_idle = policy.idle_during_office_hours or rule not in BY_HOURS
    if policy.idle_timeout is None or not may_idle:
        return until
    return f"{until}, or until nobody has used it for {say_duration(policy.idle_timeout)}"


def say_asleep_until(policy: Policy, hold: Hold | None, end: datetime | None) -> str:
    """`end` is the predicted moment of the next automatic wake."""
    if end:
        return f"until {say_local(end, policy.zone)}, or until somebody wakes it"
    ends_after_hold = hold is not None and hold.state is Target.ASLEEP
    if policy.office_hours and not ends_after_hold:
        return "for more than a week, or until somebody wakes it"
    return "until somebody wakes it"
