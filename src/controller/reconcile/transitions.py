"""
Transitions of a stack's status, by what was decided, observed, and reached.

Pure functions from one `Status` to the next; the pass writes them. Events go into the outbox in the
same write, so that none can be lost or invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from controller.domain.dataclass import replace
from controller.domain.decision.desired import Decision
from controller.domain.decision.history import Event, EventKind, Wake, finished_steps
from controller.domain.decision.lifecycle import Activity, ConsumedRequests, Failure, Lifecycle
from controller.domain.money.ledger import Statement, usage_now
from controller.domain.money.prices import find_prices
from controller.domain.planning.draining import drain_delay
from controller.domain.planning.endpoint import find_endpoint
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress, Timeline, for_new_wake
from controller.domain.planning.serving import serves
from controller.domain.planning.spec import Json, Kind, Spec
from controller.domain.reporting.damage import Damaged
from controller.domain.reporting.status import Status, Trouble
from controller.domain.timestamps import format_timestamp, write_timestamp
from controller.reconcile.degradation import degraded, restored
from controller.reconcile.events import add_event, no_longer_ready, note_replaced, spans_of
from controller.reconcile.journal import STOPPING_TASKS
from controller.reconcile.metering import nothing_exists
from controller.reconcile.outcome import Iteration, Outcome, Result

STUCK_AFTER = timedelta(minutes=15)
"""
A sleep that takes longer is a fault that costs money (AWS behaviour §3.4, §3.6). If a service
drains, its configured delay is added.
"""

MOST_STEPS = 100
"""A stack that is repaired again and again while awake must not outgrow its item."""

MOST_ENDED = 20
"""How many intervals may wait for the end of a wake before they are recorded anyway."""


def begin_transition(
    status: Status, spec: Spec, decision: Decision, before: Lifecycle, now: datetime
) -> Status:
    """
    Adopt a decision. A new target starts a new transition, with its own steps.

    `before` is the previous lifecycle, when it may still have been awake.
    """
    status = replace(status, decision=decision.to_json(), updated_at=now)
    if status.target is decision.state:
        return status
    waking = decision.state is Target.AWAKE
    from_rest = status.target is None or status.settled
    status = replace(
        status,
        target=decision.state,
        since=now,
        settled=False,
        from_rest=from_rest,
        phase="waking" if waking else "going to sleep",
        cause="",
        timeline=Timeline(),
        progress=for_new_wake(status.progress) if waking else _for_sleep(status.progress),
        stuck=None,
        blocked=None if waking else status.blocked,
        degraded=None,
        warned_for=None,
    )
    if waking:
        return add_event(status, spec, EventKind.WAKING, now, decision.reason)
    if not before.is_up:
        return status
    return no_longer_ready(status, spec, EventKind.SLEEPING, before, now, decision.reason)


def decided(status: Status, decision: Decision) -> Status:
    """The reason for its state, for people and programs."""
    return replace(status, decision=decision.to_json())


def activity_read(status: Status, activity: Activity) -> Status:
    return replace(status, lifecycle=replace(status.lifecycle, activity=activity))


def set_aside(status: Status, spec: Spec, damaged: Sequence[Damaged], now: datetime) -> Status:
    """Report records that cannot be read, each once until it changes."""
    ids = tuple(each.id for each in damaged)
    if ids == status.set_aside:
        return status
    news = [str(each) for each in damaged if each.id not in status.set_aside]
    status = replace(status, set_aside=ids)
    return add_event(status, spec, EventKind.DAMAGED, now, "\n".join(news)) if news else status


def _for_sleep(progress: Progress) -> Progress:
    return replace(progress, refused={})


def seen(status: Status, spec: Spec, iteration: Iteration, now: datetime) -> Status:
    """Show how far it is."""
    phase = str(iteration.target) if iteration.plan.converged else _phase(iteration)
    timeline, lifecycle = iteration.timeline, status.lifecycle
    if len(timeline.steps) > MOST_STEPS:
        timeline = Timeline(timeline.steps[-MOST_STEPS:])
    if iteration.target is Target.AWAKE:
        served = serves(spec, iteration.observed)
        lifecycle = lifecycle.snapshot_taken(now, complete=iteration.plan.converged, served=served)
    return replace(status, phase=phase, timeline=timeline, lifecycle=lifecycle, updated_at=now)


def ended(
    status: Status, spec: Spec, outcome: Outcome, consumes: ConsumedRequests, now: datetime
) -> Status:
    """Record how a run towards the target ended; `consumes` is what a failed wake consumes."""
    status = replace(
        status,
        progress=outcome.progress,
        timeline=Timeline(outcome.timeline.steps[-MOST_STEPS:]),
        phase=_final_phase(outcome),
        cause=outcome.cause,
        updated_at=now,
        spec_hash=spec.hash,
    )
    if outcome.observed:
        endpoint = find_endpoint(spec, outcome.observed)
        status = replace(status, endpoint=endpoint.to_json() if endpoint else None)
    if outcome.target is Target.AWAKE:
        return _wake_ended(status, spec, outcome, consumes, now)
    return _sleep_ended(status, spec, outcome, now)


def gave_up(outcome: Outcome) -> bool:
    """A wake that cannot finish is torn down: fail towards cheap."""
    failed = outcome.result in (Result.FAILED, Result.BLOCKED)
    return failed and outcome.target is Target.AWAKE


def new_wake(before: Status, after: Status) -> Wake | None:
    """The wake that has become ready between the two, for the history."""
    started_at, ready_at = after.lifecycle.waking_since, after.lifecycle.ready_at
    if started_at is None or ready_at is None or before.lifecycle.ready_at is not None:
        return None
    steps = finished_steps(after.timeline, started_at)
    made = any(step == "creating" for _, step, _ in steps)
    return Wake(
        started_at=started_at,
        ready_at=ready_at,
        reason=str(after.decision.get("reason", "")),
        from_rest=after.from_rest and made,  # one that already existed took no time
        steps=steps,
    )


def learned(status: Status, wake: Wake) -> Status:
    """How long its wakes take, with one more."""
    return replace(status, learned=status.learned.after(wake))


def woke(status: Status, spec: Spec, ends_at: datetime | None, now: datetime) -> Status:
    """Report that it has become ready, and its predicted end."""
    lifecycle, decision = status.lifecycle, status.decision
    facts = {
        "endpoint": status.endpoint,
        "waking_since": write_timestamp(lifecycle.waking_since),
        "slept_at": write_timestamp(lifecycle.slept.at if lifecycle.slept else None),
        "rule": decision.get("rule", ""),
        "ends_at": write_timestamp(ends_at),
    }
    return add_event(status, spec, EventKind.AWAKE, now, str(decision.get("reason", "")), **facts)


def warn(status: Status, spec: Spec, ends_at: datetime, reason: str, now: datetime) -> Status:
    """Report once that it is going to sleep soon."""
    if status.warned_for == ends_at:
        return status
    status = replace(status, warned_for=ends_at)
    facts = {"ends_at": format_timestamp(ends_at)}
    return add_event(status, spec, EventKind.SLEEPING_SOON, now, reason, **facts)


def delivered(status: Status, left: tuple[Event, ...]) -> Status:
    """The outbox was delivered, except for what is left."""
    return replace(status, outbox=left)


def _wake_ended(
    status: Status, spec: Spec, outcome: Outcome, consumes: ConsumedRequests, now: datetime
) -> Status:
    if outcome.result is Result.CONVERGED:
        first = status.lifecycle.ready_at is None
        status = note_replaced(status, spec, now)
        status = replace(status, lifecycle=status.lifecycle.ready(now), settled=True)
        status = restored(status, spec, now) if status.degraded else status
        return replace(status, meter=status.meter.woken(now)) if first else status
    if not gave_up(outcome):
        if len(status.meter.ended) >= MOST_ENDED:
            status = note_replaced(status, spec, now)
        status = replace(status, settled=False)
        return degraded(status, spec, outcome, now) if _is_degraded(outcome) else status
    failure = Failure(
        at=now,
        cause=outcome.cause,
        spec_hash=spec.hash,
        spent=consumes,
        is_late=outcome.is_late,
    )
    before = status.lifecycle
    status = replace(status, lifecycle=status.lifecycle.failed(failure), settled=False)
    if outcome.result is Result.FAILED:
        return no_longer_ready(status, spec, EventKind.FAILED, before, now, outcome.cause)
    return _blocked(status, spec, outcome, now, before)


def _sleep_ended(status: Status, spec: Spec, outcome: Outcome, now: datetime) -> Status:
    if outcome.result is Result.CONVERGED:
        status = nothing_exists(status, now)
        if not status.settled and (_took_down(outcome) or status.meter.ended):
            slept = status.lifecycle.slept
            facts = {
                "spans": spans_of(status),
                "slept_at": write_timestamp(slept.at if slept else None),
                "rule": slept.rule if slept else "",
                "month": _month(status, spec, now),
                "hours": _hours(status, now),
            }
            reason = str(status.decision.get("reason", ""))
            status = add_event(status, spec, EventKind.ASLEEP, now, reason, **facts)
            steps = finished_steps(outcome.timeline, status.since or now)
            status = replace(status, learned=status.learned.after_steps(steps))
        meter = status.meter.recorded(now).at_rest()
        return replace(status, meter=meter, settled=True, stuck=None, endpoint=None)
    if status.settled:  # it was asleep until now: from here on it may be stuck
        status = replace(status, since=now)
    status = replace(status, settled=False)
    if outcome.result is Result.BLOCKED:
        return _blocked(status, spec, outcome, now)
    since = status.since or now
    if now - since < STUCK_AFTER + _asked_to_drain(spec, outcome) or status.stuck:
        return status
    return _stuck(status, spec, outcome, since, now)


def _asked_to_drain(spec: Spec, outcome: Outcome) -> timedelta:
    """How long the services that still drain may do so by their files."""
    observed = outcome.observed
    if observed is None:
        return timedelta(0)
    services = ((each, observed[each.address]) for each in spec.of_kind(Kind.SERVICE))
    draining = (each for each, one in services if one.state is State.LEAVING or one.rests)
    return max((drain_delay(spec, each) for each in draining), default=timedelta(0))


def _stuck(status: Status, spec: Spec, outcome: Outcome, since: datetime, now: datetime) -> Status:
    trouble = Trouble(since=since, cause=outcome.cause, standing=_left(outcome))
    status = replace(status, stuck=trouble)
    facts = {
        "standing": list(trouble.standing),
        "billed": [each.address for each in status.lifecycle.billed],
        "since": format_timestamp(since),
    }
    return add_event(status, spec, EventKind.STUCK, now, outcome.cause, **facts)


def _blocked(
    status: Status, spec: Spec, outcome: Outcome, now: datetime, before: Lifecycle | None = None
) -> Status:
    if status.blocked and status.blocked.cause == outcome.cause:
        return status
    trouble = Trouble(since=now, cause=outcome.cause, standing=_left(outcome))
    status = replace(status, blocked=trouble)
    before, target = before or status.lifecycle, str(outcome.target)
    cause = outcome.cause
    return no_longer_ready(status, spec, EventKind.BLOCKED, before, now, cause, target=target)


def _took_down(outcome: Outcome) -> bool:
    steps = {step.step for step in outcome.timeline.steps}
    return not steps.isdisjoint({"deleting", "updating", STOPPING_TASKS})


def _left(outcome: Outcome) -> tuple[str, ...]:
    """Addresses of ours that are still there; the tasks of a service that drains run on."""
    if outcome.observed is None:
        return ()
    found = outcome.observed.resources.items()
    return tuple(a for a, one in found if one.state.exists or one.state is State.LEAVING)


def _month(status: Status, spec: Spec, now: datetime) -> Json:
    """The month's total including that; None for a stack without a meter."""
    used = usage_now(status.meter, status.lifecycle, now)
    return Statement(used=used, prices=find_prices(spec.region)).summary() if used else None


def _hours(status: Status, now: datetime) -> Json:
    """The hours of this time awake: for the history, which outlives the status."""
    meter = status.meter.recorded(now)
    since = min((span.since for span in status.meter.ended), default=now)
    return meter.hours.part(since, now)


def _phase(iteration: Iteration) -> str:
    said = [text for _, text in iteration.plan.waiting if text]
    said += [a.waits_for for a in iteration.plan.actions if a.waits_for]
    return said[0] if said else "creating" if iteration.target is Target.AWAKE else "releasing"


def _final_phase(outcome: Outcome) -> str:
    match outcome.result:
        case Result.CONVERGED:
            return str(outcome.target)
        case Result.FAILED:
            return "failed"
        case Result.BLOCKED:
            return "blocked"
        case Result.DEGRADED:
            return "degraded"
        case _:
            return "waking" if outcome.target is Target.AWAKE else "going to sleep"


def _is_degraded(outcome: Outcome) -> bool:
    return outcome.result is Result.DEGRADED
