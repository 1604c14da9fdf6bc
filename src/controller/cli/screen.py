"""What every view of progress is made of: drawn in place on a terminal, lines in a pipe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from controller.domain.ports import Clock


def open_console() -> Console:
    """Standard error: progress never mixes with data on standard output."""
    return Console(stderr=True, highlight=False)


def format_duration(duration: timedelta) -> str:
    """Write a duration as people say it: 8 s, 1 min 42 s, 2 h 05 min."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


class Lines:
    """
    A line whenever an item has news, with the time since the start, or where that is not known
    since the first of them.
    """

    def __init__(self, started_at: datetime | None) -> None:
        self._started_at = started_at
        self._said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def say(self, thing: str, text: str, now: datetime, *, before: str = "") -> None:
        """`before` is the known state at the start."""
        if self._said.get(thing, before) != text:
            self._said[thing] = text
            self._started_at = self._started_at or now
            elapsed = format_duration(now - self._started_at)
            click.echo(f"{elapsed:>12}  {thing}: {text}", err=True)


class Drawing(ABC):
    """Drawn in place, with a spinner on what is under way, until it is left."""

    def __init__(self, clock: Clock, console: Console) -> None:
        self.clock = clock
        self.started_at = clock.now()
        self.spinner = Spinner("dots")
        self._console = console
        self._live: Live | None = None

    @abstractmethod
    def draw(self) -> RenderableType:
        """How it looks now; asked several times a second."""

    def __enter__(self) -> Self:
        # Not sooner: it draws at once, so the whole view must exist by then.
        self._live = Live(console=self._console, get_renderable=self.draw, refresh_per_second=8)
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.__exit__(kind, error, trace)


def make_steps_table() -> Table:
    """Mark, subject, state, duration."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=2)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    return table
