"""`dormouse rehearse`: the controller looks, and with --real the stack wakes."""

from __future__ import annotations

import json
import time

import pytest
from linked import Outsider

from controller.domain.reporting.report import State
from running_system import CREDENTIALS, running

pytestmark = pytest.mark.slow

STACK = "nsfw-api"


@pytest.fixture
def dormouse(monkeypatch, capfd):
    with running(speed=30) as system:  # what waits 90 s of the clock waits 3 s here
        for name in CREDENTIALS:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", system.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "laptop")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "laptop")
        monkeypatch.setenv("AWS_REGION", system.aws.region_name)
        while system.report().status.proof is None:  # its first pass is under way
            time.sleep(0.02)
        yield Outsider(system, capfd)


def test_it_checks_now_and_says_what_was_not_checked(dormouse):
    said = json.loads(dormouse("rehearse", STACK, "--json", code=1).out)

    assert said["proof"]["result"] == "not looked at"
    assert [each["rule"] for each in said["proof"]["findings"]] == ["image"]
    assert dormouse.system.report().state is State.ASLEEP
    assert "real" not in said
    shown = dormouse("status", STACK).out
    assert "rehearsed" in shown and "not looked at" in shown


def test_for_real_it_wakes_calls_the_service_once_and_releases_it(dormouse):
    said = dormouse("rehearse", STACK, "--real")

    assert f"{STACK}: woke in " in said.out
    assert said.out.rstrip().endswith("/ answered")
    assert dormouse.live_leases() == []
    awake = dormouse("rehearse", STACK, code=1)
    assert "expected asleep; an awake stack has proved that it can wake" in awake.err
