"""
What starting costs: the command line's compile, the functions' imports, and their first event.

Ratios of processor time. A pass of a sleeping stack is the controller's most frequent one; the bare
function reads the table once and logs a line. An import that the first event needs saves nothing if
it is postponed, so the imports are measured alone and together with the first event.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from bench.first_event import cpu_of_first
from bench.report import Measure, compiled, cpu_seconds, interleaved
from controller.bootstrap import bootstrap
from controller.reconcile.side_by_side import one_by_one
from factories import article_spec
from local.clock import ScaledClock
from local.server import LaptopServer
from local.system import ENVIRONMENT, deploy

ARTICLE = "tests/data/article-stack"
STACK = "nsfw-api"

COLD_PARSE = f"""
from pathlib import Path
import hcl2
for path in sorted(Path({ARTICLE!r}).rglob("*.tf")):
    hcl2.parses_to_tree(path.read_text())
"""
"""python-hcl2 alone on the same files, in a fresh process, with its grammar's cache in place."""

IMPORTS = {
    "controller": "controller.handlers.entry",
    "wake URL": "api.handler",
    "door": "door.handler",
}

BASE = "import boto3\nfrom aws_lambda_powertools import Logger"

OURS = """
from controller.handlers.entry import handler
handler(event, context)
"""

BARE = f"""
{BASE}
boto3.Session().client("dynamodb").query(
    TableName={ENVIRONMENT["DORMOUSE_TABLE"]!r}, IndexName="due",
    KeyConditionExpression="due = :due",
    ExpressionAttributeValues={{":due": {{"S": "due"}}}})
Logger().info("heartbeat")
"""


def measure() -> Iterator[Measure]:
    with compiled() as environment:
        yield _check(environment)
        for name, module in IMPORTS.items():
            yield _import(name, module, environment)
        yield from _first_events(environment)


def _check(environment: Mapping[str, str]) -> Measure:
    check = [sys.executable, "-c", "from controller.cli.main import main; main()", "check", ARTICLE]
    ours, theirs = _in_turn(check, [sys.executable, "-c", COLD_PARSE], environment)
    return Measure(
        name="dormouse check / python-hcl2's cold parse",
        value=ours / theirs,
        bound=1.8,
        detail=f"{ours:.2f} s / {theirs:.2f} s, the article's stack",
    )


def _import(name: str, module: str, environment: Mapping[str, str]) -> Measure:
    handler = [sys.executable, "-c", f"import {module}"]
    ours, theirs = _in_turn(handler, [sys.executable, "-c", BASE], environment)
    return Measure(
        name=f"import of the {name}'s handler / boto3 and Logger",
        value=ours / theirs,
        bound=1.3,
        detail=f"{ours:.2f} s / {theirs:.2f} s",
    )


def _in_turn(
    ours: list[str], theirs: list[str], environment: Mapping[str, str]
) -> tuple[float, float]:
    for command in (ours, theirs):
        cpu_seconds(command, environment)  # the first run fills the caches of later ones
    return interleaved(
        lambda: cpu_seconds(ours, environment), lambda: cpu_seconds(theirs, environment), times=15
    )


def _first_events(environment: Mapping[str, str]) -> Iterator[Measure]:
    with LaptopServer(clock=ScaledClock(1), furnish="article") as server:
        _put_to_sleep(server)
        given = {**environment, **server.environment, **ENVIRONMENT}
        yield _first("heartbeat", {}, given)
        yield _first("pass of a sleeping stack", {"stack": STACK}, given)


def _put_to_sleep(server: LaptopServer) -> None:
    aws = server.aws
    deploy(aws, article_spec())
    controller = bootstrap(
        ENVIRONMENT, session=aws.session(), clock=aws.clock, side_by_side=one_by_one
    )
    controller.run_pass(STACK, "bench", timedelta(minutes=5))


def _first(name: str, event: dict[str, Any], environment: Mapping[str, str]) -> Measure:
    ours, theirs = cpu_of_first(OURS, BARE, event, environment)
    return Measure(
        name=f"imports and first {name} / a bare function's",
        value=ours / theirs,
        bound=2,
        detail=f"{ours:.2f} s / {theirs:.2f} s",
    )
