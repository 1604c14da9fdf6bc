"""
The syntax tree of Terraform's language, free of the parser that made it.

Every node knows its place. Names inside are the user's own text. A tree is never changed, so that
one parse serves every evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place
from controller.hcl.values import Value


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """Base of all expressions. Two are the same only when they are one object."""

    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Expression):
    """A number, true, false, null, or a text without a sequence in it."""

    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Word(Literal):
    """A key of an object that is written without quotes."""


@dataclass(frozen=True, slots=True, eq=False)
class AttributeStep:
    """`.name`"""

    name: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class KeyStep:
    """`["key"]` or `[0]`: an index that the text itself holds."""

    key: Value
    place: Place


Step = AttributeStep | KeyStep


@dataclass(frozen=True, slots=True, eq=False)
class Reference(Expression):
    """A name and the constant steps after it: `var.ports[0].name`."""

    root: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Attribute(Expression):
    """`.name` on anything that is not a plain reference."""

    of: Expression
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Index(Expression):
    of: Expression
    key: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Splat(Expression):
    """`of[*]` or `of.*`: `each` is evaluated for every element, which is the `SplatItem` in it."""

    of: Expression
    each: Expression


@dataclass(frozen=True, slots=True, eq=False)
class SplatItem(Expression):
    """The element that the innermost splat is at."""


@dataclass(frozen=True, slots=True, eq=False)
class Parentheses(Expression):
    inner: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Expression):
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Expression):
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Expression):
    condition: Expression
    if_true: Expression
    if_false: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expression):
    """`name(arguments)`; `spread` when `...` follows the last argument."""

    name: str
    arguments: tuple[Expression, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Tuple(Expression):
    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Object(Expression):
    """Keys are expressions too; a bare word has become a literal text."""

    items: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True, eq=False)
class For(Expression):
    """`[for …]` when `key` is None, `{for …}` otherwise; `group` when `...` follows the value."""

    key_name: str | None
    value_name: str
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    group: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Interpolation(Expression):
    """A template that is one `${ }` and nothing else: the value itself, type kept."""

    inner: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Template(Expression):
    """Texts and expressions joined to one string."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TemplateFor(Expression):
    """`%{for …}`: the parts joined once per element."""

    loop: For


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """`name = expression` in a body; `place` is that of the name."""

    name: str
    expression: Expression
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """
    Arguments by name and blocks in the order of the text.

    `place` is the block's first line (for a file its line 1), where a missing argument is
    reported.
    """

    place: Place
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    blocks: tuple[BlockSyntax, ...] = ()

    def of_type(self, name: str) -> tuple[BlockSyntax, ...]:
        return tuple(block for block in self.blocks if block.type == name)


@dataclass(frozen=True, slots=True, eq=False)
class BlockSyntax:
    type: str
    labels: tuple[str, ...]
    body: Body
    place: Place
