"""
Override files: their blocks replace, argument by argument, those of the other files.

The result is one list of top-level blocks, each as it counts (HCL semantics §2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from controller.domain.problem import Problem
from controller.hcl.errors import HclError
from controller.hcl.syntax import Argument, BlockSyntax, Body, Literal

_NOT_MERGED = frozenset({"terraform", "moved", "import", "removed"})

_FIXED = frozenset({"validation", "precondition", "postcondition"})

Key = tuple[str, ...]


def merge_overrides(
    base: Iterable[Body], overrides: Iterable[Body]
) -> tuple[list[BlockSyntax], list[Problem]]:
    """All top-level blocks with the overrides applied, and what could not be."""
    blocks = [block for body in base for block in body.blocks]
    problems: list[Problem] = []
    for body in overrides:
        for override in body.blocks:
            try:
                _apply(blocks, override)
            except HclError as error:
                problems.append(error.as_problem())
    return blocks, problems


def _apply(blocks: list[BlockSyntax], override: BlockSyntax) -> None:
    if override.type in _NOT_MERGED:
        blocks.append(override)
        return
    if override.type == "locals":
        for argument in override.body.arguments.values():
            _replace_local(blocks, argument)
        return
    for position, block in enumerate(blocks):
        if _key(block) == _key(override):
            blocks[position] = replace(block, body=_merged_bodies(block.body, override.body))
            return
    raise HclError(
        "override",
        f"there is no {_words(override)} in the other files that this could override",
        place=override.place,
        static=True,
    )


def _key(block: BlockSyntax) -> Key:
    """What a block is known by; providers also by their alias."""
    alias = block.body.arguments.get("alias") if block.type == "provider" else None
    name = alias.expression if alias else None
    suffix = (str(name.value.data),) if isinstance(name, Literal) else ()
    return (block.type, *block.labels, *suffix)


def _words(block: BlockSyntax) -> str:
    return " ".join((block.type, *(f'"{label}"' for label in block.labels)))


def _replace_local(blocks: list[BlockSyntax], override: Argument) -> None:
    for position, block in enumerate(blocks):
        if block.type == "locals" and override.name in block.body.arguments:
            arguments = {**block.body.arguments, override.name: override}
            blocks[position] = replace(block, body=replace(block.body, arguments=arguments))
            return
    raise HclError(
        "override",
        f'there is no local "{override.name}" in the other files that this could override',
        place=override.place,
        static=True,
    )


def _merged_bodies(base: Body, override: Body) -> Body:
    for block in override.blocks:
        if block.type in _FIXED:
            raise HclError(
                "override",
                f"a {block.type} cannot be overridden; change it where it is",
                place=block.place,
                static=True,
            )
    replaced = {_nested_type(block) for block in override.blocks} - {"lifecycle"}
    kept = [block for block in base.blocks if _nested_type(block) not in replaced]
    added = []
    for block in override.blocks:
        before = next((b for b in kept if b.type == block.type == "lifecycle"), None)
        if before is None:
            added.append(block)
        else:
            merged = replace(before, body=_merged_bodies(before.body, block.body))
            kept[kept.index(before)] = merged
    arguments = {**base.arguments, **override.arguments}
    if not {"count", "for_each"} <= base.arguments.keys():
        _drop_second_repetition(arguments)
    return replace(base, arguments=arguments, blocks=(*kept, *added))


def _drop_second_repetition(arguments: dict[str, Argument]) -> None:
    """Where count and for_each come from different files, Terraform uses count only."""
    if "count" in arguments:
        arguments.pop("for_each", None)


def _nested_type(block: BlockSyntax) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type
