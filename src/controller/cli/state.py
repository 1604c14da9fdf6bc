"""`--state` and `--no-state`: what of Terraform's memory a command reads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.cli.inputs import NO_STATE, STATE, TERRAFORM, InputError
from controller.domain.problem import Level, Problem
from controller.hcl.directory import Configuration
from controller.hcl.world import Inputs
from controller.mapping.assemble import AWAKE
from controller.terraform.local_state import local_state

if TYPE_CHECKING:
    from controller.terraform.state import State

Found = tuple["State | None", tuple[Problem, ...]]


def state_finder(
    ctx: click.Context, directory: Path, inputs: Inputs
) -> Callable[[Configuration], Found]:
    """
    Finds the state that the options name, or else the one in the directory.

    Raises InputError for options that cannot be followed.
    """
    file, none = ctx.meta.get(STATE), ctx.meta.get(NO_STATE)
    if ctx.meta.get(TERRAFORM):
        if file is not None:
            raise InputError("--terraform and --state exclude each other: the plan knows the state")
        return lambda configuration: _planned(directory, inputs, configuration)
    if file is not None and none:
        raise InputError("--state and --no-state exclude each other")
    if none:
        return lambda _: (None, ())
    if file is not None:
        state = _read(file, directory, inputs.workspace)
        return lambda _: (state, ())

    def find(configuration: Configuration) -> Found:
        backend = configuration.root.declarations.backend
        path = local_state(directory, backend, inputs.workspace, inputs.environment)
        if path is None:
            return None, ()
        # Without a state, the code that reads one is not imported.
        from controller.terraform.load import load_found

        return load_found(path, directory)

    return find


def _planned(directory: Path, inputs: Inputs, configuration: Configuration) -> Found:
    """What Terraform plans; nothing if the files are wrong, which is reported anyway."""
    from controller.terraform.run import TerraformError, plan

    if any(problem.level is Level.ERROR for problem in configuration.problems):
        return None, ()
    options = [f"-{kind}={absolute(kind, text)}" for kind, text in inputs.options]
    if configuration.declares(AWAKE):
        options.append(f"-var={AWAKE}=true")
    if sys.stderr.isatty():
        click.echo(f"{directory}: terraform plan …", err=True)
    try:
        return plan(directory, options, inputs.environment), ()
    except TerraformError as error:
        if error.input_wrong:
            raise InputError(str(error)) from None
        raise


def absolute(kind: str, text: str) -> str:
    """Terraform runs in the directory, and files are named from where we are."""
    return str(Path(text).absolute()) if kind == "var-file" else text


def one_directory(ctx: click.Context, directories: Sequence[Path]) -> None:
    """A state is that of one directory; raises InputError where it is given for several."""
    if ctx.meta.get(STATE) is not None and len(directories) > 1:
        raise InputError("--state is for one directory; give them one by one")


def _read(file: str, directory: Path, workspace: str) -> State:
    from controller.terraform.load import load_state
    from controller.terraform.recognise import read_state
    from controller.terraform.state import StateError

    if file == "-":
        try:
            return read_state(sys.stdin.buffer.read(), "the standard input")
        except StateError as error:
            raise InputError(f"--state: {error}") from None
    path = Path(file)
    _check_workspace(path, workspace)
    try:
        return load_state(path, file)
    except FileNotFoundError:
        raise InputError(f"--state: there is no file {file}") from None
    except IsADirectoryError:
        raise InputError(
            f"--state: {file} is a directory; give a state file, or what `terraform show -json` "
            "prints"
        ) from None
    except OSError as error:
        raise InputError(f"--state: cannot read {file}: {error.strerror}") from None
    except StateError as error:
        raise InputError(f"--state: {error}") from None


def _check_workspace(path: Path, workspace: str) -> None:
    """The local backend keeps workspaces in folders of their names."""
    folder = path.absolute().parent
    if folder.parent.name == "terraform.tfstate.d" and folder.name != workspace:
        raise InputError(
            f"--state: {path} is of the workspace {folder.name}, but the directory is read in "
            f"{workspace}; set TF_WORKSPACE={folder.name}, or give the state of {workspace}"
        )
