"""`dormouse publish`: compile directories and store their specs for the controller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
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
from controller.cli.origin import describe, is_another, with_origin
from controller.cli.other_stacks import warn_of_names
from controller.cli.publish_term import read_expires, set_term
from controller.cli.stack_folders import leave_out
from controller.cli.stacks import Stacks
from controller.cli.without_folder import note_gone
from controller.domain.decision.term import Term
from controller.domain.errors import SpecError
from controller.domain.planning.spec import Json, Spec
from controller.domain.planning.spec_changes import SpecChanges, compare_specs
from controller.domain.reporting.report import policy_of
from controller.domain.reporting.standing import say_local
from controller.domain.timestamps import write_timestamp

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
_LONGEST_VALUE = 60


def _directories(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[Path, ...]:
    """One is taken as it is; of several, as `infra/*` gives them, those that are stacks."""
    if len(values) == 1:
        return (check_directory(values[0]),)
    for value in values:
        if not Path(value).exists():
            check_directory(value)
    return tuple(leave_out([Path(value) for value in values]))


@click.command("publish", cls=TerraformCommand)
@terraform_inputs
@terraform_judge
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, callback=_directories)
@click.option(
    "--stack", "stack_name", metavar="NAME", help="The stack's name, if not the folder's."
)
@click.option("--owner", help="Who is responsible for it; messages about its end name them.")
@click.option(
    "--expires",
    metavar="14d|never",
    callback=read_expires,
    help="When it ends, counted from now: it is then held asleep, and removed a week later.",
)
@deployment_option
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    directories: tuple[Path, ...],
    stack_name: str | None,
    owner: str | None,
    expires: timedelta | None,
    deployment: Deployment,
    as_json: bool,
) -> None:
    """
    Compile directories, and store their specs for the controller.

    Nothing is stored unless all of them can be compiled. A spec that has not changed is not
    stored again, so publishing again does no harm. Without --owner or --expires,
    owner and end stay as they are; --expires never removes the end.
    """
    if stack_name and len(directories) > 1:
        raise click.UsageError("--stack names one stack; give one DIR with it")
    compiled = specs_or_exit(ctx, directories, stack_name)
    pairs = list(zip(directories, compiled, strict=True))
    _check_names(pairs)
    specs = [replace(spec, source=with_origin(spec, directory)) for directory, spec in pairs]
    stacks = Stacks(deployment)
    # All are compared before any is stored: a table that cannot be read leaves nothing half done.
    found = [(spec, *_compare(deployment, spec, named=bool(stack_name))) for spec in specs]
    output = []
    for spec, state, changes, is_as_stored in found:
        if not is_as_stored:
            _store(stacks, spec)
        term = set_term(stacks, spec.stack, owner, expires)
        said = {"stack": spec.stack, "state": state, "hash": spec.hash, **changes.to_json()}
        output.append({**said, **(_term(term) if term else {})})
        if not as_json:
            _print(spec, state, changes)
            if term:
                click.echo(f"  {_say_term(term, spec)}")
    warn_of_names(stacks, [spec for spec, state, _, _ in found if state != UNCHANGED])
    if as_json:
        click.echo(json.dumps({"stacks": output}, indent=2, ensure_ascii=False))
    if len(directories) > 1:
        note_gone(stacks, {directory.parent for directory in directories})


def _check_names(found: Iterable[tuple[Path, Spec]]) -> None:
    named: dict[str, Path] = {}
    for directory, spec in found:
        if spec.stack in named:
            raise InputError(
                f'{named[spec.stack]} and {directory} are both named "{spec.stack}"; give one a '
                f'name in its files (dormouse = {{ name = "…" }}), or publish it by itself with '
                "--stack NAME"
            )
        named[spec.stack] = directory


def _compare(deployment: Deployment, spec: Spec, *, named: bool) -> tuple[str, SpecChanges, bool]:
    """Whether a spec is new, changed, or stored already, of the same directory."""
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
        return NEW, changes, False
    before, now = stored.source.get("origin") or {}, spec.source["origin"]
    if is_another(before, now) and not named:
        raise _another_directory(spec, before, now)
    same = stored.hash == spec.hash
    return (UNCHANGED if same else CHANGED), changes, same and before == now


def _another_directory(
    spec: Spec, before: Mapping[str, Json], now: Mapping[str, Json]
) -> InputError:
    """Two roots of one name, published in turn, would delete each other's resources."""
    return InputError(
        f'"{spec.stack}" is published from {describe(before)}, and this is {describe(now)}; give '
        'it a name of its own (--stack NAME, or dormouse = { name = "NAME" } in its files), or '
        f"--stack {spec.stack} if it takes the place of the other"
    )


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
        only = "" if lines else " (only if it is in the files)"
        click.echo("\n".join([f"{spec.stack}: changed{only}", *lines]))


def _term(term: Term) -> dict[str, Json]:
    return {"owner": term.owner or None, "expires": write_timestamp(term.expires_at)}


def _say_term(term: Term, spec: Spec) -> str:
    zone = policy_of(spec).zone
    ends = say_local(term.expires_at, zone) if term.expires_at else "never"
    return f"owner: {term.owner or 'nobody'}, expires: {ends}"


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
