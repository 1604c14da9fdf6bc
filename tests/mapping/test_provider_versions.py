"""AWS provider 5 and 6: which one is in use, and what each has that the other has not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.domain.problem import Level, Problem
from controller.hcl.world import Inputs
from controller.mapping.compile import Compiled, compile_stack
from hcl.cases import write

STACK = """
provider "aws" {
  region = "eu-west-1"
}
resource "aws_lb" "nlb" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = ["subnet-0a1b2c3d4e5f60718"]
  #lb
}
resource "aws_lb_target_group" "tg" {
  name        = "front"
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  #tg
}
resource "aws_lb_listener" "l" {
  load_balancer_arn = aws_lb.nlb.arn
  port              = 80
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tg.arn
    #action
  }
  #listener
}
resource "aws_ecs_service" "web" {
  name            = "web"
  cluster         = "main"
  task_definition = "web"
  launch_type     = "FARGATE"
  desired_count   = 1
  network_configuration {
    subnets = ["subnet-0a1b2c3d4e5f60718"]
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.tg.arn
    container_name   = "web"
    container_port   = 80
    #target
  }
  #service
}
"""
FIVE, SIX, BOTH = "~> 5.0", "~> 6.0", ">= 5.0"
LOCK = """
provider "registry.terraform.io/hashicorp/aws" {{
  version     = "{version}"
  constraints = ">= 5.0.0"
  hashes = [
    "h1:aGk5bm90IGEgaGFzaA==",
  ]
}}
"""
IN_REGION = 'region = "eu-west-1"'


def requiring(constraint: str) -> str:
    return f"""
    terraform {{
      required_providers {{
        aws = {{
          source  = "hashicorp/aws"
          version = "{constraint}"
        }}
      }}
    }}
    """


def compiled(root: Path, text: str, **parts: str) -> Compiled:
    for name, part in parts.items():
        text = text.replace(f"#{name}\n", f"{part}\n")
    write(root, {"main.tf": text})
    return compile_stack(root, Inputs(), datetime(2026, 11, 30, tzinfo=UTC), stack="x")


def errors(result: Compiled) -> list[Problem]:
    return [p for p in result.problems if p.level is Level.ERROR]


def resource(result: Compiled, name: str) -> Any:
    assert result.spec is not None, errors(result)
    return next(r for r in result.spec.resources if r.address.startswith(name))


@pytest.mark.parametrize("constraint", [SIX, BOTH, ">= 6.4, < 7", None])
def test_an_argument_of_the_newer_provider_is_taken_where_it_may_be_in_use(tmp_path, constraint):
    text = (requiring(constraint) if constraint else "") + STACK
    parts = dict.fromkeys(("lb", "tg", "listener", "service"), IN_REGION)

    assert errors(compiled(tmp_path, text, **parts)) == []


@pytest.mark.parametrize("constraint", [FIVE, "5.100.0", "< 6", ">= 4.67, < 5.5", "~> 5.31.0"])
def test_under_the_older_one_it_is_an_error_that_names_where_the_version_stands(
    tmp_path, constraint
):
    found = errors(compiled(tmp_path, requiring(constraint) + STACK, lb=IN_REGION))

    (error,) = found
    assert (error.rule, error.address) == ("unsupported-argument", "aws_lb.nlb")
    assert "provider 5 (required_providers)" in error.message or "provider 4" in error.message


@pytest.mark.parametrize("constraint", [FIVE, SIX, BOTH])
def test_null_is_no_argument_and_no_block_is_none(tmp_path, constraint):
    """Modules for both versions write null where there is nothing to say."""
    parts = {
        "lb": "region = null\n  secondary_ips_auto_assigned_per_subnet = null\n"
        '  dynamic "health_check_logs" {\n    for_each = []\n    content {\n'
        "      bucket = health_check_logs.value\n    }\n  }",
        "tg": "target_control_port = null\n  region = local.nothing",
        "service": "sigint_rollback = null\n"
        '  dynamic "deployment_configuration" {\n    for_each = local.nothing[*]\n    content {\n'
        "      strategy = deployment_configuration.value.strategy\n    }\n  }",
    }
    text = requiring(constraint) + STACK + "locals {\n  nothing = null\n}\n"
    result = compiled(tmp_path, text, **parts)

    assert errors(result) == []
    assert "EnablePrefixForIpv6SourceNat" not in resource(result, "aws_lb.nlb").request


@pytest.mark.parametrize("version", ["5.100.0", "6.0.0"])
def test_the_lock_file_decides_over_what_is_required(tmp_path, version):
    write(tmp_path, {".terraform.lock.hcl": LOCK.format(version=version)})
    found = errors(compiled(tmp_path, requiring(BOTH) + STACK, lb=IN_REGION))

    assert [".terraform.lock.hcl" in error.message for error in found] == (
        [True] if version.startswith("5") else []
    )


def test_what_is_installed_decides_where_there_is_no_lock_file(tmp_path):
    folder = ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0"
    write(tmp_path, {f"{folder}/linux_amd64/provider": ""})
    (error,) = errors(compiled(tmp_path, STACK, lb=IN_REGION))

    assert ".terraform/providers" in error.message


def test_a_module_requires_along_with_the_root(tmp_path):
    write(tmp_path, {"m/main.tf": requiring(FIVE)})
    text = requiring(BOTH) + STACK + 'module "m" {\n  source = "./m"\n}\n'

    assert [e.rule for e in errors(compiled(tmp_path, text, lb=IN_REGION))] == [
        "unsupported-argument"
    ]


@pytest.mark.parametrize(
    ("constraint", "sent"),
    [
        (FIVE, "DISABLED"),
        (BOTH, "DISABLED"),
        ("6.11.0", "DISABLED"),
        (SIX, None),
        ("~> 6.12.0", None),
        ("6.20.1", None),
    ],
)
def test_zone_rebalancing_is_left_to_aws_where_the_provider_leaves_it(tmp_path, constraint, sent):
    request = resource(compiled(tmp_path, requiring(constraint) + STACK), "aws_ecs").request

    assert request.get("availabilityZoneRebalancing") == sent


def test_zone_rebalancing_that_is_written_down_is_sent_by_both(tmp_path):
    written = 'availability_zone_rebalancing = "ENABLED"'
    request = resource(compiled(tmp_path, requiring(SIX) + STACK, service=written), "aws_ecs")

    assert request.request["availabilityZoneRebalancing"] == "ENABLED"


def test_the_region_of_the_resources_is_where_the_stack_lives(tmp_path):
    parts = dict.fromkeys(("lb", "tg", "listener", "service"), 'region = "eu-central-1"')
    result = compiled(tmp_path, STACK, **parts)

    assert result.spec is not None
    assert result.spec.region == "eu-central-1"


def test_resources_in_several_regions_are_several_stacks(tmp_path):
    (error,) = errors(compiled(tmp_path, STACK, lb='region = "eu-central-1"'))

    assert error.rule == "provider"
    assert "eu-central-1" in error.message


ABROAD = """
provider "aws" {
  alias  = "abroad"
  region = "us-west-2"
}
resource "aws_ecs_cluster" "abroad" {
  provider = aws.abroad
  name     = "app"
}
resource "aws_ecs_service" "abroad" {
  provider        = aws.abroad
  name            = "app"
  cluster         = aws_ecs_cluster.abroad.id
  task_definition = "app"
  desired_count   = 1
}
resource "aws_lb_target_group" "abroad" {
  provider    = aws.abroad
  name        = "app"
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = aws_vpc.abroad.id
}
resource "aws_vpc" "abroad" {
  provider   = aws.abroad
  cidr_block = "10.0.0.0/16"
}
"""


def test_what_lives_in_another_region_is_one_error_however_much_it_is(tmp_path):
    (error,) = errors(compiled(tmp_path, STACK + ABROAD))

    assert error.rule == "provider"
    assert "us-west-2 (and 1 more)" in error.message


def test_what_lives_in_another_region_may_stay_awake(tmp_path):
    awake = 'variable "awake" {\n  type = bool\n  default = false\n}\n'
    counts = dict.fromkeys(("lb", "tg", "listener", "service"), "count = var.awake ? 1 : 0")
    text = re.sub(r"(aws_(?:lb|lb_target_group|lb_listener)\.\w+)\.(arn)", r"\1[0].\2", STACK)
    result = compiled(tmp_path, awake + text + ABROAD, **counts)

    assert result.spec is not None, errors(result)
    assert result.spec.region == "eu-west-1"
    assert not [r for r in result.spec.resources if "abroad" in r.address]


def test_deployments_of_the_newer_provider_are_sent_as_the_sdk_names_them(tmp_path):
    parts = {
        "service": """
          deployment_configuration {
            strategy             = "CANARY"
            bake_time_in_minutes = "5"
            canary_configuration {
              canary_percent              = 10
              canary_bake_time_in_minutes = "0"
            }
            lifecycle_hook {
              hook_target_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:look"
              role_arn         = "arn:aws:iam::123456789012:role/hook"
              lifecycle_stages = ["POST_TEST_TRAFFIC_SHIFT"]
              hook_details     = jsonencode({ path = "/" })
            }
          }
          deployment_circuit_breaker {
            enable   = true
            rollback = true
          }
          sigint_rollback = false
        """,
        "target": """
          advanced_configuration {
            alternate_target_group_arn = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/b/1"
            production_listener_rule   = aws_lb_listener.l.arn
            role_arn                   = "arn:aws:iam::123456789012:role/ecs"
          }
        """,
    }
    result = compiled(tmp_path, requiring(SIX) + STACK, **parts)
    request = resource(result, "aws_ecs_service").request

    assert request["deploymentConfiguration"] == {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "strategy": "CANARY",
        "bakeTimeInMinutes": 5,
        "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 0},
        "lifecycleHooks": [
            {
                "hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:look",
                "roleArn": "arn:aws:iam::123456789012:role/hook",
                "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                "hookDetails": {"path": "/"},
            }
        ],
    }
    (balancer,) = request["loadBalancers"]
    assert balancer["advancedConfiguration"]["productionListenerRule"] == {
        "$ref": "aws_lb_listener.l.arn"
    }


@pytest.mark.parametrize(
    ("part", "text", "words"),
    [
        ("service", 'deployment_configuration {\n    bake_time_in_minutes = "5m"\n  }', "minutes"),
        (
            "action",
            'jwt_validation {\n  issuer = "https://a"\n  jwks_endpoint = "https://a/k"\n}',
            "jwt_validation",
        ),
        ("tg", "target_control_port = 8080", "target_control_port"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_its_place(tmp_path, part, text, words):
    found = errors(compiled(tmp_path, requiring(SIX) + STACK, **{part: text}))

    assert found
    assert all(words in error.message for error in found)
    assert all(error.place.file == "main.tf" for error in found)


def test_secondary_addresses_are_an_attribute_that_is_set(tmp_path):
    written = "secondary_ips_auto_assigned_per_subnet = 2"
    balancer = resource(compiled(tmp_path, STACK, lb=written), "aws_lb.nlb")

    assert balancer.attributes["secondary_ips.auto_assigned.per_subnet"] == "2"


def test_attributes_that_came_with_the_newer_provider_may_be_read(tmp_path):
    text = (
        STACK
        + """
    data "aws_region" "here" {}
    output "where" {
      value = "${data.aws_region.here.region} ${aws_ecs_service.web.arn}"
    }
    """
    )

    assert errors(compiled(tmp_path, text)) == []


def test_a_data_source_that_is_gone_names_the_one_in_its_place(tmp_path):
    text = STACK.replace('subnets            = ["subnet-0a1b2c3d4e5f60718"]', "subnets = OF")
    text = (
        text.replace("OF", "data.aws_subnet_ids.all.ids")
        + """
    data "aws_subnet_ids" "all" {
      vpc_id = "vpc-0a1b2c3d4e5f60718"
    }
    """
    )
    (error,) = errors(compiled(tmp_path, text))

    assert 'data "aws_subnets"' in error.message
    assert "vpc-id" in error.message


def test_an_empty_list_of_subnets_beside_mappings_is_none(tmp_path):
    """Modules give both, one of them empty; Terraform plans it."""
    mapping = 'subnet_mapping {\n    subnet_id = "subnet-0b2c3d4e5f6071829"\n  }'
    text = STACK.replace('subnets            = ["subnet-0a1b2c3d4e5f60718"]', "subnets = []")
    request = resource(compiled(tmp_path, text, lb=mapping), "aws_lb.nlb").request

    assert "Subnets" not in request
    assert request["SubnetMappings"] == [{"SubnetId": "subnet-0b2c3d4e5f6071829"}]


@pytest.mark.parametrize("written", ["provider = aws.far", 'region = "ap-south-1"'])
def test_what_is_in_another_region_is_not_looked_up_in_ours(tmp_path, written):
    """The wake would find nothing there, or another thing of that name."""
    text = (
        STACK.replace('["subnet-0a1b2c3d4e5f60718"]', "data.aws_subnets.s.ids", 1)
        + f"""
    provider "aws" {{
      alias  = "far"
      region = "ap-south-1"
    }}
    data "aws_subnets" "s" {{
      {written}
      filter {{
        name   = "vpc-id"
        values = ["vpc-0a1b2c3d4e5f60718"]
      }}
    }}
    """
    )
    (error,) = errors(compiled(tmp_path, text))

    assert error.rule == "look-up"
    assert "data.aws_subnets.s is in ap-south-1" in error.message


@pytest.mark.parametrize(("account", "is_found"), [("222222222222", False), ("111111111111", True)])
def test_what_is_in_another_account_is_not_looked_up_with_our_rights(tmp_path, account, is_found):
    """Another role of the same account sees the same things."""
    own = 'assume_role {\n    role_arn = "arn:aws:iam::111111111111:role/deploy"\n  }'
    text = (
        STACK.replace('["subnet-0a1b2c3d4e5f60718"]', "data.aws_subnets.s.ids", 1).replace(
            'provider "aws" {', f'provider "aws" {{\n  {own}', 1
        )
        + f"""
    provider "aws" {{
      alias  = "network"
      region = "eu-west-1"
      assume_role {{
        role_arn = "arn:aws:iam::{account}:role/network"
      }}
    }}
    data "aws_subnets" "s" {{
      provider = aws.network
      filter {{
        name   = "vpc-id"
        values = ["vpc-0a1b2c3d4e5f60718"]
      }}
    }}
    """
    )
    found = errors(compiled(tmp_path, text))

    assert [each.rule for each in found] == ([] if is_found else ["look-up"])
    if found:
        assert "is in account 222222222222, not in the stack's account" in found[0].message


def test_what_is_the_same_everywhere_is_found_from_any_region(tmp_path):
    text = (
        STACK
        + """
    provider "aws" {
      alias  = "far"
      region = "ap-south-1"
    }
    resource "aws_iam_role" "ecs" {
      provider           = aws.far
      name               = "ecs"
      assume_role_policy = "{}"
    }
    """
    )
    parts = {
        "service": 'deployment_configuration {\n    strategy = "BLUE_GREEN"\n  }',
        "target": """
          advanced_configuration {
            alternate_target_group_arn = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/b/1"
            production_listener_rule   = aws_lb_listener.l.arn
            role_arn                   = aws_iam_role.ecs.arn
          }
        """,
    }
    request = resource(compiled(tmp_path, text, **parts), "aws_ecs_service").request

    (balancer,) = request["loadBalancers"]
    assert balancer["advancedConfiguration"]["roleArn"]["$look_up"] == "iam_role"
