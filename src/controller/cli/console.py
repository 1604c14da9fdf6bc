"""`dormouse console`: evaluate expressions against a directory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from controller.cli.inputs import TerraformCommand, read_inputs, sets, terraform_options
from controller.cli.problems import print_problems
from controller.cli.state import state_finder
from controller.cli.value_text import value_text
from controller.domain.problem import Level, Problem
from controller.hcl.construct import boolean, is_sensitive, is_wholly_known
from controller.hcl.directory import Configuration, read
from controller.hcl.errors import HclError
from controller.hcl.plain import to_python, unknown_mask
from controller.hcl.types import to_json
from controller.hcl.values import Value
from controller.hcl.world import Inputs, World

_AWAKE = "awake"


@click.command("console", cls=TerraformCommand)
@terraform_options
@click.argument("expressions", metavar="[EXPR]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per expression.")
@click.pass_context
def command(
    ctx: click.Context, directory: Path, expressions: tuple[str, ...], as_json: bool
) -> None:
    """
    Evaluate expressions in the scope of a directory's root module.

    The expressions are the arguments, or the lines of standard input. The variable `awake` is
    true unless given. Exit code 2 if an expression is wrong; write -- before one that begins
    with a dash.
    """
    inputs = read_inputs(ctx, directory=directory)
    configuration = read(directory, inputs.environment.get("TF_DATA_DIR"))
    state, problems = state_finder(ctx, directory, inputs)(configuration)
    print_problems(problems, err=True)
    if state is not None:
        from controller.mapping.from_state import Choice

        inputs = replace(inputs, known=Choice(state, wanted=None))
    world = configuration.evaluate(_awake(configuration, inputs))
    broken = next((p for p in world.problems if p.level is Level.ERROR), None)
    failed = False
    for expression in expressions or _lines():
        answer = broken or _evaluate(world, expression)
        failed |= not isinstance(answer, Value)
        click.echo(_json(answer) if as_json else _text(answer), err=_is_error(answer, as_json))
    ctx.exit(2 if failed else 0)


def _awake(configuration: Configuration, inputs: Inputs) -> Inputs:
    if not configuration.declares(_AWAKE) or sets(inputs, _AWAKE):
        return inputs
    return replace(inputs, assigned={**inputs.assigned, _AWAKE: boolean(True)})


def _lines() -> Iterator[str]:
    lines: Iterable[str] = sys.stdin
    return (line.rstrip("\n") for line in lines if line.strip())


def _evaluate(world: World, expression: str) -> Value | Problem:
    try:
        return world.evaluate(expression)
    except HclError as error:
        return error.as_problem()


def _json(answer: Value | Problem) -> str:
    return json.dumps(_object(answer), ensure_ascii=False)


def _object(answer: Value | Problem) -> dict[str, Any]:
    if isinstance(answer, Problem):
        return {
            "error": {
                "kind": answer.rule,
                "file": answer.place.file if answer.place else None,
                "line": answer.place.line if answer.place else None,
                "message": answer.message,
            }
        }
    if answer.is_unknown:
        return {"unknown": True}
    found: dict[str, Any] = {"value": to_python(answer), "type": to_json(answer.type)}
    if not is_wholly_known(answer):
        found["unknown"] = unknown_mask(answer)
    if is_sensitive(answer):
        found["sensitive"] = True
    return found


def _text(answer: Value | Problem) -> str:
    if isinstance(answer, Value):
        return value_text(answer)
    return f"{answer.place}: {answer.message}" if answer.place else answer.message


def _is_error(answer: Value | Problem, as_json: bool) -> bool:
    """Standard output carries only data; in JSON an error is data too."""
    return isinstance(answer, Problem) and not as_json
