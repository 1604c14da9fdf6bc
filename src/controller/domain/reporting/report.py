"""
The current state of a stack for people and programs: page, status requests, command line.

The status record is from the last pass. Requests since then are judged again, so a wake shows at
once, and not only after the first pass that sees it.

Its size: the report, its JSON, and the few rules that both need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from controller.domain.dataclass import dataclass, replace
from controller.domain.decision.booking import Booking, live_bookings
from controller.domain.decision.desired import Decision, decide
from controller.domain.decision.foresight import Change, foresee
from controller.domain.decision.held import Held
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.office_hours import Rules
from controller.domain.decision.term import Term
from controller.domain.money.budget import Budget, make_budget, stop_of
from controller.domain.money.ledger import Statement
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.plan import Target
from controller.domain.planning.serving import Degraded
from controller.domain.planning.spec import Json, Kind, Spec, cached_on_spec
from controller.domain.policy.policy import Policy
from controller.domain.policy.schedule import Schedule
from controller.domain.reporting.damage import Damaged
from controller.domain.reporting.in_force import is_in_force, live_leases
from controller.domain.reporting.proof import shown
from controller.domain.reporting.so_far import ending_holidays, saved_so_far
from controller.domain.reporting.standing import (
    say_asleep_until,
    say_awake,
    say_awake_until,
    say_waking,
)
from controller.domain.reporting.status import Status
from controller.domain.timestamps import format_timestamp, write_timestamp

AHEAD = timedelta(days=8)
"""How far ahead the next changes are shown."""

TAKEN_UP = timedelta(minutes=2)
"""A live pass writes at least every half minute; one that is silent for longer is dead."""

STALE = timedelta(minutes=4)
"""If a pass in progress has not written its status for this long, it is gone."""

MOST_CHANGES = 2
FAILED, BLOCKED, STARTING, DEGRADED = "failed", "blocked", "starting", "degraded"
STUCK = "stuck"
"""
Phases beside those of a pass. A wake without a pass yet is starting; a sleep is stuck as
soon as AWS refuses it, and reported as stuck after a while.
"""


class State(StrEnum):
    ASLEEP = "asleep"
    WAKING = "waking"
    AWAKE = "awake"
    GOING_TO_SLEEP = "going to sleep"


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    `state` is one of four; `phase` says more, also that the last wake "failed" or is "blocked", or
    that it is awake and "degraded", and then `cause` why. `since` is when the state began, as far
    as that is known. `saved` is the running month's account up to now; None before a pass has seen
    the stack. `warnings` are sentences about what somebody should do before it matters. `held` are
    the requests that wait at the door. `term` says who owns it and until when it is wanted, if set.
    """

    spec: Spec
    status: Status
    state: State
    phase: str
    cause: str
    decision: Decision
    since: datetime | None
    eta: timedelta | None
    leases: tuple[Lease, ...]
    hold: Hold | None
    now: datetime
    next: tuple[Change, ...] = ()
    bookings: tuple[Booking, ...] = ()
    saved: Statement | None = None
    budget: Budget | None = None
    warnings: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    term: Term | None = None

    @property
    def has_settled(self) -> bool:
        """No transition is in progress."""
        return self.state in (State.ASLEEP, State.AWAKE)

    @property
    def is_begun(self) -> bool:
        """A pass has started on the decision."""
        wants_awake = self.state in (State.WAKING, State.AWAKE)
        return self.status.target is (Target.AWAKE if wants_awake else Target.ASLEEP)

    @property
    def is_taken_up(self) -> bool:
        """What is decided is so, or a pass is seen to work on it."""
        if not self.is_begun or self.has_settled:
            return self.is_begun
        written_at = self.status.updated_at
        return written_at is not None and self.now - written_at < TAKEN_UP

    @property
    def degraded(self) -> Degraded | None:
        """What is incomplete, if it is awake and still serves people."""
        return self.status.degraded if self.phase == DEGRADED else None

    @property
    def face(self) -> str:
        """In one word for people: one of its states, or what is wrong."""
        if self.phase in (FAILED, BLOCKED, STUCK, DEGRADED):
            return self.phase
        if self.state is State.GOING_TO_SLEEP and self.status.stuck:
            return STUCK
        if self.state is State.ASLEEP and self.hold:
            return "held"
        return "sleeping" if self.state is State.GOING_TO_SLEEP else str(self.state)

    @property
    def endpoint(self) -> Mapping[str, Json] | None:
        """Where it answers; None unless it does."""
        return self.status.endpoint if self.state is State.AWAKE else None

    @property
    def changes_at(self) -> datetime | None:
        """
        When it next changes between awake and asleep, as far as that can be foreseen.

        A hold that reaches further than what is foreseen lasts at least until its end.
        """
        if self.next:
            return self.next[0].at
        return self.hold.until if self.hold else None

    @property
    def standing(self) -> str:
        """What holds now and until when: "api is awake at http://… until Mon 23 Nov 18:00 JST"."""
        return f"{self.spec.stack} is {self._standing()}"

    def _standing(self) -> str:
        policy, hold, end = policy_of(self.spec), self.hold, self.changes_at
        if self.state in (State.ASLEEP, State.GOING_TO_SLEEP):
            comma = "," if self.state is State.GOING_TO_SLEEP else ""
            return f"{self.state}{comma} {say_asleep_until(policy, hold, end)}"
        until = say_awake_until(policy, self.decision.rule, hold, end)
        if self.state is State.WAKING:
            return say_waking(self.eta, until)
        return say_awake(address_text(self.endpoint), until)

    def to_json(self) -> dict[str, Json]:
        """The JSON of `status`; times are RFC 3339 in UTC."""
        failure = self.status.lifecycle.failure if self.phase == FAILED else None
        return {
            "stack": self.spec.stack,
            "now": format_timestamp(self.now),
            "time_zone": policy_of(self.spec).time_zone,
            "summary": self.standing,
            "state": str(self.state),
            "phase": self.phase,
            "cause": self.cause,
            "reason": self.decision.reason,
            "rule": str(self.decision.rule),
            "evidence": dict(self.decision.evidence),
            "since": write_timestamp(self.since),
            "until": write_timestamp(self.decision.until),
            "leases": [lease.to_json() for lease in self.leases],
            "hold": self.hold.to_json() if self.hold else None,
            "held": [each.to_json(self.now) for each in self.held],
            "bookings": [booking.public() for booking in self.bookings],
            "endpoint": dict(self.endpoint) if self.endpoint else None,
            "steps": self.steps,
            "eta_seconds": None if self.eta is None else round(self.eta.total_seconds(), 1),
            "next": [change.to_json() for change in self.next],
            "degraded": self.degraded.to_json() if self.degraded else None,
            "failure": failure and {"at": format_timestamp(failure.at), "cause": self.cause},
            "stuck": self.status.stuck.to_json() if self.status.stuck else None,
            "updated_at": write_timestamp(self.status.updated_at),
            "saved": self.saved.summary() if self.saved else None,
            "budget": self.budget.to_json() if self.budget else None,
            "warnings": list(self.warnings),
            "proof": shown(self.status.proof),
            "owner": (self.term.owner or None) if self.term else None,
            "expires": write_timestamp(self.term.expires_at) if self.term else None,
        }

    @property
    def steps(self) -> list[dict[str, Json]]:
        """The steps of the resources in the present transition, as JSON."""
        if not self.is_begun:
            return []  # those of the transition before
        learned = self.status.learned
        return [
            {**step, "usual_seconds": learned.usual_seconds(step["address"], step["step"])}
            for step in self.status.timeline.to_json()
        ]


@cached_on_spec
def policy_of(spec: Spec) -> Policy:
    """As it applies: without a load balancer nothing counts the traffic, and no hour is paid."""
    policy = Policy.from_json(spec.policy)
    if spec.of_kind(Kind.LOAD_BALANCER):
        return policy
    return replace(policy, idle_timeout=None, finish_paid_hour=False)


def rules_of(
    spec: Spec, status: Status, bookings: Iterable[Booking] = (), now: datetime | None = None
) -> Rules:
    """
    The rules of a stack with the lead time that its wakes have taught.

    Of a moment that is given they know whether the month's budget ends its office hours.
    """
    policy = policy_of(spec)
    rules = Rules.of(policy, status.lead(policy.wake_timeout), _schedule_of(spec))
    stop = stop_of(spec, policy, status.lifecycle, status.meter, now) if now else None
    return rules.with_bookings(bookings).with_stop(stop)


@cached_on_spec
def _schedule_of(spec: Spec) -> Schedule:
    return Schedule(policy_of(spec))


def make_report(
    spec: Spec,
    status: Status,
    leases: Iterable[Lease],
    hold: Hold | None,
    now: datetime,
    damaged: Iterable[Damaged] = (),
    held: Iterable[Held] = (),
    bookings: Iterable[Booking] = (),
    term: Term | None = None,
) -> Report:
    """
    Report the state of a stack at `now`; `damaged` are its records that cannot be read, `held`
    the recorded requests that wait at the door.
    """
    leases, bookings = tuple(leases), tuple(bookings)
    rules = rules_of(spec, status, bookings, now)
    outline = make_outline(spec, status, leases, hold, now, held, bookings)
    lifecycle = status.lifecycle.judged_by(spec.hash)
    budget = make_budget(spec, rules.with_stop(None), leases, hold, lifecycle, status.meter, now)
    as_foreseen = rules.with_stop(budget.stop) if budget else rules
    ahead = foresee(as_foreseen, leases, hold, lifecycle, now, now + AHEAD)
    return replace(
        outline,
        next=tuple(islice(ahead, MOST_CHANGES)),
        bookings=live_bookings(bookings, now),
        saved=saved_so_far(spec, status, now),
        budget=budget,
        warnings=(
            *_set_aside(status, outline.state),
            *map(str, damaged),
            *ending_holidays(spec, rules.policy, now),
        ),
        term=term,
    )


def make_outline(
    spec: Spec,
    status: Status,
    leases: Sequence[Lease],
    hold: Hold | None,
    now: datetime,
    held: Iterable[Held] = (),
    bookings: Iterable[Booking] = (),
) -> Report:
    """
    The report without what takes longest: what comes next, the money, and the warnings.

    A pass needs no more to see whether its stack's row on the board has changed.
    """
    rules = rules_of(spec, status, bookings, now)
    hold = hold.under(rules) if hold else None
    decision = decide(rules, leases, hold, status.lifecycle.judged_by(spec.hash), now)
    live = live_leases(leases, status, now)
    state = _state(status, decision)
    phase, cause = _phase(status, state)
    return Report(
        spec=spec,
        status=status,
        state=state,
        phase=phase,
        cause=cause,
        decision=decision,
        since=_since(status, state, live),
        eta=_eta(status, state, now),
        leases=live,
        hold=hold if is_in_force(hold, leases, status, now) else None,
        now=now,
        held=tuple(each for each in held if each.covers(now)),
    )


def _set_aside(status: Status, state: State) -> Sequence[str]:
    """Differences from the files that do not stop the stack, and resources elsewhere."""
    is_said = status.degraded is not None
    causes = [status.cause] if state is State.AWAKE and status.cause and not is_said else []
    return [*causes, *(trouble.cause for trouble in status.replaced.values())]


def _state(status: Status, decision: Decision) -> State:
    lifecycle = status.lifecycle
    if decision.state is Target.AWAKE:
        ready = (
            status.target is Target.AWAKE and lifecycle.ready_at and not lifecycle.unserved_since
        )
        return State.AWAKE if ready else State.WAKING
    if status.target is None or (status.target is Target.ASLEEP and status.settled):
        return State.ASLEEP
    return State.GOING_TO_SLEEP


def _phase(status: Status, state: State) -> tuple[str, str]:
    if state is State.WAKING and status.target is not Target.AWAKE:
        return STARTING, ""
    if state is State.GOING_TO_SLEEP and status.target is not Target.ASLEEP:
        return str(state), ""
    if state is State.GOING_TO_SLEEP and status.stuck:  # it costs money, in any case
        phase = STUCK if status.phase == FAILED else status.phase
        return phase or str(state), status.stuck.cause
    if state in (State.ASLEEP, State.GOING_TO_SLEEP):
        if status.blocked:
            return BLOCKED, status.blocked.cause
        if status.lifecycle.failure:
            return FAILED, status.lifecycle.failure.cause
    if state is State.GOING_TO_SLEEP and status.phase == FAILED:
        return STUCK, status.cause  # it is the sleep that failed, and it is tried again
    if state is State.AWAKE and status.degraded:
        return DEGRADED, status.degraded.reason
    if state in (State.ASLEEP, State.AWAKE):
        return str(state), ""
    return status.phase or str(state), status.cause


def _since(status: Status, state: State, live: Sequence[Lease]) -> datetime | None:
    lifecycle = status.lifecycle
    match state:
        case State.AWAKE:
            return lifecycle.ready_at
        case State.WAKING:
            under_way = lifecycle.unserved_since or lifecycle.waking_since
            return under_way or max((lease.requested_at for lease in live), default=None)
        case State.GOING_TO_SLEEP:
            return status.since if status.target is Target.ASLEEP else None
        case State.ASLEEP:
            return lifecycle.slept.at if lifecycle.slept else None


def _eta(status: Status, state: State, now: datetime) -> timedelta | None:
    """How much longer the wake should take; None without one, or if it is late."""
    if state is not State.WAKING or status.lifecycle.unserved_since:
        return None
    since = status.lifecycle.waking_since or now
    return status.learned.remaining(max(timedelta(0), now - since))
