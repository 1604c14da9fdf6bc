"""What a press promises: stored and started in one, never shortened by another, told as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.stacks import Stacks
from controller.links import Link, Scope
from house import ENVIRONMENT, STACK, House
from local.faults import Fault

HOUR = timedelta(hours=1)


@pytest.fixture
def house():
    """Asleep, and everything that was asked for is done."""
    house = House()
    house.run()
    house.nudges.clear()
    return house


class Quiet:
    """The log of a function that nobody reads."""

    def get_correlation_id(self):
        return "a request"

    def warning(self, *args, **more):
        raise AssertionError(args)


def stacks(house):
    """The records as the function uses them, to look now and to ask later."""
    session = house.session
    table, controller = ENVIRONMENT["DORMOUSE_TABLE"], ENVIRONMENT["DORMOUSE_CONTROLLER"]
    return Stacks(session.client, table, controller, lambda: house.now, Quiet())


def link(house):
    """The one that the house's buttons are pressed by."""
    end = house.now + 90 * 24 * HOUR
    return Link(stack=STACK, scope=Scope.WAKE, expires_at=end, id="wakeaaaa")


def refuse(house, operation, times=20):
    """So many calls of it fail with an error of AWS's own."""
    fault = Fault(operation=operation, code="InternalServerError", status=500, times=times)
    house.aws.faults.add(fault)


# stored and started in one


@pytest.mark.parametrize("button", ["wake", "sleep"])
def test_what_is_stored_is_due_by_the_same_write(house, button):
    start = len(house.aws.calls)
    assert house.press(button, scope="admin").status == 303

    writes = [call.operation for call in house.aws.calls[start:] if not call.is_read]
    assert writes == ["TransactWriteItems", "Invoke"]
    assert house.table.due(house.now) == [STACK]


def test_a_press_that_cannot_be_stored_leaves_nothing_and_says_that_it_does_not_know(house):
    refuse(house, "TransactWriteItems")
    page = house.press("wake")
    assert page.status == 503
    assert "Nothing was changed" not in page.body
    assert "to press twice does no harm" in page.body
    assert house.leases() == []
    assert house.nudges == []

    refuse(house, "TransactWriteItems")
    reply = house.program("POST", f"/s/{STACK}/wake")
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert "not known whether" in reply.json["detail"]


def test_a_press_after_one_whose_pass_never_came_starts_one(house):
    """The first could not reach the controller, and the heartbeat did not run either."""
    refuse(house, "Invoke")
    house.press("wake", "for=8h")
    assert house.nudges == []
    house.aws.faults.clear()
    house.table.take_up(STACK, house.table.asked(STACK))  # worse than can happen: it is forgotten
    assert house.table.due(house.now) == []

    house.press("wake", "for=8h")
    assert house.nudges == [STACK]
    assert house.table.due(house.now) == [STACK]
    house.run()
    assert house.status()["state"] == "awake"


def test_a_press_while_a_pass_works_on_it_asks_for_nothing_again(house):
    house.press("wake", "for=8h")
    house.run(seconds=60)
    assert house.status()["state"] == "waking"
    before, nudges = house.table.asked(STACK), len(house.nudges)
    house.press("wake", "for=8h")
    assert (house.table.asked(STACK), len(house.nudges)) == (before, nudges)


def test_a_press_of_sleep_that_no_pass_has_taken_up_starts_one(house):
    house.press("wake")
    house.run()
    house.press("sleep", scope="admin")
    house.nudges.clear()
    house.press("sleep", scope="admin")
    assert house.nudges == [STACK]


def test_what_is_recorded_is_told_so_though_it_cannot_be_read_again(house):
    """Reading it for the answer fails after the write."""
    target, key = f"/s/{STACK}/wake", f"Bearer {house.key()}"
    start = len(house.aws.calls)

    def second_look(params):
        return "TransactWriteItems" in [call.operation for call in list(house.aws.calls)[start:]]

    house.aws.faults.add(
        Fault(operation="Query", code="InternalServerError", status=500, predicate=second_look)
    )
    reply = house.ask("POST", target, authorization=key, accept="application/json")
    assert reply.status == 503
    assert "is recorded" in reply.json["detail"]
    house.aws.faults.clear()
    assert len(house.leases()) == 1


# never shortened


@pytest.mark.parametrize("hours", [(8, 1), (1, 8)], ids=["longer first", "shorter first"])
def test_two_presses_at_once_keep_the_longer_promise(house, hours):
    """Both have looked before either wrote."""
    records, mine = stacks(house), link(house)
    views = [records.look(STACK) for _ in hours]
    for view, each in zip(views, hours, strict=True):
        records.keep_awake(view, mine, view.now + each * HOUR)

    (lease,) = house.leases()
    assert lease.expires_at == views[0].now + 8 * HOUR


def test_an_extension_that_comes_late_shortens_nothing(house):
    house.press("wake", "for=1h")
    records, mine = stacks(house), link(house)
    slow = records.look(STACK)
    records.keep_awake(records.look(STACK), mine, house.now + 8 * HOUR)
    records.keep_awake(slow, mine, house.now + 2 * HOUR)

    assert [one.expires_at - house.now for one in house.leases()] == [8 * HOUR]


def test_a_lease_whose_name_comes_up_again_after_it_ran_out_is_granted_anew(house):
    """The count begins again where its item was lost."""
    records, mine = stacks(house), link(house)
    view = records.look(STACK)
    records.keep_awake(view, mine, view.now + HOUR)
    house.aws.clock.advance(2 * 3600)
    later = replace(records.look(STACK), records=view.records)
    records.keep_awake(later, mine, later.now + HOUR)

    (lease,) = house.leases()
    assert (lease.granted_at, lease.expires_at) == (later.now, later.now + HOUR)
