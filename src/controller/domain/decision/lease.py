"""Who requested that a stack is awake, why, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.domain.dataclass import dataclass, replace
from controller.domain.errors import InvalidLeaseError
from controller.domain.policy.durations import LONGEST
from controller.domain.text import LONGEST_NAME, LONGEST_REASON, clean
from controller.domain.timestamps import format_timestamp, parse_timestamp, read_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """
    A promise to keep one stack awake from `granted_at` until `expires_at`.

    Both moments carry a time zone. `id` is unique within the stack; `holder` says who requested it
    ("wake link", "ci@example.org"), `reason` why, in their words. A lease never changes: an
    extended lease is another value with the same id, and `extended_at` says when it was extended.
    `released_at` is when its holder released it; it ended then. A lease with `found_awake`
    started no wake.
    """

    stack: str
    id: str
    holder: str
    reason: str
    granted_at: datetime
    expires_at: datetime
    extended_at: datetime | None = None
    released_at: datetime | None = None
    found_awake: bool = False

    def __post_init__(self) -> None:
        for name in ("granted_at", "expires_at", "extended_at", "released_at"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise InvalidLeaseError(
                    f'cannot grant "{self.holder}" a lease of stack "{self.stack}": '
                    f"{name} has no time zone"
                )
        if self.expires_at <= self.granted_at:
            raise InvalidLeaseError(
                f'cannot grant "{self.holder}" a lease of stack "{self.stack}": it would end at '
                f"{format_timestamp(self.expires_at)}, expected a moment after "
                f"{format_timestamp(self.granted_at)}"
            )
        if self.expires_at - self.granted_at > LONGEST:
            raise InvalidLeaseError(
                f'cannot grant "{self.holder}" a lease of stack "{self.stack}": it would end at '
                f"{format_timestamp(self.expires_at)}, expected at most {LONGEST.days} days"
            )

    def covers(self, now: datetime) -> bool:
        """Return whether `now` is inside the lease; its last moment is not."""
        return self.granted_at <= now < self.expires_at

    @property
    def requested_at(self) -> datetime:
        """When somebody last wanted it."""
        return self.extended_at or self.granted_at

    def extended(self, expires_at: datetime, at: datetime | None = None) -> Lease:
        """The same lease with another end, also an earlier one; requested `at`."""
        return replace(self, expires_at=expires_at, extended_at=at or self.extended_at)

    def released(self, at: datetime) -> Lease:
        """
        The same lease, given back.

        It ends at that moment also where a clock that runs ahead has dated it later.
        """
        granted_at = min(self.granted_at, at - timedelta(microseconds=1))
        expires_at = min(self.expires_at, at)
        return replace(self, granted_at=granted_at, expires_at=expires_at, released_at=at)

    def to_json(self) -> dict[str, Any]:
        moments = {"extended_at": self.extended_at, "released_at": self.released_at}
        said = {name: format_timestamp(moment) for name, moment in moments.items() if moment}
        return {
            "stack": self.stack,
            "id": self.id,
            "holder": self.holder,
            "reason": self.reason,
            "granted_at": format_timestamp(self.granted_at),
            "expires_at": format_timestamp(self.expires_at),
            **said,
            **({"found_awake": True} if self.found_awake else {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Lease:
        return Lease(
            stack=data["stack"],
            id=data["id"],
            holder=clean(data["holder"], LONGEST_NAME),
            reason=clean(data.get("reason", ""), LONGEST_REASON),
            granted_at=parse_timestamp(data["granted_at"]),
            expires_at=parse_timestamp(data["expires_at"]),
            extended_at=read_timestamp(data.get("extended_at")),
            released_at=read_timestamp(data.get("released_at")),
            found_awake=bool(data.get("found_awake")),
        )
