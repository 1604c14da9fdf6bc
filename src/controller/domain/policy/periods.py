"""
Periods of the week and sets of dates: the notation of `office_hours`, `closed_on`, `open_on`.

    Mon-Fri 09:00-18:00   Mon,Wed,Sat 10:00-13:00   Fri 22:00-02:00   daily 08:00-24:00
    2026-12-29            2026-12-29..2027-01-03    holidays:JP       holidays:US-CA
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from controller.domain.dataclass import dataclass
from controller.domain.errors import TextError
from controller.domain.lookalikes import lookalike
from controller.domain.policy.wallclock import MINUTES_OF_DAY

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names by `date.weekday()`."""

_DAYS = 'days are three-letter English names such as "Mon", "Mon-Fri", "Mon,Wed,Sat" or "daily"'
_TIMES = 'expected hours and minutes from 00:00 to 24:00, such as "09:00-18:00"'
_EXAMPLE = 'expected days and times, such as "Mon-Fri 09:00-18:00"'
_DATES = (
    'expected a date such as "2026-12-29", a range such as "2026-12-29..2027-01-03", '
    'or a calendar such as "holidays:JP"'
)


@dataclass(frozen=True, slots=True)
class Period:
    """
    One line of office hours: on each of `weekdays`, from `start` to `end`.

    `weekdays` are numbers as of `date.weekday()`, sorted. `start` (0 to 1439) and `end` (0 to
    1440) are wall-clock minutes after local midnight; an end at or before the start is meant on
    the next day.
    """

    weekdays: tuple[int, ...]
    start: int
    end: int

    def __str__(self) -> str:
        days = ",".join(WEEKDAYS[day].capitalize() for day in self.weekdays)
        days = "daily" if len(self.weekdays) == len(WEEKDAYS) else days
        return f"{days} {format_minute(self.start)}-{format_minute(self.end)}"

    @property
    def last_minute(self) -> int:
        """The end counted from the midnight that the period's day began with; up to 2879."""
        return self.end if self.end > self.start else self.end + MINUTES_OF_DAY


@dataclass(frozen=True, slots=True)
class DateRange:
    """The local dates from `first` to `last`, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first.isoformat()}..{self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """The public holidays of a country ("JP") or of a part of one ("US-CA")."""

    code: str

    def __str__(self) -> str:
        return f"holidays:{self.code}"


Dates = DateRange | HolidayCalendar


def format_minute(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def parse_period(text: str) -> Period:
    """Read "Mon-Fri 09:00-18:00"; raises TextError that says what is wrong with `text`."""
    words = re.sub(r"\s*([,-])\s*", r"\1", text.strip()).split()
    if len(words) != 2:
        raise TextError(f'cannot read the period "{text}"{lookalike(text)}: {_EXAMPLE}')
    try:
        return make_period(parse_weekdays(words[0]), words[1])
    except TextError as error:
        raise TextError(f'cannot read the period "{text}": {error}') from None


def make_period(weekdays: tuple[int, ...], times: str) -> Period:
    """Put weekdays and a text such as "09:00-18:00" together."""
    start_text, dash, end_text = times.partition("-")
    if not dash:
        raise TextError(f'"{times}" is not a span of time{lookalike(times)}; {_TIMES}')
    start, end = parse_minute(start_text), parse_minute(end_text)
    if start == MINUTES_OF_DAY:
        raise TextError('a period cannot start at 24:00; write "00:00" with the next day\'s name')
    if start == end:
        raise TextError(
            f"it starts and ends at {format_minute(start)}; for the whole day write "
            '"00:00-24:00", such as "daily 00:00-24:00"'
        )
    return Period(weekdays, start, end)


def parse_minute(text: str) -> int:
    """Read "09:00" as minutes after midnight, 0 to 1440."""
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
    if match:
        minute = int(match[1]) * 60 + int(match[2])
        if int(match[2]) < 60 and minute <= MINUTES_OF_DAY:
            return minute
    raise TextError(f'"{text}" is not a time of day{lookalike(text)}; {_TIMES}')


def parse_weekdays(text: str) -> tuple[int, ...]:
    """Read "Mon", "Mon-Fri", "Sat-Mon", "Mon,Wed-Fri" or "daily"."""
    if text.lower() == "daily":
        return tuple(range(7))
    days: set[int] = set()
    for part in text.split(","):
        first_text, dash, last_text = part.partition("-")
        first = last = _weekday(first_text)
        if dash:
            last = _weekday(last_text)
            if first == last:
                name = WEEKDAYS[first].capitalize()
                raise TextError(
                    f'the range "{part}" is one day or a whole week; write "{name}" or "daily"'
                )
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return tuple(sorted(days))


def _weekday(text: str) -> int:
    name = text.lower()
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    if name == "daily":
        raise TextError('"daily" is written alone, such as "daily 08:00-20:00"')
    for short, long in _LONG_NAMES.items():
        if name in long:
            raise TextError(f'"{text}" is not a day; write "{short.capitalize()}"; {_DAYS}')
    raise TextError(f'"{text}" is not a day{lookalike(text)}; {_DAYS}')


_LONG_NAMES: Mapping[str, tuple[str, ...]] = {
    "mon": ("monday",),
    "tue": ("tuesday", "tues", "tu"),
    "wed": ("wednesday", "weds"),
    "thu": ("thursday", "thurs", "thur", "th"),
    "fri": ("friday",),
    "sat": ("saturday",),
    "sun": ("sunday",),
}


def parse_dates(text: str) -> Dates:
    """Read a date, a range of dates or "holidays:JP"; raises TextError."""
    word = text.strip()
    if word.lower().startswith("holidays"):
        return _holidays(text)
    first_text, dots, last_text = word.partition("..")
    try:
        first = _date(first_text.strip())
        last = _date(last_text.strip()) if dots else first
    except TextError as error:
        raise TextError(f'cannot read the dates "{text}": {error}') from None
    if last < first:
        raise TextError(f'the dates "{text}" end before they begin; write "{last}..{first}"')
    return DateRange(first, last)


def _holidays(text: str) -> HolidayCalendar:
    match = re.fullmatch(r"\s*holidays:([a-z]{2}(?:-[a-z0-9]{1,3})?)\s*", text, re.IGNORECASE)
    if not match or not text.isascii():
        raise TextError(
            f'cannot read the calendar "{text}"{lookalike(text)}: expected a country or a part of '
            'one by its ISO 3166 code, such as "holidays:JP" or "holidays:US-CA"'
        )
    return HolidayCalendar(match[1].upper())


def _date(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise TextError(f'"{text}" is not a date{lookalike(text)}; {_DATES}')
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TextError(f'there is no date "{text}"; {_DATES}') from None
