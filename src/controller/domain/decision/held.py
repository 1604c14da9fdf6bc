"""Requests that the door holds while their stack wakes: who waits, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.text import LONGEST_NAME, clean
from controller.domain.timestamps import format_timestamp, parse_timestamp

MOST_HELD = 3
"""How many requests of one stack are held at one time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    One request that is held. From `until` on it no longer counts, released or not: the process
    that held it may have died.
    """

    id: str
    who: str
    since: datetime
    until: datetime

    def covers(self, now: datetime) -> bool:
        return now < self.until

    def to_json(self, now: datetime) -> dict[str, Json]:
        seconds = max(0.0, (now - self.since).total_seconds())
        return {"who": self.who, "since": format_timestamp(self.since), "seconds": round(seconds)}

    def to_record(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "who": self.who,
            "since": format_timestamp(self.since),
            "until": format_timestamp(self.until),
        }

    @staticmethod
    def from_record(data: Mapping[str, Json]) -> Held:
        return Held(
            id=str(data["id"]),
            who=clean(data["who"], LONGEST_NAME),
            since=parse_timestamp(data["since"]),
            until=parse_timestamp(data["until"]),
        )
