# What stays and costs nothing: cluster, task definition, role, log group, security group.
resource "aws_ecs_cluster" "nsfw_cluster" {
  name = "nsfw_api_cluster"
}

resource "aws_cloudwatch_log_group" "nsfw_api" {
  name              = "/ecs/nsfw-api"
  retention_in_days = 14
}

resource "aws_ecs_task_definition" "nsfw_task" {
  family                   = local.container_name
  cpu                      = "256"
  memory                   = "512"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions    = file("${path.module}/container_definition.json")
  execution_role_arn       = module.ecs_task_execution_role.iam_role_arn

  depends_on = [aws_cloudwatch_log_group.nsfw_api]
}

data "aws_iam_policy" "ecs_task_execution" {
  arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# What the managed policy allows, and reading secrets for the container.
data "aws_iam_policy_document" "ecs_task_execution" {
  source_policy_documents = [data.aws_iam_policy.ecs_task_execution.policy]

  statement {
    effect    = "Allow"
    actions   = ["ssm:GetParameters", "kms:Decrypt"]
    resources = ["*"]
  }
}

module "ecs_task_execution_role" {
  source     = "./iam_role"
  name       = "ecs-task-execution"
  identifier = "ecs-tasks.amazonaws.com"
  policy     = data.aws_iam_policy_document.ecs_task_execution.json
}

# The load balancer passes connections on under its own address, so the task has to admit its
# subnet and nobody else.
data "aws_subnet" "nlb" {
  id = local.subnet_ids[0]
}

module "nsfw_api_sg" {
  source      = "./security_group"
  name        = "nsfw_api_sg"
  vpc_id      = var.vpc_id
  port        = local.port
  protocol    = "tcp"
  cidr_blocks = [data.aws_subnet.nlb.cidr_block]
}

# The service, only while awake.
resource "aws_ecs_service" "nsfw_service" {
  count = var.awake ? 1 : 0

  name             = "nsfw_api_service"
  cluster          = aws_ecs_cluster.nsfw_cluster.arn
  task_definition  = aws_ecs_task_definition.nsfw_task.arn
  desired_count    = 1
  launch_type      = "FARGATE"
  platform_version = "1.4.0"

  # The task is usually up before the load balancer is; without grace it would be replaced.
  health_check_grace_period_seconds = 180

  # The public address is the task's way to ECR; what may come in is the security group's affair.
  network_configuration {
    assign_public_ip = true
    security_groups  = [module.nsfw_api_sg.security_group_id]
    subnets          = local.subnet_ids
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.ecs_tg[0].arn
    container_name   = local.container_name
    container_port   = local.port
  }

  # Deployments register new revisions; every wake takes the latest.
  lifecycle {
    ignore_changes = [task_definition]
  }
}
