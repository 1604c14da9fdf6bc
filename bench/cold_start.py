"""
A cold start as Lambda does it: the built artifact under the Runtime Interface Client.

The processor's time from the start of the process to the answer to its first event, compared with
a function that contains only AWS's own libraries; and the memory of a pass that wakes a stack. The
first pass is that of a sleeping stack: it makes clients of several services, the bare function one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.report import Measure, interleaved
from deploy.artifact import build
from deploy.cloud import running
from deploy.lambda_function import LambdaFunction
from deploy.side_venv import SideVenvError, find_python, locked, side_venv
from local.function_url import make_event

MEBIBYTE = 1024 * 1024

BARE = """
def answer(event, context):
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
    Logger().info("request")
    return LambdaFunctionUrlResolver().resolve(event, context)

def look(event, context):
    import boto3
    return boto3.Session().client("dynamodb").query(
        TableName="{table}", IndexName="due", KeyConditionExpression="due = :due",
        ExpressionAttributeValues={{":due": {{"S": "due"}}}})["Count"]
"""
"""What routes a request and logs it, and what asks the table one question; nothing of ours."""

_STRANGER = make_event("GET", "/s/nsfw-api?k=nothing", {"host": "laptop"})


def measure() -> Iterator[Measure]:
    try:
        python = side_venv("runtime", locked("runtime"), python=find_python("3.13"))
    except SideVenvError as error:
        yield Measure(name="cold start", skipped=str(error))
        return
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        artifact, logs = Path(place, "artifact"), Path(place, "logs")
        build("Controller", artifact)
        logs.mkdir()
        cloud = stack.enter_context(running(artifact, python, logs))
        table = cloud.controller.environment["DORMOUSE_TABLE"]
        (artifact / "bare.py").write_text(BARE.format(table=table))
        yield _ratio("first answer of the wake URL", cloud.api, "answer", _STRANGER)
        yield _ratio("first heartbeat", cloud.controller, "look", {})
        yield _ratio("first pass", cloud.controller, "look", cloud.event("async_pass"), 2.5)
        knock = make_event("GET", "/d/nsfw-api/nothing/", {"host": "laptop"})
        yield _ratio("first answer of the door", cloud.door, "answer", knock, 1.5)
        held = cloud.door_event(prefer="respond-async")
        yield _ratio("first wake by the door", cloud.door, "look", held, 1.5)
        cloud.grant()
        cloud.controller.invoke(cloud.event("async_pass"))
        cloud.api.invoke(cloud.event("url_get_page"))
        for function in (cloud.controller, cloud.api, cloud.door):
            yield Measure(
                name=f"memory of {function.name}",
                value=function.peak_memory() / MEBIBYTE,
                bound=128,
                unit="MiB",
                detail="the most that it held, of 256, after a wake and a page",
            )


def _ratio(
    name: str, function: LambdaFunction, handler: str, event: Any, bound: float = 2
) -> Measure:
    least = function.copy(handler=f"bare.{handler}")
    ours, theirs = interleaved(
        lambda: _seconds(function.copy(), event), lambda: _seconds(least.copy(), event)
    )
    return Measure(
        name=f"{name} / that of a bare function",
        value=ours / theirs,
        bound=bound,
        detail=f"{ours:.2f} s / {theirs:.2f} s",
    )


def _seconds(function: LambdaFunction, event: Any) -> float:
    """From nothing to the first answer."""
    with function:
        function.invoke(event)
        return function.cpu_seconds()
