from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.errors import TextError
from controller.domain.policy.periods import (
    DateRange,
    HolidayCalendar,
    Period,
    parse_dates,
    parse_period,
)

DAILY = (0, 1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("text", "weekdays", "start", "end"),
    [
        ("Mon-Fri 09:00-18:00", (0, 1, 2, 3, 4), 540, 1080),
        ("Mon,Wed,Sat 10:00-13:00", (0, 2, 5), 600, 780),
        ("Fri 22:00-02:00", (4,), 1320, 120),
        ("daily 08:00-24:00", DAILY, 480, 1440),
        ("daily 00:00-24:00", DAILY, 0, 1440),
        ("Sat-Mon 10:00-12:00", (0, 5, 6), 600, 720),
        ("Sun-Sat 10:00-12:00", DAILY, 600, 720),
        ("Fri-Sun,Tue 10:00-12:00", (1, 4, 5, 6), 600, 720),
        ("Mon,Mon 10:00-12:00", (0,), 600, 720),
        ("  mon - FRI,sun   9:00 - 18:30 ", (0, 1, 2, 3, 4, 6), 540, 1110),
        ("Mon 22:00-00:00", (0,), 1320, 0),
    ],
)
def test_a_period_is_weekdays_and_a_span_of_time(text, weekdays, start, end):
    assert parse_period(text) == Period(weekdays, start, end)


@pytest.mark.parametrize(
    ("text", "essentials"),
    [
        ("", ["cannot read the period", "Mon-Fri 09:00-18:00"]),
        ("Mon-Fri", ['"Mon-Fri"', "days and times", "Mon-Fri 09:00-18:00"]),
        ("09:00-18:00", ["days and times"]),
        ("Mon Fri 09:00-18:00", ["days and times"]),
        ("Mon-Fri 9-18", ['"9" is not a time of day', "09:00-18:00"]),
        ("Mon-Fri 09:00", ['"09:00" is not a span of time', "09:00-18:00"]),
        ("Mon-Fri 09:00–18:00", ["is not a span of time", "09:00-18:00"]),
        ("Mon-Fri 09:00-18:00-20:00", ['"18:00-20:00" is not a time of day']),
        ("Mon-Fri 09:00-24:01", ['"24:01" is not a time of day', "00:00 to 24:00"]),
        ("Mon-Fri 09:60-18:00", ['"09:60" is not a time of day']),
        ("Mon-Fri 09:00-25:00", ['"25:00" is not a time of day']),
        ("Mon-Fri 9am-6pm", ['"9am" is not a time of day']),
        ("Mon-Fri ０９:00-18:00", ["is not a time of day"]),
        ("Mon 24:00-02:00", ["cannot start at 24:00", "00:00"]),
        ("Mon 09:00-09:00", ["starts and ends at 09:00", "daily 00:00-24:00"]),
        ("daily 00:00-00:00", ["starts and ends at 00:00", "daily 00:00-24:00"]),
        ("Monday 09:00-18:00", ['"Monday" is not a day', 'write "Mon"']),
        ("Tues-Thurs 09:00-18:00", ['write "Tue"']),
        ("Mo 09:00-18:00", ['"Mo" is not a day', "three-letter"]),
        ("月 09:00-18:00", ['"月" is not a day']),
        ("Mon-Mon 09:00-18:00", ['"Mon-Mon"', 'write "Mon" or "daily"']),
        ("Mon-Wed-Fri 09:00-18:00", ['"Wed-Fri" is not a day']),
        ("Mon,,Fri 09:00-18:00", ['"" is not a day']),
        ("Mon,daily 09:00-18:00", ['"daily" is written alone']),
        ("weekdays 09:00-18:00", ['"weekdays" is not a day', "Mon-Fri"]),
    ],
)
def test_a_bad_period_is_refused_with_what_was_found_and_a_remedy(text, essentials):
    with pytest.raises(TextError) as refused:
        parse_period(text)

    assert [part for part in essentials if part not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-29", DateRange(date(2026, 12, 29), date(2026, 12, 29))),
        ("2026-12-29..2027-01-03", DateRange(date(2026, 12, 29), date(2027, 1, 3))),
        (" 2026-12-29 .. 2026-12-29 ", DateRange(date(2026, 12, 29), date(2026, 12, 29))),
        ("holidays:JP", HolidayCalendar("JP")),
        ("holidays:us-ca", HolidayCalendar("US-CA")),
    ],
)
def test_dates_are_a_day_a_range_or_a_calendar(text, expected):
    assert parse_dates(text) == expected


@pytest.mark.parametrize(
    ("text", "essentials"),
    [
        ("", ["cannot read the dates", "2026-12-29..2027-01-03", "holidays:JP"]),
        ("12-29", ['"12-29" is not a date', "2026-12-29"]),
        ("20261229", ['"20261229" is not a date']),
        ("2026-W53-1", ["is not a date"]),
        ("2026/12/29", ["is not a date"]),
        ("2026-02-29", ['there is no date "2026-02-29"']),
        ("2026-12-29..", ['"" is not a date']),
        ("2026-12-29-2027-01-03", ["is not a date", "2026-12-29..2027-01-03"]),
        ("2027-01-03..2026-12-29", ["end before they begin", "2026-12-29..2027-01-03"]),
        ("2026-12-29...2027-01-03", ['".2027-01-03" is not a date']),
        ("Sat", ['"Sat" is not a date']),
        ("holidays", ["ISO 3166", "holidays:JP"]),
        ("holidays:", ["ISO 3166"]),
        ("holidays:Japan", ['"holidays:Japan"', "holidays:JP"]),
        ("holidays:JP,US", ["ISO 3166"]),
        ("holiday:JP", ['"holiday:JP" is not a date', "holidays:JP"]),
    ],
)
def test_bad_dates_are_refused_with_what_was_found_and_a_remedy(text, essentials):
    with pytest.raises(TextError) as refused:
        parse_dates(text)

    assert [part for part in essentials if part not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (
            parse_period,
            "Mon,daily 09:00-18:00",
            'cannot read the period "Mon,daily 09:00-18:00": "daily" is written alone, such as '
            '"daily 08:00-20:00"',
        ),
        (
            parse_period,
            "Mon 24:00-08:00",
            'cannot read the period "Mon 24:00-08:00": a period cannot start at 24:00; write '
            '"00:00" with the next day\'s name',
        ),
        (
            parse_period,
            "Mon 09:00-09:00",
            'cannot read the period "Mon 09:00-09:00": it starts and ends at 09:00; for the whole '
            'day write "00:00-24:00", such as "daily 00:00-24:00"',
        ),
        (
            parse_dates,
            "holidays:Japan",
            'cannot read the calendar "holidays:Japan": expected a country or a part of one by its '
            'ISO 3166 code, such as "holidays:JP" or "holidays:US-CA"',
        ),
    ],
)
def test_what_is_refused_is_explained_in_one_sentence(read, text, sentence):
    with pytest.raises(TextError) as refused:
        read(text)

    assert str(refused.value) == sentence


def test_a_period_is_written_by_days_and_times():
    assert str(parse_period("daily 8:00-24:00")) == "daily 08:00-24:00"
    assert str(parse_period("sat-mon 22:00-2:00")) == "Mon,Sat,Sun 22:00-02:00"


@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.tuples(st.integers(0, 1439), st.integers(0, 1440)).filter(lambda t: t[0] != t[1]),
)
def test_a_period_is_written_as_it_is_read(weekdays, times):
    period = Period(tuple(sorted(weekdays)), *times)

    assert parse_period(str(period)) == period


@given(st.dates(), st.dates())
def test_dates_are_written_as_they_are_read(one, other):
    dates = DateRange(min(one, other), max(one, other))

    assert parse_dates(str(dates)) == dates
