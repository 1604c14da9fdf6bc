"""Running one case: files and an expression in, what Dormouse makes of them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from controller.domain.problem import Level, Problem
from controller.hcl.directory import read
from controller.hcl.errors import HclError
from controller.hcl.values import Value
from controller.hcl.world import Inputs, World


@dataclass(frozen=True)
class Outcome:
    """`value` is None where the expression is refused; `errors` are those of the root as well."""

    value: Value | None
    errors: tuple[Problem, ...]


def write(directory: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return directory


def inputs(
    directory: Path, cli: Sequence[str] = (), env: Mapping[str, str] | None = None, **more: Any
) -> Inputs:
    """Options as the cases spell them: `name=text`, or `@file` relative to the root."""
    options = tuple(
        ("var-file", str(directory / option[1:])) if option[0] == "@" else ("var", option)
        for option in cli
    )
    return Inputs(options=options, environment=env or {}, **more)


def world(directory: Path, files: Mapping[str, str] | str, **more: Any) -> World:
    if isinstance(files, str):
        files = {"main.tf": files}
    return read(write(directory, files)).evaluate(inputs(directory, **more))


def ask(requested: World, expression: str) -> Outcome:
    errors = errors_of(requested)
    try:
        return Outcome(requested.evaluate(expression), errors)
    except HclError as error:
        return Outcome(None, (*errors, error.as_problem()))


def errors_of(requested: World) -> tuple[Problem, ...]:
    return tuple(problem for problem in requested.problems if problem.level is Level.ERROR)


def same(found: Any, expected: Any) -> bool:
    """Equal as the cases mean it: numbers by value, text exactly, objects without order."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, int | float | Decimal) and isinstance(expected, int | float):
        return found == expected or abs(float(found) - float(expected)) <= 1e-12 * max(
            1.0, abs(float(expected))
        )
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[k], expected[k]) for k in found)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return type(found) is type(expected) and found == expected
