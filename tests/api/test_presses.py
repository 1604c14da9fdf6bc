"""What a press promises: stored and started in one, never shortened by another, told as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.stacks import Stacks
from controller.links import Link, Scope
from installation import ENVIRONMENT, STACK, Installation
from local.faults import Fault

HOUR = timedelta(hours=1)


@pytest.fixture
def installation():
    """Asleep, and everything that was asked for is done."""
    installation = Installation()
    installation.run()
    installation.started_passes.clear()
    return installation


class Quiet:
    """The log of a function that nobody reads."""

    def get_correlation_id(self):
        return "a request"

    def warning(self, *args, **more):
        raise AssertionError(args)


def stacks(installation):
    """The records as the function uses them, to look now and to ask later."""
    session = installation.session
    table, controller = ENVIRONMENT["DORMOUSE_TABLE"], ENVIRONMENT["DORMOUSE_CONTROLLER"]
    return Stacks(session.client, table, controller, lambda: installation.now, Quiet())


def link(installation):
    """The one that the house's buttons are pressed by."""
    end = installation.now + 90 * 24 * HOUR
    return Link(stack=STACK, scope=Scope.WAKE, expires_at=end, id="wakeaaaa")


def refuse(installation, operation, times=20):
    """So many calls of it fail with an error of AWS's own."""
    fault = Fault(operation=operation, code="InternalServerError", status=500, times=times)
    installation.aws.faults.add(fault)


# stored and started in one


@pytest.mark.parametrize("button", ["wake", "sleep"])
def test_what_is_stored_is_due_by_the_same_write(installation, button):
    start = len(installation.aws.calls)
    assert installation.press(button, scope="admin").status == 303

    writes = [call.operation for call in installation.aws.calls[start:] if not call.is_read]
    assert writes == ["TransactWriteItems", "Invoke"]
    assert installation.table.due(installation.now) == [STACK]


def test_a_press_that_cannot_be_stored_leaves_nothing_and_says_that_it_does_not_know(installation):
    refuse(installation, "TransactWriteItems")
    page = installation.press("wake")
    assert page.status == 503
    assert "Nothing was changed" not in page.body
    assert "pressing twice does no harm" in page.body
    assert installation.leases() == []
    assert installation.started_passes == []

    refuse(installation, "TransactWriteItems")
    reply = installation.program("POST", f"/s/{STACK}/wake")
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert "not known whether" in reply.json["detail"]


def test_a_press_after_one_whose_pass_never_came_starts_one(installation):
    """The first could not reach the controller, and the heartbeat did not run either."""
    refuse(installation, "Invoke")
    installation.press("wake", "for=8h")
    assert installation.started_passes == []
    installation.aws.faults.clear()
    installation.table.take_up(
        STACK, installation.table.request_version(STACK)
    )  # worse than can happen: it is forgotten
    assert installation.table.due(installation.now) == []

    installation.press("wake", "for=8h")
    assert installation.started_passes == [STACK]
    assert installation.table.due(installation.now) == [STACK]
    installation.run()
    assert installation.status()["state"] == "awake"


def test_a_press_while_a_pass_works_on_it_requests_nothing_again(installation):
    installation.press("wake", "for=8h")
    installation.run(seconds=60)
    assert installation.status()["state"] == "waking"
    before, started_passes = (
        installation.table.request_version(STACK),
        len(installation.started_passes),
    )
    installation.press("wake", "for=8h")
    assert (installation.table.request_version(STACK), len(installation.started_passes)) == (
        before,
        started_passes,
    )


def test_a_press_of_sleep_that_no_pass_has_taken_up_starts_one(installation):
    installation.press("wake")
    installation.run()
    installation.press("sleep", scope="admin")
    installation.started_passes.clear()
    installation.press("sleep", scope="admin")
    assert installation.started_passes == [STACK]


def test_what_is_recorded_is_reported_even_if_it_cannot_be_read_back(installation):
    """Reading it for the answer fails after the write."""
    target, key = f"/s/{STACK}/wake", f"Bearer {installation.key()}"
    start = len(installation.aws.calls)

    def second_look(params):
        return "TransactWriteItems" in [
            call.operation for call in list(installation.aws.calls)[start:]
        ]

    installation.aws.faults.add(
        Fault(operation="Query", code="InternalServerError", status=500, predicate=second_look)
    )
    reply = installation.ask("POST", target, authorization=key, accept="application/json")
    assert reply.status == 503
    assert "is recorded" in reply.json["detail"]
    installation.aws.faults.clear()
    assert len(installation.leases()) == 1


# never shortened


@pytest.mark.parametrize("hours", [(8, 1), (1, 8)], ids=["longer first", "shorter first"])
def test_two_presses_at_once_keep_the_longer_promise(installation, hours):
    """Both have looked before either wrote."""
    records, mine = stacks(installation), link(installation)
    views = [records.load_view(STACK) for _ in hours]
    for view, each in zip(views, hours, strict=True):
        records.keep_awake(view, mine, view.now + each * HOUR)

    (lease,) = installation.leases()
    assert lease.expires_at == views[0].now + 8 * HOUR


def test_an_extension_that_comes_late_shortens_nothing(installation):
    installation.press("wake", "for=1h")
    records, mine = stacks(installation), link(installation)
    slow = records.load_view(STACK)
    records.keep_awake(records.load_view(STACK), mine, installation.now + 8 * HOUR)
    records.keep_awake(slow, mine, installation.now + 2 * HOUR)

    assert [one.expires_at - installation.now for one in installation.leases()] == [8 * HOUR]


def test_a_lease_whose_name_comes_up_again_after_it_ran_out_is_granted_anew(installation):
    """The count begins again where its item was lost."""
    records, mine = stacks(installation), link(installation)
    view = records.load_view(STACK)
    records.keep_awake(view, mine, view.now + HOUR)
    installation.aws.clock.advance(2 * 3600)
    later = replace(records.load_view(STACK), records=view.records)
    records.keep_awake(later, mine, later.now + HOUR)

    (lease,) = installation.leases()
    assert (lease.granted_at, lease.expires_at) == (later.now, later.now + HOUR)
