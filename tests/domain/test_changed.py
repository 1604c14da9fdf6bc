"""Copies of values that change in each round of a pass."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from controller.domain.changed import changed
from controller.domain.decision.office_hours import Rules
from controller.domain.decision.sleep_rules import Rule, Verdict
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.policy.policy import Policy
from controller.domain.reporting.status import Status
from controller.reconcile.serving import Serving
from controller.reconcile.turn import Turn
from factories import NOON

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
    (Verdict(Target.ASLEEP, Rule.NOBODY, "nobody"), {"until": NOON}),
]


@pytest.mark.parametrize(("value", "fields"), CASES, ids=lambda each: type(each).__name__)
def test_it_is_what_replace_makes(value, fields):
    before = replace(value)
    made = changed(value, **fields)
    assert type(made) is type(value)
    assert made == replace(value, **fields) != value
    assert value == before


def test_a_copy_is_as_frozen():
    copy = changed(Status(), phase="awake")
    with pytest.raises(FrozenInstanceError):
        copy.phase = "asleep"


def test_what_is_no_field_is_refused():
    with pytest.raises(TypeError, match="Status has no field fase"):
        changed(Status(), fase="awake")
