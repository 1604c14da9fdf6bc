"""
Values of Terraform's language: a type, the data, and marks.

`data` by type: str (NFC) · Number (see `numbers.py`) · bool · tuple[Value, ...] for list, tuple
and set (a set is sorted and without duplicates) · dict[str, Value] for map and object (sorted by
key) · None for null · Unknown for what is known only after apply.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place
from controller.hcl.types import DYNAMIC, Type


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where an unknown value comes from: "aws_lb.nlb[0]" and the path ("arn",) or ("ids", 0).

    `address` is the full address of the instance, with module path and key; a data source's
    begins with "data." after its module path; a remote module's output is "module.x" + ("out",),
    what a function makes up at each run "uuid()". `place` is that of its block.
    """

    address: str
    path: tuple[str | int, ...]
    place: Place | None = field(default=None, compare=False)

    @property
    def described(self) -> str:
        """With its place in the user's files: it may be far from where it is missing."""
        return f"{self} ({self.place})" if self.place else str(self)

    @property
    def names(self) -> tuple[str, str]:
        """The thing and its attribute, "" where it is the whole of it."""
        return self.address, str(self.path[0]) if self.path else ""

    def __str__(self) -> str:
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.path)
        return self.address + steps


@dataclass(frozen=True, slots=True)
class Fixed:
    """A known value in a computation, as JSON text; a text stays as it is."""

    json: str


@dataclass(frozen=True, slots=True)
class Item:
    """What the `for` of that name is at: its value, or its key."""

    loop: str
    key: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """
    A function or operator applied to terms, in the names of `controller.domain.planning.computing`.

    "for" has the terms collection, value, condition and key, of which the last two may be missing
    (an empty text), and `loop` for its items; `group` as in the language.
    """

    name: str
    terms: tuple[Term, ...]
    loop: str = ""
    group: bool = False
    size: int = field(default=1, compare=False)


Bounds = tuple[float, float]
ANY: Final[Bounds] = (-math.inf, math.inf)

Part = str | Origin | Item | Computed
Term = Part | Fixed


@dataclass(frozen=True, slots=True)
class Unknown:
    """
    A value that exists only after apply.

    `origins` are all values it was computed from. `parts` say how it can be had at wake time: one
    part alone is the value itself, several are the pieces of a text in order. No parts mean that it
    was computed in a way that cannot be repeated then. `not_null` is a promise: AWS attributes give
    none, Terraform's own resources do (HCL semantics §21). `bounds` are those of a number, and of
    the number of elements of a collection, `pattern` what each of these elements looks like. `by`
    is the function or operator that cannot be repeated.
    """

    origins: tuple[Origin, ...]
    parts: tuple[Part, ...] = ()
    not_null: bool = False
    bounds: Bounds = field(default=ANY, compare=False)
    pattern: Pattern | None = field(default=None, compare=False)
    by: str = field(default="", compare=False)

    @property
    def origin(self) -> Origin | None:
        """The one attribute that this value is, or None where it was computed from it."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Origin):
            return self.parts[0]
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One value; compare with the functions of `convert.py`, never with `==`."""

    type: Type
    data: Any
    sensitive: bool = False
    ephemeral: bool = False

    @property
    def is_null(self) -> bool:
        return self.data is None

    @property
    def is_unknown(self) -> bool:
        """True for this value itself; its elements may still be unknown."""
        return isinstance(self.data, Unknown)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What one element of a collection is, and its key, in the terms of what `loop` is at."""

    loop: str
    collection: Value
    key: Value
    value: Value


NULL = Value(DYNAMIC, None)


class OpenObject(dict[str, Value]):
    """
    The data of an object whose type is not known: a resource of a provider that we know nothing of.

    Holds what is configured; any other attribute is unknown and comes from `origin`.
    """

    def __init__(self, attributes: Iterable[tuple[str, Value]], origin: Origin) -> None:
        super().__init__(attributes)
        self.origin = origin
