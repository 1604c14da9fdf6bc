"""
What a deployment is called, where it goes, and its parameters: from options, files and the shell.

In this order: options, then `dormouse.toml` or else `samconfig.toml` in the folder where the
command runs, then the shell (`AWS_REGION`, `AWS_PROFILE`), then what ships with Dormouse. Region
and profile are put into this process's own environment, so that every step, sam's included, means
one account.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.cli.inputs import InputError
from controller.cli.project import shipped_file
from controller.domain.dataclass import dataclass, field, replace

OWN_FILE, SAM_FILE = "dormouse.toml", "samconfig.toml"
_OWN_KEYS = {"name": str, "region": str, "profile": str, "stacks": list, "parameters": dict}
Command = TypeVar("Command", bound=Callable[..., Any])
Tables = Mapping[str, Mapping[str, Any]]
"""Sam's command ("global", "deploy", …) to its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """
    One environment, such as `default` or `ci`.

    `prefix` is where below sam's bucket the uploaded code lies; "" if it is not fixed. `tables`
    is what sam is given. `stacks` are the directories to deploy where the command names none.
    """

    name: str
    stack_name: str
    region: str | None
    profile: str | None
    prefix: str
    tables: Tables = field(default_factory=dict, repr=False)
    stacks: tuple[str, ...] = ()

    def enter(self) -> None:
        """Let this process, and those that it starts, mean this environment's account."""
        region = self.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if region:
            # Two names: Python's SDK reads the second, others the first.
            os.environ.update(AWS_REGION=region, AWS_DEFAULT_REGION=region)
        if self.profile:
            os.environ["AWS_PROFILE"] = self.profile

    @property
    def parameters(self) -> list[str]:
        """The template's parameters, as KEY=VALUE."""
        found = self.tables.get("deploy", {}).get("parameters", {}).get("parameter_overrides", ())
        return found.split() if isinstance(found, str) else list(found)

    def sam_config(self) -> str:
        """The text of a configuration file for sam: YAML, in the part of it that is JSON."""
        return json.dumps({"version": 0.1, self.name: self.tables}, indent=1)


def read_environment(folder: Path, name: str) -> Environment:
    """Read one environment; raises InputError for a file or a name that is not right."""
    shipped = _toml(shipped_file(SAM_FILE))
    if (folder / OWN_FILE).is_file():
        return _from_own_file(folder / OWN_FILE, name, shipped)
    file = folder / SAM_FILE
    config = _toml(file) if file.is_file() else shipped
    environments = {key: value for key, value in config.items() if isinstance(value, dict)}
    known = {**environments, **{k: v for k, v in shipped.items() if isinstance(v, dict)}}
    if name not in known:
        raise _unknown(file, name, list(environments))
    return _environment(file, name, _over(shipped, name, environments.get(name, {})))


def _from_own_file(file: Path, name: str, shipped: Mapping[str, Any]) -> Environment:
    config = _toml(file)
    others = config.pop("env", {})
    if name in others:
        parameters = config.get("parameters", {}) | others[name].get("parameters", {})
        config = {**config, **others[name], "parameters": parameters}
    elif not isinstance(shipped.get(name), dict):
        raise _unknown(file, name, ["default", "ci", *others])
    _check_own(file, config)
    own: dict[str, Any] = {key: config[key] for key in ("region", "profile") if key in config}
    if "name" in config:
        own["stack_name"] = config["name"]
    given = [f"{key}={_text(value)}" for key, value in config.get("parameters", {}).items()]
    deploy = {"parameter_overrides": given} if given else {}
    tables = _over(shipped, name, {"global": {"parameters": own}, "deploy": {"parameters": deploy}})
    if "name" in config:
        tables["deploy"]["parameters"]["s3_prefix"] = config["name"]
    found = _environment(file, name, tables)
    return replace(
        found, stacks=tuple(str(file.parent / each) for each in config.get("stacks", ()))
    )


def _check_own(file: Path, config: Mapping[str, Any]) -> None:
    for key, value in config.items():
        if key not in _OWN_KEYS:
            raise InputError(f'{file}: unknown key "{key}"; expected {", ".join(_OWN_KEYS)}, env')
        if not isinstance(value, _OWN_KEYS[key]):
            words = {str: "a text", list: "a list of folders", dict: "a table"}
            raise InputError(f'{file}: "{key}" must be {words[_OWN_KEYS[key]]}')


def _text(value: object) -> str:
    """As CloudFormation takes a parameter."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _over(
    shipped: Mapping[str, Any], name: str, given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Tables of an environment over those that ship under its name, or else under `default`."""
    known = isinstance(shipped.get(name), dict)
    base = shipped[name] if known else shipped["default"]
    tables = {command: {"parameters": dict(table["parameters"])} for command, table in base.items()}
    if not known:
        tables.pop("global", None)  # the name of the deployment is not guessed
    for command, table in given.items():
        if isinstance(table, dict):
            mine = tables.setdefault(command, {"parameters": {}})
            mine["parameters"] |= table.get("parameters", {})
    return tables


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}") from None


def _unknown(file: Path, name: str, known: Sequence[str]) -> InputError:
    found = f"{file} has no" if file.is_file() else "there is no"
    return InputError(
        f'{found} environment "{name}"; expected one of {", ".join(dict.fromkeys(known))} '
        "(CONFIG_ENV, --config-env)"
    )


def _environment(file: Path, name: str, tables: dict[str, dict[str, Any]]) -> Environment:
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
        tables=tables,
    )


# options


def environment_option(command: Command) -> Command:
    """Declare the options; the command gets what they name, entered, as `environment`."""

    @wraps(command)
    def with_environment(
        environment: str,
        stack_name: str | None,
        region: str | None,
        parameters: Sequence[str],
        **others: Any,
    ) -> Any:
        entered = enter_environment(environment, stack_name, region, parameters)
        return command(environment=entered, **others)

    declared: Any = with_environment
    for option in (
        click.option(
            "--parameter",
            "parameters",
            multiple=True,
            metavar="KEY=VALUE",
            help="A parameter of the template, such as NotifyEmail; may be repeated.",
        ),
        click.option("--region", metavar="REGION", help="The controller's region."),
        click.option(
            "--name", "stack_name", metavar="NAME", help="The CloudFormation stack's name."
        ),
        click.option(
            "--config-env",
            "environment",
            envvar="CONFIG_ENV",
            default="default",
            show_default=True,
            metavar="NAME",
            help="An environment of dormouse.toml or samconfig.toml.",
        ),
    ):
        declared = option(declared)
    return declared  # type: ignore[no-any-return]


def enter_environment(
    name: str, stack_name: str | None, region: str | None, parameters: Sequence[str] = ()
) -> Environment:
    """What the options of `environment_option` name, entered. Raises InputError."""
    found = read_environment(Path.cwd(), name)
    found = _with_options(found, stack_name, region, parameters)
    found.enter()
    return found


def _with_options(
    found: Environment, stack_name: str | None, region: str | None, parameters: Sequence[str]
) -> Environment:
    tables = {key: {"parameters": dict(value["parameters"])} for key, value in found.tables.items()}
    shared = tables.setdefault("global", {"parameters": {}})["parameters"]
    deploy = tables.setdefault("deploy", {"parameters": {}})["parameters"]
    if region:
        shared["region"] = deploy["region"] = region
        found = replace(found, region=region)
    if stack_name:
        shared["stack_name"] = deploy["stack_name"] = deploy["s3_prefix"] = stack_name
        found = replace(found, stack_name=stack_name, prefix=stack_name)
    for each in parameters:
        if not each.partition("=")[1]:
            raise InputError(f'--parameter: found "{each}", expected KEY=VALUE')
    return with_parameters(replace(found, tables=tables), parameters)


def with_parameters(found: Environment, given: Sequence[str]) -> Environment:
    """With further parameters of the template, as KEY=VALUE; they win."""
    if not given:
        return found
    joined = {each.partition("=")[0]: each for each in (*found.parameters, *given)}
    tables = {key: {"parameters": dict(value["parameters"])} for key, value in found.tables.items()}
    deploy = tables.setdefault("deploy", {"parameters": {}})["parameters"]
    deploy["parameter_overrides"] = list(joined.values())
    return replace(found, tables=tables)
