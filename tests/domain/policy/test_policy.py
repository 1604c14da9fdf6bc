import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.errors import DormouseError, PolicyError
from controller.domain.policy.periods import DateRange, HolidayCalendar, Period
from controller.domain.policy.policy import IdleBelow, Policy, find_problems, parse_policy

WEEKDAYS = (0, 1, 2, 3, 4)


def test_an_empty_policy_is_the_documented_defaults():
    policy = parse_policy({})

    assert policy == Policy(
        time_zone="UTC",
        office_hours=(),
        closed_on=(),
        open_on=(),
        ready_by_opening=True,
        idle_timeout=timedelta(minutes=30),
        idle_during_office_hours=True,
        idle_below=IdleBelow(new_flows=3, bytes=5000),
        wake_for=timedelta(hours=1),
        min_awake=timedelta(minutes=10),
        max_awake=timedelta(hours=12),
        finish_paid_hour=True,
        wake_timeout=timedelta(minutes=20),
        open_path="/",
        holidays={},
    )


def test_nulls_take_the_defaults():
    keys = [key for key in Policy().to_json() if key != "holidays"]

    assert parse_policy(dict.fromkeys(keys)) == Policy()
    assert parse_policy({"idle_below": {"new_flows": None}}) == Policy()
    assert parse_policy(None) == Policy()


def test_every_setting_is_read():
    policy = parse_policy(
        {
            "time_zone": "Asia/Tokyo",
            "office_hours": ["Mon-Fri 09:00-18:00", "Fri 22:00-02:00"],
            "closed_on": ["2026-12-29..2027-01-03", "holidays:JP"],
            "open_on": ["2026-12-30"],
            "ready_by_opening": False,
            "idle_timeout": "45m",
            "idle_during_office_hours": False,
            "idle_below": {"new_flows": 1, "bytes": Decimal("2.5e3")},
            "wake_for": "2h",
            "min_awake": "0",
            "max_awake": "1d",
            "finish_paid_hour": False,
            "wake_timeout": "90s",
            "open_path": "/docs?page=1#top",
        }
    )

    assert policy == Policy(
        time_zone="Asia/Tokyo",
        office_hours=(Period(WEEKDAYS, 540, 1080), Period((4,), 1320, 120)),
        closed_on=(DateRange(date(2026, 12, 29), date(2027, 1, 3)), HolidayCalendar("JP")),
        open_on=(DateRange(date(2026, 12, 30), date(2026, 12, 30)),),
        ready_by_opening=False,
        idle_timeout=timedelta(minutes=45),
        idle_during_office_hours=False,
        idle_below=IdleBelow(new_flows=1, bytes=2500),
        wake_for=timedelta(hours=2),
        min_awake=timedelta(0),
        max_awake=timedelta(days=1),
        finish_paid_hour=False,
        wake_timeout=timedelta(seconds=90),
        open_path="/docs?page=1#top",
    )


@pytest.mark.parametrize("never", ["0", "0s", "0h0m", 0])
def test_an_idle_timeout_of_zero_means_never(never):
    assert parse_policy({"idle_timeout": never}).idle_timeout is None


def test_lists_may_come_as_sets_and_tuples():
    for texts in (["Mon 09:00-10:00"], ("Mon 09:00-10:00",), {"Mon 09:00-10:00"}):
        assert parse_policy({"office_hours": texts}).office_hours == (Period((0,), 540, 600),)


BAD = [
    ({"time_zone": "Asia/Tokio"}, "time_zone", ['"Asia/Tokio"', 'did you mean "Asia/Tokyo"?']),
    ({"time_zone": "asia/tokyo"}, "time_zone", ['"asia/tokyo"', 'did you mean "Asia/Tokyo"?']),
    ({"time_zone": "utc"}, "time_zone", ['"utc"', 'did you mean "UTC"?']),
    ({"time_zone": "+09:00"}, "time_zone", ['"+09:00"', "IANA name"]),
    ({"time_zone": "localtime"}, "time_zone", ['"localtime"', "IANA name"]),
    ({"time_zone": "Factory"}, "time_zone", ['"Factory"', "IANA name"]),
    ({"time_zone": "../etc/passwd"}, "time_zone", ["IANA name"]),
    ({"time_zone": ""}, "time_zone", ['""', "IANA name"]),
    ({"time_zone": ["UTC"]}, "time_zone", ['found ["UTC"]', "Asia/Tokyo"]),
    ({"office_hours": "Mon 09:00-10:00"}, "office_hours", ["expected a list", '"Mon 09:00-10:00"']),
    (
        {"office_hours": ["Mon 09:00-10:00", "Mon 9"]},
        "office_hours[1]",
        ['"Mon 9"', '"09:00-18:00"'],
    ),
    ({"office_hours": [None]}, "office_hours[0]", ["found null", "Mon-Fri 09:00-18:00"]),
    ({"office_hours": ["Mon\n9"]}, "office_hours[0]", ['"Mon 9"']),
    ({"office_hours": ["Mon " + "9" * 500]}, "office_hours[0]", ['"Mon 999', "…"]),
    ({"closed_on": ["2026-02-30"]}, "closed_on[0]", ["there is no date", '"2026-02-30"']),
    ({"open_on": {"a": "b"}}, "open_on", ["expected a list", "2026-12-29"]),
    ({"ready_by_opening": "true"}, "ready_by_opening", ['found "true"', "true or false"]),
    ({"finish_paid_hour": 1}, "finish_paid_hour", ["found 1", "true or false"]),
    ({"idle_timeout": "30"}, "idle_timeout", ['"30"', "no unit", '"30m"']),
    ({"idle_timeout": 30}, "idle_timeout", ['"30"', "no unit", '"30m"']),
    ({"idle_timeout": True}, "idle_timeout", ["found true", '"30m"']),
    ({"wake_for": "0"}, "wake_for", ['found "0"', "longer than 0", '"1h"']),
    ({"max_awake": "0h"}, "max_awake", ['found "0h"', "longer than 0"]),
    ({"wake_timeout": "soon"}, "wake_timeout", ['"soon"', '"90s"']),
    ({"min_awake": "99999d"}, "min_awake", ['"99999d"', "too long"]),
    ({"monthly_budget": 0}, "monthly_budget", ["found 0", "a number above 0, such as 20"]),
    ({"monthly_budget": -5}, "monthly_budget", ["found -5", "above 0"]),
    ({"monthly_budget": "20"}, "monthly_budget", ['found "20"', "a number"]),
    ({"monthly_budget": float("inf")}, "monthly_budget", ["a number above 0"]),
    ({"monthly_budget": 10**400}, "monthly_budget", ["a number above 0"]),
    ({"budget_stops": "yes"}, "budget_stops", ['found "yes"', "true or false"]),
    ({"idle_below": 3}, "idle_below", ["found 3", "new_flows = 3"]),
    ({"idle_below": {"bytes": -1}}, "idle_below.bytes", ["found -1", "from 0 up"]),
    ({"idle_below": {"bytes": "1"}}, "idle_below.bytes", ['found "1"', "a number"]),
    ({"idle_below": {"bytes": True}}, "idle_below.bytes", ["found true", "a number"]),
    ({"idle_below": {"bytes": float("nan")}}, "idle_below.bytes", ["a number from 0 up"]),
    ({"idle_below": {"flows": 1}}, "idle_below.flows", ["no such setting", '"new_flows"']),
    ({"open_path": "docs"}, "open_path", ['found "docs"', "begins with a slash"]),
    ({"name": "Api"}, "name", ['found "Api"', "a small letter"]),
    ({"name": "a" * 32}, "name", ["then up to 30"]),
    ({"open_path": "/a b"}, "open_path", ['found "/a b"', "%XX"]),
    ({"open_path": "/猫"}, "open_path", ['found "/猫"', "%XX"]),
    ({"open_path": '/"><script>'}, "open_path", ["as in a URL"]),
    ({"open_path": "/\nSet-Cookie:"}, "open_path", ["as in a URL"]),
    ({"office_hour": []}, "office_hour", ["no such setting", 'did you mean "office_hours"?']),
    ({"timezone": "UTC"}, "timezone", ["no such setting", 'did you mean "time_zone"?']),
    ({"holidays": {}}, "holidays", ["no such setting"]),
    ({"xyzzy": 1}, "xyzzy", ["no such setting", "the settings are time_zone, office_hours"]),
    ({"idle_timeout": object()}, "idle_timeout", ["a value of type object"]),
    ("Mon-Fri", "dormouse", ['found "Mon-Fri"', "an object"]),
]


@pytest.mark.parametrize(("data", "key", "essentials"), BAD)
def test_a_bad_value_is_refused_in_one_line_that_names_it(data, key, essentials):
    with pytest.raises(PolicyError) as refused:
        parse_policy(data)
    message = str(refused.value)

    assert [part for part in essentials if part not in message] == []
    assert refused.value.key == key
    assert message.startswith(f"{key}: ")
    assert "\n" not in message
    assert len(message) < 320
    assert isinstance(refused.value, DormouseError)


@pytest.mark.parametrize("name", ["JST", "GMT+9"])
def test_of_what_is_no_name_of_a_place_no_other_one_is_meant(name):
    """Close by their letters are MST and Etc/GMT+9, most of a day away."""
    with pytest.raises(PolicyError) as refused:
        parse_policy({"time_zone": name})

    assert str(refused.value) == (
        f'time_zone: there is no time zone "{name}"; '
        'expected an IANA name such as "Asia/Tokyo" or "UTC"'
    )


def test_the_refused_value_is_kept_as_it_was_found():
    with pytest.raises(PolicyError) as refused:
        parse_policy({"office_hours": ["Mon 09:00-10:00", "Mon 9"]})

    assert refused.value.value == "Mon 9"

    with pytest.raises(PolicyError) as refused:
        parse_policy("Mon 9")

    assert refused.value.value == "Mon 9"


def test_all_problems_are_listed_in_the_order_of_the_keys():
    data = {
        "wake_for": "soon",
        "time_zone": "Mars",
        "office_hours": ["Mon 9", "Mon 09:00-10:00", "Tue 9"],
        "idle_below": {"bytes": -1, "new_flows": "x"},
        "nonsense": 1,
    }

    assert [problem.key for problem in find_problems(data)] == [
        "wake_for",
        "time_zone",
        "office_hours[0]",
        "office_hours[2]",
        "idle_below.bytes",
        "idle_below.new_flows",
        "nonsense",
    ]
    with pytest.raises(PolicyError) as refused:
        parse_policy(data)
    assert refused.value.key == "wake_for"


def test_a_good_policy_has_no_problems():
    assert find_problems({"office_hours": ["Mon-Fri 09:00-18:00"], "time_zone": "UTC"}) == ()


def test_the_spec_shows_periods_as_days_start_and_end():
    policy = parse_policy(
        {
            "time_zone": "Asia/Tokyo",
            "office_hours": ["Mon-Fri 09:00-18:00", "Sat-Sun 08:00-24:00"],
            "closed_on": ["2026-12-29..2027-01-03", "holidays:jp"],
            "open_on": ["2026-12-30"],
            "idle_timeout": "0",
            "max_awake": "90m",
        }
    ).with_holidays({"JP": [date(2026, 1, 1), date(2027, 1, 1), date(2026, 1, 1)]})

    assert policy.to_json() == {
        "time_zone": "Asia/Tokyo",
        "office_hours": [
            [["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"],
            [["sat", "sun"], "08:00", "24:00"],
        ],
        "closed_on": ["2026-12-29..2027-01-03", "holidays:JP"],
        "open_on": ["2026-12-30"],
        "ready_by_opening": True,
        "idle_timeout": "0",
        "idle_during_office_hours": True,
        "idle_below": {"new_flows": 3, "bytes": 5000},
        "wake_for": "1h",
        "min_awake": "10m",
        "max_awake": "1h30m",
        "finish_paid_hour": True,
        "wake_timeout": "20m",
        "open_path": "/",
        "rehearse": "look",
        "sleep_order": "count",
        "name": None,
        "monthly_budget": None,
        "budget_stops": False,
        "holidays": {"JP": ["2026-01-01", "2027-01-01"]},
    }
    assert Policy.from_json(policy.to_json()) == policy


def test_a_spec_without_a_policy_has_the_defaults():
    assert Policy.from_json({}) == Policy()


def test_a_setting_of_a_later_version_is_passed_over():
    assert Policy.from_json({"wake_for": "2h", "mood": "sleepy"}).wake_for == timedelta(hours=2)


@pytest.mark.parametrize(
    ("data", "key", "found"),
    [
        ({"office_hours": [["mon", "tue"], "09:00", "18:00"]}, "office_hours[0]", '["mon", "tue"]'),
        ({"office_hours": [[["mon"], "09:00", "09:00"]]}, "office_hours[0]", "at 09:00"),
        ({"office_hours": [[["mon"], "09:00"]]}, "office_hours[0]", '[["mon"], "09:00"], expected'),
        ({"office_hours": [[[1], "09:00", "18:00"]]}, "office_hours[0]", '[[1], "09:00", "18:00"]'),
        ({"office_hours": ["Mon-Fri 09:00-18:00"]}, "office_hours[0]", '"Mon-Fri 09:00-18:00"'),
        ({"holidays": {"JP": ["New Year"]}}, "holidays", '["New Year"], expected dates'),
        ({"holidays": {"JP": [20260101]}}, "holidays", "[20260101], expected dates"),
        ({"holidays": ["JP"]}, "holidays", '["JP"], expected {"JP": ["2026-01-01"]}'),
        ({"wake_for": "soon"}, "wake_for", '"soon"'),
    ],
)
def test_a_damaged_spec_is_refused_with_what_was_found(data, key, found):
    with pytest.raises(PolicyError) as refused:
        Policy.from_json(data)

    assert refused.value.key == key
    assert found in str(refused.value)


def test_the_calendars_that_need_dates_are_named_once():
    policy = parse_policy(
        {"closed_on": ["holidays:US-CA", "holidays:JP"], "open_on": ["holidays:JP", "2026-01-01"]}
    )

    assert policy.holiday_calendars == ("JP", "US-CA")


def test_a_zone_that_this_machine_does_not_know_is_named():
    policy = Policy.from_json({"time_zone": "Mars/Olympus_Mons"})

    with pytest.raises(PolicyError, match=r'tzdata has rules for "Mars/Olympus_Mons"; ') as unknown:
        _ = policy.zone

    assert (unknown.value.key, unknown.value.value) == ("time_zone", "Mars/Olympus_Mons")


durations = st.integers(1, 10**8).map(lambda seconds: timedelta(seconds=seconds))
dates = st.one_of(
    st.tuples(st.dates(), st.dates()).map(lambda d: DateRange(min(d), max(d))),
    st.sampled_from(["JP", "US-CA", "GB"]).map(HolidayCalendar),
)
periods = st.builds(
    Period,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 719),
    st.integers(720, 1440),
)
policies = st.builds(
    Policy,
    time_zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
    office_hours=st.lists(periods, max_size=3).map(tuple),
    closed_on=st.lists(dates, max_size=3).map(tuple),
    open_on=st.lists(dates, max_size=3).map(tuple),
    ready_by_opening=st.booleans(),
    idle_timeout=st.none() | durations,
    idle_during_office_hours=st.booleans(),
    idle_below=st.builds(
        IdleBelow,
        new_flows=st.integers(0, 100) | st.floats(0, 1e9),
        bytes=st.integers(0, 10**9),
    ),
    wake_for=durations,
    min_awake=durations | st.just(timedelta(0)),
    max_awake=durations,
    finish_paid_hour=st.booleans(),
    wake_timeout=durations,
    open_path=st.sampled_from(["/", "/docs", "/a%20b?c=d&e=~f"]),
    name=st.sampled_from([None, "api", "a", "a-1"]),
    holidays=st.dictionaries(
        st.sampled_from(["JP", "US-CA"]), st.sets(st.dates()).map(lambda d: tuple(sorted(d)))
    ),
)


@given(policies)
def test_a_policy_survives_the_spec(policy):
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.parametrize("text", ["off", "look", "monthly"])
def test_how_a_stack_is_rehearsed(text):
    policy = parse_policy({"rehearse": text})
    assert policy.rehearse == text
    assert Policy.from_json(policy.to_json()) == policy


def test_another_rehearsal_is_refused_with_those_that_there_are():
    with pytest.raises(PolicyError, match=r'"weekly".*expected one of "off", "look", "monthly"'):
        parse_policy({"rehearse": "weekly"})


@pytest.mark.parametrize("text", ["count", "force"])
def test_in_which_order_a_stack_is_put_to_sleep(text):
    policy = parse_policy({"sleep_order": text})
    assert policy.sleep_order == text
    assert Policy.from_json(policy.to_json()) == policy


def test_another_order_is_refused_with_those_that_there_are():
    with pytest.raises(PolicyError, match=r'"safe".*expected one of "count", "force"'):
        parse_policy({"sleep_order": "safe"})
