"""A service that scales is adopted with its autoscaling: counted, marked, given back."""

from __future__ import annotations

import json

import pytest
from adopting import STACK, adopted, prepared

from controller.adopt.by_hand import commands
from controller.adopt.journal import HandedOver
from controller.adopt.undoing import _import_id
from controller.aws.clients import Clients
from controller.aws.running import RunningStack
from controller.domain.planning.owner_tags import owner_tags
from controller.domain.planning.spec import Kind
from controller.reconcile.side_by_side import one_by_one
from factories import SCALING_POLICY, SCALING_TARGET, scaled_spec
from local.aws import LaptopAws
from system.stack_under_test import StackUnderTest

ID = "service/main/app"
SCALED = {
    "resource_id": ID,
    "scalable_dimension": "ecs:service:DesiredCount",
    "service_namespace": "ecs",
}
SCALING = """
resource "aws_appautoscaling_target" "app" {
  min_capacity       = 1
  max_capacity       = 3
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.app.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  resource_id        = aws_appautoscaling_target.app.resource_id
  scalable_dimension = aws_appautoscaling_target.app.scalable_dimension
  service_namespace  = aws_appautoscaling_target.app.service_namespace
  schedule           = "cron(0 20 * * ? *)"
  scalable_target_action {
    max_capacity = 1
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.app.resource_id
  scalable_dimension = aws_appautoscaling_target.app.scalable_dimension
  service_namespace  = aws_appautoscaling_target.app.service_namespace
  target_tracking_scaling_policy_configuration {
    target_value = 60
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
"""
MADE = {
    "aws_lb.front": {"name": "front"},
    "aws_lb_target_group.app": {"name": "app"},
    "aws_lb_listener.tcp": {},
    "aws_ecs_service.app": {"name": "app"},
    "aws_appautoscaling_target.app": SCALED,
    "aws_appautoscaling_policy.cpu": {**SCALED, "name": "cpu"},
    "aws_appautoscaling_scheduled_action.night": {**SCALED, "name": "night"},
}


def state():
    """A state file in which Terraform has made all that sleeps."""
    resources = [
        {
            "mode": "managed",
            "type": address.partition(".")[0],
            "name": address.partition(".")[2],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": 0, "attributes": {"arn": f"arn:{address}", **values}}],
        }
        for address, values in MADE.items()
    ]
    head = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "outputs": {}}
    return json.dumps({**head, "resources": resources}).encode()


def test_it_gets_the_count_of_the_service_and_names_it_by_number(tmp_path):
    after = adopted(tmp_path, STACK + SCALING)
    scaling = after[after.index('"aws_appautoscaling_target"') :]
    assert scaling.count("count") >= 3
    assert "aws_ecs_service.app[0].name" in scaling
    assert "aws_appautoscaling_target.app[0].resource_id" in scaling


def test_all_of_it_is_handed_over_and_the_target_marked(tmp_path):
    (tmp_path / "main.tf").write_text(STACK + SCALING)
    ready = prepared(tmp_path, state=state())
    by_kind = {one.kind: one for one in ready.running}
    assert {one.in_state for one in ready.running} == MADE.keys()
    dimension = "ecs:service:DesiredCount"
    assert by_kind["autoscaling_target"].import_id == f"ecs/{ID}/{dimension}"
    assert by_kind["autoscaling_policy"].import_id == f"ecs/{ID}/{dimension}/cpu"
    assert by_kind["scheduled_action"].import_id == ""
    lines = "\n".join(commands(tmp_path, ready, "adopt.patch"))
    assert "aws application-autoscaling tag-resource --resource-arn arn:aws_appauto" in lines
    assert "--resource-arns arn:aws_appautoscaling_policy.cpu" not in lines


def test_terraform_imports_a_target_by_its_service():
    given = {"in_state": "a", "address": "a[0]", "arn": "arn:a"}
    target = HandedOver(kind="autoscaling_target", import_id="ecs/service/c/s/d", **given)
    assert _import_id(target, "arn:b") == "ecs/service/c/s/d"
    assert _import_id(HandedOver(kind="listener", **given), "arn:b") == "arn:b"


@pytest.fixture
def sut():
    aws = LaptopAws(profile="fast")
    aws.furnish_article()
    sut = StackUnderTest(aws, scaled_spec())
    sut.wake()
    return sut


def running_in(sut):
    return RunningStack(Clients(sut.session, "us-east-1"), sut.aws.clock, one_by_one)


def test_the_tags_of_each_kind_are_read_taken_off_and_set(sut):
    """What has none of its own answers without a call."""
    running = running_in(sut)
    standing = running.standing(sut.spec)
    assert {sut.spec[address].kind for address in standing} == set(Kind)
    for address, arn in standing.items():
        kind, ours = sut.spec[address].kind, owner_tags("nsfw-api", address)
        has_tags = kind not in (Kind.AUTOSCALING_POLICY, Kind.SCHEDULED_ACTION)
        before = running.tags(kind, arn)
        assert before.items() >= (ours.items() if has_tags else set()), kind
        running.untag(kind, arn, tuple(ours))
        assert not running.tags(kind, arn).keys() & ours.keys(), kind
        running.tag(kind, arn, ours)
        assert running.tags(kind, arn) == before, kind
        assert running.tags(kind, f"{arn}x") == (None if has_tags else {}), kind


def test_a_target_is_marked_and_a_policy_is_its_targets(sut):
    running = running_in(sut)
    standing = running.standing(sut.spec)
    target, policy = standing[SCALING_TARGET], standing[SCALING_POLICY]
    ours = owner_tags("nsfw-api", SCALING_TARGET)
    assert running.tags(Kind.AUTOSCALING_TARGET, target) == ours
    running.untag(Kind.AUTOSCALING_TARGET, target, tuple(ours))
    assert running.tags(Kind.AUTOSCALING_TARGET, target) == {}
    running.tag(Kind.AUTOSCALING_TARGET, target, ours)
    assert running.tags(Kind.AUTOSCALING_TARGET, target) == ours
    assert running.tags(Kind.AUTOSCALING_TARGET, f"{target}x") is None

    start = len(sut.aws.calls)
    running.tag(Kind.AUTOSCALING_POLICY, policy, ours)
    running.untag(Kind.AUTOSCALING_POLICY, policy, tuple(ours))
    assert running.tags(Kind.AUTOSCALING_POLICY, policy) == {}
    assert len(sut.aws.calls) == start
    assert running.left_to_do(sut.spec) == ()
