"""
Where the values of the root's variables come from (HCL semantics §14).

From weak to strong: environment, terraform.tfvars, its JSON form, *.auto.tfvars, the command line,
and what the caller assigns. Each replaces the whole value of a weaker one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Level, Place, Problem
from controller.hcl.construct import string
from controller.hcl.declarations import Variable
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.files import read_text
from controller.hcl.inner_places import inner_places
from controller.hcl.json_syntax import parse_json_values
from controller.hcl.parse import parse_argument, parse_body
from controller.hcl.scope import CONSTANT
from controller.hcl.values import Value
from controller.hcl.world import Inputs

_PREFIX = "TF_VAR_"


@dataclass(frozen=True, slots=True)
class Given:
    """
    A value before it is fitted to its variable; `place` is None for one without a file.

    `parts` are the places inside of it, by path (`inner_places`).
    """

    value: Value
    place: Place | None = None
    parts: Mapping[str, Place] = field(default_factory=dict)


@dataclass(slots=True)
class InputReader:
    """Collects the given values of the declared variables, and what is wrong with them."""

    root: Path
    variables: Mapping[str, Variable]
    problems: list[Problem] = field(default_factory=list)
    # Variables whose value is so wrong that there is none.
    broken: set[str] = field(default_factory=set)

    def read(self, inputs: Inputs) -> dict[str, Given]:
        given: dict[str, Given] = {}
        for name in self.variables:
            text = inputs.environment.get(_PREFIX + name)
            if text is not None:
                self._text(given, name, text, f"{_PREFIX}{name}")
        for path in self._automatic_files():
            self._file(given, path, path.name)
        for kind, text in inputs.options:
            if kind == "var":
                self._option(given, text)
            else:
                self._file(given, Path(text), self._shown(text))
        for name, value in inputs.assigned.items():
            if name in self.variables:
                self.broken.discard(name)
                given[name] = Given(value)
        return given

    def _automatic_files(self) -> Iterator[Path]:
        for name in ("terraform.tfvars", "terraform.tfvars.json"):
            if (self.root / name).is_file():
                yield self.root / name
        names = (path.name for path in self.root.iterdir())
        for name in sorted(names, key=os.fsencode):
            if name.endswith((".auto.tfvars", ".auto.tfvars.json")):
                yield self.root / name

    def _shown(self, text: str) -> str:
        """The file's name, relative to the root if it is in it."""
        relative = os.path.relpath(text, self.root)
        return text if relative.startswith("..") else Path(relative).as_posix()

    def _file(self, given: dict[str, Given], path: Path, shown_as: str) -> None:
        try:
            text = read_text(path, shown_as)
            values = self._json(text, shown_as) if shown_as.endswith(".json") else None
            if values is None:
                values = self._native(text, shown_as)
        except HclError as error:
            self._report(error)
            # Nobody knows what the file would have given.
            self.broken.update(self.variables)
            return
        for name, value in values.items():
            if name in self.variables:
                self.broken.discard(name)
                given[name] = value
            else:
                self._warn_undeclared(name, value)

    def _json(self, text: str, shown_as: str) -> dict[str, Given]:
        values = parse_json_values(text, shown_as)
        return {name: Given(value, place) for name, (value, place) in values.items()}

    def _native(self, text: str, shown_as: str) -> dict[str, Given]:
        body = parse_body(text, shown_as)
        for block in body.blocks:
            raise HclError(
                "syntax",
                f'found the block "{block.type}", expected only NAME = VALUE',
                place=block.place,
            )
        values: dict[str, Given] = {}
        for argument in body.arguments.values():
            try:
                values[argument.name] = Given(
                    evaluate(argument.expression, CONSTANT),
                    argument.place,
                    inner_places(argument.expression),
                )
            except HclError as error:
                self._report(error)
                self.broken.add(argument.name)
        return values

    def _option(self, given: dict[str, Given], text: str) -> None:
        name, equals, value = text.partition("=")
        if not equals:
            self._report(
                HclError("variable-syntax", f'-var "{text}" must have the form NAME=VALUE')
            )
        elif name not in self.variables:
            self._report(
                HclError("undeclared", f'-var "{name}": the root declares no such variable')
            )
        else:
            self._text(given, name, value, f"-var {name}")

    def _text(self, given: dict[str, Given], name: str, text: str, source: str) -> None:
        """Text is taken as it is, unless the variable's type asks for more than a primitive."""
        variable = self.variables[name]
        self.broken.discard(name)
        if variable.takes_text:
            given[name] = Given(string(text))
            return
        try:
            given[name] = Given(evaluate(parse_argument(text, source), CONSTANT))
        except HclError as error:
            self.broken.add(name)
            self._report(
                HclError(
                    "variable-syntax",
                    f"{source}: the text is no value of the language: {error.message}",
                    place=variable.place,
                )
            )

    def _report(self, error: HclError) -> None:
        self.problems.append(error.as_problem())

    def _warn_undeclared(self, name: str, given: Given) -> None:
        self.problems.append(
            Problem(
                level=Level.WARNING,
                rule="undeclared",
                message=f'"{name}" is set, but the root declares no such variable',
                place=given.place,
            )
        )
