"""One language of the pages: its texts, and how it writes moments and durations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol

from api import board_words, page_words, picture_words
from controller.domain.formatting import DAYS, MONTHS
from controller.domain.money.month import Month

TABLES: Mapping[str, Mapping[str, str]] = {
    "en": {**page_words.EN, **picture_words.EN, **board_words.EN},
    "ja": {**page_words.JA, **picture_words.JA, **board_words.JA},
}

_DAYS = {"en": DAYS, "ja": "月火水木金土日"}
_UNITS = {"en": (" h", " min", " s", " "), "ja": ("時間", "分", "秒", "")}


class Facts(Protocol):
    def __getitem__(self, key: str, /) -> str: ...


def translations(language: str, zone: tzinfo, now: datetime) -> Translations:
    """Those of the day in the zone: all day the same object, so that a cache can tell by it."""
    return _of_day(language, zone, now.astimezone(zone).date())


class Translations:
    """One language, with moments as they are read in one time zone on the day `today`."""

    def __init__(self, language: str, zone: tzinfo, today: date) -> None:
        self.language = language
        self._table = TABLES[language]
        self._zone = zone
        self._today = today

    def __call__(self, key: str, **values: str) -> str:
        return self._table[key].format(**values) if values else self._table[key]

    def sentence(self, key: str, facts: Facts) -> str:
        """The text of `key` with those facts that it names. Raises KeyError if one is missing."""
        return self._table[key].format_map(facts)

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def phase(self, text: str) -> str:
        """
        A phase or step of the records; a text that is not in the table is shown as AWS or the pass
        wrote it.
        """
        for beginning in ("Elastic IP", "waits"):
            if text.startswith(f"{beginning} "):
                return self._table[f"phase.{beginning}"]
        return self._table.get(f"phase.{text}", text)

    def moment(self, moment: datetime) -> str:
        """Write "18:00" on the same day, "Tue 24 Nov 09:00" on another."""
        local = moment.astimezone(self._zone)
        day, time = _DAYS[self.language][local.weekday()], f"{local.hour:02}:{local.minute:02}"
        if local.date() == self._today:
            return time
        if self.language == "ja":
            return f"{local.month}月{local.day}日({day}) {time}"
        return f"{day} {local.day} {MONTHS[local.month - 1]} {time}"

    def day(self, day: date) -> str:
        """A date without its year: "23 Nov"."""
        if self.language == "ja":
            return f"{day.month}/{day.day}"
        return f"{day.day} {MONTHS[day.month - 1]}"

    def month(self, month: Month) -> str:
        """The name of a month; its year where that is another one."""
        if self.language == "ja":
            name = f"{month.month}月"
            return name if month.year == self._today.year else f"{month.year % 100}年{name}"
        name = MONTHS[month.month - 1]
        return name if month.year == self._today.year else f"{name} {month.year % 100:02}"

    def duration(self, duration: timedelta) -> str:
        """Write "1 h 5 min" or "40 s"; seconds only below ten minutes."""
        seconds = max(0, round(duration.total_seconds()))
        hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
        hour, minute, second, space = _UNITS[self.language]
        parts = [f"{hours}{hour}"] if hours else []
        if minutes:
            parts.append(f"{minutes}{minute}")
        if not parts or (seconds and not hours and minutes < 10):
            parts.append(f"{seconds}{second}")
        return space.join(parts)

    def about(self, duration: timedelta) -> str:
        """A guess, in steps that do not pretend to know better: 10 s below a minute, else 30 s."""
        step = 10 if duration < timedelta(minutes=1) else 30
        rounded = max(step, -(-int(duration.total_seconds()) // step) * step)
        return self.duration(timedelta(seconds=rounded))


@lru_cache(maxsize=16)
def _of_day(language: str, zone: tzinfo, today: date) -> Translations:
    return Translations(language, zone, today)
