"""When AWS is looked at again, and how much of it is read then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.history import Learned
from controller.domain.errors import PermanentError
from controller.domain.planning.observed import ATTRIBUTES, Holder, State, tasks_of
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Progress, Step
from controller.domain.planning.spec import Kind
from controller.domain.planning.waits import Wait
from controller.reconcile.outcome import Limits
from controller.reconcile.pacing import BEHIND, SHORTEST_PAUSE, UNREADABLE, WHOLE, Pacing
from controller.reconcile.sleep_pacing import COUNTED, TOGETHER
from controller.reconcile.verdicts import BLIND, LAST_STEPS
from factories import EIP, LB, LISTENER, NOON, SERVICE, TG, seen
from reconcile.turns import PATIENCE, new, plan, ready, saw, turn

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MOMENT = timedelta(milliseconds=1)
ACTS = Action(verb=Verb.CREATE, kind=Kind.LOAD_BALANCER, address=LB, waits_for="the Elastic IP")
MAKES = replace(ACTS, waits_for="")
SETS = Action(verb=Verb.UPDATE, kind=Kind.TARGET_GROUP, address=TG, changes=(ATTRIBUTES,))
DELETES = Action(verb=Verb.DELETE, kind=Kind.TARGET_GROUP, address=TG, target=Target.ASLEEP)
ACTING = saw(plan(actions=(ACTS,)))
CHECKED = {"phase": "health check"}
CHECKING = saw(
    plan(waiting=((SERVICE, "health check"),)), {SERVICE: seen(State.PENDING, **CHECKED)}
)
WAITS = {
    LB: Wait(first_check=10 * SECOND),
    SERVICE: Wait(first_check=10 * SECOND, behind=frozenset({LB})),
}
STARTING = saw(
    plan(waiting=((LB, "load balancer starting"), (SERVICE, "health check"))),
    {
        LB: seen(State.PENDING, phase="load balancer starting"),
        SERVICE: seen(State.PENDING, **CHECKED),
    },
)


def pace(**limits):
    return Pacing(Limits(**limits), WAITS)


def knows(*totals):
    return pace(learned=Learned(totals=totals))


def begun(address, step, seconds_ago):
    return (Step(address=address, step=step, started_at=NOON - seconds_ago * SECOND),)


# how soon


@pytest.mark.parametrize(
    ("look", "way", "seconds"),
    [
        (ACTING, 0, 1),
        (ACTING, 60, 1.8),
        (ACTING, 600, 5),
        (CHECKING, 0, 2),
        (CHECKING, 100, 3),
        (saw(plan(Target.ASLEEP, actions=(ACTS,))), 0, 2),
    ],
)
def test_it_polls_less_often_the_longer_the_transition_is(look, way, seconds):
    late = turn(seen=look, began_at=NOON - way * SECOND)
    assert pace().pause_after(late) == seconds * SECOND


@pytest.mark.parametrize(("way", "seconds"), [(80, 4), (85, 2.55), (100, 3), (180, 5)])
def test_what_earlier_wakes_took_says_how_near_the_end_is(way, seconds):
    late = turn(seen=CHECKING, began_at=NOON - way * SECOND)
    assert knows(100.0).pause_after(late) == seconds * SECOND


@pytest.mark.parametrize("look", [ACTING, saw(plan(Target.ASLEEP, actions=(ACTS,)))])
def test_what_earlier_wakes_took_does_not_matter_while_steps_of_ours_are_left(look):
    late = turn(look.plan.target, look, began_at=NOON - 80 * SECOND)
    assert knows(100.0).pause_after(late) == 2.4 * SECOND


def test_before_anything_is_known_and_after_an_error_the_end_of_the_wake_is_polled_for():
    assert pace().pause_after(turn()) == SECOND
    steps = begun(LB, "load balancer starting", 0)
    refused = turn(seen=STARTING, steps=steps, error=PermanentError("no"))
    assert pace().pause_after(refused) == 2 * SECOND


def test_a_step_that_was_taken_is_looked_at_soon():
    steps = begun(LB, "load balancer starting", 0)
    taken = turn(seen=STARTING, steps=steps, taken=(MAKES,))
    assert pace().pause_after(taken) == 2 * SECOND


def test_after_a_step_of_a_sleep_the_next_poll_is_soon_and_never_slower_than_requested():
    going = saw(plan(Target.ASLEEP, waiting=((SERVICE, "draining"),)))
    late = turn(Target.ASLEEP, going, taken=(DELETES,), began_at=NOON - 10 * MINUTE)
    assert pace().pause_after(late) == 2 * SECOND
    assert pace(poll=SECOND).pause_after(late) == SECOND
    assert pace().pause_after(replace(late, taken=())) == 5 * SECOND


def test_a_stack_that_is_as_it_should_be_is_polled_as_requested():
    assert pace(poll=7 * SECOND).pause_after(turn(seen=saw(plan()))) == 7 * SECOND


def test_a_wake_that_an_earlier_pass_began_counts_from_there():
    late = turn(seen=CHECKING)
    assert pace(since=NOON - 100 * SECOND).pause_after(late) == 3 * SECOND
    repaired = turn(seen=CHECKING, serving=ready())
    assert pace(since=NOON - 100 * SECOND).pause_after(repaired) == 2 * SECOND


@pytest.mark.parametrize(("lasted", "seconds"), [(0, 10), (127, 10), (128, 5), (250, 7.5)])
def test_a_load_balancer_is_noticed_before_the_first_check_is_over(lasted, seconds):
    steps = begun(LB, "load balancer starting", lasted)
    assert pace().pause_after(turn(seen=STARTING, steps=steps)) == seconds * SECOND


def test_the_usual_time_of_a_step_is_learned():
    learned = Learned(steps={(LB, "load balancer starting"): (60.0,)})
    steps = begun(LB, "load balancer starting", 55)
    known = pace(learned=learned).pause_after(turn(seen=STARTING, steps=steps))
    assert (known, pace().pause_after(turn(seen=STARTING, steps=steps))) == (
        5 * SECOND,
        10 * SECOND,
    )


def test_how_long_a_step_lasts_counts_to_when_its_resource_was_read():
    later = NOON + 20 * SECOND
    read = {"read_at": {LB: later, SERVICE: later}, "now": later}
    steps = begun(LB, "load balancer starting", 120)
    assert pace().pause_after(turn(seen=STARTING, steps=steps, **read)) == 5 * SECOND


def test_the_end_of_a_step_is_near_from_a_share_of_its_usual_time_on():
    learned = Learned(steps={(LB, "load balancer starting"): (100.0,)})
    steps = begun(LB, "load balancer starting", 85)
    assert pace(learned=learned).pause_after(turn(seen=STARTING, steps=steps)) == 5 * SECOND


def test_polling_is_never_slower_than_requested():
    steps = begun(LB, "load balancer starting", 0)
    requested = pace(poll=4 * SECOND).pause_after(turn(seen=STARTING, steps=steps))
    assert requested == 4 * SECOND
    assert pace(poll=SECOND).read_next(turn(seen=CHECKING), NOON + SECOND) == {SERVICE}


def test_what_can_be_retried_sooner_is():
    held = turn(seen=CHECKING, progress=Progress().holding_back(LB, NOON + SECOND))
    assert pace().pause_after(held) == SECOND
    almost = replace(held, now=NOON + SECOND - MOMENT)
    assert pace().pause_after(almost) == SHORTEST_PAUSE
    makes = turn(seen=saw(plan(actions=(MAKES,))), progress=held.progress.holding_back(TG, NOON))
    assert pace().pause_after(makes) == SECOND


def test_a_run_that_gives_up_does_so_on_time():
    late = turn(seen=CHECKING, began_at=NOON - 10 * MINUTE)
    assert pace(give_up_at=NOON + 2 * SECOND).pause_after(late) == 2 * SECOND
    assert pace(give_up_at=NOON).pause_after(late) == 5 * SECOND
    ending = pace(deadline=NOON + LAST_STEPS + 3 * SECOND)
    assert ending.pause_after(late) == 3 * SECOND
    lost = ready(unserved_since=NOON + SECOND - PATIENCE)
    assert pace().pause_after(replace(late, serving=lost)) == SECOND


def test_tags_that_cannot_be_read_yet_are_read_again_soon():
    unread = saw(STARTING.plan, {LB: seen(State.PENDING, owned=False), SERVICE: seen(State.READY)})
    fresh, old = begun(LB, "load balancer starting", 0), begun(LB, "load balancer starting", 60)
    assert pace().pause_after(turn(seen=unread, steps=fresh)) == SECOND
    assert pace().pause_after(turn(seen=unread, steps=old)) == UNREADABLE
    lag = begun(LB, "load balancer starting", 3)
    assert pace().pause_after(turn(seen=unread, steps=lag)) == UNREADABLE
    later = NOON + 4 * SECOND
    read = turn(seen=unread, steps=fresh, now=later, read_at={LB: later, SERVICE: later})
    assert pace().pause_after(read) == UNREADABLE


def test_aws_is_left_alone_for_as_long_as_it_says():
    quiet = turn(seen=CHECKING, quiet_until=NOON + MINUTE)
    assert pace().pause_after(quiet) == MINUTE
    assert pace().pause_after(replace(quiet, quiet_until=NOON)) == 2 * SECOND


def test_a_sleep_without_memory_ends_as_soon_as_it_may():
    blind = turn(Target.ASLEEP, saw(plan(Target.ASLEEP)), progress=Progress(cold_since=NOON))
    assert pace().pause_after(blind) == 10 * SECOND
    last = replace(blind, now=NOON + BLIND - 3 * SECOND)
    assert pace().pause_after(last) == 3 * SECOND


# what


def test_only_what_is_waited_for_is_read_and_everything_once_a_minute():
    after = turn(seen=CHECKING)
    assert pace().read_next(after, NOON + 2 * SECOND) == {SERVICE}
    assert pace().read_next(after, NOON + WHOLE) is None
    assert pace().read_next(turn(), NOON) is None
    assert pace().read_next(replace(after, error=PermanentError("no")), NOON) is None


def test_each_is_read_at_its_own_pace():
    """No target is healthy while its load balancer starts, so nobody asks for them before."""
    steps = begun(LB, "load balancer starting", 0)
    after = turn(seen=STARTING, steps=steps)
    assert pace().read_next(after, NOON + 9 * SECOND) == frozenset()
    assert pace().read_next(after, NOON + 10 * SECOND - TOGETHER) == {LB}
    assert pace().read_next(after, NOON + BEHIND) == {LB, SERVICE}
    read = after.having_read({LB}, NOON + BEHIND, after.serving)
    assert pace().read_next(read, NOON + BEHIND) == {SERVICE}


def test_targets_that_are_being_registered_are_not_checked_yet():
    checked = {LB: seen(State.READY), SERVICE: seen(State.PENDING, **CHECKED)}
    registering = {**checked, SERVICE: replace(checked[SERVICE], unchecked=True)}
    for states, seconds in ((checked, 2), (registering, 10)):
        assert pace().pause_after(turn(seen=saw(CHECKING.plan, states))) == seconds * SECOND


def test_a_stack_that_serves_people_is_read_at_the_pace_of_its_end():
    after = turn(seen=STARTING, serving=ready())
    assert pace().read_next(after, NOON + 2 * SECOND) == {LB, SERVICE}


def test_an_elastic_ip_is_read_at_each_poll_that_waits_for_it():
    held = saw(plan(actions=(ACTS,)), holder=Holder.LEAVING)
    assert pace().read_next(turn(seen=held), NOON) == {EIP}
    other = saw(CHECKING.plan, {SERVICE: seen(State.PENDING)}, holder=Holder.LEAVING)
    assert EIP not in pace().read_next(turn(seen=other), NOON + MINUTE / 2)


def test_a_sleep_reads_an_elastic_ip_once_nothing_else_is_left():
    held = (EIP, "not free yet")
    asleep = saw(plan(Target.ASLEEP, waiting=(held,)), holder=Holder.LEAVING)
    assert pace().read_next(turn(Target.ASLEEP, asleep), NOON) == frozenset()
    assert pace().read_next(turn(Target.ASLEEP, asleep), NOON + 2 * SECOND) == {EIP}
    drains = plan(Target.ASLEEP, waiting=((SERVICE, "draining"), held))
    leaving = saw(drains, {SERVICE: seen(State.LEAVING)}, holder=Holder.LEAVING)
    assert pace().read_next(turn(Target.ASLEEP, leaving), NOON + 2 * SECOND) == {SERVICE}


def at_rest(state=State.PENDING):
    waits = replace(DELETES, kind=Kind.SERVICE, address=SERVICE, waits_for="its tasks run")
    going = plan(Target.ASLEEP, actions=(waits,), waiting=((SERVICE, "stopping tasks"),))
    return saw(going, {SERVICE: seen(state, rests=True)})


def test_of_a_service_without_count_its_tasks_are_read_and_sometimes_itself():
    resting = turn(Target.ASLEEP, at_rest())
    assert pace().read_next(resting, NOON + 2 * SECOND) == {tasks_of(SERVICE)}
    both = {SERVICE, tasks_of(SERVICE)}
    assert pace().read_next(resting, NOON + COUNTED) == both
    read = replace(resting, read_at={tasks_of(SERVICE): NOON + COUNTED - SECOND})
    assert pace().read_next(read, NOON + COUNTED) == {SERVICE}


@pytest.mark.parametrize(("lasted", "seconds"), [(10, 4), (79, 4.74), (83, 2.49), (100, 3)])
def test_what_leaves_is_read_half_as_often_while_its_usual_time_is_not_near(lasted, seconds):
    learned = Learned(steps={(SERVICE, "stopping tasks"): (100.0,)})
    steps, began_at = begun(SERVICE, "stopping tasks", lasted), NOON - lasted * SECOND
    resting = turn(Target.ASLEEP, at_rest(), steps=steps, began_at=began_at)
    name, known = tasks_of(SERVICE), pace(learned=learned)
    due_at = NOON + seconds * SECOND
    assert name not in known.read_next(resting, due_at - TOGETHER - MOMENT)
    assert name in known.read_next(resting, due_at - TOGETHER)
    assert known.pause_after(resting) <= 3 * SECOND


def test_a_sleep_reads_what_it_has_touched_and_what_goes_with_it():
    goes = Action(verb=Verb.DELETE, kind=Kind.LOAD_BALANCER, address=LB, target=Target.ASLEEP)
    with_it = replace(goes, kind=Kind.LISTENER, address=LISTENER, carried_by=LB)
    waits = replace(DELETES, waits_for="waits until the load balancer is gone")
    left = saw(plan(Target.ASLEEP, actions=(with_it, waits)), {LB: seen(State.LEAVING)})
    gone = turn(Target.ASLEEP, left, taken=(goes,))
    assert pace().read_next(gone, NOON + SECOND) == {LB, LISTENER}
    whole = replace(gone, taken=(replace(goes, kind=Kind.SERVICE, address=SERVICE),))
    assert pace().read_next(whole, NOON + SECOND) is None


def test_a_sleep_reads_a_refused_step_when_its_time_has_come():
    refused = Progress().holding_back(TG, NOON + 30 * SECOND)
    after = turn(Target.ASLEEP, saw(plan(Target.ASLEEP, actions=(DELETES,))), progress=refused)
    assert pace().read_next(after, NOON + 10 * SECOND) == frozenset()
    assert pace().read_next(after, NOON + 30 * SECOND) == {TG}


@pytest.mark.parametrize(("step", "seconds"), [("load balancer starting", 4), ("never seen", 2)])
def test_a_sleep_assumes_how_long_a_step_takes_that_no_sleep_has_taught(step, seconds):
    going = plan(Target.ASLEEP, waiting=((LB, step),))
    busy = turn(Target.ASLEEP, saw(going, {LB: seen(State.PENDING)}), steps=begun(LB, step, 10))
    due_at = NOON + seconds * SECOND
    assert pace().read_next(busy, due_at - TOGETHER - MOMENT) == frozenset()
    assert pace().read_next(busy, due_at - TOGETHER) == {LB}


def test_what_waits_for_another_is_not_read_but_what_leaves_is():
    waits = replace(DELETES, waits_for="waits until the service is gone")
    left = plan(Target.ASLEEP, actions=(waits,), waiting=((SERVICE, "draining"),))
    draining = saw(left, {SERVICE: seen(State.LEAVING), TG: seen(State.READY)})
    later = NOON + 5 * SECOND
    assert pace().read_next(turn(Target.ASLEEP, draining), later) == {SERVICE}
    leaving = saw(plan(actions=(ACTS,)), {LB: seen(State.LEAVING)})
    assert pace().read_next(turn(seen=leaving), later) == {LB}


def test_what_a_wake_has_made_is_read_and_after_any_other_step_everything():
    made = turn(seen=ACTING, taken=(MAKES, SETS), serving=new())
    assert pace().read_next(made, NOON + SECOND) == {LB, TG}
    changed = replace(SETS, changes=("health_check",))
    for step in (changed, DELETES, replace(MAKES, verb=Verb.DELETE)):
        assert pace().read_next(replace(made, taken=(MAKES, step)), NOON) is None
    assert pace().read_next(replace(made, serving=ready()), NOON) is None


def test_a_refused_step_is_read_when_its_time_has_come():
    refused = Progress().holding_back(LB, NOON + 3 * SECOND)
    after = turn(seen=saw(plan(actions=(MAKES,))), taken=(MAKES,), progress=refused)
    after = replace(after, serving=new())
    assert pace().read_next(after, NOON + SECOND) == frozenset()
    assert pace().read_next(after, NOON + 3 * SECOND) == {LB}


def test_an_end_that_others_waited_for_is_noticed():
    started = saw(plan(waiting=(STARTING.plan.waiting[1],)))
    assert pace().ends_a_wait(turn(seen=STARTING), started)
    assert not pace().ends_a_wait(turn(seen=STARTING), STARTING)
    made = saw(plan(waiting=((TG, "target group being created"), *STARTING.plan.waiting)))
    assert not pace().ends_a_wait(turn(seen=made), STARTING)
    assert not pace().ends_a_wait(turn(), STARTING)
