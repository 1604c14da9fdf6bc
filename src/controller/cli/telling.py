"""How a stack stands, in one sentence for people; times are local to the stack's zone."""

from __future__ import annotations

from datetime import datetime, tzinfo

from controller.domain.formatting import say_duration, say_moment
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.plan import Target
from controller.domain.reporting.report import Report, State, policy_of


def say_standing(report: Report) -> str:
    """What holds now and until when: "api is awake at http://… until Mon 23 Nov 18:00 JST"."""
    stack = report.spec.stack
    match report.state:
        case State.AWAKE:
            address = address_text(report.endpoint)
            where = f" at {address}" if address else ""
            return f"{stack} is awake{where} {_awake_until(report)}"
        case State.WAKING:
            eta = f" (about {say_duration(report.eta)} more)" if report.eta else ""
            return f"{stack} is waking{eta}, and stays awake {_awake_until(report)}"
        case State.GOING_TO_SLEEP:
            return f"{stack} is going to sleep, {_asleep_until(report)}"
        case State.ASLEEP:
            return f"{stack} is asleep {_asleep_until(report)}"


def say_local(moment: datetime, zone: tzinfo) -> str:
    """With the zone's abbreviation, as whoever reads it may be elsewhere."""
    return f"{say_moment(moment, zone)} {moment.astimezone(zone):%Z}"


def end_of_state(report: Report) -> datetime | None:
    """
    When it next changes between awake and asleep, as far as that can be foreseen.

    A hold that reaches further than what is foreseen lasts at least until its end.
    """
    if report.next:
        return report.next[0].at
    return report.hold.until if report.hold else None


def _awake_until(report: Report) -> str:
    policy = policy_of(report.spec)
    if report.hold:
        return f"until {say_local(report.hold.until, policy.zone)} at least"
    end = end_of_state(report)
    until = f"until {say_local(end, policy.zone)}" if end else "with no end in sight"
    by_hours = report.decision.rule in ("office_hours", "opening")
    may_idle = policy.idle_during_office_hours or not by_hours
    if policy.idle_timeout is None or not may_idle:
        return until
    unused = say_duration(policy.idle_timeout)
    return f"{until}, or until nobody has used it for {unused}"


def _asleep_until(report: Report) -> str:
    policy = policy_of(report.spec)
    end = end_of_state(report)
    if end:
        return f"until {say_local(end, policy.zone)}, or until somebody wakes it"
    ends_after_hold = report.hold is not None and report.hold.state is Target.ASLEEP
    if policy.office_hours and not ends_after_hold:
        return "for more than a week, or until somebody wakes it"
    return "until somebody wakes it"
