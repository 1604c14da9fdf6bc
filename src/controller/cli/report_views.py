"""Progress of stacks from the records: drawn in place on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from controller.cli.stack_status import StackStatus
from controller.domain.planning.spec import Json
from controller.domain.ports import Clock
from controller.domain.reporting.report import State
from controller.domain.timestamps import parse_timestamp


def make_report_view(clock: Clock) -> LiveReports | PlainReports:
    """The view that suits standard error."""
    console = open_console()
    return LiveReports(clock, console) if console.is_terminal else PlainReports()


class PlainReports(Lines):
    """One line for each change, by the clock of whoever prints it."""

    def __init__(self) -> None:
        super().__init__(None)

    def __call__(self, reports: Sequence[StackStatus]) -> None:
        for status in reports:
            self.say(status.stack, _headline(status), status.now)
            for address, text, _, _ in _rows(status, status.now):
                self.say(f"{status.stack}: {address}", text, status.now)


class LiveReports(Drawing):
    """A table for each stack, with a spinner on what is under way."""

    def __init__(self, clock: Clock, console: Console) -> None:
        super().__init__(clock, console)
        self._reports: Sequence[StackStatus] = ()
        self._seen_at = self.started_at

    def __call__(self, reports: Sequence[StackStatus]) -> None:
        self._reports, self._seen_at = reports, self.clock.now()

    def draw(self) -> RenderableType:
        now = self.clock.now()
        parts: list[RenderableType] = []
        for status in self._reports:
            head = Text(f"{status.stack} is {_headline(status)}", style="bold")
            elapsed = format_duration(now - self.started_at)
            left = f", about {format_duration(status.eta)} more" if status.eta else ""
            head.append(f"   {elapsed}{left}", style="dim")
            parts += [head, self._table(status, status.now + (now - self._seen_at))]
        return Group(*parts)

    def _table(self, status: StackStatus, now: datetime) -> Table:
        table = make_steps_table()
        for address, text, running, took in _rows(status, now):
            mark: RenderableType = self.spinner if running else Text("✔", style="green")
            style = "" if running else "green"
            table.add_row(mark, address, Text(text, style=style), Text(took, style="dim"))
        return table


def _headline(status: StackStatus) -> str:
    """The state, and its present step or the cause that blocks it."""
    state = str(status.state)
    text = state if status.phase in ("", state) else f"{state}: {status.phase}"
    return f"{text} ({status.cause})" if status.cause and status.state is not State.AWAKE else text


ADDRESS = "eipalloc-"
"""The prefix of Elastic IP ids: they have steps besides the resources."""


def _rows(status: StackStatus, now: datetime) -> Iterator[tuple[str, str, bool, str]]:
    """For each resource that has been worked on: address, words, whether it still is, how long."""
    by_address: dict[str, list[Mapping[str, Json]]] = {}
    for step in status.steps:
        by_address.setdefault(step["address"], []).append(step)
    done = "ready" if status.state in (State.WAKING, State.AWAKE) else "gone"
    for address, steps in by_address.items():
        last = steps[-1]
        if last["finished_at"]:
            took = parse_timestamp(last["finished_at"]) - parse_timestamp(steps[0]["started_at"])
            text = "free" if address.startswith(ADDRESS) else done
            yield address, text, False, format_duration(took)
        else:
            took = max(timedelta(0), now - parse_timestamp(last["started_at"]))
            yield address, str(last["step"]), True, format_duration(took)
