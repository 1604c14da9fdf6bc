"""Who decides for a while, and until when."""

import pytest

from controller.domain.errors import InvalidLeaseError
from controller.domain.hold import Hold, sleep_now
from controller.domain.openings import Openings
from domain.asking import HOURS, at, hold, lease, rules

NO_HOURS = rules()
OFFICE = rules(lead=5, office_hours=HOURS)


def press(time, of=OFFICE, leases=(), reason=""):
    return sleep_now("nsfw-api", Openings(of, at(time)), leases, "ann", reason, at(time))


def test_sleep_now_is_a_hold_asleep_that_says_who_wants_it_and_why():
    asleep = hold("asleep", "11:00", "Tue 08:55", reason="a migration")
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
