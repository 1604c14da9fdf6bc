"""The demo by itself: somebody presses, uses what has woken, and leaves it alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import click

from controller.cli.demo_views import LOOK_SECONDS, News
from controller.domain.planning.endpoint import scheme_of, takes_http
from controller.domain.reporting.report import FAILED, Report, State

if TYPE_CHECKING:
    from local.system import LaptopSystem

WAKES_FOR = "1h"
USES = 3
PATIENCE_SECONDS = 300
"""Real ones: at the slowest speed a hold lasts that long."""

LONGEST = timedelta(hours=4)
"""No play lasts longer, on its own clock."""

BEFORE = timedelta(minutes=1)
"""The clock jumps to this long before the stack may go to sleep."""


def play_through(system: LaptopSystem, speed: float) -> bool:
    """Press, wait, use, leave alone, and wait. False when it did not wake, or did not sleep."""
    player = _Player(system, News(system, speed))
    player.press()
    program = player.start_program()
    if not player.watch(lambda report: report.state is State.AWAKE):
        return False
    if program:
        program.show()
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

    def start_program(self) -> _Program | None:
        """Let a program ask by its door, which holds the request; None for what takes no HTTP."""
        spec = self._system.spec
        # The simulated AWS plays a target behind a load balancer that ends TLS.
        if not takes_http(spec) or scheme_of(spec) == "https":
            return None
        address = self._system.door("a program", "orders")
        click.echo(
            "At the same time a program sends a request to its door. It waits for the answer:\n"
        )
        click.secho(f"$ curl -i {address}\n", bold=True)
        return _Program(address)

    def watch(self, arrived: Callable[[Report], bool]) -> bool:
        """Print what happens until the stack has arrived; False if it never will."""
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
        # The simulated AWS plays a target behind a load balancer that ends TLS.
        url = str(url).replace("https://", "http://", 1)
        click.secho(f"$ curl {url}", bold=True)
        for use in range(USES):
            answer = _request(url)
            if use == 0:
                click.echo(answer.strip())

    def leave_alone(self) -> None:
        """Jump to shortly before each moment at which it may go to sleep, until it does."""
        click.echo("\nThen nobody uses it any more, and the clock jumps ahead:\n")
        while self._system.now < self._ends_at:
            report = self._system.report()
            if report.state is not State.AWAKE:
                return
            if report.decision.until and report.decision.until - BEFORE > self._system.now:
                self._system.jump_to(report.decision.until - BEFORE)
            for line in self._news.lines():
                click.echo(line)
            sleep(LOOK_SECONDS)


class _Program:
    """One request by the door, in a thread, as it waits for as long as the stack wakes."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._said = "(no answer)"
        self._thread = Thread(target=self._request, daemon=True)
        self._thread.start()

    def show(self) -> None:
        self._thread.join(PATIENCE_SECONDS)
        click.echo(f"\nThe program has its answer:\n\n{self._said}")

    def _request(self) -> None:
        """Once; and again if the answer says so, as a slow machine's clock runs ahead."""
        end = monotonic() + PATIENCE_SECONDS
        while self._is_told_to_come_again() and monotonic() < end:
            sleep(LOOK_SECONDS)

    def _is_told_to_come_again(self) -> bool:
        request = Request(self._address, headers={"Accept": "application/json"})
        try:
            with urlopen(request, timeout=PATIENCE_SECONDS) as reply:
                self._said = _shown(reply.status, reply.headers, reply.read())
        except HTTPError as error:
            self._said = _shown(error.code, error.headers, error.read())
            return error.code == HTTPStatus.SERVICE_UNAVAILABLE
        except OSError as error:
            self._said = f"(no answer: {error})"
        return False


def _shown(status: int, headers: Any, body: bytes) -> str:
    held = headers.get("Dormouse-Held", "")
    return f"HTTP/1.1 {status}\nDormouse-Held: {held}\n\n{body.decode('utf-8', 'replace').strip()}"


def _request(url: str) -> str:
    for _ in range(20):
        try:
            with urlopen(url, timeout=2) as reply:
                return str(reply.read().decode())
        except OSError:
            sleep(0.1)  # the port opens within a moment of the health check
    return "(no answer: another program of this machine uses that port)"
