"""Things that Terraform keeps and that hang on something that sleeps are told (rule hangs-on)."""

import re

import pytest
from directories import SLEEPERS, compile_text, errors, reported, sleepers, two_worlds

from controller.domain.problem import Level
from controller.mapping import hangers
from oracle import Terraform, needs_terraform
from small_stack import STACK

REFUSED = {
    "aws_api_gateway_vpc_link": 'name = "x"\n  target_arns = [aws_lb.front.arn]',
    "aws_vpc_endpoint_service": (
        "acceptance_required = false\n  network_load_balancer_arns = [aws_lb.front.id]"
    ),
    "aws_cloudfront_vpc_origin": (
        'vpc_origin_endpoint_config {\n    name = "x"\n    arn = aws_lb.front.arn\n'
        '    http_port = 80\n    https_port = 443\n    origin_protocol_policy = "http-only"\n'
        '    origin_ssl_protocols {\n      items = ["TLSv1.2"]\n      quantity = 1\n    }\n  }'
    ),
    "aws_ec2_traffic_mirror_target": "network_load_balancer_arn = aws_lb.front.arn",
}
STALE = {
    "aws_route53_record": (
        'zone_id = "Z1"\n  name = "x"\n  type = "A"\n  alias {\n    name = aws_lb.front.dns_name\n'
        "    zone_id = aws_lb.front.zone_id\n    evaluate_target_health = true\n  }"
    ),
    "aws_cloudwatch_metric_alarm": (
        'alarm_name = "x"\n  comparison_operator = "LessThanThreshold"\n  evaluation_periods = 1\n'
        "  dimensions = { TargetGroup = aws_lb_target_group.app.arn_suffix }"
    ),
    "aws_cloudwatch_dashboard": (
        'dashboard_name = "x"\n  dashboard_body = jsonencode([aws_lb.front.arn_suffix])'
    ),
    # Its target is nowhere among the files.
    "aws_appautoscaling_policy": (
        'name = "x"\n  service_namespace = "ecs"\n'
        '  resource_id = "service/main/${aws_ecs_service.app.name}"\n'
        '  scalable_dimension = "ecs:service:DesiredCount"\n'
        "  step_scaling_policy_configuration {\n"
        "    step_adjustment {\n      scaling_adjustment = 1\n    }\n  }"
    ),
    "aws_apigatewayv2_integration": (
        'api_id = "a"\n  integration_type = "HTTP_PROXY"\n'
        "  integration_uri = aws_lb_listener.tcp.arn"
    ),
    "aws_lb_listener_certificate": (
        "listener_arn = aws_lb_listener.tcp.arn\n"
        '  certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/a"'
    ),
    "aws_lb_listener_rule": (
        'listener_arn = aws_lb_listener.tcp.arn\n  action {\n    type = "fixed-response"\n'
        '    fixed_response {\n      content_type = "text/plain"\n    }\n  }\n'
        '  condition {\n    source_ip {\n      values = ["10.0.0.0/8"]\n    }\n  }'
    ),
    "aws_wafv2_web_acl_association": (
        "resource_arn = aws_lb.front.arn\n"
        '  web_acl_arn = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/b"'
    ),
    "aws_globalaccelerator_endpoint_group": (
        'listener_arn = "arn:aws:globalaccelerator::111122223333:accelerator/a/listener/b"\n'
        "  endpoint_configuration {\n    endpoint_id = aws_lb.front.arn\n  }"
    ),
    "aws_lb_target_group_attachment": (
        'target_group_arn = aws_lb_target_group.app.arn\n  target_id = "10.0.0.5"'
    ),
    "aws_autoscaling_group": (
        'min_size = 0\n  max_size = 1\n  availability_zones = ["eu-west-1a"]\n'
        "  target_group_arns = [aws_lb_target_group.app.arn]\n"
        '  launch_template {\n    id = "lt-1"\n  }'
    ),
    "aws_ssm_parameter": 'name = "x"\n  type = "String"\n  value = aws_lb.front.dns_name',
    "aws_codedeploy_deployment_group": (
        'app_name = "x"\n  deployment_group_name = "x"\n'
        '  service_role_arn = "arn:aws:iam::111122223333:role/x"\n'
        '  ecs_service {\n    cluster_name = "main"\n'
        "    service_name = aws_ecs_service.app.name\n  }"
    ),
    "aws_sqs_queue": 'name = "x"\n  tags = { front = aws_lb.front.arn }',
}
OTHER_PROVIDERS = {
    "cloudflare_record": "content = aws_lb.front.dns_name",
    "cloudflare_dns_record": "content = aws_lb.front.dns_name",
    "google_dns_record_set": "rrdatas = [aws_lb.front.dns_name]",
    "digitalocean_record": 'value = "${aws_lb.front.dns_name}."',
    "kubernetes_config_map": "data = { host = aws_lb.front.dns_name }",
}


SCALING = (
    'min_capacity = 1\n  max_capacity = 3\n  service_namespace = "ecs"\n'
    '  resource_id = "service/main/${aws_ecs_service.app.name}"\n'
    '  scalable_dimension = "ecs:service:DesiredCount"'
)


def thing(type_, body):
    return f'resource "{type_}" "x" {{\n  {body}\n}}\n'


def one(result):
    (problem,) = reported(result, "hangs-on")
    return problem


@pytest.mark.parametrize("type_", REFUSED)
def test_what_aws_does_not_let_go_of_is_an_error(tmp_path, type_):
    result = compile_text(tmp_path, STACK + thing(type_, REFUSED[type_]))
    problem = one(result)
    assert (problem.level, problem.address) == (Level.ERROR, f"{type_}.x")
    assert result.spec is None
    assert "count = var.awake ? 1 : 0 only to the rest" in problem.message


@pytest.mark.parametrize("type_", STALE)
def test_what_would_be_stale_is_a_warning_at_its_line(tmp_path, type_):
    text = STACK + thing(type_, STALE[type_])
    result = compile_text(tmp_path, text)
    problem = one(result)
    assert (problem.level, problem.address) == (Level.WARNING, f"{type_}.x")
    assert sleepers(result) == SLEEPERS
    line = text.split("\n")[problem.place.line - 1]
    assert re.search(r"aws_(lb|ecs)\w*\.\w+\.(arn|dns_name|name)", line)


@pytest.mark.parametrize("type_", OTHER_PROVIDERS)
def test_other_providers_resources_are_reported_too(tmp_path, type_):
    problem = one(compile_text(tmp_path, STACK + thing(type_, OTHER_PROVIDERS[type_])))
    assert (problem.level, problem.address) == (Level.WARNING, f"{type_}.x")
    assert ("an A record" in problem.message) == ("record" in type_)


def test_an_unknown_type_is_a_warning(tmp_path):
    problem = one(compile_text(tmp_path, STACK + thing("aws_new_thing", "a = aws_lb.front.arn")))
    assert "does not know this type" in problem.message


ALARM = 'resource "aws_cloudwatch_metric_alarm" "x" {{\n  {}\n  dimensions = {{ L = {} }}\n}}\n'
WAYS = {
    "local": ("", "local.suffix", "locals {\n  suffix = aws_lb.front.arn_suffix\n}\n"),
    "local object": ("", "local.lb.s", "locals {\n  lb = { s = aws_lb.front.arn_suffix }\n}\n"),
    "function": ("", 'replace(lower(aws_lb.front.arn_suffix), "/", "-")', ""),
    "conditional": ("", 'aws_lb.front.arn_suffix != "" ? aws_lb.front.arn_suffix : "a"', ""),
    "splat": ("", "one(aws_lb.front[*].arn_suffix)", ""),
    "for_each": ("for_each = { a = aws_lb.front.arn_suffix }", "each.value", ""),
    "for_each over the thing": ("for_each = { a = aws_lb.front }", "each.value.arn_suffix", ""),
    "for": ("", "[for b in [aws_lb.front] : b.arn_suffix][0]", ""),
    "terraform_data": (
        "",
        "terraform_data.box.output",
        'resource "terraform_data" "box" {\n  input = aws_lb.front.arn_suffix\n}\n',
    ),
    "data source": (
        "",
        "data.aws_lb.front.arn_suffix",
        'data "aws_lb" "front" {\n  arn = aws_lb.front.arn\n}\n',
    ),
    "data source by name": (
        "",
        "data.aws_lb.front.arn_suffix",
        'data "aws_lb" "front" {\n  name = "front"\n}\n',
    ),
    "function of data": (
        "",
        "data.template_file.t.rendered",
        'data "template_file" "t" {\n  vars = { a = aws_lb.front.arn_suffix }\n}\n',
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_is_found_whatever_way_the_value_takes(tmp_path, way):
    head, expression, more = WAYS[way]
    result = compile_text(tmp_path, STACK + more + ALARM.format(head, expression))
    found = {p.address.split("[")[0] for p in reported(result, "hangs-on")}
    assert "aws_cloudwatch_metric_alarm.x" in found
    assert not errors(result)
    assert "aws_lb.front" in str([p.message for p in reported(result, "hangs-on")])


def test_it_is_found_through_modules(tmp_path):
    inner = tmp_path / "front"
    inner.mkdir()
    (inner / "main.tf").write_text(
        'variable "of" {}\noutput "suffix" {\n  value = var.of.arn_suffix\n}\n'
    )
    alarms = tmp_path / "alarms"
    alarms.mkdir()
    (alarms / "main.tf").write_text('variable "s" {}\n' + ALARM.format("", "var.s"))
    calls = (
        'module "front" {\n  source = "./front"\n  of = aws_lb.front\n}\n'
        'module "alarms" {\n  source = "./alarms"\n  s = module.front.suffix\n}\n'
    )
    problem = one(compile_text(tmp_path, STACK + calls))
    assert problem.address == "module.alarms.aws_cloudwatch_metric_alarm.x"
    assert problem.place.file == "alarms/main.tf"


def test_it_is_found_in_dynamic_blocks(tmp_path):
    link = (
        'zone_id = "Z"\n  name = "x"\n  type = "A"\n  dynamic "alias" {\n'
        "    for_each = SOME\n    content {\n      name = alias.value\n"
        "      zone_id = aws_lb.front.zone_id\n      evaluate_target_health = true\n    }\n  }"
    )
    for some in ("[aws_lb.front.dns_name]", "toset([aws_lb.front.dns_name])"):
        text = thing("aws_route53_record", link.replace("SOME", some))
        assert one(compile_text(tmp_path, STACK + text)).address == "aws_route53_record.x"


def test_a_number_that_only_aws_knows_is_reported(tmp_path):
    text = ALARM.format("for_each = toset([aws_lb.front.dns_name])", "each.key")
    assert one(compile_text(tmp_path, STACK + text)).address == "aws_cloudwatch_metric_alarm.x"


@pytest.mark.parametrize("text", ["ELB net/front/*", "ELB ${aws_lb.front.arn_suffix}"])
def test_network_interfaces_of_a_load_balancer_are_looked_up_by_their_description(tmp_path, text):
    asks = (
        'data "aws_network_interfaces" "x" {\n  filter {\n    name = "description"\n'
        f'    values = ["{text}"]\n  }}\n}}\n'
        'data "aws_network_interfaces" "other" {\n  filter {\n    name = "description"\n'
        '    values = ["ELB net/frontier/*", "front"]\n  }\n}\n'
    )
    (found,) = reported(compile_text(tmp_path, STACK + asks), "hangs-on")
    assert found.address == "data.aws_network_interfaces.x"
    assert "every plan and apply reads it" in found.message


def test_many_of_one_block_are_one_warning(tmp_path):
    result = compile_text(tmp_path, STACK + ALARM.format("count = 3", "aws_lb.front.arn_suffix"))
    assert "2 more of this block" in one(result).message


SURVIVORS = {
    "names": ("aws_sqs_queue", "name = aws_ecs_service.app.name"),
    "the service's ARN": ("aws_sqs_queue", 'name = "x"\n  policy = aws_ecs_service.app.id'),
    "the zone": ("aws_sqs_queue", "name = aws_lb.front.zone_id"),
    "the load balancer's name": ("aws_sqs_queue", "name = aws_lb.front.name"),
    "order": ("aws_sqs_queue", "depends_on = [aws_lb.front, aws_ecs_service.app]"),
    "the Elastic IP": (
        "aws_route53_record",
        'zone_id = "Z"\n  name = "x"\n  type = "A"\n  ttl = 60\n  records = [aws_eip.x.public_ip]',
    ),
    "another service's scaling": (
        "aws_appautoscaling_target",
        'resource_id = "service/main/other"\n  service_namespace = "ecs"',
    ),
    "another namespace": (
        "aws_appautoscaling_target",
        'resource_id = "table/app"\n  service_namespace = "dynamodb"',
    ),
}


@pytest.mark.parametrize("name", SURVIVORS)
def test_what_survives_is_not_reported(tmp_path, name):
    eip = 'resource "aws_eip" "x" {\n  tags = { Name = "x" }\n}\n'
    result = compile_text(tmp_path, STACK + eip + thing(*SURVIVORS[name]))
    assert not reported(result, "hangs-on")
    assert not errors(result)


OUTPUTS = """
output "address" {
  value = aws_lb.front.dns_name
}
output "service" {
  value = aws_ecs_service.app.name
}
output "group" {
  value = { arn = aws_lb_target_group.app.arn }
}
"""


SHARED = """
resource "aws_lb" "web" {
  name    = "web"
  subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]
}
resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
"""


def test_a_target_group_belongs_to_one_load_balancer(tmp_path):
    (problem,) = errors(compile_text(tmp_path, STACK + SHARED))
    assert (problem.rule, problem.address) == ("hangs-on", "aws_lb_listener.web")
    assert "a target group of its own" in problem.message


def test_outputs_are_a_warning_where_they_would_be_stale(tmp_path):
    result = compile_text(tmp_path, STACK + OUTPUTS)
    found = reported(result, "hangs-on")
    assert [(p.address, p.level) for p in found] == [
        ("output.address", Level.WARNING),
        ("output.group", Level.WARNING),
    ]
    assert found[0].place.line == STACK.count("\n") + 2
    assert sleepers(result) == SLEEPERS


def test_outputs_that_are_null_while_asleep_are_not_stale(tmp_path):
    text = two_worlds(STACK, *SLEEPERS)
    outputs = 'output "address" {\n  value = one(aws_lb.front[*].dns_name)\n}\n'
    assert compile_text(tmp_path, text + outputs).findings == ()


# In the two-worlds form.


def test_a_reference_to_what_is_not_there_is_terraforms_own_error(tmp_path):
    text = two_worlds(STACK, *SLEEPERS)
    result = compile_text(tmp_path, text + ALARM.format("", "aws_lb.front[0].arn_suffix"))
    (problem,) = errors(result)
    assert problem.address == "aws_cloudwatch_metric_alarm.x"
    assert "one(aws_lb.front[*].arn_suffix)" in problem.message


def test_what_is_null_while_asleep_hangs_all_the_same(tmp_path):
    text = two_worlds(STACK, *SLEEPERS)
    result = compile_text(tmp_path, text + ALARM.format("", "one(aws_lb.front[*].arn_suffix)"))
    (problem,) = result.findings
    assert (problem.rule, problem.level) == ("hangs-on", Level.WARNING)


def test_what_has_the_count_of_its_sleeper_is_missing_after_a_wake(tmp_path):
    text = two_worlds(STACK, *SLEEPERS)
    alarm = ALARM.format("count = var.awake ? 1 : 0", "aws_lb.front[0].arn_suffix")
    result = compile_text(tmp_path, text + alarm)
    (problem,) = result.findings
    assert problem.rule == "awake-only"
    assert "hangs on aws_lb.front[0], so that is as it should be" in problem.message


def test_a_data_source_with_the_count_of_what_it_reads_is_right(tmp_path):
    text = two_worlds(STACK, *SLEEPERS)
    requested = 'data "aws_lb" "x" {\n  count = var.awake ? 1 : 0\n  name = "front"\n}\n'
    assert compile_text(tmp_path, text + requested).findings == ()
    always = requested.replace("  count = var.awake ? 1 : 0\n", "")
    assert one(compile_text(tmp_path, text + always)).address == "data.aws_lb.x"


def test_the_remedy_of_a_load_balancer_that_is_held_works(tmp_path):
    """Everything but the service stays, and the link with it."""
    text = two_worlds(STACK, "aws_ecs_service.app")
    link = thing("aws_api_gateway_vpc_link", REFUSED["aws_api_gateway_vpc_link"])
    result = compile_text(tmp_path, text + link)
    assert sleepers(result) == {"aws_ecs_service.app[0]"}
    assert {p.rule for p in result.findings} == {"idle-cost", "never-idle"}


def test_a_service_that_stands_in_both_worlds_keeps_what_hangs_on_it(tmp_path):
    text = two_worlds(STACK, *(SLEEPERS - {"aws_ecs_service.app"}))
    text = text.replace(
        "desired_count                     = 1", "desired_count = var.awake ? 1 : 0"
    )
    text = text.replace("aws_lb_target_group.app[0].arn", "aws_lb_target_group.app.arn")
    text = text.replace(
        'resource "aws_lb_target_group" "app" {\n  count = var.awake ? 1 : 0\n',
        'resource "aws_lb_target_group" "app" {\n',
    )
    scaling = thing("aws_appautoscaling_target", SCALING)
    result = compile_text(tmp_path, text + scaling)
    assert not reported(result, "hangs-on")
    assert not errors(result)


def test_each_row_says_what_happens_and_a_remedy():
    rows = [*hangers.TABLE.values(), hangers.UNKNOWN, hangers.DATA, hangers.OUTPUT, hangers.RULES]
    for row in rows:
        assert row.happens
        assert row.remedy
        assert not re.search(r"[.;]$", row.happens + row.remedy)


@pytest.mark.terraform
def test_terraform_takes_what_we_try_here(tmp_path):
    """But for one: the rule, which AWS refuses, and Terraform does not look."""
    needs_terraform()
    things = {**REFUSED, **STALE}
    text = "".join(
        thing(type_, body).replace('"x" {', f'"t{n}" {{', 1)
        for n, (type_, body) in enumerate(things.items())
    )
    (tmp_path / "main.tf").write_text(STACK + text + OUTPUTS)
    terraform = Terraform(tmp_path)
    terraform.init()
    said = terraform.run("validate", "-no-color").stdout
    assert "valid" in said, said
