"""
Whether a resource's block has the form that its type's schema asks for (HCL semantics §18).

Applies to the sleepers, under their new and old names, and to `terraform_data`. For everything that
stays we are lenient: Terraform itself will check it, with the provider that is really in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from controller.hcl.convert import convert, describe
from controller.hcl.declarations import Resource
from controller.hcl.errors import HclError
from controller.hcl.provider_version import AwsProvider
from controller.hcl.schema import SLEEPERS, AttributeSchema, BlockSchema, NestedBlock, schema_of
from controller.hcl.syntax import BlockSyntax, Body
from controller.hcl.value_rules import checked_value
from controller.hcl.values import Value
from controller.hcl.world import Attribute, Block

_DYNAMIC_ARGUMENTS = frozenset({"for_each", "iterator", "labels"})


def is_checked(mode: str, type_: str) -> bool:
    return mode == "managed" and (type_ in SLEEPERS or type_ == "terraform_data")


def check_shape(resource: Resource) -> Iterator[HclError]:
    """
    What the text alone shows: unknown arguments and blocks, missing and too many ones.

    What another version of the provider knows is checked when it has a value: null is none.
    """
    schema = schema_of(resource.mode, resource.type)
    if schema and is_checked(resource.mode, resource.type):
        yield from _check_body(resource.body, schema, resource.type)


def known_part(resource: Resource) -> Body:
    """The body without the blocks that `check_shape` refuses: what is in them means nothing."""
    schema = schema_of(resource.mode, resource.type)
    if schema is None or not is_checked(resource.mode, resource.type):
        return resource.body
    known = tuple(block for block in resource.body.blocks if _type_of(block) in schema.blocks)
    return replace(resource.body, blocks=known)


def _type_of(block: BlockSyntax) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def conform(block: Block, type_: str, provider: AwsProvider) -> tuple[Block, list[HclError]]:
    """
    The evaluated block with every argument converted to its type in the schema of the provider.

    What cannot be converted, has a value that the provider refuses, is missing or there too often
    is an error; the arguments in question are left out.
    """
    schema = schema_of("managed", type_)
    if schema is None:
        return block, []
    conformer = _Conformer(type_, provider)
    return conformer.block(block, schema, ()), conformer.errors


def unsupported(block: Block, type_: str) -> Iterator[HclError]:
    """
    What is missing at the top of an evaluated block, or no argument of its type.

    For types that `is_checked` leaves alone, as most of their instances are Terraform's.
    """
    schema = schema_of("managed", type_) or BlockSchema()
    for name, attribute in block.attributes.items():
        known = schema.attributes.get(name)
        if known is None or not known.configurable or name == "id":
            message = _unsupported_argument(name, known, schema, type_)
            yield HclError("unsupported-argument", message, place=attribute.place)
    for name, inner in block.blocks:
        if name not in schema.blocks:
            message = f'{type_} takes no block "{name}"'
            yield HclError("unsupported-block", message, place=inner.place)
    for name, known in schema.attributes.items():
        if known.required and name not in block.attributes:
            message = f'{type_} needs the argument "{name}"'
            yield HclError("missing-argument", message, place=block.place)


def _check_body(body: Body, schema: BlockSchema, what: str) -> Iterator[HclError]:
    for argument in body.arguments.values():
        attribute = schema.attributes.get(argument.name)
        # The schema of provider 5 lets the "id" of a resource be set, but the provider refuses it.
        is_own_id = argument.name == "id" and attribute is not None and attribute.computed
        if attribute is None or not attribute.configurable or is_own_id:
            yield HclError(
                "unsupported-argument",
                _unsupported_argument(argument.name, attribute, schema, what),
                place=argument.place,
            )
    for name, attribute in schema.attributes.items():
        if attribute.required and name not in body.arguments:
            yield HclError(
                "missing-argument", f'{what} needs the argument "{name}"', place=body.place
            )
    for block in body.blocks:
        yield from _check_block(block, schema, what)
    for name, nested in schema.blocks.items():
        yield from _check_number(body, name, nested, what)


def _unsupported_argument(
    name: str, attribute: AttributeSchema | None, schema: BlockSchema, what: str
) -> str:
    if attribute is not None:
        return f'"{name}" of {what} is decided by the provider and cannot be set'
    if name in schema.blocks:
        return f'"{name}" of {what} is a block; write {name} {{ … }} without "="'
    import difflib  # only for this message

    close = difflib.get_close_matches(name, [*schema.attributes, *schema.blocks], n=1)
    return f'{what} has no argument "{name}"' + (f'; did you mean "{close[0]}"?' if close else "")


def _check_block(block: BlockSyntax, schema: BlockSchema, what: str) -> Iterator[HclError]:
    type_ = _type_of(block)
    nested = schema.blocks.get(type_)
    if nested is None:
        hint = f"; write {type_} = …, it is an argument" if type_ in schema.attributes else ""
        yield HclError(
            "unsupported-block", f'{what} takes no block "{type_}"{hint}', place=block.place
        )
    elif block.type == "dynamic":
        yield from _check_dynamic(block, nested)
    elif block.labels:
        yield HclError("syntax", f'the block "{type_}" takes no label', place=block.place)
    else:
        yield from _check_body(block.body, nested.block, type_)


def _check_dynamic(block: BlockSyntax, nested: NestedBlock) -> Iterator[HclError]:
    contents = block.body.of_type("content")
    if len(contents) != 1 or len(block.body.blocks) != 1:
        yield HclError(
            "unsupported-block",
            "a dynamic block holds exactly one content block",
            place=block.place,
        )
    if "for_each" not in block.body.arguments:
        yield HclError(
            "missing-argument", 'a dynamic block needs the argument "for_each"', place=block.place
        )
    for argument in block.body.arguments.values():
        if argument.name not in _DYNAMIC_ARGUMENTS:
            yield HclError(
                "unsupported-argument",
                f'"{argument.name}" is no argument of a dynamic block; put it into content',
                place=argument.place,
            )
    for content in contents:
        yield from _check_body(content.body, nested.block, block.labels[0])


def _check_number(body: Body, name: str, nested: NestedBlock, what: str) -> Iterator[HclError]:
    found = body.of_type(name)
    is_dynamic = any(name in dynamic.labels for dynamic in body.of_type("dynamic"))
    if nested.maximum and len(found) > nested.maximum:
        yield _too_many(name, nested, what, found[nested.maximum])
    if len(found) < nested.minimum and not is_dynamic:
        yield _too_few(name, nested, what, body)


def _too_many(name: str, nested: NestedBlock, what: str, at: BlockSyntax | Block) -> HclError:
    return HclError(
        "unsupported-block",
        f'{what} takes at most {nested.maximum} block{"s" if nested.maximum > 1 else ""} "{name}"',
        place=at.place,
    )


def _too_few(name: str, nested: NestedBlock, what: str, at: Body | Block) -> HclError:
    return HclError(
        "missing-argument",
        f'{what} needs at least {nested.minimum} block{"s" if nested.minimum > 1 else ""} "{name}"',
        place=at.place,
    )


class _Conformer:
    def __init__(self, type_: str, provider: AwsProvider) -> None:
        self._type = type_
        self._provider = provider
        self.errors: list[HclError] = []

    def block(self, block: Block, schema: BlockSchema, path: tuple[str, ...]) -> Block:
        attributes = {}
        for name, attribute in block.attributes.items():
            if name in schema.attributes:
                try:
                    self._must_be_known(attribute.value, schema.attributes[name], name)
                    converted = self._converted(attribute.value, schema.attributes[name], name)
                    value = checked_value(self._type, (*path, name), converted)
                except HclError as error:
                    self.errors.append(error.at(attribute.place))
                else:
                    attributes[name] = Attribute(value, attribute.place)
        blocks = [
            (name, self.block(inner, schema.blocks[name].block, (*path, name)))
            for name, inner in block.blocks
            if name in schema.blocks and self._knows(schema.blocks[name], name, inner)
        ]
        self._numbers(block, schema, path[-1] if path else self._type)
        return replace(block, attributes=attributes, blocks=tuple(blocks))

    def _must_be_known(self, value: Value, schema: AttributeSchema, name: str) -> None:
        if self._provider.lacks(schema.since) and not value.is_null:
            raise HclError(
                "unsupported-argument", self._too_new(f'argument "{name}"', schema.since)
            )

    def _knows(self, nested: NestedBlock, name: str, block: Block) -> bool:
        if not self._provider.lacks(nested.since):
            return True
        message = self._too_new(f'block "{name}"', nested.since)
        self.errors.append(HclError("unsupported-block", message, place=block.place))
        return False

    def _too_new(self, what: str, since: int) -> str:
        return (
            f"{self._type} has no {what} in {self._provider}: it came with {since}; leave it out, "
            f"or require version {since} of the provider"
        )

    def _converted(self, value: Value, schema: AttributeSchema, name: str) -> Value:
        if value.is_null and schema.required:
            raise HclError("missing-argument", f'"{name}" is null, but it must be set')
        try:
            return convert(value, schema.type)
        except HclError as error:
            raise HclError(
                "conversion",
                f'"{name}" must be a {describe(schema.type)}: {error.message}',
            ) from None

    def _numbers(self, block: Block, schema: BlockSchema, what: str) -> None:
        """Dynamic blocks show only now how many they are."""
        for name, nested in schema.blocks.items():
            found = block.of_type(name)
            if nested.maximum and len(found) > nested.maximum:
                self.errors.append(_too_many(name, nested, what, found[nested.maximum]))
            if len(found) < nested.minimum:
                self.errors.append(_too_few(name, nested, what, block))
