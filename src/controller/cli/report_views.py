"""Progress of stacks from the records: drawn in place on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from controller.cli.views import format_duration
from controller.domain.moments import parse_moment
from controller.domain.ports import Clock
from controller.domain.report import Report, State
from controller.domain.spec import Json


class ReportView(Protocol):
    """Shows reports until it is left."""

    def __enter__(self) -> ReportView: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __call__(self, reports: Sequence[Report]) -> None: ...


def make_report_view(clock: Clock) -> ReportView:
    """The view that suits standard error: progress never mixes with data on standard output."""
    console = Console(stderr=True, highlight=False)
    return LiveReports(clock, console) if console.is_terminal else PlainReports(clock)


class PlainReports:
    """One line for each change, with the time since the start."""

    def __init__(self, clock: Clock) -> None:
        self._started_at = clock.now()
        self._shown: dict[tuple[str, str], str] = {}

    def __enter__(self) -> PlainReports:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def __call__(self, reports: Sequence[Report]) -> None:
        for report in reports:
            stack = report.spec.stack
            self._tell(stack, "", _headline(report), report.now)
            for address, text, _, _ in _rows(report, report.now):
                self._tell(stack, address, text, report.now)

    def _tell(self, stack: str, address: str, text: str, now: datetime) -> None:
        if self._shown.get((stack, address)) == text:
            return
        self._shown[stack, address] = text
        elapsed = format_duration(now - self._started_at)
        what = f"{stack}: {address}: {text}" if address else f"{stack}: {text}"
        click.echo(f"{elapsed:>12}  {what}", err=True)


class LiveReports:
    """A table for each stack, with a spinner on what is under way."""

    def __init__(self, clock: Clock, console: Console) -> None:
        self._clock = clock
        self._started_at = clock.now()
        self._reports: Sequence[Report] = ()
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=8)

    def __enter__(self) -> LiveReports:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, reports: Sequence[Report]) -> None:
        self._reports = reports

    def _draw(self) -> RenderableType:
        now = self._clock.now()
        parts: list[RenderableType] = []
        for report in self._reports:
            head = Text(f"{report.spec.stack} is {_headline(report)}", style="bold")
            elapsed = format_duration(now - self._started_at)
            left = f", about {format_duration(report.eta)} more" if report.eta else ""
            head.append(f"   {elapsed}{left}", style="dim")
            parts += [head, self._table(report, now)]
        return Group(*parts)

    def _table(self, report: Report, now: datetime) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=2)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True)
        for address, text, running, took in _rows(report, now):
            mark: RenderableType = self._spinner if running else Text("✔", style="green")
            style = "" if running else "green"
            table.add_row(mark, address, Text(text, style=style), Text(took, style="dim"))
        return table


def _headline(report: Report) -> str:
    """State, and in other words what it is busy with or why not."""
    state = str(report.state)
    text = state if report.phase in ("", state) else f"{state}: {report.phase}"
    return f"{text} ({report.cause})" if report.cause and report.state is not State.AWAKE else text


def _rows(report: Report, now: datetime) -> Iterator[tuple[str, str, bool, str]]:
    """For each resource that has been worked on: address, words, whether it still is, how long."""
    by_address: dict[str, list[dict[str, Json]]] = {}
    for step in report.steps:
        by_address.setdefault(step["address"], []).append(step)
    done = "ready" if report.state in (State.WAKING, State.AWAKE) else "gone"
    known = {resource.address for resource in report.spec.resources}
    for address, steps in by_address.items():
        last = steps[-1]
        if last["finished_at"]:
            took = parse_moment(last["finished_at"]) - parse_moment(steps[0]["started_at"])
            text = done if address in known else "free"
            yield address, text, False, format_duration(took)
        else:
            took = max(timedelta(0), now - parse_moment(last["started_at"]))
            yield address, str(last["step"]), True, format_duration(took)
