"""What an evaluated directory looks like to those who read it (the mapping, the console)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place, Problem
from controller.hcl.module import MissingModule
from controller.hcl.provider_version import UNKNOWN, AwsProvider
from controller.hcl.values import Origin, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """
    Terraform's own inputs.

    `options` are the command line's -var and -var-file in order: ("var", "name=text") or
    ("var-file", "path", relative to the working directory of the caller). `environment` holds the
    process's variables (only TF_VAR_… are read). `assigned` wins over everything; it is how the two
    worlds set `awake`. `region` is the SDK's, used where the provider block names none. `known`
    supplies attributes that are unknown otherwise.
    """

    options: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    workspace: str = "default"
    assigned: Mapping[str, Value] = field(default_factory=dict)
    region: str | None = None
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    value: Value
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """
    An evaluated body. `blocks` are in the order of the file, dynamic ones expanded in place.

    Arguments set to null are kept (the mapping treats them as left out).
    """

    place: Place
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple[tuple[str, Block], ...] = ()

    def of_type(self, name: str) -> tuple[Block, ...]:
        return tuple(block for type_, block in self.blocks if type_ == name)


class Known(Protocol):
    """Terraform's memory of what it keeps: asked for values that the files do not say."""

    def complete(self, address: str, mode: str, type_: str, body: Block, value: Value) -> Value:
        """The value of an instance, with what is unknown in it filled in as far as it is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceInstance:
    """
    One instance of a resource or data source, with its arguments as configured.

    `address` is Terraform's: `module.app["day"].aws_lb.nlb[0]`, `data.aws_vpc.main`. `type` is as
    the user wrote it (`aws_alb` stays). `body` holds no meta-arguments. `depends_on` are the
    addresses named there, resolved to instances. `provider` is the local name or alias
    ("aws", "aws.tokyo"). `error_free` is False when a part of it could not be evaluated (the
    problem is reported already): such an instance must not be used. `undecided` are blocks of which
    nobody knows how many there are, and what that comes from.
    """

    address: str
    mode: str  # "managed", "data" or "ephemeral"
    type: str
    name: str
    key: str | int | None
    module: str  # address of the module instance, "" for the root
    place: Place
    body: Block
    depends_on: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    provider: str = "aws"
    error_free: bool = True
    undecided: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """
    A block, or a module call, whose instances are not known; `types` are the resources in it.

    `origins` are what their number comes from, where that is no mistake but unknown.
    """

    place: Place
    types: frozenset[str]
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    A directory evaluated once.

    `resources` are all instances, kept resources and data sources included, by address.
    `problems` is every problem found, errors first in the order of the files. `variables` are the
    root's, `variable_places` where their values are written (a tfvars file, else the block),
    `variable_parts` where the parts of a value that is written out are, by path,
    `output_places` where the root's outputs are.
    `providers` are the evaluated provider blocks by local name or alias, behind the address of the
    module where one declares its own (an argument that cannot be evaluated is left out). `lost` are
    addresses without keys of blocks and module calls of which nobody can say how many instances
    there are (the problem is reported). `missing` are modules that are not installed, `provider`
    the version of the AWS provider. `evaluate` reads one expression in the root module's scope; it
    raises HclError, with a place in the file "<expr>" for the expression's own mistakes.
    """

    resources: Mapping[str, ResourceInstance]
    problems: tuple[Problem, ...]
    variables: Mapping[str, Value]
    providers: Mapping[str, Block]
    outputs: Mapping[str, Value]
    evaluate: Callable[[str], Value]
    variable_places: Mapping[str, Place] = field(default_factory=dict)
    variable_parts: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    output_places: Mapping[str, Place] = field(default_factory=dict)
    lost: Mapping[str, Uncounted] = field(default_factory=dict)
    missing: tuple[MissingModule, ...] = ()
    provider: AwsProvider = UNKNOWN

    def knows(self, address: str) -> bool:
        """Whether it is decided that an instance of this address exists or not."""
        return not any(_is_part_of(address, lost) for lost in self.lost)


def _is_part_of(address: str, lost: str) -> bool:
    return address == lost or address.startswith((f"{lost}[", f"{lost}."))
