"""
Whether a resource has what a reference asks it for, by its schema (HCL semantics §12).

Terraform follows the whole path through nested blocks and the types of attributes before it
evaluates anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.hcl.access import get_attribute, get_element
from controller.hcl.declarations import Resource
from controller.hcl.errors import HclError
from controller.hcl.schema import BlockSchema, NestedBlock
from controller.hcl.syntax import AttributeStep, KeyStep, Step
from controller.hcl.types import NUMBER, STRING
from controller.hcl.values import Unknown, Value


def after_key(steps: tuple[Step, ...], resource: Resource) -> tuple[Step, ...]:
    """The steps behind the instance key, which must be there exactly if there are instances."""
    kind = resource.repetition.kind
    if not steps:
        return steps
    if isinstance(steps[0], KeyStep):
        if not kind:
            raise HclError(
                "reference",
                f"{resource.address} has neither count nor for_each, so it takes no key",
            )
        return steps[1:]
    if kind:
        key = "[0]" if kind == "count" else '["key"]'
        raise HclError(
            "reference",
            f"{resource.address} has {kind}, so its attributes need a key: "
            f"{resource.address}{key}.{steps[0].name}",
        )
    return steps


def schema_errors(
    schema: BlockSchema, steps: tuple[Step, ...], resource: Resource
) -> Iterator[HclError]:
    """What is wrong with reading these steps from a resource of that schema."""
    try:
        _follow(schema, steps, resource)
    except HclError as error:
        error.static = True
        yield error.at(steps[0].place)


def _follow(schema: BlockSchema, steps: tuple[Step, ...], resource: Resource | None) -> None:
    """Go down the schema as far as the steps lead."""
    step = steps[0]
    if isinstance(step, KeyStep):
        raise HclError("reference", "only attributes can be read here, no index", place=step.place)
    if step.name in schema.attributes:
        value = Value(schema.attributes[step.name].type, Unknown(()))
        _follow_value(value, steps[1:])
    elif step.name in schema.blocks:
        _follow_block(schema.blocks[step.name], step.name, steps[1:])
    elif resource is None or not _is_lenient(resource, step.name):
        what = f"{resource.address} has" if resource else "the block has"
        known = [*schema.attributes, *schema.blocks]
        raise HclError("attribute", f'{what} no attribute "{step.name}"{similar(step.name, known)}')


def _is_lenient(resource: Resource, name: str) -> bool:
    """Newer providers know more: what the user sets there exists, and `region` everywhere."""
    written = {block.type for block in resource.body.blocks} | set(resource.body.arguments)
    return resource.type.startswith("aws_") and (name in written or name == "region")


def _follow_block(nested: NestedBlock, name: str, steps: tuple[Step, ...]) -> None:
    if not steps:
        return
    if nested.nesting == "single":
        _follow(nested.block, steps, None)
        return
    if nested.nesting == "set":
        raise HclError("index", f'"{name}" is a set of blocks; use a for or tolist()')
    first = steps[0]
    if isinstance(first, AttributeStep):
        raise HclError("attribute", f'"{name}" is a list of blocks; write {name}[0].{first.name}')
    if first.key.type not in (NUMBER, STRING):
        raise HclError("index", f'"{name}" is a list of blocks; its index is a number')
    if steps[1:]:
        _follow(nested.block, steps[1:], None)


def _follow_value(value: Value, steps: tuple[Step, ...]) -> None:
    for step in steps:
        try:
            if isinstance(step, AttributeStep):
                value = get_attribute(value, step.name)
            else:
                value = get_element(value, step.key)
        except HclError as error:
            raise error.at(step.place) from None


def similar(name: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant, or nothing."""
    import difflib  # only for this message

    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
