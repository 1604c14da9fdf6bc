"""`dormouse backtest`: from CloudWatch over HTTP, and from a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.cli.main import run
from local.clock import ScaledClock
from local.server import LaptopServer

SHIPPED = str(Path(__file__).parents[2] / "infra" / "nsfw-api")
START = datetime(2026, 11, 2, tzinfo=UTC)
HEADER = "time,new_flows,processed_bytes,active_flows"
ONE_VISIT = [(minute, 10 * (600 <= minute < 660)) for minute in range(2880)]


def write(file: Path, rows=ONE_VISIT, header=HEADER, step=1) -> str:
    lines = [header]
    for minute, flows in rows:
        at = START + minute * step * timedelta(minutes=1)
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{flows},{flows * 900},{flows}")
    file.write_text("\n".join(lines) + "\n")
    return str(file)


@pytest.fixture
def backtest(monkeypatch, capsys):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("TF_VAR_dormouse", '{"time_zone":"UTC","idle_timeout":"30m"}')

    def command(*arguments, code=0):
        found = run(["backtest", *arguments])
        said = capsys.readouterr()
        assert found == code, said
        return said

    return command


def test_a_file_is_replayed_by_the_directorys_policy(backtest, tmp_path):
    file = write(tmp_path / "traffic.csv")
    reported = json.loads(backtest(SHIPPED, "--from", file, "--suggest", "--json").out)

    assert (reported["stack"], reported["from"]) == ("nsfw-api", "2026-11-02T00:00:00Z")
    assert reported["to"] == "2026-11-04T00:00:00Z"
    assert (reported["hours_used"], reported["unknown_hours"]) == (1, 0)
    assert reported["missed"] == [{"at": "2026-11-02T10:00:00Z", "flows": 10}]
    assert 1 < reported["hours_awake"] <= 2
    assert reported["spent"] < 0.5 < reported["always_on"]
    assert [each["covers"] for each in reported["suggestions"]] == [95, 99, 100]
    assert reported["suggestions"][2]["office_hours"] == ["Mon 10:00-11:00"]
    assert set(reported["suggestions"][0]) == {"covers", "office_hours", "spent"}


def test_people_see_the_days_the_money_and_the_moments(backtest, tmp_path):
    said = backtest(SHIPPED, "--from", write(tmp_path / "traffic.csv"), "--suggest").out

    (monday,) = [line for line in said.splitlines() if line.startswith("Mon 11-02")]
    assert monday.split()[-1] == "·" * 20 + "██░░" + "·" * 24
    assert "somebody would have met it asleep once:" in said
    assert "Mon 2026-11-02 10:00  10 connections" in said
    assert "$ saved" in said
    assert "times are in UTC, the time zone of its policy" in said
    assert said.endswith(f"Next: dormouse deploy {SHIPPED}\n")
    assert said.count('office_hours = ["Mon 10:00-11:00"]') == 1, "three that are equal are one"
    assert "# covers 100 % of the use" in said and "# covers 95 %" not in said


def test_files_that_cannot_sleep_yet_are_adopted_next(backtest, tmp_path, monkeypatch):
    monkeypatch.delenv("TF_VAR_dormouse")
    monkeypatch.setenv("TF_VAR_eip_alloc", "eipalloc-0f0f0f0f")
    stack = Path(__file__).parents[1] / "data" / "article-stack"
    said = backtest(str(stack), "--from", write(tmp_path / "traffic.csv")).out
    assert said.endswith(f"Next: dormouse adopt {stack}\n")


def test_rows_of_five_minutes_count_as_much_as_their_minutes(backtest, tmp_path):
    minutes = [(at, 4 * (600 <= at < 660)) for at in range(2880)]
    fives = [(at, 20 * (120 <= at < 132)) for at in range(576)]
    fine, coarse = (
        json.loads(backtest(SHIPPED, "--from", file, "--json").out)
        for file in (write(tmp_path / "1.csv", minutes), write(tmp_path / "5.csv", fives, step=5))
    )
    assert coarse["hours_used"] == fine["hours_used"] == 1
    assert coarse["spent"] == fine["spent"]


def test_missing_rows_are_not_known(backtest, tmp_path):
    rows = [row for row in ONE_VISIT if not 100 <= row[0] < 160]
    reported = json.loads(
        backtest(SHIPPED, "--from", write(tmp_path / "t.csv", rows), "--json").out
    )
    assert reported["unknown_hours"] == 1
    assert reported["hours_awake"] >= 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column time, new_flows, processed_bytes"),
        ("time,flows\n", "t.csv:1: no column new_flows, processed_bytes"),
        (f"{HEADER}\n", "no rows"),
        (f"{HEADER}\nyesterday,1,1,1\n", "t.csv:2: time: "),
        (f"{HEADER}\n2026-11-02T00:00:00Z,many,1,1\n", 't.csv:2: new_flows: found "many"'),
        (f"{HEADER}\n2026-11-02T00:00:00Z,-1,1,1\n", 'new_flows: found "-1"'),
        (f"{HEADER}\n2026-11-02T00:00:00Z,nan,1,1\n", 'new_flows: found "nan"'),
    ],
)
def test_what_is_wrong_with_a_file_is_named(backtest, tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text)
    found = backtest(SHIPPED, "--from", str(tmp_path / "t.csv"), code=2).err
    assert said in found and found.count("\n") == 1


def test_one_of_three_is_named(backtest, tmp_path):
    for arguments in ([], [SHIPPED, "--all"], ["--all", "--load-balancer", "x"]):
        assert "name one of DIR, --load-balancer ARN, --all" in backtest(*arguments, code=2).err
    assert "expected the ARN of a network load balancer" in (
        backtest("--load-balancer", "my-nlb", code=2).err
    )
    assert "nowhere.csv: No such file" in backtest(SHIPPED, "--from", "nowhere.csv", code=2).err


def evening():
    """Of the day before, nine in Tokyo: long after office hours, whenever the test runs."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return yesterday.replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def server():
    with LaptopServer("fast", clock=ScaledClock(1, evening()), furnish="article") as server:
        yield server


def wake(server, capsys):
    """The article's load balancer, target group, listener and service, as its files say."""
    assert run(["compile", SHIPPED]) == 0
    spec = json.loads(capsys.readouterr().out)
    balancer, group, listener, service = (each["request"] for each in spec["resources"])
    session = server.aws.session()
    elbv2, ecs = session.client("elbv2"), session.client("ecs")
    made = elbv2.create_load_balancer(**balancer)["LoadBalancers"][0]
    target = elbv2.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    elbv2.create_listener(
        **{**listener, "LoadBalancerArn": made["LoadBalancerArn"], "DefaultActions": forward}
    )
    found = {
        "cluster": service["cluster"]["name"],
        "taskDefinition": service["taskDefinition"]["family"],
        "loadBalancers": [{**service["loadBalancers"][0], "targetGroupArn": target}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                **service["networkConfiguration"]["awsvpcConfiguration"],
                "securityGroups": [],
            }
        },
    }
    ecs.create_service(**{**service, **found})
    return made


def ask(server, *arguments, code=0):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli", *arguments],
        env={**clean, "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_the_past_of_what_stands_is_read_from_cloudwatch(server, capsys):
    missing = ask(server, "backtest", SHIPPED, code=1)
    assert "no load balancer of nsfw-api exists now (looked for ecs-nlb)" in missing.stderr

    balancer = wake(server, capsys)
    begin = server.aws.clock.now() + timedelta(hours=3)
    for minute in range(60):
        server.aws.traffic.flows("ecs-nlb", begin + minute * timedelta(minutes=1), 9, 9000)
    server.aws.clock.advance(timedelta(hours=8).total_seconds())

    reported = json.loads(ask(server, "backtest", SHIPPED, "--json").stdout)
    assert reported["hours_used"] == pytest.approx(1, abs=0.1)
    assert len(reported["missed"]) == 1
    born = balancer["CreatedTime"].replace(second=0, microsecond=0)
    assert born <= datetime.fromisoformat(reported["from"]) <= born + timedelta(minutes=15)
    assert reported["spent"] < reported["always_on"]

    arn = balancer["LoadBalancerArn"]
    alone = json.loads(ask(server, "backtest", "--load-balancer", arn, "--json").stdout)
    assert (alone["load_balancer"], alone["stack"]) == (arn, "ecs-nlb")
    assert alone["always_on"] == pytest.approx(
        reported["always_on"], rel=0.01
    )  # its tasks included

    ranked = json.loads(ask(server, "backtest", "--all", "--json").stdout)["load_balancers"]
    assert [each["stack"] for each in ranked] == ["ecs-nlb"]
    listed = ask(server, "backtest", "--all").stdout
    assert "ecs-nlb" in listed
    assert "Next: dormouse adopt DIR" in listed
