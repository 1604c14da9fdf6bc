"""Which of many folders are stacks, and which published stacks have no folder any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import click

from controller.cli.inputs import InputError
from controller.cli.origin import find_origin
from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Spec
from controller.hcl.directory import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """`stacks` are root directories; the `others` are none, with the reason."""

    stacks: tuple[Path, ...]
    others: Mapping[Path, str]


def sort_out(paths: Sequence[Path]) -> Folders:
    """
    Separate the root directories among these from what lies beside them: files, folders without
    Terraform files, and modules, which others call.
    """
    others: dict[Path, str] = {}
    roots = []
    for path in paths:
        if not path.is_dir():
            others[path] = "it is a file"
        elif not _has_files(path):
            others[path] = "it has no .tf files"
        else:
            roots.append(path)
    called = _called(roots)
    for path in roots:
        if path.resolve() in called:
            others[path] = f"{called[path.resolve()]} calls it as a module"
    stacks = tuple(path for path in roots if path not in others)
    return Folders(stacks=stacks, others=others)


def leave_out(paths: Sequence[Path]) -> list[Path]:
    """The root directories among these; the others are none, with the reason."""
    found = sort_out(paths)
    for path, why in found.others.items():
        click.echo(f"note: {path} is left out: {why}", err=True)
    if not found.stacks:
        raise InputError("none of these is a stack; give folders with .tf files")
    return list(found.stacks)


def folders_in(infra: Path) -> list[Path]:
    """Everything in a folder that has Terraform files."""
    return sorted(path for path in infra.iterdir() if path.is_dir() and _has_files(path))


def gone(specs: Iterable[Spec], parents: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """
    Published stacks whose directory was in one of these folders and is gone: name and folder.

    They are known by where they come from, so it does not matter who published them from which
    clone; without that, by how the directory was written.
    """
    known = [(parent, find_origin(parent)) for parent in dict.fromkeys(parents)]
    for spec in specs:
        for parent, origin in known:
            folder = _folder_of(spec, parent, origin)
            if folder and not folder.exists():
                yield spec.stack, folder
                break


def _folder_of(spec: Spec, parent: Path, origin: Mapping[str, str]) -> Path | None:
    """The directory of a stack, if it was in that folder."""
    found = spec.source.get("origin")
    if not found:
        directory = Path(str(spec.source.get("dir", "")))
        return directory if _plain(directory.parent) == _plain(parent) else None
    path = PurePosixPath(found["path"])
    if found.get("repository") != origin.get("repository"):
        return None
    return parent / path.name if str(path.parent) == origin["path"] else None


def _has_files(path: Path) -> bool:
    return any(path.glob("*.tf")) or any(path.glob("*.tf.json"))


def _called(roots: Sequence[Path]) -> dict[Path, Path]:
    """Folder to a root that calls it, directly or by another module; none calls itself."""
    found: dict[Path, Path] = {}
    for root in roots:
        for _, module in read(root).root.tree():
            folder = (root / module.shown_as).resolve()
            if folder != root.resolve():
                found.setdefault(folder, root)
    return found


def _plain(path: Path) -> Path:
    return path.resolve()
