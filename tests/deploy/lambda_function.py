"""
A Lambda function of this machine: AWS's own Runtime Interface Client around a built artifact.

    with LambdaFunction("api", handler="api.handler.handler", artifact=path, python=ric) as api:
        api.invoke(event)                      # what the handler returned, over JSON both ways

`python` is an interpreter of the function's runtime that has awslambdaric and the AWS SDK, as
Lambda's own image has. Here is the other side of it, Lambda's Runtime API (AWS Lambda Developer
Guide, "Using the Lambda runtime API"): one environment that takes one event after another.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any

import psutil

from local.http_server import HttpServer, Requests

RUNTIME = "/2018-06-01/runtime"
BORN_WITHIN = 60.0
"""Seconds that an environment is given to start, on a busy machine."""

STOP_WITHIN = 10.0


class FunctionError(Exception):
    """The handler raised, or the environment ended; `kind` is the error's type as Lambda says."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(f"{kind}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    event: Any
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    reply: Future[Any] = field(default_factory=Future)


class LambdaFunction:
    """
    Starts on entering the block and is gone at its end.

    `timeout` is what the handler is told it has, and what it is stopped after, in seconds.
    `log` gets what it prints: one JSON document a line.
    """

    def __init__(
        self,
        name: str,
        *,
        handler: str,
        artifact: Path,
        python: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        memory: int = 256,
        region: str = "us-east-1",
    ) -> None:
        self._given = {
            "handler": handler,
            "artifact": artifact,
            "python": python,
            "log": log,
            "environment": environment,
            "timeout": timeout,
            "memory": memory,
            "region": region,
        }
        self.name = name
        self.timeout = timeout
        self.log = log
        self.arn = f"arn:aws:lambda:{region}:123456789012:function:{name}"
        self.waiting: Queue[Invocation | None] = Queue()
        self.under_way: dict[str, Invocation] = {}
        self.asks = threading.Event()
        self._command = [str(python), "-m", "awslambdaric", handler]
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/tmp",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            **(environment or {}),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "LAMBDA_TASK_ROOT": str(artifact),
            "PYTHONPATH": str(artifact),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._artifact = artifact
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LambdaFunction:
        self._server = _RuntimeApi(self).start()
        here = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}"}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self._command,
                cwd=self._artifact,
                env=self.environment | here,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        threading.Thread(target=self._mourn, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.waiting.put(None)
        self._server.stop()

    def copy(self, **changes: Any) -> LambdaFunction:
        """Another one like it, not yet started."""
        return LambdaFunction(self.name, **{**self._given, **changes})

    def wait_until_born(self) -> None:
        """Return once its modules are imported and it asks for a first event."""
        if not self.asks.wait(BORN_WITHIN):
            raise FunctionError("Runtime.Timeout", f"{self.name} has not started; see {self.log}")
        if self.process and self.process.poll() is not None:
            raise FunctionError("Runtime.ExitError", f"{self.name} has ended; see {self.log}")

    def invoke(self, event: Any) -> Any:
        """Hand an event over and wait for what the handler returns; raises FunctionError."""
        self.wait_until_born()
        return self.invoke_later(event).result(self.timeout + STOP_WITHIN)

    def invoke_later(self, event: Any) -> Future[Any]:
        """As an asynchronous invocation: it is queued, and nobody need wait."""
        invocation = Invocation(event=event)
        self.waiting.put(invocation)
        return invocation.reply

    def logged(self) -> list[dict[str, Any]]:
        """The JSON documents that it has printed."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def peak_memory(self) -> int:
        """The most bytes of memory that it has held at one time (Linux, VmHWM)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def cpu_seconds(self) -> float:
        """The processor's time that it has taken so far."""
        assert self.process is not None
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def _mourn(self) -> None:
        """Whoever waits for a process that has ended is told."""
        assert self.process is not None
        code = self.process.wait()
        self.asks.set()
        for invocation in list(self.under_way.values()):
            if not invocation.reply.done():
                error = FunctionError("Runtime.ExitError", f"{self.name} ended with {code}")
                invocation.reply.set_exception(error)


class _RuntimeApi(HttpServer):
    def __init__(self, function: LambdaFunction) -> None:
        self.function = function
        super().__init__(_Environment)


class _Environment(Requests):
    server: _RuntimeApi

    def do_GET(self) -> None:
        """The environment asks for its next event."""
        function = self.server.function
        function.asks.set()
        invocation = function.waiting.get()
        if invocation is None:
            self.close_connection = True
            return
        function.under_way[invocation.id] = invocation
        deadline = int((time.time() + function.timeout) * 1000)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": function.arn,
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
        }
        self.send(200, json.dumps(invocation.event).encode(), headers)

    def do_POST(self) -> None:
        """It answers, or says what went wrong."""
        body = self.read_body()
        *_, id_, verb = self.path.split("/")
        invocation = self.server.function.under_way.pop(id_, None)
        if invocation:
            content = json.loads(body or b"null")
            if verb == "response":
                invocation.reply.set_result(content)
            else:
                kind, message = content.get("errorType", ""), content.get("errorMessage", "")
                invocation.reply.set_exception(FunctionError(kind, message))
        self.send(202)
