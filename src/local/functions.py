"""
Lambda on the laptop: functions that are invoked asynchronously, and the schedule that calls one.

An invocation is a thread. It has as much time, on the simulated clock, as template.yaml gives the
function, and one that fails is called a second time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Any

from controller.domain.dataclass import dataclass
from local.clock import Clock

Handler = Callable[[dict[str, Any], Any], Any]
Failed = Callable[[Exception], None]

TIMEOUT = timedelta(seconds=300)
EVERY = timedelta(minutes=1)
TRIES = 2

ROOM = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
"""How many functions run at one time in an account that is no longer new."""


@dataclass(frozen=True, slots=True)
class Context:
    """The little of Lambda's context that the controller asks for."""

    function_name: str
    aws_request_id: str
    ends_at: datetime
    clock: Clock
    memory_limit_in_mb: int = 256

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends_at - self.clock.now()).total_seconds() * 1000))


class Function:
    """
    One function. As a context manager it is called each minute, as by EventBridge, until the end.

    `failed` receives what an invocation raised, once for each invocation.
    """

    def __init__(self, name: str, handler: Handler, clock: Clock, failed: Failed) -> None:
        self._name = name
        self._handler = handler
        self._clock = clock
        self._failed = failed
        self._numbers = count(1)
        self._running: set[threading.Thread] = set()
        self._done = threading.Event()
        self._schedule = threading.Thread(target=self._tick, daemon=True, name="schedule")

    def invoke(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `lambda:Invoke` of the type Event."""
        event = json.loads(params.get("Payload") or "{}")
        thread = threading.Thread(target=self._run, args=(event,), daemon=True, name="invocation")
        self._running.add(thread)
        thread.start()
        return {"StatusCode": 202}

    def __enter__(self) -> Function:
        self._schedule.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop calling; running invocations end with the process, as a pass may stop anywhere."""
        self._done.set()
        for thread in [self._schedule, *self._running]:
            thread.join(timeout=0.5)

    def _tick(self) -> None:
        while not self._done.is_set():
            self._call({})
            self._clock.sleep(EVERY.total_seconds())

    def _run(self, event: dict[str, Any]) -> None:
        try:
            self._call(event)
        finally:
            self._running.discard(threading.current_thread())

    def _call(self, event: dict[str, Any]) -> None:
        request_id = f"00000000-0000-0000-0000-{next(self._numbers):012}"
        for attempt in range(TRIES):
            context = Context(self._name, request_id, self._clock.now() + TIMEOUT, self._clock)
            try:
                self._handler(event, context)
                return
            except Exception as error:
                if attempt + 1 == TRIES and not self._done.is_set():
                    self._failed(error)
