"""Small whole directories as strangers write them, in both forms, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

from hand_made import NOW

from controller.domain.problem import Level, Problem
from controller.hcl.world import Inputs
from controller.mapping.assemble import Compiled
from controller.mapping.compile import compile_stack

PROVIDER = """
provider "aws" {
  region = "eu-west-1"
}
"""
TASK = """
resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  container_definitions = jsonencode([{
    name         = "app"
    image        = "nginx:1"
    portMappings = [{ containerPort = 8080 }]
  }])
}
"""
FRONT = """
resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnet_mapping {
    subnet_id     = "subnet-0a1b2c3d"
    allocation_id = "eipalloc-0a1b2c3d"
  }
}

resource "aws_lb_target_group" "app" {
  name                 = "app"
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = "vpc-0a1b2c3d"
  deregistration_delay = 15
  health_check {
    protocol          = "TCP"
    interval          = 10
    timeout           = 5
    healthy_threshold = 2
  }
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
"""
SERVICE = """
resource "aws_ecs_service" "app" {
  name                              = "app"
  cluster                           = aws_ecs_cluster.main.arn
  task_definition                   = aws_ecs_task_definition.app.arn
  desired_count                     = 1
  launch_type                       = "FARGATE"
  health_check_grace_period_seconds = 180
  network_configuration {
    subnets          = ["subnet-0a1b2c3d"]
    assign_public_ip = true
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 8080
  }
}
"""
STACK = PROVIDER + TASK + FRONT + SERVICE
SLEEPERS = {"aws_lb.front", "aws_lb_target_group.app", "aws_lb_listener.tcp", "aws_ecs_service.app"}

AWAKE = """
variable "awake" {
  type    = bool
  default = false
}
"""


def two_worlds(text: str, *names: str) -> str:
    """The same with `count = var.awake ? 1 : 0` for the resources named, and references to them."""
    for name in names:
        type_, label = name.split(".")
        head = f'resource "{type_}" "{label}" {{\n'
        assert head in text, name
        text = text.replace(f"{name}.", f"{name}[0].")
        text = text.replace(head, f"{head}  count = var.awake ? 1 : 0\n")
    return AWAKE + text


def compile_text(folder: Path, text: str, *options: tuple[str, str]) -> Compiled:
    (folder / "main.tf").write_text(text)
    return compile_stack(folder, Inputs(options=options), NOW, stack="app")


def errors(result: Compiled) -> list[Problem]:
    return [problem for problem in result.problems if problem.level is Level.ERROR]


def told(result: Compiled, rule: str) -> list[Problem]:
    return [problem for problem in result.findings if problem.rule == rule]


def sleepers(result: Compiled) -> set[str]:
    assert result.spec is not None, [str(problem) for problem in result.problems]
    return {resource.address for resource in result.spec.resources}
