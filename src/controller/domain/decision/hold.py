"""A hold: somebody fixes the state for a while, regardless of leases and office hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.lease import Lease
from controller.domain.decision.office_hours import OfficeHours, Rules
from controller.domain.errors import InvalidLeaseError, TextError
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.policy.durations import LONGEST, format_duration, parse_duration
from controller.domain.text import LONGEST_NAME, LONGEST_REASON, clean, quoted
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

LONGEST_SLEEP_NOW = timedelta(days=1)
""""Sleep now" ends after this time if no office hours ever begin again."""

SHORTEST_SLEEP, LONGEST_SLEEP = timedelta(minutes=1), timedelta(days=31)
"""The hold of a sleep with a given length."""

NEAR = timedelta(minutes=2)
"""A reported end is kept if newly learned wake times would move it by less than this."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """
    One stack is to be `state` until `until`; `by` and `reason` say who wants it and why.

    `over` are the ids of the leases that it overrides. A hold asleep ends when another lease
    appears: a later wake. The order is decided by ids and not by times, because the clocks of the
    machines that grant and hold may differ.

    With `after` it ends at the next opening, by the office hours valid then: the first one that
    opens after `after`. `until` is then only the prediction from when the hold was set.
    """

    stack: str
    state: Target
    by: str
    reason: str
    set_at: datetime
    until: datetime
    over: frozenset[str] = frozenset()
    after: datetime | None = None

    def __post_init__(self) -> None:
        what = f'cannot hold stack "{self.stack}" {self.state}'
        for name in ("set_at", "until"):
            if getattr(self, name).tzinfo is None:
                raise InvalidLeaseError(f"{what}: {name} has no time zone")
        if self.until <= self.set_at:
            raise InvalidLeaseError(
                f"{what}: it would end at {format_timestamp(self.until)}, expected a moment after "
                f"{format_timestamp(self.set_at)}"
            )
        if self.until - self.set_at > LONGEST:
            raise InvalidLeaseError(
                f"{what}: it would end at {format_timestamp(self.until)}, expected at most "
                f"{LONGEST.days} days"
            )

    def under(self, rules: Rules) -> Hold:
        """The same hold with the end that it has by these rules."""
        if self.after is None:
            return self
        until = _next_opening(rules, self.after, self.set_at)
        if abs(until - self.until) <= NEAR:
            until = self.until
        latest = self.set_at + LONGEST
        soonest = self.set_at + timedelta(microseconds=1)
        return replace(self, until=min(max(until, soonest), latest), after=None)

    def is_over(self, now: datetime) -> bool:
        return self.until <= now

    def is_ended_by(self, lease: Lease) -> bool:
        """A later wake ends a hold asleep, also once that lease itself has run out."""
        return self.state is Target.ASLEEP and lease.id not in self.over

    def to_json(self) -> dict[str, Json]:
        return {
            "stack": self.stack,
            "state": str(self.state),
            "by": self.by,
            "reason": self.reason,
            "set_at": format_timestamp(self.set_at),
            "until": format_timestamp(self.until),
            "over": sorted(self.over),
            "after": write_timestamp(self.after),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Hold:
        return Hold(
            stack=data["stack"],
            state=Target(data["state"]),
            by=clean(data["by"], LONGEST_NAME),
            reason=clean(data.get("reason", ""), LONGEST_REASON),
            set_at=parse_timestamp(data["set_at"]),
            until=parse_timestamp(data["until"]),
            over=frozenset(data.get("over", ())),
            after=read_timestamp(data.get("after")),
        )


def sleep_now(
    stack: str, windows: OfficeHours, leases: Iterable[Lease], by: str, reason: str, now: datetime
) -> Hold:
    """
    The hold that "sleep now" makes: asleep until the next opening, also one published later.

    An opening for which the stack is already being woken has begun, and is not the next.
    """
    window, next_one = windows.at(now), windows.next_after(now)
    return Hold(
        stack=stack,
        state=Target.ASLEEP,
        by=by,
        reason=reason,
        set_at=now,
        until=next_one.starts_at if next_one else now + LONGEST_SLEEP_NOW,
        over=frozenset(lease.id for lease in leases),
        after=max(now, window.opens_at) if window else now,
    )


def sleep_end(text: str, now: datetime) -> datetime:
    """The end of a sleep of such a length, as somebody gives it. Raises TextError."""
    try:
        length = parse_duration(text)
    except TextError:
        length = timedelta(0)
    if not SHORTEST_SLEEP <= length <= LONGEST_SLEEP:
        raise TextError(
            f"{quoted(text)} is not how long it can be put to sleep: expected a time from "
            f'{format_duration(SHORTEST_SLEEP)} to {LONGEST_SLEEP.days}d, such as "3h"'
        )
    return now + length


def _next_opening(rules: Rules, after: datetime, set_at: datetime) -> datetime:
    """When the stack is woken for the first opening after that; a day later where there is none."""
    windows = OfficeHours(rules, after)
    window = windows.at(after)
    while window is None or window.opens_at <= after:
        window = windows.next_after(window.starts_at if window else after)
        if window is None:
            return set_at + LONGEST_SLEEP_NOW
    return window.starts_at
