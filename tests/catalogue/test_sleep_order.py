"""
How a sleep goes by the count of its service, and by force where that does not work: F71 to F74.

AWS behaviour §3.6.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalogue.tools import (
    ASLEEP,
    AWAKE,
    CLUSTER,
    FAMILY,
    LB,
    SERVICE,
    SERVICE_NAME,
    TG,
    Watch,
    by_hand,
    calls_of,
    changes_since,
    is_quiet,
    one_pass,
    stop_after,
)
from catalogue.turn_round import Sleeper, paid_seconds
from controller.aws.attributes import AT_FIRST
from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.planning.draining import DELAY
from controller.domain.planning.plan import Order, Target
from controller.domain.planning.rest import Rest
from controller.domain.planning.timing import TYPICAL
from controller.reconcile.loop import Reconciler
from controller.reconcile.outcome import Limits, Result
from controller.reconcile.serving import Served
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec, service, target_group
from local.ecs.mishaps import set_container_health
from local.faults import Fault

REFUSALS = [
    ("InvalidParameterException", 400),
    ("AccessDeniedException", 400),
    ("ThrottlingException", 400),
    ("ServerException", 500),
    ("ServiceNotActiveException", 400),
]
SLOW_DRAIN = replace(TYPICAL, drains_alone=True)


def with_service(**changes):
    rest = [each for each in article_spec().resources if each.address != SERVICE]
    return article_spec(resources=(*rest, service(**changes)))


def made(sut, operation):
    return [call for call in calls_of(sut, operation) if not call.error_code]


def described(sut):
    reply = sut.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    return reply["services"][0]


def delay_of(sut):
    elbv2 = sut.session.client("elbv2")
    arn = elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    found = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {each["Key"]: each["Value"] for each in found}[DELAY]


def half_asleep(sut, progress=None, *, order=Order.COUNT, rounds=1):
    """The first round of a sleep alone."""
    return sut.sleep(progress=progress, order=order, still_wanted=stop_after(rounds))


# The order


def test_f48_a_sleep_sets_the_count_then_deletes_the_load_balancer_then_waits(sut):
    woken = sut.wake()
    start, began = len(sut.aws.calls), sut.aws.clock.now()
    outcome = sut.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert changes_since(sut, start) == [
        "ModifyTargetGroupAttributes",
        "UpdateService",
        "DeleteLoadBalancer",
        "DeleteService",
        "DeleteTargetGroup",
    ]
    (update,) = calls_of(sut, "UpdateService", since=start)
    assert update.params["desiredCount"] == 0
    (balancer,) = calls_of(sut, "DeleteLoadBalancer", since=start)
    assert (balancer.at - began).total_seconds() < 1
    (gone,) = calls_of(sut, "DeleteService", since=start)
    tasks = [each for each in sut.aws.lifetimes() if each.kind == "task"]
    assert all(each.ended_at and each.ended_at <= gone.at for each in tasks)


def test_f48_the_service_is_deleted_by_what_its_tasks_say_and_not_by_its_counts(sut_of):
    """They leave out those that drain or stop (AWS behaviour §2.7)."""
    sut = sut_of(SLOW_DRAIN)
    sut.wake()
    watch = Watch()
    half_asleep(sut)
    assert described(sut)["runningCount"] == 0
    sut.sleep(report=watch)

    assert "draining" in watch.waits
    (gone,) = calls_of(sut, "DeleteService")
    (task,) = [each for each in sut.aws.lifetimes() if each.kind == "task"]
    assert 0 <= (gone.at - task.ended_at).total_seconds() <= 5


def test_f48_a_wake_takes_the_service_up_by_its_count_and_a_new_deployment(sut):
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    start = len(sut.aws.calls)
    outcome = sut.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == AWAKE
    changes = changes_since(sut, start)
    assert not {"CreateService", "DeleteService", "CreateTargetGroup"} & set(changes)
    assert changes.index("CreateListener") < changes.index("UpdateService")
    (update,) = calls_of(sut, "UpdateService", since=start)
    assert update.params["desiredCount"] == 1
    assert update.params["forceNewDeployment"] is True
    assert FAMILY in update.params["taskDefinition"]


def test_f48_by_force_the_service_is_deleted_at_once(sut):
    sut.wake()
    start = len(sut.aws.calls)
    sut.sleep(order=Order.FORCE)

    changes = changes_since(sut, start)
    assert "UpdateService" not in changes
    assert set(changes[:3]) == {
        "ModifyTargetGroupAttributes",
        "DeleteService",
        "DeleteLoadBalancer",
    }


def test_f48_a_service_without_a_running_task_is_deleted_at_once(sut):
    """Nothing of it drains, so nothing is gained by its count."""
    sut.wake(still_wanted=lambda: not made(sut, "CreateService"))
    sut.aws.clock.advance(10)
    assert described(sut)["runningCount"] == 0
    start = len(sut.aws.calls)
    assert sut.sleep().result is Result.CONVERGED
    assert "UpdateService" not in changes_since(sut, start)
    assert is_quiet(sut)


# The answer is a refusal


@pytest.mark.parametrize(("code", "status"), REFUSALS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_f71_a_count_that_is_refused_is_answered_by_force_at_once(sut, code, status, when):
    woken = sut.wake()
    fault = Fault(operation="UpdateService", code=code, status=status, when=when, times=1)
    sut.aws.faults.add(fault)
    start, began = len(sut.aws.calls), sut.aws.clock.now()
    outcome = sut.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == ASLEEP
    first = changes_since(sut, start)[:4]
    assert first == [
        "ModifyTargetGroupAttributes",
        "UpdateService",
        "DeleteService",
        "DeleteLoadBalancer",
    ]
    for operation in ("DeleteService", "DeleteLoadBalancer"):
        (call,) = calls_of(sut, operation, since=start)
        assert (call.at - began).total_seconds() < 1
        assert call.params.get("force", True) is True
    assert is_quiet(sut)


@pytest.mark.parametrize("raised_after", [1, 7, 40])
def test_f72_a_count_that_somebody_raises_is_answered_by_force(sut_of, raised_after):
    """Autoscaling, a pipeline, terraform apply: such a task costs money and serves nobody."""
    sut = sut_of(SLOW_DRAIN)
    woken = sut.wake()
    sut.aws.conditions.count_raised_after = raised_after
    began = sut.aws.clock.now()
    outcome = sut.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == ASLEEP
    assert is_quiet(sut)
    updates = [u.params for u in calls_of(sut, "UpdateService") if "desiredCount" in u.params]
    assert [each["desiredCount"] for each in updates] == [0]
    (gone,) = calls_of(sut, "DeleteService")
    assert (gone.at - began).total_seconds() <= max(raised_after, 5) + 5
    assert paid_seconds(sut.aws, began)["task"] <= 2 * (120 + 30) + 10


@pytest.mark.parametrize("raised_after", [1, 7, 40])
def test_f72_a_wake_finds_a_count_that_somebody_raised(sut_of, raised_after):
    sut = sut_of(SLOW_DRAIN)
    sut.aws.conditions.count_raised_after = raised_after
    turn = Sleeper(sut).awake().turn_round(20)

    assert sut.standing() == AWAKE
    assert turn.seconds <= 330  # what it is by force


@pytest.mark.parametrize(
    "code", ["InvalidParameterException", "AccessDeniedException", "ClientException"]
)
def test_f73_a_service_that_cannot_be_taken_up_is_created_again(sut, code):
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    start = len(sut.aws.calls)
    sut.aws.faults.add(Fault(operation="UpdateService", code=code, status=400))
    outcome = sut.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert sut.standing() == AWAKE
    changes = changes_since(sut, start)
    assert changes.index("DeleteService") < changes.index("CreateService")


def test_f73_a_busy_moment_is_no_reason_to_make_it_anew(sut):
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    start = len(sut.aws.calls)
    sut.aws.faults.add(
        Fault(operation="UpdateService", code="ThrottlingException", status=400, times=2)
    )
    outcome = sut.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert "CreateService" not in changes_since(sut, start)


def test_f73_another_capacity_is_no_matter_of_an_update(sut):
    spot = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    request = {k: v for k, v in service().request.items() if k != "launchType"}
    plain, sut.spec = sut.spec, with_service(request={**request, **spot})
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    sut.spec = plain
    outcome = sut.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert described(sut)["launchType"] == "FARGATE"


def test_f48_what_was_published_meanwhile_holds_for_what_is_taken_up(sut):
    """The new tasks are those that a new service would have had."""
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    request = {
        **service().request,
        "desiredCount": 2,
        "healthCheckGracePeriodSeconds": 60,
        "propagateTags": "SERVICE",
        "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50},
    }
    sut.spec = with_service(request=request)
    outcome = sut.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    found = described(sut)
    assert found["desiredCount"] == found["runningCount"] == 2
    assert found["healthCheckGracePeriodSeconds"] == 60
    assert found["propagateTags"] == "SERVICE"
    assert found["deploymentConfiguration"]["maximumPercent"] == 150


# Whose count it is


COUNTED = {
    "ignored": {"ignore_changes": ("desired_count",), "ignored": ("desiredCount",)},
    "scaled from 0": {"scaling": {"least": 0, "most": 4}},
}


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("whose", COUNTED)
def test_f48_a_count_of_our_own_sleep_is_set_back_whoever_else_counts(sut_of, whose, remembers):
    sut = sut_of("typical", with_service(**COUNTED[whose]))
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    outcome = sut.wake(progress=begun.progress if remembers else None)

    assert outcome.result is Result.CONVERGED
    assert described(sut)["runningCount"] == 1


@pytest.mark.parametrize("whose", COUNTED)
def test_f48_a_wake_that_ended_before_the_count_is_finished_by_one_without_memory(sut_of, whose):
    """`dormouse apply` is ended while ECS does not see the new load balancer yet, and run again."""
    sut = sut_of("typical", with_service(**COUNTED[whose]))
    half_asleep(sut, sut.wake().progress)
    unseen = Fault(
        operation="UpdateService",
        code="InvalidParameterException",
        message="The target group tg does not have an associated load balancer.",
        status=400,
        times=99,
    )
    sut.aws.faults.add(unseen)
    sut.wake(still_wanted=lambda: len(made(sut, "CreateListener")) == 1)
    assert (unseen.struck, described(sut)["desiredCount"]) == (1, 0)
    sut.aws.faults.clear()
    sut.aws.clock.advance(300)
    outcome = sut.wake()

    assert outcome.result is Result.CONVERGED
    assert described(sut)["runningCount"] == 1


@pytest.mark.parametrize("whose", COUNTED)
def test_f50_a_count_of_0_that_others_have_set_while_awake_stays(sut_of, whose):
    sut = sut_of("typical", with_service(**COUNTED[whose]))
    woken = sut.wake()
    with by_hand(sut) as session:
        session.client("ecs").update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=0)
    sut.aws.clock.advance(120)
    sut.wake(progress=woken.progress, minutes=3)

    assert described(sut)["desiredCount"] == 0


# A task of before that never stops


def turned_round_with_a_stuck_task(sut):
    """A wake in the middle of a sleep; the task of before it drains for ever."""
    sut.aws.conditions.containers(FAMILY, "drain_stuck")
    woken = sut.wake()
    old = {task["taskArn"] for task in tasks_of(sut)}
    begun = half_asleep(sut, woken.progress)
    sut.aws.conditions.containers(FAMILY, "healthy")
    outcome = sut.wake(progress=begun.progress)
    assert outcome.result is Result.CONVERGED
    assert running(sut) > old  # both are paid for
    return outcome, old


def tasks_of(sut):
    ecs = sut.session.client("ecs")
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=CLUSTER, desiredStatus=status)["taskArns"]
    ]
    return ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]


def running(sut):
    return {task["taskArn"] for task in tasks_of(sut) if task["lastStatus"] != "STOPPED"}


def later(sut, outcome, seconds):
    """A pass that finds the stack awake, so long after it was."""
    sut.aws.clock.advance(seconds)
    cloud = AwsCloud(sut.spec, Clients(sut.session, sut.spec.region), one_by_one)
    ready = Served(patience=timedelta(minutes=20), since=sut.aws.clock.now())
    run = Reconciler(sut.spec, cloud, sut.aws.clock, one_by_one, progress=outcome.progress)
    return run.run(Target.AWAKE, Limits(served=ready))


def test_f43_a_task_that_drains_on_beside_those_of_a_wake_is_stopped(sut):
    outcome, old = turned_round_with_a_stuck_task(sut)
    early = later(sut, outcome, 5 * 60)
    assert (early.result, running(sut) > old) == (Result.CONVERGED, True)
    assert not calls_of(sut, "StopTask")
    late = later(sut, early, 11 * 60)

    assert late.result is Result.CONVERGED
    assert {call.params["task"] for call in calls_of(sut, "StopTask")} == old
    seen = later(sut, late, 15 * 60)
    assert len(running(sut)) == 1
    assert running(sut).isdisjoint(old)
    assert (seen.result, seen.progress.rest) == (Result.CONVERGED, Rest())
    before = len(calls_of(sut, "DescribeTasks"))
    assert later(sut, seen, 15 * 60).result is Result.CONVERGED
    assert len(calls_of(sut, "DescribeTasks")) == before, "nobody looks for it any more"


def test_f43_tasks_that_stop_by_themselves_are_looked_for_once_and_left_alone(sut):
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    outcome = sut.wake(progress=begun.progress)
    late = later(sut, outcome, 16 * 60)

    assert (late.result, late.progress.rest) == (Result.CONVERGED, Rest())
    assert not calls_of(sut, "StopTask")


def test_f43_one_that_may_not_be_stopped_is_reported_while_the_stack_serves(sut):
    outcome, old = turned_round_with_a_stuck_task(sut)
    denied = Fault(operation="StopTask", code="AccessDeniedException", status=400, times=99)
    sut.aws.faults.add(denied)
    late = later(sut, outcome, 16 * 60)

    assert late.result is Result.DEGRADED
    assert "stop it by hand (aws ecs stop-task" in late.cause
    assert running(sut) > old
    sut.aws.faults.clear()
    assert later(sut, late, 300).result is Result.CONVERGED
    sut.aws.clock.advance(120)
    assert running(sut).isdisjoint(old)


def test_f43_a_sleep_that_comes_first_sees_to_it_itself(sut):
    outcome, _ = turned_round_with_a_stuck_task(sut)
    asleep = sut.sleep(progress=outcome.progress, minutes=60)

    assert asleep.result is Result.CONVERGED
    assert sut.standing() == ASLEEP
    assert not running(sut)


# What went wrong before is over


def test_f48_tasks_that_failed_before_the_sleep_do_not_fail_the_wake(sut):
    woken = sut.wake()
    for _ in range(4):
        arn = sut.session.client("ecs").list_tasks(cluster=CLUSTER)["taskArns"][0]
        set_container_health(sut.aws, arn, passes=False)
        sut.aws.clock.advance(400)
    healed = sut.wake(progress=woken.progress)
    begun = half_asleep(sut, healed.progress)
    watch = Watch()
    outcome = sut.wake(progress=begun.progress, report=watch)

    assert outcome.result is Result.CONVERGED
    assert not watch.causes


# The drain that nobody needs


@pytest.mark.parametrize("order", [Order.COUNT, Order.FORCE])
def test_f42_a_target_group_drains_no_longer_once_its_load_balancer_goes(sut_of, order):
    group = target_group(attributes={DELAY: "300"})
    rest = [each for each in article_spec().resources if each.address != TG]
    sut = sut_of(SLOW_DRAIN, article_spec(resources=(group, *rest)))
    sleeper = Sleeper(sut, order).awake()
    began = sut.aws.clock.now()
    half_asleep(sut, sleeper.progress, order=order)
    assert delay_of(sut) == "0"
    sleeper.asleep()

    took = (sut.aws.clock.now() - began).total_seconds()
    assert took <= 120 + 30 + 10 + 10  # what AWS takes at least


def test_f42_safe_lets_it_drain(sut):
    sut.wake()
    half_asleep(sut, order=Order.SAFE)
    assert delay_of(sut) == "10"
    assert not calls_of(sut, "UpdateService")


def test_f42_a_delay_that_may_not_be_changed_keeps_nobody_awake(sut):
    woken = sut.wake()
    fault = Fault(operation="ModifyTargetGroupAttributes", code="AccessDenied", status=403)
    sut.aws.faults.add(fault)
    outcome = sut.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert outcome.cause == ""


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize(
    "group",
    [
        target_group(attributes={DELAY: "300"}),
        target_group(attributes={DELAY: "45"}),
        target_group(
            attributes={DELAY: "45"}, ignored=(DELAY,), ignore_changes=("deregistration_delay",)
        ),
    ],
    ids=["as by default", "given", "ignored"],
)
def test_f48_a_wake_gives_the_target_group_its_delay_back(sut_of, group, remembers):
    if group.ignored and not remembers:
        pytest.skip(f"nobody knows that it was ours: {AT_FIRST} only")
    rest = [each for each in article_spec().resources if each.address != TG]
    sut = sut_of("typical", article_spec(resources=(group, *rest)))
    woken = sut.wake()
    begun = half_asleep(sut, woken.progress)
    assert delay_of(sut) == "0"
    outcome = one_pass(sut, "awake", progress=begun.progress if remembers else None)

    assert outcome.result is Result.CONVERGED
    assert delay_of(sut) == group.attributes[DELAY]
    assert outcome.observed[LB].state.exists


def test_f48_a_service_that_is_taken_up_behind_a_ready_front_is_waited_for(sut):
    """Nothing but its tasks is left to wait for: awake is a healthy target, not a count."""
    woken = sut.wake()
    with by_hand(sut) as session:
        elbv2 = session.client("elbv2")
        balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        elbv2.delete_listener(ListenerArn=listeners[0]["ListenerArn"])
        ecs = session.client("ecs")
        ecs.update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=0)
    sut.aws.clock.advance(180)
    watch = Watch()
    outcome = sut.wake(progress=woken.progress, report=watch)

    assert outcome.result is Result.CONVERGED
    assert described(sut)["runningCount"] == 1
    assert {"task starting", "health check"} <= watch.waits
