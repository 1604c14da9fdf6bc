"""`dormouse publish`: compile directories and store their specs for the controller."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from controller.cli.compiling import specs_or_exit
from controller.cli.deployment import Deployment, deployment_option
from controller.cli.inputs import (
    InputError,
    TerraformCommand,
    check_directory,
    terraform_inputs,
    terraform_judge,
)
from controller.cli.stacks import Stacks
from controller.domain.errors import SpecError
from controller.domain.spec import Json, Spec
from controller.domain.spec_changes import SpecChanges, compare_specs

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
_LONGEST_VALUE = 60


def _directories(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[Path, ...]:
    return tuple(check_directory(value) for value in values)


@click.command("publish", cls=TerraformCommand)
@terraform_inputs
@terraform_judge
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, callback=_directories)
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@deployment_option
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    directories: tuple[Path, ...],
    stack_name: str | None,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """
    Compile directories and store their specs for the controller, which does the rest.

    Nothing is stored unless all of them can be compiled. A spec that is stored already is left
    as it is, so publishing again does no harm.
    """
    if stack_name and len(directories) > 1:
        raise click.UsageError("--stack names one stack; give one DIR with it")
    specs = specs_or_exit(ctx, directories, stack_name)
    _check_names(zip(directories, specs, strict=True))
    stacks = Stacks(deployment)
    # All are compared before any is stored: a table that cannot be read leaves nothing half done.
    found = [(spec, *_compare(deployment, spec)) for spec in specs]
    told = []
    for spec, state, changes in found:
        if state != UNCHANGED:
            _store(stacks, spec)
        told.append({"stack": spec.stack, "state": state, "hash": spec.hash, **changes.to_json()})
        if not as_json:
            _print(spec, state, changes)
    if as_json:
        click.echo(json.dumps({"stacks": told}, indent=2, ensure_ascii=False))


def _check_names(found: Iterable[tuple[Path, Spec]]) -> None:
    named: dict[str, Path] = {}
    for directory, spec in found:
        if spec.stack in named:
            raise InputError(
                f'{named[spec.stack]} and {directory} are both named "{spec.stack}"; publish one, '
                "or rename a folder"
            )
        named[spec.stack] = directory


def _compare(deployment: Deployment, spec: Spec) -> tuple[str, SpecChanges]:
    stored = None
    try:
        with deployment.reaching(f'read the spec of "{spec.stack}"'):
            stored = deployment.table.spec(spec.stack)
    except SpecError as error:
        click.echo(
            f"note: {spec.stack}: what is stored is replaced, as it cannot be read ({error}); what "
            "only that has named may still stand: dormouse sweep",
            err=True,
        )
    changes = compare_specs(stored, spec)
    if stored is None:
        return NEW, changes
    return (UNCHANGED if stored.hash == spec.hash else CHANGED), changes


def _store(stacks: Stacks, spec: Spec) -> None:
    deployment = stacks.deployment
    with deployment.reaching(f'publish "{spec.stack}"'):
        deployment.table.put_spec(spec, deployment.clock.now(), deployment.account)
    stacks.start_pass(spec.stack)


def _print(spec: Spec, state: str, changes: SpecChanges) -> None:
    if state == NEW:
        count = len(changes.added)
        click.echo(f"{spec.stack}: published ({count} resource{'' if count == 1 else 's'})")
    elif state == UNCHANGED:
        click.echo(f"{spec.stack}: unchanged")
    else:
        lines = [f"  {line}" for line in _lines(changes)]
        only = "" if lines else " (only where it stands in the files)"
        click.echo("\n".join([f"{spec.stack}: changed{only}", *lines]))


def _lines(changes: SpecChanges) -> Iterable[str]:
    marks = (("+", "green", changes.added), ("-", "red", changes.removed))
    for mark, colour, addresses in (*marks, ("~", "yellow", changes.changed)):
        for address in addresses:
            yield click.style(f"{mark} {address}", fg=colour)
    for key, (before, after) in changes.settings.items():
        if key == "holidays":
            yield click.style("~ holidays", fg="yellow") + ": other dates"
        else:
            yield click.style(f"~ {key}", fg="yellow") + f": {_short(before)} -> {_short(after)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
