from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.domain.errors import PolicyError
from controller.domain.policy.policy import Policy, parse_policy
from controller.domain.policy.schedule import HORIZON_DAYS, OpenWindow, Schedule

TOKYO = ZoneInfo("Asia/Tokyo")
WORK = "Mon-Fri 09:00-18:00"


def make(zone, *office_hours, holidays=None, **settings):
    data = {"time_zone": zone, "office_hours": list(office_hours), **settings}
    return Schedule(parse_policy(data), holidays)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def found(schedule, start, end):
    """Openings and closings as texts in UTC, without the year."""
    return [
        (f"{w.opens_at:%m-%d %H:%M}", w.closes_at and f"{w.closes_at:%m-%d %H:%M}")
        for w in schedule.windows(utc(start), utc(end))
    ]


# --- ordinary days ---------------------------------------------------------------------------


def test_the_start_is_open_and_the_end_is_not():
    schedule = make("Asia/Tokyo", WORK)
    opening, closing = utc("2026-11-23 00:00"), utc("2026-11-23 09:00")
    moment = timedelta(microseconds=1)

    assert schedule.open_at(opening)
    assert not schedule.open_at(opening - moment)
    assert schedule.open_at(closing - moment)
    assert not schedule.open_at(closing)


def test_a_week_of_office_hours():
    schedule = make("Asia/Tokyo", WORK)

    assert found(schedule, "2026-11-21", "2026-11-29") == [
        ("11-23 00:00", "11-23 09:00"),
        ("11-24 00:00", "11-24 09:00"),
        ("11-25 00:00", "11-25 09:00"),
        ("11-26 00:00", "11-26 09:00"),
        ("11-27 00:00", "11-27 09:00"),
    ]


def test_a_zone_may_be_off_by_quarters_of_an_hour():
    schedule = make("Asia/Kathmandu", "Mon 09:00-18:00")

    assert found(schedule, "2026-11-22", "2026-11-29") == [("11-23 03:15", "11-23 12:15")]


def test_twenty_four_o_clock_is_the_next_midnight():
    schedule = make("Asia/Tokyo", "Mon 08:00-24:00")

    assert found(schedule, "2026-11-22", "2026-11-28") == [("11-22 23:00", "11-23 15:00")]


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("Fri 22:00-02:00", "11-28 02:00"),
        ("Fri 22:00-00:00", "11-28 00:00"),
        ("Fri 22:00-21:59", "11-28 21:59"),
    ],
)
def test_an_end_before_the_start_is_on_the_next_day(text, closing):
    assert found(make("UTC", text), "2026-11-23", "2026-11-30") == [("11-27 22:00", closing)]


def test_periods_that_overlap_or_touch_are_one_window():
    schedule = make(
        "UTC", "Mon 09:00-12:00", "Mon 12:00-14:00", "Mon 13:00-15:00", "Mon 16:00-17:00"
    )

    assert found(schedule, "2026-11-23", "2026-11-24") == [
        ("11-23 09:00", "11-23 15:00"),
        ("11-23 16:00", "11-23 17:00"),
    ]


def test_windows_of_neighbouring_days_unite():
    schedule = make(
        "UTC", "Fri 20:00-24:00", "Sat 00:00-04:00", "Sat 03:00-05:00", "Thu 23:00-22:00"
    )

    assert found(schedule, "2026-11-26", "2026-11-29") == [("11-26 23:00", "11-28 05:00")]


def test_windows_are_whole_and_can_be_cut():
    schedule = make("UTC", "Mon 09:00-18:00")
    start, end = utc("2026-11-23 10:00"), utc("2026-11-23 12:00")

    [window] = schedule.windows(start, end)

    assert window == OpenWindow(utc("2026-11-23 09:00"), utc("2026-11-23 18:00"))
    assert window.within(start, end) == OpenWindow(start, end)
    assert window.within(utc("2026-11-23 08:00"), utc("2026-11-23 19:00")) == window
    assert list(schedule.windows(end, end)) == []
    assert list(schedule.windows(utc("2026-11-23 18:00"), utc("2026-11-23 20:00"))) == []
    assert list(schedule.windows(utc("2026-11-23 08:00"), utc("2026-11-23 09:00"))) == []


def test_moments_in_any_zone_are_understood_and_answers_are_in_utc():
    schedule = make("Asia/Tokyo", WORK)
    now = datetime(2026, 11, 23, 8, tzinfo=TOKYO)

    opening = schedule.next_opening(now)

    assert opening == datetime(2026, 11, 23, 9, tzinfo=TOKYO)
    assert opening.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused():
    naive = datetime(2026, 11, 23)  # noqa: DTZ001
    schedule = make("UTC", WORK)

    for ask in (schedule.open_at, schedule.next_change, schedule.window_at):
        with pytest.raises(ValueError, match="no time zone"):
            ask(naive)


# --- closed and open days ----------------------------------------------------------------------


def test_a_closed_day_removes_the_windows_that_start_on_it():
    schedule = make("UTC", "daily 22:00-02:00", closed_on=["2026-11-25"])

    assert found(schedule, "2026-11-24 03:00", "2026-11-27") == [
        ("11-24 22:00", "11-25 02:00"),
        ("11-26 22:00", "11-27 02:00"),
    ]


def test_every_period_applies_on_an_open_day_whatever_its_weekday():
    schedule = make("UTC", "Mon 09:00-10:00", "Tue 11:00-12:00", open_on=["2026-11-28"])

    assert found(schedule, "2026-11-25", "2026-11-30") == [
        ("11-28 09:00", "11-28 10:00"),
        ("11-28 11:00", "11-28 12:00"),
    ]


def test_an_open_day_takes_a_day_out_of_a_closed_range():
    schedule = make(
        "UTC",
        WORK,
        closed_on=["2026-12-28..2027-01-03", "holidays:JP"],
        open_on=["2026-12-30"],
        holidays=lambda code, year: [date(year, 12, 30)],
    )

    assert found(schedule, "2026-12-26", "2027-01-05") == [
        ("12-30 09:00", "12-30 18:00"),
        ("01-04 09:00", "01-04 18:00"),
    ]


def test_closed_ranges_may_overlap_and_are_counted_in_local_days():
    schedule = make(
        "Asia/Tokyo", "daily 00:00-06:00", closed_on=["2026-11-24..2026-11-26", "2026-11-25"]
    )

    assert found(schedule, "2026-11-22 15:00", "2026-11-27") == [
        ("11-22 15:00", "11-22 21:00"),
        ("11-26 15:00", "11-26 21:00"),
    ]


def test_a_day_between_two_closed_ones_is_open():
    schedule = make(
        "UTC", "daily 09:00-10:00", closed_on=["2026-11-23..2026-11-24", "2026-11-26..2026-11-27"]
    )

    assert found(schedule, "2026-11-23", "2026-11-29") == [
        ("11-25 09:00", "11-25 10:00"),
        ("11-28 09:00", "11-28 10:00"),
    ]


def test_holidays_are_requested_by_calendar_and_year():
    dates = {("JP", 2026): [date(2026, 12, 31)], ("US-CA", 2027): [date(2027, 1, 1)]}
    schedule = make(
        "UTC",
        WORK,
        closed_on=["holidays:JP", "holidays:US-CA"],
        holidays=lambda code, year: dates.get((code, year), ()),
    )

    assert [day for day, _ in found(schedule, "2026-12-30", "2027-01-05")] == [
        "12-30 09:00",
        "01-04 09:00",
    ]


def test_holidays_can_be_the_days_that_are_open():
    schedule = make(
        "UTC",
        "Sun 09:00-10:00",
        open_on=["holidays:JP"],
        holidays=lambda code, year: [date(year, 11, 3)],
    )

    assert found(schedule, "2026-11-02", "2026-11-09") == [
        ("11-03 09:00", "11-03 10:00"),
        ("11-08 09:00", "11-08 10:00"),
    ]


def test_holidays_may_be_carried_by_the_policy():
    policy = parse_policy({"office_hours": [WORK], "closed_on": ["holidays:JP"]})
    schedule = Schedule(policy.with_holidays({"JP": [date(2026, 11, 23)]}))

    assert not schedule.open_at(utc("2026-11-23 10:00"))
    assert schedule.open_at(utc("2026-11-24 10:00"))


def test_holidays_without_dates_are_refused_rather_than_forgotten():
    with pytest.raises(PolicyError) as refused:
        make("UTC", WORK, closed_on=["holidays:JP"])

    assert (refused.value.key, refused.value.value) == ("holidays", "JP")
    assert str(refused.value) == (
        'the policy names "holidays:JP" but does not carry its dates; '
        "compile and publish the stack again"
    )


# --- where the clock jumps ---------------------------------------------------------------------

NEW_YORK = "America/New_York"  # 2026: forward on 8 March at 07:00Z, back on 1 November at 06:00Z
LORD_HOWE = "Australia/Lord_Howe"  # 2026: half an hour, back 4 April 15:00Z, on 3 October 15:30Z
SANTIAGO = "America/Santiago"  # 2026: midnight to 01:00 on 6 Sept at 04:00Z, back 5 April at 03:00Z
CAIRO = "Africa/Cairo"  # 2026: midnight back to 23:00 on 29 October at 21:00Z
HAVANA = "America/Havana"  # 2026: 01:00 back to midnight on 1 November at 05:00Z
APIA = "Pacific/Apia"  # 2011: 29 December is followed by 31 December at 10:00Z on the 30th

JUMPS = [
    (NEW_YORK, "2026-03-08", ["Sun 02:30-04:00"], [("03-08 07:00", "03-08 08:00")]),
    (NEW_YORK, "2026-03-08", ["Sun 01:00-02:30"], [("03-08 06:00", "03-08 07:00")]),
    (NEW_YORK, "2026-03-08", ["Sun 01:00-03:30"], [("03-08 06:00", "03-08 07:30")]),
    (NEW_YORK, "2026-03-08", ["Sun 02:15-02:45"], []),
    (NEW_YORK, "2026-03-08", ["Sun 02:00-03:00"], []),
    (
        NEW_YORK,
        "2026-03-08",
        ["Sun 01:30-02:00", "Sun 03:00-03:30"],
        [("03-08 06:30", "03-08 07:30")],
    ),
    (NEW_YORK, "2026-11-01", ["Sun 01:15-01:45"], [("11-01 05:15", "11-01 06:45")]),
    (NEW_YORK, "2026-11-01", ["Sun 00:30-01:30"], [("11-01 04:30", "11-01 06:30")]),
    (NEW_YORK, "2026-11-01", ["Sun 01:30-03:00"], [("11-01 05:30", "11-01 08:00")]),
    (NEW_YORK, "2026-11-01", ["Sun 00:30-01:00"], [("11-01 04:30", "11-01 06:00")]),
    (NEW_YORK, "2026-11-01", ["Sun 02:00-03:00"], [("11-01 07:00", "11-01 08:00")]),
    (
        NEW_YORK,
        "2026-11-01",
        ["Sun 00:30-01:15", "Sun 01:45-02:00"],
        [("11-01 04:30", "11-01 07:00")],
    ),
    (LORD_HOWE, "2026-10-03 10:00", ["Sun 02:15-03:00"], [("10-03 15:30", "10-03 16:00")]),
    (LORD_HOWE, "2026-04-04 10:00", ["Sun 01:40-01:50"], [("04-04 14:40", "04-04 15:20")]),
    (SANTIAGO, "2026-09-05 12:00", ["Sun 00:30-02:00"], [("09-06 04:00", "09-06 05:00")]),
    (SANTIAGO, "2026-09-05 12:00", ["Sat 22:00-24:00"], [("09-06 02:00", "09-06 04:00")]),
    (SANTIAGO, "2026-04-04 12:00", ["Sat 22:00-24:00"], [("04-05 01:00", "04-05 04:00")]),
    (SANTIAGO, "2026-04-04 12:00", ["Sat 23:15-23:30"], [("04-05 02:15", "04-05 03:30")]),
    (CAIRO, "2026-10-29", ["Thu 23:30-24:00"], [("10-29 20:30", "10-29 22:00")]),
    (HAVANA, "2026-10-31 12:00", ["Sat 22:00-24:00"], [("11-01 02:00", "11-01 05:00")]),
    (HAVANA, "2026-10-31 12:00", ["Sun 00:00-00:30"], [("11-01 04:00", "11-01 05:30")]),
    (APIA, "2011-12-29 12:00", ["Fri 09:00-17:00"], []),
    (APIA, "2011-12-29 12:00", ["Thu 22:00-02:00"], [("12-30 08:00", "12-30 10:00")]),
    (APIA, "2011-12-29 12:00", ["Fri 22:00-02:00"], [("12-30 10:00", "12-30 12:00")]),
    (
        APIA,
        "2011-12-29 12:00",
        ["daily 22:00-24:00"],
        [("12-30 08:00", "12-30 10:00"), ("12-31 08:00", "12-31 10:00")],
    ),
]


@pytest.mark.parametrize(("zone", "start", "periods", "windows"), JUMPS)
def test_a_window_where_the_clock_jumps(zone, start, periods, windows):
    schedule = make(zone, *periods)
    end = utc(start) + timedelta(days=2)

    assert found(schedule, start, str(end.replace(tzinfo=None))) == windows


def test_a_window_inside_a_gap_comes_back_the_week_after():
    schedule = make(NEW_YORK, "Sun 02:15-02:45")

    assert schedule.next_opening(utc("2026-03-07")) == utc("2026-03-15 06:15")


# --- what comes next ---------------------------------------------------------------------------


def test_the_next_change_is_the_closing_when_open_and_the_opening_when_closed():
    schedule = make("UTC", WORK)
    friday = utc("2026-11-27 17:59")

    assert schedule.next_change(friday) == utc("2026-11-27 18:00")
    assert schedule.next_change(utc("2026-11-27 18:00")) == utc("2026-11-30 09:00")
    assert schedule.next_change(utc("2026-11-30 09:00")) == utc("2026-11-30 18:00")


def test_the_next_opening_is_of_the_window_after_this_one():
    schedule = make("UTC", WORK)

    assert schedule.next_opening(utc("2026-11-26 09:00")) == utc("2026-11-27 09:00")
    assert schedule.next_opening(utc("2026-11-27 12:00")) == utc("2026-11-30 09:00")
    assert schedule.next_window(utc("2026-11-27 12:00")) == OpenWindow(
        utc("2026-11-30 09:00"), utc("2026-11-30 18:00")
    )


def test_the_window_at_a_moment_is_the_whole_united_one():
    schedule = make("UTC", "Mon-Thu 00:00-24:00", "Sun 20:00-24:00", "Fri 00:00-00:30")
    window = OpenWindow(utc("2026-11-22 20:00"), utc("2026-11-27 00:30"))

    assert schedule.window_at(utc("2026-11-22 20:00")) == window
    assert schedule.window_at(utc("2026-11-26 23:59")) == window
    assert schedule.window_at(utc("2026-11-27 00:30")) is None
    assert schedule.window_at(utc("2026-11-22 19:59")) is None


@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, LORD_HOWE, SANTIAGO])
@pytest.mark.parametrize(
    "periods", [["daily 00:00-24:00"], ["daily 12:00-06:00", "daily 05:00-12:00"]]
)
def test_always_open_never_changes(zone, periods):
    schedule = make(zone, *periods)
    now = utc("2026-11-23 10:00")
    window = schedule.window_at(now)

    assert schedule.open_at(now)
    assert schedule.next_change(now) is None
    assert schedule.next_opening(now) is None
    assert window.closes_at is None
    assert window.opens_at < now - timedelta(days=2 * 366)
    assert window.within(now, now + timedelta(days=1)) == OpenWindow(now, now + timedelta(days=1))


@pytest.mark.parametrize(
    "settings", [{}, {"closed_on": ["2000-01-01..2100-01-01"]}, {"open_on": ["2026-11-23"]}]
)
def test_never_open_never_changes(settings):
    schedule = make("UTC", *([WORK] if "closed_on" in settings else []), **settings)
    now = utc("2026-11-23 10:00")

    assert not schedule.open_at(now)
    assert schedule.window_at(now) is None
    assert schedule.next_change(now) is None
    assert schedule.next_opening(now) is None
    assert list(schedule.windows(now, now + timedelta(days=30))) == []


def test_an_opening_two_years_away_is_found():
    schedule = make("UTC", WORK, closed_on=["2026-11-24..2028-12-31"])

    assert schedule.next_change(utc("2026-11-23 20:00")) == utc("2029-01-01 09:00")


def test_an_opening_is_looked_for_up_to_the_horizon():
    def next_window(closed_days):
        last = date(2026, 11, 23) + timedelta(days=closed_days)
        schedule = make("UTC", "daily 09:00-18:00", closed_on=[f"2026-11-24..{last}"])
        return schedule.next_window(utc("2026-11-23 20:00"))

    opens_at = utc("2026-11-23 09:00") + timedelta(days=HORIZON_DAYS)
    assert next_window(HORIZON_DAYS - 1) == OpenWindow(opens_at, opens_at + timedelta(hours=9))
    assert next_window(HORIZON_DAYS) is None


def test_an_opening_two_years_ago_is_found():
    schedule = make("UTC", "daily 00:00-24:00", closed_on=["2024-11-20", "2028-11-20"])
    window = OpenWindow(utc("2024-11-21"), utc("2028-11-20"))

    assert schedule.window_at(utc("2026-11-23")) == window
    assert schedule.next_opening(utc("2026-11-23")) == utc("2028-11-21")


@pytest.mark.parametrize("year", [1, 2, 9998, 9999])
def test_the_ends_of_the_calendar_do_no_harm(year):
    schedule = make(NEW_YORK, "daily 00:00-24:00", closed_on=["0001-01-01..9999-12-31"])
    moment = datetime(year, 6, 1, tzinfo=UTC)

    assert not schedule.open_at(moment)
    assert schedule.next_change(moment) is None


def test_the_schedule_of_a_default_policy_is_empty():
    assert Schedule(Policy()).next_change(utc("2026-11-23")) is None


@pytest.mark.parametrize(
    "periods", [["Mon-Fri 09:00-18:00"], ["daily 00:00-24:00"], ["Sat 22:00-03:00"]]
)
def test_what_a_schedule_keeps_of_other_days_changes_no_answer(periods):
    """It keeps windows by the day, and drops them all once they are many."""

    def fresh():
        return make("Asia/Tokyo", *periods, closed_on=["2026-12-29..2027-01-03"])

    requested_before = fresh()
    for hours in range(0, 24 * 130, 7):
        now = utc("2026-11-23 20:00") + timedelta(hours=hours)
        end = now + timedelta(days=40)
        assert list(requested_before.windows(now, end)) == list(fresh().windows(now, end))
        assert requested_before.open_at(now) == fresh().open_at(now)
        assert requested_before.next_change(now) == fresh().next_change(now)
