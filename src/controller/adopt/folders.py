"""The folders of a directory's modules, and which of their resources exist only awake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from controller.adopt.layout import Argument, Block, Layout, read_layout
from controller.adopt.references import Key
from controller.adopt.rewrite import Target
from controller.domain.dataclass import dataclass, field
from controller.hcl.files import configuration_files
from controller.hcl.module import CallPath, Module
from controller.hcl.source import BYTE_ORDER_MARK
from controller.hcl.world import ResourceInstance, World

_CALL = re.compile(r'module\.([\w-]+)((?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?)')
_ADDRESS = re.compile(r"((?:data\.)?aws_eip\.[\w-]+(?:\[\d+\])?)\.(?:id|allocation_id)")
_SAID = (
    "cluster",
    "desired_count",
    "internal",
    "launch_type",
    "load_balancer_type",
    "name",
    "port",
    "protocol",
    "vpc_id",
)
"""Arguments that read back as they are written, and whose resource keeps them at each wake."""
SWITCHES = (
    "ecs_service_enabled",
    "create_service",
    "create_lb",
    "create",
    "create_nlb",
    "module_enabled",
    "enabled",
)
"""How modules of the registry call it, those first that leave the rest of the module alone."""
_BOUND = re.compile(r"\b(?:count|each|self|path)\.")


@dataclass(frozen=True, slots=True)
class File:
    """`text` is without the byte-order mark; `layout` is None for the JSON syntax."""

    path: Path
    shown_as: str
    text: str
    mark: bool
    layout: Layout | None


@dataclass(slots=True)
class Folder:
    """
    One module's folder.

    `targets` are what exists only awake, `live` what there is at least one of, awake.
    `calls` are the names of its module calls below which something exists only awake, `switches`
    those among them that are not of this directory, so that only a variable of theirs can do it.
    """

    path: Path
    shown_as: str
    module: Module
    files: tuple[File, ...]
    targets: dict[Key, Target] = field(default_factory=dict)
    live: set[Key] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    switches: set[str] = field(default_factory=set)

    @property
    def is_root(self) -> bool:
        return self.shown_as == "."

    def switch_of(self, call: str) -> str:
        """The variable that leaves out what a module of others would make; "" for none."""
        child = self.module.children.get(call)
        known = child.declarations.variables if child else {}
        return next((name for name in SWITCHES if name in known), "")

    def blocks(self) -> Iterator[tuple[File, Block]]:
        for file in self.files:
            for block in file.layout.blocks if file.layout else ():
                yield file, block

    def definitions(self, key: Key) -> list[tuple[File, Block]]:
        """Its block, and those that override it, in the order in which they count."""
        type_ = "data" if key[0] == "data" else "resource"
        return [(f, b) for f, b in self.blocks() if b.type == type_ and b.labels == key[1:]]


def read_folders(
    root: Path, module: Module, awake: World, awake_only: Iterable[ResourceInstance]
) -> Mapping[str, Folder]:
    """The folders that may have to be changed, by what they are shown as."""
    folders: dict[str, Folder] = {}
    found: dict[str, set[Key]] = {}
    for instance in awake_only:
        folder = _mark_calls(root, module, _path(instance), folders)
        if folder is not None:
            found.setdefault(folder.shown_as, set()).add(
                (instance.mode, instance.type, instance.name)
            )
    for shown_as, keys in found.items():
        folder = folders[shown_as]
        folder.targets = {key: _target(folder, key, keys) for key in sorted(keys)}
    folders.setdefault(".", _folder(root, module))
    _note_live(module, awake, folders)
    return folders


def _note_live(module: Module, awake: World, folders: Mapping[str, Folder]) -> None:
    shown = {path: one.shown_as for path, one in module.tree()}
    for instance in awake.resources.values():
        folder = folders.get(shown.get(_path(instance), ""))
        if folder is not None:
            folder.live.add((instance.mode, instance.type, instance.name))


def _path(instance: ResourceInstance) -> CallPath:
    """The names of the calls that lead to it, without their keys."""
    return tuple(match[1] for match in _CALL.finditer(instance.module))


def _mark_calls(
    root: Path, module: Module, path: CallPath, folders: dict[str, Folder]
) -> Folder | None:
    """Note the calls on the way; None where it leads into a module that is not ours to change."""
    at = module
    for name in path:
        folder = folders.setdefault(at.shown_as, _folder(root, at))
        folder.calls.add(name)
        if not at.declarations.modules[name].local:
            folder.switches.add(name)
            return None
        below = at.children[name]
        if below is None:
            return None
        at = below
    return folders.setdefault(at.shown_as, _folder(root, at))


def _folder(root: Path, module: Module) -> Folder:
    path = root / module.shown_as
    names = configuration_files(path)
    files = [_file(one, module.shown_as) for one in names]
    return Folder(path, module.shown_as, module, tuple(files))


def _file(path: Path, folder: str) -> File:
    text = path.read_bytes().decode("utf-8")
    mark = text.startswith(BYTE_ORDER_MARK)
    text = text.removeprefix(BYTE_ORDER_MARK)
    shown = path.name if folder == "." else f"{folder}/{path.name}"
    layout = None if path.name.endswith(".json") else read_layout(text, shown)
    return File(path, shown, text, mark, layout)


def _target(folder: Folder, key: Key, awake_only: set[Key]) -> Target:
    resource = folder.module.declarations.resources.get(key)
    kind = resource.repetition.kind if resource else ""
    said: dict[str, str] = {}
    address = ""
    for file, block in folder.definitions(key):
        for argument in block.arguments:
            text = _text(file, argument)
            if argument.name in _SAID and not _is_bound(text, awake_only):
                said[argument.name] = text
        address = _address(file, block) or address
    return Target(key, kind, address, said)


def _is_bound(text: str, awake_only: set[Key]) -> bool:
    """Whether it means something only where it is."""
    if "\n" in text or _BOUND.search(text):
        return True
    return any(f"{type_}.{name}" in text for _, type_, name in awake_only)


def _address(file: File, block: Block) -> str:
    mappings = block.of_type("subnet_mapping")
    given = mappings[0].argument("allocation_id") if len(mappings) == 1 else None
    match = _ADDRESS.fullmatch(_text(file, given)) if given else None
    return f"{match[1]}.public_ip" if match else ""


def _text(file: File, argument: Argument) -> str:
    return file.text[argument.value_start : argument.value_end]
