"""Which arguments and blocks Terraform's own top-level blocks take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.domain.dataclass import dataclass, field
from controller.hcl.errors import HclError
from controller.hcl.syntax import BlockSyntax, Body

_CONDITION = frozenset({"condition", "error_message"})


@dataclass(frozen=True, slots=True)
class BlockRule:
    """`arguments` None means any; `blocks` None likewise."""

    arguments: frozenset[str] | None = frozenset()
    required: tuple[str, ...] = ()
    blocks: Mapping[str, BlockRule] | None = field(default_factory=dict)
    labels: tuple[str, ...] = ()


_ANY = BlockRule(arguments=None, blocks=None)
_ASSERTION = BlockRule(_CONDITION, ("condition", "error_message"))
_CONDITIONS = {"precondition": _ASSERTION, "postcondition": _ASSERTION}
_RESOURCE_LABELS = ("type", "name")
LIFECYCLE = BlockRule(
    frozenset(
        {"create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"}
    ),
    blocks=_CONDITIONS,
)
DATA_LIFECYCLE = BlockRule(blocks=_CONDITIONS)

RULES: Mapping[str, BlockRule] = {
    "terraform": BlockRule(
        frozenset({"required_version", "experiments", "language"}),
        blocks={
            "required_providers": BlockRule(arguments=None),
            "backend": BlockRule(arguments=None, blocks=None, labels=("type",)),
            "cloud": _ANY,
            "provider_meta": BlockRule(arguments=None, blocks=None, labels=("provider",)),
        },
    ),
    "provider": BlockRule(arguments=None, blocks=None, labels=("name",)),
    "variable": BlockRule(
        frozenset({"type", "default", "description", "sensitive", "nullable", "ephemeral"}),
        blocks={"validation": _ASSERTION},
        labels=("name",),
    ),
    "locals": BlockRule(arguments=None),
    "output": BlockRule(
        frozenset({"value", "description", "sensitive", "ephemeral", "depends_on"}),
        ("value",),
        {"precondition": _ASSERTION},
        ("name",),
    ),
    "module": BlockRule(None, ("source",), {}, ("name",)),
    "resource": BlockRule(None, (), None, _RESOURCE_LABELS),
    "data": BlockRule(None, (), None, _RESOURCE_LABELS),
    "ephemeral": BlockRule(None, (), None, _RESOURCE_LABELS),
    "moved": BlockRule(frozenset({"from", "to"}), ("from", "to")),
    "removed": BlockRule(frozenset({"from"}), ("from",), None),
    "import": BlockRule(frozenset({"to", "id", "provider", "for_each"}), ("to", "id")),
    "check": BlockRule(
        blocks={"assert": _ASSERTION, "data": BlockRule(None, (), None, _RESOURCE_LABELS)},
        labels=("name",),
    ),
}


def check_block(block: BlockSyntax, rule: BlockRule) -> Iterator[HclError]:
    """Everything about the block's labels, arguments and inner blocks that Terraform refuses."""
    yield from _check_labels(block, rule)
    yield from check_body(block.body, rule, block.type)


def check_body(body: Body, rule: BlockRule, what: str) -> Iterator[HclError]:
    for argument in body.arguments.values():
        if rule.arguments is not None and argument.name not in rule.arguments:
            yield HclError(
                "unsupported-argument",
                f'"{argument.name}" is no argument of a {what} block'
                + (f"; it takes {', '.join(sorted(rule.arguments))}" if rule.arguments else ""),
                place=argument.place,
                static=True,
            )
    for name in rule.required:
        if name not in body.arguments:
            yield HclError(
                "missing-argument",
                f'a {what} block needs the argument "{name}"',
                place=body.place,
                static=True,
            )
    if rule.blocks is None:
        return
    for block in body.blocks:
        if block.type in rule.blocks:
            yield from check_block(block, rule.blocks[block.type])
        else:
            yield HclError(
                "unsupported-block",
                f'a {what} block takes no block "{block.type}"',
                place=block.place,
                static=True,
            )


def _check_labels(block: BlockSyntax, rule: BlockRule) -> Iterator[HclError]:
    wanted, found = len(rule.labels), len(block.labels)
    if found < wanted:
        message = f"the {rule.labels[found]} of the {block.type} block is missing"
    elif found > wanted:
        form = " ".join((block.type, *(f'"{label}"' for label in rule.labels)))
        message = f"a {block.type} block has {wanted} labels, found {found}; write {form} {{"
    else:
        return
    yield HclError("syntax", message, place=block.place, static=True)
