"""A resource or data source, taken apart (HCL semantics §17)."""

from __future__ import annotations

from dataclasses import replace

from controller.hcl.block_parts import (
    conditions_of,
    flag,
    list_of,
    repetition_of,
    unquoted,
    without,
)
from controller.hcl.block_rules import DATA_LIFECYCLE, LIFECYCLE, check_body
from controller.hcl.declarations import Resource
from controller.hcl.errors import HclError
from controller.hcl.syntax import BlockSyntax, Body, Expression, Reference, Tuple

_META = frozenset({"count", "for_each", "depends_on", "provider"})
_PROVISIONERS = frozenset({"local-exec", "remote-exec", "file"})
_PROVISIONER_WORDS = frozenset({"when", "on_failure"})
_MANAGED_BLOCKS = frozenset({"lifecycle", "connection", "provisioner"})


def read_resource(mode: str, type_: str, name: str, block: BlockSyntax) -> Resource:
    """Raises HclError for the first thing in the block that is not as Terraform wants it."""
    arguments = block.body.arguments
    blocks = _MANAGED_BLOCKS if mode == "managed" else frozenset({"lifecycle"})
    lifecycle = _lifecycle(block.body, mode)
    provider = arguments.get("provider")
    return Resource(
        mode=mode,
        type=type_,
        name=name,
        place=block.place,
        body=without(block.body, _META, blocks),
        repetition=repetition_of(block.body),
        depends_on=list_of(arguments.get("depends_on")),
        provider=unquoted(provider.expression) if provider else None,
        replaced_by=list_of(lifecycle.arguments.get("replace_triggered_by")) if lifecycle else (),
        preconditions=conditions_of(lifecycle, "precondition"),
        postconditions=conditions_of(lifecycle, "postcondition"),
        ignore_changes=_ignored(lifecycle),
        extra=tuple(_extra(b) for b in block.body.blocks if b.type in blocks - {"lifecycle"}),
    )


def _extra(block: BlockSyntax) -> BlockSyntax:
    """A connection or provisioner, without the arguments whose values are words of their own."""
    if block.type == "connection":
        return block
    if len(block.labels) != 1:
        raise HclError("syntax", "a provisioner block has one label: its type", place=block.place)
    if block.labels[0] not in _PROVISIONERS:
        raise HclError("value", f'there is no provisioner "{block.labels[0]}"', place=block.place)
    return replace(block, body=without(block.body, _PROVISIONER_WORDS, frozenset()))


def _lifecycle(body: Body, mode: str) -> Body | None:
    blocks = body.of_type("lifecycle")
    if len(blocks) > 1:
        raise HclError("duplicate", "there is a second lifecycle block", place=blocks[1].place)
    if not blocks:
        return None
    rule = LIFECYCLE if mode == "managed" else DATA_LIFECYCLE
    for error in check_body(blocks[0].body, rule, "lifecycle"):
        raise error
    for name in ("create_before_destroy", "prevent_destroy"):
        flag(blocks[0].body.arguments.get(name))
    return blocks[0].body


def _ignored(lifecycle: Body | None) -> tuple[Expression, ...]:
    argument = lifecycle.arguments.get("ignore_changes") if lifecycle else None
    if argument is None:
        return ()
    if isinstance(argument.expression, Tuple):
        return tuple(unquoted(element) for element in argument.expression.elements)
    everything = unquoted(argument.expression)
    if isinstance(everything, Reference) and everything.root == "all" and not everything.steps:
        return (everything,)
    raise HclError("type", "ignore_changes takes a list, or all", place=argument.place)
