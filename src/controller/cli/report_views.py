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
from controller.cli.told import Told
from controller.domain.planning.spec import Json
from controller.domain.ports import Clock
from controller.domain.reporting.report import State
from controller.domain.timestamps import parse_timestamp


def make_report_view(clock: Clock) -> LiveReports | PlainReports:
    """The view that suits standard error."""
    console = open_console()
    return LiveReports(clock, console) if console.is_terminal else PlainReports()


class PlainReports(Lines):
    """One line for each change, by the clock of whoever tells."""

    def __init__(self) -> None:
        super().__init__(None)

    def __call__(self, reports: Sequence[Told]) -> None:
        for told in reports:
            self.say(told.stack, _headline(told), told.now)
            for address, text, _, _ in _rows(told, told.now):
                self.say(f"{told.stack}: {address}", text, told.now)


class LiveReports(Drawing):
    """A table for each stack, with a spinner on what is under way."""

    def __init__(self, clock: Clock, console: Console) -> None:
        super().__init__(clock, console)
        self._reports: Sequence[Told] = ()
        self._seen_at = self.started_at

    def __call__(self, reports: Sequence[Told]) -> None:
        self._reports, self._seen_at = reports, self.clock.now()

    def draw(self) -> RenderableType:
        now = self.clock.now()
        parts: list[RenderableType] = []
        for told in self._reports:
            head = Text(f"{told.stack} is {_headline(told)}", style="bold")
            elapsed = format_duration(now - self.started_at)
            left = f", about {format_duration(told.eta)} more" if told.eta else ""
            head.append(f"   {elapsed}{left}", style="dim")
            parts += [head, self._table(told, told.now + (now - self._seen_at))]
        return Group(*parts)

    def _table(self, told: Told, now: datetime) -> Table:
        table = make_steps_table()
        for address, text, running, took in _rows(told, now):
            mark: RenderableType = self.spinner if running else Text("✔", style="green")
            style = "" if running else "green"
            table.add_row(mark, address, Text(text, style=style), Text(took, style="dim"))
        return table


def _headline(told: Told) -> str:
    """State, and in other words what it is busy with or why not."""
    state = str(told.state)
    text = state if told.phase in ("", state) else f"{state}: {told.phase}"
    return f"{text} ({told.cause})" if told.cause and told.state is not State.AWAKE else text


ADDRESS = "eipalloc-"
"""What the ids of Elastic IPs begin with, which have steps beside the resources."""


def _rows(told: Told, now: datetime) -> Iterator[tuple[str, str, bool, str]]:
    """For each resource that has been worked on: address, words, whether it still is, how long."""
    by_address: dict[str, list[Mapping[str, Json]]] = {}
    for step in told.steps:
        by_address.setdefault(step["address"], []).append(step)
    done = "ready" if told.state in (State.WAKING, State.AWAKE) else "gone"
    for address, steps in by_address.items():
        last = steps[-1]
        if last["finished_at"]:
            took = parse_timestamp(last["finished_at"]) - parse_timestamp(steps[0]["started_at"])
            text = "free" if address.startswith(ADDRESS) else done
            yield address, text, False, format_duration(took)
        else:
            took = max(timedelta(0), now - parse_timestamp(last["started_at"]))
            yield address, str(last["step"]), True, format_duration(took)
