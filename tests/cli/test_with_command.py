"""`dormouse with`: awake as long as the command runs; its signals, exit codes and address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from deployed import STACK, deploy
from linked import Outsider, cut_off_from_aws

from api.handler import make_handler
from controller.domain.reporting.report import State
from controller.domain.text import LONGEST_REASON
from local.function_url import FunctionUrl
from local.system import ENVIRONMENT
from running_system import CREDENTIALS, running

pytestmark = pytest.mark.slow

PYTHON = sys.executable


@pytest.fixture(scope="module")
def system():
    with running(speed=120) as system:
        yield system


@pytest.fixture
def outside(system, monkeypatch, capfd):
    cut_off_from_aws(monkeypatch)
    outside = Outsider(system, capfd)
    monkeypatch.setenv("DORMOUSE_LINK", outside.link(name="ci"))
    yield outside
    assert outside.live_leases() == []  # whatever came of it


def python(code: str) -> tuple[str, ...]:
    return "--", PYTHON, "-c", code


def start(outside: Outsider, *arguments: str) -> subprocess.Popen[str]:
    """As a process of its own, as a CI runs it: in a session of its own, without a terminal."""
    clean = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
    return subprocess.Popen(
        [PYTHON, "-m", "controller.cli", "with", *arguments],
        env={**clean, "DORMOUSE_LINK": outside.link(name="ci")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hear_signals,
    )


def wake_url_of(system):
    """Its handler, for an address of the test's own."""
    return make_handler(ENVIRONMENT, session=system.aws.session(), clock=system.aws.clock)


def _hear_signals() -> None:
    """Where the tests run in the background, or under nohup, these are ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def wait_for(path: Path) -> None:
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


def test_the_command_runs_while_it_is_awake_and_gets_its_address(outside, tmp_path):
    code = (
        "import os, urllib.request as u; a = os.environ['DORMOUSE_ENDPOINT']; "
        "print(a, u.urlopen(a + '/x').status)"
    )
    said = outside("with", "--for", "30m", "--reason", "tests", *python(code))

    assert said.out == f"http://{outside.system.service.ip}:5000 200\n"
    assert f"{STACK}: waking" in said.err or f"{STACK}: awake" in said.err
    leases = outside.system.table.load(STACK).leases
    latest = max(leases, key=lambda lease: lease.granted_at)
    assert (latest.holder, latest.reason) == ("ci", "tests")
    assert latest.released_at is not None


@pytest.mark.parametrize("code", [0, 1, 2, 125])
def test_its_exit_code_is_that_of_the_command(outside, code):
    outside("with", *python(f"raise SystemExit({code})"), code=code)


def test_a_command_that_a_signal_ends_gives_128_and_its_number(outside):
    outside("with", *python("import os; os.kill(os.getpid(), 9)"), code=137)


def test_a_command_that_is_not_there_wakes_nothing(outside, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program")
    before = len(outside.system.table.load(STACK).leases)
    assert "there is no command" in outside("with", "--", "no-such-command", code=127).err
    assert "is no program" in outside("with", "--", str(plain), code=126).err
    assert len(outside.system.table.load(STACK).leases) == before


@pytest.mark.parametrize("arguments", [(), ("--",), ("true",), ("--for", "10m", "--")])
def test_without_a_command_it_says_how_it_is_meant(outside, arguments):
    assert 'write it after "--"' in outside("with", *arguments, code=2).err


def test_without_a_link_it_says_that_a_secret_may_be_empty(outside, monkeypatch):
    monkeypatch.setenv("DORMOUSE_LINK", "")
    assert "a secret may be empty here" in outside("with", "--", "true", code=2).err


@pytest.mark.parametrize("path", ["/a b", "/é", "/a\n"])
def test_a_path_that_cannot_be_requested_wakes_nothing(outside, path):
    """It was asked for until patience was over, with the stack awake."""
    before = len(outside.system.table.load(STACK).leases)
    assert "percent-encode it" in outside("with", "--ready", path, "--", "true", code=2).err
    assert len(outside.system.table.load(STACK).leases) == before


def test_a_reason_that_is_too_long_is_cut_and_fails_no_job(outside):
    outside("with", "--reason", "names of a CI\n" * 50, "--", "true")
    reason = max(outside.system.table.load(STACK).leases, key=lambda one: one.granted_at).reason
    assert len(reason) == LONGEST_REASON and reason.startswith("names of a CI names")


def test_options_of_the_command_are_its_own(outside):
    said = outside(
        "with", "--", PYTHON, "-c", "import sys; print(sys.argv[1:])", "--for", "--", "-h"
    )
    assert said.out == "['--for', '--', '-h']\n"


def test_a_link_that_may_not_wake_is_125_and_runs_nothing(outside):
    said = outside("with", outside.link("view"), "--", "echo", "ran", code=125)
    assert said.out == ""
    assert said.err.splitlines()[-1].endswith('This link allows "view"; this needs "wake"')


def test_it_begins_once_a_path_answers_as_it_is_to(outside):
    said = outside("with", "--ready", "/healthz", "--shows", "container", "--", "echo", "ran")
    assert said.out == "ran\n"


def test_a_service_that_does_not_become_ready_is_125_with_the_last_answer(outside):
    said = outside(
        "with", "--shows", "never there", "--patience", "1s", "--", "echo", "ran", code=125
    )
    assert said.out == ""
    assert said.err.splitlines()[-1] == (
        'Error: / was not ready within 1s: the answer does not hold "never there"'
    )


def test_it_is_kept_awake_for_as_long_as_the_command_runs(outside):
    """Its lease is ten minutes: 5 s of this machine's time."""
    code = (
        "import time, os, urllib.request as u; time.sleep(8); "
        "print(u.urlopen(os.environ['DORMOUSE_ENDPOINT']).status)"
    )
    began = outside.system.now
    assert outside("with", *python(code)).out == "200\n"
    assert outside.system.now - began > timedelta(minutes=15)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_reaches_the_command_and_what_it_makes_of_it_counts(outside, tmp_path, number):
    ready = tmp_path / "ready"
    code = (
        "import signal, sys, time, pathlib\n"
        f"signal.signal({int(number)}, lambda *_: (print('heard'), sys.exit(7)))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)"
    )
    process = start(outside, *python(code))
    wait_for(ready)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (7, "heard\n"), err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_while_it_waits_releases_what_was_requested(outside, number, code):
    process = start(outside, "--shows", "never there", "--", "echo", "ran")
    while not outside.live_leases():
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, ""), err


def test_a_signal_during_the_request_releases_what_was_recorded_already(outside):
    """The lease is there and its answer is not when Ctrl-C comes."""
    handle, pressed = wake_url_of(outside.system), []

    def press(event, context):
        answer = handle(event, context)
        if event["rawPath"].endswith("/wake") and not pressed:
            pressed.append(len(outside.live_leases()))
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
        return answer

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background
    try:
        with FunctionUrl(press) as url:
            _, _, path = outside.link().partition("/s/")
            outside("with", f"{url.address}/s/{path}", "--", "echo", "ran", code=130)
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [1]
    assert outside.live_leases() == []


def test_a_killed_runner_costs_ten_minutes_at_most(outside, tmp_path):
    ready = tmp_path / "ready"
    process = start(
        outside, *python(f"import pathlib; pathlib.Path({str(ready)!r}).touch(); input()")
    )
    wait_for(ready)
    process.kill()
    process.communicate(timeout=60)
    at = outside.system.now
    for lease in outside.live_leases():
        assert lease.expires_at <= at + timedelta(minutes=11)
        assert lease.released_at is None
    outside.system.jump_to(at + timedelta(minutes=11))


def test_a_lost_network_is_said_once_and_does_not_end_the_command(system, monkeypatch, capfd):
    """In the middle of the run the wake URL is gone for a while."""
    cut_off_from_aws(monkeypatch)
    outside = Outsider(system, capfd)
    handle = wake_url_of(system)
    lost = {"from": time.monotonic() + 3600.0}

    def flaky(event, context):
        if lost["from"] <= time.monotonic() < lost["from"] + 2:
            return {"statusCode": 502, "body": "Internal Server Error"}
        return handle(event, context)

    with FunctionUrl(flaky) as url:
        _, _, path = outside.link().partition("/s/")
        outside("wake", f"{url.address}/s/{path}")  # so that it is awake at once
        lost["from"] = time.monotonic() + 3
        said = outside("with", f"{url.address}/s/{path}", *python("import time; time.sleep(9)"))
        outside("release", f"{url.address}/s/{path}")
    assert said.err.count("just now: nsfw-api: HTTP 502; it is tried again") == 1
    assert said.err.count("renewed again") == 1


# with rights in AWS


@pytest.fixture
def dormouse(monkeypatch, capfd):
    monkeypatch.delenv("DORMOUSE_LINK", raising=False)
    return deploy(monkeypatch, capfd, "Sat 07:00")


def test_with_rights_in_aws_a_name_does_the_same(dormouse):
    said = dormouse(
        "with", STACK, "--id", "e2e", *python("import os; print(os.environ['DORMOUSE_ENDPOINT'])")
    )
    assert said.out == "http://203.0.113.25:5000\n"
    (lease,) = dormouse.leases()
    assert lease.id.startswith("cli#ann#e2e#")
    assert lease.released_at is not None and lease.expires_at <= dormouse.world.now


def test_what_would_not_wake_is_125_with_the_cause_last(dormouse):
    dormouse.world.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    said = dormouse("with", STACK, "--", "echo", "ran", code=125)
    assert said.out == ""
    last = said.err.splitlines()[-1]
    assert last.startswith(f"Error: {STACK} did not wake and is put back to sleep")
    assert "CannotPullContainerError" in last
    assert dormouse.status()["state"] != State.AWAKE


def test_an_unknown_stack_is_125(dormouse):
    said = dormouse("with", "other", "--", "echo", "ran", code=125)
    assert said.err.startswith('Error: stack "other" is not published')
