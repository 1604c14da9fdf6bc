import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cli

SOUND = """
resource "aws_lb_target_group" "tg" {
  name                 = "tg"
  target_type          = "ip"
  port                 = 5000
  protocol             = "TCP"
  vpc_id               = "vpc-1"
  deregistration_delay = 15
}
"""
DOUBTFUL = SOUND.replace("= 15", "= 120")
BROKEN = SOUND.replace('"TCP"', "var.nothing")


@pytest.fixture
def folder(tmp_path):
    def write(text, name="main.tf"):
        root = tmp_path / "api"
        root.mkdir(exist_ok=True)
        (root / name).write_text(text)
        return str(root)

    return write


def check(*arguments, **options):
    return CliRunner().invoke(cli, ["check", *arguments], **options)


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("plan",),
        ("apply", "--to", "awake"),
        ("compile",),
        ("console",),
        ("publish",),
        ("deploy",),
        ("adopt",),
        ("backtest",),
        ("doctor",),
        ("hours",),
        ("demo",),
    ],
)
def test_a_link_in_place_of_a_directory_is_not_quoted(command, monkeypatch):
    """It is a secret, and what a command prints ends in the logs of CI."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    link = "https://abc.lambda-url.us-east-1.on.aws/s/api?k=c2VjcmV0"
    found = CliRunner().invoke(cli, [*command, link])
    assert found.exit_code == 2
    assert "found a link" in found.output and "c2VjcmV0" not in found.output


def test_who_else_would_make_it_is_said_where_the_files_have_no_variable_awake(folder):
    """Else the next terraform apply makes what dormouse leaves alone, as it lacks our tags."""
    assert "terraform apply makes these too" in check(folder(SOUND)).stdout
    switched = SOUND.replace('tg" {', 'tg" {\n  count = var.awake ? 1 : 0') + (
        'variable "awake" {\n  type = bool\n  default = false\n}\n'
    )
    assert "terraform apply" not in check(folder(switched)).stdout


def test_a_link_to_nothing_is_a_file_that_cannot_be_read(folder):
    """Terraform refuses it too; passed over, what it should hold would be missing unseen."""
    root = folder(SOUND)
    (Path(root) / "service.tf").symlink_to("/nowhere/service.tf")
    result = check(root)
    assert result.exit_code == 2
    assert "service.tf:1: error: cannot read the file: No such file" in result.output


def test_a_folder_without_files_is_one_error(tmp_path):
    result = check(str(tmp_path), "--stack", "x")
    assert result.exit_code == 2
    assert result.output.count("\n") == 2 and "has no Terraform files" in result.output


def test_a_sound_directory_has_no_problems(folder):
    result = check(folder(SOUND))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("no problems")


def test_a_warning_is_shown_with_file_line_and_address(folder):
    result = check(folder(DOUBTFUL))
    first, summary, *_ = result.stdout.splitlines()
    assert first.startswith("main.tf:8: aws_lb_target_group.tg: warning: deregistration_delay")
    assert first.endswith("[drain-delay]")
    assert summary.endswith("1 warning")
    assert result.exit_code == 0


def test_strict_makes_warnings_count(folder):
    assert check(folder(DOUBTFUL), "--strict").exit_code == 1
    assert check(folder(SOUND), "--strict").exit_code == 0


def test_errors_exit_with_2(folder):
    result = check(folder(BROKEN), "--strict")
    assert result.exit_code == 2
    assert "main.tf:6: aws_lb_target_group.tg: error:" in result.stdout


def test_json_is_what_outside_tests_read(folder):
    result = check(folder(DOUBTFUL), "--json")
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem["message"].startswith("deregistration_delay is 120 seconds")
    assert {k: problem[k] for k in ("level", "rule", "file", "line", "address")} == {
        "level": "warning",
        "rule": "drain-delay",
        "file": "main.tf",
        "line": 8,
        "address": "aws_lb_target_group.tg",
    }
    sound = json.loads(check(folder(SOUND), "--json").stdout)
    assert sound["problems"] == []
    assert sound["summary"]["sleepers"] == 1
    assert json.loads(check(folder(BROKEN), "--json").stdout)["summary"] is None


def test_problems_are_sorted_by_file_and_line(folder):
    folder(DOUBTFUL.replace('"tg"', '"z"'), "z.tf")
    root = folder(DOUBTFUL, "a.tf")
    (lines) = [line.split(": ")[0] for line in check(root).stdout.splitlines()[:2]]
    assert lines == ["a.tf:8", "z.tf:8"]


def test_a_problem_of_both_worlds_is_reported_once(folder):
    awake = 'variable "awake" {\n  type    = bool\n  default = false\n}\n'
    assert check(folder(BROKEN + awake)).stdout.count("main.tf:6") == 1


def test_no_colours_in_a_pipe(folder):
    assert "\x1b[" not in check(folder(DOUBTFUL)).stdout


def test_colours_on_a_terminal(folder):
    assert "\x1b[" in check(folder(DOUBTFUL), color=True).stdout


def test_a_directory_that_is_not_there_is_one_line(tmp_path):
    result = check(str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "there is no directory" in result.stderr


def test_a_file_is_no_directory(folder):
    result = check(f"{folder(SOUND)}/main.tf")
    assert result.exit_code == 2
    assert "is not a directory" in result.stderr


def test_the_stacks_name_can_be_given(tmp_path):
    root = tmp_path / "Stack_1"
    root.mkdir()
    (root / "main.tf").write_text(SOUND)
    assert check(str(root)).exit_code == 2
    assert check(str(root), "--stack", "api").exit_code == 0


@pytest.mark.parametrize("default", ["", "default = true", "default = null"])
def test_terraform_must_not_keep_what_dormouse_makes(folder, default):
    awake = f'variable "awake" {{\n  type = bool\n  {default}\n}}\n'
    result = check(folder(SOUND.replace("{", "{\n  count = var.awake ? 1 : 0", 1) + awake))
    assert "[awake-default]" in result.stdout
    assert result.exit_code == 0


def test_a_folder_without_terraform_files_is_an_error(tmp_path):
    result = check(str(tmp_path), "--stack", "api")
    assert result.exit_code == 2
    assert "no Terraform files" in result.stdout
    assert "nothing-sleeps" not in result.stdout


def test_a_wrong_policy_is_shown_where_its_value_is_written(folder):
    variable = 'variable "dormouse" {\n  type    = any\n  default = {}\n}\n'
    root = folder(SOUND + variable)
    folder('\ndormouse = {\n  office_hours = ["Mon 9-8x"]\n}\n', "terraform.tfvars")
    result = check(root)
    assert result.exit_code == 2
    assert result.stdout.startswith("terraform.tfvars:3: var.dormouse: error: office_hours[0]:")


SHIPPED = str(Path(__file__).parents[2] / "infra" / "nsfw-api")
NAT = 'resource "aws_nat_gateway" "out" {\n  subnet_id = "subnet-0a1b2c3d"\n}\n'


def test_it_ends_with_what_it_means():
    lines = check(SHIPPED, "--strict").stdout.splitlines()
    assert lines[0].endswith("no problems")
    assert lines[1].startswith("  sleeps: aws_lb.nlb[0], ")
    assert lines[2] == "  asleep: 3.65 $ a month"
    assert lines[3].startswith("  awake:  0.0448 $ an hour")
    assert lines[4] == (
        "  a wake takes about 170 s: load balancer starting 150 s, health check 20 s"
    )
    assert len(lines) == 5


def test_costs_and_seconds_do_not_count_for_strict(tmp_path):
    """They are no mistakes, and some stacks cannot be without."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "api"))
    (folder / "nat.tf").write_text(NAT)
    front = folder / "nlb.tf"
    front.write_text(front.read_text().replace("interval            = 10", "interval = 30"))
    result = check(str(folder), "--strict")
    assert result.exit_code == 0
    assert "nat.tf:1: aws_nat_gateway.out: warning: costs by the hour" in result.stdout
    assert "[slow-wake]" in result.stdout
    assert "36.50 $ a month, with what Terraform keeps: NAT gateway" in result.stdout

    reported = json.loads(check(str(folder), "--json").stdout)
    assert {p["rule"] for p in reported["problems"]} == {"idle-cost", "slow-wake"}
    assert reported["summary"]["asleep_month"] == 36.5
    assert reported["summary"]["awake_hour"] == 0.0898
    assert reported["summary"]["wake_seconds"] == 210
