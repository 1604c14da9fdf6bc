"""What the demo shows: lines of what happens, and on a terminal the stack's state now."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from shutil import which
from time import sleep
from typing import TYPE_CHECKING

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from controller.cli.screen import format_duration
from controller.domain.decision.history import Event, EventKind
from controller.domain.formatting import say_moment
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.plan import Target
from controller.domain.reporting.report import Report, State
from controller.domain.timestamps import parse_timestamp

if TYPE_CHECKING:
    from local.bill import Bill
    from local.system import LaptopSystem

LOOK_SECONDS = 0.2
USES_A_MONTH = 20
_STYLES = {State.AWAKE: "bold green", State.ASLEEP: "bold"}
_HEADS = {State.WAKING: "waking up", State.AWAKE: "awake"}


def introduce(system: LaptopSystem, speed: float, *, plays: bool) -> None:
    """Say what runs, what its clock shows, and what to do first."""
    stack, zone = system.spec.stack, system.policy.zone
    opens = next((change for change in system.report().next if change.state is Target.AWAKE), None)
    click.echo(
        f"The whole system runs on this machine, on a simulated AWS whose clock runs {speed:g} "
        f"times as fast as yours.\n{stack} is asleep. The clock shows "
        f"{say_moment(system.now, zone)} ({system.policy.time_zone})"
        + (f"; it wakes by itself {say_moment(opens.at, zone)}." if opens else ".")
    )
    for port in system.taken_ports():
        click.echo(f"Port {port} is taken by another program, so its address will not answer.")
    if plays:
        return
    click.echo('\nOpen this link and press "Wake for 1 hour":\n')
    Console(highlight=False).print(system.link(), soft_wrap=True, style="bold cyan")
    click.echo(
        f"\nOr let the first request wake it, from another terminal; it waits for the answer:\n\n"
        f"curl -i {system.door('curl')}\n"
        f"\nOther commands work on it, too, such as this one in another terminal:\n\n"
        f"{_other_command(system)}\n\n"
        "Ctrl-C ends it and shows the bill.\n"
    )


def _other_command(system: LaptopSystem) -> str:
    """One to copy as it is: the program as it was called here, unless the shell finds it."""
    program = "dormouse" if which("dormouse") else sys.argv[0]
    if program.endswith(".py"):
        program = f"{sys.executable} -m controller.cli"
    where = f"AWS_ENDPOINT_URL={system.endpoint} AWS_REGION={system.aws.region_name}"
    return f"{where} {program} status {system.spec.stack}"


def follow(system: LaptopSystem, speed: float) -> bool:
    """Show what happens until somebody interrupts."""
    news, console = News(system, speed), Console(highlight=False)
    if not console.is_terminal:
        while True:
            for line in news.lines():
                click.echo(line)
            sleep(LOOK_SECONDS)
    panel = Panel(system, speed)
    with Live(console=console, get_renderable=panel.draw, refresh_per_second=4, transient=True):
        while True:
            for line in news.lines(steps=False):
                console.print(line, soft_wrap=True)
            sleep(LOOK_SECONDS)


def show_bill(system: LaptopSystem) -> None:
    """What it cost, and twenty such uses a month compared with always on."""
    from local.bill import NAMES, month_of

    bill = system.bill()
    click.echo()
    click.secho(f"What it cost, in {format_duration(bill.lasted)} on its clock:", bold=True)
    for kind, cost in bill.parts.items():
        click.echo(f"  {NAMES[kind]:<14}{cost:>8.4f} $")
    uses, always_on, asleep = month_of(system.spec, bill.awake, USES_A_MONTH)
    twenty = f"Twenty such uses a month: {uses:.2f} $. " if bill.awake else ""
    click.echo(
        f"\n{twenty}Always on: {always_on:.2f} $ a month. "
        f"Asleep all month: {asleep:.2f} $, the Elastic IP."
    )


class News:
    """What has happened since the last call, one line each, by the stack's own clock."""

    def __init__(self, system: LaptopSystem, speed: float) -> None:
        self._system = system
        self._speed = speed
        self._shown: set[str] = set()
        self._steps: set[tuple[str, str, datetime]] = set()
        self._troubles = 0
        self._is_over = False

    def lines(self, *, steps: bool = True) -> list[str]:
        """In the order in which they happened, as far as they became known together."""
        report = self._system.report()
        news = [*self._of_events(report), *self._of_troubles(), *self._of_end()]
        if steps:
            news += self._of_steps(report)
        zone = self._system.policy.zone
        return [
            f"{at.astimezone(zone):%H:%M:%S}  {text}"
            for at, text in sorted(news, key=lambda one: one[0])
        ]

    def _of_events(self, report: Report) -> Iterator[tuple[datetime, str]]:
        """Also those that a pass has yet to record."""
        for event in [*self._system.events(), *report.status.outbox]:
            if event.id not in self._shown:
                self._shown.add(event.id)
                yield event.at, self._say(event)

    def _of_troubles(self) -> Iterator[tuple[datetime, str]]:
        troubles = self._system.trouble[self._troubles :]
        self._troubles += len(troubles)
        for trouble in troubles:
            yield self._system.now, f"the controller failed ({trouble}); it tries again"

    def _of_end(self) -> Iterator[tuple[datetime, str]]:
        if self._system.deployed.is_deleted and not self._is_over:
            self._is_over = True
            yield self._system.now, "the controller has been removed; Ctrl-C ends the demo"

    def _of_steps(self, report: Report) -> Iterator[tuple[datetime, str]]:
        for step in report.status.timeline.steps:
            key = step.address, step.step, step.started_at
            if key not in self._steps:
                self._steps.add(key)
                yield step.started_at, f"  {step.address}: {step.step}"

    def _say(self, event: Event) -> str:
        match event.kind:
            case EventKind.WAKING:
                return f"waking up: {event.reason}"
            case EventKind.AWAKE:
                return self._say_awake(event)
            case EventKind.SLEEPING_SOON:
                ends_at = parse_timestamp(event.facts["ends_at"])
                when = ends_at.astimezone(self._system.policy.zone)
                return f"it will go to sleep at {when:%H:%M}; by then {event.reason}"
            case EventKind.SLEEPING:
                return f"going to sleep: {event.reason}"
            case EventKind.ASLEEP:
                return "asleep: only the Elastic IP is left"
            case EventKind.FAILED:
                return f"it could not wake, and is taken down again: {event.reason}"
            case EventKind.RESTORED:
                return "it runs completely again"
            case _:
                return f"{event.kind}: {event.reason}"

    def _say_awake(self, event: Event) -> str:
        where = address_text(event.facts.get("endpoint"))
        began = event.facts.get("waking_since")
        took = event.at - parse_timestamp(began) if began else timedelta(0)
        yours = format_duration(took / self._speed)
        return f"awake at {where} after {format_duration(took)} ({yours} on your clock)"


class Panel:
    """The state of the stack, drawn again a few times a second."""

    def __init__(self, system: LaptopSystem, speed: float) -> None:
        self._system = system
        self._speed = speed
        self._spinner = Spinner("dots")

    def draw(self) -> RenderableType:
        report = self._system.report()
        parts: list[RenderableType] = [Text(), self._head(report), self._why(report)]
        if not report.has_settled:
            parts.append(self._steps(report))
        parts.append(Text(f"  {self._next(report)}", style="dim"))
        parts.append(self._money(self._system.bill()))
        return Group(*parts)

    def _head(self, report: Report) -> Text:
        state = _HEADS.get(report.state, str(report.state))
        head = Text(f"{report.spec.stack} is {state}", _STYLES.get(report.state, "bold yellow"))
        if report.endpoint:
            url = report.endpoint.get("url")
            head.append(" at ")
            head.append(address_text(report.endpoint), style=f"link {url}" if url else "")
        elif not report.has_settled:
            head.append(f": {report.phase}")
        head.append(f"   {say_moment(report.now, self._system.policy.zone)}", style="not bold dim")
        return head

    def _why(self, report: Report) -> Text:
        if report.cause:
            return Text(f"  {report.cause}", style="red")
        text = Text(f"  {report.decision.reason}")
        for held in report.held:
            waits = format_duration(report.now - held.since)
            text.append(f"; {held.who} waits at the door since {waits}", style="yellow")
        service = self._system.service
        if report.endpoint and service.used_at:
            used = service.used_at.astimezone(self._system.policy.zone)
            text.append(f"; its address was used {_times(service.uses)}, last at {used:%H:%M}")
        return text

    def _steps(self, report: Report) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=3, justify="right")
        steps = {step.address: step for step in report.status.timeline.steps}
        for resource in report.spec.resources:
            step = steps.get(resource.address) if report.is_begun else None
            if step is None:
                table.add_row(Text("·", style="dim"), resource.address, "")
                continue
            took = format_duration((step.finished_at or report.now) - step.started_at)
            done = step.finished_at is not None
            mark = Text("✔", style="green") if done else self._spinner
            table.add_row(mark, resource.address, "" if done else step.step, Text(took, "dim"))
        return table

    def _next(self, report: Report) -> str:
        if report.state is State.WAKING:
            if report.eta is None:
                return "it takes longer than usual"
            return f"about {format_duration(report.eta)} left, {self._yours(report.eta)}"
        until = report.decision.until
        if report.state is State.AWAKE and until:
            unless = ", unless it is used" if "idle_at" in report.decision.evidence else ""
            return f"it goes to sleep {self._when(until, report)}{unless}"
        wakes = next((each for each in report.next if each.state is Target.AWAKE), None)
        if wakes is None:
            return "it sleeps until somebody wakes it"
        return f"it wakes by itself {self._when(wakes.at, report)}, for office hours"

    def _when(self, moment: datetime, report: Report) -> str:
        said = say_moment(moment, self._system.policy.zone)
        return f"{said}, {self._yours(moment - report.now)}"

    def _yours(self, duration: timedelta) -> str:
        return f"{format_duration(duration / self._speed)} on your clock"

    def _money(self, bill: Bill) -> Text:
        text = Text(f"  {bill.total:.4f} $ so far", style="bold")
        text.append(f"   always on: {bill.always_on:.4f} $", style="not bold dim")
        return text


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
