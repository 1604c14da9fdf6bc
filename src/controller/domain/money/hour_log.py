"""
For each hour: was the stack used, awake, paid for? Pure, and part of the meter.

The hours of four weeks are one letter each, so a picture of them needs no other read.
The traffic of an hour is known from several reads; for a day they are kept by the minute,
and after that the letter is final. An awake hour is quiet only if the traffic of every awake
minute was read: minutes that were not read are unknown, and never shown as unused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.planning.spec import Json
from controller.domain.timestamps import format_timestamp, parse_timestamp

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

DAYS = 28
KEPT = 32 * 24
"""How many hours are kept: four weeks of local days, or the longest month."""

LATE = timedelta(days=1)
"""How long an hour may still change: longer than any traffic read goes back."""


class Hour(StrEnum):
    """What an hour was: the last of these that is true of any part of it, and known."""

    UNKNOWN = "?"
    ASLEEP = "."
    PAID = "p"  # it could not be used, and something of it was billed
    AWAKE = "a"  # whether anybody used it is not known
    QUIET = "q"  # awake and unused
    USED = "u"

    @property
    def is_awake(self) -> bool:
        return self in (Hour.AWAKE, Hour.QUIET, Hour.USED)

    @property
    def is_paid(self) -> bool:
        return self.is_awake or self is Hour.PAID


_OF_LETTER: Mapping[str, Hour] = {hour: hour for hour in Hour}
_AT_LEAST: Mapping[Hour, Mapping[int, str]] = {
    least: dict.fromkeys((ord(hour) for hour in list(Hour)[:rank]), str(least))
    for rank, least in enumerate(Hour)
}
"""By hour: translates the letters of hours that say less to that hour's."""

_RUN = re.compile(r"([0-9]*)([?.paqu])")


@dataclass(frozen=True, slots=True)
class HourReads:
    """The minutes of one hour as bits: in which it was awake, and of which the traffic is known."""

    awake: int = 0
    known: int = 0
    used: bool = False

    @property
    def verdict(self) -> Hour | None:
        if self.used:
            return Hour.USED
        if not self.awake:
            return None
        return Hour.AWAKE if self.awake & ~self.known else Hour.QUIET


@dataclass(frozen=True, kw_only=True)
class HourLog:
    """`cells` is a letter of `Hour` for each hour from `first` on; `reads` the reads of a day."""

    first: datetime | None = None
    cells: str = ""
    reads: Mapping[datetime, HourReads] = field(default_factory=dict)

    def paid(self, since: datetime, until: datetime) -> HourLog:
        """Something of it was billed in [since, until)."""
        return self._raised(_hours(since, until), Hour.PAID)

    def awake(self, since: datetime, until: datetime) -> HourLog:
        """It could be used in [since, until); what is older than a day was settled before."""
        if until <= since:
            return self
        reads = dict(self.reads)
        for hour in _hours(max(since, floor_hour(until - LATE)), until):
            read, minutes = reads.get(hour, HourReads()), _bits(hour, since, until)
            if hour not in reads or minutes & ~read.awake:  # most are known from the pass before
                reads[hour] = HourReads(read.awake | minutes, read.known, read.used)
        return replace(self._raised(_hours(since, until), Hour.AWAKE), reads=reads)

    def with_traffic(self, known: Iterable[datetime], used: Iterable[datetime]) -> HourLog:
        """The traffic of the minutes `known` was seen; in those of them that are `used`, use."""
        reads = dict(self.reads)
        for at in known:
            hour = floor_hour(at)
            read = reads.get(hour, HourReads())
            reads[hour] = replace(read, known=read.known | 1 << at.minute)
        for hour in {floor_hour(at) for at in used}:
            reads[hour] = replace(reads.get(hour, HourReads()), used=True)
        return replace(self, reads=reads)

    def settled(self, now: datetime) -> HourLog:
        """With final letters for hours that no longer change, without hours too old to be shown."""
        oldest = floor_hour(now) - KEPT * HOUR
        over = [hour for hour in self.reads if hour < now - LATE]
        log = replace(self, reads={h: each for h, each in self.reads.items() if h not in over})
        for hour in over:
            verdict = self.reads[hour].verdict
            log = log._raised([hour], verdict) if verdict and hour >= oldest else log
        if log.first is None or log.first >= oldest:
            return log
        return replace(log, first=oldest, cells=log.cells[(oldest - log.first) // HOUR :])

    def each(self, first: datetime, count: int) -> tuple[Hour, ...]:
        """The state of this many hours from `first` on; asleep by default."""
        return tuple(map(_OF_LETTER.__getitem__, self.letters(first, count)))

    def at(self, hour: datetime) -> Hour:
        """What the hour that begins then was."""
        return self.each(hour, 1)[0]

    def letters(self, first: datetime, count: int) -> str:
        """The same as the letter of each."""
        start = (first - self.first) // HOUR if self.first else 0
        before = Hour.ASLEEP * min(count, max(0, -start))
        known = before + self.cells[max(0, start) : max(0, start + count)]
        letters = list(known.ljust(count, Hour.ASLEEP))
        for hour, read in self.reads.items():
            index, verdict = (hour - first) // HOUR, read.verdict
            if verdict and 0 <= index < count:
                letters[index] = letters[index].translate(_AT_LEAST[verdict])
        return "".join(letters)

    def part(self, since: datetime, until: datetime) -> list[Json]:
        """The hours of [since, until) as an event stores them; `with_part` reads it."""
        hours = _hours(since, until)
        return [format_timestamp(floor_hour(since)), _shorter(self.letters(hours[0], len(hours)))]

    def with_part(self, stored: Json) -> HourLog:
        """With the hours of an event: a later event contains what earlier ones knew."""
        first, later_cells = parse_timestamp(stored[0]), _longer(stored[1])
        log = self._raised(_hours(first, first + len(later_cells) * HOUR), Hour.ASLEEP)
        start = (first - (log.first or first)) // HOUR
        known = zip(log.cells[start:], later_cells, strict=False)
        cells = "".join(old if new == Hour.ASLEEP else new for old, new in known)
        return replace(log, cells=log.cells[:start] + cells + log.cells[start + len(cells) :])

    def _raised(self, hours: Sequence[datetime], least: Hour) -> HourLog:
        """With these hours, which follow one another, at least so."""
        if not hours:
            return self
        first = min(self.first or hours[0], hours[0])
        before = ((self.first or first) - first) // HOUR
        start, end = (hours[0] - first) // HOUR, (hours[-1] - first) // HOUR + 1
        cells = (Hour.ASLEEP * before + self.cells).ljust(end, Hour.ASLEEP)
        raised = cells[start:end].translate(_AT_LEAST[least])
        return replace(self, first=first, cells=cells[:start] + raised + cells[end:])

    def to_json(self) -> dict[str, Json]:
        return {
            "first": format_timestamp(self.first) if self.first else None,
            "cells": _shorter(self.cells),
            "reads": {
                format_timestamp(hour): [f"{read.awake:x}", f"{read.known:x}", read.used]
                for hour, read in self.reads.items()
            },
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> HourLog:
        """Read what `to_json` wrote; an empty log if the meter has none."""
        if not data:
            return HourLog()
        return HourLog(
            first=parse_timestamp(data["first"]) if data["first"] else None,
            cells=_longer(data["cells"]),
            reads={
                parse_timestamp(hour): HourReads(int(awake, 16), int(known, 16), bool(used))
                for hour, (awake, known, used) in data["reads"].items()
            },
        )


def floor_hour(moment: datetime) -> datetime:
    """The beginning of its hour in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(since: datetime, until: datetime) -> list[datetime]:
    """The hours that [since, until) is in, the last of them; one at least, that of `since`."""
    first = max(floor_hour(since), floor_hour(until) - KEPT * HOUR)
    count = max(1, -((first - until) // HOUR))
    return [first + index * HOUR for index in range(count)]


def _bits(hour: datetime, since: datetime, until: datetime) -> int:
    """A bit for each whole minute of the hour that [since, until) is in throughout."""
    first = max(0, -((hour - since) // MINUTE))
    last = min(60, (until - hour) // MINUTE)
    return ((1 << last) - 1) & ~((1 << first) - 1) if last > first else 0


@lru_cache(maxsize=64)
def _shorter(cells: str) -> str:
    """Runs of a letter with their length before it: "...u" as "3.u"."""
    return "".join(_runs(cells))


def _runs(cells: str) -> Iterator[str]:
    for run in re.finditer(r"(.)\1*", cells):
        length = len(run[0])
        yield f"{length if length > 1 else ''}{run[1]}"


@lru_cache(maxsize=64)
def _longer(text: str) -> str:
    return "".join(letter * int(length or 1) for length, letter in _RUN.findall(text))
