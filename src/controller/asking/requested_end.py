"""What people ask for, by wake link or command line: until when, and with which lease. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.domain.decision.asker import Asker
from controller.domain.decision.lease import Lease
from controller.domain.decision.office_hours import OfficeHours, Rules, Window
from controller.domain.errors import TextError
from controller.domain.policy.durations import format_duration, parse_duration
from controller.domain.reporting.report import Report
from controller.domain.text import quoted

SAME = timedelta(seconds=60)
"""A lease is not changed if it ends less than this before the requested end."""

SHORTEST = timedelta(minutes=1)
CLOSE = "close"


def parse_end(text: str, rules: Rules, now: datetime) -> datetime:
    """
    The requested end: "1h", "close", or the policy's default for an empty text.

    Raises TextError if it is not a time, or longer than the policy's `max_awake`.
    """
    policy = rules.policy
    if text == CLOSE:
        closing = next_closing(rules, now)
        if closing is None or closing.closes_at is None:
            raise TextError(f'"{CLOSE}" needs office hours that close soon; give a time')
        return closing.closes_at
    try:
        requested = parse_duration(text) if text else min(policy.wake_for, policy.max_awake)
    except TextError:
        requested = timedelta(0)
    if not SHORTEST <= requested <= max(policy.max_awake, SHORTEST):
        most = format_duration(policy.max_awake)
        raise TextError(
            f"{quoted(text)} is no valid length: expected a time from "
            f'{format_duration(SHORTEST)} to {most}, such as "1h", or "{CLOSE}"'
        )
    return now + requested


def next_closing(rules: Rules, now: datetime) -> Window | None:
    """
    The office hours that "until closing" means: those of now, or the next.

    None when they never close, or close later than the stack may be awake outside of them.
    """
    windows = OfficeHours(rules.by_hours, now)
    opening = windows.at(now)
    if opening is None:
        opening = windows.next_after(now)
        if opening and (opening.closes_at or now) > now + rules.policy.max_awake:
            return None
    return opening if opening and opening.closes_at else None


def lease_to_extend(report: Report, asker: Asker, reason: str = "") -> Lease | None:
    """
    The live lease of this job, given for that reason if one is said; none of those that something
    was put over.

    Only a new lease ends a hold asleep, so those that it was put over are of no use.
    """
    over = report.hold.over if report.hold else frozenset()
    return next(
        (
            lease
            for lease in report.leases
            if asker.is_of_this_job(lease.id)
            and lease.id not in over
            and reason in ("", lease.reason)
        ),
        None,
    )


def leases_to_release(leases: Iterable[Lease], asker: Asker, now: datetime) -> list[Lease]:
    """The live leases of this job; of all its jobs where none is named."""
    mine = asker.is_of_this_job if asker.job else asker.owns
    return [lease for lease in leases if lease.expires_at > now and mine(lease.id)]


def ends_late_enough(lease: Lease, until: datetime) -> bool:
    """Nothing has to be written for the lease to last until then."""
    return until - lease.expires_at < SAME
