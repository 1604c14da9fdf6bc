"""What the controller itself comes to, by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.money.controller_cost import Part, controller_cost, controller_parts

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def amounts(**how):
    return {
        part.what: part.amount
        for part in controller_parts(DAY, **{"awake": 0 * HOUR, "wakes": 0, **how})
    }


def test_asleep_only_the_heartbeat_runs():
    """1440 a day: a call each, 0.075 GB-s, and half a read."""
    assert amounts() == {
        "schedule": 1440,
        "function calls": 1440,
        "function GB-s": Decimal("108"),
        "table reads": 720,
        "table writes": 0,
    }


def test_stacks_share_the_heartbeat_but_not_their_passes():
    shared = amounts(stacks=4, wakes=1)
    assert shared["schedule"] == 360
    assert shared["table writes"] == amounts(wakes=1)["table writes"] == 300
    assert amounts(stacks=0) == amounts(stacks=1)


def test_a_wake_and_each_hour_awake_add_their_passes():
    """A wake: 4 calls, 480 s of a quarter GB, 400 reads, 300 writes; an hour: 12, 24 s, 72, 120."""
    rest, woken, up = amounts(), amounts(wakes=2), amounts(awake=3 * HOUR)
    assert {what: woken[what] - rest[what] for what in rest} == {
        "schedule": 0,
        "function calls": 8,
        "function GB-s": 240,
        "table reads": 800,
        "table writes": 600,
    }
    assert {what: up[what] - rest[what] for what in rest} == {
        "schedule": 0,
        "function calls": 36,
        "function GB-s": 18,
        "table reads": 216,
        "table writes": 360,
    }


def test_what_the_account_has_free_is_those_of_docs_costs():
    parts = {
        part.what: (part.free, part.price) for part in controller_parts(DAY, awake=DAY, wakes=1)
    }
    assert parts == {
        "schedule": (14_000_000, Decimal("1.00")),
        "function calls": (1_000_000, Decimal("0.20")),
        "function GB-s": (400_000, Decimal("13.3334")),
        "table reads": (0, Decimal("0.125")),
        "table writes": (0, Decimal("0.625")),
    }


def test_a_part_costs_what_is_over_its_allowance():
    part = Part(what="x", amount=Decimal(3_000_000), price=Decimal("0.20"), free=1_000_000)
    assert part.cost == Decimal("0.40")
    assert part.without_allowance == Decimal("0.60")
    assert Part(what="x", amount=Decimal(1), price=Decimal(1), free=2).cost == 0


def test_together_they_are_money_also_when_there_are_none():
    parts = [Part(what="x", amount=Decimal(1_000_000), price=Decimal(n)) for n in (1, 2)]
    assert controller_cost(parts) == 3
    assert isinstance(controller_cost([]), Decimal)


def test_a_part_in_json_is_rounded_to_what_can_be_read():
    part = Part(what="calls", amount=Decimal("1234567.16"), price=Decimal("1.2"), free=1_000_000)
    assert part.to_json() == {
        "what": "calls",
        "amount": 1234567.2,
        "price_per_million": pytest.approx(1.2),
        "free": 1_000_000,
        "cost": 0.2815,
        "without_allowance": 1.4815,
    }
