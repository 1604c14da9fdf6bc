"""A service behind a load balancer, as people write it who have not heard of Dormouse."""

from __future__ import annotations

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
