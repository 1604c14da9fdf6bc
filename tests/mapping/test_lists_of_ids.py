"""Lists of ids as real directories make them, from the files to what AWS is sent."""

from __future__ import annotations

import pytest
from hand_made import NOW

from controller.domain.planning.references import resolve
from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from hcl.cases import write

HEAD = """
provider "aws" {
  region = "eu-west-1"
}

data "aws_ssm_parameter" "p" {
  name = "/p"
}

data "aws_subnets" "a" {
  tags = { T = "a" }
}

data "aws_subnets" "b" {
  tags = { T = "b" }
}

data "aws_availability_zones" "z" {
  state = "available"
}

data "aws_subnet" "e" {
  for_each = toset(local.a)
  id       = each.value
}

data "aws_subnet" "c" {
  count = length(local.a)
  id    = local.a[count.index]
}

locals {
  a     = data.aws_subnets.a.ids
  b     = data.aws_subnets.b.ids
  zones = data.aws_availability_zones.z.names
  p     = data.aws_ssm_parameter.p.value
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = SUBNETS
}
"""
IDS = {"a": ["s-2", "s-1", "s-3"], "b": ["s-3"]}
ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
ZONE_OF = {"s-1": "eu-west-1a", "s-2": "eu-west-1b", "s-3": "eu-west-1a"}


def answers(look_up):
    match look_up["$look_up"]:
        case "subnets":
            found = IDS[look_up["tags"]["T"]]
        case "availability_zones":
            found = ZONES
        case "subnet":
            tags = {"Name": f"private-{look_up['id']}"} if look_up["id"] != "s-2" else {}
            has = {"availability_zone": ZONE_OF[look_up["id"]], "tags": tags}
            has["cidr_block"] = f"10.0.{look_up['id'][-1]}.0/24"
            has["map_public_ip_on_launch"] = look_up["id"] == "s-2"
            found = has[look_up["attribute"]]
        case "ssm_parameter":
            return " s-1/s-2 "
    return found[look_up["index"]] if "index" in look_up else found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("slice(local.a, 0, 2)", ["s-2", "s-1"]),
        ("compact(local.a)", IDS["a"]),
        ('distinct(compact(concat(local.a, ["s-1", ""])))', IDS["a"]),
        ("flatten([local.a, [local.b]])", IDS["a"]),
        ("chunklist(local.a, 2)[0]", ["s-2", "s-1"]),
        ("[sort(local.a)[0]]", ["s-1"]),
        ("reverse(sort(local.a))", IDS["a"]),
        ('[zipmap(local.zones, local.a)["eu-west-1a"]]', ["s-2"]),
        ('[{ for i, z in local.zones : z => local.a[i] }["eu-west-1c"]]', ["s-3"]),
        ('[try(local.a[0], "")]', ["s-2"]),
        ('[coalesce("", local.a[0])]', ["s-2"]),
        ("setintersection(local.a, local.b)", ["s-3"]),
        ("tolist(setsubtract(toset(local.a), toset(local.b)))", ["s-1", "s-2"]),
        ("[for i in range(2) : element(local.a, i)]", ["s-2", "s-1"]),
        ("[for i in range(2) : element(local.a, i + 2)]", ["s-3", "s-2"]),
        ("length(local.a) > 5 ? local.a : local.b", ["s-3"]),
        ("coalescelist(local.a, local.b)", IDS["a"]),
        ('split(",", join(",", sort(distinct(local.a))))', IDS["a"]),
        ('split("/", trimspace(local.p))', ["s-1", "s-2"]),
        ('[element(split("/", trimspace(local.p)), 1)]', ["s-2"]),
        ('formatlist("s-%s", [for i in local.a : trimprefix(i, "s-")])', IDS["a"]),
        ("[for s in data.aws_subnet.e : s.id]", IDS["a"]),
        (
            '[for s in data.aws_subnet.e : s.id if s.availability_zone == "eu-west-1a"]',
            ["s-1", "s-3"],
        ),
        ("[for s in data.aws_subnet.e : s.id if s.map_public_ip_on_launch]", ["s-2"]),
        (
            '[for s in data.aws_subnet.e : s.id if cidrhost(s.cidr_block, 7) == "10.0.2.7"]',
            ["s-2"],
        ),
        ("[for s in data.aws_subnet.e : s.id if !s.map_public_ip_on_launch]", ["s-1", "s-3"]),
        (
            '[for s in data.aws_subnet.e : s.id if startswith(lookup(s.tags, "Name", ""), "priv")]',
            ["s-1", "s-3"],
        ),
        (
            '[for s in data.aws_subnet.e : s.id if can(s.tags.Name) && s.id != "s-3"]',
            ["s-1"],
        ),
        (
            '[for s in data.aws_subnet.e : s.id if try(s.tags.Name, s.tags.Other, "x") == "x"]',
            ["s-2"],
        ),
        (
            '[for s in data.aws_subnet.e : s.id if try(s.tags["Name"], "") == "private-s-1"]',
            ["s-1"],
        ),
        ("values(data.aws_subnet.e)[*].id", IDS["a"]),
        ("data.aws_subnet.c.*.id", IDS["a"]),
        ("[data.aws_subnet.c[1].id]", ["s-1"]),
        ("[values(data.aws_subnet.e)[0].id]", ["s-1"]),
        ("[data.aws_subnet.e[local.a[1]].id]", ["s-1"]),
        ('[for i in local.a : i if !contains(["s-1"], i)]', ["s-2", "s-3"]),
        (
            "matchkeys(values(data.aws_subnet.e)[*].id, "
            'values(data.aws_subnet.e)[*].availability_zone, ["eu-west-1b"])',
            ["s-2"],
        ),
        (
            "[for z, i in { for s in data.aws_subnet.e : s.availability_zone => s.id... } : i[0]]",
            ["s-1", "s-2"],
        ),
        ("jsondecode(jsonencode(local.a))", IDS["a"]),
        ('[can(local.a[0]) ? local.a[0] : "x"]', ["s-2"]),
        ("[nonsensitive(local.a[0])]", ["s-2"]),
    ],
)
def test_what_aws_is_sent_is_what_terraform_would_send(tmp_path, expression, expected):
    files = {"main.tf": HEAD.replace("SUBNETS", expression)}
    compiled = compile_stack(write(tmp_path, files), Inputs(), NOW, stack="one")
    errors = [str(p) for p in compiled.problems if p.level is Level.ERROR]
    assert compiled.spec is not None, errors
    request = resolve(compiled.spec["aws_lb.front"].request, {}, answers)
    assert sorted(request["Subnets"]) == sorted(expected)


@pytest.mark.parametrize(
    "subnets",
    [
        "sort(local.b)",
        "slice(sort(local.b), 0, 1)",
        '[for s in local.b : s if s != "s-9"]',
    ],
)
def test_a_warning_names_what_a_list_is_computed_from(tmp_path, subnets):
    """Not the expression as it stands in the spec."""
    rest = f"""
resource "aws_lb_target_group" "g" {{
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = "vpc-0a1b2c3d"
}}

resource "aws_lb_listener" "l" {{
  load_balancer_arn = aws_lb.front.arn
  port              = 80
  protocol          = "TCP"

  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.g.arn
  }}
}}

resource "aws_ecs_service" "s" {{
  name            = "s"
  task_definition = "t"
  launch_type     = "FARGATE"

  network_configuration {{
    subnets          = {subnets}
    assign_public_ip = true
  }}

  load_balancer {{
    target_group_arn = aws_lb_target_group.g.arn
    container_name   = "c"
    container_port   = 80
  }}
}}
"""
    text = HEAD.replace("SUBNETS", '["subnet-0a1b2c3d"]') + rest
    compiled = compile_stack(write(tmp_path, {"main.tf": text}), Inputs(), NOW, stack="one")
    (warning,) = [p for p in compiled.problems if p.rule == "zones"]
    assert warning.message.startswith("subnets: data.aws_subnets.b ")
    assert "$" not in warning.message


def test_a_fixed_address_in_a_subnet_that_is_looked_up(tmp_path):
    """An internal load balancer with the seventh address of each subnet."""
    text = HEAD.replace(
        "  subnets            = SUBNETS\n",
        "  internal           = true\n\n  subnet_mapping {\n"
        '    subnet_id            = "s-2"\n'
        "    private_ipv4_address = cidrhost(data.aws_subnet.own.cidr_block, 7)\n  }\n",
    )
    text += 'data "aws_subnet" "own" {\n  id = "s-2"\n}\n'
    compiled = compile_stack(write(tmp_path, {"main.tf": text}), Inputs(), NOW, stack="one")
    errors = [str(p) for p in compiled.problems if p.level is Level.ERROR]
    assert compiled.spec is not None, errors
    request = resolve(compiled.spec["aws_lb.front"].request, {}, answers)
    assert request["SubnetMappings"] == [{"SubnetId": "s-2", "PrivateIPv4Address": "10.0.2.7"}]
