"""
The state of a stack, as the commands read it: the JSON of `status`, from the table or from a link.

What is printed is made of that alone, so that it reads the same by whichever way it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json
from controller.domain.reporting.report import State
from controller.domain.timestamps import parse_timestamp, read_timestamp


@dataclass(frozen=True, slots=True)
class StackStatus:
    """
    One stack at one moment, `now`, by the clock of whoever answered.

    Its size: one property for each field of the status that a command prints.
    """

    data: Mapping[str, Json]

    @property
    def stack(self) -> str:
        return str(self.data["stack"])

    @property
    def now(self) -> datetime:
        return parse_timestamp(self.data["now"])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.data["time_zone"])

    @property
    def summary(self) -> str:
        return str(self.data["summary"])

    @property
    def state(self) -> State:
        return State(self.data["state"])

    @property
    def phase(self) -> str:
        return str(self.data["phase"])

    @property
    def cause(self) -> str:
        return str(self.data["cause"])

    @property
    def reason(self) -> str:
        return str(self.data["reason"])

    @property
    def since(self) -> datetime | None:
        return self.moment("since")

    @property
    def updated_at(self) -> datetime | None:
        return self.moment("updated_at")

    @property
    def eta(self) -> timedelta | None:
        seconds = self.data["eta_seconds"]
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def leases(self) -> Sequence[Mapping[str, Json]]:
        return self.data["leases"] or ()

    @property
    def hold(self) -> Mapping[str, Json] | None:
        return self.data["hold"] or None

    @property
    def bookings(self) -> Sequence[Mapping[str, Json]]:
        return self.data["bookings"] or ()

    @property
    def held(self) -> Sequence[Mapping[str, Json]]:
        """Requests that wait at the door."""
        return self.data["held"] or ()

    @property
    def stuck(self) -> Mapping[str, Json] | None:
        return self.data["stuck"] or None

    @property
    def steps(self) -> Sequence[Mapping[str, Json]]:
        return self.data["steps"] or ()

    @property
    def next(self) -> Sequence[Mapping[str, Json]]:
        return self.data["next"] or ()

    @property
    def warnings(self) -> Sequence[str]:
        return self.data["warnings"] or ()

    @property
    def proof(self) -> Mapping[str, Json]:
        """Whether it could wake, as far as that was checked."""
        found: Mapping[str, Json] = self.data["proof"]
        return found

    @property
    def owner(self) -> str:
        return str(self.data.get("owner") or "")

    @property
    def expires(self) -> datetime | None:
        """The end of its term."""
        return read_timestamp(self.data.get("expires"))

    @property
    def endpoint(self) -> Mapping[str, Json] | None:
        return self.data["endpoint"] or None

    @property
    def money(self) -> tuple[Decimal, Decimal] | None:
        """Spent this month, and what it would have been always on."""
        saved = self.data["saved"]
        return saved and (Decimal(str(saved["spent"])), Decimal(str(saved["always_on"])))

    @property
    def budget(self) -> Mapping[str, Json] | None:
        return self.data["budget"] or None

    @property
    def is_wanted_awake(self) -> bool:
        return self.state in (State.WAKING, State.AWAKE)

    @property
    def has_settled(self) -> bool:
        """Nothing is under way."""
        return self.state in (State.ASLEEP, State.AWAKE)

    @property
    def changes_at(self) -> datetime | None:
        """When it next changes between awake and asleep, as far as that is foreseen."""
        if self.next:
            return parse_timestamp(self.next[0]["at"])
        return parse_timestamp(self.hold["until"]) if self.hold else None

    def moment(self, name: str) -> datetime | None:
        return read_timestamp(self.data[name])
