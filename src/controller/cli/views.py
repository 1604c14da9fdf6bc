"""Progress of a wake or a sleep: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

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
from controller.domain.planning.observed import State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Step, Timeline
from controller.domain.planning.spec import Spec
from controller.domain.ports import Clock
from controller.reconcile.outcome import Iteration


def make_view(spec: Spec, clock: Clock) -> View:
    """The view that suits standard error."""
    console = open_console()
    return LiveView(spec, clock, console) if console.is_terminal else PlainView(clock.now())


TO_CREATE, TO_DELETE = "to be created", "to be deleted"


class PlainView(Lines):
    """One line when something begins, waits or is done."""

    def __call__(self, seen: Iteration) -> None:
        before = TO_CREATE if seen.target is Target.AWAKE else TO_DELETE
        for address, text in _states(seen).items():
            self.say(address, text, seen.now, before=before)


class LiveView(Drawing):
    """A table that is drawn in place, with a spinner on what is under way."""

    def __init__(self, spec: Spec, clock: Clock, console: Console) -> None:
        super().__init__(clock, console)
        self._spec = spec
        self._seen: Iteration | None = None

    def __call__(self, seen: Iteration) -> None:
        self._seen = seen

    def draw(self) -> RenderableType:
        now = self.clock.now()
        seen = self._seen
        if seen is None:
            return self._spinner_with(f"{self._spec.stack}: asking AWS what there is")
        going = "waking" if seen.target is Target.AWAKE else "going to sleep"
        if seen.plan.converged:
            going = str(seen.target)
        head = Text(f"{self._spec.stack} is {going}", style="bold")
        head.append(f"   {format_duration(now - self.started_at)}", style="dim")
        parts: list[RenderableType] = [head, self._table(seen, now)]
        if seen.note:
            parts.append(Text(f"  {seen.note}", style="yellow"))
        return Group(*parts)

    def _spinner_with(self, text: str) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_row(self.spinner, text)
        return table

    def _table(self, seen: Iteration, now: datetime) -> Table:
        table = make_steps_table()
        for address, text in _states(seen).items():
            running = _running(seen.timeline, address)
            mark, style = _mark(seen, address, running)
            table.add_row(
                self.spinner if mark == "…" else Text(mark, style=style),
                address,
                Text(text, style=style),
                Text(_took(seen.timeline, address, now), style="dim"),
            )
        return table


View = LiveView | PlainView


def _states(seen: Iteration) -> Mapping[str, str]:
    """Each resource in words, in the order of the spec; Elastic IPs only when they are awaited."""
    actions = {a.address: a for a in seen.plan.actions}
    busy = dict(seen.plan.waiting)
    said: dict[str, str] = {}
    for address, one in seen.observed.resources.items():
        gone = one.state is State.ABSENT and seen.target is Target.ASLEEP
        text = "gone" if gone else _WORDS[one.state]
        text = one.phase or _next_step(actions.get(address)) or text
        if one.cause:
            text = f"{text} ({one.cause})"
        waits_for = actions[address].waits_for if address in actions else ""
        said[address] = waits_for or text
    for allocation_id in seen.observed.addresses:
        if allocation_id in busy:
            said[allocation_id] = busy[allocation_id]
    return said


def _next_step(action: Action | None) -> str:
    """What comes next for a resource whose state alone says the opposite."""
    if action is None or action.verb is Verb.UPDATE:
        return ""
    if action.carried_by:
        return f"goes with {action.carried_by}"
    return TO_CREATE if action.verb is Verb.CREATE else TO_DELETE


_WORDS = {
    State.ABSENT: "not there",
    State.PENDING: "being created",
    State.READY: "ready",
    State.FAILED: "failed",
    State.LEAVING: "leaving",
    State.FOREIGN: "not ours",
}


def _mark(seen: Iteration, address: str, running: Step | None) -> tuple[str, str]:
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
