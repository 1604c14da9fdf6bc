"""A stack's name: given, written in the files, or the folder's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.domain.problem import Level
from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack, find_name

NOW = datetime(2026, 11, 30, tzinfo=UTC)
SERVICE = """
resource "aws_ecs_service" "api" {
  name            = "api"
  cluster         = "main"
  task_definition = "api:1"
  launch_type     = "EC2"
}
"""
NAMED = """
variable "dormouse" {
  type    = object({ name = optional(string) })
  default = { name = "api" }
}
"""
BAD = ["Terraform", "1-base", "prod_eu", "terraform.d", "a" * 32, "été", "-x"]


def directory(tmp_path, name, text):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "main.tf").write_text(SERVICE + text)
    return folder


def errors(result):
    return [problem for problem in result.problems if problem.level is Level.ERROR]


@pytest.mark.parametrize("name", BAD)
def test_a_folder_whose_name_cannot_be_one_and_both_ways_out(tmp_path, name):
    plain = directory(tmp_path, name, "")
    result = compile_stack(plain, Inputs(region="us-east-1"), NOW)
    (problem,) = errors(result)
    assert problem.rule == "stack-name"
    assert "give --stack NAME" in problem.message
    assert 'variable "dormouse" { default = { name = "NAME" } }' in problem.message

    given = compile_stack(plain, Inputs(region="us-east-1"), NOW, stack="api")
    assert (errors(given), given.spec.stack) == ([], "api")

    (plain / "dormouse.tf").write_text('variable "dormouse" { default = { name = "api" } }')
    written = compile_stack(plain, Inputs(region="us-east-1"), NOW)
    assert (errors(written), written.spec.stack) == ([], "api")


def test_what_is_given_comes_before_the_files_and_these_before_the_folder(tmp_path):
    folder = directory(tmp_path, "terraform", NAMED)
    assert compile_stack(folder, Inputs(), NOW).spec.stack == "api"
    assert compile_stack(folder, Inputs(), NOW, stack="web").spec.stack == "web"
    assert find_name(folder, Inputs()) == "api"
    assert find_name(directory(tmp_path, "other", ""), Inputs()) == "other"


def test_a_name_from_terraforms_inputs_counts(tmp_path):
    """One root for several environments."""
    folder = directory(tmp_path, "terraform", NAMED)
    inputs = Inputs(options=(("var", 'dormouse={name="api-prod"}'),))
    assert compile_stack(folder, inputs, NOW).spec.stack == "api-prod"
    assert find_name(folder, inputs) == "api-prod"


def test_a_name_that_cannot_be_one_is_an_error_of_the_variable(tmp_path):
    folder = directory(tmp_path, "terraform", NAMED.replace('"api"', '"My Api"'))
    (problem,) = errors(compile_stack(folder, Inputs(), NOW))
    assert problem.rule == "policy"
    assert 'name: found "My Api", expected a small letter' in problem.message
