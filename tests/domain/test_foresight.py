"""The changes to come are those that will be decided."""

from controller.domain.foresight import foresee
from controller.domain.marks import Marks
from controller.domain.plan import Target
from domain.asking import HOURS, at, hold, lease, rules, up

DAY = rules(lead=5, office_hours=HOURS, finish_paid_hour=False)


def changes(of, marks, time, leases=(), held=None, until=None):
    found = foresee(of, leases, held, marks, at(time), at(until) if until else None)
    return [(str(change.state), change.at) for change in found]


def test_a_week_of_office_hours():
    found = changes(DAY, Marks(), "Thu 12:00", until="Sun 23:00")
    assert found == [
        ("asleep", at("Thu 18:00")),
        ("awake", at("Fri 08:55")),
        ("asleep", at("Fri 18:00")),
    ]


def test_the_paid_hour_is_foreseen():
    paid = rules(lead=5, office_hours=HOURS)
    found = changes(paid, Marks(), "06:00", until="Tue 00:00")
    assert found == [("awake", at("08:55")), ("asleep", at("18:51"))]


def test_leases_and_holds_have_their_part():
    leases = [lease("10:00", "20:00")]
    assert changes(DAY, up("08:55", "08:59"), "11:00", leases, until="Tue 01:00") == [
        ("asleep", at("20:00"))
    ]
    held = hold("asleep", "10:00", "13:00")
    assert changes(DAY, Marks(), "11:00", held=held, until="Tue 01:00") == [
        ("awake", at("13:00")),
        ("asleep", at("18:00")),
    ]


def test_without_anything_to_come_there_is_nothing_to_foresee():
    assert changes(rules(), Marks(), "11:00") == []


def test_far_ahead_it_ends():
    found = list(foresee(DAY, (), None, Marks(), at("11:00")))
    assert found[-1].at > at("11:00") + (at("Sun 00:00") - at("00:00")) * 10


def test_a_change_is_written_as_json():
    change = next(foresee(DAY, (), None, Marks(), at("Sat 11:00")))
    assert change.state is Target.AWAKE
    assert change.to_json()["state"] == "awake"
    assert change.to_json()["at"] == "2026-11-30T08:55:00Z"
