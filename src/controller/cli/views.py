"""Progress of a wake or a sleep: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from controller.domain.observed import State
from controller.domain.plan import Target
from controller.domain.ports import Clock
from controller.domain.progress import Step, Timeline
from controller.domain.spec import Spec
from controller.reconcile.loop import Round


class View(Protocol):
    """Shows rounds until it is left."""

    def __enter__(self) -> View: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __call__(self, seen: Round) -> None: ...


def make_view(spec: Spec, clock: Clock, *, quiet: bool = False) -> View:
    """The view that suits standard error: progress never mixes with data on standard output."""
    console = Console(stderr=True, highlight=False)
    if quiet:
        return PlainView(clock, say=False)
    return LiveView(spec, clock, console) if console.is_terminal else PlainView(clock)


def format_duration(duration: timedelta) -> str:
    """Write a duration as people say it: 8 s, 1 min 42 s, 2 h 05 min."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


class PlainView:
    """One line when something begins, waits or is done, with the time since the start."""

    def __init__(self, clock: Clock, *, say: bool = True) -> None:
        self._clock = clock
        self._say = say
        self._started_at: datetime | None = None
        self._shown: dict[str, str] = {}

    def __enter__(self) -> PlainView:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def __call__(self, seen: Round) -> None:
        if not self._say:
            return
        self._started_at = self._started_at or seen.now
        elapsed = format_duration(seen.now - self._started_at)
        before = _WORDS[State.ABSENT] if seen.target is Target.AWAKE else _WORDS[State.READY]
        for address, text in _states(seen).items():
            if self._shown.get(address, before) != text:
                self._shown[address] = text
                click.echo(f"{elapsed:>12}  {address}: {text}", err=True)


class LiveView:
    """A table that is drawn in place, with a spinner on what is under way."""

    def __init__(self, spec: Spec, clock: Clock, console: Console) -> None:
        self._spec = spec
        self._clock = clock
        self._started_at = clock.now()
        self._seen: Round | None = None
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console, get_renderable=self._draw, refresh_per_second=8, transient=False
        )

    def __enter__(self) -> LiveView:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, seen: Round) -> None:
        self._seen = seen

    def _draw(self) -> RenderableType:
        now = self._clock.now()
        seen = self._seen
        if seen is None:
            return self._spinner_with(f"{self._spec.stack}: asking AWS what there is")
        going = "waking" if seen.target is Target.AWAKE else "going to sleep"
        if seen.plan.converged:
            going = str(seen.target)
        head = Text(f"{self._spec.stack} is {going}", style="bold")
        head.append(f"   {format_duration(now - self._started_at)}", style="dim")
        parts: list[RenderableType] = [head, self._table(seen, now)]
        if seen.note:
            parts.append(Text(f"  {seen.note}", style="yellow"))
        return Group(*parts)

    def _spinner_with(self, text: str) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_row(self._spinner, text)
        return table

    def _table(self, seen: Round, now: datetime) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=2)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True)
        for address, text in _states(seen).items():
            running = _running(seen.timeline, address)
            mark, style = _mark(seen, address, running)
            table.add_row(
                self._spinner if mark == "…" else Text(mark, style=style),
                address,
                Text(text, style=style),
                Text(_took(seen.timeline, address, now), style="dim"),
            )
        return table


def _states(seen: Round) -> Mapping[str, str]:
    """Each resource in words, in the order of the spec; Elastic IPs only when they are awaited."""
    waits = {a.address: a.waits_for for a in seen.plan.actions}
    busy = dict(seen.plan.waiting)
    said: dict[str, str] = {}
    for address, one in seen.observed.resources.items():
        gone = one.state is State.ABSENT and seen.target is Target.ASLEEP
        text = one.phase or ("gone" if gone else _WORDS[one.state])
        if one.cause:
            text = f"{text} ({one.cause})"
        said[address] = waits.get(address) or text
    for allocation_id in seen.observed.addresses:
        if allocation_id in busy:
            said[allocation_id] = busy[allocation_id]
    return said


_WORDS = {
    State.ABSENT: "not there",
    State.PENDING: "being made",
    State.READY: "ready",
    State.FAILED: "failed",
    State.LEAVING: "leaving",
    State.FOREIGN: "not ours",
}


def _mark(seen: Round, address: str, running: Step | None) -> tuple[str, str]:
    state = seen.observed[address].state
    if running:
        return "…", ""
    if state in (State.FAILED, State.FOREIGN):
        return "✘", "red"
    done = State.READY if seen.target is Target.AWAKE else State.ABSENT
    return ("✔", "green") if state is done else ("·", "dim")


def _running(timeline: Timeline, address: str) -> Step | None:
    steps = (s for s in timeline.steps if s.address == address and s.finished_at is None)
    return next(steps, None)


def _took(timeline: Timeline, address: str, now: datetime) -> str:
    """How long the step under way has lasted, or all steps of what is done."""
    steps = [s for s in timeline.steps if s.address == address]
    if not steps:
        return ""
    last = steps[-1]
    if last.finished_at is None:
        return format_duration(now - last.started_at)
    return format_duration(last.finished_at - steps[0].started_at)
