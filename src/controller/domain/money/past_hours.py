"""The hours of a stretch of time, as pictures show them: from the status, or the history. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import reduce

from controller.domain.dataclass import dataclass
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.money.hour_log import DAYS, HOUR, Hour, HourLog, floor_hour
from controller.domain.money.ledger import Past
from controller.domain.money.meter import Meter
from controller.domain.money.past_again import log_hours

_AWAKE = tuple(hour for hour in Hour if hour.is_awake)


@dataclass(frozen=True, slots=True)
class Hours:
    """The letter of each hour from `first` on, UTC, up to the one that is running."""

    first: datetime
    letters: str

    @property
    def each(self) -> tuple[Hour, ...]:
        return tuple(map(Hour, self.letters))

    @property
    def used(self) -> int:
        return self.letters.count(Hour.USED)

    @property
    def awake(self) -> int:
        return sum(self.letters.count(hour) for hour in _AWAKE)

    @property
    def paid(self) -> int:
        return self.awake + self.letters.count(Hour.PAID)

    @property
    def unknown(self) -> int:
        """Hours of which nothing is known."""
        return self.letters.count(Hour.UNKNOWN)

    @property
    def unseen(self) -> int:
        """Awake hours with unknown use."""
        return self.letters.count(Hour.AWAKE)


def last_hours(meter: Meter, lifecycle: Lifecycle, now: datetime, zone: tzinfo) -> Hours:
    """The hours of the last four weeks of local days, from the status alone."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = floor_hour(midnight - timedelta(days=DAYS - 1))  # by the wall's clock
    return _hours(_up_to_now(meter.hours, meter, lifecycle, now), meter.opened_at, first, now)


def hours_between(
    past: Past, meter: Meter, lifecycle: Lifecycle, start: datetime, end: datetime, now: datetime
) -> Hours:
    """The started hours of [start, end); better data in the status is included."""
    log = _up_to_now(log_hours(past.events, end), meter, lifecycle, now)
    known = _up_to_now(meter.hours, meter, lifecycle, now)
    if known.first:
        log = log.with_part(known.part(known.first, now))
    opened = [at for at in (past.opened_at, meter.opened_at) if at]
    return _hours(log, min(opened, default=None), floor_hour(start), min(end, now))


def _up_to_now(log: HourLog, meter: Meter, lifecycle: Lifecycle, now: datetime) -> HourLog:
    """With what is billed and awake at this moment."""
    spans = [*meter.ended, *meter.open_spans(lifecycle.billed, now)]
    log = reduce(lambda log, span: log.paid(span.since, span.until), spans, log)
    return log.awake(lifecycle.ready_at, now) if lifecycle.ready_at else log


def _hours(log: HourLog, opened_at: datetime | None, first: datetime, end: datetime) -> Hours:
    count = max(0, -((first - end) // HOUR))
    opened = floor_hour(opened_at) if opened_at else end
    unknown = min(count, max(0, -((first - opened) // HOUR)))
    return Hours(first, Hour.UNKNOWN * unknown + log.letters(first, count)[unknown:])
