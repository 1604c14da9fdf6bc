"""What a record holds is what its class says, at any depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from controller.domain.shapes import check_shape


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Part:
    name: str = "a"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    count: int = 1
    share: float = 0.5
    is_on: bool = True
    price: Decimal = Decimal(1)
    colour: Colour | None = None
    part: Part = field(default_factory=Part)
    parts: tuple[Part, ...] = ()
    pair: tuple[str, int] = ("a", 1)
    names: frozenset[str] = frozenset()
    by_name: Mapping[str, Part] = field(default_factory=dict)
    anything: Any = None


RIGHT = (
    {},
    {"share": 1, "count": 2**62, "colour": Colour.RED},
    {"part": Part(at=datetime(2026, 11, 30, tzinfo=UTC)), "parts": (Part(), Part())},
    {"by_name": {"é": Part("日本")}, "names": frozenset({"a"}), "anything": [{"a": None}]},
)


@pytest.mark.parametrize("given", RIGHT)
def test_what_we_write_is_right(given):
    check_shape(Whole(**given))


WRONG = {
    "count": (None, "1", 1.5, 2**64),
    "share": (float("nan"), float("inf"), "1", 1e300),
    "is_on": (None, "true", 1),
    "price": (1, Decimal("NaN"), Decimal("1E400")),
    "colour": ("red", 5),
    "part": (None, {"name": "a"}),
    "parts": ([Part()], (None,), "a"),
    "pair": (("a",), ("a", "b"), ["a", 1], ("a", 1, 1)),
    "names": (["a"], frozenset({1})),
    "by_name": ([], {"a": None}, {1: Part()}),
}


@pytest.mark.parametrize(("name", "value"), [(k, v) for k, some in WRONG.items() for v in some])
def test_a_field_of_another_type_is_named(name, value):
    with pytest.raises(TypeError, match=f'"{name}" is of another type'):
        check_shape(Whole(**{name: value}))


def test_a_field_deep_inside_is_named_by_its_path():
    with pytest.raises(TypeError, match=r'"part\.at" is of another type'):
        check_shape(Whole(part=Part(at="2026-11-30")))
    with pytest.raises(TypeError, match=r'"part\.name" is of another type'):
        check_shape(Whole(part=Part(name="\ud800")))
