"""
What resource types look like: their arguments, attributes and nested blocks.

The types in `aws.jsonl` are those of the AWS provider 5.100.0 (made by `extract.py`), and
`aws6.jsonl` holds what 6.62 adds to them; nothing was renamed. A schema has both, and says which
major version its newer parts need. A type that is not there is not known, and whoever asks must
then be lenient. `terraform_data` is built into Terraform itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from controller.domain.dataclass import dataclass, field, replace
from controller.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
)

SLEEPERS = frozenset(
    {
        "aws_lb",
        "aws_alb",
        "aws_lb_target_group",
        "aws_alb_target_group",
        "aws_lb_listener",
        "aws_alb_listener",
        "aws_ecs_service",
    }
)
"""The resource types that dormouse creates and deletes, under their new and old names."""

NEWER = 6
"""The major version of the provider that `aws6.jsonl` is about."""

_PRIMITIVES = {"string": STRING, "number": NUMBER, "bool": BOOL, "dynamic": DYNAMIC}
_COLLECTIONS = {"list": ListType, "set": SetType, "map": MapType}


@dataclass(frozen=True, slots=True)
class AttributeSchema:
    """`since` is the major version of the provider that brought it, 0 for all."""

    type: Type
    required: bool = False
    optional: bool = False
    computed: bool = False
    since: int = 0

    @property
    def configurable(self) -> bool:
        return self.required or self.optional


@dataclass(frozen=True, slots=True)
class BlockSchema:
    attributes: Mapping[str, AttributeSchema] = field(default_factory=dict)
    blocks: Mapping[str, NestedBlock] = field(default_factory=dict)

    def implied_type(self) -> ObjectType:
        """The type of a reference to the whole of it."""
        members = {name: attribute.type for name, attribute in self.attributes.items()}
        members |= {name: nested.implied_type() for name, nested in self.blocks.items()}
        return ObjectType(tuple(sorted(members.items())))


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """`nesting` is "list", "set" or "single"; `maximum` 0 means any number; `since` as above."""

    nesting: str
    minimum: int
    maximum: int
    block: BlockSchema
    since: int = 0

    def implied_type(self) -> Type:
        inner = self.block.implied_type()
        if self.nesting == "set":
            return SetType(inner)
        return inner if self.nesting == "single" else ListType(inner)


_TERRAFORM_DATA = BlockSchema(
    {
        "id": AttributeSchema(STRING, computed=True),
        "input": AttributeSchema(DYNAMIC, optional=True),
        "output": AttributeSchema(DYNAMIC, computed=True),
        "triggers_replace": AttributeSchema(DYNAMIC, optional=True),
    }
)


@cache
def schema_of(mode: str, type_: str) -> BlockSchema | None:
    """The schema of a resource ("managed") or data source ("data"); None where it is not known."""
    if (mode, type_) == ("managed", "terraform_data"):
        return _TERRAFORM_DATA
    key = (mode, type_.replace("aws_alb", "aws_lb", 1))
    line, newer = _lines("aws.jsonl").get(key), _lines("aws6.jsonl").get(key)
    if line is None:
        return None
    schema = _block(json.loads(line))
    return _with_newer(schema, json.loads(newer)) if newer else schema


@cache
def _lines(name: str) -> Mapping[tuple[str, str], str]:
    """Each line begins with its mode and type, so that only the types in use are ever parsed."""
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    lines = {}
    for line in text.splitlines():
        fields = line.split('"', 8)
        lines[fields[3], fields[7]] = line
    return lines


def _block(data: Mapping[str, Any], since: int = 0) -> BlockSchema:
    attributes = {
        name: AttributeSchema(
            type_from_json(type_), "r" in flags, "o" in flags, "c" in flags, since
        )
        for name, (type_, flags) in data["attributes"].items()
    }
    blocks = {name: _nested(nested, since) for name, nested in data["blocks"].items()}
    return BlockSchema(attributes, blocks)


def _nested(data: Mapping[str, Any], since: int) -> NestedBlock:
    return NestedBlock(data["nesting"], data["min"], data["max"], _block(data, since), since)


def _with_newer(schema: BlockSchema, data: Mapping[str, Any]) -> BlockSchema:
    """The schema with what the newer provider adds to it and to the blocks in it."""
    added = _block(data, NEWER)
    blocks = dict(schema.blocks)
    for name, nested in added.blocks.items():
        known = schema.blocks.get(name)
        if known is None:
            blocks[name] = nested
        else:
            inside = _with_newer(known.block, data["blocks"][name])
            blocks[name] = replace(known, block=inside)
    return BlockSchema({**schema.attributes, **added.attributes}, blocks)


def type_from_json(data: Any) -> Type:
    """Terraform's JSON spelling of a type, as `types.to_json` writes it."""
    if isinstance(data, str):
        return _PRIMITIVES[data]
    kind, inner = data
    if kind in _COLLECTIONS:
        return _COLLECTIONS[kind](type_from_json(inner))
    if kind == "tuple":
        return TupleType(tuple(type_from_json(element) for element in inner))
    members = {name: type_from_json(member) for name, member in inner.items()}
    return ObjectType(tuple(sorted(members.items())))
