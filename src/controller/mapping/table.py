"""
The language of the tables that say what becomes of each Terraform argument.

A table names every argument and nested block of one type in the schema of the AWS provider
5.100, and gives each exactly one fate. Nothing that a user can write is silently lost: what is
neither sent nor refused is dropped with a warning that says why (HCL semantics §18).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Json

Read = Callable[[Json], Json]
"""Turns the value as Terraform has it into the value as AWS takes it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """
    A field of the create request.

    `default` is sent when the argument is left out (None: then nothing is sent, and AWS decides).
    `unset` are the values that the provider takes for "left out": the zero of the type, wherever
    it asks whether an argument was given at all.

    `read` turns a value that is known into AWS's words; `wrap` puts it into its surrounding
    structure, as it does a reference. `known` is for what is laid out in the request part by part:
    a reference to the whole of it is an error.
    """

    to: str
    default: Json = None
    read: Read | None = None
    unset: tuple[Json, ...] = ("",)
    wrap: Read | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class SetAfter:
    """
    An attribute that ELBv2 takes in a call of its own after the create; its value is text.

    `read` turns the text into AWS's words; it raises ValueError with what was expected. A value
    that is `findable` may be one that is looked up when the stack wakes.
    """

    key: str
    default: str | None = None
    unset: tuple[Json, ...] = ("",)
    read: Read | None = None
    findable: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """
    Has no effect on what is made; a warning with `reason` is given.

    `harmless` values (the default written out) pass without a word. `rule` is the name of the
    warning.
    """

    reason: str
    harmless: tuple[Json, ...] = ()
    rule: str = "dropped"


@dataclass(frozen=True, slots=True)
class Refused:
    """
    Cannot be honoured; an error with `remedy` is given, except for `harmless` values (those
    that ask for what is done anyway).
    """

    remedy: str
    harmless: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Handled:
    """Read by code instead of the table; `by` names the function."""

    by: str


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """AWS's answer, not an argument; the schema does not let it be set."""


@dataclass(frozen=True, slots=True)
class Nested:
    """
    A nested block with a table of its own.

    `to` is the field that takes it; a dotted name goes deeper, and "" puts its fields beside
    those of the surrounding block. `many` makes a list, `unordered` blocks (sets in the schema)
    lose doubles, `wrap` makes the single block a list of one.
    """

    table: Table
    to: str = ""
    many: bool = False
    unordered: bool = False
    wrap: bool = False


Fate = Sent | SetAfter | Dropped | Refused | Handled | ReadOnly | Nested
Table = Mapping[str, Fate]


def text(value: Json) -> str:
    """A value as ELBv2's attributes write it: "true", "10"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
