"""A service that sleeps with its Application Auto Scaling: targets, policies, scheduled actions."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from catalogue.tools import Crash, DirectSession, Dying, fresh_sut, one_pass
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
from traps.stack_directory import S, spec_of, stack_dir, sut_for

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
def sut(tmp_path):
    return sut_for(spec_of(stack_dir(tmp_path, more=SCALING)))


@pytest.fixture
def scheduled(tmp_path):
    return sut_for(spec_of(stack_dir(tmp_path, more=SCALING + SCHEDULE)))


def scaling(sut):
    return sut.session.client("application-autoscaling")


def target(sut):
    found = scaling(sut).describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    return found[0] if found else None


def count(sut):
    return sut.aws.peek().ecs.clusters["garden"].services["garden"].desired


def writes(sut, start):
    return [c.operation for c in list(sut.aws.calls)[start:] if not c.is_read]


def calls_of_scaling(sut):
    return [c.operation for c in sut.aws.calls if c.service == "application-autoscaling"]


def observe(sut, goal="awake"):
    cloud = AwsCloud(sut.spec, Clients(sut.session, sut.spec.region), one_by_one)
    return cloud.observe(Target(goal), Progress(), sut.aws.clock.now())


# made and gone with the service


def test_a_wake_makes_it_after_the_service_which_begins_inside_the_range(sut):
    assert sut.wake().result is Result.CONVERGED

    made = [c for c in sut.aws.calls.writes() if c.operation.startswith(("Create", "Reg", "Put"))]
    assert [c.operation for c in made[-4:]] == [
        "CreateService",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "PutScalingPolicy",
    ]
    create = next(c for c in made if c.operation == "CreateService")
    assert create.params["desiredCount"] == 2, "AWS would move 1 into the range at once"
    assert "UpdateService" not in sut.aws.calls.names()
    found = target(sut)
    assert (found["ResourceId"], found["MinCapacity"], found["MaxCapacity"]) == (ID, 2, 6)
    tags = scaling(sut).list_tags_for_resource(ResourceARN=found["ScalableTargetARN"])["Tags"]
    assert tags == {"team": "garden", **OURS}
    policies = scaling(sut).describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
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


def test_it_goes_with_the_service_without_a_call_and_each_wake_brings_it_back(sut):
    for _ in range(2):
        sut.wake()
        assert target(sut) is not None
        start = len(sut.aws.calls)
        assert sut.sleep().result is Result.CONVERGED
        assert target(sut) is None
        assert not [call for call in writes(sut, start) if call.startswith("Dereg")]
        sut.aws.clock.advance(600)


def test_what_aws_leaves_of_it_is_deregistered(sut, monkeypatch):
    """That it goes with the service is what AWS does, and nowhere promised."""
    monkeypatch.setattr(Autoscaling, "forget", lambda *_: None)
    sut.wake()

    assert sut.sleep().result is Result.CONVERGED
    assert target(sut) is None
    deregistered = sut.aws.calls.of("DeregisterScalableTarget")
    assert [call.params["ResourceId"] for call in deregistered] == [ID]
    assert sut.aws.calls.of("DeleteScalingPolicy") == []


def test_the_plan_names_each_and_what_comes_before(sut):
    plan = make_plan(sut.spec, Target.AWAKE, observe(sut))
    found = {a.address: a.to_json() for a in plan.actions}
    assert found[T]["kind"] == "autoscaling_target" and found[T]["after"] == [S]
    assert found[CPU]["kind"] == "autoscaling_policy" and found[CPU]["after"] == [S, T]

    sut.wake()
    plan = make_plan(sut.spec, Target.ASLEEP, observe(sut, "asleep"))
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


def test_what_the_scaler_does_is_left_alone_and_takes_nothing_away(sut):
    sut.wake()
    for wanted in (5, 2, 6):
        sut.session.client("ecs").update_service(
            cluster="garden", service="garden", desiredCount=wanted
        )
        start = len(sut.aws.calls)
        assert observe(sut).resources[S].state is State.READY, "new tasks start meanwhile"
        assert sut.wake().result is Result.CONVERGED
        assert writes(sut, start) == []
        sut.aws.clock.advance(900)
        assert count(sut) == wanted


def test_scaled_in_to_nothing_it_is_awake(tmp_path):
    sut = sut_for(spec_of(stack_dir(tmp_path, more=SCALING.replace("= 2\n", "= 0\n", 1))))
    sut.wake()
    sut.session.client("ecs").update_service(cluster="garden", service="garden", desiredCount=0)
    sut.aws.clock.advance(900)
    start = len(sut.aws.calls)
    assert sut.wake().result is Result.CONVERGED
    assert (writes(sut, start), count(sut)) == ([], 0)


def test_a_count_outside_of_the_range_is_corrected(sut):
    sut.wake()
    sut.session.client("ecs").update_service(cluster="garden", service="garden", desiredCount=9)
    sut.aws.clock.advance(300)
    sut.wake()
    assert count(sut) == 2


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


def test_another_range_is_corrected(sut):
    sut.wake()
    scaling(sut).register_scalable_target(ResourceId=ID, MaxCapacity=20, **SCALED)
    sut.aws.clock.advance(300)
    assert sut.wake().result is Result.CONVERGED
    assert target(sut)["MaxCapacity"] == 6
    tags = scaling(sut).list_tags_for_resource(ResourceARN=target(sut)["ScalableTargetARN"])
    assert tags["Tags"].items() >= OURS.items()


def test_another_policy_is_corrected_and_one_that_is_gone_made_again(sut):
    sut.wake()
    scaling(sut).delete_scaling_policy(PolicyName="steps", ResourceId=ID, **SCALED)
    scaling(sut).put_scaling_policy(
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
    sut.aws.clock.advance(300)
    assert sut.wake().result is Result.CONVERGED
    found = scaling(sut).describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    by_name = {one["PolicyName"]: one for one in found}
    assert by_name.keys() == {"cpu", "steps"}
    assert by_name["cpu"]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 60


# others' and forbidden things


def test_a_foreign_target_is_reported_and_left_alone(sut):
    sut.wake()
    arn = target(sut)["ScalableTargetARN"]
    scaling(sut).untag_resource(ResourceARN=arn, TagKeys=list(OURS))
    scaling(sut).register_scalable_target(ResourceId=ID, MaxCapacity=3, **SCALED)
    sut.aws.clock.advance(300)
    start = len(sut.aws.calls)

    outcome = sut.wake()
    assert outcome.result is Result.CONVERGED, "people are served all the same"
    assert f"the scalable target of {ID} is not ours" in outcome.cause
    assert writes(sut, start) == []
    assert sut.sleep().result is Result.CONVERGED


@pytest.mark.parametrize(
    "operation", ["DescribeScalableTargets", "RegisterScalableTarget", "PutScalingPolicy"]
)
def test_without_the_right_a_stack_wakes_and_sleeps_and_says_so(sut, operation):
    sut.aws.faults.add(
        Fault(
            service="application-autoscaling",
            operation=operation,
            code="AccessDeniedException",
            message="User is not authorized",
            status=400,
            times=math.inf,
        )
    )
    outcome = sut.wake()
    assert outcome.result is Result.CONVERGED
    assert "AccessDeniedException" in outcome.cause
    assert count(sut) == 2
    assert sut.sleep().result is Result.CONVERGED


def test_a_stack_without_autoscaling_makes_no_extra_call(tmp_path):
    sut = sut_for(spec_of(stack_dir(tmp_path)))
    sut.wake()
    sut.sleep()
    assert calls_of_scaling(sut) == []


def test_it_costs_a_wake_the_calls_that_make_it_and_a_few_reads(sut):
    sut.wake()
    sut.aws.clock.advance(300)
    start = len(sut.aws.calls)
    sut.wake()
    reads = [c.operation for c in list(sut.aws.calls)[start:] if c.service[:4] == "appl"]
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


def scales(sut):
    found = sut.aws.peek().autoscaling.targets.values()
    return [(len(one.policies), len(one.actions)) for one in found]


@pytest.mark.parametrize("when", ["before", "after"])
def test_each_call_may_fail_once_before_or_after_its_effect(when):
    for operation in (*WRITES[1:], *READS):
        sut = fresh_sut("fast", scaled_spec())
        sut.aws.faults.add(Fault(operation=operation, when=when))
        assert sut.wake().result is Result.CONVERGED, operation
        assert scales(sut) == [(1, 1)], operation
        assert sut.sleep().result is Result.CONVERGED, operation
        assert (scales(sut), sut.standing()) == ([], ASLEEP), operation


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("way", ["awake", "asleep"])
def test_a_wake_that_died_at_any_call_is_finished_or_undone_by_one_that_knows_nothing(way, after):
    for operation in WRITES:
        sut = fresh_sut("typical", scaled_spec())
        with pytest.raises(Crash):
            one_pass(sut, "awake", session=DirectSession(sut.aws, Dying(operation, after=after)))
        assert one_pass(sut, way).result is Result.CONVERGED, operation
        assert scales(sut) == ([(1, 1)] if way == "awake" else []), operation
        assert sut.standing() == (AWAKE if way == "awake" else ASLEEP), operation
