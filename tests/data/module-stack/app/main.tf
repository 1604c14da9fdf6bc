variable "awake" {
  type = bool
}
variable "name" {
  type = string
}
variable "port" {
  type = number
}
variable "group" {
  type = string
}
variable "subnet" {
  type = string
}

resource "aws_ecs_service" "this" {
  count                             = var.awake ? 1 : 0
  name                              = var.name
  cluster                           = "main"
  task_definition                   = "app"
  desired_count                     = 1
  launch_type                       = "FARGATE"
  health_check_grace_period_seconds = 60
  network_configuration {
    subnets          = [var.subnet]
    assign_public_ip = true
  }
  load_balancer {
    target_group_arn = var.group
    container_name   = var.name
    container_port   = var.port
  }
}
