"""
F61: two passes on one stack at once, each knowing nothing of the other.

The lock is to prevent it; a run-over lease or `dormouse apply` beside the controller makes it
happen. Both take turns: after every round, or after every single call.
"""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from catalogue.tools import (
    AWAKE,
    CLUSTER,
    FAMILY,
    PROFILES,
    DirectSession,
    by_hand,
    calls_of,
    is_quiet,
    one_balancer_at_a_time,
    one_pass,
)
from catalogue.turns import run_together
from controller.domain.planning.plan import Order
from controller.reconcile.outcome import Result

GRAINS = ["round", "call"]


def a_pass(desk, target, *, grain, after=0, stop_at=None, order=Order.COUNT):
    """A pass that begins so many seconds later, and is not wanted any more from `stop_at` on."""

    def run(turn):
        if after:
            turn.sleep(after)
        session = desk.session
        if grain == "call":
            session = DirectSession(desk.aws, turn.before_each_call)
        return one_pass(
            desk,
            target,
            clock=turn,
            session=session,
            minutes=40,
            order=order,
            still_wanted=lambda: stop_at is None or turn.now() < stop_at,
        )

    return run


def effects(desk, operation, since=0):
    return [c for c in calls_of(desk, operation, since=since) if not c.error_code]


@pytest.mark.parametrize("after", [0, 1, 30])
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("profile", PROFILES)
def test_f61_two_controllers_that_wake_converge_on_one_stack(desk_of, profile, grain, after):
    """Both see nothing and both create: each create gives both the same object."""
    desk = desk_of(profile)
    outcomes = run_together(
        desk.aws.clock,
        a_pass(desk, "awake", grain=grain),
        a_pass(desk, "awake", grain=grain, after=after),
    )
    assert [o.result for o in outcomes] == [Result.CONVERGED] * 2
    assert [o.cause for o in outcomes] == ["", ""]
    assert desk.standing() == AWAKE
    for operation in (
        "CreateTargetGroup",
        "CreateLoadBalancer",
        "CreateListener",
        "CreateService",
    ):
        answers = [c.result for c in effects(desk, operation)]
        assert len(set(answers)) == 1, operation
        if grain == "call" and after == 0:
            assert len(answers) == 2, operation  # both asked for it, as they saw nothing
    assert one_balancer_at_a_time(desk, "task")
    assert not calls_of(desk, "DeleteLoadBalancer", "DeleteService", "UpdateService")


@pytest.mark.parametrize(
    ("orders", "after"), [((Order.COUNT, Order.COUNT), 0), ((Order.COUNT, Order.SAFE), 4)]
)
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("profile", PROFILES)
def test_f61_two_controllers_that_sleep_leave_nothing(desk_of, profile, grain, orders, after):
    desk = desk_of(profile)
    one_pass(desk, "awake")
    outcomes = run_together(
        desk.aws.clock,
        a_pass(desk, "asleep", grain=grain, order=orders[0]),
        a_pass(desk, "asleep", grain=grain, order=orders[1], after=after),
    )
    assert [o.result for o in outcomes] == [Result.CONVERGED] * 2
    assert [o.cause for o in outcomes] == ["", ""]
    assert is_quiet(desk)
    assert len(effects(desk, "DeleteLoadBalancer")) <= 2
    assert len(effects(desk, "DeleteService")) <= 2


@pytest.mark.parametrize("winner", ["awake", "asleep"])
@pytest.mark.parametrize(("grain", "after"), list(itertools.product(GRAINS, [0, 7])))
@pytest.mark.parametrize("profile", PROFILES)
def test_f61_two_controllers_that_disagree_end_with_the_one_that_stays(
    desk_of, profile, grain, after, winner
):
    """
    One wakes, one puts to sleep, for four minutes; then one of them hears that it is not wanted.

    What they tear from each other's hands meanwhile is made anew: no deadlock, no leftovers.
    """
    desk = desk_of(profile)
    start = desk.aws.clock.now()
    loser = {"awake": "asleep", "asleep": "awake"}[winner]
    won, lost = run_together(
        desk.aws.clock,
        a_pass(desk, winner, grain=grain, after=after),
        a_pass(desk, loser, grain=grain, stop_at=start + timedelta(minutes=4)),
    )
    final = won
    if winner == "asleep":
        final = one_pass(desk, "asleep")  # it may have been content before the other was done
    assert final.result is Result.CONVERGED, final.cause
    if winner == "awake":
        assert desk.standing() == AWAKE
        assert sum(not life.ended_at for life in desk.aws.lifetimes() if life.kind == "task") == 1
    else:
        assert lost.result in (Result.INTERRUPTED, Result.CONVERGED, Result.FAILED)
        desk.aws.clock.advance(60)
        assert is_quiet(desk)
    assert one_balancer_at_a_time(desk)
    made = len(effects(desk, "CreateLoadBalancer"))
    assert made <= 3 + 240 / desk.aws.timing.eip_release  # the Elastic IP slows them down


def test_f61_a_pass_that_knows_a_newer_task_definition_takes_what_stands(desk_of):
    """ "Not idempotent" is the other pass's service: it carries our tags, so it will do."""
    desk = desk_of("typical")

    def publish():
        with by_hand(desk) as session:
            ecs = session.client("ecs")
            first = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
            names = ("family", "containerDefinitions", "cpu", "memory", "networkMode")
            kept = {name: first[name] for name in names}
            ecs.register_task_definition(**kept, requiresCompatibilities=["FARGATE"])

    asked = []

    def second(turn):
        def hook(operation, make):
            if operation == "CreateService" and not asked:
                # The other one is quicker, and between the two a revision is published.
                asked.append(one_pass(desk, "awake", minutes=5))
                publish()
            return make()

        session = DirectSession(desk.aws, hook)
        return one_pass(desk, "awake", clock=turn, session=session)

    (outcome,) = run_together(desk.aws.clock, second)
    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert len({c.result for c in effects(desk, "CreateService")}) == 1
    services = desk.session.client("ecs").list_services(cluster=CLUSTER)["serviceArns"]
    assert len(services) == 1
