"""What Terraform knows of a directory: its state, or a plan, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.domain.dataclass import dataclass, field
from controller.domain.errors import DormouseError


class StateError(DormouseError):
    """A file is no state that can be read; the text says what it is, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """
    One instance of a resource or data source, as Terraform last saw or planned it.

    `values` are its attributes as JSON has them; numbers with a fraction are Decimal. `sensitive`
    and `unknown` are masks of the same shape: True where the whole of it is, else nested (a dict by
    name or position, a list), False or absent where nothing is. A `tainted` one is created again by
    the next apply.
    """

    address: str
    mode: str  # "managed" or "data"
    type: str
    values: Mapping[str, Any]
    sensitive: Any = field(default_factory=dict)
    unknown: Any = field(default_factory=dict)
    tainted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """
    Things by address: `module.app["day"].aws_eip.a[0]`, `module.app["day"].data.aws_vpc.main`.

    `shown_as` is the file as the user knows it, `found` whether it was found without being asked
    for. `serial` and `lineage` are a state file's own; None where the form has none. `plan` says
    that it is a plan, `judges` that it was made of the very directory, with the same inputs and
    awake: then what it says and what we find must be the same.
    """

    shown_as: str
    things: Mapping[str, Thing]
    serial: int | None = None
    lineage: str | None = None
    modified: str | None = None
    found: bool = False
    plan: bool = False
    judges: bool = False

    @property
    def name(self) -> str:
        """As messages call it: `terraform.tfstate (serial 12 of 2026-11-30)`."""
        parts = [f"serial {self.serial}"] if self.serial is not None else []
        parts += [f"of {self.modified}"] if self.modified else []
        return f"{self.shown_as} ({' '.join(parts)})" if parts else self.shown_as


def any_of(mask: Any) -> bool:
    """Whether anything in a mask is set."""
    if isinstance(mask, Mapping):
        return any(any_of(inner) for inner in mask.values())
    if isinstance(mask, list | tuple):
        return any(any_of(inner) for inner in mask)
    return mask is True


def part_of(mask: Any, step: str | int) -> Any:
    """The mask of an attribute or element."""
    if mask is True:
        return True
    if isinstance(mask, Mapping):
        return mask.get(step, False)
    if isinstance(mask, list | tuple) and isinstance(step, int) and step < len(mask):
        return mask[step]
    return False
