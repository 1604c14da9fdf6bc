"""`dormouse deploy`: from an account without it to links that wake; again, and nothing changes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click

from controller.cli.inputs import InputError
from controller.cli.main import run
from controller.cli.samconfig import Environment, environment_option
from controller.domain.errors import PermanentError


@click.command("deploy")
@environment_option
@click.option(
    "--infra",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default="infra",
    show_default=True,
    help="The folder whose folders are the stacks.",
)
@click.option(
    "--doctor/--no-doctor",
    default=True,
    show_default=True,
    help="Ask AWS first whether the account fits each stack.",
)
@click.option(
    "--publish-only", is_flag=True, help="Leave the controller as it is; only publish the stacks."
)
@click.option(
    "--terraform", is_flag=True, help="Have terraform plan confirm what each stack's files say."
)
@click.option(
    "--no-state", is_flag=True, help="Leave out a terraform.tfstate that lies in a stack's folder."
)
def command(
    environment: Environment,
    infra: Path,
    doctor: bool,
    publish_only: bool,
    terraform: bool,
    no_state: bool,
) -> None:
    """
    Put the controller into the account, publish every stack, and print a link to each.

    First everything that could be wrong with the stacks is looked at; nothing is deployed while
    something is. Run again, it changes only what has changed.
    """
    stacks = _stacks(infra)
    deployment = ["--deployment", environment.stack_name]
    _step("check", "the stacks, as their files say")
    reading = ["--no-state"] if no_state else []
    judged = ["--terraform"] if terraform else []
    _all("check", stacks, *reading, *judged)
    if doctor:
        _step("doctor", "the account, as the stacks need it")
        _all("doctor", stacks, *deployment, *reading)
    if not publish_only:
        _step("build", "the functions")
        _sam("build", environment)
        _step("deploy", f'the CloudFormation stack "{environment.stack_name}"')
        _sam("deploy", environment)
    _step("publish", "the stacks' specs, for the controller to act on")
    _one("publish", *map(str, stacks), *deployment, *reading, *judged)
    if not publish_only:
        _step("link", "to each stack's page; whoever has it may wake the stack for 90 days")
        for stack in stacks:
            _one("link", stack.name, *deployment)


def _stacks(infra: Path) -> list[Path]:
    found = sorted(file.parent for file in infra.glob("*/*.tf"))
    found += sorted(file.parent for file in infra.glob("*/*.tf.json"))
    if not found:
        raise InputError(
            f"there is no stack in {infra}; expected folders with .tf files, such as {infra}/api"
        )
    return list(dict.fromkeys(found))


def _step(verb: str, what: str) -> None:
    click.echo(click.style(f"== {verb}: ", bold=True) + what, err=True)


def _all(name: str, stacks: Sequence[Path], *options: str) -> None:
    """Run a command on every stack, so that all that is wrong is said at once."""
    codes = [run([name, str(stack), *options]) for stack in stacks]
    if any(codes):
        click.get_current_context().exit(max(codes))


def _one(*arguments: str) -> None:
    code = run(list(arguments))
    if code:
        click.get_current_context().exit(code)


def _sam(verb: str, environment: Environment) -> None:
    command = [*sam(), verb, "--config-env", environment.name]
    done = subprocess.run(command, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, check=False)
    if done.returncode:
        raise PermanentError(
            f"sam {verb} ended with code {done.returncode} (its own words are above); run the "
            "same command again once that is put right"
        )


def sam() -> list[str]:
    """How to call SAM: the variable SAM, as the Makefile sets it, or what is on PATH."""
    given = os.environ.get("SAM") or shutil.which("sam")
    if not given:
        raise PermanentError("sam is missing; use make deploy, which brings it, or set SAM")
    return shlex.split(given)
