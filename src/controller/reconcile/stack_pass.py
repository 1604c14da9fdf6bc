"""
One pass for one stack: lock, load, decide, reconcile, record, and say when to come back.

Everything is derived again from records and observation, so a pass may be cut off anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from controller.domain.desired import Decision, decide
from controller.domain.endpoint import find_endpoint
from controller.domain.lease import Lease
from controller.domain.moments import format_moment, parse_moment
from controller.domain.plan import Target
from controller.domain.policy import Policy
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.domain.progress import Progress, Timeline
from controller.domain.schedule import Schedule
from controller.domain.spec import Json, Spec
from controller.reconcile.loop import Limits, Outcome, Reconciler, Result, Round

SLOW = timedelta(minutes=15)
"""How often something is tried that only a person can put right (AWS behaviour §10.4)."""


class Records(Protocol):
    """What the store knows about a stack."""

    @property
    def spec(self) -> Spec: ...
    @property
    def status(self) -> Mapping[str, Json]: ...
    @property
    def leases(self) -> tuple[Lease, ...]: ...


class Store(Protocol):
    """The records of one stack; the caller holds its lock."""

    def load(self) -> Records: ...
    def put_status(self, status: Mapping[str, Json], due_at: datetime | None) -> None: ...
    def renew_lock(self) -> bool: ...


class Clouds(Protocol):
    def __call__(self, spec: Spec, side_by_side: SideBySide) -> Cloud: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """How the pass ended, for the log. `due_at` None: nothing will change by itself."""

    decision: Decision
    outcome: Outcome
    due_at: datetime | None

    def as_log(self) -> dict[str, Json]:
        return {
            "decision": self.decision.to_json(),
            "result": str(self.outcome.result),
            "cause": self.outcome.cause,
            "due_at": format_moment(self.due_at) if self.due_at else None,
        }


class StackPass:
    def __init__(
        self, store: Store, clouds: Clouds, clock: Clock, side_by_side: SideBySide
    ) -> None:
        self._store = store
        self._clouds = clouds
        self._clock = clock
        self._side_by_side = side_by_side

    def run(self, deadline: datetime) -> PassResult:
        """Work until the stack is as decided, or until `deadline` is near; then record it."""
        records = self._store.load()
        while True:
            decision = self._decide(records)
            outcome = self._reconcile(records, decision, deadline)
            status = self._status(records, decision, outcome)
            due_at = self._due_at(decision, outcome, status)
            self._store.put_status(status, due_at)
            again = outcome.result is Result.INTERRUPTED or _gave_up(outcome)
            if not again or self._clock.now() + timedelta(seconds=30) >= deadline:
                return PassResult(decision=decision, outcome=outcome, due_at=due_at)
            records = self._store.load()

    def _decide(self, records: Records) -> Decision:
        schedule = Schedule(Policy.from_json(records.spec.policy))
        spent = records.status.get("spent_at")
        spent_at = parse_moment(spent) if spent else None
        return decide(schedule, records.leases, spent_at, self._clock.now())

    def _reconcile(self, records: Records, decision: Decision, deadline: datetime) -> Outcome:
        reconciler: Reconciler = Reconciler(
            records.spec,
            self._clouds(records.spec, self._side_by_side),
            self._clock,
            self._side_by_side,
            report=lambda seen: self._record(records, decision, seen, reconciler),
            progress=Progress.from_json(records.status.get("progress", {})),
            timeline=_timeline(records, decision),
        )
        limits = Limits(deadline=deadline, give_up_at=self._give_up_at(records, decision))
        return reconciler.run(
            decision.state, limits, still_wanted=lambda: self._still_wanted(records, decision)
        )

    def _still_wanted(self, records: Records, decision: Decision) -> bool:
        """Ask the records again before every round: somebody may want something else by now."""
        if not self._store.renew_lock():
            return False
        latest = self._store.load()
        same_spec = latest.spec.hash == records.spec.hash
        return same_spec and self._decide(latest).state is decision.state

    def _give_up_at(self, records: Records, decision: Decision) -> datetime | None:
        if decision.state is Target.ASLEEP:
            return None
        policy = Policy.from_json(records.spec.policy)
        return self._since(records, decision) + policy.wake_timeout

    def _since(self, records: Records, decision: Decision) -> datetime:
        """When the stack set out for this state; a pass that was cut off does not start anew."""
        if records.status.get("target") == str(decision.state) and records.status.get("since"):
            return parse_moment(records.status["since"])
        return self._clock.now()

    def _record(
        self, records: Records, decision: Decision, seen: Round, reconciler: Reconciler
    ) -> None:
        """Show how far it is, and make sure that somebody comes back if this process dies."""
        status = {
            **records.status,
            **self._common(records, decision),
            "phase": _phase(seen),
            "steps": seen.timeline.to_json(),
            "progress": reconciler.progress.to_json(),
        }
        self._store.put_status(status, seen.now + timedelta(minutes=1))

    def _common(self, records: Records, decision: Decision) -> dict[str, Json]:
        return {
            "target": str(decision.state),
            "since": format_moment(self._since(records, decision)),
            "decision": decision.to_json(),
            "updated_at": format_moment(self._clock.now()),
            "spec_hash": records.spec.hash,
        }

    def _status(self, records: Records, decision: Decision, outcome: Outcome) -> dict[str, Json]:
        status: dict[str, Json] = {
            **records.status,
            **self._common(records, decision),
            "phase": _final_phase(outcome),
            "cause": outcome.cause,
            "steps": outcome.timeline.to_json(),
            "progress": outcome.progress.to_json(),
        }
        if outcome.observed:
            endpoint = find_endpoint(records.spec, outcome.observed)
            status["endpoint"] = endpoint.to_json() if endpoint else None
        if _gave_up(outcome):
            # What was wanted is spent: it is torn down, and only a new reason wakes it again.
            status["spent_at"] = format_moment(self._clock.now())
            status["failure"] = {"cause": outcome.cause, "at": status["spent_at"]}
        elif outcome.result is Result.CONVERGED and decision.state is Target.AWAKE:
            status.pop("failure", None)
        return status

    def _due_at(
        self, decision: Decision, outcome: Outcome, status: Mapping[str, Json]
    ) -> datetime | None:
        now = self._clock.now()
        match outcome.result:
            case Result.CONVERGED:
                return decision.until
            case Result.UNFINISHED | Result.INTERRUPTED:
                return now
            case _:
                return now if _gave_up(outcome) else now + SLOW


def _gave_up(outcome: Outcome) -> bool:
    """A wake that cannot finish is torn down: fail towards cheap."""
    failed = outcome.result in (Result.FAILED, Result.BLOCKED)
    return failed and outcome.target is Target.AWAKE


def _timeline(records: Records, decision: Decision) -> Timeline:
    """Steps of the way that an earlier pass began, or none for a new one."""
    if records.status.get("target") != str(decision.state):
        return Timeline()
    return Timeline.from_json(records.status.get("steps", []))


def _phase(seen: Round) -> str:
    said = [text for _, text in seen.plan.waiting if text]
    said += [a.waits_for for a in seen.plan.actions if a.waits_for]
    return said[0] if said else "creating" if seen.target is Target.AWAKE else "releasing"


def _final_phase(outcome: Outcome) -> str:
    match outcome.result:
        case Result.CONVERGED:
            return str(outcome.target)
        case Result.FAILED:
            return "failed"
        case Result.BLOCKED:
            return "blocked"
        case _:
            return "waking" if outcome.target is Target.AWAKE else "going to sleep"
