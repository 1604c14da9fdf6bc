"""Progress of stacks from the records: drawn in place on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from controller.cli.screen import (
    Drawing,
    Lines,
    format_duration,
    make_steps_table,
    open_console,
)
from controller.domain.planning.spec import Json
from controller.domain.ports import Clock
from controller.domain.reporting.report import Report, State
from controller.domain.timestamps import parse_timestamp


def make_report_view(clock: Clock) -> LiveReports | PlainReports:
    """The view that suits standard error."""
    console = open_console()
    return LiveReports(clock, console) if console.is_terminal else PlainReports(clock.now())


class PlainReports(Lines):
    """One line for each change."""

    def __call__(self, reports: Sequence[Report]) -> None:
        for report in reports:
            stack = report.spec.stack
            self.say(stack, _headline(report), report.now)
            for address, text, _, _ in _rows(report, report.now):
                self.say(f"{stack}: {address}", text, report.now)


class LiveReports(Drawing):
    """A table for each stack, with a spinner on what is under way."""

    def __init__(self, clock: Clock, console: Console) -> None:
        super().__init__(clock, console)
        self._reports: Sequence[Report] = ()

    def __call__(self, reports: Sequence[Report]) -> None:
        self._reports = reports

    def draw(self) -> RenderableType:
        now = self.clock.now()
        parts: list[RenderableType] = []
        for report in self._reports:
            head = Text(f"{report.spec.stack} is {_headline(report)}", style="bold")
            elapsed = format_duration(now - self.started_at)
            left = f", about {format_duration(report.eta)} more" if report.eta else ""
            head.append(f"   {elapsed}{left}", style="dim")
            parts += [head, self._table(report, now)]
        return Group(*parts)

    def _table(self, report: Report, now: datetime) -> Table:
        table = make_steps_table()
        for address, text, running, took in _rows(report, now):
            mark: RenderableType = self.spinner if running else Text("✔", style="green")
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
            took = parse_timestamp(last["finished_at"]) - parse_timestamp(steps[0]["started_at"])
            text = done if address in known else "free"
            yield address, text, False, format_duration(took)
        else:
            took = max(timedelta(0), now - parse_timestamp(last["started_at"]))
            yield address, str(last["step"]), True, format_duration(took)
