"""`dormouse doctor`: does the account fit the stack, and does the controller take care of it?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from controller.account.survey import Survey
from controller.cli.compiling import spec_or_exit
from controller.cli.controller_health import read_health
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.inputs import InputError, TerraformCommand, terraform_inputs
from controller.cli.link_address import refuse_link
from controller.cli.other_stacks import names_in_common
from controller.cli.session import clients_for
from controller.cli.stacks import Stacks
from controller.cli.without_folder import missing_folder
from controller.domain.diagnostics.examine import examine
from controller.domain.diagnostics.finding import Finding, Level, count, problem, warning
from controller.domain.errors import DormouseError
from controller.domain.planning.spec import Spec
from controller.links import STACK_NAME
from controller.reconcile.side_by_side import Threads

_MARKS = {Level.OK: ("✔", "green"), Level.WARNING: ("!", "yellow"), Level.PROBLEM: ("✘", "red")}


@click.command("doctor", cls=TerraformCommand)
@terraform_inputs
@click.argument("target", metavar="DIR|STACK")
@deployment_option
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@click.pass_context
def command(
    ctx: click.Context,
    target: str,
    deployment: Deployment,
    as_json: bool,
    stack_name: str | None,
) -> None:
    """
    Check what a wake needs: DIR before it is published, STACK with its controller.

    Nothing is changed. Exit code 0, 1 if there is a problem, 2 if the input is wrong.
    """
    refuse_link(target)
    published = not Path(target).is_dir()
    spec = _published(deployment, target) if published else None
    spec = spec or spec_or_exit(ctx, Path(target), stack_name)
    now = deployment.clock.now()
    with _progress() as say:
        findings = _examine(spec, now, say)
        if published:
            say("reading the records")
            findings += [*read_health(deployment, spec, now), *_folder(spec)]
            findings += _names(Stacks(deployment), spec)
    _print(spec, findings, as_json=as_json)
    ctx.exit(1 if count(findings, Level.PROBLEM) else 0)


def _published(deployment: Deployment, stack: str) -> Spec:
    if not STACK_NAME.fullmatch(stack):
        raise InputError(f"{stack} is neither a directory nor the name of a stack")
    return Stacks(deployment).load_view(stack).records.spec


def _folder(spec: Spec) -> Iterator[Finding]:
    folder = missing_folder(spec)
    if folder:
        yield warning(
            "folder",
            spec.stack,
            f"its folder {folder} is gone, but it is still woken; to remove it, too: "
            f"dormouse unpublish {spec.stack}",
        )


def _names(stacks: Stacks, spec: Spec) -> list[Finding]:
    try:
        shared = names_in_common(stacks, [spec])
    except DormouseError as error:
        return [warning("names", spec.stack, f"could not look at the other stacks: {error}")]
    return [warning("names", spec.stack, said) for _, said in shared]


def _examine(spec: Spec, now: datetime, say: Callable[[str], None]) -> list[Finding]:
    threads = Threads()
    try:
        return examine(Survey(spec, clients_for(spec), threads, say).gather(now))
    except DormouseError as error:
        return [problem("credentials", spec.region or "", str(error))]
    finally:
        threads.close()


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is done now, on a terminal only."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield lambda text: status.update(f"{text} …")


def _print(spec: Spec, findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        found = [finding.to_json() for finding in findings]
        click.echo(json.dumps({"stack": spec.stack, "findings": found}, indent=2))
        return
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(_table(findings))
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            mark, _ = _MARKS[finding.level]
            click.echo(f"{mark} {finding.check.ljust(width)}  {_text(finding)}")
    click.echo(_summary(spec, findings))


def _table(findings: list[Finding]) -> Table:
    """For people: long lines go on below their own beginning."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        mark, colour = _MARKS[finding.level]
        text = Text(_text(finding), style="" if finding.level is Level.OK else colour)
        table.add_row(Text(mark, style=colour), Text(finding.check, style="dim"), text)
    return table


def _text(finding: Finding) -> str:
    word = "" if finding.level is Level.OK else f"{finding.level}: "
    subject = f"{finding.subject}: " if finding.subject else ""
    return f"{subject}{word}{finding.message}"


def _summary(spec: Spec, findings: list[Finding]) -> str:
    words = {Level.PROBLEM: "problem", Level.WARNING: "warning"}
    counted = [(count(findings, level), word) for level, word in words.items()]
    parts = [f"{number} {word}{'' if number == 1 else 's'}" for number, word in counted if number]
    verdict = ", ".join(parts) or "the account fits"
    return f"{spec.stack}: {verdict} ({len(findings)} checks)"
