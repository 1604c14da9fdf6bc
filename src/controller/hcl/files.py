"""Which files make a module, and their bodies (HCL semantics §2)."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

from controller.domain.dataclass import dataclass
from controller.domain.problem import Place, Problem
from controller.hcl.errors import HclError
from controller.hcl.json_syntax import parse_json_body
from controller.hcl.parse import parse_body
from controller.hcl.syntax import Body

_OVERRIDE = re.compile(r"(?:.*_)?override\.tf(?:\.json)?")
_BLOCK_START = re.compile(
    r"^(?:terraform|provider|variable|locals|output|module|resource|data|check|moved|import"
    r"|removed)\b[^\n=]*\{[ \t]*\r?$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class ModuleFiles:
    """`base` are the bodies of the ordinary files, `overrides` of those merged over them."""

    base: tuple[Body, ...]
    overrides: tuple[Body, ...]
    problems: tuple[Problem, ...]

    @property
    def empty(self) -> bool:
        return not (self.base or self.overrides or self.problems)


def read_module_files(folder: Path, shown_as: str) -> ModuleFiles:
    """
    Read and parse the folder's own `.tf` and `.tf.json` files in the order of their names.

    `shown_as` is the folder as the user knows it, relative to the root: "." or "modules/nlb".
    """
    base: list[Body] = []
    overrides: list[Body] = []
    problems: list[Problem] = []
    for path in configuration_files(folder):
        shown = os.fsencode(path.name).decode(errors="replace")  # a name need not be UTF-8
        name = shown if shown_as == "." else f"{shown_as}/{shown}"
        bodies, found = read_body(path, name)
        problems.extend(found)
        (overrides if _OVERRIDE.fullmatch(path.name) else base).extend(bodies)
    return ModuleFiles(tuple(base), tuple(overrides), tuple(problems))


def configuration_files(folder: Path) -> list[Path]:
    """The folder's own `.tf` and `.tf.json` files in the order in which they are merged."""
    found = (path for path in folder.iterdir() if _is_configuration(path))
    return sorted(found, key=lambda p: (bool(_OVERRIDE.fullmatch(p.name)), os.fsencode(p.name)))


def read_body(path: Path, name: str) -> tuple[tuple[Body, ...], tuple[Problem, ...]]:
    """The body of one file, or what is wrong with it: every broken block, not only the first."""
    try:
        text = read_text(path, name)
    except HclError as error:
        return (), (error.as_problem(),)
    try:
        parse = parse_json_body if name.endswith(".json") else parse_body
        return (parse(text, name),), ()
    except HclError as error:
        return (), tuple(dict.fromkeys((error.as_problem(), *_problems_by_block(text, name))))


def read_text(path: Path, name: str) -> str:
    """Raises HclError "syntax" for bytes that are not UTF-8, "file" for what cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HclError(
            "file", f"cannot read the file: {error.strerror}", place=Place(name, 1), static=True
        ) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise HclError(
            "syntax", "the text is not UTF-8", place=Place(name, line), static=True
        ) from None


def _is_configuration(path: Path) -> bool:
    name = path.name
    if name.startswith(".") or name.endswith("~") or (name[0] == name[-1] == "#"):
        return False
    is_there = path.is_file() or (path.is_symlink() and not path.exists())  # a link to nothing
    return name.endswith((".tf", ".tf.json")) and is_there


def _problems_by_block(text: str, name: str) -> list[Problem]:
    """
    What is wrong with each top-level block for itself.

    Only where no heredoc could hold what looks like the start of a block.
    """
    if name.endswith(".json") or "<<" in text:
        return []
    starts = [match.start() for match in _BLOCK_START.finditer(text)]
    problems = []
    for start, end in pairwise([*starts, len(text)]):
        # Blanked instead of cut, so that the lines stay.
        alone = "\n" * text.count("\n", 0, start) + text[start:end]
        try:
            parse_body(alone, name)
        except HclError as error:
            problems.append(error.as_problem())
    return problems
