"""Records of one stack, kept in memory: what the parts of a pass ask of a store, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.lease import Lease
from controller.domain.reporting.status import Status
from factories import NOON, article_spec

HOUR = timedelta(hours=1)
OFFICE = [["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]


def lease(until: datetime, since: datetime = NOON, **changes: Any) -> Lease:
    given = {"stack": "nsfw-api", "id": "one", "holder": "somebody", "reason": "", **changes}
    return Lease(**{"granted_at": since, "expires_at": until, **given})


@dataclass
class Loaded:
    """What was loaded at once."""

    spec: Any = field(default_factory=article_spec)
    status: Status | None = None
    leases: tuple[Lease, ...] = ()
    bookings: tuple[Any, ...] = ()
    hold: Any = None
    term: Any = None
    leftovers: tuple[Any, ...] = ()
    request_version: int = 0
    damaged: tuple[Any, ...] = ()


@dataclass
class MemoryStore:
    records: Loaded = field(default_factory=Loaded)
    has_lock: bool = True
    written: list[tuple[dict[str, Any], datetime | None]] = field(default_factory=list)
    loads: int = 0
    reported_events: list[Event] = field(default_factory=list)
    history: tuple[Event, ...] = ()

    def load(self) -> Loaded:
        self.loads += 1
        return self.records

    def request_version(self) -> int:
        return self.records.request_version

    def put_status(
        self, status: Status, due_at: datetime | None, request_version: int | None = None
    ) -> bool:
        self.written.append((status.to_json(), due_at))
        return request_version is None or request_version == self.records.request_version

    def renew_lock(self) -> bool:
        return self.has_lock

    def put_event(self, event: Event) -> bool:
        """False of one that was told before."""
        return event not in self.reported_events

    def mark_delivered(self, event: Event) -> None:
        self.reported_events.append(event)

    def last_wakes(self) -> tuple[Any, ...]:
        return ()

    def uses(self) -> tuple[Any, ...]:
        return ()

    def events(self, start: datetime) -> tuple[Event, ...]:
        return self.history


def event(kind: EventKind = EventKind.WAKING, at: datetime = NOON) -> Event:
    return Event(stack="nsfw-api", at=at, kind=kind, reason="office hours")
