"""The status during a pass: where it comes from, and when it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.history import EventKind
from controller.domain.decision.lifecycle import BilledResource
from controller.domain.money.meter import Meter
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.reporting.status import Status
from controller.reconcile import transitions
from controller.reconcile.tracker import ALIVE, SHOW, StatusTracker
from factories import LB, NOON, article_spec
from local.clock import ManualClock
from reconcile.records import Loaded, MemoryStore, event

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/ecs-nlb/1"
METER = Meter().using(UsageProfile.of(article_spec()), NOON)
KNOWN = Status(target=Target.ASLEEP, phase="asleep", updated_at=NOON, meter=METER)


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def store():
    return MemoryStore(Loaded(status=KNOWN))


@pytest.fixture
def tracker(store, clock):
    tracker = StatusTracker(store, clock, spread_offset=timedelta(minutes=3))
    tracker.begin(store.records)
    return tracker


def test_it_goes_on_where_the_last_pass_left_it(tracker, store):
    assert tracker.status == replace(KNOWN, spread_offset=timedelta(minutes=3))
    assert tracker.last_pass_at == NOON
    assert not tracker.is_found
    assert store.written == []


def test_of_a_status_that_was_lost_the_history_tells_what_is_billed(clock):
    standing = BilledResource(address=LB, arn=BALANCER, since=NOON)
    reported = replace(event(EventKind.AWAKE), facts={"stands": [standing.to_json()]})
    tracker = StatusTracker(MemoryStore(history=(reported,)), clock)
    tracker.begin(Loaded())
    assert tracker.is_found
    assert tracker.status.lifecycle.billed == (standing,)


def test_a_change_is_written_as_due_within_a_moment(tracker, store):
    before = tracker.status
    tracker.apply(replace, phase="creating")
    tracker.write_if_changed(before)
    assert [(status["phase"], due_at) for status, due_at in store.written] == [
        ("creating", NOON + ALIVE)
    ]


def test_what_nobody_would_miss_is_written_only_as_a_sign_of_life(tracker, store, clock):
    before = tracker.status
    tracker.apply(replace, updated_at=NOON + SHOW)
    clock.advance(SHOW.total_seconds() - 1)
    tracker.write_if_changed(before)
    assert store.written == []
    clock.advance(1)
    tracker.write_if_changed(before)
    tracker.write_if_changed(before)
    assert [due_at for _, due_at in store.written] == [NOON + SHOW + ALIVE]


def test_what_a_change_needs_besides_is_passed_to_it(tracker):
    tracker.apply(transitions.set_aside, article_spec(), (), NOON)
    assert tracker.status.set_aside == ()


def test_an_end_is_not_recorded_over_a_request_made_since(tracker, store):
    assert tracker.record(None, request_version=0)
    store.records.request_version = 1
    assert not tracker.record(None, request_version=0)
    assert tracker.record(None)
