"""A hold: somebody decides for a while, and neither leases nor office hours do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.durations import LONGEST
from controller.domain.errors import InvalidLeaseError
from controller.domain.lease import Lease
from controller.domain.moments import format_moment, parse_moment
from controller.domain.openings import Openings
from controller.domain.plan import Target
from controller.domain.spec import Json
from controller.domain.text import LONGEST_NAME, LONGEST_REASON, clean

LONGEST_SLEEP_NOW = timedelta(days=1)
""""Sleep now" ends by itself where no office hours ever begin again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """
    One stack is to be `state` until `until`; `by` and `reason` say who wants it and why.

    `over` are the ids of the leases that it was put over. A hold asleep ends when a lease comes
    up that is not among them: a later wake. Ids and not times tell which came later, as the
    clocks of those who grant and hold may differ.
    """

    stack: str
    state: Target
    by: str
    reason: str
    set_at: datetime
    until: datetime
    over: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        what = f'cannot hold stack "{self.stack}" {self.state}'
        for name in ("set_at", "until"):
            if getattr(self, name).tzinfo is None:
                raise InvalidLeaseError(f"{what}: {name} has no time zone")
        if self.until <= self.set_at:
            raise InvalidLeaseError(
                f"{what}: it would end at {format_moment(self.until)}, expected a moment after "
                f"{format_moment(self.set_at)}"
            )
        if self.until - self.set_at > LONGEST:
            raise InvalidLeaseError(
                f"{what}: it would end at {format_moment(self.until)}, expected at most "
                f"{LONGEST.days} days"
            )

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
            "set_at": format_moment(self.set_at),
            "until": format_moment(self.until),
            "over": sorted(self.over),
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Hold:
        return Hold(
            stack=data["stack"],
            state=Target(data["state"]),
            by=clean(data["by"], LONGEST_NAME),
            reason=clean(data.get("reason", ""), LONGEST_REASON),
            set_at=parse_moment(data["set_at"]),
            until=parse_moment(data["until"]),
            over=frozenset(data.get("over", ())),
        )


def sleep_now(
    stack: str, openings: Openings, leases: Iterable[Lease], by: str, reason: str, now: datetime
) -> Hold:
    """
    The hold that "sleep now" makes: asleep until the next opening.

    While the stack is being woken for an opening, that one has begun and is not the next.
    """
    opening = openings.next_after(now)
    latest = now + LONGEST_SLEEP_NOW
    return Hold(
        stack=stack,
        state=Target.ASLEEP,
        by=by,
        reason=reason,
        set_at=now,
        until=opening.starts_at if opening else latest,
        over=frozenset(lease.id for lease in leases),
    )
