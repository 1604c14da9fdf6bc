import json

import pytest
from click.testing import CliRunner

from controller.cli.main import cli

TEXT = """
variable "awake" {
  type    = bool
  default = false
}

variable "secret" {
  default   = "s3cret"
  sensitive = true
}

locals {
  ports = [80, 443]
  names = tomap({ a = "x" })
}

resource "aws_ecs_cluster" "main" {
  name = "sleepy"
}
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "main.tf").write_text(TEXT)
    return str(tmp_path)


def run(*arguments, **options):
    return CliRunner().invoke(cli, ["console", *arguments], **options)


def answers(*arguments, **options):
    result = run(*arguments, "--json", **options)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_json_object_a_line_per_expression(root):
    one, two = answers(root, "1 + 1", 'upper("a")')
    assert one["value"] == 2
    assert two == {"value": "A", "type": "string"}


def test_expressions_may_come_one_a_line_on_standard_input(root):
    found = answers(root, input="local.ports\n\nlocal.names.a\n")
    assert [answer["value"] for answer in found] == [[80, 443], "x"]


def test_what_is_known_after_apply_is_unknown(root):
    whole, partly = answers(root, "aws_ecs_cluster.main.arn", "[aws_ecs_cluster.main.arn, 1]")
    assert whole == {"unknown": True}
    assert partly["value"] == [None, 1]
    assert partly["unknown"] == [True, False]


def test_a_wrong_expression_says_where_and_of_what_kind(root):
    result = run(root, "1", "var.nothing", "--json")
    assert result.exit_code == 2
    good, bad = [json.loads(line) for line in result.stdout.splitlines()]
    assert good["value"] == 1
    assert bad["error"]["file"] == "<expr>"
    assert bad["error"]["line"] == 1
    assert bad["error"]["kind"] == "undeclared"
    assert "\n" not in bad["error"]["message"]


def test_the_stack_is_awake_by_default(root):
    assert answers(root, "var.awake")[0]["value"] is True
    assert answers(root, "var.awake", "-var", "awake=false")[0]["value"] is False
    assert answers(root, "var.awake", env={"TF_VAR_awake": "false"})[0]["value"] is False


def test_a_broken_directory_answers_every_expression_with_its_first_error(tmp_path):
    (tmp_path / "main.tf").write_text('locals {\n  a = var.nothing\n  b = "fine"\n}\n')
    result = run(str(tmp_path), "1", "local.b", "--json")
    assert result.exit_code == 2
    first, second = [json.loads(line) for line in result.stdout.splitlines()]
    assert first == second
    assert (first["error"]["file"], first["error"]["line"]) == ("main.tf", 2)


def test_people_see_terraforms_notation(root):
    result = run(root, "local.names", "local.ports", '"a\\"b"', "null", "aws_ecs_cluster.main.arn")
    assert result.stdout == (
        'tomap({\n  "a" = "x"\n})\n[\n  80,\n  443,\n]\n"a\\"b"\nnull\n(known after apply)\n'
    )
    assert result.exit_code == 0


def test_empty_collections_are_on_one_line(root):
    expressions = ("[]", "{}", "tolist([])", "toset([])", "tomap({})", "tonumber(null)")
    assert run(root, *expressions).stdout.splitlines() == [
        "[]",
        "{}",
        "tolist([])",
        "toset([])",
        "tomap({})",
        "tonumber(null)",
    ]


def test_secrets_are_not_shown_to_people(root):
    assert run(root, "var.secret").stdout == "(sensitive value)\n"
    (answer,) = answers(root, "var.secret")
    assert answer["sensitive"] is True


def test_errors_for_people_go_to_standard_error(root):
    result = run(root, "var.nothing")
    assert result.stdout == ""
    assert "<expr>:1" in result.stderr


def test_an_expression_may_begin_with_a_dash(root):
    assert answers("--json", root, "--", "-1")[0]["value"] == -1


def test_no_expression_is_said_to_be_none(root):
    assert [a["error"]["message"] for a in answers(root, "", " ")] == ["there is no expression"] * 2
