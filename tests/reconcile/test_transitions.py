"""What a status becomes by what a pass has decided, seen and reached, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.desired import Decision
from controller.domain.decision.history import EventKind, Wake
from controller.domain.decision.lifecycle import (
    BilledResource,
    ConsumedRequests,
    Failure,
    Lifecycle,
    Slept,
)
from controller.domain.decision.sleep_rules import Rule
from controller.domain.money.meter import Meter
from controller.domain.money.usage import BillingInterval, UsageProfile
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Action, Plan, Target, Verb, make_plan
from controller.domain.planning.progress import LastAction, Progress, Step, Timeline
from controller.domain.planning.spec import Kind
from controller.domain.reporting.status import Status, Trouble
from controller.reconcile import leftover_status, transitions
from controller.reconcile.outcome import Iteration, Outcome, Result
from factories import LB, NOON, SERVICE, TG, article_spec, observed, seen, target_group

SPEC = article_spec()
MINUTE = timedelta(minutes=1)
EARLIER = NOON - 30 * MINUTE
AWAKE, ASLEEP = Target.AWAKE, Target.ASLEEP
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
STANDING = BilledResource(address=LB, arn=BALANCER, since=EARLIER)
SPAN = BillingInterval(address=LB, arn=BALANCER, since=EARLIER, until=NOON)
METER = Meter().using(UsageProfile.of(SPEC), NOON - 60 * MINUTE)
UP = Lifecycle(waking_since=EARLIER - MINUTE, ready_at=EARLIER)
SPENT = ConsumedRequests(hold_at=NOON)

ASLEEP_AND_DONE = Status(target=ASLEEP, since=EARLIER, settled=True, phase="asleep", meter=METER)
WAKING = Status(
    target=AWAKE,
    since=EARLIER,
    phase="waking",
    meter=METER,
    lifecycle=Lifecycle(waking_since=EARLIER),
    decision={"reason": "office hours", "rule": "office_hours"},
)
IS_AWAKE = replace(WAKING, settled=True, phase="awake", lifecycle=UP)
FALLING_ASLEEP = replace(
    ASLEEP_AND_DONE,
    settled=False,
    phase="going to sleep",
    decision={"reason": "nobody has used it"},
    lifecycle=Lifecycle(slept=Slept(at=EARLIER, rule="idle", reason="nobody has used it")),
)


def decided(state, reason="office hours"):
    return Decision(state=state, rule=Rule.LEASE, reason=reason, until=None, evidence={})


def outcome(result, target=AWAKE, **changes):
    return Outcome(
        **{
            "result": result,
            "target": target,
            "cause": "",
            "observed": None,
            "plan": None,
            "progress": Progress(),
            "timeline": Timeline(),
            **changes,
        }
    )


def ended(status, *how, requested_for=SPENT, **changes):
    return transitions.ended(status, SPEC, outcome(*how, **changes), requested_for, NOON)


def reported(status):
    """Kind, reason and facts of what is in the outbox; `stands` is asked for by its own tests."""
    assert all((event.stack, event.at) == ("nsfw-api", NOON) for event in status.outbox)
    return [
        (str(event.kind), event.reason, {k: v for k, v in event.facts.items() if k != "stands"})
        for event in status.outbox
    ]


def stands(status):
    """What the last event says is being billed."""
    return [BilledResource.from_json(each) for each in status.outbox[-1].facts["stands"]]


def long_timeline():
    steps = (Step(address=LB, step=str(n), started_at=NOON) for n in range(150))
    return Timeline(tuple(steps))


# setting out


def test_the_same_decision_again_continues_the_transition():
    decision = decided(AWAKE, "a lease")
    after = transitions.begin_transition(WAKING, SPEC, decision, WAKING.lifecycle, NOON)
    assert after == replace(WAKING, decision=decision.to_json(), updated_at=NOON)


def test_a_wake_begins_a_transition_of_its_own_and_is_reported():
    trouble = Trouble(since=EARLIER, cause="x")
    progress = Progress(
        created={LB: LastAction("arn", EARLIER)}, settled=frozenset({"a#1"}), failures={LB: 1}
    )
    before = replace(
        ASLEEP_AND_DONE,
        cause="old",
        timeline=long_timeline(),
        progress=progress,
        stuck=trouble,
        blocked=trouble,
        warned_for=EARLIER,
        from_rest=False,
    )
    after = transitions.begin_transition(before, SPEC, decided(AWAKE), before.lifecycle, NOON)

    assert reported(after) == [("waking", "office hours", {})]
    assert after == replace(
        before,
        target=AWAKE,
        since=NOON,
        settled=False,
        from_rest=True,
        phase="waking",
        cause="",
        decision=decided(AWAKE).to_json(),
        updated_at=NOON,
        timeline=Timeline(),
        # What failed before is gone, and settings are compared anew.
        progress=Progress(created=progress.created, settled=frozenset({"a#"})),
        stuck=None,
        blocked=None,
        warned_for=None,
        outbox=after.outbox,
    )


def test_a_wake_starts_from_rest_or_from_halfway():
    halfway = replace(ASLEEP_AND_DONE, settled=False)
    froms = [Status(), ASLEEP_AND_DONE, halfway]
    found = [
        transitions.begin_transition(one, SPEC, decided(AWAKE), one.lifecycle, NOON)
        for one in froms
    ]
    assert [one.from_rest for one in found] == [True, True, False]


def test_a_sleep_is_reported_with_the_time_since_which_the_stack_was_ready():
    blocked = Trouble(since=EARLIER, cause="x")
    before = replace(
        IS_AWAKE, progress=Progress(settled=frozenset({"a#1"}), failures={LB: 1}), blocked=blocked
    )
    after = transitions.begin_transition(before, SPEC, decided(ASLEEP, "it is late"), UP, NOON)

    assert reported(after) == [("sleeping", "it is late", {"ready_at": "2026-11-23T11:30:00Z"})]
    assert (after.target, after.since, after.phase) == (ASLEEP, NOON, "going to sleep")
    assert (after.progress, after.blocked) == (before.progress, blocked)
    assert after.meter.tally.awake == 30 * MINUTE


def test_a_stack_that_never_was_awake_goes_to_sleep_without_a_word():
    after = transitions.begin_transition(Status(), SPEC, decided(ASLEEP), Lifecycle(), NOON)
    assert (after.target, after.phase, after.outbox) == (ASLEEP, "going to sleep", ())


# on the way


def look(plan, timeline=None):
    seen = observed({})
    return Iteration(
        now=NOON, target=plan.target, observed=seen, plan=plan, timeline=timeline or Timeline()
    )


def action(waits_for=""):
    return Action(verb=Verb.CREATE, kind=Kind.SERVICE, address=SERVICE, waits_for=waits_for)


@pytest.mark.parametrize(
    ("plan", "phase"),
    [
        (Plan(target=AWAKE), "awake"),
        (Plan(target=ASLEEP), "asleep"),
        (Plan(target=AWAKE, actions=(action(),)), "creating"),
        (Plan(target=ASLEEP, actions=(action(),)), "releasing"),
        (
            Plan(target=AWAKE, actions=(action(), action("Elastic IP is busy"))),
            "Elastic IP is busy",
        ),
        (Plan(target=AWAKE, waiting=((LB, ""),), actions=(action("a"),)), "a"),
        (
            Plan(target=AWAKE, waiting=((LB, ""), (TG, "task starting")), actions=(action("a"),)),
            "task starting",
        ),
    ],
)
def test_people_are_notified_of_what_it_waits_for_first(plan, phase):
    after = transitions.seen(WAKING, SPEC, look(plan, long_timeline()), NOON)
    assert after == replace(
        WAKING, phase=phase, updated_at=NOON, timeline=Timeline(long_timeline().steps[50:])
    )


# a wake that ended


def test_a_wake_that_converged_is_ready_and_counted_once():
    progress, timeline = Progress(leftovers_checked_for="1"), long_timeline()
    world = observed({})
    after = ended(WAKING, Result.CONVERGED, observed=world, progress=progress, timeline=timeline)

    assert after.lifecycle.ready_at == NOON
    assert (after.settled, after.phase, after.cause) == (True, "awake", "")
    assert (after.updated_at, after.spec_hash) == (NOON, SPEC.hash)
    assert (after.progress, after.timeline.steps) == (progress, timeline.steps[50:])
    assert after.endpoint == {
        "ip": "203.0.113.10",
        "port": 5000,
        "url": "http://203.0.113.10:5000/",
    }
    assert after.meter.tally.wakes == 1
    assert reported(after) == []

    again = ended(after, Result.CONVERGED)
    assert again.meter.tally.wakes == 1
    assert again.endpoint == after.endpoint  # nobody has looked, so it stays what it was


def test_an_address_that_nothing_tells_any_more_is_forgotten():
    before = replace(IS_AWAKE, endpoint={"ip": "203.0.113.10"})
    after = ended(before, Result.CONVERGED, observed=replace(observed({}), addresses={}))
    assert after.endpoint is None


@pytest.mark.parametrize("result", [Result.UNFINISHED, Result.INTERRUPTED])
def test_a_wake_that_has_not_ended_goes_on(result):
    after = ended(WAKING, result, cause="a task starts")
    assert (after.phase, after.cause, after.settled) == ("waking", "a task starts", False)
    assert after.lifecycle == WAKING.lifecycle

    repaired = ended(IS_AWAKE, result)
    assert repaired.lifecycle == IS_AWAKE.lifecycle
    assert not repaired.settled


def serving(count, state=State.PENDING):
    """A look at the article's service with so many of two tasks healthy."""
    one = seen(state, SERVICE, serving=count, wanted=2, serves=count > 0)
    return observed({SERVICE: one, LB: State.READY})


def shown(status, found, now=NOON):
    plan = make_plan(SPEC, AWAKE, found)
    look = Iteration(now=now, target=AWAKE, observed=found, plan=plan, timeline=Timeline())
    return transitions.seen(status, SPEC, look, now)


def test_each_snapshot_of_a_stack_that_was_ready_says_whether_it_serves():
    half = shown(IS_AWAKE, serving(1))
    assert (half.lifecycle.incomplete_since, half.lifecycle.unserved_since) == (NOON, None)
    nobody = shown(half, serving(0), NOON + MINUTE)
    assert nobody.lifecycle.incomplete_since == NOON
    assert nobody.lifecycle.unserved_since == NOON + MINUTE
    again = shown(nobody, serving(1), NOON + 2 * MINUTE)
    assert (again.lifecycle.incomplete_since, again.lifecycle.unserved_since) == (NOON, None)
    assert shown(WAKING, serving(0)).lifecycle == WAKING.lifecycle


def test_a_degraded_stack_is_reported_once_and_again_when_it_gets_worse():
    first = ended(IS_AWAKE, Result.DEGRADED, cause="a task stopped", observed=serving(1))
    kind, reason, facts = reported(first)[0]
    assert (kind, reason) == ("degraded", "runs with 1 of 2 tasks: a task stopped")
    assert facts["services"][0]["serving"] == 1
    assert first.lifecycle.ready_at == IS_AWAKE.lifecycle.ready_at
    assert (first.phase, first.troubles) == ("degraded", (EventKind.DEGRADED,))

    same = ended(first, Result.DEGRADED, cause="another stopped", observed=serving(1))
    assert len(reported(same)) == 1
    assert same.degraded.cause == "another stopped"
    unseen = ended(same, Result.DEGRADED, cause="nobody may look")
    assert len(reported(unseen)) == 1

    worse = ended(same, Result.DEGRADED, cause="the other too", observed=serving(0))
    assert [kind for kind, *_ in reported(worse)] == ["degraded", "degraded"]
    better = ended(worse, Result.DEGRADED, cause="one is back", observed=serving(1))
    again = ended(better, Result.DEGRADED, cause="the other too", observed=serving(0))
    assert len(reported(again)) == 2

    whole = ended(again, Result.CONVERGED)
    assert reported(whole)[-1][0] == "restored"
    assert whole.outbox[-1].facts["after"] == ["degraded"]
    assert (whole.degraded, whole.troubles) == (None, ())


def test_what_goes_to_sleep_is_degraded_no_more():
    before = ended(IS_AWAKE, Result.DEGRADED, cause="a task stopped", observed=serving(1))
    after = transitions.begin_transition(before, SPEC, decided(ASLEEP), before.lifecycle, NOON)
    assert after.degraded is None


def test_one_whose_status_was_lost_counts_as_ready_when_it_is_found_serving():
    lost = replace(WAKING, from_rest=True)
    found = ended(lost, Result.DEGRADED, cause="a task stopped", observed=serving(1))
    assert (found.lifecycle.ready_at, found.lifecycle.incomplete_since) == (NOON, NOON)
    assert found.degraded


def test_what_ended_while_it_lives_on_is_written_down_when_it_is_whole_again():
    before = replace(IS_AWAKE, meter=METER.over([SPAN]))
    after = ended(before, Result.CONVERGED)
    assert reported(after) == [("replaced", "replaced while awake", {"spans": [SPAN.to_json()]})]
    assert after.meter.ended == ()
    assert after.meter.tally.used.load_balancer == 1
    assert reported(ended(IS_AWAKE, Result.CONVERGED)) == []


def test_many_that_ended_are_written_down_though_it_is_not_whole():
    """Or the status would outgrow its item."""
    few = replace(IS_AWAKE, meter=METER.over([SPAN] * 19))
    assert reported(ended(few, Result.UNFINISHED)) == []
    many = replace(IS_AWAKE, meter=METER.over([SPAN] * 20))
    after = ended(many, Result.UNFINISHED)
    assert [kind for kind, *_ in reported(after)] == ["replaced"]
    assert after.meter.ended == ()


def test_a_wake_that_failed_is_given_up_and_consumes_what_requested_it():
    after = ended(IS_AWAKE, Result.FAILED, cause="no such image")
    assert transitions.gave_up(outcome(Result.FAILED))
    assert after.lifecycle.failure == Failure(
        at=NOON, cause="no such image", spec_hash=SPEC.hash, spent=SPENT
    )
    assert not after.lifecycle.is_up
    assert (after.phase, after.cause, after.settled) == ("failed", "no such image", False)
    assert reported(after) == [("failed", "no such image", {"ready_at": "2026-11-23T11:30:00Z"})]
    assert after.meter.tally.awake == 30 * MINUTE
    assert reported(ended(WAKING, Result.FAILED, cause="x")) == [("failed", "x", {})]


def test_a_wake_that_is_blocked_is_given_up_and_reported_once():
    world = observed({LB: State.FOREIGN, TG: State.LEAVING, SERVICE: State.READY})
    after = ended(WAKING, Result.BLOCKED, cause="not ours", observed=world)
    assert transitions.gave_up(outcome(Result.BLOCKED))
    assert after.phase == "blocked"
    assert after.lifecycle.failure.cause == "not ours"
    assert after.blocked == Trouble(since=NOON, cause="not ours", standing=(TG, SERVICE))
    assert reported(after) == [("blocked", "not ours", {"target": "awake"})]

    again = ended(replace(after, outbox=()), Result.BLOCKED, cause="not ours")
    assert (again.blocked, reported(again)) == (after.blocked, [])
    other = ended(replace(after, outbox=()), Result.BLOCKED, cause="something else")
    assert [reason for _, reason, _ in reported(other)] == ["something else"]


def test_a_stack_in_use_that_is_blocked_was_usable_until_now():
    after = ended(IS_AWAKE, Result.BLOCKED, cause="not ours")
    facts = {"target": "awake", "ready_at": "2026-11-23T11:30:00Z"}
    assert reported(after) == [("blocked", "not ours", facts)]


@pytest.mark.parametrize("result", list(Result))
@pytest.mark.parametrize("target", list(Target))
def test_only_a_wake_is_given_up(result, target):
    gives_up = target is AWAKE and result in (Result.FAILED, Result.BLOCKED)
    assert transitions.gave_up(outcome(result, target)) is gives_up


# a sleep that ended


def test_a_sleep_that_deleted_something_is_reported_with_its_bill():
    before = replace(
        FALLING_ASLEEP,
        lifecycle=replace(FALLING_ASLEEP.lifecycle, billed=(STANDING,)),
        endpoint={"ip": "203.0.113.10"},
        stuck=Trouble(since=EARLIER, cause="x"),
    )
    after = ended(before, Result.CONVERGED, ASLEEP)

    ((kind, reason, facts),) = reported(after)
    assert (kind, reason) == ("asleep", "nobody has used it")
    month = facts.pop("month")
    assert facts == {
        "spans": [SPAN.to_json()],
        "slept_at": "2026-11-23T11:30:00Z",
        "rule": "idle",
        "hours": ["2026-11-23T11:00:00Z", "p"],
    }
    assert (month["month"], month["prices"][:9]) == ("2026-11", "us-east-1")
    assert after.lifecycle.billed == ()
    assert (after.settled, after.phase) == (True, "asleep")
    assert (after.endpoint, after.stuck) == (None, None)
    assert after.meter.ended == ()
    assert after.meter.tally.used.load_balancer == 1

    assert reported(ended(replace(after, outbox=()), Result.CONVERGED, ASLEEP)) == []

    in_tokyo = replace(SPEC, region="ap-northeast-1")
    after = transitions.ended(before, in_tokyo, outcome(Result.CONVERGED, ASLEEP), SPENT, NOON)
    assert after.outbox[0].facts["month"]["prices"].startswith("ap-northeast-1")


@pytest.mark.parametrize(
    ("step", "is_reported"),
    [("deleting", True), ("updating", True), ("stopping tasks", True), ("draining", False)],
)
def test_a_sleep_is_reported_where_a_pass_deleted_something(step, is_reported):
    before = replace(FALLING_ASLEEP, meter=Meter(), lifecycle=Lifecycle(), decision={})
    timeline = Timeline().see(LB, step, NOON)
    after = ended(before, Result.CONVERGED, ASLEEP, timeline=timeline)
    facts = {"spans": [], "slept_at": None, "rule": "", "month": None}
    facts["hours"] = ["2026-11-23T12:00:00Z", "."]
    assert reported(after) == ([("asleep", "", facts)] if is_reported else [])
    assert after.settled


def test_what_the_steps_of_a_sleep_took_is_learned_once_it_is_over():
    """Of a service that drains twice, before it is deleted and after, the longer time counts."""
    before = replace(FALLING_ASLEEP, meter=Meter(), lifecycle=Lifecycle(), decision={})
    before = replace(before, since=NOON - 5 * MINUTE)
    timeline = Timeline()
    for step, minute in (("draining", 5), ("deleting", 3), ("draining", 2), ("", 1)):
        timeline = timeline.see(SERVICE, step, NOON - minute * MINUTE)
    after = ended(before, Result.CONVERGED, ASLEEP, timeline=timeline)
    assert after.learned.usual_seconds(SERVICE, "draining") == 120
    assert after.learned.usual is None

    going = ended(before, Result.UNFINISHED, ASLEEP, timeline=timeline)
    assert going.learned == before.learned


@pytest.mark.parametrize(
    ("lasted", "is_stuck"), [(15 * MINUTE - timedelta(seconds=1), False), (15 * MINUTE, True)]
)
def test_a_sleep_that_takes_longer_than_a_quarter_of_an_hour_is_stuck(lasted, is_stuck):
    before = replace(
        FALLING_ASLEEP,
        since=NOON - lasted,
        lifecycle=replace(FALLING_ASLEEP.lifecycle, billed=(STANDING,)),
    )
    world = observed({LB: State.LEAVING, TG: State.FOREIGN, SERVICE: State.FAILED})
    after = ended(before, Result.UNFINISHED, ASLEEP, cause="it drains", observed=world)

    assert (after.phase, after.settled) == ("going to sleep", False)
    if not is_stuck:
        assert (after.stuck, reported(after)) == (None, [])
        return
    assert after.stuck == Trouble(since=before.since, cause="it drains", standing=(LB, SERVICE))
    facts = {"standing": [LB, SERVICE], "billed": [LB], "since": "2026-11-23T11:45:00Z"}
    assert reported(after) == [("stuck", "it drains", facts)]
    again = ended(replace(after, outbox=()), Result.UNFINISHED, ASLEEP, cause="still")
    assert (again.stuck, reported(again)) == (after.stuck, [])


@pytest.mark.parametrize(
    ("state", "is_stuck"), [(State.LEAVING, False), (State.PENDING, True), (State.ABSENT, True)]
)
def test_a_service_that_drains_as_long_as_configured_is_not_stuck(state, is_stuck):
    delay = {"deregistration_delay.timeout_seconds": "3600"}
    rest = [each for each in SPEC.resources if each.address != TG]
    spec = replace(SPEC, resources=(target_group(attributes=delay), *rest))
    before = replace(FALLING_ASLEEP, since=NOON - 74 * MINUTE)
    drains = outcome(Result.UNFINISHED, ASLEEP, cause="", observed=observed({SERVICE: state}))
    after = transitions.ended(before, spec, drains, SPENT, NOON)
    assert bool(after.stuck) is is_stuck
    later = transitions.ended(before, spec, drains, SPENT, NOON + MINUTE)
    assert later.stuck


def test_a_sleep_of_which_nobody_knows_when_it_began_is_not_stuck_yet():
    assert ended(replace(FALLING_ASLEEP, since=None), Result.UNFINISHED, ASLEEP).stuck is None


def test_a_sleep_that_is_blocked_is_reported():
    after = ended(replace(FALLING_ASLEEP, settled=True), Result.BLOCKED, ASLEEP, cause="not ours")
    assert (after.phase, after.settled) == ("blocked", False)
    assert after.blocked == Trouble(since=NOON, cause="not ours")
    assert reported(after) == [("blocked", "not ours", {"target": "asleep"})]
    assert after.lifecycle == FALLING_ASLEEP.lifecycle


def test_a_new_spec_that_waits_for_what_is_in_its_place_says_so():
    busy = outcome(
        Result.UNFINISHED, ASLEEP, cause="it drains", progress=Progress(leftovers_checked_for="1")
    )
    assert leftover_status.clearing(IS_AWAKE, busy, NOON) == replace(
        IS_AWAKE,
        progress=busy.progress,
        phase=leftover_status.CLEARING,
        cause="it drains",
        settled=False,
        updated_at=NOON,
    )


OLD = article_spec(region="eu-west-1")


def test_a_replaced_spec_that_cannot_be_taken_down_is_reported_at_once_and_once():
    """And what the stack itself does is not touched by it."""
    stuck = leftover_status.left_standing(IS_AWAKE, SPEC, OLD, "no right to delete", NOON)
    (trouble,) = stuck.replaced.values()
    assert replace(stuck, replaced={}, outbox=()) == IS_AWAKE
    assert (trouble.since, trouble.standing) == (NOON, (LB, SERVICE))
    assert trouble.cause == (
        'load balancer "ecs-nlb", service "nsfw_api_service" in eu-west-1, which an earlier '
        "configuration named, cannot be put to sleep: no right to delete; give that access back, "
        "and it goes by itself within 15 minutes, or delete it there by hand, and then run "
        '"dormouse sweep --forget nsfw-api"'
    )
    ((kind, reason, facts),) = reported(stuck)
    assert (kind, reason, facts["replaced"]) == ("stuck", trouble.cause, True)
    assert facts["standing"] == [LB, SERVICE]
    assert set(facts["hours"]) == {LB, SERVICE}

    later = leftover_status.left_standing(
        replace(stuck, outbox=()), SPEC, OLD, "still no right", NOON + MINUTE
    )
    assert reported(later) == []
    (again,) = later.replaced.values()
    assert again.since == NOON
    assert "still no right" in again.cause


def test_the_trouble_with_a_replaced_spec_is_over_with_it():
    stuck = leftover_status.left_standing(IS_AWAKE, SPEC, OLD, "no", NOON)
    assert leftover_status.still_replaced(stuck, [OLD]) is stuck
    assert leftover_status.still_replaced(stuck, [SPEC]).replaced == {}
    assert leftover_status.no_more_replaced(stuck, OLD).replaced == {}
    assert leftover_status.no_more_replaced(stuck, SPEC) is stuck


def test_what_was_done_to_a_replaced_spec_is_forgotten_with_it():
    trace = LastAction("arn", NOON)
    known = Progress(created={SERVICE: trace, "other": trace}, deleted={LB: trace, "other": trace})
    after = leftover_status.no_more_replaced(replace(IS_AWAKE, progress=known), OLD)
    assert after.progress == Progress(created={"other": trace}, deleted={"other": trace})


# what is told besides


def test_a_wake_that_has_become_ready_is_written_into_the_history():
    timeline = (
        Timeline()
        .see(LB, "creating", EARLIER)
        .see(LB, "starting", EARLIER + MINUTE)
        .see(LB, "", NOON)
    )
    after = replace(WAKING, timeline=timeline, lifecycle=WAKING.lifecycle.ready(NOON))
    wake = transitions.new_wake(WAKING, after)
    assert wake == Wake(
        started_at=EARLIER,
        ready_at=NOON,
        reason="office hours",
        from_rest=True,
        steps=((LB, "creating", 60.0), (LB, "starting", 29 * 60.0)),
    )
    assert not transitions.new_wake(WAKING, replace(after, from_rest=False)).from_rest
    assert transitions.new_wake(WAKING, replace(after, decision={})).reason == ""
    # one that was found standing took no time, and teaches nothing
    found = replace(after, timeline=Timeline().see(LB, "starting", EARLIER).see(LB, "", NOON))
    assert not transitions.new_wake(WAKING, found).from_rest


def test_a_wake_is_written_down_once_and_only_when_it_is_ready():
    ready = replace(WAKING, lifecycle=WAKING.lifecycle.ready(NOON))
    assert transitions.new_wake(WAKING, WAKING) is None
    assert transitions.new_wake(ready, ready) is None
    assert transitions.new_wake(ready, FALLING_ASLEEP) is None
    odd = replace(ready, lifecycle=Lifecycle(ready_at=NOON))
    assert transitions.new_wake(WAKING, odd) is None


def test_awake_is_reported_with_the_address_and_the_end():
    slept = Slept(at=EARLIER - 60 * MINUTE, rule="idle", reason="")
    status = replace(IS_AWAKE, endpoint={"ip": "203.0.113.10"}, lifecycle=replace(UP, slept=slept))
    assert reported(transitions.woke(status, SPEC, NOON + MINUTE, NOON)) == [
        (
            "awake",
            "office hours",
            {
                "endpoint": {"ip": "203.0.113.10"},
                "waking_since": "2026-11-23T11:29:00Z",
                "slept_at": "2026-11-23T10:30:00Z",
                "rule": "office_hours",
                "ends_at": "2026-11-23T12:01:00Z",
            },
        )
    ]
    nothing_known = replace(IS_AWAKE, decision={}, lifecycle=Lifecycle())
    assert reported(transitions.woke(nothing_known, SPEC, None, NOON)) == [
        (
            "awake",
            "",
            {"endpoint": None, "waking_since": None, "slept_at": None, "rule": "", "ends_at": None},
        )
    ]


def test_people_are_warned_of_each_end_once():
    end = NOON + 10 * MINUTE
    after = transitions.warn(IS_AWAKE, SPEC, end, "office hours are over", NOON)
    assert after.warned_for == end
    assert reported(after) == [
        ("sleeping_soon", "office hours are over", {"ends_at": "2026-11-23T12:10:00Z"})
    ]
    assert transitions.warn(after, SPEC, end, "office hours are over", NOON) is after
    later = transitions.warn(after, SPEC, end + MINUTE, "office hours are over", NOON)
    assert len(later.outbox) == 2


def test_what_says_that_trouble_is_over_says_of_which():
    troubled = replace(IS_AWAKE, troubles=(EventKind.STUCK, EventKind.FAILED, EventKind.BLOCKED))
    after = transitions.woke(troubled, SPEC, None, NOON)
    assert after.outbox[0].facts["after"] == ["stuck", "failed", "blocked"]
    assert after.troubles == ()

    warned = transitions.warn(troubled, SPEC, NOON, "x", NOON)
    assert "after" not in warned.outbox[0].facts
    assert warned.troubles == troubled.troubles

    asleep = replace(FALLING_ASLEEP, troubles=troubled.troubles, meter=METER.over([SPAN]))
    after = ended(asleep, Result.CONVERGED, ASLEEP)
    assert after.outbox[0].facts["after"] == ["stuck"]
    assert after.troubles == (EventKind.FAILED, EventKind.BLOCKED)


def test_trouble_that_comes_again_is_remembered_once():
    troubled = replace(WAKING, troubles=(EventKind.FAILED, EventKind.STUCK))
    after = ended(troubled, Result.FAILED, cause="x")
    assert after.troubles == (EventKind.FAILED, EventKind.STUCK)
    assert ended(WAKING, Result.FAILED, cause="x").troubles == (EventKind.FAILED,)


# what is being billed, for a status that may be lost


def test_every_event_says_what_is_being_billed():
    before = replace(IS_AWAKE, lifecycle=replace(UP, billed=(STANDING,)))
    assert stands(transitions.warn(before, SPEC, NOON, "x", NOON)) == [STANDING]
    assert stands(transitions.warn(IS_AWAKE, SPEC, NOON, "x", NOON)) == []


def test_what_has_ended_and_is_not_reported_yet_counts_as_being_billed():
    gone = BilledResource(address=SERVICE, arn="arn:aws:ecs:us-east-1:1:service/c/s", since=EARLIER)
    service = BillingInterval(address=SERVICE, arn=gone.arn, since=EARLIER, until=NOON)
    task = BillingInterval(
        address=SERVICE, arn="arn:aws:ecs:us-east-1:1:task/c/t", since=EARLIER, until=NOON
    )
    before = replace(
        IS_AWAKE, lifecycle=replace(UP, billed=(STANDING,)), meter=METER.over([service, task])
    )
    assert stands(transitions.warn(before, SPEC, NOON, "x", NOON)) == [STANDING, gone]
    # an event that tells the spans themselves says no more than what stands on
    assert stands(ended(before, Result.CONVERGED)) == [STANDING]
