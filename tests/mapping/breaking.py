"""Directories of Terraform files with one expression broken: where it can be done, and doing it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BREAKS: Mapping[str, str] = {
    "undeclared variable": "var.no_such",
    "undeclared local": "local.no_such",
    "undeclared resource": "aws_vpc.no_such.id",
    "undeclared data source": "data.aws_vpc.no_such.id",
    "undeclared module": "module.no_such.id",
    "unknown function": "no_such_function(1)",
    "too few arguments": "replace(1)",
    "no such attribute": "{}.no_such",
    "no such element": "[][0]",
    "an element of null": "null[0]",
    "wrong type in an operator": '(1 + "x")',
    "wrong type of an argument": 'tonumber("x")',
    "a condition that is none": '("x" ? 1 : 2)',
    "a for through a number": "[for x in 1 : x]",
    "no such file": 'file("no/such/file")',
}
"""Expressions that Terraform refuses wherever they stand."""

_ARGUMENT = re.compile(r'^(\s*(?:[\w-]+|"[^"$]*")\s*=\s*)(\S.*?)(\s*(?:,|#.*|//.*)?)$')
_SEQUENCE = re.compile(r"(?<!\$)\$\{([^{}\"]+)\}")
_REFERENCE = re.compile(
    r"\b(?:var|local|module|data|each|count|path|aws_\w+)(?:\.[A-Za-z_][\w-]*|\[\d+\])+"
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Spot:
    """A piece of one line, counted from 1, that is a whole expression."""

    file: str
    line: int
    start: int
    end: int

    def broken(self, directory: Path, instead: str) -> None:
        path = directory / self.file
        lines = path.read_text().split("\n")
        text = lines[self.line - 1]
        lines[self.line - 1] = text[: self.start] + instead + text[self.end :]
        path.write_text("\n".join(lines))


def spots_in(directory: Path) -> list[Spot]:
    """Every place in the directory's .tf files, modules included, where an expression stands."""
    found: dict[Spot, None] = {}
    for path in sorted(directory.rglob("*.tf")):
        name = path.relative_to(directory).as_posix()
        for number, line in enumerate(path.read_text().split("\n"), 1):
            code = line.partition(" #")[0]
            if code.lstrip().startswith(("#", "//")):
                continue
            for start, end in _spans(code):
                found[Spot(name, number, start, end)] = None
    return list(found)


def _spans(line: str) -> Iterator[tuple[int, int]]:
    argument = _ARGUMENT.match(line)
    if argument and _is_whole(argument[2]):
        yield argument.span(2)
    for sequence in _SEQUENCE.finditer(line):
        yield sequence.span(1)
    for reference in _REFERENCE.finditer(line):
        quoted = line[: reference.start()].count('"') % 2
        if not quoted and not re.match(r"\s*[.(\[]", line[reference.end() :]):
            yield reference.span()


def _is_whole(text: str) -> bool:
    """Whether an expression ends on this line."""
    if text.startswith("<<") or text.endswith(("?", "&&", "||", "+")):
        return False
    waiting: list[str] = []
    for char in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        if char in _PAIRS:
            waiting.append(_PAIRS[char])
        elif char in _PAIRS.values() and (not waiting or waiting.pop() != char):
            return False
    return not waiting


def copied(source: Path, to: Path) -> Path:
    return Path(shutil.copytree(source, to, ignore=shutil.ignore_patterns(".terraform*")))
