"""How a stack stands, told from its records at one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.hold import Hold
from controller.domain.lease import Lease
from controller.domain.marks import Failure, Marks
from controller.domain.plan import Target
from controller.domain.report import State, make_report
from controller.domain.status import Status, Trouble
from factories import NOON, article_spec

SPEC = article_spec()
MINUTE = timedelta(minutes=1)
ASLEEP = Status(target=Target.ASLEEP, settled=True, phase="asleep")
WAKING = Status(target=Target.AWAKE, phase="task starting", marks=Marks(waking_since=NOON - MINUTE))
AWAKE = Status(
    target=Target.AWAKE,
    settled=True,
    phase="awake",
    endpoint={"ip": "203.0.113.10", "port": 5000, "url": "http://203.0.113.10:5000/"},
    marks=Marks(waking_since=NOON - 5 * MINUTE, ready_at=NOON - MINUTE),
)
FAILURE = Failure(at=NOON - MINUTE, cause="no such image", spec_hash=SPEC.hash)


def lease(minutes: float = 60) -> Lease:
    return Lease(
        stack="nsfw-api",
        id="a",
        holder="wake link",
        reason="",
        granted_at=NOON - MINUTE,
        expires_at=NOON + minutes * MINUTE,
    )


def hold(state: Target = Target.ASLEEP) -> Hold:
    return Hold(
        stack="nsfw-api",
        state=state,
        by="admin",
        reason="",
        set_at=NOON,
        until=NOON + 60 * MINUTE,
        over=frozenset({"a"}),
    )


def report(status: Status, *leases: Lease, hold: Hold | None = None):
    return make_report(SPEC, status, leases, hold, NOON)


@pytest.mark.parametrize(
    ("status", "leases", "hold", "state", "phase"),
    [
        (Status(), (), None, State.ASLEEP, "asleep"),
        (ASLEEP, (), None, State.ASLEEP, "asleep"),
        (ASLEEP, (lease(),), None, State.WAKING, "starting"),
        (WAKING, (lease(),), None, State.WAKING, "task starting"),
        (AWAKE, (lease(),), None, State.AWAKE, "awake"),
        (AWAKE, (lease(),), hold(), State.GOING_TO_SLEEP, "going to sleep"),
        (
            replace(ASLEEP, settled=False, phase="draining"),
            (),
            None,
            State.GOING_TO_SLEEP,
            "draining",
        ),
        (ASLEEP, (lease(),), hold(), State.ASLEEP, "asleep"),
        (replace(ASLEEP, marks=Marks(failure=FAILURE)), (), None, State.ASLEEP, "failed"),
        (
            replace(ASLEEP, blocked=Trouble(since=NOON, cause="not ours")),
            (),
            None,
            State.ASLEEP,
            "blocked",
        ),
        (
            replace(AWAKE, marks=AWAKE.marks.repairing(NOON), phase="health check"),
            (lease(),),
            None,
            State.WAKING,
            "health check",
        ),
    ],
)
def test_state_and_phase_follow_from_records_and_decision(status, leases, hold, state, phase):
    told = report(status, *leases, hold=hold)
    assert (told.state, told.phase) == (state, phase)


def test_a_wake_shows_its_time_from_the_moment_it_was_asked_for():
    told = report(ASLEEP, lease()).to_json()
    assert told["since"] == "2026-11-23T11:59:00Z"
    assert told["eta_seconds"] == 240
    assert told["steps"] == []


def test_the_eta_shrinks_and_ends_when_the_wake_is_late():
    assert report(WAKING, lease()).to_json()["eta_seconds"] == 180
    late = replace(WAKING, marks=Marks(waking_since=NOON - 10 * MINUTE))
    assert report(late, lease()).to_json()["eta_seconds"] is None


def test_an_address_is_told_only_while_it_answers():
    assert report(AWAKE, lease()).to_json()["endpoint"]["port"] == 5000
    assert report(AWAKE, lease(), hold=hold()).to_json()["endpoint"] is None


def test_a_lease_that_was_spent_or_is_over_wants_nothing():
    spent = Marks(failure=replace(FAILURE, spent=_spent()))
    told = report(replace(ASLEEP, marks=spent), lease()).to_json()
    assert (told["state"], told["leases"]) == ("asleep", [])
    assert told["failure"] == {"at": "2026-11-23T11:59:00Z", "cause": "no such image"}


def _spent():
    from controller.domain.marks import Spent

    return Spent(leases=frozenset({("a", lease().asked_at)}))


def test_what_comes_next_is_told():
    (first, *_) = report(AWAKE, lease()).to_json()["next"]
    assert first["state"] == "asleep"
    assert first["at"] > "2026-11-23T13:00"


def test_holidays_that_run_out_are_warned_of_with_the_way_out():
    policy = {"closed_on": ["holidays:JP"], "holidays": {"JP": ["2026-11-23"]}}
    spec = article_spec(policy=policy, source={"dir": "infra/api"})
    told = make_report(spec, ASLEEP, (), None, NOON)
    (warning,) = told.to_json()["warnings"]
    assert warning.startswith("the dates of holidays:JP are known until 2026-12-31 only")
    assert 'run "dormouse publish infra/api" again' in warning
    assert report(ASLEEP).warnings == ()


def test_what_is_not_as_the_files_say_is_a_warning_of_an_awake_stack():
    told = replace(AWAKE, cause='service "old" is not in the files any more')
    assert report(told, lease()).warnings == ('service "old" is not in the files any more',)
    assert report(told, lease()).cause == ""
    assert report(AWAKE, lease()).warnings == ()
