from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.errors import TextError
from controller.domain.policy.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1d2h3m4s", 93784),
        ("90m", 5400),
        (" 10m ", 600),
        ("0", 0),
        ("0s", 0),
        ("3650d", 315_360_000),
    ],
)
def test_a_duration_is_a_sum_of_numbers_with_units(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "30", "m", "1.5h", "-1h", "1h 30m", "30m1h", "1h1h", "1H", "５m", "1w", "1h30", "00", "∞"],
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(TextError, match='such as "90s", "30m" or "1h30m"'):
        parse_duration(text)


def test_a_number_without_a_unit_is_shown_with_one():
    with pytest.raises(TextError, match=r'"45": it has no unit; .*write "45m" for minutes'):
        parse_duration("45")


@pytest.mark.parametrize("text", ["3651d", "999999999d", "999999999h"])
def test_more_than_ten_years_is_refused(text):
    with pytest.raises(TextError, match="too long: expected at most 3650d"):
        parse_duration(text)


@given(st.integers(0, int(LONGEST.total_seconds())))
def test_what_is_written_is_read_back(seconds):
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration
