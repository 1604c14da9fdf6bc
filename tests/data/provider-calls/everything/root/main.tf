# Every argument that dormouse honours or drops, written once; what it refuses is not here.
provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { Owner = "me", Env = "test" }
  }
}
resource "aws_lb" "a" {
  name_prefix                      = "pre"
  load_balancer_type               = "network"
  internal                         = true
  ip_address_type                  = "dualstack"
  security_groups                  = ["sg-0a1b2c3d4e5f60718"]
  subnets                          = ["subnet-0a1b2c3d4e5f60718", "subnet-0b2c3d4e5f6071829"]
  dns_record_client_routing_policy = "partial_availability_zone_affinity"
  enable_zonal_shift               = true
  enable_http2                     = false
  client_keep_alive                = 100
  preserve_host_header             = true
  tags                             = { Env = "own", Extra = "1" }
  access_logs {
    bucket  = "logs"
    enabled = true
  }
  connection_logs {
    bucket = "logs"
  }
}
resource "aws_lb" "b" {
  load_balancer_type = "network"
  internal           = true
  access_logs {
    bucket = "logs"
    prefix = "x"
  }
  subnet_mapping {
    subnet_id            = "subnet-0a1b2c3d4e5f60718"
    ipv6_address         = "2001:db8::1"
    private_ipv4_address = "10.0.1.5"
  }
}
resource "aws_lb_target_group" "a" {
  name_prefix                        = "pre"
  port                               = 5000
  protocol                           = "TCP"
  target_type                        = "ip"
  ip_address_type                    = "ipv4"
  vpc_id                             = "vpc-0a1b2c3d4e5f60718"
  deregistration_delay               = 0
  connection_termination             = false
  preserve_client_ip                 = "false"
  proxy_protocol_v2                  = true
  load_balancing_cross_zone_enabled  = "true"
  lambda_multi_value_headers_enabled = true
  protocol_version                   = "HTTP1"
  stickiness {
    type            = "source_ip"
    enabled         = false
    cookie_duration = 100
    cookie_name     = "x"
  }
  target_failover {
    on_deregistration = "rebalance"
    on_unhealthy      = "rebalance"
  }
  target_group_health {
    dns_failover {
      minimum_healthy_targets_count = "2"
    }
    unhealthy_state_routing {
      minimum_healthy_targets_percentage = "50"
    }
  }
  target_health_state {
    enable_unhealthy_connection_termination = false
  }
  health_check {
  }
}
resource "aws_lb_target_group" "b" {
  port        = 53
  protocol    = "UDP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  target_health_state {
    enable_unhealthy_connection_termination = false
    unhealthy_draining_interval             = 10
  }
  target_group_health {
    unhealthy_state_routing {}
  }
  stickiness {
    type = "source_ip"
  }
  health_check {
    protocol = "HTTP"
    path     = "/x"
    matcher  = "200"
    timeout  = 6
    enabled  = true
    port     = 80
  }
}
resource "aws_lb_target_group" "c" {
  name                 = "empty-nulls"
  port                 = 443
  protocol             = "TLS"
  target_type          = "ip"
  vpc_id               = "vpc-0a1b2c3d4e5f60718"
  preserve_client_ip   = ""
  deregistration_delay = ""
  health_check {
    protocol = "TCP"

  }
}
resource "aws_lb_listener" "a" {
  load_balancer_arn        = aws_lb.a.arn
  port                     = 443
  protocol                 = "TLS"
  ssl_policy               = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn          = "arn:aws:acm:us-east-1:123456789012:certificate/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
  alpn_policy              = "HTTP2Preferred"
  tcp_idle_timeout_seconds = 60
  default_action {
    type = "forward"
    forward {
      target_group {
        arn = aws_lb_target_group.c.arn
      }
      target_group {
        arn    = aws_lb_target_group.a.arn
        weight = 5
      }
    }
  }
  tags = { A = "b" }
}
resource "aws_lb_listener" "b" {
  load_balancer_arn = aws_lb.b.arn
  port              = 53
  protocol          = "UDP"
  default_action {
    type             = "forward"
    order            = 3
    target_group_arn = aws_lb_target_group.b.arn
  }
}
resource "aws_ecs_service" "a" {
  name                              = "a"
  cluster                           = aws_ecs_cluster.c.name
  task_definition                   = aws_ecs_task_definition.api.family
  force_delete                      = true
  force_new_deployment              = true
  health_check_grace_period_seconds = 0
  availability_zone_rebalancing     = "ENABLED"
  propagate_tags                    = "NONE"
  triggers                          = { a = "b" }
  wait_for_steady_state             = false
  enable_execute_command            = true
  enable_ecs_managed_tags           = true
  platform_version                  = "LATEST"
  launch_type                       = "FARGATE"
  alarms {
    alarm_names = ["b", "a"]
    enable      = true
    rollback    = false
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = false
  }
  deployment_controller {}
  network_configuration {
    subnets         = ["subnet-0b2c3d4e5f6071829", "subnet-0a1b2c3d4e5f60718"]
    security_groups = ["sg-0a1b2c3d4e5f60718"]
  }
  service_connect_configuration {
    enabled   = true
    namespace = "ns"
    log_configuration {
      log_driver = "awslogs"
      options    = { awslogs-group = "g" }
      secret_option {
        name       = "n"
        value_from = "arn:aws:ssm:us-east-1:123456789012:parameter/x"
      }
    }
    service {
      port_name             = "http"
      discovery_name        = "d"
      ingress_port_override = 100
      client_alias {
        port     = 80
        dns_name = "x"
      }
      timeout {
        idle_timeout_seconds = 5
      }
      tls {
        kms_key  = "k"
        role_arn = "arn:aws:iam::123456789012:role/x"
        issuer_cert_authority {
          aws_pca_authority_arn = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/x"
        }
      }
    }
  }
  volume_configuration {
    name = "v"
    managed_ebs_volume {
      role_arn                   = "arn:aws:iam::123456789012:role/x"
      size_in_gb                 = 10
      iops                       = 3000
      throughput                 = 125
      volume_type                = "gp3"
      volume_initialization_rate = 100
      tag_specifications {
        resource_type  = "volume"
        propagate_tags = "SERVICE"
        tags           = { A = "b" }
      }
    }
  }
  vpc_lattice_configurations {
    role_arn         = "arn:aws:iam::123456789012:role/x"
    target_group_arn = "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-x"
    port_name        = "http"
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.a.arn
    container_name   = "app"
    container_port   = 5000
  }

}
resource "aws_ecs_service" "b" {
  name            = "b"
  cluster         = aws_ecs_cluster.c.name
  task_definition = aws_ecs_task_definition.bridge.family
  launch_type     = "EC2"
  placement_constraints {
    type       = "memberOf"
    expression = "attribute:x == y"
  }
  load_balancer {
    elb_name         = ""
    target_group_arn = aws_lb_target_group.b.arn
    container_name   = "app"
    container_port   = 53
  }
  service_registries {
    registry_arn   = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-x"
    port           = 0
    container_port = 53
    container_name = "app"
  }
  depends_on = [aws_lb_listener.b]
}
resource "aws_ecs_service" "c" {
  name            = "c"
  task_definition = "bridge"
  depends_on      = [aws_ecs_task_definition.bridge]
  capacity_provider_strategy {
    capacity_provider = "machines"
    base              = 0
    weight            = 0
  }
  ordered_placement_strategy {
    type  = "spread"
    field = "host"
  }
  ordered_placement_strategy {
    type = "random"
  }
}
resource "aws_ecs_service" "d" {
  name            = "d"
  cluster         = aws_ecs_cluster.c.name
  task_definition = aws_ecs_task_definition.bridge.family
  launch_type     = "EC2"
  iam_role        = "role"
  load_balancer {
    target_group_arn = aws_lb_target_group.b.arn
    container_name   = "app"
    container_port   = 53
  }
  depends_on = [aws_lb_listener.b]
}
resource "aws_ecs_cluster" "c" { name = "c" }
resource "aws_ecs_cluster" "default" { name = "default" }
resource "aws_ecs_task_definition" "api" {
  family                   = "api"
  cpu                      = "256"
  memory                   = "512"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions    = jsonencode([{ name = "app", image = "x", portMappings = [{ containerPort = 5000 }, { containerPort = 53 }] }])
}
resource "aws_ecs_task_definition" "bridge" {
  family                = "bridge"
  network_mode          = "bridge"
  container_definitions = jsonencode([{ name = "app", image = "x", memory = 64, portMappings = [{ containerPort = 53 }] }])
}
