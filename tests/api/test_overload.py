"""Answers that are held: a few at a time for one link, and the rest at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from datetime import timedelta
from threading import Event

import pytest

from api.handler import make_handler
from controller.store.seats import SEATS, Seats
from installation import ENVIRONMENT, STACK, Installation
from local.faults import Fault
from local.function_url import Context, make_event

MOST_HELD = 8
"""What one process may hold at a time."""


class Gate:
    """The house's clock, on which nobody's sleep ends before the gate is opened."""

    def __init__(self, installation):
        self._installation = installation
        self.opened = Event()

    def now(self):
        late = timedelta(minutes=1) if self.opened.is_set() else timedelta(0)
        return self._installation.now + late

    def sleep(self, seconds):
        assert self.opened.wait(60)


@pytest.fixture
def installation():
    installation = Installation()
    installation.run()
    return installation


@pytest.fixture
def crowd(installation):
    """Requests that all come at the same time, each by the key that is given for it."""
    gate = Gate(installation)
    pool = ThreadPoolExecutor(40)

    def send(keys, environments=1):
        handlers = [
            make_handler(ENVIRONMENT, session=installation.session, clock=gate)
            for _ in range(environments)
        ]
        return [
            pool.submit(ask, handlers[number % environments], key)
            for number, key in enumerate(keys)
        ]

    yield send, gate
    gate.opened.set()
    pool.shutdown()


def ask(handle, key, seconds=25):
    event = make_event("GET", f"/s/{STACK}/status?wait={seconds}&k={key}", {"host": "x"}, b"")
    return handle(event, Context())


def settled(requests, held):
    """Those that were answered while `held` of them wait; fails where more are held."""
    answers = as_completed(requests, timeout=20)
    try:
        done = [next(answers) for _ in range(len(requests) - held)]
    except TimeoutError:
        pytest.fail(f"more than {held} of {len(requests)} answers are held")
    assert len(wait(requests, timeout=1).done) == len(done)
    return [one.result() for one in done]


@pytest.mark.parametrize("environments", [1, 12])
def test_a_link_has_a_few_answers_held_and_the_rest_at_once(installation, crowd, environments):
    """However many environments of the function its requests reach."""
    send, gate = crowd
    requests = send([installation.key("view")] * 12, environments)
    answered = settled(requests, SEATS)
    for reply in answered:
        assert reply["statusCode"] == 200
        assert reply["headers"]["Retry-After"] == "5"
        assert json.loads(reply["body"])["state"] == "asleep"
    assert installation.leases() == []
    assert installation.table.request_version(STACK) == 1  # the publication

    gate.opened.set()
    replies = [one.result(60) for one in requests]
    assert [reply["statusCode"] for reply in replies] == [200] * 12
    assert sum("Retry-After" not in reply["headers"] for reply in replies) == SEATS


def test_an_environment_holds_a_limited_number_whoever_requests(installation, crowd):
    send, _ = crowd
    keys = [installation.key("view", id=f"{number:08x}") for number in range(MOST_HELD + 4)]
    assert len(settled(send(keys), MOST_HELD)) == 4


def test_a_seat_is_free_again_after_its_answer(installation):
    for _ in range(SEATS + 2):
        assert "Retry-After" not in ask(installation.handle, installation.key("view"))["headers"]


def test_a_seat_whose_process_died_is_free_after_its_end(installation):
    seats = Seats(installation.session.client("dynamodb"), "dormouse", STACK, "viewaaaa")
    taken = [
        seats.take(installation.now, installation.now + timedelta(seconds=25))
        for _ in range(SEATS + 1)
    ]
    assert taken == ["seat0", "seat1", "seat2", None]
    assert ask(installation.handle, installation.key("view"))["headers"]["Retry-After"] == "5"
    installation.aws.clock.advance(26)
    assert "Retry-After" not in ask(installation.handle, installation.key("view"))["headers"]


def test_where_the_table_does_not_say_the_answer_comes_at_once(installation):
    installation.aws.faults.add(
        Fault(operation="GetItem", code="InternalServerError", status=500, times=99)
    )
    reply = ask(installation.handle, installation.key("view"))
    assert (reply["statusCode"], reply["headers"]["Retry-After"]) == (200, "5")


def test_what_is_not_held_takes_no_seat(installation):
    installation.press("wake")
    installation.run()
    start = len(installation.aws.calls)
    for seconds in (0, 25):
        assert ask(installation.handle, installation.key("view"), seconds)["statusCode"] == 200
    assert {call.operation for call in installation.aws.calls[start:]} <= {"Query", "GetParameter"}
