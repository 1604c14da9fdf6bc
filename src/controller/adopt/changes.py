"""From a directory as it is to one in the two-worlds form: which files change, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from controller.adopt.blocks import Editor
from controller.adopt.edits import Edit, align_comments, apply
from controller.adopt.folders import File, Folder, read_folders
from controller.adopt.json_blocks import JsonEditor
from controller.adopt.obstacles import in_the_way, not_ours
from controller.domain.dataclass import dataclass
from controller.domain.problem import Problem
from controller.hcl.directory import Configuration
from controller.hcl.source import BYTE_ORDER_MARK
from controller.hcl.world import ResourceInstance, World

_NAMES = ("dormouse.tf", "dormouse_awake.tf", "dormouse_variables.tf")
_ROOT = """\
# What sleeps exists only with awake = true. Terraform itself always takes false and leaves it
# alone; Dormouse makes and deletes the difference.
variable "awake" {
  type        = bool
  default     = false
  description = "Whether what sleeps exists; not to be set by hand."
}
"""
_POLICY = """
# When it is to be awake: { time_zone = "Asia/Tokyo", office_hours = ["Mon-Fri 09:00-18:00"] }.
variable "dormouse" {
  type        = any
  default     = %s
  description = "Office hours, idle timeout and the like, for Dormouse."
}
"""
_MODULE = """\
# Given by callers whose load balancers and services sleep; for all others nothing changes.
variable "awake" {
  type        = bool
  default     = true
  description = "Whether what sleeps exists."
}
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A file's bytes before and after; `before` is None for a new one."""

    path: Path
    shown_as: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """Nothing may be changed while there are `refusals`; `notes` are for people to read."""

    files: tuple[Change, ...]
    refusals: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def find_changes(
    configuration: Configuration,
    awake: World,
    awake_only: Iterable[ResourceInstance],
    *,
    name: str | None = None,
) -> Changes:
    """
    What to write so that all of `awake_only` exists only with `awake = true`.

    `awake` is the directory as it is, evaluated. `name` is the stack's, where the folder's will
    not do.
    """
    root = configuration.folder
    folders = read_folders(root, configuration.root, awake, awake_only)
    own = {folder.path.resolve() for folder in folders.values()}
    files: list[Change] = []
    refusals: list[Problem] = []
    for folder in folders.values():
        refusals += in_the_way(folder, own)
        for file in folder.files:
            edits, found = _edits(folder, file)
            refusals += found
            changed = _changed(file, edits)
            if changed:
                files.append(changed)
                refusals += not_ours(file)
        files += _variables(folder, configuration, name)
    return Changes(tuple(files), tuple(refusals), tuple(_tests(root, folders)))


def _edits(folder: Folder, file: File) -> tuple[list[Edit], list[Problem]]:
    if file.layout is None:
        json_editor = JsonEditor(folder, file)
        json_editor.run()
        return json_editor.edits, json_editor.refusals
    editor = Editor(folder, file, file.layout)
    editor.run()
    return editor.edits, editor.refuser.refusals


def _changed(file: File, edits: list[Edit]) -> Change | None:
    text = apply(file.text, edits)
    if text == file.text:
        return None
    if file.layout is not None:
        text = align_comments(file.text, text)
    return Change(file.path, file.shown_as, _bytes(file, file.text), _bytes(file, text))


def _bytes(file: File, text: str) -> bytes:
    return ((BYTE_ORDER_MARK if file.mark else "") + text).encode()


def _variables(folder: Folder, configuration: Configuration, name: str | None) -> Iterator[Change]:
    declared = folder.module.declarations.variables
    text = ""
    if "awake" not in declared:
        text = _ROOT if folder.is_root else _MODULE
    if folder.is_root and "dormouse" not in declared:
        text += _POLICY % (f'{{ name = "{name}" }}' if name else "{}")
    if not text:
        return
    there = {path.name for path in folder.path.iterdir()}
    file = next(each for each in _NAMES if each not in there)
    shown = file if folder.is_root else f"{folder.shown_as}/{file}"
    if any("\r\n" in each.text for each in folder.files):
        text = text.replace("\n", "\r\n")
    yield Change(folder.path / file, shown, None, text.lstrip().encode())


def _tests(root: Path, folders: Mapping[str, Folder]) -> Iterator[str]:
    """Tests of Terraform's own name resources by address too, and are the user's to change."""
    names = [f"{t}.{n}" for folder in folders.values() for _, t, n in folder.targets]
    for path in sorted([*root.glob("*.tftest.hcl"), *root.glob("tests/*.tftest.hcl")]):
        text = path.read_text(encoding="utf-8", errors="replace")
        found = [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)]
        if found:
            yield (
                f"{path.relative_to(root)} names {found[0]}: write {found[0]}[0] there, and "
                "variables { awake = true }"
            )
