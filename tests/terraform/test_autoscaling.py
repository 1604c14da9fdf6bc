"""
What Dormouse sends to Application Auto Scaling is what Terraform's provider sends.

Terraform applies the autoscaling of an existing service on the simulated AWS. Its recorded calls
are compared with the requests that the same files compile to.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from local.furnish_spec import furnish_for
from local.server import LaptopServer
from oracle import needs_terraform, terraform_on
from system.stack_under_test import StackUnderTest
from traps.stack_directory import HEAD, spec_of, stack_dir

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

SCALED = """
  count              = var.awake ? 1 : 0
  resource_id        = aws_appautoscaling_target.t[0].resource_id
  scalable_dimension = aws_appautoscaling_target.t[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.t[0].service_namespace
"""

FILES = f"""
resource "aws_appautoscaling_target" "t" {{
  count              = var.awake ? 1 : 0
  min_capacity       = 0
  max_capacity       = 4
  resource_id        = "service/${{aws_ecs_cluster.c.name}}/${{aws_ecs_service.s[0].name}}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
  tags               = {{ team = "stack_dir" }}
  suspended_state {{
    dynamic_scaling_in_suspended = true
  }}
}}

resource "aws_appautoscaling_policy" "predefined" {{
  name               = "predefined"
  policy_type        = "TargetTrackingScaling"
  {SCALED}
  target_tracking_scaling_policy_configuration {{
    target_value = 60.5
    predefined_metric_specification {{
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }}
  }}
}}

resource "aws_appautoscaling_policy" "customized" {{
  name               = "customized"
  policy_type        = "TargetTrackingScaling"
  {SCALED}
  target_tracking_scaling_policy_configuration {{
    target_value       = 100
    disable_scale_in   = true
    scale_in_cooldown  = 0
    scale_out_cooldown = 30
    customized_metric_specification {{
      metric_name = "backlog"
      namespace   = "garden"
      statistic   = "Average"
      unit        = "Count"
      dimensions {{
        name  = "queue"
        value = "jobs"
      }}
      dimensions {{
        name  = "colour"
        value = "green"
      }}
    }}
  }}
}}

resource "aws_appautoscaling_policy" "expression" {{
  name               = "expression"
  policy_type        = "TargetTrackingScaling"
  {SCALED}
  target_tracking_scaling_policy_configuration {{
    target_value = 20
    customized_metric_specification {{
      metrics {{
        id          = "m1"
        return_data = false
        metric_stat {{
          stat = "Sum"
          metric {{
            metric_name = "ApproximateNumberOfMessagesVisible"
            namespace   = "AWS/SQS"
            dimensions {{
              name  = "QueueName"
              value = "jobs"
            }}
          }}
        }}
      }}
      metrics {{
        id         = "e1"
        label      = "backlog for each task"
        expression = "m1 / 2"
      }}
    }}
  }}
}}

resource "aws_appautoscaling_policy" "steps" {{
  name = "steps"
  {SCALED}
  step_scaling_policy_configuration {{
    adjustment_type          = "PercentChangeInCapacity"
    cooldown                 = 0
    metric_aggregation_type  = "Minimum"
    min_adjustment_magnitude = 1
    step_adjustment {{
      metric_interval_upper_bound = "0"
      scaling_adjustment          = -10
    }}
    step_adjustment {{
      metric_interval_lower_bound = "0"
      scaling_adjustment          = 10
    }}
  }}
}}

resource "aws_appautoscaling_policy" "bare_steps" {{
  name = "bare-steps"
  {SCALED}
  step_scaling_policy_configuration {{
    adjustment_type = "ChangeInCapacity"
    step_adjustment {{
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }}
  }}
}}

resource "aws_appautoscaling_scheduled_action" "cron" {{
  name     = "cron"
  schedule = "cron(0 20 * * ? *)"
  {SCALED}
  scalable_target_action {{
    min_capacity = 0
  }}
}}

resource "aws_appautoscaling_scheduled_action" "once" {{
  name       = "once"
  schedule   = "at(2031-01-01T00:00:00)"
  timezone   = "Europe/Berlin"
  start_time = "2030-01-01T01:00:00+01:00"
  end_time   = "2032-01-01T00:00:00Z"
  {SCALED}
  scalable_target_action {{
    min_capacity = "1"
    max_capacity = "2"
  }}
}}
"""

SERVICE = "aws_ecs_service.s[0].resource_id"
ID = "service/garden/garden"


def plain(value: Any) -> Any:
    """With moments as moments, sets in one order, and the service by its id."""
    if isinstance(value, dict):
        return ID if value == {"$ref": SERVICE} else {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, str) and value[:2] == "20" and "T" in value:
        return datetime.fromisoformat(value).timestamp()
    return value


def test_the_provider_sends_what_we_compile_and_sees_no_changes_afterwards(tmp_path):
    needs_terraform()
    spec = spec_of(stack_dir(tmp_path, more=FILES))
    alone = replace(spec, resources=[r for r in spec.resources if not r.kind.is_companion])
    directory = tmp_path / "scaling"
    directory.mkdir()
    by_name = re.sub(r'"service/.*"', f'"{ID}"', FILES)
    (directory / "main.tf").write_text(HEAD + by_name)
    things = furnish_for(spec)
    with (
        LaptopServer("fast", speed=120, region="eu-central-1", furnish=things) as server,
        terraform_on(directory, server.url) as terraform,
    ):
        StackUnderTest(server.aws, alone).wake()
        terraform.init()
        terraform.apply(awake=True)
        calls = [c for c in server.aws.calls.writes() if c.service == "application-autoscaling"]
        plan = terraform.plan(awake=True)

    theirs = {_name(call.params): plain(dict(call.params)) for call in calls if not call.error_code}
    ours = {
        _name(each.request): plain(dict(each.request))
        for each in spec.resources
        if each.kind.is_companion
    }
    assert len(ours) == 8
    assert theirs == ours
    assert {tuple(c["change"]["actions"]) for c in plan["resource_changes"]} == {("no-op",)}


def _name(request: Any) -> str:
    return str(request.get("PolicyName") or request.get("ScheduledActionName") or "target")
