"""What is decided although a part of it is known to AWS alone, and what each element looks like."""

from __future__ import annotations

import pytest
from hand_made import NOW

from controller.domain.problem import Level
from controller.hcl.construct import elements_of
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from hcl.cases import ask, world, write

DATA = """
data "aws_availability_zones" "all" {
  state = "available"
}

data "aws_availability_zones" "few" {
  exclude_names = ["eu-west-1a"]
}

data "aws_subnets" "mine" {
  filter {
    name   = "vpc-id"
    values = ["vpc-0a1b2c3d"]
  }
}

data "aws_subnet" "each" {
  for_each = toset(data.aws_subnets.mine.ids)
  id       = each.value
}

data "aws_subnet" "counted" {
  count = length(data.aws_subnets.mine.ids)
  id    = tolist(data.aws_subnets.mine.ids)[count.index]
}
"""
ZONES = "data.aws_availability_zones.all.names"
IDS = "data.aws_subnets.mine.ids"


@pytest.fixture(scope="module")
def requested(tmp_path_factory):
    return world(tmp_path_factory.mktemp("root"), DATA)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"length(slice({ZONES}, 0, 2))", 2),
        (f"length(slice(sort({IDS}), 1, 4))", 3),
        (f"min(2, length({ZONES}))", 2),
        (f"max(0, min(1, length({ZONES})))", 1),
        (f"length({ZONES}) >= 2 ? 2 : 1", 2),
        (f"length({ZONES}) < 1", False),
        (f"length({ZONES}) + 1 > 2", True),
        (f"length({IDS}) >= 0", True),
        (f"true || length({IDS}) > 3", True),
        (f"length({IDS}) > 3 || true", True),
        (f"false && {IDS}[0] == 1", False),
        (f"length({IDS}) > 3 ? 2 : 2", 2),
        (f'length({IDS}) > 3 ? "a" : "a"', "a"),
        (f"!true || length({ZONES}) >= 2 ? 2 : 0", 2),
        (f"range(min(2, length({ZONES})))[1]", 1),
    ],
)
def test_an_unknown_with_one_possible_value_has_that_value(requested, expression, expected):
    value = ask(requested, expression).value
    assert not value.is_unknown
    assert (
        value.data if isinstance(value.data, bool | str) else float(str(value.data))
    ) == expected


@pytest.mark.parametrize(
    "expression",
    [
        f"min(3, length({ZONES}))",
        f"length({ZONES}) > 2",
        "length(data.aws_availability_zones.few.names) >= 1",
        f"length({IDS}) >= 1",
        f"false || length({IDS}) > 3",
        f"length({IDS}) > 3 ? 2 : 3",
        f"slice({IDS}, 0, length({IDS}))",
    ],
)
def test_an_unknown_with_several_possible_values_stays_unknown(requested, expression):
    assert ask(requested, expression).value.is_unknown


def test_the_elements_of_a_slice_are_looked_up_one_by_one(requested):
    first, second = elements_of(ask(requested, f"slice({IDS}, 1, 3)").value)
    assert str(first.data.origin) == "data.aws_subnets.mine.ids[1]"
    assert str(second.data.origin) == "data.aws_subnets.mine.ids[2]"


@pytest.mark.parametrize(
    "function", ["jsondecode", "yamldecode", "csvdecode", "base64decode", "regex", "regexall"]
)
def test_a_function_of_an_unknown_is_unknown_whatever_is_taken_from_it(tmp_path, function):
    text = 'data "aws_ssm_parameter" "p" {\n  name = "/p"\n}\n'
    pattern = '"(.*)", ' if function.startswith("regex") else ""
    call = f"{function}({pattern}data.aws_ssm_parameter.p.value)"
    requested = world(tmp_path, text)
    assert ask(requested, call).value.is_unknown
    if function != "base64decode":
        for tail in ("[0]", '["x"]') if function.endswith("decode") else ("[0]",):
            assert ask(requested, f'try({call}{tail}, "d")').value.is_unknown


BALANCER = """
provider "aws" {
  region = "eu-west-1"
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = SUBNETS
}
"""
MINE = {
    "$look_up": "subnets",
    "filters": [{"name": "vpc-id", "values": ["vpc-0a1b2c3d"]}],
    "attribute": "ids",
    "of": "data.aws_subnets.mine",
}


def subnets_of(tmp_path, expression):
    files = {"data.tf": DATA, "main.tf": BALANCER.replace("SUBNETS", expression)}
    compiled = compile_stack(write(tmp_path, files), Inputs(), NOW, stack="one")
    errors = [str(p) for p in compiled.problems if p.level is Level.ERROR]
    assert compiled.spec is not None, errors
    return compiled.spec["aws_lb.front"].request["Subnets"]


@pytest.mark.parametrize(
    "expression",
    [
        "[for s in data.aws_subnet.each : s.id]",
        "values(data.aws_subnet.each)[*].id",
        "values(data.aws_subnet.each).*.id",
        "[for k, s in data.aws_subnet.each : k]",
    ],
)
def test_each_of_the_resources_that_aws_counts_is_seen_by_its_pattern(tmp_path, expression):
    item = {"$item": "data.aws_subnet.each"}
    assert subnets_of(tmp_path, expression) == {
        "$for": {"$call": "toset", "args": [MINE]},
        "item": "data.aws_subnet.each",
        "value": item,
    }


def test_resources_that_are_counted_by_a_length_are_seen_too(tmp_path):
    found = subnets_of(tmp_path, "data.aws_subnet.counted[*].id")
    assert found["$for"] == {"$call": "range", "args": [{"$call": "length", "args": [MINE]}]}
    assert found["value"] == {"$call": "get", "args": [MINE, {"$item": "data.aws_subnet.counted"}]}


def test_an_attribute_that_each_resource_has_in_aws_is_looked_up_for_each(tmp_path):
    found = subnets_of(
        tmp_path, '[for s in data.aws_subnet.each : s.id if s.availability_zone != "eu-west-1c"]'
    )
    zone = {
        "$look_up": "subnet",
        "id": {"$item": "data.aws_subnet.each"},
        "attribute": "availability_zone",
        "of": 'data.aws_subnet.each["*"]',
    }
    assert found["if"] == {"$call": "!=", "args": [zone, "eu-west-1c"]}


@pytest.mark.parametrize(
    ("expression", "functions"),
    [
        (f"compact({IDS})", ["toset", "compact"]),
        (f"distinct(sort({IDS}))", ["toset", "distinct", "sort"]),
        (f'matchkeys({IDS}, {ZONES}, ["eu-west-1a"])', ["toset", "matchkeys"]),
        (f'split(",", join(",", {IDS}))', ["toset", "split", "join"]),
        (f'setsubtract({IDS}, ["subnet-1"])', ["setsubtract", "toset"]),
        (f"length({IDS}) > 1 ? {IDS} : reverse({IDS})", ["toset", "if", ">", "length", "reverse"]),
        (f'[for i in {IDS} : i if i != "x"]', ["!="]),
        (f'concat(["subnet-1"], {IDS})', ["toset", "concat"]),
    ],
)
def test_pure_functions_of_what_is_looked_up_are_carried(tmp_path, expression, functions):
    assert list(calls(subnets_of(tmp_path, expression))) == functions


def calls(value):
    if isinstance(value, dict):
        if "$call" in value:
            yield value["$call"]
        for part in value.values():
            yield from calls(part)
    elif isinstance(value, list):
        for part in value:
            yield from calls(part)
