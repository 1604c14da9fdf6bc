"""
What the board of a hundred stacks costs, with ten thousand published.

Beside the page of one stack: the time of our own code, with the table's answers at hand. Then the
requests to the table, and the size of the page: of stacks that were just published, and of stacks
with four weeks of wakes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from board_rows import rows

from api import handler as wake_url
from bench.api import Remembering
from bench.report import Measure, interleaved
from controller.domain.reporting.board_row import Row
from controller.links import Link, Scope
from controller.store.board import Board
from installation import ENVIRONMENT, STACK, Installation
from local.aws import LaptopAws
from local.function_url import Context, make_event
from local.system import without_logs
from tables.tables import Tables

OTHERS = 9_900
TIMES = 20


def measure() -> Iterator[Measure]:
    aws = LaptopAws(profile="typical")
    Tables().play(aws)
    installation = Installation(aws=aws)
    installation.run()
    board = Board(installation.session.client("dynamodb"), "dormouse")
    for number in range(OTHERS):
        board.put_row(Row(stack=f"other-{number}", at=installation.now))
    for row in rows(100, installation.now):
        board.put_row(row)
        board.put_row(Row(stack=f"new-{row.stack[3:]}", at=installation.now))
    session = Remembering(installation.session)
    handle = wake_url.make_handler(ENVIRONMENT, session=session, clock=aws.clock)
    team = {name: _key(installation, f"{name}-*") for name in ("pr", "new")}
    page = f"/s/{STACK}?k={installation.key()}"
    with without_logs():
        many, one = interleaved(
            lambda: _milliseconds(handle, f"/?k={team['pr']}"), lambda: _milliseconds(handle, page)
        )
        yield Measure(
            name="board of 100 stacks / a stack's page",
            value=many / one,
            bound=1.5,
            detail=f"{many:.1f} ms / {one:.1f} ms of CPU",
        )
        before = session.requested
        large = _ask(handle, f"/?k={team['pr']}")
        yield Measure(name="reads of the table", value=session.requested - before, bound=1, unit="")
        japanese = _ask(handle, f"/?k={team['pr']}", "ja")
        bodies = {"new": _ask(handle, f"/?k={team['new']}"), "busy": large}
        for name, body in {**bodies, "busy Japanese": japanese}.items():
            size = len(body.encode()) / 1000
            yield Measure(name=f"size of 100 {name} stacks", value=size, bound=60, unit="kB")


def _key(installation: Installation, team: str) -> str:
    end = installation.now + timedelta(days=9)
    link = Link(stack="", team=team, scope=Scope.ADMIN, expires_at=end, id="b0a2d000")
    return installation.keys.sign(link, installation.now)


def _ask(handle: wake_url.Handle, target: str, language: str = "en") -> str:
    headers = {"accept": "text/html", "accept-language": language}
    reply: dict[str, Any] = handle(make_event("GET", target, headers), Context())
    assert reply["statusCode"] == 200, reply
    return str(reply["body"])


def _milliseconds(handle: wake_url.Handle, target: str) -> float:
    def once() -> float:
        began = time.thread_time()
        _ask(handle, target)
        return (time.thread_time() - began) * 1000

    return statistics.median(once() for _ in range(TIMES))
