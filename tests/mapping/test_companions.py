"""Which autoscaling belongs to a service that sleeps, and what becomes of the rest."""

from __future__ import annotations

import pytest

from controller.domain.planning.spec import Kind
from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.reconcile.outcome import Result
from traps.stack_directory import NOW, S, compiled, problems_of, spec_of, stack_dir, sut_for

BY_NAME = '"service/garden/garden"'
OWN = "var.awake ? 1 : 0"
BY_PARTS = '"service/${aws_ecs_cluster.c.name}/${aws_ecs_service.s[0].name}"'
T = "aws_appautoscaling_target.t[0]"


def target(id_=BY_PARTS, count=OWN, more="", name="t"):
    counted = f"count = {count}" if count else ""
    return f"""
resource "aws_appautoscaling_target" "{name}" {{
  {counted}
  min_capacity       = 1
  max_capacity       = 6
  resource_id        = {id_}
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
  {more}
}}
"""


def policy(body="", of="aws_appautoscaling_target.t[0]", count=OWN, name="p"):
    counted = f"count = {count}" if count else ""
    return f"""
resource "aws_appautoscaling_policy" "{name}" {{
  {counted}
  name               = "{name}"
  policy_type        = "TargetTrackingScaling"
  resource_id        = {of}.resource_id
  scalable_dimension = {of}.scalable_dimension
  service_namespace  = {of}.service_namespace
  target_tracking_scaling_policy_configuration {{
    target_value = 50
    predefined_metric_specification {{
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }}
    {body}
  }}
}}
"""


def companions(spec):
    return [resource for resource in spec.resources if resource.kind.is_companion]


@pytest.mark.parametrize(
    "id_",
    [
        BY_PARTS,
        '"service/garden/garden"',
        '"service/${aws_ecs_cluster.c.name}/garden"',
        'join("/", ["service", aws_ecs_cluster.c.name, aws_ecs_service.s[0].name])',
        'format("service/%s/%s", split("/", aws_ecs_cluster.c.arn)[1], aws_ecs_service.s[0].name)',
        '"service/${element(split("/", aws_ecs_cluster.c.id), 1)}/${aws_ecs_service.s[0].name}"',
    ],
)
def test_however_a_service_is_named_its_target_is_made_with_it(tmp_path, id_):
    spec = spec_of(stack_dir(tmp_path, more=target(id_) + policy()))
    found = {one.address: one for one in companions(spec)}

    assert found.keys() == {T, "aws_appautoscaling_policy.p[0]"}
    assert found[T].kind is Kind.AUTOSCALING_TARGET
    assert found[T].request == {
        "MinCapacity": 1,
        "MaxCapacity": 6,
        "ResourceId": {"$ref": f"{S}.resource_id"},
        "ScalableDimension": "ecs:service:DesiredCount",
        "ServiceNamespace": "ecs",
    }
    assert found[T].after == (S,)
    assert found["aws_appautoscaling_policy.p[0]"].after == (T, S)
    assert spec[S].scaling == {"least": 1, "most": 6}


def test_nothing_is_said_of_it_any_more(tmp_path):
    alone = problems_of(stack_dir(tmp_path))
    assert problems_of(stack_dir(tmp_path, more=target() + policy())) == alone


def test_without_a_count_it_is_made_all_the_same_and_terraform_fails_asleep(tmp_path):
    result = compiled(stack_dir(tmp_path, more=target(BY_NAME, count="")))
    assert [one.address for one in companions(result.spec)] == ["aws_appautoscaling_target.t"]
    (reported,) = (p for p in result.problems if p.address == "aws_appautoscaling_target.t")
    assert (reported.rule, reported.level) == ("fails-asleep", Level.WARNING)
    assert "ECS service doesn't exist" in reported.message and OWN in reported.message


@pytest.mark.parametrize(
    "more",
    [
        target('"service/garden/other"'),
        target('"service/other/garden"'),
        target('"table/garden"').replace('"ecs"', '"dynamodb"'),
        target().replace("DesiredCount", "Other"),
    ],
)
def test_another_resource_that_scales_stays_terraforms(tmp_path, more):
    assert companions(spec_of(stack_dir(tmp_path, more=more))) == []


def test_a_policy_without_a_target_among_the_files_is_reported(tmp_path):
    alone = policy().replace("aws_appautoscaling_target.t[0].resource_id", BY_PARTS)
    alone = alone.replace("aws_appautoscaling_target.t[0].scalable_dimension", '"ecs:x"')
    alone = alone.replace('"ecs:x"', '"ecs:service:DesiredCount"')
    alone = alone.replace("aws_appautoscaling_target.t[0].service_namespace", '"ecs"')
    result = compiled(stack_dir(tmp_path, more=alone))
    assert companions(result.spec) == []
    (reported,) = (p for p in result.problems if "appautoscaling" in p.address)
    assert reported.rule == "awake-only"
    assert "no aws_appautoscaling_target" in reported.message


def test_what_calls_a_policy_by_its_arn_is_reported(tmp_path):
    alarm = """
resource "aws_cloudwatch_metric_alarm" "high" {
  alarm_name          = "high"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 80
  alarm_actions       = [one(aws_appautoscaling_policy.p[*].arn)]
}
"""
    result = compiled(stack_dir(tmp_path, more=target() + policy() + alarm))
    (reported,) = (p for p in result.problems if p.rule == "hangs-on")
    assert reported.address == "aws_cloudwatch_metric_alarm.high"
    assert "TargetTrackingScaling" in reported.message


@pytest.mark.parametrize(
    ("count", "wakes_with"), [("0", 1), ("1", 1), ("4", 4), ("9", 6), (None, 1)]
)
def test_the_service_is_made_inside_the_range(tmp_path, count, wakes_with):
    spec = spec_of(stack_dir(tmp_path, service={"desired_count": count}, more=target()))
    assert spec[S].request["desiredCount"] == wakes_with


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        (target(more="wrong = 1"), "unsupported-argument"),
        (target(more="wrong {\n}"), "unsupported-block"),
        (target().replace("min_capacity       = 1", ""), "missing-argument"),
        (target().replace("= 6", "= 0"), "value"),
        (target().replace("= 6", '= "many"'), "conversion"),
        (target() + policy().replace("TargetTrackingScaling", "StepScaling"), "missing-argument"),
        (target() + policy().replace("TargetTrackingScaling", "Guessing"), "value"),
        (target() + policy('scale_in_cooldown = "x"'), "conversion"),
    ],
)
def test_what_the_provider_or_aws_refuses_is_reported(tmp_path, more, rule):
    found = [p for p in compiled(stack_dir(tmp_path, more=more)).problems if p.level is Level.ERROR]
    assert [problem.rule for problem in found] == [rule]
    assert found[0].place.file == "more.tf"


def test_texts_are_read_as_the_provider_reads_them(tmp_path):
    more = target().replace("= 6", '= "6"') + policy('scale_in_cooldown = "30"')
    spec = spec_of(stack_dir(tmp_path, more=more))
    assert spec[T].request["MaxCapacity"] == 6
    tracking = spec["aws_appautoscaling_policy.p[0]"].request[
        "TargetTrackingScalingPolicyConfiguration"
    ]
    assert tracking["ScaleInCooldown"] == 30


STAYS = {
    "count": "1",
    "desired_count": "var.awake ? 2 : 0",
    "load_balancer": None,
    "health_check_grace_period_seconds": None,
}
PREDICTIVE = """
resource "aws_appautoscaling_policy" "ahead" {
  count              = var.awake ? 1 : 0
  name               = "ahead"
  policy_type        = "PredictiveScaling"
  resource_id        = aws_appautoscaling_target.t[0].resource_id
  scalable_dimension = aws_appautoscaling_target.t[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.t[0].service_namespace
  predictive_scaling_policy_configuration {
    mode = "ForecastAndScale"
    metric_specification {
      target_value = 40.5
      predefined_metric_pair_specification {
        predefined_metric_type = "ECSServiceMemoryUtilization"
      }
    }
  }
}
"""


def test_provider_six_scales_ahead(tmp_path):
    directory = stack_dir(tmp_path, more=target(more='region = "eu-central-1"') + PREDICTIVE)
    head = (directory / "main.tf").read_text()
    (directory / "main.tf").write_text(head.replace('"~> 5.0"', '"~> 6.0"'))
    request = spec_of(directory)["aws_appautoscaling_policy.ahead[0]"].request
    assert request["PredictiveScalingPolicyConfiguration"] == {
        "Mode": "ForecastAndScale",
        "MetricSpecifications": [
            {
                "TargetValue": 40.5,
                "PredefinedMetricPairSpecification": {
                    "PredefinedMetricType": "ECSServiceMemoryUtilization"
                },
            }
        ],
    }


def test_of_a_service_that_stays_only_what_is_awake_only_is_made_and_deleted(tmp_path):
    directory = stack_dir(tmp_path, service=STAYS)
    both = target(count="", name="both", id_='"service/garden/garden"')
    (directory / "more.tf").write_text(both)
    spec = spec_of(directory)
    assert companions(spec) == []
    assert spec[S].scaling == {"least": 1, "most": 6}

    (directory / "more.tf").write_text(both.replace('"both" {', f'"t" {{\n  count = {OWN}'))
    assert [one.address for one in companions(spec_of(directory))] == [T]


SERVICE_MODULE = """
variable "cluster" {}
variable "label" {}
variable "subnets" {}
variable "tasks" { default = 1 }
variable "pinned" { default = true }
variable "scaling" {
  type    = any
  default = {}
}

locals {
  cluster = try(element(split("/", var.cluster), 1), "")
  scales  = length(var.scaling) > 0
  service = try(aws_ecs_service.pinned[0].name, aws_ecs_service.moving[0].name)
  targets = one(aws_appautoscaling_target.count[*])
}

resource "aws_ecs_task_definition" "task" {
  family                   = var.label
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  container_definitions    = jsonencode([{ name = "app", image = "nginx:1" }])
}

resource "aws_ecs_service" "pinned" {
  count           = var.pinned ? 1 : 0
  name            = var.label
  cluster         = var.cluster
  desired_count   = var.tasks
  launch_type     = "FARGATE"
  task_definition = aws_ecs_task_definition.task.arn
  network_configuration {
    subnets          = var.subnets
    assign_public_ip = true
  }
  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "aws_ecs_service" "moving" {
  count           = var.pinned ? 0 : 1
  name            = var.label
  cluster         = var.cluster
  desired_count   = var.tasks
  launch_type     = "FARGATE"
  task_definition = aws_ecs_task_definition.task.arn
  network_configuration {
    subnets          = var.subnets
    assign_public_ip = true
  }
  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }
}

resource "aws_appautoscaling_target" "count" {
  count              = local.scales ? 1 : 0
  min_capacity       = min(var.tasks, var.scaling.least)
  max_capacity       = max(var.tasks, var.scaling.most)
  resource_id        = "service/${local.cluster}/${local.service}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "by" {
  for_each           = { for k, v in try(var.scaling.policies, {}) : k => v if local.scales }
  name               = try(each.value.name, each.key)
  policy_type        = try(each.value.type, "TargetTrackingScaling")
  resource_id        = local.targets.resource_id
  scalable_dimension = local.targets.scalable_dimension
  service_namespace  = local.targets.service_namespace
  dynamic "step_scaling_policy_configuration" {
    for_each = try([each.value.steps], [])
    iterator = steps
    content {
      adjustment_type = "ChangeInCapacity"
      cooldown        = try(steps.value.cooldown, null)
      dynamic "step_adjustment" {
        for_each = steps.value.by
        content {
          metric_interval_lower_bound = try(step_adjustment.value.from, null)
          metric_interval_upper_bound = try(step_adjustment.value.to, null)
          scaling_adjustment          = step_adjustment.value.add
        }
      }
    }
  }
  dynamic "target_tracking_scaling_policy_configuration" {
    for_each = can(each.value.steps) ? [] : [each.value]
    iterator = tracking
    content {
      target_value       = try(tracking.value.target, 75)
      scale_in_cooldown  = try(tracking.value.slowly, 300)
      scale_out_cooldown = null
      dynamic "predefined_metric_specification" {
        for_each = try([tracking.value.metric], [])
        iterator = metric
        content {
          predefined_metric_type = "ECSServiceAverage${metric.value}Utilization"
        }
      }
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "at" {
  for_each           = { for k, v in try(var.scaling.at, {}) : k => v if local.scales }
  name               = each.key
  service_namespace  = local.targets.service_namespace
  resource_id        = local.targets.resource_id
  scalable_dimension = local.targets.scalable_dimension
  schedule           = each.value.schedule
  timezone           = try(each.value.zone, null)
  scalable_target_action {
    min_capacity = each.value.tasks
    max_capacity = each.value.tasks
  }
}
"""
ROOT = """
provider "aws" {
  region = "eu-west-1"
}

module "cluster" {
  source = "./cluster"
}

module "service" {
  source  = "./service"
  label   = "app"
  pinned  = PINNED
  cluster = module.cluster.arn
  subnets = ["subnet-0a1b2c3d4e5f60718"]
  scaling = {
    least = 1
    most  = 10
    policies = {
      cpu    = { metric = "CPU" }
      memory = { metric = "Memory", target = 60, name = "by-memory" }
      steps  = { type = "StepScaling", steps = { by = [{ from = 0, add = 1 }] } }
    }
    at = {
      night = { schedule = "cron(0 20 * * ? *)", tasks = 0 }
    }
  }
}
"""
CLUSTER_MODULE = """
resource "aws_ecs_cluster" "this" {
  name = "main"
}
output "arn" {
  value = aws_ecs_cluster.this.arn
}
"""


@pytest.mark.parametrize("which", ["pinned", "moving"])
def test_a_module_for_services_scales_whatever_it_is_made_of(tmp_path, which):
    """One of two services by a switch, names put together, policies and blocks by loops."""
    for name, text in (("cluster", CLUSTER_MODULE), ("service", SERVICE_MODULE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(text)
    (tmp_path / "main.tf").write_text(ROOT.replace("PINNED", str(which == "pinned").lower()))
    result = compile_stack(tmp_path, Inputs(), NOW, stack="app")
    assert result.spec is not None, [str(problem) for problem in result.problems]
    assert not [p for p in result.problems if p.rule in ("hangs-on", "awake-only", "fails-asleep")]
    module = "module.service.aws"
    service, target = f"{module}_ecs_service.{which}[0]", f"{module}_appautoscaling_target.count[0]"
    found = {one.address: one for one in companions(result.spec)}
    assert found.keys() == {
        target,
        *(f'{module}_appautoscaling_policy.by["{name}"]' for name in ("cpu", "memory", "steps")),
        f'{module}_appautoscaling_scheduled_action.at["night"]',
    }
    assert found[target].request["ResourceId"] == {"$ref": f"{service}.resource_id"}
    policy = found[f'{module}_appautoscaling_policy.by["memory"]'].request
    assert policy["PolicyName"] == "by-memory"
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "DisableScaleIn": False,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ECSServiceAverageMemoryUtilization"
        },
        "ScaleInCooldown": 300,
        "ScaleOutCooldown": 0,
        "TargetValue": 60,
    }
    assert result.spec[service].scaling == {"least": 0, "most": 10}
    sut = sut_for(result.spec)
    assert sut.wake().result is Result.CONVERGED
    (scaled,) = sut.aws.peek().autoscaling.targets.values()
    assert scaled.resource_id == "service/main/app"
    assert sut.sleep().result is Result.CONVERGED
