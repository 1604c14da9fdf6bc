"""Which stacks a heartbeat hands on, when, and with how much time, asked of an index in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.errors import EndPassError, PermanentError
from controller.domain.ports import Due
from controller.reconcile.heartbeat import LAST_WAVE, QUEUED, SHORT_PASS, Heartbeat
from controller.reconcile.side_by_side import one_by_one
from factories import NOON
from local.clock import ManualClock

AT_ONCE = 2


class Index:
    def __init__(self, due: str) -> None:
        self.due = [Due(stack, f"due of {stack}") for stack in due]
        self.read: list[str] = []
        self.later: list[tuple[Due, timedelta]] = []

    def overdue(self, now):
        assert now == NOON
        for each in self.due:
            self.read.append(each.stack)
            yield each

    def defer_until(self, due, until):
        self.later.append((due, until - NOON))


class Beat:
    """A heartbeat over stacks named by one letter; each start takes so many seconds."""

    def __init__(self, due: str, takes: float = 0, refused: str = "") -> None:
        self.index, self.clock = Index(due), ManualClock(NOON)
        self.started: list[tuple[str, float]] = []
        self.given: set[timedelta | None] = set()
        self._takes, self._refused = takes, refused

    def run(self):
        beat = Heartbeat(self.index, self._start, self.clock, one_by_one, AT_ONCE)
        return "".join(beat.run())

    def _start(self, stack, within):
        if stack in self._refused:
            raise PermanentError(f"no to {stack}")
        self.started.append((stack, (self.clock.now() - NOON).total_seconds()))
        self.given.add(within)
        self.clock.advance(self._takes)


def test_where_nothing_is_due_nothing_happens():
    beat = Beat("")
    assert beat.run() == ""
    assert (beat.started, beat.clock.now()) == ([], NOON)


@pytest.mark.parametrize("due", ["a", "ab"])
def test_as_many_as_fit_have_all_the_time_and_stay_due_until_a_pass_says_otherwise(due):
    beat = Beat(due)
    assert beat.run() == due
    assert beat.started == [(stack, 0) for stack in due]
    assert (beat.given, beat.index.later) == ({None}, [])


def test_more_than_fit_go_in_waves_of_ten_seconds_and_are_due_again_when_lambda_has_dropped_them():
    beat = Beat("abcde")
    assert beat.run() == "abcde"
    assert beat.started == [("a", 0), ("b", 0), ("c", 10), ("d", 10), ("e", 20)]
    assert beat.given == {SHORT_PASS}
    assert beat.index.later == [
        (Due(stack, f"due of {stack}"), timedelta(seconds=seconds) + QUEUED)
        for stack, seconds in beat.started
    ]


def test_a_stack_that_is_due_twice_is_started_once_with_all_the_time():
    """By what its last pass said, and by what was asked for since."""
    beat = Beat("aba")
    beat.index.due[2] = Due("a", "requested", is_request=True)
    assert beat.run() == "ab"
    assert beat.started == [("a", 0), ("b", 0)]
    assert beat.index.later == []


@pytest.mark.parametrize("due", ["aabcd", "abacd", "abcda"])
def test_a_stack_that_is_due_twice_in_a_crowd_waits_in_the_queue_with_both(due):
    beat = Beat(due)
    last = due.rindex("a")
    beat.index.due[last] = Due("a", "requested", is_request=True)
    assert beat.run() == "abcd"
    later = [until for each, until in beat.index.later if each.stack == "a"]
    assert later == [QUEUED] * 2
    assert len(beat.index.later) == 5


def test_no_more_is_read_than_is_started_before_the_next_heartbeat_is_near():
    beat = Beat("abcdefghijklmnopqrst")
    assert beat.run() == "abcdefghij"
    assert beat.started[-1] == ("j", 40)
    assert beat.index.read == list("abcdefghij")


def test_a_wave_that_takes_long_does_not_delay_the_next_and_is_the_last_in_the_end():
    beat = Beat("abcdefgh", takes=12)
    assert beat.run() == "abcd"
    assert beat.started == [("a", 0), ("b", 12), ("c", 24), ("d", 36)]

    at_the_last_moment = Beat("abcdefgh", takes=LAST_WAVE.total_seconds() / 2)
    assert at_the_last_moment.run() == "abcd"


def test_what_cannot_be_started_delays_no_other_and_stays_due():
    beat = Beat("abcde", refused="bd")
    with pytest.raises(EndPassError) as failed:
        beat.run()
    assert str(failed.value) == (
        "cannot start a pass for 2 of 5 due stacks (b: no to b; d: no to d); they stay due"
    )
    assert failed.value.after_seconds == 60
    assert [stack for stack, _ in beat.started] == ["a", "c", "e"]
    assert [due.stack for due, _ in beat.index.later] == ["a", "c", "e"]


def test_of_many_that_cannot_be_started_five_are_named():
    beat = Beat("abcdefg", refused="abcdefg")
    with pytest.raises(EndPassError, match=r"for 7 of 7 due stacks \(a: [^)]*; e: no to e\);"):
        beat.run()
