"""What a shell hands on need not be text: each is refused in one line, and nothing is stored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import click
import pytest
from deployed import deploy

from controller.cli import main
from controller.domain.errors import PermanentError, SpecError
from deploy.stack import ROOT
from system.days import STACK

LATIN = "caf\udce9"
"""The bytes of "café" in Latin-1, as Python hands them on."""


@pytest.fixture
def dormouse(monkeypatch, capsys):
    return deploy(monkeypatch, capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["hold", STACK, "--asleep", "--for", "2h", "--reason", LATIN],
        ["hold", STACK, "--awake", "--for", "2h", "--reason", "x" * 201],
        ["wake", STACK, "--no-wait", "--reason", "a\nb"],
        ["sleep", STACK, "--reason", "\x1b[31m"],
        ["pause", STACK, "--for", "2d", "--reason", "\N{RIGHT-TO-LEFT OVERRIDE}"],
        ["wake", STACK, "--no-wait", "--for", LATIN],
        ["wake", STACK, "--no-wait", "--for", "9" * 50_000],
        ["hold", STACK, "--awake", "--until", LATIN],
        ["hold", STACK, "--awake", "--until", "9999-12-31"],
        ["wake", LATIN],
        ["status", "\x1b[31m"],
        ["link", STACK, "--name", LATIN],
        ["link", STACK, "--name", "x" * 41],
        ["link", LATIN],
        ["unpublish", LATIN],
    ],
    ids=lambda arguments: " ".join(arguments)[:40].encode("ascii", "replace").decode(),
)
def test_it_is_refused_in_a_line_that_can_be_printed(dormouse, arguments):
    before = len(dormouse.world.aws.calls)
    said = dormouse(*arguments, code=2)
    assert said.err.encode()
    assert "\x1b" not in said.err
    assert len(said.err.splitlines()[-1]) < 400
    assert dormouse.written(before) == []


def test_a_reason_in_any_language_is_kept(dormouse):
    dormouse("wake", STACK, "--no-wait", "--reason", "会議　１０時")
    assert dormouse.status()["leases"][0]["reason"] == "会議　１０時"


@pytest.mark.parametrize(
    "error",
    [
        PermanentError("found \x1b[31m" + LATIN + "x" * 1_000_000),
        SpecError("found \x1b[31m" + LATIN + "x" * 1_000_000),
        click.ClickException("found \x1b[31m" + LATIN + "x" * 1_000_000),
        UnicodeEncodeError("utf-8", LATIN, 3, 4, "surrogates not allowed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_an_error_quotes_it_can_be_printed_and_has_an_end(monkeypatch, capsys, error):
    def failing(_):
        raise error

    monkeypatch.setattr(main, "_invoke", failing)
    code = main.run([])
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert said.startswith("Error: found ")
    assert "\x1b" not in said and said.encode()
    assert len(said) < 8100


# bytes that are no UTF-8, by a shell of their own


def run(*arguments, **environment):
    """The command as a shell starts it."""
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli", *map(os.fsencode, arguments)],
        capture_output=True,
        check=False,
        env={**os.environb, b"PYTHONPATH": os.fsencode(ROOT / "src"), **_bytes(environment)},
    )
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()  # both are UTF-8


def _bytes(environment):
    return {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}


@pytest.fixture
def directory(tmp_path):
    """Of which neither its own name nor that of a file in it is UTF-8."""
    copy = tmp_path / LATIN
    shutil.copytree(ROOT / "infra" / STACK, copy)
    (copy / "nlb.tf").rename(copy / "nl\udcff.tf")
    return copy


def test_paths_that_are_no_utf_8_are_read_and_shown(directory):
    code, out, err = run("check", directory, "--stack", "abc")
    assert (code, err) == (0, "")
    assert "caf\\udce9: no problems\n" in out
    code, out, err = run("compile", directory, "--stack", "abc")
    assert (code, err) == (0, "")
    assert "nl\N{REPLACEMENT CHARACTER}.tf:2" in out


@pytest.mark.parametrize(
    ("options", "environment", "reported"),
    [
        (["-var", b"awake=\xff"], {}, "-var awake: the text is not UTF-8"),
        ([], {"TF_VAR_dormouse": b"\xff"}, "TF_VAR_dormouse: the text is not UTF-8"),
    ],
)
def test_values_that_are_no_utf_8_are_refused_by_name(directory, options, environment, reported):
    code, _, err = run("check", directory, "--stack", "abc", *options, **environment)
    assert (code, err) == (2, f"Error: {reported}\n")


@pytest.mark.parametrize("command", ["check", "plan", "hours", "doctor", "cost", "status"])
def test_no_command_ends_in_a_traceback_over_a_name(command):
    code, _, err = run(command, b"no\xff\x1b[31m", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert code in (1, 2)
    assert "\x1b" not in err
