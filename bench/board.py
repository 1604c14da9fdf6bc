"""
What the board of a hundred stacks costs, with ten thousand published.

Beside the page of one stack: the time of our own code, with the table's answers at hand. Each
request comes 20 seconds after the one before, as those of an open page do; the first of a process
writes each row anew. Then the requests to the table, and the size of the page: of stacks that were
just published, and of stacks with four weeks of wakes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from board_rows import rows

from api import board_lines
from api import handler as wake_url
from api.board_page import POLL
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


@dataclass
class Polling:
    """A clock for requests that come one after the other, as far apart as a page's."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def measure() -> Iterator[Measure]:
    aws = LaptopAws(profile="typical")
    Tables().play(aws)
    installation = Installation(aws=aws)
    installation.run()
    rows_of = Board(installation.session.client("dynamodb"), "dormouse")
    for number in range(OTHERS):
        rows_of.put_row(Row(stack=f"other-{number}", at=installation.now))
    for row in rows(100, installation.now):
        rows_of.put_row(row)
        rows_of.put_row(Row(stack=f"new-{row.stack[3:]}", at=installation.now))
    session, clock = Remembering(installation.session), Polling(installation.now)
    handle = wake_url.make_handler(ENVIRONMENT, session=session, clock=clock)
    team = {name: _key(installation, f"{name}-*") for name in ("pr", "new")}
    page = f"/s/{STACK}?k={installation.key()}"
    with without_logs():
        board = partial(_ask, handle, f"/?k={team['pr']}")
        many, one = interleaved(
            lambda: _milliseconds(clock, board),
            lambda: _milliseconds(clock, partial(_ask, handle, page)),
        )
        yield Measure(
            name="board of 100 stacks / a stack's page",
            value=many / one,
            bound=1.5,
            detail=f"{many:.1f} ms / {one:.1f} ms of CPU",
        )
        first = _milliseconds(clock, board, board_lines.around_money.cache_clear)
        yield Measure(
            name="first board of a process / a stack's page",
            value=first / one,
            detail=f"{first:.1f} ms / {one:.1f} ms of CPU",
        )
        before = session.requested
        large = board()
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


def _milliseconds(
    clock: Polling, ask: Callable[[], str], before: Callable[[], None] = lambda: None
) -> float:
    def once() -> float:
        clock.sleep(POLL[False])
        before()
        began = time.thread_time()
        ask()
        return (time.thread_time() - began) * 1000

    return statistics.median(once() for _ in range(TIMES))
