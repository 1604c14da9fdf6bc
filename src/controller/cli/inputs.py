"""Terraform's own inputs, the same for every command that reads a directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.cli.link_address import is_link
from controller.domain.text import LONGEST_QUOTE, clean, quoted
from controller.hcl.world import Inputs
from controller.terraform.workspace import workspace_of

_KEY = "dormouse.terraform_inputs"
STATE = "dormouse.state"
NO_STATE = "dormouse.no_state"
TERRAFORM = "dormouse.terraform"
_KINDS = ("var", "var-file")

Command = TypeVar("Command", bound=Callable[..., Any])


class InputError(click.ClickException):
    """The command line or a file on it is wrong: one line, exit code 2."""

    exit_code = 2


class TerraformCommand(click.Command):
    """
    A command that takes `-var` and `-var-file` as Terraform does: in order, one dash or two,
    the value behind a space or an equals sign.

    They are taken out before click reads the rest, since it keeps the order of each alone.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest, ctx.meta[_KEY] = _split(args)
        return super().parse_args(ctx, rest)


def terraform_options(command: Command) -> Command:
    """Declare the options for `--help`, and the argument DIR as `directory`."""
    return click.argument("directory", metavar="DIR", callback=_directory)(
        terraform_inputs(command)
    )


def terraform_inputs(command: Command) -> Command:
    """Declare the options alone."""
    for option in (
        click.option(
            "--no-state",
            is_flag=True,
            expose_value=False,
            callback=_keep(NO_STATE),
            help="Do not read a terraform.tfstate in the directory.",
        ),
        click.option(
            "--state",
            metavar="FILE",
            expose_value=False,
            callback=_keep(STATE),
            help="Read ids that the files do not contain from Terraform's state: a state file, or "
            "what terraform show -json prints of a state or plan (- reads standard input).",
        ),
        *_VARIABLES,
    ):
        command = option(command)
    return command


def terraform_variables(command: Command) -> Command:
    """Declare `-var` and `-var-file` alone."""
    for option in _VARIABLES:
        command = option(command)
    return command


_VARIABLES = (
    click.option(
        "-var-file",
        metavar="FILE",
        expose_value=False,
        help="Read variables from a .tfvars file.",
    ),
    click.option(
        "-var",
        metavar="NAME=VALUE",
        expose_value=False,
        help="Set a variable of the root module.",
    ),
)


def terraform_judge(command: Command) -> Command:
    """Declare `--terraform`."""
    return click.option(
        "--terraform",
        is_flag=True,
        expose_value=False,
        callback=_keep(TERRAFORM),
        help="Also run terraform plan: use values that only it knows, and refuse any "
        "difference. The directory must be initialised.",
    )(command)


def _keep(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Keep an option's value where those find it who need it, not every command's arguments."""

    def keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        ctx.meta[key] = value

    return keep


def read_inputs(
    ctx: click.Context,
    environment: Mapping[str, str] | None = None,
    *,
    directory: Path | None = None,
) -> Inputs:
    """The command's options, the process's variables, workspace and region."""
    environment = os.environ if environment is None else environment
    for name, value in environment.items():
        if name.startswith("TF_VAR_"):
            _check_text(name, value)
    return Inputs(
        options=ctx.meta.get(_KEY, ()),
        environment=environment,
        workspace=workspace_of(directory or Path(), environment),
        region=_region(environment),
    )


def sets(inputs: Inputs, name: str) -> bool:
    """Whether an option or the environment says what this variable is."""
    option = any(kind == "var" and text.startswith(f"{name}=") for kind, text in inputs.options)
    return option or f"TF_VAR_{name}" in inputs.environment


def _split(args: list[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Separate what is Terraform's from the rest; behind "--" nothing is."""
    rest, found = [], []
    waiting = iter(args)
    for arg in waiting:
        if arg == "--":
            rest += [arg, *waiting]
            break
        name, equals, value = arg.lstrip("-").partition("=")
        if not arg.startswith("-") or name not in _KINDS:
            rest.append(arg)
            continue
        if not equals:
            value = next(waiting, "")
            if not value:
                raise InputError(f"-{name} needs a value, such as {_example(name)}")
        found.append((name, _checked(name, value)))
    return rest, tuple(found)


def _check_text(what: str, text: str) -> None:
    """Arguments of the shell need not be UTF-8; a Terraform value is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{clean(what, LONGEST_QUOTE)}: the text is not UTF-8") from None


def _checked(name: str, value: str) -> str:
    if name == "var" and "=" not in value:
        raise InputError(f"-var: found {quoted(value)}, expected NAME=VALUE")
    if name == "var":
        _check_text(f"-var {value.partition('=')[0]}", value)
    if name == "var-file" and not Path(value).is_file():
        raise InputError(f"-var-file: there is no file {value}")
    return value


def _example(name: str) -> str:
    return "-var env=prod" if name == "var" else "-var-file=prod.tfvars"


def _directory(ctx: click.Context, parameter: click.Parameter, value: str) -> Path:
    return check_directory(value)


def check_directory(value: str) -> Path:
    """A directory that exists. Raises InputError, which does not quote a link: it is a secret."""
    if is_link(value):
        raise InputError(
            "found a link, expected a Terraform directory; only status, wake, extend, release and "
            "with take a link"
        )
    path = Path(value)
    if not path.exists():
        raise InputError(f"there is no directory {value}")
    if not path.is_dir():
        raise InputError(f"{value} is not a directory; give the folder with the .tf files")
    return path


def _region(environment: Mapping[str, str]) -> str | None:
    """Defaults of Terraform's provider and the SDK."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if environment.get(name):
            return environment[name]
    config = Path(environment.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser()
    if not config.is_file():
        return None
    # Only who has such a file waits for the SDK to be imported.
    from botocore.session import Session

    region: str | None = Session().get_config_variable("region")
    return region
