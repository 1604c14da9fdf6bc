variable "awake" {
  type = bool
}
variable "vpc" {
  type = string
}
variable "ports" {
  type = map(number)
}

resource "aws_lb" "front" {
  count              = var.awake ? 1 : 0
  name               = "front"
  load_balancer_type = "network"
  subnets            = [local.subnet]
}

locals {
  subnet = "subnet-0a1b2c3d"
}

resource "aws_lb_target_group" "each" {
  for_each             = var.awake ? var.ports : {}
  name                 = "g-${each.key}"
  port                 = each.value
  protocol             = "TCP"
  target_type          = "ip"
  deregistration_delay = 10
  vpc_id               = var.vpc
}

resource "aws_lb_listener" "each" {
  for_each          = var.awake ? var.ports : {}
  load_balancer_arn = aws_lb.front[0].arn
  port              = each.value
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.each[each.key].arn
  }
}

output "groups" {
  value = { for k, p in var.ports : k => one([for g, t in aws_lb_target_group.each : t.arn if g == k]) }
}

output "subnet" {
  value = local.subnet
}
