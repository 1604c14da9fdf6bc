"""`replace` copies all fields at once where it may, and equals that of the standard library."""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError
from datetime import timedelta
from functools import cached_property

import pytest

from controller.domain.dataclass import dataclass, field, replace
from controller.domain.decision.office_hours import Rules
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.policy.policy import Policy
from controller.domain.reporting.status import Status
from controller.reconcile.serving import Serving
from controller.reconcile.turn import Turn
from factories import NOON


@dataclass(frozen=True)
class Circle:
    radius: int
    colour: str = "red"

    @cached_property
    def diameter(self) -> int:
        return 2 * self.radius


@dataclass(frozen=True)
class Even:
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError(f"{self.number} is odd")


@dataclass(frozen=True)
class Counted:
    name: str
    count: int = field(default=0, init=False)


class Loud(Circle):
    """No dataclass of its own: its `__init__` is not the one that only sets fields."""

    def __init__(self, radius: int, colour: str = "red") -> None:
        super().__init__(radius, colour.upper())


@dataclass(frozen=True, slots=True)
class Slim:
    name: str
    size: int = 1


TURN = Turn(
    target=Target.AWAKE,
    began_at=NOON,
    now=NOON,
    whole_at=NOON,
    serving=Serving(),
    progress=Progress(),
)
CASES = [
    (Status(phase="waking"), {"phase": "awake", "settled": True}),
    (TURN, {"note": "denied", "now": NOON + timedelta(seconds=1)}),
    (Serving(is_ready=True), {"has_looked": True}),
    (Rules.of(Policy()), {"lead": timedelta(minutes=5)}),
    (Circle(2), {"radius": 3}),
    (Loud(2), {"colour": "blue"}),
    (Slim("one"), {"size": 2}),
    (Counted("one"), {"name": "two"}),
]


@pytest.mark.parametrize(("value", "fields"), CASES, ids=lambda each: type(each).__name__)
def test_it_is_what_the_standard_library_makes(value, fields):
    before = dataclasses.replace(value)
    made = replace(value, **fields)
    assert type(made) is type(value)
    assert made == dataclasses.replace(value, **fields) != value
    assert value == before


def test_a_copy_is_as_frozen():
    copy = replace(Status(), phase="awake")
    with pytest.raises(FrozenInstanceError):
        copy.phase = "asleep"


def test_what_was_computed_of_one_is_not_taken_for_the_other():
    circle = Circle(2)
    assert circle.diameter == 4
    assert replace(circle, radius=5).diameter == 10
    assert replace(circle, colour="blue").radius == 2


def test_what_init_checks_is_checked_again():
    with pytest.raises(ValueError, match="3 is odd"):
        replace(Even(2), number=3)


@pytest.mark.parametrize("value", [Status(), Slim("one"), Even(2)])
def test_what_is_no_field_is_refused(value):
    with pytest.raises(TypeError, match="fase"):
        replace(value, fase="awake")


def test_a_field_that_is_not_given_is_not_replaced():
    with pytest.raises(ValueError, match="count"):
        replace(Counted("one"), count=2)
