"""Blocks and arguments that depend on whether something exists: only Terraform's apply knows it."""

from __future__ import annotations

import pytest
from directories import compile_text, errors

KEPT = """
provider "aws" {
  region = "eu-west-1"
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = ["subnet-0a1b2c3d"]
}

resource "aws_lb_target_group" "a" {
  name        = "a"
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d"
}

resource "aws_lb_target_group" "b" {
  name        = "b"
  port        = 81
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d"
}

resource "aws_lb_listener" "a" {
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.a.arn
  }
}

resource "aws_lb_listener" "b" {
  load_balancer_arn = aws_lb.front.arn
  port              = 81
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.b.arn
  }
}

resource "aws_service_discovery_service" "d" {
  name = "d"
}

data "aws_subnets" "s" {
  tags = { T = "s" }
}

data "aws_ssm_parameter" "p" {
  name = "/p"
}

locals {
  a = aws_lb_target_group.a.arn
  b = aws_lb_target_group.b.arn
  d = aws_service_discovery_service.d.arn
  p = data.aws_ssm_parameter.p.value
}
"""
SERVICE = """
resource "aws_ecs_service" "s" {
  name            = "s"
  cluster         = "c"
  task_definition = "t"
  desired_count   = 1
  launch_type     = "FARGATE"
  ARGUMENT

  network_configuration {
    subnets          = ["subnet-0a1b2c3d"]
    assign_public_ip = true
  }

  dynamic "load_balancer" {
    for_each = FOR_EACH
    content {
      target_group_arn = CONTENT
      container_name   = "app"
      container_port   = 80
    }
  }
}
"""


def compiled(folder, for_each, content="load_balancer.value", argument=""):
    service = SERVICE.replace("FOR_EACH", for_each).replace("CONTENT", content)
    return compile_text(folder, KEPT + service.replace("ARGUMENT", argument))


def service_of(result):
    assert result.spec is not None, [str(problem) for problem in errors(result)]
    return next(r for r in result.spec.resources if r.address == "aws_ecs_service.s").request


def groups(result):
    balancers = service_of(result).get("loadBalancers", [])
    return [one["targetGroupArn"]["$ref"].split(".")[1] for one in balancers]


@pytest.mark.parametrize(
    ("for_each", "content", "expected"),
    [
        ("local.a != null ? [1] : []", "local.a", ["a"]),
        ('local.a == "" ? [] : [1]', "local.a", ["a"]),
        ("true && local.a != null ? [{}] : []", "local.a", ["a"]),
        ("!(local.a == null) ? [1] : []", "local.a", ["a"]),
        ("length(local.a) > 0 ? [1] : []", "local.a", ["a"]),
        ("local.a == null ? [1] : []", "local.a", []),
        ('compact([local.a, ""])', "load_balancer.value", ["a"]),
        ("local.a != null ? [{ arn = local.a }] : []", "load_balancer.value.arn", ["a"]),
        ("[for x in local.a != null ? [local.b] : [] : x]", "load_balancer.value", ["b"]),
        (
            '{ for k, v in local.a != null ? { x = local.b } : {} : k => v if k != "" }',
            "load_balancer.value",
            ["b"],
        ),
        ("concat(local.a != null ? [local.a] : [], [local.b])", "load_balancer.value", ["a", "b"]),
        ("jsondecode(jsonencode([local.a]))", "load_balancer.value", ["a"]),
        (
            '[for x in jsondecode(true ? jsonencode([{ g = local.b }]) : "[]") : { g = x.g }]',
            "load_balancer.value.g",
            ["b"],
        ),
        ("toset([local.a])", "load_balancer.value", ["a"]),
        ("toset([local.a, local.b])", "load_balancer.value", ["a", "b"]),
        ('local.d != null ? (local.b != "" ? [local.b] : []) : []', "load_balancer.value", ["b"]),
    ],
)
def test_a_block_for_what_exists_is_there(tmp_path, for_each, content, expected):
    assert sorted(groups(compiled(tmp_path, for_each, content))) == expected


@pytest.mark.parametrize(
    "for_each",
    [
        'local.p != "" ? [local.a] : []',
        "local.p == null ? [] : [local.a]",
        "local.a != local.p ? [local.a] : []",
        "toset([local.a, local.p])",
        "flatten([data.aws_subnets.s.ids])",
        "concat(data.aws_subnets.s.ids, [local.a])",
        "local.a != null ? data.aws_subnets.s.ids : []",
    ],
)
def test_what_a_look_up_may_or_may_not_find_decides_no_block(tmp_path, for_each):
    (problem,) = errors(compiled(tmp_path, for_each))
    assert problem.rule == "for-each"
    assert "how many load_balancer blocks there are depends on" in problem.message


def test_an_argument_for_what_exists_is_its_plain_value(tmp_path):
    argument = "health_check_grace_period_seconds = local.a != null ? 60 : null"
    request = service_of(compiled(tmp_path, "[local.a]", argument=argument))
    assert request["healthCheckGracePeriodSeconds"] == 60


def test_a_count_may_not_wait_for_it(tmp_path):
    """Terraform refuses it: a count must be known while planning."""
    text = KEPT + 'resource "aws_lb_target_group" "c" {\n  count = local.a != null ? 1 : 0\n}\n'
    (problem,) = errors(compile_text(tmp_path, text))
    assert problem.rule == "count"
    assert "known only after apply" in problem.message or "AWS" in problem.message
