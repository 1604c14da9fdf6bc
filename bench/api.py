"""
What a request to the wake URL costs.

The first request: CPU time of a process from before its imports to the answer, compared with one
that routes the request with Powertools and reads the table once. Then warm requests: the time of
our own code and the router's, with the table's answer cached, and their calls to AWS.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from api import handler as wake_url
from bench.first_event import cpu_of_first
from bench.report import Measure
from controller.bootstrap import bootstrap
from controller.links import Scope
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec
from local.clock import ScaledClock
from local.function_url import Context, make_event
from local.server import LaptopServer
from local.system import ENVIRONMENT, deploy, sign, without_logs

STACK = "nsfw-api"
POLICY = {
    "time_zone": "Asia/Tokyo",
    "office_hours": [[["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]],
}
TIMES = 300

OURS = """
from api.handler import handler
answer = handler(event, context)
assert answer["statusCode"] == 200, answer
"""

BARE = """
import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
logger, app = Logger(), LambdaFunctionUrlResolver()
@app.get("/s/<stack>/status")
@app.get("/s/<stack>")
def status(stack):
    reply = boto3.client("dynamodb").query(
        TableName="dormouse", KeyConditionExpression="pk = :pk", ConsistentRead=True,
        ExpressionAttributeValues={":pk": {"S": f"stack#{stack}"}})
    return {"items": reply["Count"]}
answer = app.resolve(event, context)
assert answer["statusCode"] == 200, answer
logger.info("request")
"""


@dataclass
class Remembering:
    """A session whose DynamoDB answers a question that it knows from memory; it counts them."""

    session: Any
    known: dict[str, Any] = field(default_factory=dict)
    requested: int = 0

    def client(self, name: str, **options: Any) -> Any:
        client = self.session.client(name, **options)
        return _Client(self, client) if name == "dynamodb" else client


class _Client:
    def __init__(self, memory: Remembering, client: Any) -> None:
        self._memory = memory
        self._client = client

    def query(self, **request: Any) -> Any:
        key = repr(request)
        self._memory.requested += 1
        if key not in self._memory.known:
            self._memory.known[key] = self._client.query(**request)
        return self._memory.known[key]


def measure() -> Iterator[Measure]:
    spec = article_spec(policy=POLICY)
    with LaptopServer(clock=ScaledClock(1), furnish="article") as server:
        aws = server.aws
        keys = deploy(aws, spec)
        key = sign(keys, STACK, aws.clock.now(), Scope.WAKE)
        controller = bootstrap(
            ENVIRONMENT,
            session=aws.session(),
            clock=aws.clock,
            side_by_side=one_by_one,
            rehearses=False,
        )
        controller.run_pass(STACK, "bench", timedelta(minutes=5))
        yield _first(server, "status", _event(key), 1.5)
        yield _first(server, "page", _event(key, "", "text/html"), None)
        with without_logs():
            yield from _warm(aws, key)


def _first(
    server: LaptopServer, name: str, requested: dict[str, Any], bound: float | None
) -> Measure:
    """A page also takes Jinja2, whose import alone is a fifth of the bare function's time."""
    environment = {**server.environment, **ENVIRONMENT, "POWERTOOLS_SERVICE_NAME": "dormouse"}
    ours, theirs = cpu_of_first(OURS, BARE, requested, environment)
    return Measure(
        name=f"imports and first {name} / a bare function's",
        value=ours / theirs,
        bound=bound,
        detail=f"{ours:.2f} s / {theirs:.2f} s of CPU",
    )


def _warm(aws: Any, key: str) -> Iterator[Measure]:
    session = Remembering(aws.session())
    handle = wake_url.make_handler(ENVIRONMENT, session=session, clock=aws.clock)
    bad = f"{key[:-6]}AAAAAA"
    handle(_event(key), Context())
    calls, session.requested = len(aws.calls), 0
    status, rejected = _milliseconds(handle, key, 200), _milliseconds(handle, bad, 404)
    yield Measure(name="status: our own time", value=status, bound=2, unit="ms", detail=_DETAIL)
    yield Measure(
        name="status: reads of the table", value=session.requested / TIMES, bound=2, unit=""
    )
    yield Measure(
        name="rejected key: our own time", value=rejected, bound=0.3, unit="ms", detail=_DETAIL
    )
    yield Measure(
        name="rejected key with a thousand spaces",
        value=_milliseconds(handle, bad, 404, f"application/json,{' ' * 980},"),
        bound=0.6,
        unit="ms",
        detail=_DETAIL,
    )
    yield Measure(name="all: other calls to AWS", value=len(aws.calls) - calls, bound=0, unit="")


_DETAIL = f"CPU, median of {TIMES}"


def _milliseconds(
    handle: wake_url.Handle, key: str, expected: int, accept: str = "application/json"
) -> float:
    def once() -> float:
        event, context = _event(key, accept=accept), Context()
        began = time.thread_time()
        reply = handle(event, context)
        took = time.thread_time() - began
        assert reply["statusCode"] == expected, reply
        return took * 1000

    return statistics.median(once() for _ in range(TIMES))


def _event(key: str, path: str = "/status", accept: str = "application/json") -> dict[str, Any]:
    return make_event("GET", f"/s/{STACK}{path}?k={key}", {"accept": accept})
