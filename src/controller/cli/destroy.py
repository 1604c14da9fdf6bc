"""`dormouse destroy`: take out of the account all that Dormouse put there, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click

from controller.asking.stack_view import StackView
from controller.aws.clients import Client
from controller.cli.deployment import Deployment
from controller.cli.following import follow_stacks
from controller.cli.leaving import Leave, hold_asleep, name_standing
from controller.cli.removal import Remains, find_remains, remove
from controller.cli.samconfig import Environment, environment_option
from controller.cli.signals import interruptible
from controller.cli.stacks import Stacks
from controller.domain.errors import PermanentError
from controller.domain.reporting.report import Report, State

_OPEN_TO_LINKS = ("api", "door")
"""The functions that whoever has a link or a door can call, by the ends of their names."""


@click.command("destroy")
@environment_option
@click.option(
    "--leave",
    type=click.Choice([str(each) for each in Leave]),
    envvar="LEAVE",
    help="Whether stacks are left asleep, or awake where they are; asked for on a terminal.",
)
def command(environment: Environment, leave: str | None) -> None:
    """
    Remove the controller, its table, its keys, its logs and its uploaded code.

    Stacks are put to sleep first, or left as they are. Terraform's resources and the Elastic
    IPs are not changed. The command may be interrupted and repeated at any time.
    """
    deployment = Deployment(environment.stack_name, chosen=True)
    with deployment.reaching(f'look for what is left of "{environment.stack_name}"'):
        remains = find_remains(deployment, environment.prefix)
    if not remains:
        click.echo(f'nothing of the deployment "{environment.stack_name}" is in this account')
        return
    views = _read_views(deployment, remains)
    _show(remains, views)
    if Leave(leave or _ask()) is Leave.ASLEEP:
        _put_to_sleep(deployment, remains, views)
    else:
        _warn(views)
    with deployment.reaching(f'remove "{environment.stack_name}"'):
        remove(deployment, remains)
    click.echo("All that Dormouse made is gone; Elastic IPs and what Terraform made are untouched.")


def _read_views(deployment: Deployment, remains: Remains) -> list[StackView]:
    """At the stacks of the controller that is there; without one, at those of the last tables."""
    tables = [deployment.table_name] if remains.stack else remains.tables
    found: list[StackView] = []
    for table in tables:
        stacks = Stacks(_with_table(deployment, table))
        found += stacks.load_views(stacks.names())
    return found


def _with_table(deployment: Deployment, table: str) -> Deployment:
    """A table may be left over after the CloudFormation stack that knows its name."""
    return Deployment(deployment.name, environment={"DORMOUSE_TABLE": table})


def _show(remains: Remains, views: Sequence[StackView]) -> None:
    click.echo("This is removed:", err=True)
    for line in remains.lines():
        click.echo(f"  {line}", err=True)
    for view in views:
        click.echo(f"{view.report.standing}", err=True)


def _ask() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(
            'say how stacks shall be left: LEAVE=asleep, or LEAVE=awake (--leave "asleep|awake")'
        )
    kinds = click.Choice([str(each) for each in Leave])
    answer: str = click.prompt("Leave the stacks awake or asleep?", type=kinds, err=True)
    return answer


def _put_to_sleep(deployment: Deployment, remains: Remains, views: Sequence[StackView]) -> None:
    """By the controller itself, which has the rights; what cannot sleep stops everything."""
    if not views:
        return
    if not remains.stack:
        awake = [view.report for view in views if view.report.state is not State.ASLEEP]
        if awake:
            raise PermanentError(_not_asleep(awake, "the controller is gone already"))
        return
    stacks = Stacks(deployment)
    with _links_closed(deployment):
        for view in views:
            stacks.hold(hold_asleep(view, stacks.caller, "the controller is being removed"))
        _follow_to_sleep(stacks, [view.stack for view in views])


def _follow_to_sleep(stacks: Stacks, names: Sequence[str]) -> None:
    why = "the controller cannot put them to sleep"
    try:
        follow_stacks(stacks, names)
    except PermanentError as error:  # it does not work on them at all
        why = str(error)
    reports = [view.report for view in stacks.load_views(names)]
    awake = [report for report in reports if report.state is not State.ASLEEP]
    if awake:
        raise PermanentError(_not_asleep(awake, why))


@contextmanager
def _links_closed(deployment: Deployment) -> Iterator[None]:
    """
    Let no link and no door wake a stack that is being put to sleep: both answer 429 from here on.

    They stay closed when all went well, as they are about to be removed; else they open again.
    """
    with interruptible(_say_that_they_open) as signals, ExitStack() as opening:
        try:
            for end in _OPEN_TO_LINKS:
                _close(deployment, f"{deployment.name}-{end}", opening)
            yield
        except BaseException:
            signals.hold_off()
            raise
        opening.pop_all()


def _say_that_they_open() -> None:
    click.echo("links and doors are being opened again …", err=True)


def _close(deployment: Deployment, function: str, opening: ExitStack) -> None:
    """Close one; `opening` opens it again as it was."""
    functions = deployment.clients.get("lambda")
    with deployment.reaching(f"close the function {function}"):
        before = functions.get_function_concurrency(FunctionName=function)
        opening.callback(_open, deployment, function, before.get("ReservedConcurrentExecutions"))
        functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)


def _open(deployment: Deployment, function: str, limit: int | None) -> None:
    with deployment.reaching(f"open the function {function} again"):
        _set_concurrency(deployment.clients.get("lambda"), function, limit)


def _set_concurrency(functions: Client, function: str, limit: int | None) -> None:
    if limit:
        functions.put_function_concurrency(
            FunctionName=function, ReservedConcurrentExecutions=limit
        )
    else:
        functions.delete_function_concurrency(FunctionName=function)


def _not_asleep(reports: Sequence[Report], why: str) -> str:
    said = "; ".join(f"{r.spec.stack} ({r.cause or r.phase}): {name_standing(r)}" for r in reports)
    return (
        f"nothing was removed, because these still cost money: {said} ({why}); put that right and "
        "repeat this, or take them down from here (dormouse apply DIR --to asleep) and repeat "
        "it with LEAVE=awake"
    )


def _warn(views: Sequence[StackView]) -> None:
    for view in views:
        if view.report.state is not State.ASLEEP:
            click.echo(
                f"warning: {view.stack} stays as it is and goes on costing money; nobody puts it "
                "to sleep any more (dormouse apply DIR --to asleep does it from here)",
                err=True,
            )
