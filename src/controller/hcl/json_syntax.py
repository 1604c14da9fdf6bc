"""
The JSON syntax of the language (`.tf.json`) as the same tree that the native syntax gives.

JSON does not say what is a block and what an argument: Terraform's own block types say it, and for
resources the schema of their type (HCL semantics §2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place
from controller.hcl import numbers
from controller.hcl.construct import make_object, make_tuple, string
from controller.hcl.errors import HclError
from controller.hcl.json_text import JsonMember, JsonNode, parse_json
from controller.hcl.parse import parse_embedded, parse_template, remembered
from controller.hcl.plain import from_python
from controller.hcl.schema import BlockSchema, schema_of
from controller.hcl.syntax import Argument, BlockSyntax, Body, Expression, Literal, Object, Tuple
from controller.hcl.types import NUMBER
from controller.hcl.values import Value

COMMENT = "//"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which properties are blocks: by name, the number of labels and the shape inside."""

    blocks: Mapping[str, tuple[int, _Shape]] = field(default_factory=dict)
    # Arguments whose texts are not templates: names of types and of resources, or plain text.
    bare: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()


_PLAIN = _Shape()
_CONDITIONS = {"precondition": (0, _PLAIN), "postcondition": (0, _PLAIN)}
_LIFECYCLE = _Shape(_CONDITIONS, bare=frozenset({"ignore_changes", "replace_triggered_by"}))
_PROVIDER = _Shape(
    dict.fromkeys(
        (
            "assume_role",
            "assume_role_with_web_identity",
            "default_tags",
            "endpoints",
            "ignore_tags",
        ),
        (0, _PLAIN),
    )
)
_MOVE = _Shape(bare=frozenset({"from", "to"}))
_TOP = _Shape(
    {
        "terraform": (
            0,
            _Shape(
                {
                    "required_providers": (0, _PLAIN),
                    "backend": (1, _PLAIN),
                    "cloud": (0, _PLAIN),
                    "provider_meta": (1, _PLAIN),
                }
            ),
        ),
        "provider": (1, _PROVIDER),
        "variable": (
            1,
            _Shape(
                {"validation": (0, _PLAIN)},
                bare=frozenset({"type"}),
                plain=frozenset({"default", "description"}),
            ),
        ),
        "locals": (0, _PLAIN),
        "output": (
            1,
            _Shape({"precondition": (0, _PLAIN)}, bare=frozenset({"depends_on"})),
        ),
        "module": (1, _Shape(bare=frozenset({"depends_on", "providers"}))),
        "resource": (2, _PLAIN),
        "data": (2, _PLAIN),
        "ephemeral": (2, _PLAIN),
        "moved": (0, _MOVE),
        "removed": (0, _MOVE),
        "import": (0, _MOVE),
        "check": (1, _Shape({"assert": (0, _PLAIN), "data": (2, _PLAIN)})),
    }
)
_META = frozenset({"depends_on", "provider"})


def parse_json_body(text: str, file: str) -> Body:
    """A `.tf.json` file, remembered between runs. Raises HclError "syntax" or "duplicate"."""

    def parse() -> Body:
        root = parse_json(text, file)
        return _body(root, _TOP, root.place)

    return remembered("json", Body, text, file, parse)


def parse_json_values(text: str, file: str) -> dict[str, tuple[Value, Place]]:
    """A `.tfvars.json` file: plain values, `${ }` in them is text (HCL semantics §14)."""
    root = parse_json(text, file)
    if root.kind != "object":
        raise HclError("syntax", "expected a JSON object", place=root.place, static=True)
    values: dict[str, tuple[Value, Place]] = {}
    for member in root.value:
        if member.name in values:
            raise _duplicate(member)
        values[member.name] = (_plain_value(member.node), member.place)
    return values


def _body(node: JsonNode, shape: _Shape, place: Place) -> Body:
    arguments: dict[str, Argument] = {}
    blocks: list[BlockSyntax] = []
    for member in _members(node):
        if member.name == COMMENT:
            continue
        if member.name in shape.blocks:
            labels, inner = shape.blocks[member.name]
            blocks.extend(_blocks(member, labels, inner))
        elif member.name in arguments:
            raise _duplicate(member)
        else:
            arguments[member.name] = Argument(member.name, _argument(member, shape), member.place)
    return Body(place, arguments, tuple(blocks))


def _members(node: JsonNode) -> Iterator[JsonMember]:
    """The properties of an object, or of all objects of an array in order."""
    if node.kind == "array":
        for element in node.value:
            yield from _members(element)
    elif node.kind == "object":
        yield from node.value
    else:
        raise HclError(
            "syntax", "expected a JSON object: this is a block", place=node.place, static=True
        )


def _blocks(member: JsonMember, labels: int, shape: _Shape) -> Iterator[BlockSyntax]:
    if member.node.kind == "constant" and member.node.value is None:
        return
    for names, node, place in _labelled(member.node, labels, member.place):
        inner = _inner_shape(member.name, names, shape)
        yield BlockSyntax(member.name, names, _body(node, inner, place), place)


def _labelled(
    node: JsonNode, labels: int, place: Place
) -> Iterator[tuple[tuple[str, ...], JsonNode, Place]]:
    """Each label is a level of objects; an array represents several blocks."""
    if labels == 0:
        for element in node.value if node.kind == "array" else (node,):
            if element.kind != "constant" or element.value is not None:
                yield (), element, place
        return
    members = [member for member in _members(node) if member.name != COMMENT]
    if not members:
        raise HclError("syntax", "a label of the block is missing", place=place, static=True)
    for member in members:
        for names, inner, at in _labelled(member.node, labels - 1, member.place):
            yield (member.name, *names), inner, at


def _inner_shape(block: str, labels: tuple[str, ...], shape: _Shape) -> _Shape:
    if block in ("resource", "data", "ephemeral"):
        schema = schema_of("managed" if block == "resource" else "data", labels[0])
        return _resource_shape(schema or BlockSchema())
    if block == "dynamic":
        content = shape.blocks.get(labels[0], (0, _PLAIN))
        return _Shape({"content": content}, bare=frozenset({"iterator"}))
    return shape


def _resource_shape(schema: BlockSchema) -> _Shape:
    shape = _schema_shape(schema)
    connection = _Shape({"connection": (0, _PLAIN)})
    meta = {
        "lifecycle": (0, _LIFECYCLE),
        "connection": (0, _PLAIN),
        "provisioner": (1, connection),
    }
    return _Shape({**shape.blocks, **meta}, bare=_META)


def _schema_shape(schema: BlockSchema) -> _Shape:
    blocks = {name: (0, _schema_shape(nested.block)) for name, nested in schema.blocks.items()}
    return _Shape({**blocks, "dynamic": (1, _Shape(blocks))})


def _argument(member: JsonMember, shape: _Shape) -> Expression:
    if member.name in shape.bare:
        return _expression(member.node, _bare_text)
    if member.name in shape.plain:
        return Literal(member.node.place, _plain_value(member.node))
    return _expression(member.node, _template)


def _template(node: JsonNode) -> Expression:
    return parse_template(node.value, node.place.file, node.place.line)


def _bare_text(node: JsonNode) -> Expression:
    return parse_embedded(node.value, node.place.file, node.place.line)


def _expression(node: JsonNode, read_text: Callable[[JsonNode], Expression]) -> Expression:
    if node.kind == "string":
        return read_text(node)
    if node.kind == "array":
        elements = (_expression(element, read_text) for element in node.value)
        return Tuple(node.place, tuple(elements))
    if node.kind == "object":
        return Object(node.place, tuple(_items(node, read_text)))
    return Literal(node.place, _plain_value(node))


def _items(
    node: JsonNode, read_text: Callable[[JsonNode], Expression]
) -> Iterator[tuple[Expression, Expression]]:
    names: set[str] = set()
    for member in node.value:
        if member.name in names:
            raise _duplicate(member)
        names.add(member.name)
        key = parse_template(member.name, member.place.file, member.place.line)
        yield key, _expression(member.node, read_text)


def _plain_value(node: JsonNode) -> Value:
    if node.kind == "number":
        return Value(NUMBER, numbers.parse_number(node.value))
    if node.kind == "string":
        return string(node.value)
    if node.kind == "array":
        return _tuple(node)
    return _object(node) if node.kind == "object" else from_python(node.value)


def _tuple(node: JsonNode) -> Value:
    return make_tuple(_plain_value(element) for element in node.value)


def _object(node: JsonNode) -> Value:
    members: dict[str, Value] = {}
    for member in node.value:
        if member.name in members:
            raise _duplicate(member)
        members[string(member.name).data] = _plain_value(member.node)
    return make_object(members)


def _duplicate(member: JsonMember) -> HclError:
    return HclError(
        "duplicate", f'"{member.name}" was set already', place=member.place, static=True
    )
