"""
`--terraform`, with a terraform of our own on the PATH that answers as it is told.

What the real one answers is asked in tests/terraform.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli.main import cli, run
from state_values.states import state, thing

TEXT = """
variable "awake" {
  type    = bool
  default = false
}

variable "port" {
  type = number
}

resource "random_id" "suffix" {
  byte_length = 4
}

resource "aws_lb_target_group" "app" {
  count                = var.awake ? 1 : 0
  name                 = "app-${random_id.suffix.hex}"
  port                 = var.port
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = "vpc-1"
  deregistration_delay = 10
}
"""
FAKE = f"""#!{sys.executable}
import json, os, pathlib, sys, time
told = pathlib.Path(os.environ["TOLD"])
with (told / "calls").open("a") as calls:
    calls.write(json.dumps({{"args": sys.argv[1:], "cwd": os.getcwd(),
                             "env": dict(os.environ)}}) + "\\n")
if sys.argv[1] == "plan":
    out = next(a[5:] for a in sys.argv if a.startswith("-out="))
    pathlib.Path(out).write_text("hush")
    if (told / "waits").exists():
        (told / "waiting").write_text(os.path.dirname(out))
        time.sleep(60)
    if (told / "refusal").exists():
        print((told / "refusal").read_text())
        sys.exit(1)
else:
    print((told / "plan").read_text())
"""


@pytest.fixture
def reported(tmp_path, monkeypatch):
    """The folder in which the fake terraform finds what to answer, and leaves what it was asked."""
    folder, programs = tmp_path / "told", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    (programs / "terraform").write_text(FAKE)
    (programs / "terraform").chmod(0o755)
    monkeypatch.setenv("TOLD", str(folder))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    (folder / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "temp"))
    plans(folder)
    return folder


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "main.tf").write_text(TEXT)
    return folder


def plans(reported, port=80, **more):
    values = {
        "name": "app-abcdef01",
        "port": port,
        "protocol": "TCP",
        "target_type": "ip",
        "vpc_id": "vpc-1",
        "deregistration_delay": "10",
    }
    things = {
        "random_id.suffix": {"byte_length": 4, "hex": "abcdef01"},
        "aws_lb_target_group.app[0]": thing(values | more, unknown=["arn"]),
    }
    (reported / "plan").write_text(state("plan", things))


def refuses(reported, summary, detail="", place=None):
    found = {"severity": "error", "summary": summary, "detail": detail}
    found |= {"range": {"filename": place[0], "start": {"line": place[1]}}} if place else {}
    lines = [{"@level": "info"}, {"@level": "error", "type": "diagnostic", "diagnostic": found}]
    (reported / "refusal").write_text("\n".join(map(json.dumps, lines)))


def calls(reported):
    path = reported / "calls"
    return [json.loads(row) for row in path.read_text().splitlines()] if path.exists() else []


def invoke(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)))


def check(root, *more):
    return invoke("check", root, "-var", "port=80", "--terraform", *more)


def test_it_gives_what_is_known_nowhere_else(root, reported):
    result = invoke("compile", root, "-var", "port=80", "--terraform")

    assert result.exit_code == 0, result.stderr
    spec = json.loads(result.stdout)
    assert spec["resources"][0]["request"]["Name"] == "app-abcdef01"


def test_a_difference_is_an_error_with_both_values_and_the_place(root, reported):
    plans(reported, port=81)
    result = check(root, "--json")

    assert result.exit_code == 2
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem["rule"] == "terraform-differs"
    assert problem["address"] == "aws_lb_target_group.app[0]"
    assert (problem["file"], problem["line"]) == ("main.tf", 18)
    assert "81" in problem["message"] and "80" in problem["message"]


def test_terraform_is_called_read_only_and_with_the_same_inputs(
    root, reported, tmp_path, monkeypatch
):
    monkeypatch.setenv("TF_WORKSPACE", "dev")
    monkeypatch.chdir(tmp_path)
    Path("more.tfvars").write_text("port = 80\n")
    before = sorted((p, p.read_bytes()) for p in root.rglob("*") if p.is_file())

    assert (
        invoke("check", root, "-var-file=more.tfvars", "-var", "port=80", "--terraform").exit_code
        == 0
    )
    plan, show = calls(reported)
    assert plan["args"][0] == "plan"
    assert {"-lock=false", "-input=false"} <= set(plan["args"])
    assert plan["args"][-3:] == [
        f"-var-file={tmp_path / 'more.tfvars'}",
        "-var=port=80",
        "-var=awake=true",
    ]
    assert show["args"][:2] == ["show", "-json"]
    assert {Path(call["cwd"]) for call in (plan, show)} == {root}
    assert plan["env"]["TF_WORKSPACE"] == "dev"
    assert sorted((p, p.read_bytes()) for p in root.rglob("*") if p.is_file()) == before


def test_awake_is_given_only_where_it_is_declared(root, reported):
    text = TEXT.replace('"awake"', '"other"').replace("var.awake ? 1 : 0", "1")
    (root / "main.tf").write_text(text)

    assert check(root).exit_code == 0
    assert not [a for call in calls(reported) for a in call["args"] if "awake=" in a]


def test_nothing_is_left_behind(root, reported):
    check(root)
    refuses(reported, "Invalid value")
    check(root)

    assert list((reported / "temp").iterdir()) == []


def test_wrong_files_are_reported_without_a_question(root, reported):
    (root / "main.tf").write_text(TEXT + "resource {}\n")

    assert check(root).exit_code == 2
    assert calls(reported) == []


@pytest.mark.parametrize(
    "summary",
    [
        "Module not installed",
        "Inconsistent dependency lock file",
        "Required plugins are not installed",
        'Backend initialization required, please run "terraform init"',
    ],
)
def test_a_directory_that_is_not_initialised_is_one_line(root, reported, summary, capsys):
    refuses(reported, summary, "Run it\nnow.", ("main.tf", 3))

    assert run(["check", str(root), "-var", "port=80", "--terraform"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "is not initialised for terraform; run `terraform init` in it" in said
    assert f"main.tf:3: {summary}. Run it now" in said


@pytest.mark.parametrize(
    ("summary", "detail", "code"),
    [
        ("Invalid value for variable", "The port\n  is no port", 2),
        ("Missing required argument", "", 2),
        ("reading EC2 VPC", "UnauthorizedOperation: You are not authorized", 1),
        ("No valid credential sources found", "", 1),
        ("Error acquiring the state", "dial tcp: i/o timeout", 1),
    ],
)
def test_a_refusal_is_one_line_with_terraforms_own_words(
    root, reported, capsys, summary, detail, code
):
    refuses(reported, summary, detail)

    assert run(["check", str(root), "-var", "port=80", "--terraform"]) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert summary in said and " ".join(detail.split()) in said


def test_an_answer_that_is_no_plan_is_one_line(root, reported, capsys):
    (reported / "plan").write_text("{")

    assert run(["check", str(root), "-var", "port=80", "--terraform"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_without_terraform_it_is_one_line(root, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert run(["check", str(root), "-var", "port=80", "--terraform"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "needs terraform on the PATH" in said


def test_it_excludes_a_state(root, reported):
    (root / "x.tfstate").write_text((reported / "plan").read_text())
    result = check(root, "--state", root / "x.tfstate")

    assert result.exit_code == 2
    assert "exclude each other" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_terraform_too_and_removes_the_plan(root, reported, number):
    (reported / "waits").touch()
    command = [sys.executable, "-m", "controller.cli", "check", str(root), "-var", "port=80"]
    environment = os.environ | {"TMPDIR": str(reported / "temp")}
    process = subprocess.Popen(
        [*command, "--terraform"],
        env=environment,
        # Where the tests themselves run in the background, Ctrl-C is ignored, and by children too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not (reported / "waiting").exists() or not (reported / "waiting").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    folder = Path((reported / "waiting").read_text())
    assert folder.parent == reported / "temp"
    process.send_signal(number)

    assert process.wait(timeout=30) in (130, 128 + number)
    assert not folder.exists()


@pytest.mark.parametrize("command", ["check", "compile", "adopt", "publish", "deploy"])
def test_these_commands_have_it(command):
    assert "--terraform" in invoke(command, "--help").stdout
