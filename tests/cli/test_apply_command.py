"""
`dormouse plan`, `apply` and `hours` on the simulated AWS over HTTP.

Where the process itself is what is asked about, it is one, on a clock that runs fast. Elsewhere the
command runs in this process, on the server's clock, which only it moves: however slow the machine
is, nothing is late.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from controller.cli.main import run
from local.clock import ManualClock
from local.faults import Fault
from local.server import LaptopServer

MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
SHIPPED = str(Path(__file__).parents[2] / "infra" / "nsfw-api")


@pytest.fixture
def server():
    with LaptopServer("fast", clock=ManualClock(MORNING), furnish="article") as server:
        yield server


@pytest.fixture
def running_server():
    """A minute passes in a second."""
    with LaptopServer("fast", speed=60, furnish="article") as server:
        yield server


@pytest.fixture
def dormouse(monkeypatch, capfd):
    """Runs a command in this process, with nothing of AWS around it but this server."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TF_"))]:
        monkeypatch.delenv(name)

    def command(*arguments, server=None, **environment):
        for name, value in {**address(server), **environment}.items():
            monkeypatch.setenv(name, value)
        if server:
            monkeypatch.setattr("controller.cli.target.open_clock", lambda: server.aws.clock)
        capfd.readouterr()
        try:
            code = run(list(arguments))
        except SystemExit as end:
            code = end.code
        return CompletedProcess(arguments, code, *capfd.readouterr())

    return command


def address(server):
    return {"AWS_ENDPOINT_URL": server.url} if server else {}


def surroundings(server):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    return {**clean, **address(server)}


def as_process(*arguments, server=None):
    return subprocess.run(
        [sys.executable, "-m", "controller.cli", *arguments],
        env=surroundings(server),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_stack_is_planned_woken_and_put_to_sleep(running_server, dormouse):
    server = running_server
    planned = as_process("plan", SHIPPED, "--json", server=server)
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert (plan["stack"], plan["to"]) == ("nsfw-api", "awake")
    assert [a["verb"] for a in plan["actions"]] == ["create"] * 4
    position = {a["address"]: n for n, a in enumerate(plan["actions"])}
    assert all(position[b] < position[a["address"]] for a in plan["actions"] for b in a["after"])
    assert not server.aws.calls.writes()

    woken = as_process("apply", SHIPPED, "--to", "awake", "--json", server=server)
    assert woken.returncode == 0, woken.stderr
    result = json.loads(woken.stdout)
    assert result["state"] == "awake"
    assert result["endpoint"] == {
        "ip": "203.0.113.25",
        "port": 5000,
        "url": "http://203.0.113.25:5000/",
    }
    assert result["seconds"] > 60
    assert {step["address"] for step in result["steps"]} >= set(position)
    assert all(step["finished_at"] for step in result["steps"])

    again = dormouse("plan", SHIPPED, server=server)
    assert again.stdout == 'Nothing to do: stack "nsfw-api" is awake.\n'
    down = json.loads(dormouse("plan", SHIPPED, "--to", "asleep", "--json", server=server).stdout)
    kinds = [a["kind"] for a in down["actions"]]
    assert kinds == ["service", "listener", "load_balancer", "target_group"]

    slept = dormouse("apply", SHIPPED, "--to", "asleep", server=server)
    assert slept.returncode == 0, slept.stderr
    assert slept.stdout.startswith("nsfw-api is asleep (took ")
    assert "aws_lb.nlb[0]: gone" in slept.stderr


def test_what_is_not_in_the_files_any_more_is_named_by_plan_and_apply(dormouse, server, tmp_path):
    """The load balancer was renamed while it stood: the old one costs on, and nobody hides it."""
    renamed = tmp_path / "nsfw-api"
    shutil.copytree(SHIPPED, renamed)
    assert dormouse("apply", SHIPPED, "--to", "awake", server=server).returncode == 0
    files = renamed / "fargate.tf"
    files.write_text(files.read_text().replace('"nsfw_api_service"', '"nsfw_api"'))

    plan = dormouse("plan", str(renamed), server=server)
    assert 'warning: service "nsfw_api_service"' in plan.stdout
    slept = dormouse("apply", str(renamed), "--to", "asleep", server=server)
    assert slept.returncode == 1
    assert 'service "nsfw_api_service" (aws_ecs_service.nsfw_service/0)' in slept.stderr
    assert "dormouse sweep --delete" in slept.stderr


def test_a_wake_that_cannot_finish_is_taken_down_and_exits_with_1(dormouse, server):
    server.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    done = dormouse("apply", SHIPPED, "--to", "awake", "--json", server=server)

    assert done.returncode == 1
    assert "CannotPullContainerError" in done.stderr
    result = json.loads(done.stdout)
    assert result["state"] == "asleep"
    assert "CannotPullContainerError" in result["error"]
    left = server.aws.session().client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert left == []


def balancers(server):
    return server.aws.session().client("elbv2").describe_load_balancers()["LoadBalancers"]


@pytest.mark.parametrize("operation", ["DescribeServices", "CreateListener", "CreateService"])
def test_one_token_that_ran_out_in_the_middle_of_a_wake_is_no_reason_to_tear_it_down(
    dormouse, server, operation
):
    server.aws.faults.add(Fault(operation=operation, code="ExpiredToken", status=400))
    done = dormouse("apply", SHIPPED, "--to", "awake", "--json", server=server)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "awake"
    assert len(server.aws.calls.of("CreateLoadBalancer")) == 1
    assert not server.aws.calls.of("DeleteLoadBalancer")


def test_credentials_that_have_run_out_leave_a_wake_as_it_is_and_say_so(dormouse, server):
    server.aws.faults.add(
        Fault(operation="CreateService", code="ExpiredToken", status=400, times=math.inf)
    )
    done = dormouse("apply", SHIPPED, "--to", "awake", "--json", server=server)
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "asleep"
    assert "half-way to awake and was left as it is" in done.stderr
    assert "may cost money" in done.stderr
    assert len(balancers(server)) == 1

    server.aws.faults.clear()
    again = dormouse("apply", SHIPPED, "--to", "awake", server=server)
    assert again.returncode == 0, again.stderr


def test_a_stack_that_serves_people_is_not_taken_down_for_a_task_that_does_not_come_up(
    dormouse, server, tmp_path
):
    directory = tmp_path / "nsfw-api"
    shutil.copytree(SHIPPED, directory)
    files = directory / "fargate.tf"
    assert dormouse("apply", str(directory), "--to", "awake", server=server).returncode == 0

    files.write_text(files.read_text().replace("desired_count    = 1", "desired_count    = 2"))
    server.aws.conditions.containers("nsfw-api-container", "exits_at_once")
    done = dormouse("apply", str(directory), "--to", "awake", "--json", server=server)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["state"], result["endpoint"]["port"]) == ("awake", 5000)
    assert "is awake, but runs with 1 of 2 tasks" in done.stderr
    assert len(balancers(server)) == 1
    assert not server.aws.calls.of("DeleteService")


def test_without_credentials_nothing_is_said_to_cost_money(dormouse, tmp_path):
    """Nothing was looked at, so nothing can have been made."""
    done = dormouse(
        "apply", SHIPPED, "--to", "awake", AWS_EC2_METADATA_DISABLED="true", HOME=str(tmp_path)
    )
    assert done.returncode == 1
    assert (
        done.stderr.count("Unable to locate credentials; log in (aws configure, aws sso login)")
        == 1
    )
    assert "cost money" not in done.stderr and len(done.stderr.splitlines()) == 1


def test_an_endpoint_that_does_not_answer_is_one_line_and_exit_1(dormouse):
    done = dormouse(
        "plan",
        SHIPPED,
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_MAX_ATTEMPTS="1",
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Could not connect" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "no-such-directory"),
        ("apply", SHIPPED),
        ("apply", SHIPPED, "--to", "sideways"),
        ("hours", SHIPPED, "--from", "tomorrow"),
    ],
)
def test_wrong_input_exits_with_2_and_touches_nothing(dormouse, arguments):
    done = dormouse(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error" in done.stderr


def test_hours_are_the_schedules_in_utc(dormouse):
    done = dormouse("hours", SHIPPED, "--from", "2026-03-27", "--days", "4", "--json")
    reported = json.loads(done.stdout)

    assert reported["stack"] == "nsfw-api"
    assert reported["time_zone"] == "Asia/Tokyo"
    assert reported["windows"] == [
        {"opens_at": "2026-03-27T00:00:00Z", "closes_at": "2026-03-27T09:00:00Z"},
        {"opens_at": "2026-03-30T00:00:00Z", "closes_at": "2026-03-30T09:00:00Z"},
    ]


def spoken(folder, protocol: str, port: int) -> str:
    """The shipped stack with a listener that speaks something else."""
    copy = Path(shutil.copytree(SHIPPED, folder / "garden"))
    front = copy / "nlb.tf"
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/a"
    certificate = f'  certificate_arn = "{arn}"\n' if protocol == "TLS" else ""
    text = front.read_text().replace("  port              = local.port\n", f"  port = {port}\n")
    text = text.replace(
        '  protocol          = "TCP"\n', f'  protocol = "{protocol}"\n{certificate}'
    )
    if protocol == "UDP":
        text = text.replace('  protocol    = "TCP"\n', '  protocol    = "UDP"\n')
    front.write_text(text)
    return str(copy)


@pytest.mark.parametrize(
    ("protocol", "port", "said"),
    [
        ("TLS", 443, "https://203.0.113.25:443/"),
        ("TCP", 443, "https://203.0.113.25:443/"),
        ("UDP", 27015, "203.0.113.25:27015 (UDP)"),
    ],
)
def test_the_address_is_one_that_opens(dormouse, server, tmp_path, protocol, port, said):
    folder = spoken(tmp_path, protocol, port)
    woken = dormouse("apply", folder, "--to", "awake", server=server)
    assert woken.returncode == 0, woken.stderr
    assert woken.stdout.splitlines()[-1].startswith(f"garden is awake at {said} (took ")

    reported = dormouse("apply", folder, "--to", "awake", "--json", server=server)
    url = said if protocol != "UDP" else None
    assert json.loads(reported.stdout)["endpoint"]["url"] == url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_ending_it_prints_how_to_continue(running_server, number):
    """A CI job that is cancelled gets SIGTERM: what stands then costs."""
    server = running_server
    server.aws.conditions.load_balancer("ecs-nlb", "provisioning")
    process = subprocess.Popen(
        [sys.executable, "-m", "controller.cli", "apply", SHIPPED, "--to", "awake"],
        env=surroundings(server),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        for _ in range(600):
            if server.aws.calls.of("CreateLoadBalancer"):
                break
            time.sleep(0.1)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "stopped half-way to awake; run the same command to continue" in said
    assert "Traceback" not in said
