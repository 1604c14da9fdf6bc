from datetime import date

import pytest

from controller.domain.policy.policy import parse_policy
from controller.domain.policy.policy_warnings import find_ending_holidays, find_warnings

HOURS = ["Mon-Fri 09:00-18:00"]


@pytest.mark.parametrize(
    ("data", "key", "essential"),
    [
        ({"max_awake": "5m", "wake_for": "5m"}, "min_awake", "10m is longer than max_awake"),
        ({"max_awake": "30m"}, "wake_for", "max_awake, which is 30m and wins"),
        ({"idle_timeout": "5m"}, "idle_timeout", "set 10m or more"),
        ({"idle_below": {"bytes": 0}}, "idle_below.bytes", "never counts as idle"),
        ({"idle_below": {"new_flows": 0}}, "idle_below.new_flows", 'idle_timeout = "0"'),
        ({"closed_on": ["2026-01-01"]}, "closed_on", "no effect without office_hours"),
        ({"open_on": ["2026-01-01"]}, "open_on", "no effect without office_hours"),
        ({"budget_stops": True}, "budget_stops", "no effect without monthly_budget"),
        (
            {"budget_stops": True, "monthly_budget": 20},
            "budget_stops",
            "no effect without office_hours",
        ),
        (
            {"office_hours": HOURS, "open_on": ["2026-01-01"], "closed_on": ["2026-01-01"]},
            "open_on",
            '"2026-01-01" is in closed_on too, and open_on wins',
        ),
    ],
)
def test_a_doubtful_setting_is_named_with_a_remedy(data, key, essential):
    [(found, sentence)] = find_warnings(parse_policy(data))

    assert found == key
    assert essential in sentence


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"idle_timeout": "0", "idle_below": {"bytes": 0}},
        {"min_awake": "12h", "wake_for": "12h"},
        {
            "office_hours": HOURS,
            "closed_on": ["2026-12-29..2027-01-03"],
            "open_on": ["2026-12-30"],
        },
    ],
)
def test_a_sound_policy_has_no_warnings(data):
    assert list(find_warnings(parse_policy(data))) == []


@pytest.mark.parametrize(
    ("today", "reported"),
    [("2027-08-01", []), ("2027-09-03", [("JP", date(2027, 12, 31))])],
)
def test_holidays_whose_dates_run_out_are_reported_some_months_before(today, reported):
    policy = parse_policy({"office_hours": HOURS, "closed_on": ["holidays:JP"]})
    known = policy.with_holidays({"JP": [date(2026, 1, 1), date(2027, 11, 23)]})
    assert list(find_ending_holidays(known, date.fromisoformat(today))) == reported


def test_a_calendar_without_dates_has_run_out():
    policy = parse_policy({"office_hours": HOURS, "open_on": ["holidays:JP"]})
    (reported,) = find_ending_holidays(policy.with_holidays({"JP": []}), date(2026, 5, 1))
    assert reported == ("JP", date(2025, 12, 31))
