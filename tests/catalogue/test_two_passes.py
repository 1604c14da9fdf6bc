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


def a_pass(sut, target, *, grain, after=0, stop_at=None, order=Order.COUNT):
    """A pass that begins so many seconds later, and is not wanted any more from `stop_at` on."""

    def run(turn):
        if after:
            turn.sleep(after)
        session = sut.session
        if grain == "call":
            session = DirectSession(sut.aws, turn.before_each_call)
        return one_pass(
            sut,
            target,
            clock=turn,
            session=session,
            minutes=40,
            order=order,
            still_wanted=lambda: stop_at is None or turn.now() < stop_at,
        )

    return run


def effects(sut, operation, since=0):
    return [c for c in calls_of(sut, operation, since=since) if not c.error_code]


@pytest.mark.parametrize("after", [0, 1, 30])
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("profile", PROFILES)
def test_f61_two_controllers_that_wake_converge_on_one_stack(sut_of, profile, grain, after):
    """Both see nothing and both create: each create gives both the same object."""
    sut = sut_of(profile)
    outcomes = run_together(
        sut.aws.clock,
        a_pass(sut, "awake", grain=grain),
        a_pass(sut, "awake", grain=grain, after=after),
    )
    assert [o.result for o in outcomes] == [Result.CONVERGED] * 2
    assert [o.cause for o in outcomes] == ["", ""]
    assert sut.standing() == AWAKE
    for operation in (
        "CreateTargetGroup",
        "CreateLoadBalancer",
        "CreateListener",
        "CreateService",
    ):
        answers = [c.result for c in effects(sut, operation)]
        assert len(set(answers)) == 1, operation
        if grain == "call" and after == 0:
            assert len(answers) == 2, operation  # both asked for it, as they saw nothing
    assert one_balancer_at_a_time(sut, "task")
    assert not calls_of(sut, "DeleteLoadBalancer", "DeleteService", "UpdateService")


@pytest.mark.parametrize(
    ("orders", "after"), [((Order.COUNT, Order.COUNT), 0), ((Order.COUNT, Order.SAFE), 4)]
)
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("profile", PROFILES)
def test_f61_two_controllers_that_sleep_leave_nothing(sut_of, profile, grain, orders, after):
    sut = sut_of(profile)
    one_pass(sut, "awake")
    outcomes = run_together(
        sut.aws.clock,
        a_pass(sut, "asleep", grain=grain, order=orders[0]),
        a_pass(sut, "asleep", grain=grain, order=orders[1], after=after),
    )
    assert [o.result for o in outcomes] == [Result.CONVERGED] * 2
    assert [o.cause for o in outcomes] == ["", ""]
    assert is_quiet(sut)
    assert len(effects(sut, "DeleteLoadBalancer")) <= 2
    assert len(effects(sut, "DeleteService")) <= 2


@pytest.mark.parametrize("winner", ["awake", "asleep"])
@pytest.mark.parametrize(("grain", "after"), list(itertools.product(GRAINS, [0, 7])))
@pytest.mark.parametrize("profile", PROFILES)
def test_f61_two_controllers_that_disagree_end_with_the_one_that_stays(
    sut_of, profile, grain, after, winner
):
    """
    One wakes, one puts to sleep, for four minutes; then one of them hears that it is not wanted.

    What they tear from each other's hands meanwhile is created again: no deadlock, no leftovers.
    """
    sut = sut_of(profile)
    start = sut.aws.clock.now()
    loser = {"awake": "asleep", "asleep": "awake"}[winner]
    won, lost = run_together(
        sut.aws.clock,
        a_pass(sut, winner, grain=grain, after=after),
        a_pass(sut, loser, grain=grain, stop_at=start + timedelta(minutes=4)),
    )
    final = won
    if winner == "asleep":
        final = one_pass(sut, "asleep")  # it may have been content before the other was done
    assert final.result is Result.CONVERGED, final.cause
    if winner == "awake":
        assert sut.standing() == AWAKE
        assert sum(not life.ended_at for life in sut.aws.lifetimes() if life.kind == "task") == 1
    else:
        assert lost.result in (Result.INTERRUPTED, Result.CONVERGED, Result.FAILED)
        sut.aws.clock.advance(60)
        assert is_quiet(sut)
    assert one_balancer_at_a_time(sut)
    made = len(effects(sut, "CreateLoadBalancer"))
    assert made <= 3 + 240 / sut.aws.timing.eip_release  # the Elastic IP slows them down


def test_f61_a_pass_that_knows_a_newer_task_definition_takes_what_stands(sut_of):
    """ "Not idempotent" is the other pass's service: it carries our tags, so it will do."""
    sut = sut_of("typical")

    def publish():
        with by_hand(sut) as session:
            ecs = session.client("ecs")
            first = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
            names = ("family", "containerDefinitions", "cpu", "memory", "networkMode")
            kept = {name: first[name] for name in names}
            ecs.register_task_definition(**kept, requiresCompatibilities=["FARGATE"])

    requested = []

    def second(turn):
        def hook(operation, make):
            if operation == "CreateService" and not requested:
                # The other one is quicker, and between the two a revision is published.
                requested.append(one_pass(sut, "awake", minutes=5))
                publish()
            return make()

        session = DirectSession(sut.aws, hook)
        return one_pass(sut, "awake", clock=turn, session=session)

    (outcome,) = run_together(sut.aws.clock, second)
    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""
    assert len({c.result for c in effects(sut, "CreateService")}) == 1
    services = sut.session.client("ecs").list_services(cluster=CLUSTER)["serviceArns"]
    assert len(services) == 1
