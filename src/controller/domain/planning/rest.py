"""
Services that a sleep has brought to no task, and has not deleted yet.

A wake takes such a service up again, so that nobody waits for its name. What is remembered here
saves time only: a service without tasks is found by its count (see `aws/service_rest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, kw_only=True)
class Rest:
    """
    `since` is when we set the count of a service to 0, by its address.

    `forced` are the addresses of services that are to be deleted by force: AWS refused a change of
    their count, or somebody else has raised it. `left` is since when tasks of services have been
    stopping that were taken up before that was over: nothing waits for them, but they cost money.
    """

    since: Mapping[str, datetime] = field(default_factory=dict)
    forced: frozenset[str] = frozenset()
    left: Mapping[str, datetime] = field(default_factory=dict)

    def begun(self, address: str, now: datetime) -> Rest:
        """The count was set to 0; an earlier time is kept."""
        return replace(self.drained(address), since={address: now, **self.since})

    def refused(self, address: str) -> Rest:
        return replace(self, forced=self.forced | {address})

    def over(self, address: str) -> Rest:
        """The service is deleted, or made anew."""
        since = {a: at for a, at in self.since.items() if a != address}
        return replace(self.drained(address), since=since, forced=self.forced - {address})

    def taken_up(self, address: str, now: datetime) -> Rest:
        """The service has tasks again; those of before may still be stopping."""
        over = self.over(address)
        return replace(over, left={**over.left, address: self.since.get(address, now)})

    def drained(self, address: str) -> Rest:
        """None of the tasks of before is left."""
        if address not in self.left:
            return self
        return replace(self, left={a: at for a, at in self.left.items() if a != address})

    def to_json(self) -> dict[str, Json]:
        return {
            "since": {a: format_timestamp(at) for a, at in self.since.items()},
            "forced": sorted(self.forced),
            "left": {a: format_timestamp(at) for a, at in self.left.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Rest:
        return Rest(
            since={a: parse_timestamp(at) for a, at in data.get("since", {}).items()},
            forced=frozenset(data.get("forced", ())),
            left={a: parse_timestamp(at) for a, at in data.get("left", {}).items()},
        )
