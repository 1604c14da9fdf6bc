"""The controller's function in a process of its own, as Lambda keeps one warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from types import TracebackType
from typing import Any

from bench.function import MARK
from controller.domain.decision.lease import Lease
from controller.domain.planning.spec import Spec
from controller.store.table import Table
from local.records import create_table
from local.server import LaptopServer

TABLE = "dormouse"


class Controller:
    """
    A warm function for one stack, published and asked for in the account of `server`.

    `run_pass()` sends it one event and returns what it measures; use it as a context manager.
    """

    def __init__(self, server: LaptopServer, spec: Spec) -> None:
        self._stack = spec.stack
        publish(server, spec)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **server.environment,
            "DORMOUSE_TABLE": TABLE,
            "DORMOUSE_CONTROLLER": "controller",
            "POWERTOOLS_SERVICE_NAME": "dormouse",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.function"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run_pass(self) -> dict[str, Any]:
        """One pass: {"seconds", "cpu", "peak" (MiB), "result", "cause"}."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(f"{self._stack}\n")
        stdin.flush()
        for line in stdout:
            if line.startswith(MARK):
                measured: dict[str, Any] = json.loads(line.removeprefix(MARK))
                return measured
        raise SystemExit("the controller's process ended without an answer")

    def __enter__(self) -> Controller:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()


def publish(server: LaptopServer, spec: Spec) -> None:
    """Put the stack into a table in the account, with a lease that wants it awake."""
    dynamodb, now = server.aws.session().client("dynamodb"), server.aws.clock.now()
    create_table(dynamodb, TABLE)
    table = Table(dynamodb, TABLE)
    table.put_spec(spec, now)
    lease = Lease(
        stack=spec.stack,
        id="bench",
        holder="the bench",
        reason="",
        granted_at=now,
        expires_at=now + timedelta(hours=12),
    )
    table.grant(lease)
