"""What changes in the block of a resource that exists only awake."""

from __future__ import annotations

from collections.abc import Iterator

from controller.adopt.edits import Edit
from controller.adopt.folders import Folder
from controller.adopt.insertions import CONDITION, put_first, wrap
from controller.adopt.layout import Argument, Block, Layout
from controller.adopt.references import Key, references
from controller.adopt.rewrite import index, survive

_REPETITION = ("count", "for_each")


def sleeping_edits(folder: Folder, layout: Layout, block: Block, key: Key) -> list[Edit]:
    """Its count, and an index wherever it names another one."""
    edits: list[Edit] = []
    for argument in all_arguments(block):
        if argument.name not in _REPETITION:
            edits += indexed(folder, layout, argument)
    for argument in block.arguments:
        if argument.name in _REPETITION:
            edits += _repetition(folder, layout, argument)
    definitions = [each for _, each in folder.definitions(key)]
    is_first = bool(definitions) and definitions[0] is block
    if is_first and not any(_is_repeated(each) for each in definitions):
        edits.append(put_first(layout.text, block, f"count = {CONDITION}"))
    return edits


def indexed(folder: Folder, layout: Layout, argument: Argument) -> list[Edit]:
    """`r.a` becomes `r[0].a`; an order of creation (`depends_on`) needs no index."""
    if argument.name == "depends_on":
        return []
    return index(layout, argument.tokens, folder.targets)


def all_arguments(block: Block) -> tuple[Argument, ...]:
    """Its own, and those of all blocks inside."""
    return tuple(_arguments(block))


def _arguments(block: Block) -> Iterator[Argument]:
    yield from block.arguments
    for inner in block.blocks:
        yield from _arguments(inner)


def _is_repeated(block: Block) -> bool:
    return any(block.argument(name) for name in _REPETITION)


def _repetition(folder: Folder, layout: Layout, argument: Argument) -> list[Edit]:
    """`count = E` and `for_each = E`: awake as they were, and none asleep."""
    if argument.name == "count":
        edits = index(layout, argument.tokens, folder.targets)
        return [*edits, *wrap(argument, "var.awake ? (", ") : 0")]
    if _is_chained(folder, layout, argument):
        return []
    edits = wrap(argument, "{ for k, v in ", " : k => v if var.awake }")
    return [*edits, *survive(layout, argument.tokens, folder.targets)]


def _is_chained(folder: Folder, layout: Layout, argument: Argument) -> bool:
    """`for_each = aws_lb.x`, which follows that one's."""
    found = next(iter(references(layout, argument.tokens, folder.targets)), None)
    if found is None or found.steps:
        return False
    return (found.start, found.end) == (argument.value_start, argument.value_end)
