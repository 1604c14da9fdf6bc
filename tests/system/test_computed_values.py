"""From the user's files to what stands in AWS, where values follow from what only AWS knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from controller.domain.diagnostics.finding import Level
from controller.domain.planning.spec import Kind
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.reconcile.outcome import Result
from diagnostics.exam import Exam
from local.aws import LaptopAws
from system.stack_under_test import StackUnderTest

VPC = "vpc-0a1b2c3d4e5f60718"
ZONES = {"subnet-0a": "us-east-1a", "subnet-0b": "us-east-1b", "subnet-0c": "us-east-1c"}
FILES = """
provider "aws" {
  region = "us-east-1"
}

data "aws_subnets" "mine" {
  filter {
    name   = "vpc-id"
    values = [jsondecode(data.aws_ssm_parameter.net.value).vpc]
  }
}

data "aws_subnet" "each" {
  for_each = toset(data.aws_subnets.mine.ids)
  id       = each.value
}

data "aws_ssm_parameter" "net" {
  name = "/net"
}

data "aws_ecs_task_definition" "newest" {
  task_definition = aws_ecs_task_definition.app.family
}

locals {
  task   = aws_ecs_task_definition.app
  newest = data.aws_ecs_task_definition.newest
  net    = jsondecode(data.aws_ssm_parameter.net.value)
}

resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = jsonencode([
    { name = "app", image = "nginx", portMappings = [{ containerPort = 8080 }] },
  ])
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = [for s in data.aws_subnet.each : s.id if s.availability_zone != "us-east-1c"]
}

resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 8080
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = local.net["vpc"]
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.front.arn
  port              = 8080
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_ecs_service" "app" {
  name            = "app"
  cluster         = "main"
  task_definition = "${local.task.family}:${max(local.task.revision, local.newest.revision)}"
  desired_count   = 1
  launch_type     = "FARGATE"
  network_configuration {
    subnets          = slice(sort(data.aws_subnets.mine.ids), 0, 2)
    security_groups  = compact(split(",", local.net.groups))
    assign_public_ip = true
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 8080
  }
}
"""


@pytest.fixture
def aws():
    task = {
        "family": "app",
        "container_definitions": [
            {"name": "app", "image": "nginx", "portMappings": [{"containerPort": 8080}]}
        ],
    }
    aws = LaptopAws(profile="typical")
    aws.furnish(
        vpcs=[{"id": VPC, "internet_gateway": True}],
        subnets=[
            {"id": subnet, "vpc": VPC, "az": zone, "cidr": f"10.0.{number}.0/24"}
            for number, (subnet, zone) in enumerate(ZONES.items())
        ],
        security_groups=[{"id": f"sg-0{name}", "name": name, "vpc": VPC} for name in "ab"],
        clusters=["main"],
        task_definitions=[task, task],
    )
    net = {"vpc": VPC, "groups": "sg-0a,,sg-0b"}
    aws.session().client("ssm").put_parameter(Name="/net", Type="String", Value=json.dumps(net))
    return aws


@pytest.fixture
def sut(aws, tmp_path):
    (tmp_path / "main.tf").write_text(FILES)
    compiled = compile_stack(tmp_path, Inputs(), datetime(2026, 11, 30, tzinfo=UTC), stack="app")
    assert compiled.spec is not None, [str(problem) for problem in compiled.problems]
    return StackUnderTest(aws, compiled.spec)


def test_what_is_computed_at_wake_time_is_what_terraform_would_have_made(sut):
    assert sut.wake().result is Result.CONVERGED

    elbv2, ecs = sut.session.client("elbv2"), sut.session.client("ecs")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    zones = {zone["SubnetId"] for zone in balancer["AvailabilityZones"]}
    assert zones == {"subnet-0a", "subnet-0b"}
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    assert group["VpcId"] == VPC
    (service,) = ecs.describe_services(cluster="main", services=["app"])["services"]
    assert service["taskDefinition"].endswith(":task-definition/app:2")
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == ["subnet-0a", "subnet-0b"]
    assert sorted(network["securityGroups"]) == ["sg-0a", "sg-0b"]


def test_what_stands_is_seen_to_be_as_it_should_and_goes_to_sleep(sut):
    sut.wake()
    start = len(sut.aws.calls)
    assert sut.wake().result is Result.CONVERGED
    changed = [c for c in sut.calls_since(start) if c.startswith(("Create", "Update", "Modify"))]
    assert changed == []

    assert sut.sleep().result is Result.CONVERGED
    assert sut.session.client("elbv2").describe_load_balancers()["LoadBalancers"] == []


def test_a_wake_that_finds_values_of_another_form_says_what_and_where(sut):
    sut.session.client("ssm").put_parameter(
        Name="/net", Type="String", Value="vpc-1", Overwrite=True
    )
    outcome = sut.wake(minutes=2)

    assert outcome.result is Result.FAILED
    assert "cannot compute jsondecode(): the text is not JSON" in outcome.cause


def test_the_spec_reads_the_same_wherever_the_lines_stand(sut, tmp_path):
    """An empty line above is no change of what stands."""
    (tmp_path / "main.tf").write_text("\n\n" + FILES)
    moved = compile_stack(tmp_path, Inputs(), datetime(2026, 11, 30, tzinfo=UTC), stack="app").spec
    for resource in sut.spec.of_kind(Kind.SERVICE) + sut.spec.of_kind(Kind.LOAD_BALANCER):
        assert moved[resource.address].request == resource.request


def test_an_account_is_examined_by_what_the_values_are_computed_to(sut):
    findings = Exam(sut).findings()
    assert {finding.subject for finding in findings if finding.check == "subnets"}
    assert not [f for f in findings if f.check == "look-ups" and f.level is not Level.OK]

    sut.session.client("ssm").delete_parameter(Name="/net")
    (lacking,) = [f for f in Exam(sut).findings() if f.check == "look-ups"][:1]
    assert lacking.level is not Level.OK
