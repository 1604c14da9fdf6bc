import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cli
from controller.domain.planning.spec import Spec

TEXT = """
variable "delay" {
  default = 15
}

resource "aws_lb_target_group" "tg" {
  name                 = "tg"
  target_type          = "ip"
  port                 = 5000
  protocol             = "TCP"
  vpc_id               = "vpc-1"
  deregistration_delay = var.delay
}
"""
DELAY = "deregistration_delay.timeout_seconds"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "main.tf").write_text(TEXT)
    return folder


def run(*arguments, **options):
    return CliRunner().invoke(cli, ["compile", *map(str, arguments)], **options)


def delay(result):
    return json.loads(result.stdout)["resources"][0]["attributes"][DELAY]


def test_the_spec_is_all_that_standard_output_carries(root):
    result = run(root, "-var", "delay=120")
    assert result.exit_code == 0
    spec = Spec.from_json(json.loads(result.stdout))
    assert spec.stack == "api"
    assert spec.hash == json.loads(result.stdout)["hash"]
    assert "warning" in result.stderr and "warning" not in result.stdout


def test_the_json_output_says_the_same(root):
    spec = json.loads(run(root, "--json").stdout)
    assert spec["hash"] == json.loads(run(root).stdout)["hash"]


def test_with_errors_nothing_is_written(root, tmp_path):
    (root / "main.tf").write_text(TEXT.replace('"TCP"', '"TCPP"'))
    target = tmp_path / "spec.json"
    target.write_text("before")
    result = run(root, "-o", target)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "main.tf:10" in result.stderr
    assert target.read_text() == "before"


def test_a_file_is_replaced_as_a_whole(root, tmp_path):
    target = tmp_path / "spec.json"
    assert run(root, "-o", target).exit_code == 0
    assert json.loads(target.read_text())["stack"] == "api"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["spec.json"]
    assert stat.S_IMODE(target.stat().st_mode) & 0o600 == 0o600


def test_a_file_that_cannot_be_written_is_one_line(root, tmp_path):
    result = run(root, "-o", tmp_path / "nowhere" / "spec.json")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("-var", "delay=7"),
        ("-var=delay=7",),
        ("--var", "delay=7"),
        ("--var=delay=7",),
        ("-var", "delay=1", "-var", "delay=7"),
    ],
)
def test_variables_are_given_as_to_terraform(root, options):
    assert delay(run(root, *options)) == "7"
    assert delay(run(*options, root)) == "7"


def test_files_and_variables_count_in_their_common_order(root, tmp_path):
    """HCL semantics §14: of -var and -var-file the later one wins."""
    file = tmp_path / "x.tfvars"
    file.write_text("delay = 8\n")
    assert delay(run(root, "-var", "delay=7", f"-var-file={file}")) == "8"
    assert delay(run(root, "-var-file", file, "-var", "delay=7")) == "7"
    assert delay(run(root, "--var-file", file)) == "8"


def test_the_environment_counts_too(root):
    assert delay(run(root, env={"TF_VAR_delay": "9"})) == "9"


def test_the_workspace_is_terraforms(root):
    text = TEXT.replace("var.delay", 'terraform.workspace == "prod" ? 1 : 2')
    (root / "main.tf").write_text(text)
    assert delay(run(root, env={"TF_WORKSPACE": "prod"})) == "1"
    assert delay(run(root)) == "2"


def test_the_region_is_the_sdks_where_none_is_written(root):
    env = {"AWS_REGION": "eu-north-1", "AWS_CONFIG_FILE": "/dev/null"}
    assert json.loads(run(root, env=env).stdout)["region"] == "eu-north-1"
    (root / "p.tf").write_text('provider "aws" {\n  region = "us-east-2"\n}\n')
    assert json.loads(run(root, env=env).stdout)["region"] == "us-east-2"


def test_a_profile_may_name_the_region(root, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nregion = sa-east-1\n")
    env = {"AWS_CONFIG_FILE": str(config), "AWS_REGION": None, "AWS_DEFAULT_REGION": None}
    assert json.loads(run(root, env=env).stdout)["region"] == "sa-east-1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-var",), "-var env=prod"),
        (("-var", "delay"), "NAME=VALUE"),
        (("-var-file", "nowhere.tfvars"), "there is no file nowhere.tfvars"),
    ],
)
def test_options_that_are_wrong_are_one_line(root, options, words):
    result = run(root, *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_undeclared_variable_is_an_error(root):
    assert run(root, "-var", "nothing=1").exit_code == 2


def test_compiling_twice_gives_the_same_hash(root):
    hashes = {json.loads(run(root).stdout)["hash"] for _ in range(2)}
    assert len(hashes) == 1


def test_the_source_says_where_and_when(root):
    source = json.loads(run(root).stdout)["source"]
    assert source["dir"] == str(root)
    assert source["compiled_at"].endswith("Z")
    assert Path(source["dir"]).is_dir()
