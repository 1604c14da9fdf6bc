"""
The template deployed by SAM on an AWS that others wrote, and taken out of it again.

`dormouse deploy` and `dormouse destroy` as a user runs them; load balancers, ECS and addresses are
the simulated AWS's. What neither models: docs/operations.md.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from controller.store.table import Table
from deploy import others
from deploy.emulator import running
from factories import EIP
from system.stack_under_test import FORBIDDEN

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

NO_HOURS = '{"idle_timeout": "0"}'
"""Awake only when somebody asks, whatever the time of day."""

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def emulator(tmp_path, monkeypatch):
    others.ministack(), others.sam()  # skips before anything is started
    monkeypatch.setenv("TF_VAR_dormouse", NO_HOURS)
    with running(tmp_path) as found:
        yield found


def reported(done, code=0):
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def link(done):
    (found,) = [line for line in done.stdout.splitlines() if line.startswith("https://")]
    return found


def wait_for(question, seconds=90):
    """Ask until the answer is yes; the answer."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.5)
    return answer


def balancers(emulator):
    elbv2 = emulator.laptop.aws.session().client("elbv2")
    return elbv2.describe_load_balancers()["LoadBalancers"]


def make_due(emulator):
    """As whoever cannot reach the function: only the schedule can take it up."""
    dynamodb = emulator.client("dynamodb")
    (name,) = dynamodb.list_tables()["TableNames"]
    Table(dynamodb, name).request_pass("nsfw-api", datetime.now(UTC))


def heartbeats(emulator):
    """Those that found something; the others say nothing."""
    events = emulator.client("logs").filter_log_events(
        logGroupName="/aws/lambda/dormouse-controller"
    )["events"]
    return [e for e in events if '"heartbeat"' in e["message"]]


def test_from_nothing_to_a_link_that_wakes_and_back_to_nothing(emulator):
    first = emulator.dormouse("deploy", "--config-env", "ci")
    assert "nsfw-api: published (4 resources)" in reported(first)
    page = link(first)

    assert "<!doctype html>" in emulator.open(page, accept="text/html").body.lower()
    assert emulator.open(page.replace("k=", "k=x")).status == 404
    pressed = emulator.open(page.replace("?", "/wake?"), "for=1h", content_type=FORM)
    assert pressed.status == 303
    status = page.replace("?", "/status?wait=25&")
    awake = wait_for(lambda: json.loads(emulator.open(status).body)["state"] == "awake")
    assert awake
    (balancer,) = balancers(emulator)
    assert balancer["State"]["Code"] == "active"

    keys = emulator.client("ssm").get_parameter(Name="/dormouse/dormouse/keys")["Parameter"]
    again = emulator.dormouse("deploy", "--config-env", "ci")
    assert "No changes to deploy" in reported(again)
    assert "nsfw-api: unchanged" in again.stdout
    assert emulator.open(link(again), accept="text/html").status == 200
    assert emulator.open(page, accept="text/html").status == 200
    after = emulator.client("ssm").get_parameter(Name="/dormouse/dormouse/keys")["Parameter"]
    assert (after["Value"], after["Version"]) == (keys["Value"], keys["Version"])
    assert [b["LoadBalancerArn"] for b in balancers(emulator)] == [balancer["LoadBalancerArn"]]
    make_due(emulator)
    assert wait_for(lambda: heartbeats(emulator))

    unsaid = emulator.dormouse("destroy", "--config-env", "ci")
    assert "LEAVE=asleep" in reported(unsaid, code=2)
    reported(emulator.dormouse("destroy", "--config-env", "ci", "--leave", "asleep"))
    assert balancers(emulator) == []
    assert leftovers(emulator) == []
    (address,) = (
        emulator.laptop.aws.session().client("ec2").describe_addresses(AllocationIds=[EIP])
    )["Addresses"]
    assert "AssociationId" not in address
    assert not {call.operation for call in emulator.laptop.aws.calls} & FORBIDDEN
    assert "nothing of the deployment" in reported(
        emulator.dormouse("destroy", "--config-env", "ci")
    )


def leftovers(emulator):
    """All that is there but the bucket of SAM, which other projects of the account use too."""
    stacks = emulator.client("cloudformation").describe_stacks()["Stacks"]
    bucket = emulator.client("s3").list_buckets()["Buckets"][0]["Name"]
    return [
        *(s["StackName"] for s in stacks if s["StackName"] == "dormouse"),
        *emulator.client("dynamodb").list_tables()["TableNames"],
        *(f["FunctionName"] for f in emulator.client("lambda").list_functions()["Functions"]),
        *(g["logGroupName"] for g in emulator.client("logs").describe_log_groups()["logGroups"]),
        *(t["TopicArn"] for t in emulator.client("sns").list_topics()["Topics"]),
        *(p["Name"] for p in emulator.client("ssm").describe_parameters()["Parameters"]),
        *(s["Name"] for s in emulator.client("scheduler").list_schedules()["Schedules"]),
        *(r["RoleName"] for r in emulator.client("iam").list_roles()["Roles"]),
        *(
            v["Key"]
            for v in emulator.client("s3").list_object_versions(Bucket=bucket).get("Versions", ())
        ),
    ]
