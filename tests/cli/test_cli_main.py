"""The command itself, as a process: what it imports, how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.cli.main import COMMANDS, run

LONG = 'locals {\n  a = [for n in range(1000) : "0123456789"]\n}\n'


def dormouse(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "controller.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


def test_help_lists_every_command():
    result = dormouse("--help")
    assert result.returncode == 0
    for name, (_, text) in COMMANDS.items():
        assert f"{name} " in result.stdout and text in result.stdout


def test_every_listed_command_exists(capsys):
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: dormouse {name}")


def test_check_does_not_import_what_apply_needs(tmp_path):
    (tmp_path / "main.tf").write_text("locals {}\n")
    code = (
        "import sys; from controller.cli.main import run; "
        f"code = run(['check', {str(tmp_path)!r}, '--stack', 'x']); "
        "bad = {'boto3', 'rich', 'jinja2', 'moto', 'holidays', 'yaml'} & set(sys.modules); "
        "sys.exit(f'imported {bad}' if bad else code)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_help_imports_no_command():
    code = (
        "import sys; from controller.cli.main import run; run(['--help']); "
        "sys.exit(any(m.startswith(('controller.hcl', 'botocore')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_an_unknown_command_is_input_that_is_wrong():
    result = dormouse("snooze")
    assert result.returncode == 2
    assert "snooze" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], 'No such command "chek"; did you mean "check"; see dormouse -h'),
        (["snooze"], "No such command 'snooze'; see dormouse -h"),
        (["check"], "Missing argument 'DIR'; see dormouse check -h"),
        (["demo", "--speed", "0"], "x<=600; see dormouse demo -h"),
        (["check", "--loud", "."], "see dormouse check -h"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(capsys, arguments, said):
    assert run(arguments) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Error: ") and said in shown
    assert shown.count("\n") == 1


def test_a_reader_that_has_enough_is_no_error_message(tmp_path):
    """As in `dormouse console DIR local.a | head -1`."""
    (tmp_path / "main.tf").write_text(LONG)
    with subprocess.Popen(
        [sys.executable, "-m", "controller.cli", "console", str(tmp_path), *["local.a"] * 99],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == b"[\n"
        process.stdout.close()
        errors = process.stderr.read()
    assert b"Traceback" not in errors
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device elsewhere")
@pytest.mark.parametrize(
    ("where", "code", "said"),
    [
        (">/dev/full", 1, "Error: cannot write the output: No space left on device\n"),
        (">/dev/full 2>&1", 1, ""),
        (">&-", 0, ""),
    ],
)
def test_an_output_that_cannot_be_written_is_one_line(tmp_path, where, code, said):
    (tmp_path / "main.tf").write_text("locals {}\n")
    command = f'"{sys.executable}" -m controller.cli console "{tmp_path}" 1 {where}'
    ended = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (code, said)


@pytest.mark.skipif(os.name != "posix", reason="interrupts are another thing elsewhere")
def test_an_interrupt_ends_without_a_traceback(tmp_path):
    (tmp_path / "main.tf").write_text("locals {}\n")
    with subprocess.Popen(
        [sys.executable, "-m", "controller.cli", "console", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(b"1\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"1\n"  # it is waiting for the next expression now
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert b"Traceback" not in errors
