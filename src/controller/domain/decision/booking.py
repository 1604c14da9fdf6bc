"""
A booking: somebody wants a stack awake from a future moment on. It is an opening like any other.

It is woken for early, by the lead of a wake; idleness ends it as it ends office hours; and a hold
comes before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.asker import Asker
from controller.domain.errors import InvalidLeaseError, TextError
from controller.domain.formatting import say_moment
from controller.domain.planning.spec import Json
from controller.domain.policy.durations import LONGEST
from controller.domain.policy.local_times import parse_local
from controller.domain.text import LONGEST_NAME, LONGEST_REASON, clean, quoted
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

FARTHEST = timedelta(days=366)
"""So far ahead something may be booked."""

LATE = timedelta(minutes=5)
"""How far "now" may be in the past when it is read, or by another clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """
    One stack is to be awake from `opens_at` until `closes_at`; `by` and `reason` say for whom.

    `owner` and `job` are those of the asker who made it. A cancelled booking no longer counts. It
    is kept for a while only because the function that cancels it may not delete records.
    """

    stack: str
    id: str
    owner: str
    by: str
    reason: str
    made_at: datetime
    opens_at: datetime
    closes_at: datetime
    job: str = ""
    cancelled_at: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("made_at", "opens_at", "closes_at", "cancelled_at"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise InvalidLeaseError(
                    f'cannot book stack "{self.stack}": {name} has no time zone'
                )
        if not timedelta(0) < self.closes_at - self.opens_at <= LONGEST:
            raise InvalidLeaseError(
                f'cannot book stack "{self.stack}": it would end at '
                f"{format_timestamp(self.closes_at)}, expected a moment after "
                f"{format_timestamp(self.opens_at)} and at most {LONGEST.days} days later"
            )

    def is_live(self, now: datetime) -> bool:
        """It is ahead, or now."""
        return self.cancelled_at is None and self.closes_at > now

    def is_of(self, asker: Asker) -> bool:
        """Whether it is this job's; of an asker without a job, whether it is its own at all."""
        return self.owner == asker.prefix and asker.job in ("", self.job)

    def is_like(self, other: Booking) -> bool:
        """Whether it repeats the same booking: owner, reason and start are equal."""
        mine = (self.owner, self.job, self.reason, self.opens_at)
        theirs = (other.owner, other.job, other.reason, other.opens_at)
        return mine == theirs and self.cancelled_at is None

    def among(self, known: Iterable[Booking]) -> Booking:
        """With the id of the same booking among these, if it exists already."""
        return replace(self, id=next((one.id for one in known if one.is_like(self)), self.id))

    def until(self, closes_at: datetime) -> Booking:
        return replace(self, closes_at=closes_at)

    def cancelled(self, at: datetime) -> Booking:
        return replace(self, cancelled_at=at)

    def say(self, zone: ZoneInfo) -> str:
        """Write "Mon 7 Dec 13:30 to Mon 7 Dec 15:30"."""
        return f"{say_moment(self.opens_at, zone)} to {say_moment(self.closes_at, zone)}"

    def to_json(self) -> dict[str, Json]:
        """The record."""
        cancelled = (
            {"cancelled_at": write_timestamp(self.cancelled_at)} if self.cancelled_at else {}
        )
        return {
            "stack": self.stack,
            **self.public(),
            "owner": self.owner,
            "job": self.job,
            **cancelled,
        }

    def public(self) -> dict[str, Json]:
        """What everybody may know of it."""
        return {
            "id": self.id,
            "by": self.by,
            "reason": self.reason,
            "made_at": format_timestamp(self.made_at),
            "opens_at": format_timestamp(self.opens_at),
            "closes_at": format_timestamp(self.closes_at),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Booking:
        return Booking(
            stack=data["stack"],
            id=data["id"],
            owner=data["owner"],
            job=data.get("job", ""),
            by=clean(data["by"], LONGEST_NAME),
            reason=clean(data.get("reason", ""), LONGEST_REASON),
            made_at=parse_timestamp(data["made_at"]),
            opens_at=parse_timestamp(data["opens_at"]),
            closes_at=parse_timestamp(data["closes_at"]),
            cancelled_at=read_timestamp(data.get("cancelled_at")),
        )


def live_bookings(bookings: Iterable[Booking], now: datetime) -> tuple[Booking, ...]:
    """Those that are ahead or now, in their order."""
    live = (booking for booking in bookings if booking.is_live(now))
    return tuple(sorted(live, key=lambda booking: (booking.opens_at, booking.id)))


def parse_start(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """
    From when on: "2026-12-07 13:30" or "13:30", local to the zone, or an instant.

    Raises TextError for what is no moment, is over, or is too far ahead.
    """
    at = parse_local(text, zone, now, needs_time=True)
    local = f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    if at < now - LATE:
        raise TextError(
            f"{quoted(text)} is {local}, which is over; leave it out to wake the stack now"
        )
    if at > now + FARTHEST:
        raise TextError(
            f"{quoted(text)} is {local}, expected at most {FARTHEST.days} days from now"
        )
    return at
