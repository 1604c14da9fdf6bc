"""What is in the outbox is told in order, once, and without one fault holding up the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.decision.history import LATEST_NEWS, EventKind
from controller.domain.errors import LockLostError, WaitError
from controller.reconcile.outbox import Outbox
from factories import NOON, article_spec
from local.clock import ManualClock
from reconcile.records import MemoryStore, event

SPEC = article_spec()
FIRST, SECOND, THIRD = event(), event(EventKind.AWAKE), event(EventKind.SLEEPING)


class People:
    """Hear of all but what a fault keeps from them."""

    def __init__(self, **faults):
        self.heard = []
        self._faults = faults

    def __call__(self, spec, event):
        assert spec is SPEC
        fault = self._faults.get(event.kind)
        if fault:
            raise fault
        self.heard.append(event)


@pytest.fixture
def store():
    return MemoryStore()


def deliver(store, people, *events, now=NOON):
    return Outbox(store, people, ManualClock(now)).deliver(SPEC, events)


def test_all_events_are_delivered_in_order_and_marked_as_delivered(store):
    people = People()
    delivery = deliver(store, people, FIRST, SECOND)
    assert (delivery.left, delivery.fault) == ((), "")
    assert people.heard == store.reported_events == [FIRST, SECOND]


def test_what_was_delivered_before_is_not_delivered_again(store):
    people = People()
    store.mark_delivered(FIRST)
    deliver(store, people, FIRST, SECOND)
    assert people.heard == [SECOND]


def test_what_the_topic_does_not_take_holds_up_what_follows(store):
    people = People(awake=WaitError("slow down", after_seconds=1))
    delivery = deliver(store, people, FIRST, SECOND, THIRD)
    assert people.heard == [FIRST]
    assert (delivery.left, delivery.fault) == ((SECOND, THIRD), "")


def test_nothing_of_what_is_held_up_is_lost(store):
    people = People(waking=WaitError("slow down", after_seconds=1))
    delivery = deliver(store, people, FIRST, SECOND, THIRD)
    assert people.heard == []
    assert delivery.left == (FIRST, SECOND, THIRD)


def test_an_event_that_fails_by_itself_waits_alone(store):
    people = People(awake=KeyError("endpoint"))
    delivery = deliver(store, people, FIRST, SECOND, THIRD)
    assert people.heard == [FIRST, THIRD]
    assert delivery.left == (SECOND,)
    assert "KeyError: 'endpoint'" in delivery.fault


def test_old_events_and_those_for_the_ledger_are_sent_to_nobody(store):
    people = People()
    for_ledger = event(EventKind.REPLACED, NOON + LATEST_NEWS)
    delivery = deliver(store, people, FIRST, for_ledger, now=NOON + LATEST_NEWS)
    assert people.heard == []
    assert delivery.left == ()
    assert store.reported_events == [for_ledger]


def test_a_pass_that_has_lost_its_lock_notifies_nobody(store):
    people = People()
    store.has_lock = False
    with pytest.raises(LockLostError):
        deliver(store, people, FIRST, now=NOON + timedelta(minutes=1))
    assert people.heard == []
