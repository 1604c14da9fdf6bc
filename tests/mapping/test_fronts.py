"""Application and gateway load balancers in a stack's directory: Terraform keeps them."""

import pytest
from directories import AWAKE, SLEEPERS, compile_text, errors, reported, sleepers, two_worlds

from controller.domain.problem import Level
from oracle import Terraform, needs_terraform
from small_stack import FRONT, PROVIDER, SERVICE, STACK, TASK

WEB = """
resource "aws_lb" "web" {
  name            = "web"
  subnets         = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]
  security_groups = ["sg-0a1b2c3d"]
  idle_timeout    = 120
}

resource "aws_lb_target_group" "web" {
  name                          = "web"
  port                          = 8080
  protocol                      = "HTTP"
  target_type                   = "ip"
  vpc_id                        = "vpc-0a1b2c3d"
  slow_start                    = 30
  load_balancing_algorithm_type = "least_outstanding_requests"
  stickiness {
    type = "lb_cookie"
  }
  health_check {
    path              = "/health"
    interval          = 10
    healthy_threshold = 2
  }
}

resource "aws_lb_listener" "plain" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:acm:eu-west-1:111122223333:certificate/a"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "web" {
  listener_arn = aws_lb_listener.web.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
  condition {
    path_pattern {
      values = ["/*"]
    }
  }
}

resource "aws_lb_listener_certificate" "web" {
  listener_arn    = aws_lb_listener.web.arn
  certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/b"
}
"""
BOTH = SERVICE.replace(
    "  load_balancer {",
    """  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "app"
    container_port   = 8080
  }
  load_balancer {""",
)
ONLY_WEB = SERVICE.replace("aws_lb_target_group.app.arn", "aws_lb_target_group.web.arn")
WEB_GROUP = {
    "$look_up": "target_group",
    "name": "web",
    "attribute": "arn",
    "of": "aws_lb_target_group.web",
}


@pytest.mark.parametrize("awake", [False, True])
def test_it_stays_terraforms_with_one_warning_that_gives_its_price(tmp_path, awake):
    text = two_worlds(STACK, *SLEEPERS) if awake else STACK
    result = compile_text(tmp_path, text + WEB)
    (problem,) = result.findings
    assert (problem.level, problem.rule) == (Level.WARNING, "idle-cost")
    assert problem.address == "aws_lb.web"
    assert "0.0225 $ an hour, 16.43 $ a month" in problem.message
    keys = "[0]" if awake else ""
    assert sleepers(result) == {f"{address}{keys}" for address in SLEEPERS}


@pytest.mark.parametrize("awake", [False, True])
def test_a_service_behind_both_sleeps_and_looks_the_others_group_up(tmp_path, awake):
    text = PROVIDER + TASK + FRONT + BOTH
    text = two_worlds(text, *SLEEPERS) if awake else text
    result = compile_text(tmp_path, text + WEB)
    keys = "[0]" if awake else ""
    service = result.spec[f"aws_ecs_service.app{keys}"]
    arns = [entry["targetGroupArn"] for entry in service.request["loadBalancers"]]
    assert arns == [WEB_GROUP, {"$ref": f"aws_lb_target_group.app{keys}.arn"}]
    assert not errors(result)
    assert {p.rule for p in result.findings} == {"idle-cost"}
    assert result.summary.wake.seconds == 170


def test_a_wake_waits_for_the_others_group_too(tmp_path):
    slow = WEB.replace("    interval          = 10\n    healthy_threshold = 2\n", "")
    result = compile_text(tmp_path, PROVIDER + TASK + FRONT + BOTH + slow)
    assert result.summary.wake.seconds == 170  # 53 s for the task, 90 s for its checks
    slower = slow.replace('path              = "/health"', "healthy_threshold = 10")
    result = compile_text(tmp_path, PROVIDER + TASK + FRONT + BOTH + slower)
    assert result.summary.wake.seconds == 353
    (problem,) = reported(result, "slow-wake")
    assert problem.address == "aws_lb_target_group.web"
    assert "183 s less with interval = 10, healthy_threshold = 2" in problem.message


def test_a_group_that_terraform_names_is_found_by_its_prefix(tmp_path):
    named = WEB.replace('name                          = "web"', 'name_prefix = "web-"')
    result = compile_text(tmp_path, PROVIDER + TASK + named + ONLY_WEB)
    (service,) = result.spec.resources
    arn = service.request["loadBalancers"][0]["targetGroupArn"]
    assert arn == {**{k: v for k, v in WEB_GROUP.items() if k != "name"}, "name_prefix": "web-"}


def test_a_service_behind_an_application_load_balancer_alone_sleeps(tmp_path):
    result = compile_text(tmp_path, PROVIDER + TASK + WEB + ONLY_WEB)
    assert sleepers(result) == {"aws_ecs_service.app"}
    (service,) = result.spec.resources
    assert service.request["loadBalancers"][0]["targetGroupArn"] == WEB_GROUP
    assert {p.rule for p in result.findings} == {"idle-cost", "never-idle"}


def test_a_service_without_any_load_balancer_sleeps(tmp_path):
    alone = SERVICE.split("  load_balancer {")[0].replace(
        "  health_check_grace_period_seconds = 180\n", ""
    )
    text = f"{PROVIDER}{TASK}{alone}}}\n"
    result = compile_text(tmp_path, text)
    assert sleepers(result) == {"aws_ecs_service.app"}
    (problem,) = result.findings
    assert (problem.rule, problem.level) == ("never-idle", Level.WARNING)
    never = 'variable "dormouse" {\n  default = { idle_timeout = "0" }\n}\n'
    assert compile_text(tmp_path, text + never).findings == ()


TYPES = """
variable "kind" {
  type    = string
  default = null
}
variable "others" {
  type    = map(string)
  default = { a = "application", n = "network" }
}
resource "aws_lb" "by_variable" {
  name               = "by-variable"
  load_balancer_type = var.kind
  subnets            = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]
}
resource "aws_alb" "each" {
  for_each           = var.others
  name               = each.key
  load_balancer_type = each.value
  subnets            = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]
}
"""


@pytest.mark.parametrize(
    ("kind", "sleeps"), [("network", True), ("application", False), ("gateway", False)]
)
def test_the_type_may_come_from_variables(tmp_path, kind, sleeps):
    result = compile_text(tmp_path, STACK + TYPES, ("var", f"kind={kind}"))
    by_variable = {"aws_lb.by_variable"} if sleeps else set()
    assert sleepers(result) == SLEEPERS | {'aws_alb.each["n"]'} | by_variable
    kept = {p.address for p in reported(result, "idle-cost")}
    assert kept == {'aws_alb.each["a"]'} | ({"aws_lb.by_variable"} - by_variable)
    assert kind not in ("gateway",) or "gateway load balancer" in str(result.findings)


def test_null_is_terraforms_default(tmp_path):
    result = compile_text(tmp_path, STACK + TYPES)
    assert "aws_lb.by_variable" not in sleepers(result)


def test_a_type_that_nobody_knows_is_one_error_that_says_where_it_comes_from(tmp_path):
    unknown = WEB.replace('name            = "web"', "load_balancer_type = data.http.kind.body", 1)
    result = compile_text(
        tmp_path, STACK + 'data "http" "kind" {\n url = "http://x"\n}\n' + unknown
    )
    (problem,) = errors(result)
    assert problem.rule == "load-balancer-type"
    assert "data.http.kind.body" in problem.message
    assert problem.address == "aws_lb.web"


def test_a_type_that_is_not_given_is_one_error(tmp_path):
    """What belongs to it goes by what it says itself."""
    text = WEB.replace('name            = "web"', "load_balancer_type = var.kind", 1)
    result = compile_text(tmp_path, STACK + 'variable "kind" {}\n' + text)
    (problem,) = errors(result)
    assert problem.rule == "missing-variable"
    assert problem.message.endswith("; set it in terraform.tfvars, or as TF_VAR_kind")


def test_a_gateway_load_balancer_is_kept_with_its_group(tmp_path):
    gateway = """
resource "aws_lb" "inspect" {
  name               = "inspect"
  load_balancer_type = "gateway"
  subnets            = ["subnet-0a1b2c3d"]
}
resource "aws_lb_target_group" "inspect" {
  name     = "inspect"
  port     = 6081
  protocol = "GENEVE"
  vpc_id   = "vpc-0a1b2c3d"
}
resource "aws_lb_listener" "inspect" {
  load_balancer_arn = aws_lb.inspect.id
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.inspect.id
  }
}
"""
    result = compile_text(tmp_path, STACK + gateway)
    assert sleepers(result) == SLEEPERS
    (problem,) = result.findings
    assert "gateway load balancer, 0.0125 $ an hour" in problem.message


def test_a_listener_says_by_its_arn_whose_it_is(tmp_path):
    listener = """
resource "aws_lb_listener" "extra" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/x/0a"
  port              = 8443
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.extra.arn
  }
}
resource "aws_lb_target_group" "extra" {
  name        = "extra"
  target_type = "lambda"
}
"""
    result = compile_text(tmp_path, STACK + listener)
    assert sleepers(result) == SLEEPERS
    assert result.findings == ()


def test_a_group_that_no_listener_names_goes_by_its_protocol(tmp_path):
    """Blue and green ones are swapped by deployments, and stand in no listener."""
    green = WEB + (
        'resource "aws_lb_target_group" "green" {\n  name = "green"\n  port = 80\n'
        '  protocol = "HTTP"\n  vpc_id = "vpc-0a1b2c3d"\n}\n'
    )
    assert sleepers(compile_text(tmp_path, STACK + green)) == SLEEPERS


@pytest.mark.parametrize("awake", [False, True])
def test_a_directory_with_nothing_else_is_one_error_with_the_remedy(tmp_path, awake):
    result = compile_text(tmp_path, PROVIDER + WEB + (AWAKE if awake else ""))
    (problem,) = result.findings
    assert (problem.level, problem.rule) == (Level.ERROR, "nothing-sleeps")
    assert problem.address == "aws_lb.web"
    assert 'load_balancer_type = "network"' in problem.message


def test_one_that_nobody_would_make_is_one_error_with_the_remedy(tmp_path):
    text = two_worlds(
        PROVIDER + TASK + FRONT + BOTH + WEB,
        *SLEEPERS,
        "aws_lb.web",
        "aws_lb_target_group.web",
        "aws_lb_listener.web",
        "aws_lb_listener.plain",
        "aws_lb_listener_rule.web",
        "aws_lb_listener_certificate.web",
    )
    result = compile_text(tmp_path, text)
    (problem,) = errors(result)
    assert (problem.address, problem.rule) == ("aws_lb.web[0]", "load-balancer-type")
    assert "give count = var.awake ? 1 : 0 only to what sleeps" in problem.message
    assert "aws_lb_listener.plain[0]" in problem.message


@pytest.mark.parametrize("protocol", ["TCP", "TLS", "UDP", "TCP_UDP"])
def test_a_forgotten_type_is_one_error(tmp_path, protocol):
    text = STACK.replace('  load_balancer_type = "network"\n', "")
    text = text.replace(
        'protocol          = "TCP"\n  default', f'protocol = "{protocol}"\n  default'
    )
    if protocol == "TLS":
        arn = "arn:aws:acm:eu-west-1:111122223333:certificate/a"
        text = text.replace("  protocol = ", f'  certificate_arn = "{arn}"\n  protocol = ')
    result = compile_text(tmp_path, text)
    (problem,) = errors(result)
    assert (problem.address, problem.rule) == ("aws_lb.front", "load-balancer-type")
    assert f"listens to {protocol}" in problem.message


def test_what_only_terraform_needs_may_be_out_of_reach(tmp_path):
    """The module is not there, and no sleeper needs it."""
    text = WEB.replace('["sg-0a1b2c3d"]', "[module.sg.id]").replace(
        'name            = "web"', "count = length(data.aws_subnets.all.ids) > 1 ? 1 : 0"
    )
    text = text.replace("aws_lb.web.arn", "aws_lb.web[0].arn")
    text += 'module "sg" {\n  source = "example/sg/aws"\n}\ndata "aws_subnets" "all" {}\n'
    result = compile_text(tmp_path, STACK + text)
    assert sleepers(result) == SLEEPERS


@pytest.mark.terraform
def test_terraform_takes_the_same_directories(tmp_path):
    needs_terraform()
    (tmp_path / "main.tf").write_text(PROVIDER + TASK + FRONT + BOTH + WEB)
    terraform = Terraform(tmp_path)
    terraform.init()
    assert "valid" in terraform.run("validate", "-no-color").stdout
