"""
Rebuilds the past in a lost status from the history. Pure.

It invents nothing that only the status knew: hours without an event count as asleep, and use is
unknown unless an event says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce

from controller.domain.dataclass import replace
from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.lifecycle import BilledResource
from controller.domain.money.hour_log import HourLog
from controller.domain.money.ledger import (
    Past,
    awake_in,
    each_once,
    parts_of,
    spans_in_events,
    spent_in,
    wakes_in,
    window_of,
)
from controller.domain.money.meter import Meter, Tally
from controller.domain.money.month import Month
from controller.domain.money.past_months import months_again
from controller.domain.money.usage import BillingInterval
from controller.domain.timestamps import parse_timestamp


def meter_again(past: Past, now: datetime) -> Meter:
    """The meter of a status that was lost, from the events of this month."""
    if past.opened_at is None:
        return Meter()
    month = Month.of(now)
    window = window_of(month, past.opened_at, now)
    tally = Tally(
        month=month,
        used=spent_in(each_once(spans_in_events(past.events)), window, past.uses),
        awake=awake_in(past.events, window),
        wakes=wakes_in(past.events, window),
    )
    for part, use in parts_of(window, past.uses)[:-1]:
        always, rest = tally.always + use.always_on(part), tally.rest + use.at_rest(part)
        tally = replace(tally, always=always, rest=rest)
    meter = Meter(
        opened_at=past.opened_at,
        tally=tally,
        counted=_counted(past.events),
        hours=log_hours(past.events, now),
        months=months_again(past, month),
    )
    if not past.uses:
        return meter
    use_since, use = past.uses[-1]
    return replace(meter, use=use, use_since=use_since)


def log_hours(events: Iterable[Event], now: datetime) -> HourLog:
    """The hours, from the history alone; hours whose traffic was not read are unknown."""
    log, parts = HourLog(), []
    for event in events:
        for span in spans_in_events([event]):
            log = log.paid(span.since, span.until)
        ready_at = event.facts.get("ready_at")
        if ready_at:
            log = log.awake(parse_timestamp(ready_at), event.at)
        if "hours" in event.facts:
            parts.append(event.facts["hours"])
    return reduce(HourLog.with_part, parts, log).settled(now)


def standing_again(events: Iterable[Event]) -> tuple[BilledResource, ...]:
    """
    The resources billed at the last event, for a lost status.

    If one is gone by now, the time of its end is unknown: it counts until it is found gone.
    """
    recorded = [event.facts["stands"] for event in events if "stands" in event.facts]
    return tuple(map(BilledResource.from_json, recorded[-1])) if recorded else ()


def _counted(events: Iterable[Event]) -> frozenset[str]:
    """The tasks of this time awake with a recorded span: AWS still lists them."""
    spans: list[BillingInterval] = []
    for event in events:
        spans = [] if event.kind is EventKind.ASLEEP else [*spans, *spans_in_events([event])]
    return frozenset(span.arn for span in spans if span.is_task)
