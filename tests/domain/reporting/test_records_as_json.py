"""A stack's records are read back as they were written, and also where something is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.history import Event, EventKind, Learned, Wake
from controller.domain.decision.lifecycle import (
    Activity,
    BilledResource,
    ConsumedRequests,
    Failure,
    Lifecycle,
    Slept,
)
from controller.domain.planning.progress import LastAction, Progress, Timeline
from controller.domain.planning.serving import Degraded, Shortfall
from controller.domain.reporting.status import Status, Trouble
from domain.decision_inputs import BALANCER, at, hold, lease, quiet

SPENT = ConsumedRequests(
    leases=frozenset({("a", at("09:00")), ("b", at("10:00"))}),
    windows_until=at("09:00"),
    hold_at=at("11:00"),
)
FAILURE = Failure(at=at("10:00"), cause="no image", spec_hash="sha256:1", spent=SPENT)
WAKE = Wake(
    started_at=at("12:00"),
    ready_at=at("12:03:20"),
    reason="a demo",
    from_rest=False,
    steps=(("aws_lb.a", "starting", 140.0),),
)
EVENT = Event(
    stack="a", at=at("12:04"), kind=EventKind.AWAKE, reason="a demo", facts={"rule": "lease"}
)
MARKS = Lifecycle(
    waking_since=at("12:00"),
    ready_at=at("12:04"),
    incomplete_since=at("12:30"),
    unserved_since=at("12:31"),
    served_again_at=at("12:29"),
    billed=(BilledResource(address="aws_lb.a", arn=BALANCER, since=at("12:01")),),
    activity=replace(quiet("12:10", "12:40", "12:43", last="12:10"), note="partial"),
    spent=SPENT,
    slept=Slept(at=at("11:20"), rule="idle", reason="nobody has used it for 30 min"),
    failure=FAILURE,
)
PROGRESS = Progress(
    created={"aws_lb.a": LastAction(BALANCER, at("12:01"))},
    deleted={"aws_lb.b": LastAction("arn:b", at("11:21"))},
    settled=frozenset({"arn:a#1", "arn:b#2"}),
    failures={"aws_lb.b": 1},
    retry_at={"aws_lb.c": at("12:05")},
    leftovers_checked_for="sha256:1",
    cold_since=at("11:20"),
)
TIMELINE = (
    Timeline()
    .see("aws_lb.a", "creating", at("12:00"))
    .see("aws_lb.a", "starting", at("12:01"))
    .see("aws_ecs_service.a", "draining", at("12:02"))
)
DEGRADED = Degraded(
    since=at("12:30"),
    cause="a task stopped",
    services=(Shortfall(address="aws_ecs_service.a", name="a", serving=1, wanted=2),),
    least=1,
)
TROUBLE = Trouble(since=at("09:00"), cause="draining", standing=("aws_ecs_service.a",))

WHOLE = [
    hold("asleep", "10:00", "11:00", reason="a migration", over=frozenset({"a", "b"})),
    lease("10:00", "11:00", reason="a demo", extended_at=at("10:30")),
    MARKS.activity,
    SPENT,
    MARKS,
    WAKE,
    Learned.of([replace(WAKE, from_rest=True)]),
    EVENT,
    PROGRESS,
    TIMELINE,
    TROUBLE,
    DEGRADED,
]


@pytest.mark.parametrize("record", WHOLE, ids=lambda record: type(record).__name__)
def test_a_record_is_read_back_as_it_was_written(record):
    written = json.loads(json.dumps(record.to_json()))
    assert type(record).from_json(written) == record


EVERYTHING = None
MAY_BE_MISSING = [
    (hold("asleep", "10:00", "11:00"), {"reason", "over"}),
    (lease("10:00", "11:00"), {"reason", "extended_at"}),
    (Activity(read_at=at("10:00")), {"last_at", "quiet_since", "known_until", "note"}),
    (ConsumedRequests(), EVERYTHING),
    (Lifecycle(), EVERYTHING),
    (
        Wake(started_at=at("9:00"), ready_at=at("9:03"), reason="", from_rest=True),
        {"seconds", "reason", "from_rest", "steps"},
    ),
    (Learned(), EVERYTHING),
    (Event(stack="a", at=at("12:04"), kind=EventKind.AWAKE, reason=""), {"facts"}),
    (Progress(), EVERYTHING),
    (Trouble(since=at("09:00"), cause="draining"), {"standing"}),
    (Status(), EVERYTHING),
]


@pytest.mark.parametrize(
    ("record", "missing"), MAY_BE_MISSING, ids=[type(one).__name__ for one, _ in MAY_BE_MISSING]
)
def test_what_an_earlier_release_or_a_hand_has_left_out_is_as_if_there_were_none(record, missing):
    whole = record.to_json()
    least = {key: value for key, value in whole.items() if missing and key not in missing}
    assert type(record).from_json(least) == record


def test_a_failure_that_names_no_consumed_request_consumed_nothing():
    written = MARKS.to_json()
    del written["failure"]["spent"]
    assert Lifecycle.from_json(written) == replace(
        MARKS, failure=replace(FAILURE, spent=ConsumedRequests())
    )


def test_times_are_written_as_texts_and_lists_in_one_order():
    assert SPENT.to_json() == {
        "leases": [["a", "2026-11-23T09:00:00Z"], ["b", "2026-11-23T10:00:00Z"]],
        "windows_until": "2026-11-23T09:00:00Z",
        "hold_at": "2026-11-23T11:00:00Z",
    }
    assert WAKE.to_json()["seconds"] == 200
    assert lease("10:00", "11:00", extended_at=at("10:30")).to_json()["extended_at"] == (
        "2026-11-23T10:30:00Z"
    )
    assert Status(spread_offset=timedelta(seconds=90)).to_json()["spread_offset_seconds"] == 90
