"""Start a pass of the controller for one stack now."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any


def start_pass(
    lambda_: Any,
    function: str,
    stack: str,
    within: timedelta | None = None,
    correlation_id: str = "",
) -> None:
    """
    Start a pass for `stack` and do not wait for it. AWS's errors are raised unchanged.

    It has all of the function's time, or ends `within` some of it. Its log lines carry
    `correlation_id`, by default its own id.

    Nothing is lost when it fails: the stack is due, and the heartbeat comes within a minute.
    """
    event: dict[str, Any] = {"stack": stack}
    if within is not None:
        event["seconds"] = within.total_seconds()
    if correlation_id:
        event["correlation_id"] = correlation_id
    lambda_.invoke(
        FunctionName=function,
        InvocationType="Event",
        Payload=json.dumps(event).encode(),
    )


def starter(
    make_client: Callable[[], Any], function: str, correlation_id: str
) -> Callable[[str, timedelta | None], None]:
    """`start_pass` for a heartbeat; the client is made for the first pass: most start none."""

    def start(stack: str, within: timedelta | None) -> None:
        start_pass(make_client(), function, stack, within, correlation_id)

    return start
