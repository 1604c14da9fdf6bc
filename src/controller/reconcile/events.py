"""
Write events into the outbox of a status, each with its facts. Pure.

They are written together with their status, so none can be lost or invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from controller.domain.dataclass import replace
from controller.domain.decision.history import ENDED_BY, Event, EventKind
from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.planning.spec import Json, Spec
from controller.domain.reporting.status import Status
from controller.domain.timestamps import write_timestamp


def add_event(
    status: Status, spec: Spec, kind: EventKind, at: datetime, reason: str, **facts: Json
) -> Status:
    over = [trouble for trouble in status.troubles if kind in ENDED_BY[trouble]]
    if over:
        facts["after"] = [str(trouble) for trouble in over]
    troubles = {trouble: None for trouble in status.troubles if trouble not in over}
    if kind in ENDED_BY:
        troubles[kind] = None
    facts["stands"] = [each.to_json() for each in still_billed(status, facts)]
    event = Event(stack=spec.stack, at=at, kind=kind, reason=reason, facts=facts)
    week = status.week and status.week.with_event(event)
    outbox = (*status.outbox, event)
    return replace(status, troubles=tuple(troubles), outbox=outbox, week=week)


def no_longer_ready(
    status: Status,
    spec: Spec,
    kind: EventKind,
    before: Lifecycle,
    now: datetime,
    reason: str,
    **facts: Json,
) -> Status:
    """Record an end: from now on the stack can no longer be used."""
    status = replace(status, meter=status.meter.rested(before.ready_at, now))
    if before.ready_at:
        facts["ready_at"] = write_timestamp(before.ready_at)
    return add_event(status, spec, kind, now, reason, **facts)


def note_replaced(status: Status, spec: Spec, now: datetime) -> Status:
    """Record for the ledger what has ended while the stack stays awake."""
    if not status.meter.ended:
        return status
    facts = {"spans": spans_of(status)}
    status = add_event(status, spec, EventKind.REPLACED, now, "replaced while awake", **facts)
    return replace(status, meter=status.meter.recorded(now))


def spans_of(status: Status) -> Json:
    """The ended billing intervals, as `BillingInterval` writes them."""
    return [span.to_json() for span in status.meter.ended]


def still_billed(status: Status, facts: Mapping[str, Json]) -> Iterator[BilledResource]:
    """What is needed after a lost status, besides the intervals in the event itself."""
    yield from status.lifecycle.billed
    if "spans" not in facts:
        for span in status.meter.ended:
            if not span.is_task:
                yield BilledResource(address=span.address, arn=span.arn, since=span.since)
