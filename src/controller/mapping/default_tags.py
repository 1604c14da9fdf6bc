"""The tags that a provider block puts on everything: known ones, and looked up ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from controller.domain.planning.spec import Json
from controller.domain.problem import Problem
from controller.hcl.convert import convert
from controller.hcl.errors import HclError
from controller.hcl.types import STRING, MapType
from controller.hcl.values import Value
from controller.hcl.world import Attribute, Block, World
from controller.mapping import naming
from controller.mapping.fill import Filling, given
from controller.mapping.references import References

Tags = dict[str, dict[str, Json]]
"""The local name or alias of a provider to its tags by name."""


def fill_default_tags(into: Tags, world: World, references: References) -> list[Problem]:
    """
    Read the blocks of all providers of AWS; what is wrong in them comes back, once for each.

    `into` is what `references` itself may ask while they are read.
    """
    problems: list[Problem] = []
    for name, block in world.providers.items():
        if name.partition(".")[0] != "aws":
            continue
        for inner in block.of_type("default_tags"):
            filling = Filling(f"provider.{name}", inner.place, references)
            into.setdefault(name, {}).update(naming.tags(_as_texts(inner), filling, {}))
            problems += filling.problems
    return problems


def default_tag_values(world: World, provider: str) -> dict[str, Value] | None:
    """
    The tags of one provider as they are evaluated, unknown ones too.

    None where even their names are not known.
    """
    tags: dict[str, Value] = {}
    block = world.providers.get(provider)
    for inner in block.of_type("default_tags") if block else ():
        argument = given(_as_texts(inner), "tags")
        if argument is not None and not isinstance(argument.value.data, dict):
            return None
        tags.update(argument.value.data if argument else {})
    return tags


def _as_texts(block: Block) -> Block:
    """With the tags converted to texts, as the provider's schema has them."""
    argument = given(block, "tags")
    if argument is None:
        return block
    try:
        value = convert(argument.value, MapType(STRING))
    except HclError:
        return block
    attributes: Mapping[str, Attribute] = {"tags": replace(argument, value=value)}
    return replace(block, attributes=attributes)
