"""
What an expression refers to, found without evaluating it (HCL semantics §12).

Names that a `for` or a `dynamic` block binds are no references.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.dataclass import dataclass
from controller.hcl.errors import HclError
from controller.hcl.syntax import (
    Attribute,
    AttributeStep,
    Binary,
    BlockSyntax,
    Body,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Interpolation,
    Object,
    Parentheses,
    Reference,
    Splat,
    Template,
    TemplateFor,
    Tuple,
    Unary,
)

Names = frozenset[str]
NO_NAMES: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What a reference begins with.

    `kind` is var, local, module, resource, each, count, path, terraform or self; `name` its parts
    (a resource's are mode, type and name); `used` the number of steps that it took.
    """

    kind: str
    name: tuple[str, ...]
    used: int


_ONE_NAME = {
    "var": "a variable",
    "local": "a local value",
    "module": "a module",
    "each": "key or value",
    "count": "index",
    "path": "module, root or cwd",
    "terraform": "workspace",
}
_RESERVED = frozenset({"template", "lazy", "arg"})


def subject_of(reference: Reference) -> Subject:
    """Raises HclError "reference" or "undeclared" for what cannot lead anywhere."""
    root = reference.root
    if root == "self":
        return Subject("self", (), 0)
    if root in _ONE_NAME:
        return Subject(root, (_names(reference, 1, _ONE_NAME[root])[0],), 1)
    if root == "data":
        type_, name = _names(reference, 2, "the type and the name of a data source")
        return Subject("resource", ("data", type_, name), 2)
    if root == "ephemeral":
        type_, name = _names(reference, 2, "the type and the name of an ephemeral resource")
        return Subject("resource", ("ephemeral", type_, name), 2)
    if root == "resource":
        type_, name = _names(reference, 2, "the type and the name of a resource")
        return Subject("resource", ("managed", type_, name), 2)
    if root in _RESERVED:
        raise _error(reference, "reference", f'"{root}" is reserved; write resource.{root}')
    if not reference.steps:
        raise _error(
            reference,
            "undeclared",
            f'"{root}" refers to nothing; write "{root}" in quotes for the text, '
            f"var.{root} for a variable, or {root}.NAME for a resource",
        )
    name = _names(reference, 1, "the name of a resource")[0]
    return Subject("resource", ("managed", root, name), 1)


def _names(reference: Reference, count: int, what: str) -> list[str]:
    names = []
    for step in reference.steps[:count]:
        if not isinstance(step, AttributeStep):
            break
        names.append(step.name)
    if len(names) < count:
        raise _error(
            reference, "reference", f'"{reference.root}" must be followed by .NAME: {what}'
        )
    return names


def _error(reference: Reference, kind: str, message: str) -> HclError:
    return HclError(kind, message, place=reference.place, static=True)


def walk(expression: Expression, bound: Names = NO_NAMES) -> Iterator[tuple[Expression, Names]]:
    """Every expression inside, itself first, with the names that are bound where it is."""
    todo: list[tuple[Expression, Names]] = [(expression, bound)]
    while todo:
        found, names = todo.pop()
        yield found, names
        todo.extend(reversed(_inside(found, names)))


def references_in(expression: Expression, bound: Names = NO_NAMES) -> Iterator[Reference]:
    for found, names in walk(expression, bound):
        if isinstance(found, Reference) and found.root not in names:
            yield found


def is_constant(expression: Expression) -> bool:
    """Whether nothing but the text of the expression itself decides its value."""
    return next(references_in(expression), None) is None


def expressions_in(body: Body, bound: Names = NO_NAMES) -> Iterator[tuple[Expression, Names]]:
    """All expressions of a body and the blocks in it, with the names that `dynamic` binds."""
    for argument in body.arguments.values():
        yield argument.expression, bound
    for block in body.blocks:
        if block.type == "dynamic" and block.labels:
            yield from _in_dynamic(block, bound)
        else:
            yield from expressions_in(block.body, bound)


def iterator_name(dynamic: BlockSyntax) -> str:
    """The name under which a dynamic block's content knows the element."""
    iterator = dynamic.body.arguments.get("iterator")
    if iterator and isinstance(iterator.expression, Reference) and not iterator.expression.steps:
        return iterator.expression.root
    return dynamic.labels[0]


def mentions(expression: Expression, kind: str, name: str) -> bool:
    """Whether a reference in it is to that name."""
    for reference in references_in(expression):
        try:
            subject = subject_of(reference)
        except HclError:
            continue
        if (subject.kind, subject.name) == (kind, (name,)):
            return True
    return False


def _in_dynamic(dynamic: BlockSyntax, bound: Names) -> Iterator[tuple[Expression, Names]]:
    inner = bound | {iterator_name(dynamic)}
    for argument in dynamic.body.arguments.values():
        if argument.name == "labels":
            yield argument.expression, inner
        elif argument.name != "iterator":
            yield argument.expression, bound
    for block in dynamic.body.blocks:
        yield from expressions_in(block.body, inner)


def _inside(expression: Expression, bound: Names) -> list[tuple[Expression, Names]]:
    match expression:
        case For():
            return _inside_for(expression, bound)
        case TemplateFor(loop=loop):
            return [(loop, bound)]
        case Attribute(of=of):
            parts: tuple[Expression, ...] = (of,)
        case Index(of=of, key=key):
            parts = (of, key)
        case Splat(of=of, each=each):
            parts = (of, each)
        case Parentheses(inner=inner) | Interpolation(inner=inner):
            parts = (inner,)
        case Unary(operand=operand):
            parts = (operand,)
        case Binary(left=left, right=right):
            parts = (left, right)
        case Conditional(condition=condition, if_true=if_true, if_false=if_false):
            parts = (condition, if_true, if_false)
        case Call(arguments=arguments):
            parts = arguments
        case Tuple(elements=elements):
            parts = elements
        case Object(items=items):
            # A bare reference as a key has no value: evaluating it refuses it.
            keys = [key for key, _ in items if not isinstance(key, Reference)]
            parts = (*keys, *(value for _, value in items))
        case Template(parts=pieces):
            parts = pieces
        case _:
            parts = ()
    return [(part, bound) for part in parts]


def _inside_for(loop: For, bound: Names) -> list[tuple[Expression, Names]]:
    inner = bound | {name for name in (loop.key_name, loop.value_name) if name}
    parts = [part for part in (loop.key, loop.value, loop.condition) if part]
    return [(loop.collection, bound), *((part, inner) for part in parts)]
