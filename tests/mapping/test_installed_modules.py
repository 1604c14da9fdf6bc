"""Modules where `terraform init` lays them: read, missed, out of date (`modules/modules.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.domain.problem import Level, Problem
from controller.hcl.installed import same_source
from controller.hcl.world import Inputs
from controller.mapping.compile import Compiled, compile_stack
from hcl.cases import write

PROVIDER = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
FRONT = """
variable "subnets" {
  type = list(string)
}
resource "aws_lb" "this" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = var.subnets
}
output "arn" {
  value = aws_lb.this.arn
}
"""
NET = 'output "subnets" {\n  value = ["subnet-0a1b2c3d4e5f60718"]\n}\n'
USES_NET = """
module "net" {
  source  = "example/net/aws"
  version = "~> 1.0"
}
resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  subnets            = module.net.subnets
}
"""
REGISTRY = "registry.terraform.io/"


def entry(key: str, source: str, folder: str, version: str = "") -> dict[str, str]:
    return {"Key": key, "Source": source, "Dir": folder} | ({"Version": version} if version else {})


def lay(root: Path, entries: list[dict[str, str]], data_dir: str = ".terraform") -> None:
    manifest = {"Modules": [entry("", "", "."), *entries]}
    write(root, {f"{data_dir}/modules/modules.json": json.dumps(manifest)})


def compiled(root: Path, main: str, environment: Mapping[str, str] | None = None) -> Compiled:
    write(root, {"main.tf": PROVIDER + main})
    inputs = Inputs(environment=environment or {})
    return compile_stack(root, inputs, datetime(2026, 11, 30, tzinfo=UTC), stack="x")


def of_modules(result: Compiled, level: Level = Level.ERROR) -> list[Problem]:
    return [p for p in result.problems if p.rule == "module-source" and p.level is level]


def request_of(result: Compiled, address: str) -> Mapping[str, Any]:
    assert result.spec is not None, result.problems
    return next(r.request for r in result.spec.resources if r.address == address)


@pytest.mark.parametrize("source", [REGISTRY + "example/net/aws", "example/net/aws"])
def test_a_module_of_a_registry_is_read_where_it_was_laid(tmp_path, source):
    write(tmp_path, {".terraform/modules/net/main.tf": NET})
    lay(tmp_path, [entry("net", source, ".terraform/modules/net", "1.4.2")])
    result = compiled(tmp_path, USES_NET)

    assert request_of(result, "aws_lb.front")["Subnets"] == ["subnet-0a1b2c3d4e5f60718"]
    assert of_modules(result, Level.WARNING) == []


@pytest.mark.parametrize("absolute", [False, True])
def test_another_data_directory_is_where_the_environment_says(tmp_path, absolute):
    data_dir = str(tmp_path / "elsewhere") if absolute else "elsewhere"
    write(tmp_path, {"elsewhere/modules/net/main.tf": NET})
    lay(tmp_path, [entry("net", "example/net/aws", f"{data_dir}/modules/net")], data_dir)

    assert of_modules(compiled(tmp_path, USES_NET)) != []
    found = compiled(tmp_path, USES_NET, {"TF_DATA_DIR": data_dir})
    assert request_of(found, "aws_lb.front")["Subnets"]


def test_a_package_is_laid_whole_and_its_modules_call_each_other(tmp_path):
    """`//inner` names a folder in the package, and `../front` from there stays within it."""
    package = ".terraform/modules/svc"
    write(
        tmp_path,
        {
            f"{package}/inner/main.tf": """
                module "front" {
                  source  = "../front"
                  subnets = ["subnet-0a1b2c3d4e5f60718"]
                }
                output "folder" {
                  value = path.module
                }
            """,
            f"{package}/front/main.tf": FRONT,
        },
    )
    source = "git::https://example.com/net.git//inner?ref=v1"
    lay(
        tmp_path,
        [
            entry("svc", source, f"{package}/inner"),
            entry("svc.front", "../front", f"{package}/front"),
        ],
    )
    result = compiled(tmp_path, f'module "svc" {{\n  source = "{source}"\n}}\n')

    assert request_of(result, "module.svc.module.front.aws_lb.this")["Name"] == "front"


def test_each_instance_of_a_call_has_the_one_folder_of_its_key(tmp_path):
    write(tmp_path, {".terraform/modules/all.front/main.tf": FRONT})
    write(
        tmp_path,
        {
            "all/main.tf": """
                variable "subnets" {}
                module "front" {
                  source  = "git::ssh://git@example.com/front.git"
                  for_each = toset(["a", "b"])
                  subnets = var.subnets
                }
            """
        },
    )
    lay(
        tmp_path,
        [
            entry("all", "./all", "all"),
            entry(
                "all.front",
                "git::ssh://git@example.com/front.git",
                ".terraform/modules/all.front",
            ),
        ],
    )
    result = compiled(
        tmp_path, 'module "all" {\n  source  = "./all"\n  subnets = ["subnet-0a1b2c3d"]\n}\n'
    )

    twins = [p for p in result.problems if p.level is Level.ERROR]
    assert {p.place.file for p in twins} == {".terraform/modules/all.front/main.tf"}
    assert {p.address for p in twins} <= {
        f'module.all.module.front["{key}"].aws_lb.this' for key in "ab"
    }
    assert "front" in twins[0].message  # both have one name, which AWS takes once


def test_what_a_module_is_given_by_variables_in_its_source_decides_the_manifest(tmp_path):
    """Newer Terraform lets the source refer to variables: key and folder are what counts."""
    text = """
    variable "where" {
      default = "example/net/aws"
    }
    """ + USES_NET.replace('"example/net/aws"', "var.where")
    (refused,) = (p for p in compiled(tmp_path, text).problems if p.level is Level.ERROR)
    assert refused.rule == "not-constant" or "var.where" in refused.message

    write(tmp_path, {".terraform/modules/net/main.tf": NET})
    lay(tmp_path, [entry("net", "example/net/aws", ".terraform/modules/net")])
    assert compiled(tmp_path, text).spec is not None


def test_modules_that_are_not_there_are_one_error_with_the_command_to_run(tmp_path):
    text = (
        USES_NET.replace("subnets  ", "security_groups = [module.sg.id]\n  subnets  ")
        + """
    module "sg" {
      source = "git::https://example.com/sg.git"
    }
    resource "aws_lb_target_group" "web" {
      count    = module.sg.number
      name     = module.net.name
      port     = 80
      protocol = "TCP"
      vpc_id   = module.net.vpc_id
    }
    """
    )
    result = compiled(tmp_path, text)
    (error,) = (p for p in result.problems if p.level is Level.ERROR)

    assert (error.rule, error.place.line) == ("module-source", 6)
    assert "module.net" in error.message
    assert "module.sg" in error.message
    assert 'run "terraform init -backend=false"' in error.message
    assert of_modules(result, Level.WARNING) == []


def test_a_kept_resource_between_the_sleeper_and_the_module_hides_nothing(tmp_path):
    text = (
        USES_NET.replace("module.net.subnets", "[aws_subnet.a.id]")
        + """
    resource "aws_subnet" "a" {
      vpc_id     = module.net.vpc_id
      cidr_block = module.net.cidr
    }
    """
    )
    (error,) = (p for p in compiled(tmp_path, text).problems if p.level is Level.ERROR)

    assert error.rule == "module-source"
    assert "module.net" in error.message


def test_a_module_that_nothing_that_sleeps_needs_is_a_warning(tmp_path):
    text = USES_NET.replace("module.net.subnets", '["subnet-0a1b2c3d"]')
    result = compiled(tmp_path, text)

    assert result.spec is not None
    (warning,) = of_modules(result, Level.WARNING)
    assert "terraform init -backend=false" in warning.message


@pytest.mark.parametrize(
    "call",
    [
        'source = "terraform-aws-modules/alb/aws"',
        'source = "git::https://example.com/platform.git//modules/fargate-service"',
        'source = "example/thing/aws"\n  desired_count = 1',
        'source = "example/thing/aws"\n  create = var.awake',
    ],
)
def test_a_module_that_could_hold_a_sleeper_is_an_error_beside_other_sleepers(tmp_path, call):
    own = (
        FRONT.replace("var.subnets", '["subnet-0a1b2c3d"]').partition("}")[2].partition("output")[0]
    )
    own = own.replace("name  ", "count = var.awake ? 1 : 0\n  name  ", 1)
    text = f"""
    variable "awake" {{
      type    = bool
      default = false
    }}
    module "thing" {{
      {call}
    }}
    {own}
    """
    (error,) = (p for p in compiled(tmp_path, text).problems if p.level is Level.ERROR)

    assert error.rule == "module-source"
    assert "may be in it" in error.message


def test_a_directory_of_which_everything_is_missing_is_no_empty_spec(tmp_path):
    result = compiled(tmp_path, 'module "all" {\n  source = "example/everything/aws"\n}\n')

    assert result.spec is None
    assert [p.rule for p in result.problems] == ["module-source"]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "modules.json does not know it"),
        ([entry("net", "example/net/aws", ".terraform/modules/net")], "is gone"),
        ([entry("net", "example/other/aws", ".terraform/modules/there")], "example/other/aws"),
    ],
)
def test_a_manifest_that_is_out_of_date_is_an_error_that_says_so(tmp_path, entries, words):
    write(tmp_path, {".terraform/modules/there/main.tf": NET})
    lay(tmp_path, entries)
    (error,) = (p for p in compiled(tmp_path, USES_NET).problems if p.level is Level.ERROR)

    assert (error.rule, error.address) == ("module-source", "module.net")
    assert words in error.message
    assert "terraform init" in error.message


def test_another_version_than_the_files_require_is_noted(tmp_path):
    write(tmp_path, {".terraform/modules/net/main.tf": NET})
    lay(tmp_path, [entry("net", "example/net/aws", ".terraform/modules/net", "2.0.0")])
    result = compiled(tmp_path, USES_NET)

    assert result.spec is not None
    (noted,) = (p for p in result.problems if p.rule == "module-version")
    assert "2.0.0" in noted.message
    assert "~> 1.0" in noted.message


@pytest.mark.parametrize(
    "text",
    [
        '{"Modules": [',
        "[]",
        "5",
        '{"Modules": {"net": "."}}',
        '{"Modules": ["net"]}',
        '{"Modules": [{"Key": "net"}]}',
        '{"Modules": [{"Key": "net", "Dir": "a"}, {"Key": "net", "Dir": "b"}]}',
        "\udcff",
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_error(tmp_path, text):
    path = tmp_path / ".terraform/modules/modules.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    (error,) = (p for p in compiled(tmp_path, USES_NET).problems if p.level is Level.ERROR)

    assert ".terraform/modules/modules.json cannot be read" in error.message
    assert "terraform init" in error.message


def test_an_empty_manifest_is_none(tmp_path):
    write(tmp_path, {".terraform/modules/modules.json": ""})
    (error,) = of_modules(compiled(tmp_path, USES_NET))

    assert "modules.json" not in error.message


@pytest.mark.parametrize("wanted", ["~> 0.12.0", "< 1.0", ">= 0.11, < 0.13", ">= 2.0"])
def test_a_terraform_that_is_not_ours_is_a_warning(tmp_path, wanted):
    """An older language reads as it did, and who checks is not the Terraform that applies."""
    own = USES_NET.partition("resource")[2].replace("module.net.subnets", '["subnet-0a1b2c3d"]')
    text = f'terraform {{\n  required_version = "{wanted}"\n}}\nresource{own}'
    result = compiled(tmp_path, text)

    assert result.spec is not None
    (warning,) = (p for p in result.problems if p.rule == "version")
    assert (warning.level, warning.place.line) == (Level.WARNING, 5)


@pytest.mark.parametrize(
    ("written", "laid"),
    [
        ("a/b/aws", "registry.terraform.io/a/b/aws"),
        ("a/b/aws//modules/x", "registry.opentofu.org/a/b/aws//modules/x"),
        ("github.com/o/r", "git::https://github.com/o/r.git"),
        ("github.com/o/r//x?ref=v1", "git::https://github.com/o/r.git//x?ref=v1"),
        ("git@github.com:o/r.git", "git::ssh://git@github.com/o/r.git"),
        ("git::git@github.com:o/r.git?ref=v1", "git::ssh://git@github.com/o/r.git?ref=v1"),
        ("app.terraform.io/o/r/aws", "app.terraform.io/o/r/aws"),
        ("/srv/modules/x", "file:///srv/modules/x"),
    ],
)
def test_a_source_is_known_again_in_the_full_form_that_terraform_writes(written, laid):
    assert same_source(written, laid)


@pytest.mark.parametrize(
    ("written", "laid"),
    [
        ("a/b/aws", "registry.terraform.io/a/c/aws"),
        ("github.com/o/r?ref=v2", "git::https://github.com/o/r.git?ref=v1"),
        ("a/b/aws//modules/x", "registry.terraform.io/a/b/aws//modules/y"),
    ],
)
def test_a_source_that_was_changed_is_another(written, laid):
    assert not same_source(written, laid)


@pytest.mark.parametrize(
    ("given", "declared", "region"),
    [
        ("", 'provider "aws" {\n  region = var.region\n}', "eu-north-1"),
        ("", 'provider "aws" {\n}', "eu-west-1"),
        ("", "", "eu-west-1"),
        ("providers = { aws = aws.far }", "", "ap-south-1"),
        ("providers = { aws = aws.far }", 'provider "aws" {\n}', "ap-south-1"),
    ],
)
def test_a_module_s_own_provider_block_says_where_its_resources_are(
    tmp_path, given, declared, region
):
    write(
        tmp_path,
        {
            "front/main.tf": FRONT
            + f'variable "region" {{}}\n{declared}\ndata "aws_region" "r" {{}}\n'
        },
    )
    text = f"""
    provider "aws" {{
      alias  = "far"
      region = "ap-south-1"
    }}
    module "front" {{
      source  = "./front"
      subnets = ["subnet-0a1b2c3d"]
      region  = "eu-north-1"
      {given}
    }}
    """
    result = compiled(tmp_path, text)

    assert result.spec is not None, result.problems
    assert result.spec.region == region


def test_a_byte_order_mark_before_the_manifest_is_passed_over(tmp_path):
    write(tmp_path, {".terraform/modules/net/main.tf": NET})
    lay(tmp_path, [entry("net", "example/net/aws", ".terraform/modules/net")])
    path = tmp_path / ".terraform/modules/modules.json"
    path.write_text("\ufeff" + path.read_text(), encoding="utf-8")

    assert compiled(tmp_path, USES_NET).spec is not None


def test_a_module_that_is_laid_where_its_caller_is_calls_itself(tmp_path):
    lay(tmp_path, [entry("net", "example/net/aws", ".")])

    assert "cycle" in {p.rule for p in compiled(tmp_path, USES_NET).problems}
