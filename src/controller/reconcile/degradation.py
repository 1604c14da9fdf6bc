"""
A stack that serves people, but not completely: reported once, and again when fewer serve.
Pure.
"""

from __future__ import annotations

from datetime import datetime

from controller.domain.dataclass import replace
from controller.domain.decision.history import EventKind
from controller.domain.planning.serving import Degraded, find_shortfalls
from controller.domain.planning.spec import Spec
from controller.domain.reporting.status import Status
from controller.domain.timestamps import format_timestamp, write_timestamp
from controller.reconcile.events import add_event
from controller.reconcile.outcome import Outcome


def degraded(status: Status, spec: Spec, outcome: Outcome, now: datetime) -> Status:
    """The stack still serves; reported once, and again when fewer tasks serve."""
    if status.lifecycle.ready_at is None:  # its status was lost, and it was found serving
        lifecycle = replace(status.lifecycle.ready(now), incomplete_since=now)
        status = replace(status, lifecycle=lifecycle, meter=status.meter.woken(now))
    before, observed = status.degraded, outcome.observed
    found = Degraded(
        since=before.since if before else status.lifecycle.incomplete_since or now,
        cause=outcome.cause,
        services=find_shortfalls(spec, observed) if observed else (),
    )
    if before and (observed is None or found.serving >= before.least):
        return replace(status, degraded=replace(found, least=before.least))
    status = replace(status, degraded=replace(found, least=found.serving))
    facts = {
        "since": format_timestamp(found.since),
        "services": [each.to_json() for each in found.services],
        "cause": found.cause,
        "endpoint": status.endpoint,
    }
    return add_event(status, spec, EventKind.DEGRADED, now, found.reason, **facts)


def restored(status: Status, spec: Spec, now: datetime) -> Status:
    """It runs completely again."""
    degraded, status = status.degraded, replace(status, degraded=None)
    facts = {
        "since": write_timestamp(degraded.since if degraded else None),
        "endpoint": status.endpoint,
    }
    reason = str(status.decision.get("reason", ""))
    return add_event(status, spec, EventKind.RESTORED, now, reason, **facts)
