"""
The real terraform judges what we find in every directory of the corpus: `check --terraform`.

One simulated AWS for all, with the things that the directories look up; each directory is
initialised by itself, which costs nothing with the provider in a mirror.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cli
from local.server import LaptopServer
from oracle import Terraform, needs_terraform, standing_provider

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "data" / "hcl-cases" / "stacks"
VPC = "vpc-0a1b2c3d4e5f60718"
PUBLIC = {"vpc": VPC, "tags": {"Tier": "public"}}
NAMES = sorted(
    path.name
    for path in CASES.iterdir()
    if "error" not in json.loads((path / "expected.json").read_text())
)
THINGS = {
    "vpcs": [
        {"id": VPC, "cidr": "10.0.0.0/16", "internet_gateway": True, "tags": {"Name": "main"}}
    ],
    "subnets": [
        {**PUBLIC, "id": "subnet-0a1b2c3d4e5f60718", "az": "us-east-1a", "cidr": "10.0.1.0/24"},
        {**PUBLIC, "az": "us-east-1b", "cidr": "10.0.2.0/24"},
    ],
    "elastic_ips": [{"public_ip": "203.0.113.25", "tags": {"Name": "nlb-0"}}],
    "security_groups": [{"name": "api-sg", "vpc": VPC}],
    "clusters": ["shared"],
    "task_definitions": [
        {
            "family": "api-task",
            "container_definitions": [{"name": "api", "image": "api", "essential": True}],
        }
    ],
}


@pytest.fixture(scope="module")
def server():
    needs_terraform()
    with LaptopServer("fast", speed=60, furnish=THINGS) as running:
        ssm = running.aws.session().client("ssm")
        ssm.put_parameter(Name="/api/port", Value="5000", Type="String")
        yield running


@pytest.fixture(scope="module")
def provider(server):
    with standing_provider(server.url) as reached:
        yield reached


@pytest.fixture
def directory(server, provider, tmp_path, monkeypatch):
    """Copies a directory, initialises it, and lets the commands of this process ask the server."""

    def directory_(source, root=".", environment=None):
        copy = tmp_path / "copy"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".terraform*"))
        terraform = Terraform(copy / root, server.url)
        for name in [n for n in os.environ if n.startswith(("AWS_", "TF_"))]:
            monkeypatch.delenv(name)
        for name, value in {**terraform.environment, **provider, **(environment or {})}.items():
            monkeypatch.setenv(name, value)
            terraform.environment[name] = value
        terraform.init()
        return copy / root, terraform

    return directory_


def check(folder, *options):
    arguments = ["check", str(folder), "--json", "--terraform", "--stack", "s", *options]
    result = CliRunner().invoke(cli, arguments)
    assert result.stdout, result.stderr
    return [p for p in json.loads(result.stdout)["problems"] if p["level"] == "error"]


@pytest.mark.parametrize("name", NAMES)
def test_terraform_finds_no_difference_in_a_directory_of_the_corpus(directory, name):
    case = json.loads((CASES / name / "case.json").read_text())
    folder, _ = directory(CASES / name, case.get("root", "root"), case.get("env"))
    options = []
    for option in case.get("cli", ()):
        options += [f"-var-file={folder / option[1:]}"] if option[0] == "@" else ["-var", option]

    assert check(folder, *options) == []


@pytest.mark.parametrize("source", ["tests/data/article-stack", "infra/nsfw-api"])
def test_terraform_finds_no_difference_in_the_article_s_stack_and_in_ours(directory, source):
    folder, _ = directory(ROOT / source)

    assert [p for p in check(folder) if p["rule"] != "platform-version"] == []


def test_a_terraform_with_other_inputs_differs_and_both_values_are_reported(directory, monkeypatch):
    folder, _ = directory(CASES / "two-subnets", "root")
    (folder / "port.tf").write_text(
        'variable "extra_port" {\n  default = 7000\n}\n'
        'resource "aws_lb_target_group" "extra" {\n  name = "extra"\n'
        '  port = var.extra_port\n  protocol = "TCP"\n  target_type = "ip"\n'
        f'  vpc_id = "{VPC}"\n}}\n'
    )
    assert check(folder) == []
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-var=extra_port=7001")

    (problem,) = check(folder)
    assert problem["rule"] == "terraform-differs"
    assert (problem["file"], problem["line"]) == ("port.tf", 6)
    assert "terraform plan has 7001, dormouse 7000" in problem["message"]


KNOWN_ONLY_TO_TERRAFORM = """
terraform {
  backend "local" {}
}

provider "aws" {
  region = "us-east-1"
}

variable "awake" {
  type    = bool
  default = false
}

data "terraform_remote_state" "net" {
  backend = "local"
  config  = { path = "${path.module}/net/terraform.tfstate" }
}

data "aws_availability_zones" "z" {
  state = "available"
}

resource "terraform_data" "suffix" {
  input = "abc"
}

resource "aws_eip" "ip" {
  for_each = toset(["a b", "c"])
  domain   = "vpc"
  tags     = { Name = "same" }
}

resource "aws_vpc" "v" {
  cidr_block = "10.77.0.0/16"
}

resource "aws_subnet" "s" {
  count             = min(2, length(data.aws_availability_zones.z.names))
  vpc_id            = aws_vpc.v.id
  cidr_block        = cidrsubnet("10.77.0.0/16", 8, count.index)
  availability_zone = data.aws_availability_zones.z.names[count.index]
}

resource "aws_internet_gateway" "g" {
  vpc_id = aws_vpc.v.id
}

resource "aws_security_group" "g" {
  vpc_id = aws_vpc.v.id
}

resource "aws_lb" "front" {
  count              = var.awake ? 1 : 0
  name               = "front-${substr(terraform_data.suffix.output, 0, 2)}"
  load_balancer_type = "network"
  security_groups    = [aws_security_group.g.id]
  dynamic "subnet_mapping" {
    for_each = zipmap(aws_subnet.s[*].id, values(aws_eip.ip)[*].allocation_id)
    content {
      subnet_id     = subnet_mapping.key
      allocation_id = subnet_mapping.value
    }
  }
}

resource "aws_lb_target_group" "app" {
  count       = var.awake ? 1 : 0
  name        = data.terraform_remote_state.net.outputs.name
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = aws_vpc.v.id
}

resource "aws_lb_listener" "l" {
  count             = var.awake ? 1 : 0
  load_balancer_arn = aws_lb.front[0].arn
  port              = 80
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app[0].arn
  }
}
"""


def test_a_directory_that_only_terraform_knows_compiles_alike_from_each_form(directory, tmp_path):
    source = tmp_path / "source"
    (source / "net").mkdir(parents=True)
    (source / "main.tf").write_text(KNOWN_ONLY_TO_TERRAFORM)
    remote = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l"}
    remote |= {"outputs": {"name": {"value": "told", "type": "string"}}, "resources": []}
    (source / "net" / "terraform.tfstate").write_text(json.dumps(remote))
    folder, terraform = directory(source)

    def compiled(*options):
        result = CliRunner().invoke(cli, ["compile", str(folder), "--stack", "s", *options])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    terraform.apply()
    (tmp_path / "shown").write_text(terraform.run("show", "-json").stdout)
    (tmp_path / "plan").write_text(json.dumps(terraform.plan(awake=True)))
    (tmp_path / "pulled").write_text(terraform.run("state", "pull").stdout)
    by_itself = compiled()
    forms = [compiled(f"--state={tmp_path / name}") for name in ("shown", "plan", "pulled")]
    forms.append(compiled("--terraform"))
    refused = CliRunner().invoke(cli, ["check", str(folder), "--stack", "s", "--no-state"])

    requests = {r["address"]: r["request"] for r in by_itself["resources"]}
    assert requests["aws_lb.front[0]"]["Name"] == "front-ab"
    assert requests["aws_lb_target_group.app[0]"]["Name"] == "told"
    assert requests["aws_lb_target_group.app[0]"]["VpcId"].startswith("vpc-")
    assert requests["aws_lb_listener.l[0]"]["LoadBalancerArn"] == {"$ref": "aws_lb.front[0].arn"}
    assert len(requests["aws_lb.front[0]"]["SubnetMappings"]) == 2
    assert [form["resources"] for form in forms] == [by_itself["resources"]] * len(forms)
    assert refused.exit_code == 2
    assert refused.stdout.count("--state FILE") >= 2
