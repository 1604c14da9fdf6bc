"""The demo by itself: somebody presses, uses what has woken, and leaves it alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import click

from controller.cli.demo_views import LOOK_SECONDS, News
from controller.domain.reporting.report import FAILED, Report, State

if TYPE_CHECKING:
    from local.system import LaptopSystem

WAKES_FOR = "1h"
USES = 3
LONGEST = timedelta(hours=4)
"""No play lasts longer, on its own clock."""

BEFORE = timedelta(minutes=1)
"""The clock jumps to so long before the stack may go to sleep."""


def play_through(system: LaptopSystem, speed: float) -> bool:
    """Press, wait, use, leave alone, and wait. False when it did not wake, or did not sleep."""
    player = _Player(system, News(system, speed))
    player.press()
    if not player.watch(lambda report: report.state is State.AWAKE):
        return False
    player.use()
    player.leave_alone()
    return player.watch(lambda report: report.state is State.ASLEEP)


class _Player:
    def __init__(self, system: LaptopSystem, news: News) -> None:
        self._system = system
        self._news = news
        self._ends_at = system.now + LONGEST

    def press(self) -> None:
        """Send what the page's button sends."""
        click.echo('\nSomebody opens the wake link and presses "Wake for 1 hour":\n')
        address, _, key = self._system.link(name="a visitor").partition("?")
        form = f"for={WAKES_FOR}".encode()
        with urlopen(Request(f"{address}/wake?{key}", data=form, method="POST")) as page:
            page.read()

    def watch(self, arrived: Callable[[Report], bool]) -> bool:
        """Tell what happens until the stack has arrived; False if it never will."""
        while self._system.now < self._ends_at:
            report = self._system.report()
            for line in self._news.lines():
                click.echo(line)
            if report.phase == FAILED or report.status.blocked:
                return False
            if arrived(report):
                return True
            sleep(LOOK_SECONDS)
        click.echo(f"It took longer than {LONGEST}.", err=True)
        return False

    def use(self) -> None:
        url = (self._system.report().endpoint or {}).get("url")
        click.echo()
        if url is None:
            click.echo("It has no link that could be opened, so nobody uses it here.")
            return
        # The laptop plays what is behind a load balancer that ends TLS.
        url = str(url).replace("https://", "http://", 1)
        click.secho(f"$ curl {url}", bold=True)
        for use in range(USES):
            answer = _ask(url)
            if use == 0:
                click.echo(answer.strip())

    def leave_alone(self) -> None:
        """Jump to shortly before each moment at which it may go to sleep, until it does."""
        click.echo("\nThen it is left alone, and the clock jumps ahead:\n")
        while self._system.now < self._ends_at:
            report = self._system.report()
            if report.state is not State.AWAKE:
                return
            if report.decision.until and report.decision.until - BEFORE > self._system.now:
                self._system.jump_to(report.decision.until - BEFORE)
            for line in self._news.lines():
                click.echo(line)
            sleep(LOOK_SECONDS)


def _ask(url: str) -> str:
    for _ in range(20):
        try:
            with urlopen(url, timeout=2) as reply:
                return str(reply.read().decode())
        except OSError:
            sleep(0.1)  # the port opens within a moment of the health check
    return "(no answer: another program of this machine uses that port)"
