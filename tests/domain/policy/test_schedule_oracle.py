"""
The schedule against a slow second opinion.

The second opinion reads the local clock at every minute of ten days and looks up, among those
readings, when each period's start and end come. It shares no code with the schedule.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.domain.policy.policy import Policy, parse_policy
from controller.domain.policy.schedule import Schedule

NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
DAYS = 10
MINUTES = DAYS * 1440
LIVELY = [  # zones whose clocks jump often, at odd times or by odd amounts
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/Nuuk",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Kwajalein",
]
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


def examples(number):
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number, deadline=None, database=None, suppress_health_check=slow)


@lru_cache(maxsize=1)
def jumps_of_the_lively():
    """Each zone of `LIVELY` with each UTC date, 1990 to 2037, on which its offset changes."""
    first = datetime(1990, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(48 * 365)]
    found = []
    for zone in LIVELY:
        offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
        found += [
            (zone, days[n].date())
            for n, (before, after) in enumerate(pairwise(offsets))
            if before != after
        ]
    return found


@lru_cache(maxsize=50)
def clock_readings(zone, start):
    """What the local clock shows at each minute, as whole minutes on an endless wall clock."""
    place = ZoneInfo(zone)
    readings = []
    for n in range(MINUTES):
        local = datetime.fromtimestamp(start + 60 * n, place)
        readings.append(local.toordinal() * 1440 + local.hour * 60 + local.minute)
    return readings


@st.composite
def stretches(draw):
    """A zone and ten days of UTC, mostly with a jump of the clock in their middle."""
    anywhere = st.tuples(
        st.sampled_from(ZONES), st.dates(min_value=date(1990, 1, 1), max_value=date(2037, 12, 31))
    )
    jumps = st.sampled_from(jumps_of_the_lively())
    zone, middle = draw(st.one_of(jumps, jumps, jumps, anywhere))
    start = datetime(middle.year, middle.month, middle.day, tzinfo=UTC) - timedelta(days=DAYS / 2)
    return zone, int(start.timestamp())


def clock_times(jumps, last):
    """Minutes of the day up to `last`, mostly near the readings at which a clock jumps."""
    shifts = st.integers(-8, 8).map(lambda n: n * 15) | st.integers(-90, 90)
    near = st.builds(lambda jump, shift: (jump + shift) % 1440, st.sampled_from(jumps), shifts)
    return st.one_of(near, near, near, st.integers(0, last), st.sampled_from([0, last]))


@st.composite
def periods(draw, jumps):
    start = draw(clock_times(jumps, 1439))
    end = draw(clock_times(jumps, 1440).filter(lambda end: end != start))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1) | st.just(set(range(7))))
    return frozenset(weekdays), start, end


@st.composite
def cases(draw):
    zone, start = draw(stretches())
    first = datetime.fromtimestamp(start, UTC).date()
    nearby = st.integers(-1, DAYS + 1).map(lambda n: first + timedelta(days=n))
    pairs = st.tuples(nearby, st.integers(0, 2))
    steps = pairwise(clock_readings(zone, start))
    jumps = [reading % 1440 for step in steps if step[1] != step[0] + 1 for reading in step]
    return {
        "zone": zone,
        "start": start,
        "periods": draw(st.lists(periods(jumps or [0]), min_size=1, max_size=4)),
        "closed": draw(st.lists(pairs, max_size=2)),
        "open": draw(st.lists(pairs, max_size=2)),
        "holidays": draw(st.sets(nearby, max_size=2)),
    }


def as_policy(case) -> Policy:
    def text(period):
        weekdays, start, end = period
        names = "daily" if len(weekdays) == 7 else ",".join(NAMES[day] for day in sorted(weekdays))
        return f"{names} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"

    def spans(pairs):
        return [f"{day}..{day + timedelta(days=more)}" for day, more in pairs]

    policy = parse_policy(
        {
            "time_zone": case["zone"],
            "office_hours": [text(period) for period in case["periods"]],
            "closed_on": [*spans(case["closed"]), "holidays:XX"],
            "open_on": spans(case["open"]),
        }
    )
    return policy.with_holidays({"XX": case["holidays"]})


def applies(case, period, day):
    def named(pairs):
        return any(start <= day <= start + timedelta(days=more) for start, more in pairs)

    if named(case["open"]):
        return True
    if named(case["closed"]) or day in case["holidays"]:
        return False
    return day.weekday() in period[0]


@lru_cache(maxsize=50)
def minutes_by_reading(zone, start):
    """For each reading of the clock the minutes at which it shows it."""
    minutes = {}
    for n, reading in enumerate(clock_readings(zone, start)):
        minutes.setdefault(reading, []).append(n)
    return minutes


def minutes_at(case, wall):
    """First and last minute at which the clock shows `wall`; of one left out, that of the jump."""
    shown = minutes_by_reading(case["zone"], case["start"]).get(wall)
    if shown is None:
        readings = clock_readings(case["zone"], case["start"])
        shown = [n for n in range(1, MINUTES) if readings[n - 1] < wall < readings[n]]
    return shown[0], shown[-1]


def open_minutes(case):
    """For each minute open or not; true only from the fourth day on, up to the seventh's end."""
    readings = clock_readings(case["zone"], case["start"])
    is_open = [False] * MINUTES
    for ordinal in range(readings[0] // 1440 + 1, readings[-1] // 1440 - 1):
        for period in case["periods"]:
            if applies(case, period, date.fromordinal(ordinal)):
                _, start, end = period
                opens, _ = minutes_at(case, ordinal * 1440 + start)
                _, closes = minutes_at(case, (ordinal + (end <= start)) * 1440 + end)
                is_open[opens:closes] = [True] * max(0, closes - opens)
    return is_open


FIRST, LAST = 3 * 1440, 7 * 1440


def moment(case, minute):
    return datetime.fromtimestamp(case["start"] + 60 * minute, UTC)


@pytest.mark.slow
@examples(250)
@given(cases())
def test_the_windows_are_open_at_the_very_minutes_that_a_clock_on_the_wall_says(case):
    expected = open_minutes(case)
    start, end = moment(case, FIRST), moment(case, LAST)

    shown = [False] * MINUTES
    for window in Schedule(as_policy(case)).windows(start, end):
        part = window.within(start, end)
        opens, closes = (
            int(at.timestamp() - case["start"]) // 60 for at in (part.opens_at, part.closes_at)
        )
        assert not any(shown[opens - 1 : closes])
        shown[opens:closes] = [True] * (closes - opens)

    assert shown[FIRST:LAST] == expected[FIRST:LAST]


@pytest.mark.slow
@examples(200)
@given(cases(), st.lists(st.integers(FIRST, LAST - 1), min_size=1, max_size=8))
def test_every_question_has_the_answer_of_a_clock_on_the_wall(case, minutes):
    expected = open_minutes(case)
    schedule = Schedule(as_policy(case))
    changes = [n for n in range(FIRST + 1, LAST) if expected[n] != expected[n - 1]]
    nearby = [n for change in changes[:6] for n in (change - 1, change)]

    for minute in {*minutes, *nearby}:
        now = moment(case, minute)
        later = [n for n in changes if n > minute]
        windows = [n for n in later if expected[n]]
        window = schedule.window_at(now)

        assert schedule.open_at(now) == expected[minute]
        assert (window is not None) == expected[minute]
        if window:
            begins = [n for n in changes if n <= minute]
            assert not begins or window.opens_at == moment(case, begins[-1])
            assert not later or window.closes_at == moment(case, later[0])
        if later:
            assert schedule.next_change(now) == moment(case, later[0])
        if windows:
            assert schedule.next_opening(now) == moment(case, windows[0])


@examples(60)
@given(cases())
def test_following_the_changes_from_one_to_the_next_gives_the_windows(case):
    schedule = Schedule(as_policy(case))
    start = moment(case, 0)
    windows = list(schedule.windows(start, start + timedelta(days=60)))

    for window, following in pairwise(windows):
        assert window.opens_at < window.closes_at < following.opens_at
    edges = [at for window in windows for at in (window.opens_at, window.closes_at)]
    later = [at for at in edges if at is None or at > start]
    now = start
    for at in later[:12]:
        now = schedule.next_change(now)
        assert now == at


@examples(60)
@given(cases())
def test_a_schedule_is_the_same_after_the_spec(case):
    policy = as_policy(case)
    start, end = moment(case, 0), moment(case, MINUTES)

    before = list(Schedule(policy).windows(start, end))
    after = list(Schedule(Policy.from_json(policy.to_json())).windows(start, end))

    assert before == after
