"""Who decides for a while, and until when."""

from datetime import timedelta

import pytest

from controller.domain.decision.hold import Hold, sleep_now
from controller.domain.decision.office_hours import OfficeHours
from controller.domain.errors import InvalidLeaseError
from domain.decision_inputs import HOURS, at, hold, lease, minutes, rules

NO_HOURS = rules()
OFFICE = rules(lead=5, office_hours=HOURS)


def press(time, of=OFFICE, leases=(), reason=""):
    return sleep_now("nsfw-api", OfficeHours(of, at(time)), leases, "ann", reason, at(time))


def test_sleep_now_is_a_hold_asleep_that_says_who_wants_it_and_why():
    asleep = hold("asleep", "11:00", "Tue 08:55", reason="a migration", after=at("11:00"))
    assert press("11:00", reason="a migration") == asleep


def test_sleep_now_lasts_until_the_stack_is_woken_for_the_next_opening():
    assert press("11:00").until == at("Tue 08:55")
    assert press("20:00").until == at("Tue 08:55")
    assert press("Fri 12:00").until == at("Sun 08:55") + (at("Tue 00:00") - at("00:00"))


def test_sleep_now_while_it_is_being_woken_means_the_opening_after_that():
    assert press("08:54").until == at("08:55")
    assert press("08:57").until == at("Tue 08:55")


def test_sleep_now_without_office_hours_ends_after_a_day():
    assert press("11:00", NO_HOURS).until == at("Tue 11:00")


SATURDAY = {"office_hours": [*HOURS, "Sat 10:00-14:00"]}
TOKYO = {"office_hours": HOURS, "time_zone": "Asia/Tokyo"}


@pytest.mark.parametrize(
    ("pressed", "later", "until"),
    [
        ("Fri 16:00", {"office_hours": HOURS}, "Mon 08:55 +7"),
        ("Fri 16:00", SATURDAY, "Sat 09:55"),
        ("Fri 16:00", {"office_hours": [*HOURS, "Fri 20:00-22:00"]}, "Fri 19:55"),
        ("Fri 16:00", TOKYO, "Sun 23:55"),
        ("Fri 16:00", {"office_hours": HOURS, "open_on": ["2026-11-29"]}, "Sun 08:55"),
        ("Fri 16:00", {"office_hours": HOURS, "closed_on": ["2026-11-30"]}, "Tue 08:55 +7"),
        # What was open then is not the next, however long it is to last now.
        ("Fri 16:00", {"office_hours": ["Mon-Fri 08:00-23:00"]}, "Mon 07:55 +7"),
        ("08:57", {"office_hours": HOURS}, "Tue 08:55"),
        ("11:00", {"office_hours": ["Mon-Fri 12:00-18:00"]}, "11:55"),
        ("11:00", {}, "Tue 11:00"),
    ],
)
def test_until_the_next_opening_follows_the_hours_of_today(pressed, later, until):
    moment, _, weeks = until.partition(" +")
    found = press(pressed).under(rules(lead=5, **later))
    assert found.until == at(moment) + timedelta(days=int(weeks or 0))
    assert found.under(NO_HOURS) == found


def test_a_lead_that_was_learned_since_does_not_bring_back_the_opening_that_was_slept_through():
    held = press("08:57")
    ends = {1: "08:59", 2: "08:58", 4: "08:55", 6: "08:55", 30: "08:30"}
    for lead, end in ends.items():
        assert held.under(rules(lead=lead, office_hours=HOURS)).until == at(f"Tue {end}")
    early = press("08:50")
    assert early.under(rules(lead=30, office_hours=HOURS)).until - early.set_at < minutes(1)


def test_a_hold_until_a_time_ends_at_that_time():
    held = hold("asleep", "11:00", "Tue 12:00")
    assert held.under(OFFICE) == held


def test_sleep_now_is_put_over_every_lease_there_is():
    held = press("11:00", leases=[lease("10:00", "12:00"), lease("10:30", "23:00", "b")])
    assert held.over == {"a", "b"}


def test_a_lease_that_came_later_ends_a_hold_asleep_alone():
    later, earlier = lease("11:00", "12:00", "b"), lease("10:00", "12:00", "a")
    asleep = hold("asleep", "10:30", "Tue 09:00", over=frozenset({"a"}))
    awake = hold("awake", "10:30", "Tue 09:00", over=frozenset({"a"}))

    assert asleep.is_ended_by(later)
    assert not asleep.is_ended_by(earlier)
    assert not awake.is_ended_by(later)


def test_a_hold_always_has_an_end():
    with pytest.raises(InvalidLeaseError, match=r"hold stack .* asleep: it would end at"):
        hold("asleep", "10:00", "10:00")
    with pytest.raises(InvalidLeaseError, match="until has no time zone"):
        Hold(
            **{
                **vars_of(hold("asleep", "10:00", "11:00")),
                "until": at("11:00").replace(tzinfo=None),
            }
        )


def vars_of(held):
    return {name: getattr(held, name) for name in Hold.__dataclass_fields__}
