"""
An environment of samconfig.toml: what `sam` will take, read by the commands around it.

Region and profile that the file names win, as they do for sam; else those of the shell hold. They
are put into this process's own environment, so that every step, sam's included, means one account.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.cli.inputs import InputError

FILE = "samconfig.toml"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`prefix` is where below sam's bucket the uploaded code lies; "" if it is not fixed."""

    name: str
    stack_name: str
    region: str | None
    profile: str | None
    prefix: str

    def enter(self) -> None:
        """Let this process, and those that it starts, mean this environment's account."""
        region = self.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if region:
            # Two names: Python's SDK reads the second, others the first.
            os.environ.update(AWS_REGION=region, AWS_DEFAULT_REGION=region)
        if self.profile:
            os.environ["AWS_PROFILE"] = self.profile


def read_environment(folder: Path, name: str) -> Environment:
    """Read one environment; raises InputError for a file or a name that is not there."""
    file = folder / FILE
    try:
        config = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(
            f"{file} is missing; run this in the folder that holds template.yaml"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: {error}") from None
    known = [key for key, value in config.items() if isinstance(value, dict)]
    if name not in known:
        raise InputError(
            f'{file} has no environment "{name}"; expected one of {", ".join(known)} '
            "(CONFIG_ENV, --config-env)"
        )
    return _environment(file, name, config[name])


def _environment(file: Path, name: str, tables: Mapping[str, Any]) -> Environment:
    given: dict[str, Any] = {}
    for table in ("global", "deploy"):
        given |= tables.get(table, {}).get("parameters", {})
    if not given.get("stack_name"):
        raise InputError(f'{file}: environment "{name}" has no stack_name')
    return Environment(
        name=name,
        stack_name=given["stack_name"],
        region=given.get("region"),
        profile=given.get("profile"),
        prefix=given.get("s3_prefix", ""),
    )


def environment_option(command: Command) -> Command:
    """Declare --config-env; the command gets what it names, entered, as `environment`."""
    return click.option(
        "--config-env",
        "environment",
        envvar="CONFIG_ENV",
        default="default",
        show_default=True,
        metavar="NAME",
        callback=_enter,
        help="The environment of samconfig.toml: name, region and account of the deployment.",
    )(command)


def _enter(ctx: click.Context, parameter: click.Parameter, name: str) -> Environment:
    environment = read_environment(Path.cwd(), name)
    environment.enter()
    return environment
