# The way in: target group, load balancer, listener. All three exist only while awake.
resource "aws_lb_target_group" "ecs_tg" {
  count = var.awake ? 1 : 0

  target_type = "ip"
  name        = "ecs-target-group"
  port        = local.port
  protocol    = "TCP"
  vpc_id      = var.vpc_id

  # Every sleep waits for this long (the default is five minutes).
  deregistration_delay   = 15
  connection_termination = true

  # Healthy after two checks, ten seconds apart: as quick as a wake can reasonably be.
  health_check {
    port                = "traffic-port"
    protocol            = "TCP"
    interval            = 10
    timeout             = 6
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb" "nlb" {
  count = var.awake ? 1 : 0

  name               = "ecs-nlb"
  internal           = false
  load_balancer_type = "network"
  ip_address_type    = "ipv4"

  subnet_mapping {
    subnet_id     = local.subnet_ids[0]
    allocation_id = var.eip_alloc
  }
}

resource "aws_lb_listener" "nlb_listener" {
  count = var.awake ? 1 : 0

  load_balancer_arn = aws_lb.nlb[0].arn
  port              = local.port
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ecs_tg[0].arn
  }
}
