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


def made(desk, operation):
    return [call for call in calls_of(desk, operation) if not call.error_code]


def described(desk):
    reply = desk.session.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE_NAME])
    return reply["services"][0]


def delay_of(desk):
    elbv2 = desk.session.client("elbv2")
    arn = elbv2.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    found = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {each["Key"]: each["Value"] for each in found}[DELAY]


def half_asleep(desk, progress=None, *, order=Order.COUNT, rounds=1):
    """The first round of a sleep alone."""
    return desk.sleep(progress=progress, order=order, still_wanted=stop_after(rounds))


# The order


def test_f48_a_sleep_sets_the_count_then_deletes_the_load_balancer_then_waits(desk):
    woken = desk.wake()
    start, began = len(desk.aws.calls), desk.aws.clock.now()
    outcome = desk.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert changes_since(desk, start) == [
        "ModifyTargetGroupAttributes",
        "UpdateService",
        "DeleteLoadBalancer",
        "DeleteService",
        "DeleteTargetGroup",
    ]
    (update,) = calls_of(desk, "UpdateService", since=start)
    assert update.params["desiredCount"] == 0
    (balancer,) = calls_of(desk, "DeleteLoadBalancer", since=start)
    assert (balancer.at - began).total_seconds() < 1
    (gone,) = calls_of(desk, "DeleteService", since=start)
    tasks = [each for each in desk.aws.lifetimes() if each.kind == "task"]
    assert all(each.ended_at and each.ended_at <= gone.at for each in tasks)


def test_f48_the_service_is_deleted_by_what_its_tasks_say_and_not_by_its_counts(desk_of):
    """They leave out those that drain or stop (AWS behaviour §2.7)."""
    desk = desk_of(SLOW_DRAIN)
    desk.wake()
    watch = Watch()
    half_asleep(desk)
    assert described(desk)["runningCount"] == 0
    desk.sleep(report=watch)

    assert "draining" in watch.waits
    (gone,) = calls_of(desk, "DeleteService")
    (task,) = [each for each in desk.aws.lifetimes() if each.kind == "task"]
    assert 0 <= (gone.at - task.ended_at).total_seconds() <= 5


def test_f48_a_wake_takes_the_service_up_by_its_count_and_a_new_deployment(desk):
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    start = len(desk.aws.calls)
    outcome = desk.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == AWAKE
    changes = changes_since(desk, start)
    assert not {"CreateService", "DeleteService", "CreateTargetGroup"} & set(changes)
    assert changes.index("CreateListener") < changes.index("UpdateService")
    (update,) = calls_of(desk, "UpdateService", since=start)
    assert update.params["desiredCount"] == 1
    assert update.params["forceNewDeployment"] is True
    assert FAMILY in update.params["taskDefinition"]


def test_f48_by_force_the_service_is_deleted_at_once(desk):
    desk.wake()
    start = len(desk.aws.calls)
    desk.sleep(order=Order.FORCE)

    changes = changes_since(desk, start)
    assert "UpdateService" not in changes
    assert set(changes[:3]) == {
        "ModifyTargetGroupAttributes",
        "DeleteService",
        "DeleteLoadBalancer",
    }


def test_f48_a_service_without_a_running_task_is_deleted_at_once(desk):
    """Nothing of it drains, so nothing is gained by its count."""
    desk.wake(still_wanted=lambda: not made(desk, "CreateService"))
    desk.aws.clock.advance(10)
    assert described(desk)["runningCount"] == 0
    start = len(desk.aws.calls)
    assert desk.sleep().result is Result.CONVERGED
    assert "UpdateService" not in changes_since(desk, start)
    assert is_quiet(desk)


# The answer is a refusal


@pytest.mark.parametrize(("code", "status"), REFUSALS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_f71_a_count_that_is_refused_is_answered_by_force_at_once(desk, code, status, when):
    woken = desk.wake()
    fault = Fault(operation="UpdateService", code=code, status=status, when=when, times=1)
    desk.aws.faults.add(fault)
    start, began = len(desk.aws.calls), desk.aws.clock.now()
    outcome = desk.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == ASLEEP
    first = changes_since(desk, start)[:4]
    assert first == [
        "ModifyTargetGroupAttributes",
        "UpdateService",
        "DeleteService",
        "DeleteLoadBalancer",
    ]
    for operation in ("DeleteService", "DeleteLoadBalancer"):
        (call,) = calls_of(desk, operation, since=start)
        assert (call.at - began).total_seconds() < 1
        assert call.params.get("force", True) is True
    assert is_quiet(desk)


@pytest.mark.parametrize("raised_after", [1, 7, 40])
def test_f72_a_count_that_somebody_raises_is_answered_by_force(desk_of, raised_after):
    """Autoscaling, a pipeline, terraform apply: such a task costs money and serves nobody."""
    desk = desk_of(SLOW_DRAIN)
    woken = desk.wake()
    desk.aws.conditions.count_raised_after = raised_after
    began = desk.aws.clock.now()
    outcome = desk.sleep(progress=woken.progress)

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == ASLEEP
    assert is_quiet(desk)
    updates = [u.params for u in calls_of(desk, "UpdateService") if "desiredCount" in u.params]
    assert [each["desiredCount"] for each in updates] == [0]
    (gone,) = calls_of(desk, "DeleteService")
    assert (gone.at - began).total_seconds() <= max(raised_after, 5) + 5
    assert paid_seconds(desk.aws, began)["task"] <= 2 * (120 + 30) + 10


@pytest.mark.parametrize("raised_after", [1, 7, 40])
def test_f72_a_wake_finds_a_count_that_somebody_raised(desk_of, raised_after):
    desk = desk_of(SLOW_DRAIN)
    desk.aws.conditions.count_raised_after = raised_after
    turn = Sleeper(desk).awake().turn_round(20)

    assert desk.standing() == AWAKE
    assert turn.seconds <= 330  # what it is by force


@pytest.mark.parametrize(
    "code", ["InvalidParameterException", "AccessDeniedException", "ClientException"]
)
def test_f73_a_service_that_cannot_be_taken_up_is_created_again(desk, code):
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    start = len(desk.aws.calls)
    desk.aws.faults.add(Fault(operation="UpdateService", code=code, status=400))
    outcome = desk.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert desk.standing() == AWAKE
    changes = changes_since(desk, start)
    assert changes.index("DeleteService") < changes.index("CreateService")


def test_f73_a_busy_moment_is_no_reason_to_make_it_anew(desk):
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    start = len(desk.aws.calls)
    desk.aws.faults.add(
        Fault(operation="UpdateService", code="ThrottlingException", status=400, times=2)
    )
    outcome = desk.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert "CreateService" not in changes_since(desk, start)


def test_f73_another_capacity_is_no_matter_of_an_update(desk):
    spot = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    request = {k: v for k, v in service().request.items() if k != "launchType"}
    plain, desk.spec = desk.spec, with_service(request={**request, **spot})
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    desk.spec = plain
    outcome = desk.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    assert described(desk)["launchType"] == "FARGATE"


def test_f48_what_was_published_meanwhile_holds_for_what_is_taken_up(desk):
    """The new tasks are those that a new service would have had."""
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    request = {
        **service().request,
        "desiredCount": 2,
        "healthCheckGracePeriodSeconds": 60,
        "propagateTags": "SERVICE",
        "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50},
    }
    desk.spec = with_service(request=request)
    outcome = desk.wake(progress=begun.progress)

    assert outcome.result is Result.CONVERGED
    found = described(desk)
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
def test_f48_a_count_of_our_own_sleep_is_set_back_whoever_else_counts(desk_of, whose, remembers):
    desk = desk_of("typical", with_service(**COUNTED[whose]))
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    outcome = desk.wake(progress=begun.progress if remembers else None)

    assert outcome.result is Result.CONVERGED
    assert described(desk)["runningCount"] == 1


@pytest.mark.parametrize("whose", COUNTED)
def test_f48_a_wake_that_ended_before_the_count_is_finished_by_one_without_memory(desk_of, whose):
    """`dormouse apply` is ended while ECS does not see the new load balancer yet, and run again."""
    desk = desk_of("typical", with_service(**COUNTED[whose]))
    half_asleep(desk, desk.wake().progress)
    unseen = Fault(
        operation="UpdateService",
        code="InvalidParameterException",
        message="The target group tg does not have an associated load balancer.",
        status=400,
        times=99,
    )
    desk.aws.faults.add(unseen)
    desk.wake(still_wanted=lambda: len(made(desk, "CreateListener")) == 1)
    assert (unseen.struck, described(desk)["desiredCount"]) == (1, 0)
    desk.aws.faults.clear()
    desk.aws.clock.advance(300)
    outcome = desk.wake()

    assert outcome.result is Result.CONVERGED
    assert described(desk)["runningCount"] == 1


@pytest.mark.parametrize("whose", COUNTED)
def test_f50_a_count_of_0_that_others_have_set_while_awake_stays(desk_of, whose):
    desk = desk_of("typical", with_service(**COUNTED[whose]))
    woken = desk.wake()
    with by_hand(desk) as session:
        session.client("ecs").update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=0)
    desk.aws.clock.advance(120)
    desk.wake(progress=woken.progress, minutes=3)

    assert described(desk)["desiredCount"] == 0


# A task of before that never stops


def turned_round_with_a_stuck_task(desk):
    """A wake in the middle of a sleep; the task of before it drains for ever."""
    desk.aws.conditions.containers(FAMILY, "drain_stuck")
    woken = desk.wake()
    old = {task["taskArn"] for task in tasks_of(desk)}
    begun = half_asleep(desk, woken.progress)
    desk.aws.conditions.containers(FAMILY, "healthy")
    outcome = desk.wake(progress=begun.progress)
    assert outcome.result is Result.CONVERGED
    assert running(desk) > old  # both are paid for
    return outcome, old


def tasks_of(desk):
    ecs = desk.session.client("ecs")
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=CLUSTER, desiredStatus=status)["taskArns"]
    ]
    return ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]


def running(desk):
    return {task["taskArn"] for task in tasks_of(desk) if task["lastStatus"] != "STOPPED"}


def later(desk, outcome, seconds):
    """A pass that finds the stack awake, so long after it was."""
    desk.aws.clock.advance(seconds)
    cloud = AwsCloud(desk.spec, Clients(desk.session, desk.spec.region), one_by_one)
    ready = Served(patience=timedelta(minutes=20), since=desk.aws.clock.now())
    run = Reconciler(desk.spec, cloud, desk.aws.clock, one_by_one, progress=outcome.progress)
    return run.run(Target.AWAKE, Limits(served=ready))


def test_f43_a_task_that_drains_on_beside_those_of_a_wake_is_stopped(desk):
    outcome, old = turned_round_with_a_stuck_task(desk)
    early = later(desk, outcome, 5 * 60)
    assert (early.result, running(desk) > old) == (Result.CONVERGED, True)
    assert not calls_of(desk, "StopTask")
    late = later(desk, early, 11 * 60)

    assert late.result is Result.CONVERGED
    assert {call.params["task"] for call in calls_of(desk, "StopTask")} == old
    seen = later(desk, late, 15 * 60)
    assert len(running(desk)) == 1
    assert running(desk).isdisjoint(old)
    assert (seen.result, seen.progress.rest) == (Result.CONVERGED, Rest())
    before = len(calls_of(desk, "DescribeTasks"))
    assert later(desk, seen, 15 * 60).result is Result.CONVERGED
    assert len(calls_of(desk, "DescribeTasks")) == before, "nobody looks for it any more"


def test_f43_tasks_that_stop_by_themselves_are_looked_for_once_and_left_alone(desk):
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    outcome = desk.wake(progress=begun.progress)
    late = later(desk, outcome, 16 * 60)

    assert (late.result, late.progress.rest) == (Result.CONVERGED, Rest())
    assert not calls_of(desk, "StopTask")


def test_f43_one_that_may_not_be_stopped_is_reported_while_the_stack_serves(desk):
    outcome, old = turned_round_with_a_stuck_task(desk)
    denied = Fault(operation="StopTask", code="AccessDeniedException", status=400, times=99)
    desk.aws.faults.add(denied)
    late = later(desk, outcome, 16 * 60)

    assert late.result is Result.DEGRADED
    assert "stop it by hand (aws ecs stop-task" in late.cause
    assert running(desk) > old
    desk.aws.faults.clear()
    assert later(desk, late, 300).result is Result.CONVERGED
    desk.aws.clock.advance(120)
    assert running(desk).isdisjoint(old)


def test_f43_a_sleep_that_comes_first_sees_to_it_itself(desk):
    outcome, _ = turned_round_with_a_stuck_task(desk)
    asleep = desk.sleep(progress=outcome.progress, minutes=60)

    assert asleep.result is Result.CONVERGED
    assert desk.standing() == ASLEEP
    assert not running(desk)


# What went wrong before is over


def test_f48_tasks_that_failed_before_the_sleep_do_not_fail_the_wake(desk):
    woken = desk.wake()
    for _ in range(4):
        arn = desk.session.client("ecs").list_tasks(cluster=CLUSTER)["taskArns"][0]
        set_container_health(desk.aws, arn, passes=False)
        desk.aws.clock.advance(400)
    healed = desk.wake(progress=woken.progress)
    begun = half_asleep(desk, healed.progress)
    watch = Watch()
    outcome = desk.wake(progress=begun.progress, report=watch)

    assert outcome.result is Result.CONVERGED
    assert not watch.causes


# The drain that nobody needs


@pytest.mark.parametrize("order", [Order.COUNT, Order.FORCE])
def test_f42_a_target_group_drains_no_longer_once_its_load_balancer_goes(desk_of, order):
    group = target_group(attributes={DELAY: "300"})
    rest = [each for each in article_spec().resources if each.address != TG]
    desk = desk_of(SLOW_DRAIN, article_spec(resources=(group, *rest)))
    sleeper = Sleeper(desk, order).awake()
    began = desk.aws.clock.now()
    half_asleep(desk, sleeper.progress, order=order)
    assert delay_of(desk) == "0"
    sleeper.asleep()

    took = (desk.aws.clock.now() - began).total_seconds()
    assert took <= 120 + 30 + 10 + 10  # what AWS takes at least


def test_f42_safe_lets_it_drain(desk):
    desk.wake()
    half_asleep(desk, order=Order.SAFE)
    assert delay_of(desk) == "10"
    assert not calls_of(desk, "UpdateService")


def test_f42_a_delay_that_may_not_be_changed_keeps_nobody_awake(desk):
    woken = desk.wake()
    fault = Fault(operation="ModifyTargetGroupAttributes", code="AccessDenied", status=403)
    desk.aws.faults.add(fault)
    outcome = desk.sleep(progress=woken.progress)

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
def test_f48_a_wake_gives_the_target_group_its_delay_back(desk_of, group, remembers):
    if group.ignored and not remembers:
        pytest.skip(f"nobody knows that it was ours: {AT_FIRST} only")
    rest = [each for each in article_spec().resources if each.address != TG]
    desk = desk_of("typical", article_spec(resources=(group, *rest)))
    woken = desk.wake()
    begun = half_asleep(desk, woken.progress)
    assert delay_of(desk) == "0"
    outcome = one_pass(desk, "awake", progress=begun.progress if remembers else None)

    assert outcome.result is Result.CONVERGED
    assert delay_of(desk) == group.attributes[DELAY]
    assert outcome.observed[LB].state.exists


def test_f48_a_service_that_is_taken_up_behind_a_ready_front_is_waited_for(desk):
    """Nothing but its tasks is left to wait for: awake is a healthy target, not a count."""
    woken = desk.wake()
    with by_hand(desk) as session:
        elbv2 = session.client("elbv2")
        balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        elbv2.delete_listener(ListenerArn=listeners[0]["ListenerArn"])
        ecs = session.client("ecs")
        ecs.update_service(cluster=CLUSTER, service=SERVICE_NAME, desiredCount=0)
    desk.aws.clock.advance(180)
    watch = Watch()
    outcome = desk.wake(progress=woken.progress, report=watch)

    assert outcome.result is Result.CONVERGED
    assert described(desk)["runningCount"] == 1
    assert {"task starting", "health check"} <= watch.waits
