"""Terraform's plan as the judge: whatever differs is an error with both values and its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.mapping.judge import judge
from controller.terraform.recognise import read_state
from controller.terraform.state import State, Thing
from hcl.test_stacks import PLANNED, evaluate
from state_values.states import state, thing

AT = datetime(2026, 11, 30, tzinfo=UTC)
TEXT = """
provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { Team = "red" }
  }
}

variable "secret" {
  default   = "hush-hush"
  sensitive = true
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnet_mapping {
    subnet_id = "subnet-a"
  }
  subnet_mapping {
    subnet_id     = "subnet-b"
    allocation_id = "eipalloc-b"
  }
  tags = { Secret = var.secret }
}

resource "aws_lb_target_group" "app" {
  name                 = "app"
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = aws_vpc.v.id
  deregistration_delay = 10
}

resource "aws_vpc" "v" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "one" }
}
"""
LB, TG = "aws_lb.front", "aws_lb_target_group.app"


def planned():
    """What Terraform plans of TEXT, as far as it matters, with a provider's way of spelling."""
    return {
        LB: thing(
            {
                "name": "front",
                "load_balancer_type": "network",
                "internal": None,
                "enable_cross_zone_load_balancing": False,
                "dns_record_client_routing_policy": "any_availability_zone",
                "subnet_mapping": [
                    # A set: in an order of the provider's own.
                    {"subnet_id": "subnet-b", "allocation_id": "eipalloc-b", "ipv6_address": ""},
                    {"subnet_id": "subnet-a", "allocation_id": None, "ipv6_address": ""},
                ],
                "access_logs": [],
                "tags": {"Secret": "hush-hush"},
                "tags_all": {"Secret": "hush-hush", "Team": "red"},
            },
            unknown=["arn", "id"],
        ),
        TG: thing(
            {
                "name": "app",
                "port": 8080,
                "protocol": "TCP",
                "target_type": "ip",
                "deregistration_delay": "10",
                "slow_start": 0,
                "vpc_id": "vpc-7",
                "tags": None,
                "tags_all": {"Team": "red"},
                "health_check": [{"interval": 30}],
            },
            unknown=["arn"],
        ),
    }


@pytest.fixture
def judged(tmp_path):
    def judged_(things, text=TEXT, **inputs):
        (tmp_path / "main.tf").write_text(text)
        plan = replace(read_state(state("plan", things).encode(), "plan"), judges=True)
        compiled = compile_stack(
            tmp_path, Inputs(**inputs), AT, stack="s", find_state=lambda _: (plan, ())
        )
        found = [p for p in compiled.problems if p.rule == "terraform-differs"]
        assert (compiled.spec is None) == bool(found), [str(p) for p in compiled.problems]
        assert all(p.level is Level.ERROR for p in found)
        return found

    return judged_


def test_what_is_the_same_is_no_difference(judged):
    assert judged(planned()) == []


def line(text):
    return next(i for i, row in enumerate(TEXT.splitlines(), 1) if text in row)


DIFFERENCES = {
    "number": (TG, "port", 8081, "port: terraform plan has 8081, dormouse 8080", "= 8080"),
    "text": (TG, "name", "other", 'name: terraform plan has "other", dormouse "app"', '= "app"'),
    "null": (TG, "protocol", None, 'protocol: terraform plan has null, dormouse "TCP"', '= "TCP"'),
    "number as text": (
        TG,
        "deregistration_delay",
        "20",
        'deregistration_delay: terraform plan has "20", dormouse "10"',
        "deregistration_delay",
    ),
    "default": (
        TG,
        "slow_start",
        30,
        "slow_start: terraform plan has 30, dormouse nothing",
        '"aws_lb_target_group" "app"',
    ),
    "bool": (
        LB,
        "enable_cross_zone_load_balancing",
        True,
        "enable_cross_zone_load_balancing: terraform plan has true, dormouse nothing",
        '"aws_lb" "front"',
    ),
    "fewer blocks": (
        LB,
        "subnet_mapping",
        [{"subnet_id": "subnet-a", "allocation_id": None}],
        "subnet_mapping: terraform plan has 1 of them, dormouse 2 of them",
        "subnet_mapping {",
    ),
    "in a block": (
        LB,
        "subnet_mapping",
        [
            {"subnet_id": "subnet-b", "allocation_id": "eipalloc-c"},
            {"subnet_id": "subnet-a", "allocation_id": None},
        ],
        'subnet_mapping.allocation_id: terraform plan has "eipalloc-c", dormouse "eipalloc-b"',
        "allocation_id = ",
    ),
    "left out of a block": (
        LB,
        "subnet_mapping",
        [
            {"subnet_id": "subnet-b", "allocation_id": "eipalloc-b"},
            {"subnet_id": "subnet-a", "allocation_id": "eipalloc-a"},
        ],
        'subnet_mapping.allocation_id: terraform plan has "eipalloc-a", dormouse nothing',
        "subnet_mapping {",
    ),
    "default tags": (
        TG,
        "tags_all",
        {"Team": "blue"},
        'tags with default_tags: terraform plan has {"Team": "blue"}, dormouse {"Team": "red"}',
        '"aws_lb_target_group" "app"',
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_every_difference_is_reported_with_both_values_and_its_place(judged, case):
    address, name, value, expected, at = DIFFERENCES[case]
    things = planned()
    things[address]["values"][name] = value

    (problem,) = judged(things)
    assert problem.message.startswith(f"{expected}; ")
    assert problem.address == address
    assert (problem.place.file, problem.place.line) == ("main.tf", line(at))


def test_secrets_are_not_shown(judged):
    things = planned()
    things[LB]["values"]["tags"] = {"Secret": "hush-other"}
    things[LB]["values"]["tags_all"] = {"Secret": "hush-other", "Team": "red"}

    found = judged(things)
    assert found
    assert not any("hush" in problem.message for problem in found)
    assert all("(sensitive value)" in problem.message for problem in found)


def test_what_terraform_calls_sensitive_is_not_shown(judged):
    things = planned()
    things[TG]["values"]["name"] = "hush-name"
    things[TG]["sensitive"] = ["name"]

    (problem,) = judged(things)
    assert "hush" not in problem.message


def test_what_only_one_of_them_has_is_reported(judged):
    missing, more = planned(), planned()
    del missing[TG]
    more["aws_lb_listener.l"] = thing({"port": 80})

    (lacking,) = judged(missing)
    assert (lacking.address, lacking.place.line) == (TG, line('"aws_lb_target_group" "app"'))
    assert lacking.message.startswith("terraform plan does not have it, dormouse does")
    (extra,) = judged(more)
    assert extra.address == "aws_lb_listener.l"
    assert extra.message.startswith("terraform plan has it, dormouse does not")


@pytest.mark.parametrize("name", ["port", "vpc_id", "name"])
def test_what_the_plan_does_not_know_says_nothing(judged, name):
    things = planned()
    things[TG]["unknown"] = ["arn", name]

    assert judged(things) == []


def test_the_owner_tags_that_terraform_may_see_are_none_of_its_business(judged):
    things = planned()
    things[TG]["values"]["tags_all"] = {"Team": "red", "dormouse:stack": "s"}

    assert judged(things) == []


def test_a_plan_that_is_only_given_as_state_does_not_judge(tmp_path):
    (tmp_path / "main.tf").write_text(TEXT)
    things = planned()
    things[TG]["values"]["port"] = 1
    plan = read_state(state("plan", things).encode(), "plan")
    compiled = compile_stack(tmp_path, Inputs(), AT, stack="s", find_state=lambda _: (plan, ()))

    assert compiled.spec is not None


@pytest.mark.parametrize("name", PLANNED)
def test_what_terraform_has_planned_of_the_corpus_is_what_we_find(name):
    """Its recorded answers; tests/terraform asks it anew."""
    world, expected = evaluate(name)
    things = {
        address: Thing(
            address=address, mode="managed", type=world.resources[address].type, values=p["values"]
        )
        for address, p in expected["resources"].items()
    }
    plan = State(shown_as="plan", things=things, plan=True, judges=True)

    assert list(judge(world, plan, frozenset(things))) == []
    for address, one in things.items():
        other = replace(one, values={**one.values, "name": "another", "port": 1})
        changed = replace(plan, things={**things, address: other})
        assert list(judge(world, changed, frozenset(things)))


def test_a_default_tag_that_is_looked_up_agrees_with_any(judged):
    text = TEXT.replace(
        'tags = { Team = "red" }',
        'tags = { Team = "red", Account = data.aws_caller_identity.me.account_id }',
    )
    text += 'data "aws_caller_identity" "me" {}\n'
    things, other = planned(), planned()
    for address in (LB, TG):
        things[address]["values"]["tags_all"]["Account"] = "123456789012"
        other[address]["values"]["tags_all"] |= {"Account": "123456789012", "Team": "blue"}

    assert judged(things, text) == []
    assert {problem.address for problem in judged(other, text)} == {LB, TG}


@pytest.mark.parametrize(("version", "differs"), [("~> 5.100", True), ("~> 6.14", False)])
def test_what_a_provider_leaves_to_aws_is_no_difference(judged, version, differs):
    text = (
        "terraform {\n  required_providers {\n"
        f'    aws = {{ source = "hashicorp/aws", version = "{version}" }}\n  }}\n}}\n'
        'resource "aws_ecs_service" "s" {\n  name = "s"\n  cluster = "c"\n'
        '  task_definition = "t"\n  desired_count = 1\n}\n'
    )
    values = {"name": "s", "cluster": "c", "task_definition": "t", "desired_count": 1}
    values |= {
        "availability_zone_rebalancing": "ENABLED",
        "deployment_maximum_percent": 200,
        "deployment_minimum_healthy_percent": 100,
        "scheduling_strategy": "REPLICA",
    }

    assert bool(judged({"aws_ecs_service.s": thing(values)}, text)) == differs
