"""What changes in each block of a file, once some resources exist only awake."""

from __future__ import annotations

from controller.adopt.edits import Edit
from controller.adopt.folders import File, Folder
from controller.adopt.insertions import put_last, wrap
from controller.adopt.layout import Argument, Block, Layout
from controller.adopt.references import Key
from controller.adopt.refuser import Refuser
from controller.adopt.rewrite import substitute, survive
from controller.adopt.sleeping import all_arguments, indexed, sleeping_edits

_CONDITIONS = ("precondition", "postcondition", "assert")
_CALLS_OWN = ("source", "version", "providers", "depends_on")


class Editor:
    """Collects the edits of one file, and what has no such form."""

    def __init__(self, folder: Folder, file: File, layout: Layout) -> None:
        self._folder = folder
        self._layout = layout
        self.refuser = Refuser(folder, file, layout)
        self.edits: list[Edit] = []

    def run(self) -> None:
        for block in self._layout.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        key = _key(block)
        if key in self._folder.targets:
            self._sleeping(block, key)
        elif key is not None and key not in self._folder.live:
            # Nobody evaluates it: it only has to stay valid.
            for argument in all_arguments(block):
                self.edits += indexed(self._folder, self._layout, argument)
        elif key is not None:
            self._kept(block, ".".join(block.labels))
        elif block.type == "module":
            self._call(block)
        elif block.type in ("locals", "output"):
            self._values(block)
        elif block.type == "check":
            self._check(block)
        elif block.type == "import":
            self.refuser.refuse_any(block.arguments, "import", _IMPORT)
        elif block.type == "provider":
            self.refuser.refuse_any(all_arguments(block), f"provider.{block.labels[0]}", _PROVIDER)

    def _sleeping(self, block: Block, key: Key) -> None:
        self.edits += sleeping_edits(self._folder, self._layout, block, key)
        for inner in block.blocks:
            if inner.type in ("provisioner", "connection"):
                self.refuser.refuse(
                    inner.start, ".".join(key[1:]), f"found a {inner.type}; {_PROVISIONER}"
                )

    def _kept(self, block: Block, address: str) -> None:
        for argument in block.arguments:
            if argument.name in ("count", "for_each"):
                self.refuser.refuse_broken(argument, address, _NUMBER)
            elif argument.name != "depends_on":
                self._keep(argument, address)
        for inner in block.blocks:
            self._kept_inside(inner, address)

    def _kept_inside(self, block: Block, address: str) -> None:
        if block.type in _CONDITIONS:
            self._condition(block)
        elif block.type in ("provisioner", "connection"):
            self.refuser.refuse_any(all_arguments(block), address, _KEPT_PROVISIONER)
        else:
            for argument in block.arguments:
                if argument.name == "replace_triggered_by":
                    self.refuser.refuse_any([argument], address, _REPLACED)
                else:
                    self._keep(argument, address)
            for inner in block.blocks:
                self._kept_inside(inner, address)

    def _keep(self, argument: Argument, address: str) -> None:
        """An argument of something that stays must not change when the stack sleeps."""
        edits, without = substitute(self._layout, argument.tokens, self._folder.targets)
        self.edits += edits
        if without:
            self.refuser.refuse(
                without[0].start,
                address,
                f"{argument.name} needs {self.refuser.said(without[0])}, which has no value while "
                f"asleep; {_VALUE}",
            )

    def _condition(self, block: Block) -> None:
        for argument in block.arguments:
            otherwise = "true" if argument.name == "condition" else '"asleep"'
            self.edits += survive(self._layout, argument.tokens, self._folder.targets, otherwise)

    def _values(self, block: Block) -> None:
        for argument in block.arguments:
            if block.type == "locals" or argument.name == "value":
                self.edits += survive(self._layout, argument.tokens, self._folder.targets)
        for inner in block.blocks:
            self._condition(inner)

    def _call(self, block: Block) -> None:
        name = block.labels[0]
        for argument in block.arguments:
            if argument.name in ("count", "for_each"):
                self.refuser.refuse_broken(argument, f"module.{name}", _NUMBER)
            elif argument.name not in _CALLS_OWN:
                self.edits += survive(self._layout, argument.tokens, self._folder.targets)
        if name in self._folder.switches:
            self._switch(block)
        elif name in self._folder.calls and block.argument("awake") is None:
            self.edits.append(put_last(self._layout.text, block, "awake = var.awake"))

    def _switch(self, block: Block) -> None:
        """A module that is not ours to change has a variable for it, or none."""
        name = self._folder.switch_of(block.labels[0])
        given = block.argument(name) if name else None
        if not name:
            self.refuser.refuse(block.start, f"module.{block.labels[0]}", _NO_SWITCH)
        elif given is None:
            self.edits.append(put_last(self._layout.text, block, f"{name} = var.awake"))
        elif self._layout.text[given.value_start : given.value_end] == "true":
            self.edits.append(Edit(given.value_start, given.value_end, "var.awake"))
        else:
            self.edits += wrap(given, "var.awake && (", ")")

    def _check(self, block: Block) -> None:
        address = f"check.{block.labels[0]}"
        for inner in block.blocks:
            if inner.type == "assert":
                self._condition(inner)
            else:
                self.refuser.refuse_any(all_arguments(inner), address, _CHECKED)


def _key(block: Block) -> Key | None:
    if block.type not in ("resource", "data") or len(block.labels) != 2:
        return None
    mode = "data" if block.type == "data" else "managed"
    return mode, block.labels[0], block.labels[1]


_VALUE = (
    "let it name what stays instead (the Elastic IP's address, or a name that is written out), or "
    "give it count = var.awake ? 1 : 0 where it may be gone while asleep"
)
_NUMBER = "how many there are must not depend on what sleeps; decide it by something that stays"
_REPLACED = (
    "Terraform finds nothing to be replaced by while that sleeps (no change found); take "
    "replace_triggered_by out, or let it name something that stays"
)
_IMPORT = "what is imported already needs this block no more; delete it, then adopt again"
_PROVIDER = "a provider must not depend on what sleeps; give it a value that stays"
_PROVISIONER = (
    "it runs only when Terraform makes this, and Dormouse makes it from now on; take it out, or "
    "move what it does into the container"
)
_KEPT_PROVISIONER = (
    "a provisioner runs when this is made, and that may be while it sleeps; take it out"
)
_CHECKED = (
    "a data source in a check cannot be left out while that sleeps; move it out of the check, or "
    "take the check out"
)
_NO_SWITCH = (
    "holds what would sleep, and has no variable that leaves it out (create, create_service, …), "
    "and a module that Terraform has fetched is not to be changed; copy it into the directory "
    '(source = "./…"), then adopt again'
)
