"""A module and the modules that it calls, read from their folders (HCL semantics §2, §20)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from controller.domain.problem import Level, Problem
from controller.hcl.declarations import Declarations, ModuleCall
from controller.hcl.declare import declare
from controller.hcl.errors import HclError
from controller.hcl.files import read_module_files
from controller.hcl.merge import merge_overrides
from controller.hcl.syntax import Body

CallPath = tuple[str, ...]
"""The names of the module calls that lead from the root to a module."""


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """
    One folder's configuration, as called from one place.

    `shown_as` is its folder relative to the root's, as `path.module` gives it. `children` holds
    None for a module that cannot be read here.
    """

    shown_as: str
    declarations: Declarations
    children: Mapping[str, Module | None] = field(default_factory=dict)

    def tree(self, path: CallPath = ()) -> Iterator[tuple[CallPath, Module]]:
        """Itself and all modules below, with the calls that lead there."""
        yield path, self
        for name, child in self.children.items():
            if child is not None:
                yield from child.tree((*path, name))


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """
    `readable` is False where a file could not be parsed.

    Nobody then knows what is declared, so nothing more can be said about what refers to what.
    """

    root: Module
    problems: tuple[Problem, ...]
    readable: bool


def load_module(root: Path) -> Loaded:
    """
    Read the root's folder and all local modules below it.

    Remote modules are a warning; what is wrong in the files or their blocks is an error.
    """
    loader = _Loader(root)
    module = loader.load(".", ())
    return Loaded(module, tuple(dict.fromkeys(loader.problems)), loader.readable)


class _Loader:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._declared: dict[str, Declarations] = {}
        self.problems: list[Problem] = []
        self.readable = True

    def load(self, shown_as: str, above: tuple[str, ...]) -> Module:
        if shown_as not in self._declared:
            self._declared[shown_as] = self._declare(shown_as)
        declarations = self._declared[shown_as]
        children = {
            name: self._child(call, shown_as, (*above, shown_as))
            for name, call in declarations.modules.items()
        }
        return Module(shown_as, declarations, children)

    def _declare(self, shown_as: str) -> Declarations:
        files = read_module_files(self._root / shown_as, shown_as)
        self.readable = self.readable and not files.problems
        blocks, unmerged = merge_overrides(files.base, files.overrides)
        self.problems += [*files.problems, *_stray_arguments(files.base), *unmerged]
        declarations, problems = declare(blocks)
        self.problems += problems
        return declarations

    def _child(self, call: ModuleCall, caller: str, above: tuple[str, ...]) -> Module | None:
        if not call.local:
            self._warn_remote(call)
            return None
        shown_as = posixpath.normpath(posixpath.join(caller, call.source))
        try:
            self._check_folder(call, shown_as, above)
        except HclError as error:
            self.problems.append(error.as_problem(f"module.{call.name}"))
            return None
        return self.load(shown_as, above)

    def _check_folder(self, call: ModuleCall, shown_as: str, above: tuple[str, ...]) -> None:
        if shown_as in above:
            raise HclError(
                "cycle",
                f'the module in "{call.source}" calls itself: {" → ".join((*above, shown_as))}',
                place=call.source_place,
            )
        if not (self._root / shown_as).is_dir():
            raise HclError(
                "module-source", f'there is no folder "{shown_as}"', place=call.source_place
            )

    def _warn_remote(self, call: ModuleCall) -> None:
        self.problems.append(
            Problem(
                level=Level.WARNING,
                rule="module-source",
                message=f'the module "{call.source}" is not in a local folder, so its outputs are '
                "not known here; nothing that sleeps may depend on them",
                place=call.source_place,
                address=f"module.{call.name}",
            )
        )


def _stray_arguments(bodies: tuple[Body, ...]) -> Iterator[Problem]:
    for body in bodies:
        for argument in body.arguments.values():
            yield HclError(
                "unsupported-argument",
                f'"{argument.name}" stands outside of any block',
                place=argument.place,
            ).as_problem()
