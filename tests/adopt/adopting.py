"""A directory of a test, taken to the two-worlds form without Terraform and without AWS."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from controller.adopt.ports import RefusedError
from controller.adopt.prepare import Prepared, prepare
from controller.hcl.directory import read
from controller.hcl.world import Inputs
from controller.mapping.assemble import Compiled
from controller.mapping.compile import compile_stack
from controller.terraform.recognise import read_state
from controller.terraform.state import State

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STACK = """\
provider "aws" {
  region = "eu-west-1"
}

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
"""A service behind a load balancer, as people write it who have not heard of Dormouse."""


def compile_in(directory: Path, inputs: Inputs | None = None) -> Compiled:
    return compile_stack(directory, inputs or Inputs(region="eu-west-1"), NOW, stack="app")


def prepared(directory: Path, inputs: Inputs | None = None, state: bytes | None = None) -> Prepared:
    made: State | None = read_state(state, "terraform.tfstate") if state else None
    return prepare(directory, read(directory), lambda place: compile_in(place, inputs), made)


def adopted(directory: Path, text: str) -> str:
    """`main.tf` with this text after adopt, which has compiled it to the same requests."""
    (directory / "main.tf").write_bytes(text.encode())
    changes = prepared(directory).changes
    return next(one.after.decode() for one in changes.files if one.shown_as == "main.tf")


def refused(directory: Path, text: str) -> list[str]:
    """What is said of a directory that cannot be adopted."""
    (directory / "main.tf").write_text(text)
    try:
        prepared(directory)
    except RefusedError as error:
        return [str(problem) for problem in error.problems]
    return []
