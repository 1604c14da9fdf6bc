"""A service that sleeps with its Application Auto Scaling: targets, policies, scheduled actions."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from catalogue.tools import Crash, DirectSession, Dying, fresh_desk, one_pass
from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.domain.planning.observed import State
from controller.domain.planning.owner_tags import owner_tags
from controller.domain.planning.plan import Target, make_plan
from controller.domain.planning.progress import Progress
from controller.reconcile.outcome import Result
from controller.reconcile.side_by_side import one_by_one
from factories import scaled_spec
from local.autoscaling.state import Autoscaling
from local.faults import Fault
from system.stack_under_test import ASLEEP, AWAKE
from traps.garden import S, desk_for, garden, spec_of

T = "aws_appautoscaling_target.t[0]"
CPU = "aws_appautoscaling_policy.cpu[0]"
STEPS = "aws_appautoscaling_policy.steps[0]"
NIGHT = "aws_appautoscaling_scheduled_action.night[0]"
ID = "service/garden/garden"
SCALED = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
OURS = owner_tags("garden", T)

SCALING = """
resource "aws_appautoscaling_target" "t" {
  count              = var.awake ? 1 : 0
  min_capacity       = 2
  max_capacity       = 6
  resource_id        = "service/${aws_ecs_cluster.c.name}/${aws_ecs_service.s[0].name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
  tags               = { team = "garden" }
}

resource "aws_appautoscaling_policy" "cpu" {
  count              = var.awake ? 1 : 0
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.t[0].resource_id
  scalable_dimension = aws_appautoscaling_target.t[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.t[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_out_cooldown = 60
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "steps" {
  count              = var.awake ? 1 : 0
  name               = "steps"
  resource_id        = aws_appautoscaling_target.t[0].resource_id
  scalable_dimension = aws_appautoscaling_target.t[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.t[0].service_namespace

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 60
    metric_aggregation_type = "Maximum"
    step_adjustment {
      metric_interval_lower_bound = "0"
      metric_interval_upper_bound = "10.5"
      scaling_adjustment          = 1
    }
    step_adjustment {
      metric_interval_lower_bound = "10.5"
      scaling_adjustment          = 2
    }
  }
}
"""

SCHEDULE = """
resource "aws_appautoscaling_scheduled_action" "night" {
  count              = var.awake ? 1 : 0
  name               = "night"
  resource_id        = aws_appautoscaling_target.t[0].resource_id
  scalable_dimension = aws_appautoscaling_target.t[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.t[0].service_namespace
  schedule           = "at(2026-11-23T20:00:00)"
  timezone           = "Europe/Berlin"
  scalable_target_action {
    min_capacity = "1"
    max_capacity = "1"
  }
}
"""


@pytest.fixture
def desk(tmp_path):
    return desk_for(spec_of(garden(tmp_path, more=SCALING)))


@pytest.fixture
def scheduled(tmp_path):
    return desk_for(spec_of(garden(tmp_path, more=SCALING + SCHEDULE)))


def scaling(desk):
    return desk.session.client("application-autoscaling")


def target(desk):
    found = scaling(desk).describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    return found[0] if found else None


def count(desk):
    return desk.aws.peek().ecs.clusters["garden"].services["garden"].desired


def writes(desk, start):
    return [c.operation for c in list(desk.aws.calls)[start:] if not c.is_read]


def calls_of_scaling(desk):
    return [c.operation for c in desk.aws.calls if c.service == "application-autoscaling"]


def observe(desk, goal="awake"):
    cloud = AwsCloud(desk.spec, Clients(desk.session, desk.spec.region), one_by_one)
    return cloud.observe(Target(goal), Progress(), desk.aws.clock.now())


# made and gone with the service


def test_a_wake_makes_it_after_the_service_which_begins_inside_the_range(desk):
    assert desk.wake().result is Result.CONVERGED

    made = [c for c in desk.aws.calls.writes() if c.operation.startswith(("Create", "Reg", "Put"))]
    assert [c.operation for c in made[-4:]] == [
        "CreateService",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "PutScalingPolicy",
    ]
    create = next(c for c in made if c.operation == "CreateService")
    assert create.params["desiredCount"] == 2, "AWS would move 1 into the range at once"
    assert "UpdateService" not in desk.aws.calls.names()
    found = target(desk)
    assert (found["ResourceId"], found["MinCapacity"], found["MaxCapacity"]) == (ID, 2, 6)
    tags = scaling(desk).list_tags_for_resource(ResourceARN=found["ScalableTargetARN"])["Tags"]
    assert tags == {"team": "garden", **OURS}
    policies = scaling(desk).describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    (steps,) = (one for one in policies if one["PolicyName"] == "steps")
    assert steps["StepScalingPolicyConfiguration"] == {
        "AdjustmentType": "ChangeInCapacity",
        "Cooldown": 60,
        "MetricAggregationType": "Maximum",
        "StepAdjustments": [
            {
                "MetricIntervalLowerBound": 0.0,
                "MetricIntervalUpperBound": 10.5,
                "ScalingAdjustment": 1,
            },
            {"MetricIntervalLowerBound": 10.5, "ScalingAdjustment": 2},
        ],
    }


def test_awake_it_is_found_as_it_was_made(scheduled):
    scheduled.wake()
    scheduled.aws.clock.advance(300)
    start = len(scheduled.aws.calls)

    assert scheduled.wake().result is Result.CONVERGED
    assert writes(scheduled, start) == []


def test_it_goes_with_the_service_without_a_call_and_each_wake_brings_it_back(desk):
    for _ in range(2):
        desk.wake()
        assert target(desk) is not None
        start = len(desk.aws.calls)
        assert desk.sleep().result is Result.CONVERGED
        assert target(desk) is None
        assert not [call for call in writes(desk, start) if call.startswith("Dereg")]
        desk.aws.clock.advance(600)


def test_what_aws_leaves_of_it_is_deregistered(desk, monkeypatch):
    """That it goes with the service is what AWS does, and nowhere promised."""
    monkeypatch.setattr(Autoscaling, "forget", lambda *_: None)
    desk.wake()

    assert desk.sleep().result is Result.CONVERGED
    assert target(desk) is None
    deregistered = desk.aws.calls.of("DeregisterScalableTarget")
    assert [call.params["ResourceId"] for call in deregistered] == [ID]
    assert desk.aws.calls.of("DeleteScalingPolicy") == []


def test_the_plan_names_each_and_what_comes_before(desk):
    plan = make_plan(desk.spec, Target.AWAKE, observe(desk))
    found = {a.address: a.to_json() for a in plan.actions}
    assert found[T]["kind"] == "autoscaling_target" and found[T]["after"] == [S]
    assert found[CPU]["kind"] == "autoscaling_policy" and found[CPU]["after"] == [S, T]

    desk.wake()
    plan = make_plan(desk.spec, Target.ASLEEP, observe(desk, "asleep"))
    deletes = {a.address: a for a in plan.actions}
    assert {T, CPU, STEPS, S} <= deletes.keys()
    assert (deletes[T].carried_by, deletes[CPU].carried_by) == (S, S)


def test_a_scheduled_action_is_a_kind_of_its_own(scheduled):
    plan = make_plan(scheduled.spec, Target.AWAKE, observe(scheduled))
    (action,) = (a for a in plan.actions if a.address == NIGHT)
    assert action.to_json() == {
        "verb": "create",
        "kind": "scheduled_action",
        "address": NIGHT,
        "after": [S, T],
    }


# who decides the count


def test_what_the_scaler_does_is_left_alone_and_takes_nothing_away(desk):
    desk.wake()
    for wanted in (5, 2, 6):
        desk.session.client("ecs").update_service(
            cluster="garden", service="garden", desiredCount=wanted
        )
        start = len(desk.aws.calls)
        assert observe(desk).resources[S].state is State.READY, "new tasks start meanwhile"
        assert desk.wake().result is Result.CONVERGED
        assert writes(desk, start) == []
        desk.aws.clock.advance(900)
        assert count(desk) == wanted


def test_scaled_in_to_nothing_it_is_awake(tmp_path):
    desk = desk_for(spec_of(garden(tmp_path, more=SCALING.replace("= 2\n", "= 0\n", 1))))
    desk.wake()
    desk.session.client("ecs").update_service(cluster="garden", service="garden", desiredCount=0)
    desk.aws.clock.advance(900)
    start = len(desk.aws.calls)
    assert desk.wake().result is Result.CONVERGED
    assert (writes(desk, start), count(desk)) == ([], 0)


def test_a_count_outside_of_the_range_is_corrected(desk):
    desk.wake()
    desk.session.client("ecs").update_service(cluster="garden", service="garden", desiredCount=9)
    desk.aws.clock.advance(300)
    desk.wake()
    assert count(desk) == 2


def test_a_schedule_may_move_the_range_and_the_count_with_it(scheduled):
    scheduled.wake()
    evening = scheduled.aws.clock.now().replace(hour=19, minute=5)  # in UTC
    scheduled.aws.clock.advance((evening - scheduled.aws.clock.now()).total_seconds())
    start = len(scheduled.aws.calls)

    assert scheduled.wake().result is Result.CONVERGED
    assert (target(scheduled)["MinCapacity"], count(scheduled)) == (1, 1)
    assert writes(scheduled, start) == []


def test_an_action_whose_time_is_over_is_not_made_again(scheduled):
    scheduled.aws.clock.advance(timedelta(days=1).total_seconds())
    assert scheduled.wake().result is Result.CONVERGED
    assert scheduled.aws.calls.of("PutScheduledAction") == []


# drift


def test_another_range_is_corrected(desk):
    desk.wake()
    scaling(desk).register_scalable_target(ResourceId=ID, MaxCapacity=20, **SCALED)
    desk.aws.clock.advance(300)
    assert desk.wake().result is Result.CONVERGED
    assert target(desk)["MaxCapacity"] == 6
    tags = scaling(desk).list_tags_for_resource(ResourceARN=target(desk)["ScalableTargetARN"])
    assert tags["Tags"].items() >= OURS.items()


def test_another_policy_is_corrected_and_one_that_is_gone_made_again(desk):
    desk.wake()
    scaling(desk).delete_scaling_policy(PolicyName="steps", ResourceId=ID, **SCALED)
    scaling(desk).put_scaling_policy(
        PolicyName="cpu",
        ResourceId=ID,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 90,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
        },
        **SCALED,
    )
    desk.aws.clock.advance(300)
    assert desk.wake().result is Result.CONVERGED
    found = scaling(desk).describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    by_name = {one["PolicyName"]: one for one in found}
    assert by_name.keys() == {"cpu", "steps"}
    assert by_name["cpu"]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 60


# others' and forbidden things


def test_a_foreign_target_is_reported_and_left_alone(desk):
    desk.wake()
    arn = target(desk)["ScalableTargetARN"]
    scaling(desk).untag_resource(ResourceARN=arn, TagKeys=list(OURS))
    scaling(desk).register_scalable_target(ResourceId=ID, MaxCapacity=3, **SCALED)
    desk.aws.clock.advance(300)
    start = len(desk.aws.calls)

    outcome = desk.wake()
    assert outcome.result is Result.CONVERGED, "people are served all the same"
    assert f"the scalable target of {ID} is not ours" in outcome.cause
    assert writes(desk, start) == []
    assert desk.sleep().result is Result.CONVERGED


@pytest.mark.parametrize(
    "operation", ["DescribeScalableTargets", "RegisterScalableTarget", "PutScalingPolicy"]
)
def test_without_the_right_a_stack_wakes_and_sleeps_and_says_so(desk, operation):
    desk.aws.faults.add(
        Fault(
            service="application-autoscaling",
            operation=operation,
            code="AccessDeniedException",
            message="User is not authorized",
            status=400,
            times=math.inf,
        )
    )
    outcome = desk.wake()
    assert outcome.result is Result.CONVERGED
    assert "AccessDeniedException" in outcome.cause
    assert count(desk) == 2
    assert desk.sleep().result is Result.CONVERGED


def test_a_stack_without_autoscaling_makes_no_extra_call(tmp_path):
    desk = desk_for(spec_of(garden(tmp_path)))
    desk.wake()
    desk.sleep()
    assert calls_of_scaling(desk) == []


def test_it_costs_a_wake_the_calls_that_make_it_and_a_few_reads(desk):
    desk.wake()
    desk.aws.clock.advance(300)
    start = len(desk.aws.calls)
    desk.wake()
    reads = [c.operation for c in list(desk.aws.calls)[start:] if c.service[:4] == "appl"]
    assert sorted(set(reads)) == [
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
        "ListTagsForResource",
    ]
    assert len(reads) == 3 * (len(reads) // 3)


# whatever happens on the way

READS = (
    "DescribeScalableTargets",
    "DescribeScalingPolicies",
    "DescribeScheduledActions",
    "ListTagsForResource",
)
WRITES = ("CreateService", "RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction")


def scales(desk):
    found = desk.aws.peek().autoscaling.targets.values()
    return [(len(one.policies), len(one.actions)) for one in found]


@pytest.mark.parametrize("when", ["before", "after"])
def test_each_call_may_fail_once_before_or_after_its_effect(when):
    for operation in (*WRITES[1:], *READS):
        desk = fresh_desk("fast", scaled_spec())
        desk.aws.faults.add(Fault(operation=operation, when=when))
        assert desk.wake().result is Result.CONVERGED, operation
        assert scales(desk) == [(1, 1)], operation
        assert desk.sleep().result is Result.CONVERGED, operation
        assert (scales(desk), desk.standing()) == ([], ASLEEP), operation


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("way", ["awake", "asleep"])
def test_a_wake_that_died_at_any_call_is_finished_or_undone_by_one_that_knows_nothing(way, after):
    for operation in WRITES:
        desk = fresh_desk("typical", scaled_spec())
        with pytest.raises(Crash):
            one_pass(desk, "awake", session=DirectSession(desk.aws, Dying(operation, after=after)))
        assert one_pass(desk, way).result is Result.CONVERGED, operation
        assert scales(desk) == ([(1, 1)] if way == "awake" else []), operation
        assert desk.standing() == (AWAKE if way == "awake" else ASLEEP), operation
