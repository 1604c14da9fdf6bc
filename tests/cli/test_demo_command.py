"""`dormouse demo` as a user runs it: by itself in a pipe, and until Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from controller.hcl.world import Inputs
from controller.mapping.compile import compile_stack
from controller.settings import DEPLOYMENT
from controller.timing_file import find_timing
from local.system import laptop_system

SHIPPED = str(Path(__file__).parents[2] / "infra" / "nsfw-api")
PATIENCE = 120

pytestmark = pytest.mark.slow


def start(*arguments: str) -> subprocess.Popen:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "controller.cli", "demo", SHIPPED, *arguments],
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen, pattern: str) -> re.Match:
    """The first line that matches; what came before is given where none does."""
    read = []
    for line in process.stdout:
        read.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"no {pattern!r} in {''.join(read)} {process.stderr.read()}")


def test_without_a_terminal_it_presses_uses_and_leaves_alone_by_itself():
    process = start("--speed", "300", "--profile", "fast", "--port", "0")
    said, wrong = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, said + wrong
    assert wrong == ""
    order = [
        "nsfw-api is asleep",
        "$ curl -i http://127.0.0.1:",
        "waking up: a visitor asked for it",
        "aws_lb.nlb[0]: creating",
        "awake at http://127.0.0.",
        "The program has its answer:",
        "HTTP/1.1 200",
        "Dormouse-Held: ",
        "hello from your container",
        "going to sleep: ",
        "asleep: only the Elastic IP is left",
        "What it cost",
        "Twenty such uses a month",
    ]
    places = [said.find(words) for words in order]
    assert -1 not in places and places == sorted(places), said


def test_a_press_wakes_what_answers_and_two_interrupts_end_it_with_the_bill():
    process = start("--no-play", "--speed", "300", "--profile", "fast", "--port", "0")
    try:
        link = read_until(process, r"http://127\.0\.0\.1:\d+/s/nsfw-api\?k=\S+")[0]
        endpoint = read_until(process, r"AWS_ENDPOINT_URL=(\S+)")[1]
        press = Request(link.replace("?", "/wake?"), data=b"for=1h", method="POST")
        with urlopen(press) as page:
            assert page.status == 200
        service = read_until(process, r"awake at (\S+) after")[1]
        assert answers(service)
        assert status(endpoint)["endpoint"]["url"] == service
        process.send_signal(signal.SIGINT)
        read_until(process, "What it cost")
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        wrong = process.communicate()[1]

    assert wrong == ""
    assert "load balancer" in said and "Always on" in said
    assert not any(is_open(url) for url in (link, endpoint, service))


def test_a_port_that_is_taken_is_one_line_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = start("--port", str(port))
        said, wrong = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (2, "")
    assert wrong == (
        f"Error: port {port} is taken by another program; "
        "name another by --port, or 0 for any that is free\n"
    )


def status(endpoint: str) -> dict:
    """As another terminal asks for it."""
    command = [sys.executable, "-m", "controller.cli", "status", "nsfw-api", "--json"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DORMOUSE_"))}
    reported = subprocess.run(
        command,
        env={**environment, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"},
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(reported.stdout)


def answers(url: str) -> bool:
    for _ in range(100):
        try:
            with urlopen(url, timeout=5) as reply:
                return b"hello" in reply.read()
        except OSError:
            time.sleep(0.1)  # the port opens within a moment of the health check
    return False


def is_open(url: str) -> bool:
    host, port = re.search(r"//([\d.]+):(\d+)", url).groups()
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_its_account_has_room_for_functions_so_doctor_has_nothing_to_say_of_it():
    compiled = compile_stack(Path(SHIPPED), Inputs(), datetime(2026, 11, 23, tzinfo=UTC))
    with laptop_system(compiled.spec, speed=60, port=0) as system:
        functions = system.aws.session().client("lambda")
        room = functions.get_account_settings()["AccountLimit"]
        name = f"{DEPLOYMENT}-api"
        assert "ReservedConcurrentExecutions" not in (
            functions.get_function_concurrency(FunctionName=name)
        )
    assert room["UnreservedConcurrentExecutions"] >= 100


def test_a_pace_that_is_no_profile_is_refused_in_one_line(tmp_path):
    pace = tmp_path / "pace.json"
    pace.write_text('{"eip_relase": 60}')
    process = start("--profile", str(pace))
    _, wrong = process.communicate(timeout=PATIENCE)

    assert process.returncode == 2
    assert f'{pace}: there is no field "eip_relase"; did you mean eip_release' in wrong
    assert wrong.count("\n") == 1


def test_it_takes_the_pace_of_a_file(tmp_path):
    spec = compile_stack(Path(SHIPPED), Inputs(), datetime.now(UTC)).spec
    assert spec is not None
    pace = tmp_path / "pace.json"
    pace.write_text('{"name": "here", "eip_release": 133}')
    with laptop_system(spec, speed=600, profile=find_timing(str(pace))) as system:
        assert (system.aws.timing.name, system.aws.timing.eip_release) == ("here", 133)
