"""Why files of a directory are not to be changed, though they could be."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from controller.adopt.folders import File, Folder
from controller.adopt.refuser import RULE
from controller.domain.problem import Level, Place, Problem

_TFVARS = re.compile(r"^[ \t]*\"?awake\"?[ \t]*[=:]", re.MULTILINE)
_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.[^"]*)"', re.MULTILINE)
_GENERATED = {
    "cdk.tf.json": "CDKTF rewrites it at each synth; write count = var.awake ? 1 : 0 in the "
    "program that it comes from",
    ".terragrunt-cache": "Terragrunt copies it there; adopt the folder that it copies from",
}


def in_the_way(folder: Folder, own: Collection[Path]) -> Iterator[Problem]:
    """What speaks against changing a module's folder at all; `own` are all of the directory."""
    yield from _other_variable(folder)
    if folder.is_root:
        yield from _set_already(folder)
    if folder.shown_as.startswith(".."):
        yield from _shared(folder, own)


def not_ours(file: File) -> Iterator[Problem]:
    """A file that belongs to somebody else, or to a program."""
    for name, why in _GENERATED.items():
        if name in file.path.parts:
            yield _problem(f"{file.shown_as} is generated: {why}", Place(file.shown_as, 1))
    if file.path.is_symlink():
        yield _problem(
            f"{file.shown_as} is a link to {file.path.readlink()}, and what else uses that "
            "would be changed too; put a copy in its place, then adopt again",
            Place(file.shown_as, 1),
        )


def _other_variable(folder: Folder) -> Iterator[Problem]:
    """A variable `awake` that means something else."""
    variable = folder.module.declarations.variables.get("awake")
    if variable is None:
        return
    default = variable.default.data if variable.default else None
    wanted = not folder.is_root
    if default is not wanted:
        yield _problem(
            "there is a variable awake already, and its default is not "
            f"{str(wanted).lower()}; rename it where it means something else, or give it type = "
            "bool and that default",
            variable.place,
            "var.awake",
        )


def _set_already(folder: Folder) -> Iterator[Problem]:
    """A value for `awake` that Terraform would take as soon as the variable is there."""
    names = ("terraform.tfvars", "terraform.tfvars.json")
    automatic = (*folder.path.glob("*.auto.tfvars"), *folder.path.glob("*.auto.tfvars.json"))
    for path in (*(folder.path / name for name in names), *sorted(automatic)):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        match = _TFVARS.search(text)
        if match:
            yield _problem(
                "gives the variable awake a value, which Terraform would take at each apply; take "
                "the line out",
                Place(path.name, text.count("\n", 0, match.end()) + 1),
                "var.awake",
            )


def _shared(folder: Folder, own: Collection[Path]) -> Iterator[Problem]:
    """A module outside of the directory is changed only if nobody else calls it."""
    for caller, line in _callers(folder.path.resolve(), own):
        yield _problem(
            f"the module {folder.shown_as} holds what would sleep, and {caller}:{line} calls it "
            "too, so that it is not changed; copy it into this directory and let source name the "
            "copy, then adopt again",
            Place(folder.shown_as, 1),
        )
        return


def _callers(module: Path, own: Collection[Path]) -> Iterator[tuple[str, int]]:
    """Files around the directory and the module, in folders that are not its own, that name it."""
    above = Path(os.path.commonpath([module, *own]))
    top = next((one for one in (above, *above.parents) if (one / ".git").exists()), above)
    for path in _files(top):
        if path.parent in own:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for match in _SOURCE.finditer(text):
            if (path.parent / match[1]).resolve() == module:
                yield str(path.relative_to(top)), text.count("\n", 0, match.start(1)) + 1


def _files(top: Path) -> Iterator[Path]:
    """All `.tf` files below, except those in hidden folders (.terraform, .git)."""
    for folder, below, names in os.walk(top):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (Path(folder) / name for name in sorted(names) if name.endswith(".tf"))


def _problem(message: str, place: Place, address: str = "") -> Problem:
    return Problem(level=Level.ERROR, rule=RULE, message=message, place=place, address=address)
