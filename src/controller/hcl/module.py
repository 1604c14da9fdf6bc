"""A module and the modules that it calls, read from their folders (HCL semantics §2, §20)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Level, Place, Problem
from controller.hcl.declarations import Declarations, ModuleCall
from controller.hcl.declare import declare
from controller.hcl.errors import HclError
from controller.hcl.files import read_module_files
from controller.hcl.installed import Laid, read_installed, same_source
from controller.hcl.merge import merge_overrides
from controller.hcl.references import expressions_in, references_in
from controller.hcl.syntax import AttributeStep, Body
from controller.hcl.version_constraint import admits

CallPath = tuple[str, ...]
"""The names of the module calls that lead from the root to a module."""


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """
    One folder's configuration, as called from one place.

    `shown_as` is its folder relative to the root's, as `path.module` gives it. `children` holds
    None for a module that cannot be read here; `absent` are those of them that are not installed.
    """

    shown_as: str
    declarations: Declarations
    children: Mapping[str, Module | None] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    def tree(self, path: CallPath = ()) -> Iterator[tuple[CallPath, Module]]:
        """Itself and all modules below, with the calls that lead there."""
        yield path, self
        for name, child in self.children.items():
            if child is not None:
                yield from child.tree((*path, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingModule:
    """
    A module that is neither in a local folder nor where Terraform would have laid it.

    `address` is that of its call without keys ("module.net.module.vpc"), `why` says what is
    missing, `arguments` are the names of what it is given, `variables` those of the calling module
    that it depends on.
    """

    address: str
    source: str
    place: Place
    why: str
    arguments: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """
    `readable` is False where a file could not be parsed.

    Nobody then knows what is declared, so nothing more can be said about what refers to what.
    """

    root: Module
    problems: tuple[Problem, ...]
    readable: bool
    missing: tuple[MissingModule, ...] = ()


def load_module(root: Path, data_dir: str | None = None) -> Loaded:
    """
    Read the root's folder, all local modules below it, and the others where Terraform laid them.

    `data_dir` is TF_DATA_DIR. What is wrong in the files or their blocks is an error; `missing`
    lists modules that are not there.
    """
    loader = _Loader(root, data_dir)
    module = loader.load(".", (), ())
    problems = tuple(dict.fromkeys(loader.problems))
    return Loaded(module, problems, loader.readable, tuple(loader.missing))


class _Loader:
    def __init__(self, root: Path, data_dir: str | None) -> None:
        self._root = root
        self._declared: dict[str, Declarations] = {}
        self._installed = read_installed(root, data_dir)
        self.problems: list[Problem] = []
        self.missing: list[MissingModule] = []
        self._absent: set[CallPath] = set()
        self.readable = True

    def load(self, shown_as: str, above: tuple[str, ...], path: CallPath) -> Module:
        if shown_as not in self._declared:
            self._declared[shown_as] = self._declare(shown_as)
        declarations = self._declared[shown_as]
        children = {
            name: self._child(call, shown_as, (*above, shown_as), (*path, name))
            for name, call in declarations.modules.items()
        }
        absent = frozenset(name for name in children if (*path, name) in self._absent)
        return Module(shown_as, declarations, children, absent)

    def _declare(self, shown_as: str) -> Declarations:
        files = read_module_files(self._root / shown_as, shown_as)
        self.readable = self.readable and not files.problems
        blocks, unmerged = merge_overrides(files.base, files.overrides)
        self.problems += [*files.problems, *_stray_arguments(files.base), *unmerged]
        declarations, problems = declare(blocks)
        self.problems += problems
        return declarations

    def _child(
        self, call: ModuleCall, caller: str, above: tuple[str, ...], path: CallPath
    ) -> Module | None:
        try:
            if call.local:
                shown_as = posixpath.normpath(posixpath.join(caller, call.source))
                self._check_folder(call, shown_as)
            else:
                laid = self._laid(call, path)
                if laid is None:
                    return None
                shown_as = posixpath.normpath(laid.folder)
            _check_cycle(call, shown_as, above)
        except HclError as error:
            self.problems.append(error.as_problem(_address(path)))
            return None
        return self.load(shown_as, above, path)

    def _check_folder(self, call: ModuleCall, shown_as: str) -> None:
        if not (self._root / shown_as).is_dir():
            raise HclError(
                "module-source", f'there is no folder "{shown_as}"', place=call.source_place
            )

    def _laid(self, call: ModuleCall, path: CallPath) -> Laid | None:
        """Where Terraform has laid a module; None, and noted, where it has not."""
        installed = self._installed
        laid = installed.entries.get(".".join(path))
        if laid is None and call.unread:
            raise call.unread
        if laid is None:
            self._miss(call, path, installed.why_not)
        elif not (self._root / laid.folder).is_dir():
            self._miss(call, path, f'its folder "{laid.folder}" is gone')
        else:
            self._check_laid(call, path, laid)
            return laid
        return None

    def _miss(self, call: ModuleCall, path: CallPath, why: str) -> None:
        self._absent.add(path)
        self.missing.append(
            MissingModule(
                address=_address(path),
                source=call.source,
                place=call.source_place,
                why=why,
                arguments=tuple(call.body.arguments),
                variables=frozenset(_variables(call)),
            )
        )

    def _check_laid(self, call: ModuleCall, path: CallPath, laid: Laid) -> None:
        """Terraform refuses what the files do not ask for any more, and so do we."""
        if call.source and laid.source and not same_source(call.source, laid.source):
            raise HclError(
                "module-source",
                f'found the module "{laid.source}" in {self._installed.shown_as}, expected '
                f'"{call.source}"; run "terraform init -backend=false"',
                place=call.source_place,
            )
        if call.version and laid.version and not admits(call.version, laid.version):
            self.problems.append(
                Problem(
                    level=Level.WARNING,
                    rule="module-version",
                    message=f'version {laid.version} of the module "{call.source}" is installed, '
                    f'expected "{call.version}"; run "terraform init -backend=false -upgrade"',
                    place=call.place,
                    address=_address(path),
                )
            )


def _check_cycle(call: ModuleCall, shown_as: str, above: tuple[str, ...]) -> None:
    if shown_as in above:
        raise HclError(
            "cycle",
            f'the module in "{call.source}" calls itself: {" → ".join((*above, shown_as))}',
            place=call.source_place,
        )


def _variables(call: ModuleCall) -> Iterator[str]:
    repetition = [e for e in (call.repetition.count, call.repetition.for_each) if e]
    given = [expression for expression, _ in expressions_in(call.body)]
    for expression in (*repetition, *given):
        for reference in references_in(expression):
            first = reference.steps[0] if reference.steps else None
            if reference.root == "var" and isinstance(first, AttributeStep):
                yield first.name


def _address(path: CallPath) -> str:
    return ".".join(f"module.{name}" for name in path)


def _stray_arguments(bodies: tuple[Body, ...]) -> Iterator[Problem]:
    for body in bodies:
        for argument in body.arguments.values():
            yield HclError(
                "unsupported-argument",
                f'"{argument.name}" is outside of any block',
                place=argument.place,
            ).as_problem()
