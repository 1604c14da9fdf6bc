"""`dormouse deploy`: from an account without it to links that wake; again, and nothing changes."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from controller.cli.concurrency import default_concurrency
from controller.cli.deployment import Deployment
from controller.cli.inputs import (
    InputError,
    TerraformCommand,
    check_directory,
    read_inputs,
    terraform_variables,
)
from controller.cli.main import run
from controller.cli.project import sam_project
from controller.cli.samconfig import (
    OWN_FILE,
    Environment,
    environment_option,
    with_parameters,
)
from controller.cli.stack_folders import folders_in, leave_out
from controller.cli.stacks import Stacks
from controller.cli.toolbox import bring_sam, find_uv, sam
from controller.cli.without_folder import note_gone
from controller.domain.errors import PermanentError
from controller.mapping.compile import find_name

INFRA = "infra"


@click.command("deploy", cls=TerraformCommand)
@terraform_variables
@environment_option
@click.argument("directories", metavar="[DIR]...", nargs=-1)
@click.option(
    "--infra",
    default=INFRA,
    show_default=True,
    metavar="DIR",
    help="The folder whose folders are the stacks, where no DIR is named.",
)
@click.option(
    "--doctor/--no-doctor",
    default=True,
    show_default=True,
    help="Check first what each stack's wake needs in the account.",
)
@click.option(
    "--publish-only", is_flag=True, help="Leave the controller as it is; only publish the stacks."
)
@click.option(
    "--terraform", is_flag=True, help="Let terraform plan confirm what each stack's files say."
)
@click.option(
    "--no-state", is_flag=True, help="Do not read a terraform.tfstate in a stack's folder."
)
@click.option(
    "--state",
    metavar="FILE",
    help="Read ids that the files of the one DIR do not contain from Terraform's state.",
)
def command(
    environment: Environment,
    directories: Sequence[str],
    infra: str,
    doctor: bool,
    publish_only: bool,
    terraform: bool,
    no_state: bool,
    state: str | None,
) -> None:
    """
    Deploy the controller to the account, publish every stack, and print a link to each.

    Each DIR is a Terraform directory with one stack. Without DIR it takes those that
    dormouse.toml names, or else the folders under infra/. It runs from any folder and installs
    SAM by itself.

    It first checks all stacks, and deploys nothing if one has an error. Run again, it updates
    only what has changed. -var and -var-file apply to every stack.
    """
    _require_region()
    stacks = _stacks(directories or environment.stacks, Path(infra))
    deployment = ["--deployment", environment.stack_name]
    _step("check", "the stacks, as their files say")
    inputs = read_inputs(click.get_current_context())
    reading = [f"-{kind}={text}" for kind, text in inputs.options]
    reading += ["--no-state"] if no_state else []
    reading += _state_of_one(state, stacks)
    judged = ["--terraform"] if terraform else []
    _all("check", stacks, *reading, *judged)
    if doctor:
        _step("doctor", "the account, as the stacks need it")
        _all("doctor", stacks, *deployment, *reading)
    if not publish_only:
        _build_and_deploy(environment)
    _step("publish", "the stacks' specs, for the controller to act on")
    _one("publish", *map(str, stacks), *deployment, *reading, *judged)
    if len(stacks) == 1:  # publish has reported it for several
        note_gone(Stacks(Deployment(environment.stack_name, chosen=True)), {stacks[0].parent})
    if not publish_only:
        _step("link", "to each stack's page; whoever has it may wake the stack for 90 days")
        for stack in stacks:
            _one("link", find_name(stack, inputs), *deployment)


def _state_of_one(state: str | None, stacks: Sequence[Path]) -> list[str]:
    if state is None:
        return []
    if len(stacks) > 1:
        raise InputError("--state is for one directory; name it, or give them one by one")
    if state == "-":
        raise InputError("--state -: deploy reads the state several times; give it as a file")
    return [f"--state={state}"]


def _require_region() -> None:
    from botocore.session import Session

    if not Session().get_config_variable("region"):
        raise InputError(
            "no region is set; give --region REGION, set AWS_REGION, or write "
            f'region = "…" in {OWN_FILE}'
        )


def _stacks(named: Sequence[str], infra: Path) -> list[Path]:
    if named:
        return _sorted_out([check_directory(name) for name in named])
    found = folders_in(infra) if infra.is_dir() else []
    if not found:
        raise InputError(
            f"there is no stack in {infra}/; name Terraform directories (dormouse deploy DIR...), "
            f"or keep each in a folder of its own there, such as {infra}/api"
        )
    return _sorted_out(found)


def _sorted_out(paths: Sequence[Path]) -> list[Path]:
    """Of several those that are stacks; one is taken as it is."""
    return list(paths) if len(paths) == 1 else leave_out(paths)


def _build_and_deploy(environment: Environment) -> None:
    deployment = Deployment(environment.stack_name, chosen=True)
    bound = default_concurrency(deployment, environment.parameters)
    for each in bound:
        click.echo(f"{each}: this account has room for this bound", err=True)
    environment = with_parameters(environment, bound)
    bring_sam()
    with sam_project() as project, _sam_config(environment) as config:
        _step("build", "the functions")
        _sam("build", environment, project, config)
        _step("deploy", f'the CloudFormation stack "{environment.stack_name}"')
        _sam("deploy", environment, project, config)


@contextmanager
def _sam_config(environment: Environment) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dormouse-sam-") as place:
        file = Path(place) / "samconfig.yaml"
        file.write_text(environment.sam_config(), encoding="utf-8")
        yield file


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


def _sam(verb: str, environment: Environment, project: Path, config: Path) -> None:
    command = [*sam(), verb, "--config-env", environment.name, "--config-file", str(config)]
    # src/Makefile builds with uv, which an installation of its own does not put on PATH.
    settings = {"UV": find_uv(), **os.environ, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(command, cwd=project, env=settings, check=False)
    if done.returncode:
        raise PermanentError(
            f"sam {verb} ended with code {done.returncode} (its own words are above); run the "
            "same command again once that is put right"
        )
