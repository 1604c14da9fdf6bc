"""`dormouse plan`, `apply` and `hours` as a user runs them, on the simulated AWS over HTTP."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.faults import Fault
from local.server import LaptopServer

SHIPPED = str(Path(__file__).parents[2] / "infra" / "nsfw-api")


@pytest.fixture
def server():
    """Ten minutes pass in a second."""
    with LaptopServer("fast", speed=600, furnish="article") as server:
        yield server


def dormouse(*arguments: str, endpoint: str = "", **environment: str):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    if endpoint:
        clean["AWS_ENDPOINT_URL"] = endpoint
    return subprocess.run(
        [sys.executable, "-m", "controller.cli", *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_stack_is_planned_woken_and_put_to_sleep(server):
    planned = dormouse("plan", SHIPPED, "--json", endpoint=server.url)
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert (plan["stack"], plan["to"]) == ("nsfw-api", "awake")
    assert [a["verb"] for a in plan["actions"]] == ["create"] * 4
    position = {a["address"]: n for n, a in enumerate(plan["actions"])}
    assert all(position[b] < position[a["address"]] for a in plan["actions"] for b in a["after"])
    assert not server.aws.calls.writes()

    woken = dormouse("apply", SHIPPED, "--to", "awake", "--json", endpoint=server.url)
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

    again = dormouse("plan", SHIPPED, endpoint=server.url)
    assert again.stdout == 'Nothing to do: stack "nsfw-api" is awake.\n'
    down = json.loads(
        dormouse("plan", SHIPPED, "--to", "asleep", "--json", endpoint=server.url).stdout
    )
    kinds = [a["kind"] for a in down["actions"]]
    assert kinds == ["service", "listener", "load_balancer", "target_group"]

    slept = dormouse("apply", SHIPPED, "--to", "asleep", endpoint=server.url)
    assert slept.returncode == 0, slept.stderr
    assert slept.stdout.startswith("nsfw-api is asleep (took ")
    assert "aws_lb.nlb[0]: gone" in slept.stderr


def test_what_is_not_in_the_files_any_more_is_named_by_plan_and_apply(server, tmp_path):
    """The load balancer was renamed while it stood: the old one costs on, and nobody hides it."""
    renamed = tmp_path / "nsfw-api"
    shutil.copytree(SHIPPED, renamed)
    assert dormouse("apply", SHIPPED, "--to", "awake", endpoint=server.url).returncode == 0
    files = renamed / "fargate.tf"
    files.write_text(files.read_text().replace('"nsfw_api_service"', '"nsfw_api"'))

    plan = dormouse("plan", str(renamed), endpoint=server.url)
    assert 'warning: service "nsfw_api_service"' in plan.stdout
    slept = dormouse("apply", str(renamed), "--to", "asleep", endpoint=server.url)
    assert slept.returncode == 1
    assert 'service "nsfw_api_service" (aws_ecs_service.nsfw_service/0)' in slept.stderr
    assert "dormouse sweep --delete" in slept.stderr


def test_a_wake_that_cannot_finish_is_taken_down_and_exits_with_1(server):
    server.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    done = dormouse("apply", SHIPPED, "--to", "awake", "--json", endpoint=server.url)

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
    server, operation
):
    server.aws.faults.add(Fault(operation=operation, code="ExpiredToken", status=400))
    done = dormouse("apply", SHIPPED, "--to", "awake", "--json", endpoint=server.url)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "awake"
    assert len(server.aws.calls.of("CreateLoadBalancer")) == 1
    assert not server.aws.calls.of("DeleteLoadBalancer")


def test_credentials_that_have_run_out_leave_a_wake_as_it_is_and_say_so(server):
    server.aws.faults.add(
        Fault(operation="CreateService", code="ExpiredToken", status=400, times=math.inf)
    )
    done = dormouse("apply", SHIPPED, "--to", "awake", "--json", endpoint=server.url)
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "asleep"
    assert "half-way to awake and was left as it is" in done.stderr
    assert "may cost money" in done.stderr
    assert len(balancers(server)) == 1

    server.aws.faults.clear()
    again = dormouse("apply", SHIPPED, "--to", "awake", endpoint=server.url)
    assert again.returncode == 0, again.stderr


def test_a_stack_that_serves_people_is_not_taken_down_for_a_task_that_does_not_come_up(
    server, tmp_path
):
    directory = tmp_path / "nsfw-api"
    shutil.copytree(SHIPPED, directory)
    files = directory / "fargate.tf"
    assert dormouse("apply", str(directory), "--to", "awake", endpoint=server.url).returncode == 0

    files.write_text(files.read_text().replace("desired_count    = 1", "desired_count    = 2"))
    server.aws.conditions.containers("nsfw-api-container", "exits_at_once")
    done = dormouse("apply", str(directory), "--to", "awake", "--json", endpoint=server.url)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert (result["state"], result["endpoint"]["port"]) == ("awake", 5000)
    assert "is awake, but runs with 1 of 2 tasks" in done.stderr
    assert len(balancers(server)) == 1
    assert not server.aws.calls.of("DeleteService")


def test_without_credentials_nothing_is_said_to_cost_money(tmp_path):
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


def test_an_endpoint_that_does_not_answer_is_one_line_and_exit_1():
    done = dormouse(
        "plan",
        SHIPPED,
        endpoint="http://127.0.0.1:9",
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
def test_wrong_input_exits_with_2_and_touches_nothing(arguments):
    done = dormouse(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error" in done.stderr


def test_hours_are_the_schedules_in_utc():
    done = dormouse("hours", SHIPPED, "--from", "2026-03-27", "--days", "4", "--json")
    told = json.loads(done.stdout)

    assert told["stack"] == "nsfw-api"
    assert told["time_zone"] == "Asia/Tokyo"
    assert told["windows"] == [
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
def test_the_address_is_one_that_opens(server, tmp_path, protocol, port, said):
    folder = spoken(tmp_path, protocol, port)
    woken = dormouse("apply", folder, "--to", "awake", endpoint=server.url)
    assert woken.returncode == 0, woken.stderr
    assert woken.stdout.splitlines()[-1].startswith(f"garden is awake at {said} (took ")

    told = dormouse("apply", folder, "--to", "awake", "--json", endpoint=server.url)
    url = said if protocol != "UDP" else None
    assert json.loads(told.stdout)["endpoint"]["url"] == url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_whoever_ends_it_is_told_how_to_go_on(server, number):
    """A CI job that is cancelled gets SIGTERM: what stands then costs."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    server.aws.conditions.load_balancer("ecs-nlb", "provisioning")
    process = subprocess.Popen(
        [sys.executable, "-m", "controller.cli", "apply", SHIPPED, "--to", "awake"],
        env={**clean, "AWS_ENDPOINT_URL": server.url},
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
    assert "stopped half-way to awake; run the same command to go on" in said
    assert "Traceback" not in said
