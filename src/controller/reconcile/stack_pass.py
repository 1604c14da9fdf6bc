"""
One pass for one stack: load, decide, reconcile, record, and say when to come back.

Everything is derived again from records and observation, so a pass may be cut off anywhere. What
it remembers in between, it writes with its lock's number: one that was away for too long is
refused, and ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from traceback import format_exc

from controller.domain.decision.desired import Decision, all_asked_for, decide, settle_lifecycle
from controller.domain.decision.foresight import Change, foresee
from controller.domain.decision.history import Event, Learned
from controller.domain.decision.idle import judge, window_to_read
from controller.domain.decision.lifecycle import BilledResource
from controller.domain.decision.office_hours import Rules
from controller.domain.decision.sleep_rules import paid_hour_ends
from controller.domain.errors import DormouseError, LockLostError
from controller.domain.guards.overdue import Overdue, find_overdue
from controller.domain.money.ledger import Past, meter_again, standing_again
from controller.domain.money.meter import SeenTask
from controller.domain.money.month import Month
from controller.domain.money.usage import BillingInterval, UsageProfile
from controller.domain.planning.draining import longest_drain
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Json, Spec
from controller.domain.policy.policy import Policy
from controller.domain.ports import Clock, Cloud, SideBySide
from controller.domain.reporting.report import AHEAD, policy_of, rules_of
from controller.domain.reporting.status import Status
from controller.domain.timestamps import format_timestamp, parse_timestamp
from controller.reconcile import metering, replaced, transitions
from controller.reconcile.heartbeat import SHORT_PASS
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Iteration, Limits, Outcome, Result
from controller.reconcile.ports import Clouds, Records, Store, Tell, Traffics
from controller.reconcile.serving import Served

SLOW = timedelta(minutes=15)
"""How often something is tried that only a person can put right (AWS behaviour §10.4)."""

CHECK = timedelta(minutes=15)
"""How often an awake stack is looked at for what others did to it (F50)."""

MEND = timedelta(minutes=5)
"""How often a degraded stack is looked at: ECS goes on replacing its tasks by itself (§2.8)."""

SOON = timedelta(minutes=10)
"""How long before its end people are told that it is going to sleep."""

ALIVE = timedelta(seconds=90)
"""Written while a pass works, as what is due if nothing comes after: a lost pass is taken up."""

LONG_AWAKE = timedelta(days=31)
"""So long before this month the event may be that tells what stands, of a status that was lost."""

TELL_AGAIN = timedelta(minutes=5)
"""When to try again what could not be told."""

SHOW = timedelta(seconds=30)
"""How often at least the status is written while nothing changes, for `ALIVE` to be kept."""

PUNCTUAL = timedelta(seconds=60)
"""An end so close before that of a paid hour is waited for: the next heartbeat may be late."""

MOST_UNKNOWN = 5
"""So many sentences of one kind of sign are enough for a log line."""

ROOM = timedelta(seconds=30)
"""With less of its own time left a pass begins nothing anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """
    How the pass ended, for the log. `due_at` None: nothing will change by itself. `undelivered`
    events wait for a pass that can tell them, `fault` is the traceback of what kept one from being
    told; `overdue` is what a guard rail found. `unknown_events` are sentences that ECS has written
    since the last pass, and whose words nobody here knows.
    """

    decision: Decision
    outcome: Outcome
    due_at: datetime | None
    undelivered: int = 0
    fault: str = ""
    overdue: Overdue | None = None
    unknown_events: tuple[str, ...] = ()

    def as_log(self) -> dict[str, Json]:
        return {
            "decision": self.decision.to_json(),
            "result": str(self.outcome.result),
            "cause": self.outcome.cause,
            "due_at": format_timestamp(self.due_at) if self.due_at else None,
            **({"undelivered": self.undelivered} if self.undelivered else {}),
            **({"fault": self.fault} if self.fault else {}),
            **({"overdue": str(self.overdue)} if self.overdue else {}),
            **({"unknown_events": list(self.unknown_events)} if self.unknown_events else {}),
        }


class StackPass:
    """Make one for each pass; `spread_offset` is the stack's share of a spread (`domain.crowd`)."""

    def __init__(
        self,
        store: Store,
        clouds: Clouds,
        traffics: Traffics,
        clock: Clock,
        side_by_side: SideBySide,
        tell: Tell,
        spread_offset: timedelta = timedelta(0),
    ) -> None:
        self._store = store
        self._clouds = clouds
        self._traffics = traffics
        self._clock = clock
        self._side_by_side = side_by_side
        self._tell = tell
        self._cloud: Cloud
        self._latest: Records
        self._spread_offset = spread_offset
        self._is_found = False
        self._is_patient = True
        self._status = Status()
        self._written_at = clock.now()
        self._decided: tuple[object, Decision] | None = None
        self._rest_due: datetime | None = None
        self._last_pass_at: datetime | None = None

    def run(self, deadline: datetime) -> PassResult:
        """
        Work until the stack is as decided, or until `deadline` is near; then record it.

        With no more time than a pass in a crowd has, what takes AWS a while is not waited for.
        """
        self._is_patient = deadline - self._clock.now() > SHORT_PASS
        records = self._store.load()
        self._is_found = not records.status
        self._status = self._remembered(records)
        self._written_at = self._clock.now()
        self._last_pass_at = self._status.updated_at
        while True:
            self._note_use(records.spec)
            self._set_apart(records)
            self._tell_damage(records)
            decision = self._begin_transition(records)
            outcome = self._make_room(records, decision, deadline)
            if outcome is None:
                outcome = self._reconcile(records, decision, deadline)
                self._note_end(records, outcome)
                self._clear_rest(records, decision, outcome, deadline)
            result = self._conclude(records, decision, outcome)
            if result and self._is_recorded(records, result):
                if not self._waits_for_end(records, result, deadline):
                    return self._tell_all(records, result)
            elif self._clock.now() + ROOM >= deadline:
                now = self._clock.now()
                self._store.put_status(self._status.to_json(), now)
                return PassResult(decision=decision, outcome=outcome, due_at=now)
            records = self._store.load()

    def _remembered(self, records: Records) -> Status:
        status = replace(Status.from_json(records.status), spread_offset=self._spread_offset)
        now = self._clock.now()
        if not records.status:
            # Never seen, or lost; the history tells how long its wakes take.
            status = replace(status, learned=Learned.of(self._store.last_wakes()))
        if status.meter.opened_at is None:
            since = Month.of(now).start - LONG_AWAKE
            past = Past(uses=self._store.uses(), events=self._store.events(since))
            status = replace(status, meter=meter_again(past, now))
            if not records.status:
                standing = standing_again(past.events)
                status = replace(status, lifecycle=status.lifecycle.with_billed(standing))
        return status

    def _note_use(self, spec: Spec) -> None:
        """What the spec uses counts from now on, also for what the stack would cost always on."""
        use, now, meter = UsageProfile.of(spec), self._clock.now(), self._status.meter
        if meter.use_since is None or meter.use != use:
            self._store.put_use(use, now)
            self._status = replace(self._status, meter=meter.using(use, now))

    def _tell_damage(self, records: Records) -> None:
        """Records that cannot be read count as if they were not there, and are told of."""
        now = self._clock.now()
        self._status = transitions.set_aside(self._status, records.spec, records.damaged, now)

    # deciding

    def _begin_transition(self, records: Records) -> Decision:
        """Decide, and write down a new target before anything is done about it."""
        lifecycle = self._status.lifecycle.judged_by(records.spec.hash)
        self._status = replace(self._status, lifecycle=lifecycle)
        decision = self._decide(records)
        now, before = self._clock.now(), self._status.lifecycle
        settled = settle_lifecycle(self._status.lifecycle, decision, records.leases, now)
        if settled != self._status.lifecycle:
            self._status = replace(self._status, lifecycle=settled)
            decision = self._decide(records)
        target = self._status.target
        self._status = transitions.begin_transition(
            self._status, records.spec, decision, before, now
        )
        if self._status.target is not target:
            self._write(now)
        return decision

    def _decide(self, records: Records) -> Decision:
        """What holds now, with a look at the traffic where that could change it."""
        now = self._clock.now()
        decision = self._verdict(records, now)
        if decision.needs_traffic:
            self._look(records.spec, policy_of(records.spec), decision, now)
            decision = self._verdict(records, now)
        return decision

    def _verdict(self, records: Records, now: datetime) -> Decision:
        """A decision holds until its `until`, as long as nothing that it rests on changes."""
        rules, lifecycle = self._rules(records.spec), self._status.lifecycle
        basis = records.spec.hash, records.asked, rules.lead, lifecycle
        known = self._decided
        if known is None or known[0] != basis or _is_over(known[1], now):
            known = basis, decide(rules, records.leases, records.hold, lifecycle, now)
            self._decided = known
        return known[1]

    def _rules(self, spec: Spec) -> Rules:
        return rules_of(spec, self._status)

    def _look(self, spec: Spec, policy: Policy, decision: Decision, now: datetime) -> None:
        lifecycle = self._status.lifecycle
        since = parse_timestamp(decision.evidence["unused_since"])
        span = window_to_read(since, policy.idle_timeout or timedelta(0), now)
        counts = self._traffics(spec).read(lifecycle.balancers, span.start, span.end)
        activity = judge(counts, span, policy.idle_below, lifecycle.activity, now)
        self._status = replace(self._status, lifecycle=replace(lifecycle, activity=activity))

    # doing

    def _set_apart(self, records: Records) -> None:
        """Tell what replaced specs have left behind from what the spec names."""
        now, left = self._clock.now(), records.leftovers
        status = metering.set_apart(self._status, records.spec, left, now)
        self._status = transitions.still_replaced(status, left)
        self._rest_due = None

    def _make_room(
        self, records: Records, decision: Decision, deadline: datetime
    ) -> Outcome | None:
        """Take down what is in the new spec's place; the outcome if that is not done yet."""
        for left in records.leftovers:
            first = replaced.goes_first(left, records.spec, decision.state)
            if first is None or not self._may_take_its_place(records, decision):
                continue
            known = left.hash in self._status.replaced
            patience = replaced.UNANSWERED if known else replaced.PATIENCE
            give_up_at = self._clock.now() + patience
            outcome = self._take_down(records, decision, left, first, deadline, give_up_at)
            if outcome is None or outcome.result is Result.CONVERGED:
                continue
            if outcome.result in (Result.UNFINISHED, Result.INTERRUPTED):
                self._status = transitions.clearing(self._status, outcome, self._clock.now())
                return outcome
        return None

    def _may_take_its_place(self, records: Records, decision: Decision) -> bool:
        """What serves people does not go for what cannot come."""
        if decision.state is Target.ASLEEP:
            return True
        now, progress = self._clock.now(), self._status.progress
        try:
            return replaced.could_be_made(records.spec, self._expecting(records), progress, now)
        except DormouseError:
            return True  # what cannot be told now is seen when it is made

    def _expecting(self, records: Records) -> Cloud:
        """The spec's cloud, which knows what replaced ones have left behind."""
        spec = records.spec
        open_cloud = partial(self._clouds, spec, self._side_by_side)
        return replaced.Expecting(open_cloud, spec, records.leftovers)

    def _clear_rest(
        self, records: Records, decision: Decision, outcome: Outcome, deadline: datetime
    ) -> None:
        """Once the stack is as decided, take down what nobody needs any more."""
        if (
            not records.leftovers
            or outcome.result is Result.INTERRUPTED
            or transitions.gave_up(outcome)
        ):
            return
        waits = outcome.result is not Result.CONVERGED and decision.state is Target.AWAKE
        if waits or self._status.outbox:
            # What has just happened is told first; a degraded stack is mended slowly.
            is_slow = outcome.result is Result.DEGRADED and not self._status.outbox
            self._rest_due = self._clock.now() + (MEND if is_slow else timedelta(0))
            return
        self._write(self._clock.now())
        for left in records.leftovers:
            until = replaced.overlap_ends(left, records.spec, outcome.observed)
            if until and decision.state is Target.AWAKE and self._clock.now() < until:
                self._rest_due = _soonest(self._rest_due, until)
                continue
            ended = self._take_down(records, decision, left, left, deadline)
            if ended is None:
                self._is_due_by(SLOW)
            elif ended.result is Result.CONVERGED:
                self._store.forget_leftover(left)
                self._status = transitions.no_more_replaced(self._status, left)
            else:
                self._is_due_by(timedelta(0))

    def _is_due_by(self, after: timedelta) -> None:
        """Replaced specs are looked at again no later than that."""
        self._rest_due = _soonest(self._rest_due, self._clock.now() + after)

    def _take_down(
        self,
        records: Records,
        decision: Decision,
        left: Spec,
        part: Spec,
        deadline: datetime,
        give_up_at: datetime | None = None,
    ) -> Outcome | None:
        """
        Put a part of a replaced spec to sleep. None where that needs a person, who is told.

        Where AWS does not answer, as in a region that is switched off, nothing is waited for.
        """
        began_at = self._clock.now()
        has_answered = is_silent = False

        def show(reconciler: Reconciler, seen: Iteration) -> None:
            nonlocal has_answered
            has_answered = True
            self._meter(part, reconciler, seen, whole=False)

        def is_wanted() -> bool:
            nonlocal is_silent
            is_silent = not has_answered and self._clock.now() - began_at >= replaced.UNANSWERED
            return not is_silent and self._still_wanted(records, decision)

        leftovers_checked_for = self._status.progress.leftovers_checked_for
        progress = replaced.own_progress(self._status.progress, part)
        self._latest = records
        limits = Limits(deadline=deadline, give_up_at=give_up_at, patient=self._is_patient)
        cloud = replaced.Abandoned(partial(self._clouds, part, self._side_by_side), part, ())
        reconciler = self._reconciler(part, cloud, show, progress)
        outcome = reconciler.run(Target.ASLEEP, limits, is_wanted)
        self._status = replace(
            self._status,
            progress=replace(outcome.progress, leftovers_checked_for=leftovers_checked_for),
        )
        cause = cloud.refusal if is_silent else outcome.cause
        if is_silent or outcome.result in (Result.FAILED, Result.BLOCKED):
            now = self._clock.now()
            self._status = transitions.left_standing(self._status, records.spec, left, cause, now)
            return None
        return outcome

    def _reconcile(self, records: Records, decision: Decision, deadline: datetime) -> Outcome:
        spec, cloud, progress = records.spec, self._expecting(records), self._status.progress
        reconciler = self._reconciler(spec, cloud, partial(self._show, spec), progress)
        give_up_at = self._give_up_at(records, decision)
        limits = Limits(
            deadline=deadline,
            give_up_at=give_up_at,
            usual=self._usual(decision),
            patient=self._is_patient,
            served=self._served(records.spec),
        )
        self._latest = records
        fresh = iter([not records.leftovers])  # the records were read a moment ago
        return reconciler.run(
            decision.state,
            limits,
            still_wanted=lambda: next(fresh, False) or self._still_wanted(records, decision),
        )

    def _reconciler(
        self,
        spec: Spec,
        cloud: Cloud,
        show: Callable[[Reconciler, Iteration], None],
        progress: Progress,
    ) -> Reconciler:
        self._cloud = cloud
        reconciler: Reconciler = Reconciler(
            spec,
            cloud,
            self._clock,
            self._side_by_side,
            report=lambda seen: show(reconciler, seen),
            progress=progress,
            timeline=self._status.timeline,
        )
        return reconciler

    def _still_wanted(self, records: Records, decision: Decision) -> bool:
        """Ask before every round: somebody may want something else by now."""
        self._renewed()
        if self._store.asked() != self._latest.asked:
            self._latest = self._store.load()
        latest = self._latest
        if latest.spec.hash != records.spec.hash:
            return False
        return self._verdict(latest, self._clock.now()).state is decision.state

    def _renewed(self) -> bool:
        if self._store.renew_lock():
            return True
        raise LockLostError("another pass has taken over the stack; this one ends")

    def _give_up_at(self, records: Records, decision: Decision) -> datetime | None:
        """Patience with a wake counts from when it set out; see `Served` for one that is over."""
        if decision.state is Target.ASLEEP:
            return None
        since = self._status.lifecycle.waking_since or self._clock.now()
        return since + policy_of(records.spec).wake_timeout

    def _served(self, spec: Spec) -> Served | None:
        """What is known of whether it serves; of one whose status was lost a look tells."""
        lifecycle = self._status.lifecycle
        if lifecycle.ready_at is None and not self._is_found:
            return None
        return Served(
            patience=policy_of(spec).wake_timeout,
            since=lifecycle.ready_at,
            incomplete_since=lifecycle.incomplete_since,
            unserved_since=lifecycle.unserved_since,
        )

    def _usual(self, decision: Decision) -> timedelta:
        """How long such a way has taken so far; nothing is known of ways to sleep."""
        known = self._status.learned.usual if decision.state is Target.AWAKE else None
        return known or timedelta(0)

    def _show(self, spec: Spec, reconciler: Reconciler, seen: Iteration) -> None:
        """Show how far it is, and make sure that somebody comes back if this process dies."""
        before = self._status
        self._meter(spec, reconciler, seen)
        self._status = transitions.seen(self._status, spec, seen, seen.now)
        changed = _visible(before) != _visible(self._status)
        if changed or seen.now - self._written_at >= SHOW:
            self._write(seen.now)

    def _meter(
        self, spec: Spec, reconciler: Reconciler, seen: Iteration, *, whole: bool = True
    ) -> None:
        """Take down what costs money. AWS is asked for the tasks of services that are leaving."""
        status = self._status
        if status.progress != reconciler.progress:
            status = replace(status, progress=reconciler.progress)
        status = metering.metered(status, spec, seen, seen.now, whole=whole)
        for each in metering.leaving_services(status, spec, seen.observed):
            tasks = self._tasks(each)
            if tasks is not None:
                status = replace(status, meter=status.meter.saw(each.address, tasks))
        for span in metering.ended_services(status, spec):
            arns = [task.arn for task in status.meter.seen[span.address]]
            tasks = self._tasks(span, arns) if arns else []
            if tasks is not None:
                status = replace(status, meter=status.meter.settled(span, tasks))
        for span in metering.unseen_services(status, spec):
            # A later service of the same name has tasks too.
            tasks = [one for one in self._tasks(span) or () if one.created_at <= span.until]
            if tasks:
                status = replace(status, meter=status.meter.settled(span, tasks))
        self._status = status

    def _note_replaced_tasks(self, spec: Spec, outcome: Outcome) -> None:
        """AWS forgets a stopped task within an hour or so: those of a long day are taken down."""
        if outcome.observed is None or outcome.target is Target.ASLEEP:
            return
        for each in metering.changed_services(self._status, spec, outcome.observed):
            tasks = self._tasks(each)
            if tasks is not None:
                meter = self._status.meter.replaced(each.address, tasks, self._clock.now())
                self._status = replace(self._status, meter=meter)

    def _tasks(
        self, service: BilledResource | BillingInterval, known: Sequence[str] = ()
    ) -> list[SeenTask] | None:
        """The tasks that this service has had; None where AWS does not tell: money can wait."""
        try:
            tasks = self._cloud.tasks(service.address, known)
        except DormouseError:
            return None
        # An earlier service of the same name had tasks too.
        return [task for task in tasks if task.created_at >= service.since]

    def _write(self, now: datetime) -> None:
        self._store.put_status(self._status.to_json(), now + ALIVE)
        self._written_at = now

    # ending

    def _note_end(self, records: Records, outcome: Outcome) -> None:
        self._note_replaced_tasks(records.spec, outcome)
        now, before = self._clock.now(), self._status
        asked_for = all_asked_for(self._rules(records.spec), records.leases, records.hold, now)
        self._status = transitions.ended(before, records.spec, outcome, asked_for, now)
        wake = transitions.new_wake(before, self._status)
        if wake:
            self._store.put_wake(wake)
            self._status = replace(self._status, learned=self._status.learned.after(wake))
            ends = self._next_sleep(records, now, now + AHEAD)
            ends_at = ends.at if ends else None
            self._status = transitions.woke(self._status, records.spec, ends_at, now)

    def _conclude(
        self, records: Records, decision: Decision, outcome: Outcome
    ) -> PassResult | None:
        """What the pass ends with; None when there is something else to do at once."""
        if outcome.result is Result.INTERRUPTED or transitions.gave_up(outcome):
            return None
        wanted = self._decide(records)
        self._status = replace(self._status, decision=wanted.to_json())
        if wanted.state is not decision.state:
            return None
        due_at = self._due_at(records, wanted, outcome)
        rules, now = self._rules(records.spec), self._clock.now()
        overdue = find_overdue(self._status, wanted, rules, now, longest_drain(records.spec))
        return PassResult(
            decision=wanted,
            outcome=outcome,
            due_at=due_at,
            overdue=overdue,
            unknown_events=self._unknown_events(outcome),
        )

    def _unknown_events(self, outcome: Outcome) -> tuple[str, ...]:
        """Each is told once: by the first pass after it."""
        seen = outcome.observed.resources.values() if outcome.observed else ()
        fresh = [
            text
            for one in seen
            for at, text in one.unknown_events
            if self._last_pass_at is None or at > self._last_pass_at
        ]
        return tuple(dict.fromkeys(fresh))[:MOST_UNKNOWN]

    def _due_at(self, records: Records, decision: Decision, outcome: Outcome) -> datetime | None:
        now = self._clock.now()
        if outcome.result is Result.UNFINISHED:
            return now + SLOW if self._status.stuck and not _only_frees(outcome) else now
        moments = [decision.until, self._rest_due]
        if outcome.result is Result.DEGRADED:
            moments += [now + MEND, self._warn_at(records, now)]
        elif outcome.result is not Result.CONVERGED:
            moments.append(now + SLOW)
        elif decision.state is Target.AWAKE:
            moments += [now + CHECK, self._warn_at(records, now), self._ahead_of(records, decision)]
        return min((moment for moment in moments if moment), default=None)

    def _warn_at(self, records: Records, now: datetime) -> datetime | None:
        """When to tell that it is going to sleep; if that is now, it is told."""
        ready_at = self._status.lifecycle.ready_at
        end = self._next_sleep(records, now, now + CHECK + SOON)
        if end is None or ready_at is None or end.at - ready_at < 2 * SOON:
            return None
        if end.at - SOON > now:
            return end.at - SOON
        self._status = transitions.warn(self._status, records.spec, end.at, end.reason, now)
        return None

    def _next_sleep(self, records: Records, now: datetime, horizon: datetime) -> Change | None:
        """When it goes to sleep if nobody asks for anything and somebody uses it until then."""
        rules, lifecycle = self._rules(records.spec), self._status.lifecycle
        changes = foresee(rules, records.leases, records.hold, lifecycle, now, horizon)
        return next((change for change in changes if change.state is Target.ASLEEP), None)

    def _ahead_of(self, records: Records, decision: Decision) -> datetime | None:
        """Come back before an end after which the next hour would be paid almost at once."""
        if decision.until is None or not self._is_punctual(records, decision.until):
            return None
        ahead = decision.until - PUNCTUAL
        return ahead if ahead > self._clock.now() else None

    def _is_punctual(self, records: Records, end: datetime) -> bool:
        paid = paid_hour_ends(policy_of(records.spec), self._status.lifecycle, end)
        return paid is not None and paid - end <= PUNCTUAL

    def _waits_for_end(self, records: Records, result: PassResult, deadline: datetime) -> bool:
        """Wait for an end that the next heartbeat could miss; True when it has come."""
        now, until = self._clock.now(), result.decision.until
        if until is None or result.decision.state is not Target.AWAKE:
            return False
        if not now < until <= min(now + PUNCTUAL, deadline - ROOM):
            return False
        if result.outcome.result is not Result.CONVERGED or not self._is_punctual(records, until):
            return False
        while self._renewed() and self._clock.now() < until:
            left = until - self._clock.now()
            self._clock.sleep(min(left, SHOW).total_seconds())
        return True

    def _is_recorded(self, records: Records, result: PassResult) -> bool:
        """
        Write the end down; False when somebody asked for something meanwhile.

        With something to tell it is due at once: if this process dies now, the next one tells.
        """
        due_at = result.due_at
        if self._status.outbox:
            due_at = _soonest(due_at, self._clock.now() + ALIVE)
        return self._store.put_status(self._status.to_json(), due_at, asked=records.asked)

    def _tell_all(self, records: Records, result: PassResult) -> PassResult:
        """
        Record and tell what is in the outbox.

        What the topic does not take now waits, and what follows it, so that it is told in order.
        An event that cannot be told for a fault of its own waits alone.
        """
        outbox = self._status.outbox
        if not outbox:
            return result
        left, held_up = [], False
        for event in [event for event in outbox if self._store.put_event(event)]:
            held_up = held_up or not self._renewed()
            if held_up:
                left.append(event)
                continue
            try:
                if self._is_told(records.spec, event):
                    continue
                held_up = True
            except Exception:
                result = replace(result, fault=format_exc())
            left.append(event)
        due_at = result.due_at
        if left:
            due_at = _soonest(due_at, self._clock.now() + TELL_AGAIN)
        self._status = replace(self._status, outbox=tuple(left))
        # What somebody has just asked for is due by itself.
        self._store.put_status(self._status.to_json(), due_at)
        return replace(result, due_at=due_at, undelivered=len(left))

    def _is_told(self, spec: Spec, event: Event) -> bool:
        if event.is_old_news(self._clock.now()):
            return True
        try:
            if event.kind.is_notified:
                self._tell(spec, event)
        except DormouseError:
            return False  # whoever tells has logged it; a pass does not fail for want of a letter
        self._store.mark_delivered(event)
        return True


def _is_over(decision: Decision, now: datetime) -> bool:
    return decision.needs_traffic or (decision.until is not None and decision.until <= now)


def _only_frees(outcome: Outcome) -> bool:
    """Whether nothing is left but Elastic IPs that AWS has yet to free: no person can help."""
    plan, observed = outcome.plan, outcome.observed
    if plan is None or observed is None or plan.actions or plan.blocked or plan.failed:
        return False
    return all(address in observed.addresses for address, _ in plan.waiting)


def _soonest(due_at: datetime | None, moment: datetime) -> datetime:
    return moment if due_at is None else min(due_at, moment)


def _visible(status: Status) -> tuple[object, ...]:
    """What people or a later pass would miss."""
    return status.phase, status.timeline, status.lifecycle.billed
