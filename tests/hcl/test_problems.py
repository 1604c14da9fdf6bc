"""What is reported, once each and all in one run (HCL semantics §15, §22)."""

from __future__ import annotations

import pytest

from controller.domain.problem import Level
from controller.hcl.construct import boolean
from controller.hcl.directory import read
from controller.hcl.world import Inputs
from hcl.cases import ask, errors_of, world, write


def rules(requested):
    return [(problem.rule, problem.place.line) for problem in errors_of(requested)]


def test_a_broken_local_hides_nothing_and_is_reported_once(tmp_path):
    """Who depends on it is silent; what is wrong beside it is told as well."""
    requested = world(
        tmp_path,
        'locals {\n  bad = tonumber("x")\n  uses = "${local.bad}-1"\n}\n'
        'resource "terraform_data" "a" {\n  input = local.uses\n  triggers_replace = {}.nope\n}\n'
        'output "o" {\n  value = terraform_data.a.input\n}\n',
    )

    assert rules(requested) == [("argument", 2), ("attribute", 7)]
    assert not requested.resources["terraform_data.a"].error_free
    assert ask(requested, "local.uses").errors[-1].place.line == 2


def test_a_broken_attribute_spoils_only_itself(tmp_path):
    requested = world(
        tmp_path,
        'resource "terraform_data" "a" {\n  input = {}.nope\n  triggers_replace = 1\n}\n'
        "locals {\n  fine   = terraform_data.a.triggers_replace\n"
        "  silent = terraform_data.a.input\n}\n",
    )

    assert rules(requested) == [("attribute", 2)]
    assert ask(requested, "local.fine").value.data is not None


def test_mistakes_of_the_text_are_found_in_branches_not_taken_and_under_try(tmp_path):
    requested = world(
        tmp_path,
        "locals {\n  a = true ? 1 : var.nope\n  b = try(local.zip, 2)\n"
        "  c = [for x in [] : upperr(x)]\n  d = can(terraform_data.x.id)\n}\n",
    )

    assert rules(requested) == [
        ("undeclared", 2),
        ("undeclared", 3),
        ("unknown-function", 4),
        ("undeclared", 5),
    ]


def test_several_cycles_are_each_reported_with_all_members(tmp_path):
    requested = world(
        tmp_path,
        "locals {\n  a = local.b\n  b = local.a\n  c = local.c\n"
        "  d = local.e\n  e = [local.d]\n}\n",
    )

    messages = [problem.message for problem in errors_of(requested)]
    assert len(messages) == 3
    assert any("local.a" in message and "local.b" in message for message in messages)


def test_a_module_called_twice_reports_what_is_wrong_in_it_once(tmp_path):
    files = {
        "main.tf": 'module "a" {\n  source = "./m"\n}\nmodule "b" {\n  source = "./m"\n}\n',
        "m/main.tf": "locals {\n  x = local.nope\n}\n",
    }

    problems = errors_of(world(tmp_path, files))
    assert [(problem.place.file, problem.place.line) for problem in problems] == [("m/main.tf", 2)]


def test_problems_come_in_the_order_of_the_files_errors_first(tmp_path):
    requested = world(
        tmp_path,
        {
            "b.tf": 'locals {\n  b = {}.x\n}\nterraform {\n  required_version = "0.12"\n}\n',
            "a.tf": "locals {\n  z = [][0]\n  y = {}.x\n}\n",
        },
    )

    found = [(p.level, p.place.file, p.place.line) for p in requested.problems]
    assert found == [
        (Level.ERROR, "a.tf", 2),
        (Level.ERROR, "a.tf", 3),
        (Level.ERROR, "b.tf", 2),
        (Level.WARNING, "b.tf", 5),
    ]


def test_a_condition_that_fails_says_the_users_own_words_where_the_value_was_given(tmp_path):
    files = {
        "main.tf": 'variable "x" {\n  validation {\n    condition     = var.x > 5\n'
        '    error_message = "${var.x} is too small."\n  }\n}\n',
        "terraform.tfvars": "\nx = 3\n",
    }
    (problem,) = errors_of(world(tmp_path, files))

    assert str(problem) == "terraform.tfvars:2: var.x: 3 is too small."


def test_sensitive_values_do_not_appear_in_messages(tmp_path):
    requested = world(
        tmp_path,
        'variable "s" {\n  default = "hush"\n  sensitive = true\n}\n'
        "locals {\n  a = var.s + 1\n  b = file(var.s)\n  c = { (var.s) = 1 }.nope\n}\n"
        'resource "aws_lb" "n" {\n  load_balancer_type = var.s\n}\n',
    )

    assert len(requested.problems) == 4
    assert all("hush" not in problem.message for problem in requested.problems)


def test_a_block_that_makes_no_instance_must_be_sound_on_its_own(tmp_path):
    files = {
        "main.tf": 'variable "l" {\n  default = []\n}\n'
        'resource "terraform_data" "a" {\n  count = 0\n'
        '  input = tonumber("x")\n  triggers_replace = var.l[0]\n}\n'
        'module "m" {\n  source = "./m"\n  count  = 0\n}\n',
        "m/main.tf": 'locals {\n  x = tonumber("y")\n}\n',
    }

    found = {(p.place.file, p.place.line) for p in errors_of(world(tmp_path, files))}
    assert found == {("main.tf", 6), ("m/main.tf", 2)}


def test_one_configuration_is_evaluated_in_two_worlds(tmp_path):
    """The files are read once; what is assigned wins over every other source."""
    text = (
        'variable "awake" {\n  type    = bool\n  default = false\n}\n'
        'resource "terraform_data" "a" {\n  count = var.awake ? 1 : 0\n}\n'
    )
    configuration = read(write(tmp_path, {"main.tf": text, "terraform.tfvars": "awake = false\n"}))

    assert configuration.declares("awake")
    assert not configuration.declares("asleep")
    for awake, addresses in ((True, ["terraform_data.a[0]"]), (False, [])):
        found = configuration.evaluate(
            Inputs(options=(("var", "awake=false"),), assigned={"awake": boolean(awake)})
        )
        assert list(found.resources) == addresses


def test_what_is_assigned_is_ignored_where_nothing_of_that_name_is_declared(tmp_path):
    requested = world(tmp_path, "locals {\n  a = 1\n}\n", assigned={"awake": boolean(True)})

    assert requested.problems == ()


def test_the_console_shows_why_a_value_is_missing(tmp_path):
    requested = world(tmp_path, "locals {\n  a = [][3]\n}\n")

    assert ask(requested, "local.a").errors[-1].place.line == 2
    assert ask(requested, "var.x").errors[-1].place.file == "<expr>"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('{ name = "a", image = { id = "i" } }', '"image.sha" is missing'),
        ('{ name = "a", image = { id = ["i"], sha = "s" } }', '"image.id" is a tuple'),
        ('{ image = { id = "i", sha = "s" } }', '"name" is missing'),
        ('{ name = "a", image = { id = "i", sha = "s" }, ports = [{}] }', '"ports[0].at" is'),
        ('{ name = "a", image = { id = "i", sha = "s" }, tags = { a = [] } }', '"tags.a" is a'),
    ],
)
def test_an_object_that_does_not_fit_says_which_attribute(tmp_path, value, reason):
    text = (
        'variable "x" {\n  type = object({\n    name = string\n'
        "    image = object({ id = string, sha = string })\n"
        "    ports = optional(list(object({ at = number })), [])\n"
        f"    tags = optional(map(string), {{}})\n  }})\n  default = {value}\n}}\n"
    )
    (problem,) = world(tmp_path, text).problems
    assert problem.rule == "default-type"
    assert reason in problem.message


def test_a_resource_of_an_unknown_provider_fits_any_object(tmp_path):
    """Its attributes are in no schema here; Terraform knows them."""
    text = (
        'data "vy_image" "this" {\n  name = "n"\n}\n'
        'module "m" {\n  source = "./m"\n  box = { image = data.vy_image.this }\n}\n'
        'output "o" {\n  value = module.m.sha\n}\n'
    )
    inner = (
        'variable "box" {\n  type = object({ image = object({ name = string, sha = string }) })\n}\n'
        'output "sha" {\n  value = var.box.image.sha\n}\n'
    )
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(inner)
    made = world(tmp_path, text)
    assert made.problems == ()
    (unknown,) = ask(made, "module.m.sha").value.data.origins
    assert str(unknown) == "data.vy_image.this.sha"


DYNAMIC = """
resource "aws_security_group" "g" {
  name = "g"

  dynamic "ingress" {
    for_each = FOR_EACH
    content {
      from_port = CONTENT
      to_port   = 1
      protocol  = "tcp"
    }
  }
}
"""


@pytest.mark.parametrize("content", ["rule.value", "var.nope", "local.nope", "try(var.nope, 1)"])
def test_the_content_of_a_block_is_looked_at_once_a_block_is_made_of_it(tmp_path, content):
    """`terraform plan` finds the mistake in the second, and takes the first."""
    text = DYNAMIC.replace("CONTENT", content)
    none = world(tmp_path, text.replace("FOR_EACH", "[]"))
    assert errors_of(none) == ()

    some = world(tmp_path, text.replace("FOR_EACH", '["a"]'))
    assert rules(some) == [("undeclared", 8)]


def test_what_says_how_many_blocks_there_are_is_looked_at_in_any_case(tmp_path):
    text = DYNAMIC.replace("CONTENT", "1").replace("FOR_EACH", "var.nope")
    assert rules(world(tmp_path, text)) == [("undeclared", 6)]
