import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.errors import TextError
from controller.domain.timestamps import format_timestamp, parse_timestamp


def test_an_instant_is_written_in_utc():
    tokyo = timezone(timedelta(hours=9))

    assert format_timestamp(datetime(2026, 11, 23, 9, tzinfo=tokyo)) == "2026-11-23T00:00:00Z"
    assert format_timestamp(datetime(2026, 1, 1, 0, 0, 1, 5, UTC)) == "2026-01-01T00:00:01.000005Z"


def test_it_is_utc_whatever_the_zone_of_the_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert format_timestamp(datetime(2026, 11, 23, 9, tzinfo=UTC)) == "2026-11-23T09:00:00Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_instant_is_read_in_any_offset():
    midnight = datetime(2026, 11, 23, tzinfo=UTC)

    assert parse_timestamp("2026-11-23T00:00:00Z") == midnight
    assert parse_timestamp("2026-11-23T09:00:00+09:00") == midnight
    assert parse_timestamp("2026-11-23T09:00:00+09:00").tzinfo is UTC


@pytest.mark.parametrize("text", ["", "2026-11-23", "2026-11-23T09:00:00", "now", "2026-13-01T00Z"])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(TextError) as refused:
        parse_timestamp(text)
    assert str(refused.value) == (
        f'"{text}" is not an instant: expected date, time and offset, '
        'such as "2026-11-23T09:00:00Z"'
    )


def test_a_moment_without_a_zone_is_not_written():
    with pytest.raises(ValueError, match="no time zone"):
        format_timestamp(datetime(2026, 11, 23))  # noqa: DTZ001


@given(st.datetimes(min_value=datetime(1, 1, 3), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_written_is_read_back(moment):
    assert parse_timestamp(format_timestamp(moment)) == moment
