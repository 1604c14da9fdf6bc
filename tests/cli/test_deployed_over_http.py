"""
The commands against a simulated AWS over HTTP, with a controller beside them.

The first of each kind is a process of its own; what is asked again, this process asks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deployed import SHIPPED, STACK

from controller.bootstrap import bootstrap
from controller.cli.main import run
from controller.store.table import Table
from local.clock import ScaledClock
from local.records import create_table
from local.server import LaptopServer
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest

pytestmark = pytest.mark.slow

SATURDAY = datetime(2026, 11, 28, 3, tzinfo=UTC)
"""Outside office hours, and two days before the next."""

POLICY = """dormouse={
  time_zone = "Asia/Tokyo", office_hours = ["Mon-Fri 09:00-18:00"], idle_timeout = "0"
}"""
"""Nobody uses it, and on a slow machine half an hour of its time is soon over."""


class Laptop:
    """A server, the table, and a heartbeat that runs what is due."""

    def __init__(self, server: LaptopServer, output: Any) -> None:
        self._output = output
        session = server.aws.session()
        create_table(session.client("dynamodb"), "dormouse")
        self.url, self.sut = server.url, StackUnderTest(server.aws)
        self.table = Table(session.client("dynamodb"), "dormouse")
        self._controller = bootstrap(
            {"DORMOUSE_TABLE": "dormouse", "DORMOUSE_CONTROLLER": "dormouse-controller"},
            session=session,
            clock=server.aws.clock,
        )
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat)
        self._heart.start()

    def _beat(self) -> None:
        while not self._over.wait(0.05):
            for stack in self.table.due(self.sut.aws.clock.now()):
                self._controller.run_pass(stack, "heartbeat", timedelta(minutes=5))

    def close(self) -> None:
        self._over.set()
        self._heart.join()

    def __call__(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "controller.cli", *arguments],
            env={**cleaned(), **self._settings()},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done
        return done

    def here(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """The same in this process."""
        with pytest.MonkeyPatch.context() as patch:
            for name in set(os.environ) - set(cleaned()):
                patch.delenv(name)
            for name, value in self._settings().items():
                patch.setenv(name, value)
            self._output.readouterr()
            found = run(list(arguments))
        done = subprocess.CompletedProcess(arguments, found, *self._output.readouterr())
        assert found == code, done
        return done

    def _settings(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "DORMOUSE_TABLE": "dormouse",
            "USER": "ann",
            "LOGNAME": "ann",
        }


def cleaned() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}


@pytest.fixture
def laptop(capfd):
    clock = ScaledClock(120, SATURDAY)
    with LaptopServer("fast", clock=clock, furnish="article") as server:
        made = Laptop(server, capfd)
        yield made
        made.close()


def test_a_stack_is_published_woken_looked_at_and_put_to_sleep(laptop):
    publish = ("publish", str(SHIPPED), "-var", POLICY)
    assert laptop(*publish).stdout == f"{STACK}: published (4 resources)\n"
    assert laptop.here(*publish).stdout == f"{STACK}: unchanged\n"
    assert laptop.sut.standing() == ASLEEP

    woken = laptop("wake", STACK, "--for", "12h")
    assert woken.stdout.startswith(f"{STACK} is awake at http://203.0.113.25:5000/ until")
    assert f"{STACK}: waking" in woken.stderr
    assert laptop.sut.standing() == AWAKE
    assert laptop.table.load(STACK).leases[0].holder == "ann"

    reported = json.loads(laptop("status", STACK, "--json").stdout)
    assert (reported["state"], reported["endpoint"]["ip"]) == ("awake", "203.0.113.25")
    assert laptop.here("status").stdout.startswith(f"{STACK}  awake")

    slept = laptop("sleep", STACK, "--wait")
    assert slept.stdout.startswith(f"{STACK} is asleep until Mon 30 Nov 08:")
    assert laptop.sut.standing() == ASLEEP


def test_a_wake_that_fails_exits_with_1_and_says_why(laptop):
    laptop.sut.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    laptop.here("publish", str(SHIPPED))
    failed = laptop("wake", STACK, code=1)
    assert failed.stdout == ""
    assert "CannotPullContainerError" in failed.stderr.splitlines()[-1]


def test_what_is_not_there_is_one_line(laptop):
    unknown = laptop("wake", "nobody", code=2)
    assert unknown.stderr.startswith('Error: stack "nobody" is not published')
    other = laptop.here("status", "--deployment", "other", code=1)
    assert other.stderr.startswith('Error: cannot find the deployment "other"')
    assert len(other.stderr.splitlines()) == 1
