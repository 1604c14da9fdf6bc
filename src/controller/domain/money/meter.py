"""
The meter: what a stack has used this month, and what is still to be written down of it.

Part of the status, so that the money of the running month needs no other read. It can be lost:
`controller.domain.money.ledger` makes it again from the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.decision.lifecycle import BilledResource
from controller.domain.money.hour_log import HourLog
from controller.domain.money.month import Month
from controller.domain.money.usage import (
    NOTHING,
    Amounts,
    BillingInterval,
    Interval,
    Tasks,
    UsageProfile,
)
from controller.domain.planning.spec import Json
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTask:
    """
    A task as AWS described it: billed from `since`, the start of its image pull (None: not yet),
    until `until`, when it had stopped (None: not yet). `leaving`: it is to stop, and has not yet;
    that is of the moment, and not written down.
    """

    arn: str
    created_at: datetime
    since: datetime | None
    until: datetime | None
    tasks: Tasks
    leaving: bool = False

    def to_json(self) -> list[Json]:
        moments = [
            format_timestamp(self.created_at),
            *map(write_timestamp, (self.since, self.until)),
        ]
        return [self.arn, *moments, self.tasks.to_json()]

    @staticmethod
    def from_json(data: Json) -> SeenTask:
        arn, created_at, since, until, tasks = data
        return SeenTask(
            arn=arn,
            created_at=parse_timestamp(created_at),
            since=read_timestamp(since),
            until=read_timestamp(until),
            tasks=Tasks.from_json(tasks),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    What is known to be over in one month: `used` by spans that have ended, `always` and `rest`
    what earlier specs of this month would have used always on and never woken; times awake.
    """

    month: Month
    used: Amounts = NOTHING
    always: Amounts = NOTHING
    rest: Amounts = NOTHING
    awake: timedelta = timedelta(0)
    wakes: int = 0

    def to_json(self) -> dict[str, Json]:
        return {
            "month": str(self.month),
            "used": self.used.to_json(),
            "always": self.always.to_json(),
            "rest": self.rest.to_json(),
            "awake_seconds": self.awake.total_seconds(),
            "wakes": self.wakes,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Tally:
        return Tally(
            month=Month.parse(data["month"]),
            used=Amounts.from_json(data["used"]),
            always=Amounts.from_json(data["always"]),
            rest=Amounts.from_json(data["rest"]),
            awake=timedelta(seconds=data["awake_seconds"]),
            wakes=data["wakes"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMonth:
    """The amounts of a past month, so that prices can be applied later."""

    month: Month
    spent: Amounts
    always: Amounts
    awake: timedelta = timedelta(0)

    def to_json(self) -> list[Json]:
        amounts = [self.spent.to_json(), self.always.to_json()]
        return [str(self.month), *amounts, self.awake.total_seconds()]

    @staticmethod
    def from_json(data: Json) -> PastMonth:
        month, spent, always, seconds = data
        return PastMonth(
            month=Month.parse(month),
            spent=Amounts.from_json(spent),
            always=Amounts.from_json(always),
            awake=timedelta(seconds=seconds),
        )


@dataclass(frozen=True, kw_only=True)
class Meter:
    """
    `opened_at` is when the stack was first published, as far as is known; `use` what its spec
    uses since `use_since`. `ended` are spans that are in no event yet. `seen` are the tasks of
    services that are leaving, by address, `counted` those of this time awake that have a span,
    and `read_at` is when tasks were last read. `apart` is how long all counted tasks of an
    existing service have run, by address, and when the first of them started. `hours` describes
    past hours one by one, and `months` has the totals of earlier months.

    Its size: one method for each event that starts or ends what is billed.
    """

    opened_at: datetime | None = None
    use: UsageProfile = field(default_factory=UsageProfile)
    use_since: datetime | None = None
    tally: Tally | None = None
    ended: tuple[BillingInterval, ...] = ()
    seen: Mapping[str, tuple[SeenTask, ...]] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    read_at: datetime | None = None
    apart: Mapping[str, tuple[timedelta, datetime]] = field(default_factory=dict)
    hours: HourLog = field(default_factory=HourLog)
    months: tuple[PastMonth, ...] = ()

    def tally_of(self, now: datetime) -> Tally:
        """The one of this month; a new month begins with nothing."""
        month = Month.of(now)
        return self.tally if self.tally and self.tally.month == month else Tally(month=month)

    def using(self, use: UsageProfile, now: datetime) -> Meter:
        """The spec uses something else from now on."""
        tally, window = self.tally_of(now), self._window(now)
        if window:
            always, rest = self.use.always_on(window), self.use.at_rest(window)
            tally = replace(tally, always=tally.always + always, rest=tally.rest + rest)
        opened_at = self.opened_at or now
        return replace(self, opened_at=opened_at, use=use, use_since=now, tally=tally)

    def _window(self, now: datetime) -> Interval | None:
        """The part of this month in which `use` holds."""
        if self.use_since is None:
            return None
        return Interval(max(Month.of(now).start, self.use_since), now)

    def woken(self, now: datetime) -> Meter:
        tally = self.tally_of(now)
        return replace(self, tally=replace(tally, wakes=tally.wakes + 1))

    def rested(self, ready_at: datetime | None, now: datetime) -> Meter:
        """It could be used from `ready_at` until now."""
        if ready_at is None:
            return self
        tally = self.tally_of(now)
        awake = Interval(tally.month.start, now).part(ready_at, now)
        hours = self.hours.awake(ready_at, now)
        return replace(self, hours=hours, tally=replace(tally, awake=tally.awake + awake))

    def with_traffic(
        self, known: Iterable[datetime], used: Iterable[datetime], ready_at: datetime | None
    ) -> Meter:
        """The traffic of the minutes `known` was seen, `used` in use; it is awake since then."""
        known = sorted(known)
        if not known:
            return self
        hours, until = self.hours.with_traffic(known, used), known[-1] + timedelta(minutes=1)
        if ready_at:
            hours = hours.awake(ready_at, until)
        return replace(self, hours=hours.settled(until))

    def over(self, spans: Iterable[BillingInterval]) -> Meter:
        """These are not billed any more."""
        return replace(self, ended=(*self.ended, *spans))

    def recorded(self, now: datetime) -> Meter:
        """An event has stored all ended spans."""
        tally = self.tally_of(now)
        window = Interval(max(tally.month.start, self.opened_at or now), tally.month.end)
        used = sum((span.used(window, self.use) for span in self.ended), tally.used)
        hours = reduce(lambda log, span: log.paid(span.since, span.until), self.ended, self.hours)
        tally = replace(tally, used=used)
        return replace(self, ended=(), tally=tally, hours=hours.settled(now))

    def at_rest(self) -> Meter:
        """No resource exists: the tasks that were seen have ended."""
        return replace(self, seen={}, counted=frozenset(), read_at=None, apart={})

    # the tasks of services

    def saw(self, address: str, tasks: Sequence[SeenTask]) -> Meter:
        return replace(self, seen={**self.seen, address: tuple(tasks)})

    def replaced(self, address: str, tasks: Iterable[SeenTask], now: datetime) -> Meter:
        """
        Tasks that AWS stopped while their service continues.

        While a task is still stopping, a later pass reads it again: each ended task counts once.
        """
        tasks = list(tasks)
        new = [_span_of(address, one, now) for one in tasks if one.until and self._is_new(one)]
        spans = [span for span in new if span]
        arns = frozenset(span.arn for span in spans)
        meter = self.over(spans)._set_apart(address, spans)
        read_at = self.read_at if any(one.leaving for one in tasks) else now
        return replace(meter, counted=meter.counted | arns, read_at=read_at)

    def settled(self, service: BillingInterval, tasks: Iterable[SeenTask]) -> Meter:
        """Replace a service that has ended by its tasks, as last seen."""
        known = {one.arn: one for one in (*self.seen.get(service.address, ()), *tasks)}
        spans = [_span_of(service.address, one, service.until) for one in known.values()]
        found = [span for span in spans if span and span.arn not in self.counted]
        ended = [each for each in self.ended if each is not service]
        seen = {a: each for a, each in self.seen.items() if a != service.address}
        apart = {a: each for a, each in self.apart.items() if a != service.address}
        return replace(self, ended=(*ended, *found), seen=seen, apart=apart)

    def _set_apart(self, address: str, spans: Sequence[BillingInterval]) -> Meter:
        if not spans:
            return self
        first = min(span.since for span in spans)
        ran, began = self.apart.get(address, (timedelta(0), first))
        ran += sum((span.until - span.since for span in spans), timedelta(0))
        return replace(self, apart={**self.apart, address: (ran, min(began, first))})

    def _is_new(self, task: SeenTask) -> bool:
        return task.arn not in self.counted

    def open_spans(
        self, standing: Iterable[BilledResource], now: datetime
    ) -> list[BillingInterval]:
        """What is being billed, as if it ended now; but for tasks that have a span of their own."""
        return [self._open_span(each, now) for each in standing]

    def _open_span(self, each: BilledResource, now: datetime) -> BillingInterval:
        tasks, since = self.use.awake_only(each.address), each.since
        ran, began = self.apart.get(each.address, (timedelta(0), since))
        if tasks and tasks.count and began >= since:  # or else they were an earlier service's
            since += ran / tasks.count
        since = min(since, now)
        return BillingInterval(
            address=each.address, arn=each.arn, since=since, until=now, tasks=tasks
        )

    def to_json(self) -> dict[str, Json]:
        return {
            "opened_at": write_timestamp(self.opened_at),
            "use": self.use.to_json(),
            "use_since": write_timestamp(self.use_since),
            "tally": self.tally.to_json() if self.tally else None,
            "ended": [span.to_json() for span in self.ended],
            "seen": {a: [one.to_json() for one in each] for a, each in self.seen.items()},
            "counted": sorted(self.counted),
            "read_at": write_timestamp(self.read_at),
            "apart": {
                a: [t.total_seconds(), format_timestamp(m)] for a, (t, m) in self.apart.items()
            },
            "hours": self.hours.to_json(),
            "months": [month.to_json() for month in self.months],
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Meter:
        """Read what `to_json` wrote; an empty meter if the status has none."""
        if not data:
            return Meter()
        tally = data["tally"]
        return Meter(
            opened_at=read_timestamp(data["opened_at"]),
            use=UsageProfile.from_json(data["use"]),
            use_since=read_timestamp(data["use_since"]),
            tally=Tally.from_json(tally) if tally else None,
            ended=tuple(map(BillingInterval.from_json, data["ended"])),
            seen={a: tuple(map(SeenTask.from_json, each)) for a, each in data["seen"].items()},
            counted=frozenset(data["counted"]),
            read_at=read_timestamp(data["read_at"]),
            apart={
                address: (timedelta(seconds=ran), parse_timestamp(began))
                for address, (ran, began) in data.get("apart", {}).items()
            },
            hours=HourLog.from_json(data.get("hours", {})),
            months=tuple(map(PastMonth.from_json, data.get("months", ()))),
        )


def _span_of(address: str, task: SeenTask, now: datetime) -> BillingInterval | None:
    """None of a task that ended before it cost anything."""
    if task.since is None:
        return None
    until = task.until or max(task.since, now)
    return BillingInterval(
        address=address, arn=task.arn, since=task.since, until=until, tasks=task.tasks
    )
