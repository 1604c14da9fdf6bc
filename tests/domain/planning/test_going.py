"""How a sleep takes down a service: by its count, or by force."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.planning.draining import DELAY
from controller.domain.planning.going import COUNT, DRAIN, FORCED, STILL_RUNS, by_force
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Order, Target, make_plan
from controller.domain.planning.progress import Progress
from controller.domain.planning.rest import Rest
from factories import (
    LB,
    LISTENER,
    NOON,
    SERVICE,
    TG,
    article_spec,
    observed,
    seen,
    target_group,
)

RUNS = seen(State.READY, serves=True, may_rest=True)
DRAINS = seen(State.PENDING, phase="draining", rests=True)
EMPTY = seen(State.READY, rests=True)
STANDS = {LB: State.READY, TG: State.READY, LISTENER: State.READY}


def plan_of(service, order=Order.COUNT, target=Target.ASLEEP, spec=None, **others):
    world = observed({**STANDS, **others, SERVICE: service})
    return make_plan(spec or article_spec(), target, world, order)


def step(plan, address=SERVICE):
    return next(action for action in plan.actions if action.address == address)


def test_by_count_the_drain_is_eased_and_the_count_set_before_the_service_goes():
    begins = step(plan_of(RUNS))

    assert begins.ready
    assert begins.changes == (DRAIN, COUNT)
    assert begins.lowers_count


@pytest.mark.parametrize(("order", "changes"), [(Order.FORCE, (DRAIN,)), (Order.SAFE, ())])
def test_in_the_other_orders_the_count_stays(order, changes):
    begins = step(plan_of(RUNS, order))

    assert begins.changes == changes
    assert not begins.lowers_count


def test_by_force_the_drain_of_a_service_that_may_not_rest_is_eased_too():
    assert step(plan_of(seen(State.READY, serves=True), Order.FORCE)).changes == (DRAIN,)


def test_a_service_whose_count_does_not_go_the_way_it_should_is_deleted():
    begins = step(plan_of(by_force(RUNS)))

    assert begins.ready
    assert begins.changes == ()


@pytest.mark.parametrize("attributes", [{DELAY: "0"}, {DELAY: "300"}, {}])
def test_only_what_would_drain_is_eased(attributes):
    rest = [each for each in article_spec().resources if each.address != TG]
    spec = article_spec(resources=(target_group(attributes=attributes), *rest))
    eased = DRAIN in step(plan_of(RUNS, spec=spec)).changes

    assert eased is (attributes.get(DELAY) != "0")


@pytest.mark.parametrize("gone", [LB, TG])
def test_a_drain_that_ends_by_itself_or_has_no_group_is_left_alone(gone):
    world = observed({**STANDS, gone: State.ABSENT, SERVICE: RUNS})
    plan = make_plan(article_spec(), Target.ASLEEP, world, Order.COUNT)

    assert step(plan).changes == (COUNT,)


def test_the_service_stays_until_its_last_task_has_stopped():
    plan = plan_of(DRAINS)
    assert step(plan).waits_for == STILL_RUNS
    assert (SERVICE, "draining") in plan.waiting
    assert step(plan, LB).ready
    assert not step(plan, TG).ready

    assert step(plan_of(EMPTY)).ready


def test_by_force_nobody_waits_for_the_tasks():
    assert step(plan_of(DRAINS, Order.FORCE)).ready


def test_a_wake_sets_the_count_back_once_the_front_stands():
    resting = replace(DRAINS, phase="", differs=(COUNT, FORCED, "taskDefinition"))
    waits = step(plan_of(resting, target=Target.AWAKE, **{LISTENER: State.ABSENT}))
    assert waits.takes_up
    assert waits.waits_for == f"waits for {LISTENER}"

    plan = plan_of(resting, target=Target.AWAKE)
    assert step(plan).ready
    assert not plan.converged


def test_a_wake_makes_anew_what_it_cannot_take_up():
    resting = by_force(replace(DRAINS, differs=(COUNT, FORCED)))
    plan = plan_of(resting, target=Target.AWAKE)

    assert [str(action.verb) for action in plan.actions if action.address == SERVICE] == ["delete"]
    assert not step(plan).lowers_count


def test_the_first_moment_at_rest_is_remembered():
    rest = Rest().begun(SERVICE, NOON).begun(SERVICE, NOON + timedelta(minutes=5))

    assert rest.since == {SERVICE: NOON}
    assert rest.refused(SERVICE).over(SERVICE) == Rest()
    assert Rest.from_json(rest.refused(SERVICE).to_json()) == rest.refused(SERVICE)


def test_what_a_service_left_running_when_it_was_taken_up_is_remembered_until_it_is_gone():
    taken_up = Rest().begun(SERVICE, NOON).taken_up(SERVICE, NOON + timedelta(minutes=1))

    assert (taken_up.since, taken_up.left) == ({}, {SERVICE: NOON})
    assert Rest.from_json(taken_up.to_json()) == taken_up
    assert taken_up.drained(SERVICE) == taken_up.over(SERVICE) == Rest()
    assert Rest().taken_up(SERVICE, NOON).left == {SERVICE: NOON}
    assert Rest.from_json({}) == Rest()
    again = taken_up.begun(SERVICE, NOON + timedelta(hours=1))
    assert (again.since, again.left) == ({SERVICE: NOON + timedelta(hours=1)}, {})


def test_a_deleted_service_has_been_leaving_since_it_was_put_to_rest():
    """Or tasks that do not stop would be given a quarter of an hour twice."""
    progress = replace(Progress(), rest=Rest().begun(SERVICE, NOON))
    gone = progress.after_delete(SERVICE, "arn:service", NOON + timedelta(minutes=15))

    assert gone.draining_since(SERVICE, "arn:service") == NOON
    assert gone.rest == Rest()


def test_who_is_refused_is_remembered_beside_the_others():
    rest = Rest().refused(SERVICE)
    assert rest.forced == {SERVICE}
    assert rest.refused("other").forced == {SERVICE, "other"}
    assert rest.refused("other").over(SERVICE).forced == {"other"}


def test_by_force_nothing_of_it_is_corrected_and_one_at_rest_is_created_again():
    differing = replace(RUNS, differs=(COUNT,), outdated=("x",))
    assert by_force(differing) == replace(RUNS, may_rest=False)
    assert by_force(EMPTY) == replace(EMPTY, outdated=(COUNT,))
