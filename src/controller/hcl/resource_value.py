"""
What a reference to a resource sees: its arguments as configured, the rest known only to AWS.

Where the schema is known the value has exactly the attributes of the type; where it is not, any
attribute may be requested and is unknown unless it is configured (HCL semantics §19).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from controller.hcl.convert import (
    convert,
    make_list,
    make_object,
    make_set,
    make_tuple,
    null,
)
from controller.hcl.errors import HclError
from controller.hcl.schema import AttributeSchema, BlockSchema, NestedBlock
from controller.hcl.types import DYNAMIC, STRING, ObjectType, Type
from controller.hcl.unify import has_dynamic
from controller.hcl.values import OpenObject, Origin, Unknown, Value
from controller.hcl.world import Block

Path = tuple[str | int, ...]


def computed(type_: Type, of: Origin, path: Path) -> Value:
    """An attribute that only AWS knows."""
    origin = replace(of, path=path)
    return Value(type_, Unknown((origin,), (origin,)))


def terraform_data_value(block: Block, of: Origin) -> Value:
    """Terraform's own resource: its output will be its input (`terraform_data`, HCL cases)."""
    given = {name: attribute.value for name, attribute in block.attributes.items()}
    absent = null(DYNAMIC)
    input_ = given.get("input", absent)
    id_ = computed(STRING, of, ("id",))
    output = input_ if input_.is_null else computed(input_.type, of, ("output",))
    return make_object(
        {
            "id": Value(STRING, replace(id_.data, not_null=True)),
            "input": input_,
            "output": output,
            "triggers_replace": given.get("triggers_replace", absent),
        }
    )


def resource_value(
    schema: BlockSchema | None,
    block: Block,
    of: Origin,
    defaults: Mapping[str, Value],
    undecided: frozenset[str] = frozenset(),
) -> Value:
    """`defaults` are what the provider plans for arguments that are left out."""
    if schema is None:
        return _open_value(block, of)
    members = _members(schema, block, of, ())
    for name, value in defaults.items():
        if name not in block.attributes or block.attributes[name].value.is_null:
            members[name] = value
    for name in undecided & schema.blocks.keys():
        members[name] = computed(schema.blocks[name].implied_type(), of, (name,))
    for name, attribute in block.attributes.items():
        # What the user sets and our schema does not know, a newer provider does.
        members.setdefault(name, attribute.value)
    members.setdefault("region", computed(STRING, of, ("region",)))
    return make_object(members)


def _members(schema: BlockSchema, block: Block, of: Origin, path: Path) -> dict[str, Value]:
    members = {}
    for name, attribute in schema.attributes.items():
        given = block.attributes.get(name)
        value = given.value if given else None
        members[name] = _attribute(attribute, value, of, (*path, name))
    for name, nested in schema.blocks.items():
        members[name] = _blocks(nested, block.of_type(name), of, (*path, name))
    return members


def _attribute(schema: AttributeSchema, given: Value | None, of: Origin, path: Path) -> Value:
    if given is None or given.is_null or not schema.configurable:
        return computed(schema.type, of, path) if schema.computed else null(schema.type)
    try:
        return convert(given, schema.type)
    except HclError:
        # Only what sleeps is held to the schema; a newer provider may have changed the type.
        return given


def _blocks(nested: NestedBlock, given: tuple[Block, ...], of: Origin, path: Path) -> Value:
    if not given:
        # The provider may fill a block in that the user leaves out.
        return computed(nested.implied_type(), of, path)
    if nested.nesting == "single":
        return make_object(_members(nested.block, given[0], of, path))
    values = [
        make_object(_members(nested.block, block, of, (*path, position)))
        for position, block in enumerate(given)
    ]
    element = nested.block.implied_type()
    if has_dynamic(element) or any(value.type != element for value in values):
        return make_tuple(values)
    return make_set(element, values) if nested.nesting == "set" else make_list(element, values)


def _open_value(block: Block, of: Origin) -> Value:
    """Of a type that we know nothing about."""
    given = {name: attribute.value for name, attribute in block.attributes.items()}
    types = tuple(sorted((name, value.type) for name, value in given.items()))
    return Value(ObjectType(types), OpenObject(sorted(given.items()), of))
