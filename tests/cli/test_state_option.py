"""`--state`, `--no-state`, and the state that lies in the directory, for all commands."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from controller.cli.main import cli
from state_values.states import state

TEXT = """
terraform {{
  {backend}
}}

provider "aws" {{
  region = "us-east-1"
}}

resource "random_id" "suffix" {{
  byte_length = 4
}}

resource "aws_lb_target_group" "app" {{
  name                 = "app"
  port                 = 8080
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = "vpc-${{random_id.suffix.hex}}"
  deregistration_delay = 10
}}
"""


def known(hex_):
    return state("version-4", {"random_id.suffix": {"byte_length": 4, "hex": hex_}})


@pytest.fixture
def root(tmp_path, monkeypatch):
    for name in ("TF_WORKSPACE", "TF_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "api"
    folder.mkdir()
    write(folder)
    return folder


def write(folder, backend=""):
    (folder / "main.tf").write_text(TEXT.format(backend=backend))


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def run(*arguments, **options):
    return CliRunner().invoke(cli, list(map(str, arguments)), **options)


def vpc(root, *more):
    result = run("compile", root, *more)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["resources"][0]["request"]["VpcId"]


def test_state_is_taken_from_the_file_that_is_named(root, tmp_path):
    file = put(tmp_path / "elsewhere.json", known("aa11"))

    assert vpc(root, "--state", file) == "vpc-aa11"
    assert vpc(root, f"--state={file}") == "vpc-aa11"
    assert run("compile", root).exit_code == 2


def test_state_in_the_directory_is_taken_by_itself_unless_it_shall_not_be(root, tmp_path):
    put(root / "terraform.tfstate", known("bb22"))

    assert vpc(root) == "vpc-bb22"
    assert vpc(root, "--state", put(tmp_path / "x", known("cc33"))) == "vpc-cc33"
    refused = run("check", root, "--no-state")
    assert refused.exit_code == 2
    assert "--state FILE" in refused.stdout


def test_each_workspace_has_its_own(root, monkeypatch):
    put(root / "terraform.tfstate", known("aa11"))
    put(root / "terraform.tfstate.d/dev/terraform.tfstate", known("dd44"))

    assert vpc(root) == "vpc-aa11"
    monkeypatch.setenv("TF_WORKSPACE", "dev")
    assert vpc(root) == "vpc-dd44"
    monkeypatch.setenv("TF_WORKSPACE", "prod")
    assert run("check", root).exit_code == 2


def test_the_workspace_that_terraform_has_selected_counts(root, monkeypatch):
    put(root / ".terraform/environment", "dev\n")
    put(root / "terraform.tfstate.d/dev/terraform.tfstate", known("dd44"))

    assert vpc(root) == "vpc-dd44"
    assert (
        json.loads(run("console", root, "terraform.workspace", "--json").stdout)["value"] == "dev"
    )
    monkeypatch.setenv("TF_DATA_DIR", "other")
    assert run("check", root).exit_code == 2


def test_the_state_of_another_workspace_is_refused(root, monkeypatch):
    file = put(root / "terraform.tfstate.d/dev/terraform.tfstate", known("dd44"))
    result = run("check", root, "--state", file)

    assert result.exit_code == 2
    assert "of the workspace dev, but the directory is read in default" in result.stderr
    monkeypatch.setenv("TF_WORKSPACE", "dev")
    assert vpc(root, "--state", file) == "vpc-dd44"


@pytest.mark.parametrize(
    ("backend", "place"),
    [
        ('backend "local" {}', "terraform.tfstate"),
        ('backend "local" {\n    path = "kept/here.tfstate"\n  }', "kept/here.tfstate"),
        ('backend "local" {\n    path = "../beside.tfstate"\n  }', "../beside.tfstate"),
    ],
)
def test_the_local_backend_says_where(root, backend, place):
    write(root, backend)
    put(root / place, known("ee55"))

    assert vpc(root) == "vpc-ee55"


def test_the_local_backend_says_where_workspaces_are(root, monkeypatch):
    write(root, 'backend "local" {\n    workspace_dir = "spaces"\n  }')
    put(root / "spaces/dev/terraform.tfstate", known("ee55"))
    monkeypatch.setenv("TF_WORKSPACE", "dev")

    assert vpc(root) == "vpc-ee55"


@pytest.mark.parametrize(
    "backend",
    [
        'backend "s3" {\n    bucket = "b"\n    key = "k"\n  }',
        'cloud {\n    organization = "o"\n  }',
    ],
)
def test_a_file_beside_a_remote_backend_is_a_leftover(root, backend):
    write(root, backend)
    put(root / "terraform.tfstate", known("0dd0"))

    assert run("check", root).exit_code == 2


def test_what_init_has_settled_counts_before_the_files(root):
    put(root / "terraform.tfstate", known("0dd0"))
    settled = {"version": 3, "backend": {"type": "s3", "config": {"bucket": "b"}}}
    put(root / ".terraform/terraform.tfstate", json.dumps(settled))

    assert run("check", root).exit_code == 2


def test_an_empty_leftover_is_passed_over(root):
    put(root / "terraform.tfstate", "")

    problems = json.loads(run("check", root, "--json").stdout)["problems"]

    assert "state" not in {problem["rule"] for problem in problems}


@pytest.mark.parametrize("text", ["{", "<html>", '{"version": 3, "terraform_version": "0.11.1"}'])
def test_a_file_in_the_directory_that_cannot_be_read_is_reported_and_left_out(root, text):
    (root / "main.tf").write_text('resource "aws_lb" "x" {\n  subnets = ["subnet-1"]\n}\n')
    put(root / "terraform.tfstate", text)
    problems = json.loads(run("check", root, "--json").stdout)["problems"]

    (problem,) = [p for p in problems if p["rule"] == "state"]
    assert problem["level"] == "warning"
    assert problem["message"].startswith("terraform.tfstate ")
    quiet = json.loads(run("check", root, "--json", "--no-state").stdout)["problems"]
    assert not [p for p in quiet if p["rule"] == "state"]


@pytest.mark.parametrize("text", [None, "{", "<html>", "[]"])
def test_a_named_file_that_cannot_be_read_is_one_line(root, tmp_path, text):
    file = tmp_path / "x.json"
    if text is not None:
        put(file, text)
    result = run("compile", root, "--state", file)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: --state: ")
    assert result.stderr.count("\n") == 1


def test_a_directory_is_no_state(root):
    result = run("compile", root, "--state", root)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "is a directory" in result.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_rights_is_one_line(root, tmp_path):
    file = put(tmp_path / "x.json", known("aa11"))
    file.chmod(0)
    result = run("compile", root, "--state", file)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_state_may_come_by_standard_input(root):
    result = run("compile", root, "--state", "-", input=known("aa11"))

    assert json.loads(result.stdout)["resources"][0]["request"]["VpcId"] == "vpc-aa11"
    refused = run("compile", root, "--state=-", input="{")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


def test_state_and_no_state_exclude_each_other(root, tmp_path):
    file = put(tmp_path / "x.json", known("aa11"))

    assert run("check", root, "--state", file, "--no-state").exit_code == 2


def test_a_state_is_of_one_directory(root, tmp_path):
    file = put(tmp_path / "x.json", known("aa11"))
    result = run("publish", root, root, "--state", file)

    assert result.exit_code == 2
    assert "--state is for one directory" in result.stderr


def test_the_console_knows_what_the_state_says(root, tmp_path):
    file = put(tmp_path / "x.json", known("aa11"))
    requested = ("random_id.suffix.hex", "random_id.suffix.dec", "aws_lb_target_group.app.arn")
    lines = run("console", root, *requested, "--json", "--state", file).stdout.splitlines()

    assert json.loads(lines[0])["value"] == "aa11"
    assert json.loads(lines[1]) == {"unknown": True}
    assert json.loads(lines[2]) == {"unknown": True}
    assert json.loads(run("console", root, requested[0], "--json").stdout) == {"unknown": True}


@pytest.mark.parametrize(
    "command", ["check", "compile", "console", "plan", "apply", "hours", "doctor", "demo"]
)
def test_every_command_that_reads_a_directory_takes_it(command):
    text = run(command, "--help").stdout

    assert "--state" in text and "--no-state" in text


def test_hours_compiles_with_state_too(root, tmp_path):
    file = put(tmp_path / "x.json", known("aa11"))

    assert run("hours", root, "--json", "--state", file).exit_code == 0
    assert run("hours", root, "--json").exit_code == 2
