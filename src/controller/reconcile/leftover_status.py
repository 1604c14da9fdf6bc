"""What a status says about replaced specs: their deletion, and what blocks it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controller.domain.dataclass import replace
from controller.domain.decision.history import Event, EventKind
from controller.domain.money.bill import hour_of
from controller.domain.planning.progress import Progress, forget
from controller.domain.planning.spec import Spec
from controller.domain.reporting.status import Status, Trouble
from controller.domain.timestamps import format_timestamp
from controller.reconcile.events import still_billed
from controller.reconcile.outcome import Outcome
from controller.reconcile.replaced import billed, why_it_stays

CLEARING = "taking down what the earlier configuration made"


def clearing(status: Status, outcome: Outcome, now: datetime) -> Status:
    """Something of a replaced spec is in the place of the new one, which has to wait for it."""
    return replace(
        status,
        progress=outcome.progress,
        phase=CLEARING,
        cause=outcome.cause,
        settled=False,
        updated_at=now,
    )


def took_down(status: Status, outcome: Outcome, before: Progress) -> Status:
    """A run for a replaced spec is over; the mark of the last full search stays."""
    return replace(
        status,
        progress=replace(outcome.progress, leftovers_checked_for=before.leftovers_checked_for),
    )


def still_replaced(status: Status, replaced: Sequence[Spec]) -> Status:
    """Remove the problems of replaced specs that no longer have any resource."""
    known = {left.hash for left in replaced}
    found = {key: each for key, each in status.replaced.items() if key in known}
    return status if found == status.replaced else replace(status, replaced=found)


def no_more_replaced(status: Status, left: Spec) -> Status:
    """Nothing of it exists any more, and nothing of it need be remembered."""
    found = {key: each for key, each in status.replaced.items() if key != left.hash}
    progress = forget(status.progress, [each.address for each in left.resources])
    if found == status.replaced and progress is status.progress:
        return status
    return replace(status, replaced=found, progress=progress)


def left_standing(status: Status, spec: Spec, left: Spec, cause: str, now: datetime) -> Status:
    """A part of a replaced spec cannot be put to sleep: report that once, and show it."""
    before = status.replaced.get(left.hash)
    cause, paid = why_it_stays(left, cause), billed(left)
    since = before.since if before else now
    trouble = Trouble(since=since, cause=cause, standing=paid)
    status = replace(status, replaced={**status.replaced, left.hash: trouble})
    if before:
        return status
    facts = {
        "standing": list(paid),
        "hours": {address: str(hour_of(left, address)) for address in paid},
        "since": format_timestamp(now),
        "replaced": True,
        "stands": [each.to_json() for each in still_billed(status, {})],
    }
    event = Event(stack=spec.stack, at=now, kind=EventKind.STUCK, reason=cause, facts=facts)
    return replace(status, outbox=(*status.outbox, event))
