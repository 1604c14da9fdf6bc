"""
The term of a stack: who is responsible for it, and until when it is wanted at all. Pure.

Its owner is notified three days and a day before the end, and at the end. From then on it is held
asleep, and a week later it is removed from the controller; that message names what Terraform keeps.
An extension before that cancels all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.errors import TextError
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Json
from controller.domain.policy.durations import parse_duration
from controller.domain.text import LONGEST_NAME, clean, quoted
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

AHEAD = (timedelta(days=3), timedelta(days=1))
"""How long before the end its owner is notified."""

GRACE = timedelta(days=7)
"""How long after its end it stays published, held asleep."""

USUAL = "14d"
"""By how much a term is extended by default."""

LONGEST = timedelta(days=365)
SHORTEST = timedelta(hours=1)
HOLDER = "the end of its term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`owner` may be "", `expires_at` None: then it never ends. `by` set it last, at `set_at`."""

    stack: str
    owner: str = ""
    expires_at: datetime | None = None
    set_at: datetime
    by: str = ""

    @property
    def goes_at(self) -> datetime | None:
        """When it is taken out."""
        return self.expires_at + GRACE if self.expires_at else None

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def stage(self, now: datetime) -> int:
        """How many of the moments at which something happens have come: 0 to 4."""
        return sum(at <= now for at in self.moments)

    @property
    def moments(self) -> tuple[datetime, ...]:
        """Two warnings, the end, the removal."""
        if self.expires_at is None:
            return ()
        ahead = [self.expires_at - before for before in AHEAD]
        return (*ahead, self.expires_at, self.expires_at + GRACE)

    def next_moment(self, now: datetime) -> datetime | None:
        return min((at for at in self.moments if at > now), default=None)

    def prolonged(self, until: datetime, by: str, now: datetime) -> Term:
        """At least until then: no extension shortens a term, nor ends one that has no end."""
        if self.expires_at is None:
            return self
        return replace(self, expires_at=max(until, self.expires_at), by=by, set_at=now)

    def to_json(self) -> dict[str, Json]:
        return {
            "stack": self.stack,
            "owner": self.owner,
            "expires_at": write_timestamp(self.expires_at),
            "set_at": format_timestamp(self.set_at),
            "by": self.by,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Term:
        return Term(
            stack=data["stack"],
            owner=clean(data.get("owner", ""), LONGEST_NAME),
            expires_at=read_timestamp(data.get("expires_at")),
            set_at=parse_timestamp(data["set_at"]),
            by=clean(data.get("by", ""), LONGEST_NAME),
        )


def read_length(text: str) -> timedelta:
    """Read "14d"; TextError for what is no time from an hour to a year."""
    try:
        length = parse_duration(text)
    except TextError:
        length = timedelta(0)
    if not SHORTEST <= length <= LONGEST:
        raise TextError(f'{quoted(text)} is no such time; expected 1h to {LONGEST.days}d, as "14d"')
    return length


def hold_at_end(
    term: Term | None, hold: Hold | None, leases: Sequence[Lease], now: datetime
) -> Hold | None:
    """
    The hold that a stack whose term is over is to have; None where it needs none, or has it.

    Somebody may wake it all the same, and is not put to sleep before that lease is over.
    """
    if term is None or term.expires_at is None or not term.is_over(now):
        return None
    if any(lease.expires_at > now for lease in leases):
        return None
    is_held = hold is not None and not hold.is_over(now)
    if is_held and hold is not None and (hold.state is Target.AWAKE or hold.by == HOLDER):
        return None
    return Hold(
        stack=term.stack,
        state=Target.ASLEEP,
        by=HOLDER,
        reason="",
        set_at=now,
        until=max(term.expires_at + GRACE, now) + timedelta(days=30),
        over=frozenset(lease.id for lease in leases),
    )
