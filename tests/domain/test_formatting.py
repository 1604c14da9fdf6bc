"""Moments, durations and money as people read them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from controller.domain.formatting import say_duration, say_moment, say_money
from domain.decision_inputs import at


@pytest.mark.parametrize(
    ("moment", "said"),
    [("00:00", "Mon 23 Nov 09:00"), ("14:59", "Mon 23 Nov 23:59"), ("15:00", "Tue 24 Nov 00:00")],
)
def test_a_moment_is_local_to_the_stacks_zone(moment, said):
    assert say_moment(at(moment), ZoneInfo("Asia/Tokyo")) == said


def test_every_day_and_month_has_its_english_name():
    zone = ZoneInfo("UTC")
    days = [say_moment(at(f"{day} 12:00"), zone)[:3] for day in ("Mon", "Sat", "Sun")]
    assert days == ["Mon", "Sat", "Sun"]
    year = [say_moment(at("12:00").replace(month=month, day=1), zone) for month in range(1, 13)]
    assert " ".join(said.split()[2] for said in year) == (
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (119, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (7200, "2 h"),
        (90_000, "25 h"),
    ],
)
def test_a_duration_is_in_seconds_only_below_a_minute(seconds, said):
    assert say_duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [("12.345", "12.35 $"), ("0", "0.00 $"), ("-0.024", "-0.02 $"), ("-0.004", "0.00 $")],
)
def test_money_is_in_cents_and_never_minus_nothing(amount, said):
    assert say_money(Decimal(amount)) == said
