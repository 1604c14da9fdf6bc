"""A Terraform directory becomes a spec: evaluated awake and asleep, then assembled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controller.domain.problem import Level, Problem
from controller.hcl.construct import boolean, number, string
from controller.hcl.directory import Configuration, read
from controller.hcl.numbers import Number, is_whole, to_int
from controller.hcl.values import Value
from controller.hcl.world import Inputs, World
from controller.mapping.assemble import AWAKE, Compiled, compile_worlds
from controller.mapping.policy import VARIABLE, read_name
from controller.mapping.with_state import compile_with

if TYPE_CHECKING:
    from controller.mapping.from_state import Choice
    from controller.terraform.state import State

__all__ = ["Compiled", "compile_stack", "evaluate_worlds", "find_name"]


FindState = Callable[[Configuration], "tuple[State | None, tuple[Problem, ...]]"]
"""Finds what Terraform remembers of a directory that is read, and what is wrong with that."""


def compile_stack(
    directory: Path,
    inputs: Inputs,
    compiled_at: datetime,
    *,
    stack: str | None = None,
    find_state: FindState | None = None,
) -> Compiled:
    """
    Compile the directory; `stack` overrides its own name, and the files', as the stack's.

    `compiled_at` carries a time zone. Only an unreadable directory raises (OSError); everything
    else that is wrong is a problem. Of the state that `find_state` finds only those values are
    taken that neither the files nor look-ups give.
    """
    configuration = read(directory, inputs.environment.get("TF_DATA_DIR"))
    state, problems = find_state(configuration) if find_state else (None, ())
    found = (*_no_files(directory), *_awake_by_default(configuration), *problems)

    def compile_once(choice: Choice | None) -> Compiled:
        awake, asleep = evaluate_worlds(configuration, replace(inputs, known=choice))
        compiled = compile_worlds(
            stack or read_name(awake.variables) or directory.resolve().name,
            awake,
            asleep,
            region=inputs.region,
            policy_place=awake.variable_places.get(VARIABLE),
            compiled_at=compiled_at,
            source=str(directory),
            found=found,
            remembered=choice.identities() if choice else {},
        )
        if not any(problem.rule == "no-configuration" for problem in found):
            return compiled
        # That nothing sleeps where no file is goes without saying.
        problems = tuple(
            problem for problem in compiled.problems if problem.rule != "nothing-sleeps"
        )
        return replace(compiled, problems=problems)

    return compile_with(state, compile_once)


def find_name(directory: Path, inputs: Inputs) -> str:
    """What the stack of a directory is called that compiles: by its files, or as its folder."""
    configuration = read(directory, inputs.environment.get("TF_DATA_DIR"))
    name = None
    if configuration.declares(VARIABLE):
        name = read_name(evaluate_worlds(configuration, inputs)[0].variables)
    return name or directory.resolve().name


def evaluate_worlds(configuration: Configuration, inputs: Inputs) -> tuple[World, World | None]:
    """The directory awake and asleep; only once where it does not declare the variable."""
    if not configuration.declares(AWAKE):
        return configuration.evaluate(inputs), None
    awake, asleep = (
        configuration.evaluate(
            replace(inputs, assigned={**inputs.assigned, AWAKE: _state(configuration, state)})
        )
        for state in (True, False)
    )
    return awake, asleep


def _state(configuration: Configuration, state: bool) -> Value:
    """As the variable's default is written: true, "true" or 1."""
    variable = configuration.root.declarations.variables.get(AWAKE)
    data = variable.default.data if variable and variable.default else None
    if isinstance(data, str):
        return string("true" if state else "false")
    return number(int(state)) if isinstance(data, Number) else boolean(state)


def _is_false(data: object) -> bool:
    """Also of a variable that is a text or a number."""
    return (
        data is False
        or data == "false"
        or (isinstance(data, Number) and is_whole(data) and to_int(data) == 0)
    )


def _no_files(directory: Path) -> Iterator[Problem]:
    if not any(directory.glob("*.tf")) and not any(directory.glob("*.tf.json")):
        yield Problem(
            level=Level.ERROR,
            rule="no-configuration",
            message=f"{directory} has no Terraform files; give the folder with the .tf files",
        )


def _awake_by_default(configuration: Configuration) -> Iterator[Problem]:
    """Terraform must leave the sleepers alone of its own accord, or the two fight."""
    declared = configuration.root.declarations
    variable = declared.variables.get(AWAKE)
    if variable is None or ("variable", AWAKE) in declared.broken:
        return
    if variable.default is not None and _is_false(variable.default.data):
        return
    yield Problem(
        level=Level.WARNING,
        rule="awake-default",
        message=f"variable {AWAKE} has not the default false, so terraform apply would make what "
        "dormouse makes and deletes; write type = bool and default = false",
        place=variable.default_place or variable.place,
        address=f"var.{AWAKE}",
    )
