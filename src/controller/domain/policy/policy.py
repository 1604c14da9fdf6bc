"""
A stack's policy: when it is to be awake, and what ends that.

Two forms are read. What the user wrote in the variable `dormouse` (`parse_policy`) is checked
word by word; what the compiled spec carries (`Policy.from_json`) was checked when it was compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.errors import PolicyError, TextError
from controller.domain.policy.choices import Rehearse, SleepOrder
from controller.domain.policy.durations import format_duration, parse_duration
from controller.domain.policy.periods import (
    WEEKDAYS,
    Dates,
    HolidayCalendar,
    Period,
    format_minute,
    make_period,
    parse_dates,
    parse_period,
    parse_weekdays,
)
from controller.domain.policy.validation import (
    Field,
    Reading,
    choice,
    closest,
    count,
    describe,
    flag,
    positive,
    positive_duration,
    several,
    single,
    text,
)
from controller.domain.stack_name import EXPECTED, STACK_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleBelow:
    """A stretch of five minutes is idle when both its counts are below these."""

    new_flows: float = 3
    bytes: float = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    The settings of one stack and their defaults (docs/reference/policy.md).

    `idle_timeout` None means never. `holidays` are the dates of the calendars that `closed_on`
    and `open_on` name, by code ("JP"); compiling the spec adds them
    (`with_holidays`), so that nothing has to look them up later.
    """

    time_zone: str = "UTC"
    """IANA name; schedule and dates are local to it."""
    office_hours: tuple[Period, ...] = ()
    """
    "Mon-Fri 09:00-18:00", "Mon,Wed,Sat 10:00-13:00", "Fri 22:00-02:00", "daily 08:00-24:00";
    start inclusive, end exclusive, an end at or before its start is the next day.
    """
    closed_on: tuple[Dates, ...] = ()
    """
    "2026-12-29", "2026-12-29..2027-01-03", "holidays:JP": no window begins on these days.
    """
    open_on: tuple[Dates, ...] = ()
    """Further days, on which every period applies; it wins over closed_on."""
    ready_by_opening: bool = True
    """Begin so early that it is awake at the opening, as past wakes teach."""
    idle_timeout: timedelta | None = timedelta(minutes=30)
    """Sleep when nobody has used it for this long; "0" never."""
    idle_during_office_hours: bool = True
    """false: idleness ends only wakes outside office hours."""
    idle_below: IdleBelow = IdleBelow()
    """Five minutes are idle when new connections and bytes are both below these."""
    wake_for: timedelta = timedelta(hours=1)
    """What a wake grants that names no time."""
    min_awake: timedelta = timedelta(minutes=10)
    """Idleness does not end it sooner."""
    max_awake: timedelta = timedelta(hours=12)
    """The longest time awake outside office hours, whatever somebody requests."""
    finish_paid_hour: bool = True
    """Leave it up until shortly before the started, paid hour of the load balancer is over."""
    wake_timeout: timedelta = timedelta(minutes=20)
    """Then a wake is given up, taken down and reported."""
    open_path: str = "/"
    """Where the page sends people once it is awake."""
    rehearse: Rehearse = Rehearse.LOOK
    """
    "look": while it sleeps, find out by reads whether it could wake. "off": do not. "monthly":
    look, and once in 30 days wake it at its quietest hour, ask open_path once, and let it sleep.
    """
    sleep_order: SleepOrder = SleepOrder.COUNT
    """
    "count": a sleep sets the service's count to 0 and deletes it once its tasks have stopped, so a
    wake in between takes it up again. "force": it deletes the service at once.
    """
    name: str | None = None
    """The stack's name, where the folder's will not do; `--stack NAME` comes before it."""
    monthly_budget: float | None = None
    """
    USD for a calendar month in UTC, the Elastic IP included. A message is sent at 80 % and when it
    is used up; from then on only an admin link wakes the stack.
    """
    budget_stops: bool = False
    """true: office hours end too when the budget is used up, until the next month."""
    holidays: Mapping[str, tuple[date, ...]] = field(default_factory=dict, hash=False)

    @property
    def zone(self) -> ZoneInfo:
        """The rules of the time zone, from the machine's IANA database or the package tzdata."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PolicyError(
                f"time_zone: neither this machine nor the package tzdata has rules for "
                f'"{self.time_zone}"; take an older name of it, or a newer tzdata',
                key="time_zone",
                value=self.time_zone,
            ) from None

    @property
    def holiday_calendars(self) -> tuple[str, ...]:
        """The codes of all calendars that `closed_on` and `open_on` name, sorted."""
        days = self.closed_on + self.open_on
        return tuple(sorted({item.code for item in days if isinstance(item, HolidayCalendar)}))

    def with_holidays(self, holidays: Mapping[str, Iterable[date]]) -> Policy:
        """The same policy carrying these dates by calendar code, instead of the previous ones."""
        dates = {code: tuple(sorted(set(days))) for code, days in sorted(holidays.items())}
        return replace(self, holidays=dates)

    def to_json(self) -> dict[str, Any]:
        """
        The form in the spec. Durations and dates are texts as the user writes them ("1h30m",
        "2026-12-29..2027-01-03"); a period is [["mon", "tue"], "09:00", "18:00"].
        """
        return {
            "time_zone": self.time_zone,
            "office_hours": [_period_to_json(period) for period in self.office_hours],
            "closed_on": [str(days) for days in self.closed_on],
            "open_on": [str(days) for days in self.open_on],
            "ready_by_opening": self.ready_by_opening,
            "idle_timeout": format_duration(self.idle_timeout or timedelta(0)),
            "idle_during_office_hours": self.idle_during_office_hours,
            "idle_below": {
                "new_flows": self.idle_below.new_flows,
                "bytes": self.idle_below.bytes,
            },
            "wake_for": format_duration(self.wake_for),
            "min_awake": format_duration(self.min_awake),
            "max_awake": format_duration(self.max_awake),
            "finish_paid_hour": self.finish_paid_hour,
            "wake_timeout": format_duration(self.wake_timeout),
            "open_path": self.open_path,
            "rehearse": str(self.rehearse),
            "sleep_order": str(self.sleep_order),
            "name": self.name,
            "monthly_budget": self.monthly_budget,
            "budget_stops": self.budget_stops,
            "holidays": {
                code: [day.isoformat() for day in days] for code, days in self.holidays.items()
            },
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Policy:
        """
        Read what `to_json` wrote. A missing key takes its default; one from a later version is
        passed over. Raises PolicyError.
        """
        reading = Reading()
        known = {key: value for key, value in data.items() if key in _FROM_SPEC}
        policy = Policy(**reading.fields(known, _FROM_SPEC))
        reading.raise_first()
        return policy


def parse_policy(data: Mapping[str, Any] | None) -> Policy:
    """
    Read the value of the variable `dormouse`: texts, numbers, bools, lists and mappings.

    Missing keys and nulls take the defaults, and so does a policy that is None as a whole.
    Raises PolicyError for the first problem; `find_problems` lists them all.
    """
    reading = Reading()
    policy = _read(reading, data)
    reading.raise_first()
    return policy


def find_problems(data: Mapping[str, Any] | None) -> tuple[PolicyError, ...]:
    """Every error that `parse_policy` would raise, in the order of the keys of `data`."""
    reading = Reading()
    _read(reading, data)
    return tuple(reading.problems)


def _read(reading: Reading, data: Any) -> Policy:
    if data is None:
        return Policy()
    if not isinstance(data, Mapping):
        reading.refuse("dormouse", data, f"found {describe(data)}, expected an object of settings")
        return Policy()
    return Policy(**reading.fields(data, _FROM_VARIABLE))


def _period_to_json(period: Period) -> list[Any]:
    names = [WEEKDAYS[day] for day in period.weekdays]
    return [names, format_minute(period.start), format_minute(period.end)]


def _period_from_json(data: Any) -> Period:
    try:
        names, start, end = data
        return make_period(parse_weekdays(",".join(names)), f"{start}-{end}")
    except (TypeError, ValueError):
        raise TextError(
            f'found {describe(data)}, expected [["mon", "tue"], "09:00", "18:00"]'
        ) from None


def _dates_from_json(data: Any) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(day) for day in data)
    except (TypeError, ValueError):
        raise TextError(f'found {describe(data)}, expected dates such as ["2026-01-01"]') from None


def _time_zone(found: str) -> str:
    """Only IANA names: "localtime" is another place on another machine."""
    if found in _time_zones():
        return found
    hint = "" if _OFFSET.fullmatch(found.strip()) else closest(found, _places())
    raise TextError(
        f"there is no time zone {describe(found)}{hint}; "
        'expected an IANA name such as "Asia/Tokyo" or "UTC"'
    )


# "UTC+9", "+0900": no name is near it that is not hours off.
_OFFSET = re.compile(r"(UTC|GMT|Z)?\s*[+-]\s*[0-9]{1,2}(:?[0-9]{2})?", re.IGNORECASE)


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _places() -> list[str]:
    """
    The names to suggest. Names that are similar by their letters only are left out: "MST" to
    "JST", or "Etc/GMT+9", which is nine hours behind UTC, to "GMT+9".
    """
    areas = [name for name in sorted(_time_zones()) if "/" in name and not name.startswith("Etc/")]
    return [*areas, "UTC"]


def _idle_timeout(found: str) -> timedelta | None:
    return parse_duration(found) or None


def _idle_below(reading: Reading, key: str, found: Any) -> IdleBelow:
    if not isinstance(found, Mapping):
        raise TextError(
            f"found {describe(found)}, expected an object such as {{ new_flows = 3, bytes = 5000 }}"
        )
    return IdleBelow(**reading.fields(found, _IDLE_BELOW, f"{key}."))


def _open_path(found: str) -> str:
    if re.fullmatch(r"/[!-~]*", found) and not re.search(r'["<>\\^`{|}]', found):
        return found
    raise TextError(
        f"found {describe(found)}, expected a path that begins with a slash and is written as in "
        'a URL (no spaces, other than ASCII letters as %XX), such as "/docs"'
    )


def _name(found: str) -> str:
    if STACK_NAME.fullmatch(found):
        return found
    raise TextError(f"found {describe(found)}, expected {EXPECTED}")


def _holidays(reading: Reading, key: str, found: Any) -> dict[str, tuple[date, ...]]:
    if not isinstance(found, Mapping):
        raise TextError(f'found {describe(found)}, expected {{"JP": ["2026-01-01"]}}')
    return {code: _dates_from_json(days) for code, days in found.items()}


_IDLE_BELOW: Mapping[str, Field] = {
    "new_flows": single(count("3")),
    "bytes": single(count("5000")),
}

_SHARED: Mapping[str, Field] = {
    "closed_on": several(text(parse_dates, "2026-12-29"), '["2026-12-29..2027-01-03"]'),
    "open_on": several(text(parse_dates, "2026-12-29"), '["2026-12-29"]'),
    "ready_by_opening": single(flag),
    "idle_timeout": single(text(_idle_timeout, "30m")),
    "idle_during_office_hours": single(flag),
    "idle_below": _idle_below,
    "wake_for": single(positive_duration("1h")),
    "min_awake": single(text(parse_duration, "10m")),
    "max_awake": single(positive_duration("12h")),
    "finish_paid_hour": single(flag),
    "wake_timeout": single(positive_duration("20m")),
    "open_path": single(text(_open_path, "/", longest=2000)),
    "rehearse": single(choice(Rehearse)),
    "sleep_order": single(choice(SleepOrder)),
    "name": single(text(_name, "api")),
    "monthly_budget": single(positive("20")),
    "budget_stops": single(flag),
}

_FROM_VARIABLE: Mapping[str, Field] = {
    "time_zone": single(text(_time_zone, "Asia/Tokyo")),
    "office_hours": several(text(parse_period, "Mon-Fri 09:00-18:00"), '["Mon-Fri 09:00-18:00"]'),
    **_SHARED,
}

_FROM_SPEC: Mapping[str, Field] = {
    "time_zone": single(text(str, "Asia/Tokyo")),
    "office_hours": several(_period_from_json, '[[["mon"], "09:00", "18:00"]]'),
    **_SHARED,
    "holidays": _holidays,
}
