"""What a module declares: its blocks, taken apart but not yet evaluated."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place
from controller.hcl.constraints import ANYTHING, Constraint
from controller.hcl.errors import HclError
from controller.hcl.syntax import BlockSyntax, Body, Expression
from controller.hcl.values import Value

ResourceKey = tuple[str, str, str]
"""Mode ("managed", "data" or "ephemeral"), type and name."""


def prefix_of(mode: str) -> str:
    """The part of an address before the type."""
    return "" if mode == "managed" else f"{mode}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A validation, precondition or postcondition."""

    condition: Expression
    message: Expression
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`default` is None where the variable must be given; it conforms to the type already."""

    name: str
    place: Place
    constraint: Constraint = ANYTHING
    # Whether text from the command line or the environment is taken as it is (HCL semantics §14).
    takes_text: bool = True
    default: Value | None = None
    default_place: Place | None = None
    # The places of the default's parts (`inner_places`).
    default_parts: Mapping[str, Place] = field(default_factory=dict)
    sensitive: bool = False
    ephemeral: bool = False
    nullable: bool = True
    validations: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    name: str
    place: Place
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    name: str
    place: Place
    expression: Expression
    sensitive: bool = False
    ephemeral: bool = False
    preconditions: tuple[Condition, ...] = ()
    depends_on: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """`count` and `for_each` of a resource or module; at most one is set."""

    count: Expression | None = None
    for_each: Expression | None = None

    @property
    def kind(self) -> str:
        return "count" if self.count else "for_each" if self.for_each else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """`body` holds the arguments of the type; `extra` the blocks that set none (provisioners)."""

    mode: str
    type: str
    name: str
    place: Place
    body: Body
    repetition: Repetition = Repetition()
    depends_on: tuple[Expression, ...] = ()
    provider: Expression | None = None
    preconditions: tuple[Condition, ...] = ()
    postconditions: tuple[Condition, ...] = ()
    ignore_changes: tuple[Expression, ...] = ()
    replaced_by: tuple[Expression, ...] = ()
    extra: tuple[BlockSyntax, ...] = ()

    @property
    def key(self) -> ResourceKey:
        return self.mode, self.type, self.name

    @property
    def address(self) -> str:
        """Within its module, without instance key."""
        return f"{prefix_of(self.mode)}{self.type}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCall:
    """
    `source` as written; `body` holds the values for the module's variables.

    `version` is the constraint, "" for none. `unread` is why the source is no constant text.
    """

    name: str
    place: Place
    source: str
    source_place: Place
    body: Body
    repetition: Repetition = Repetition()
    depends_on: tuple[Expression, ...] = ()
    providers: Expression | None = None
    version: str = ""
    unread: HclError | None = None

    @property
    def local(self) -> bool:
        return self.source.startswith(("./", "../"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    name: str
    alias: str | None
    place: Place
    body: Body

    @property
    def address(self) -> str:
        return f"{self.name}.{self.alias}" if self.alias else self.name


@dataclass(frozen=True, slots=True)
class Backend:
    """Where Terraform keeps the state: the type ("s3", "cloud", …) and its constant texts."""

    type: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RequiredProvider:
    """What a module demands of a provider; `constraint` is "" where it is content with any."""

    name: str
    source: str
    constraint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    variables: Mapping[str, Variable] = field(default_factory=dict)
    locals: Mapping[str, Local] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    resources: Mapping[ResourceKey, Resource] = field(default_factory=dict)
    modules: Mapping[str, ModuleCall] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    checks: tuple[BlockSyntax, ...] = ()
    required_providers: tuple[RequiredProvider, ...] = ()
    backend: Backend | None = None
    # Names that occur in a block too broken to be taken apart; using them is not a second error.
    broken: frozenset[tuple[str, ...]] = frozenset()
