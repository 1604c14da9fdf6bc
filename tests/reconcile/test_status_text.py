"""The text of a status, written in parts, is what the whole status would be written as."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.history import Learned
from controller.domain.decision.lifecycle import Lifecycle
from controller.domain.money.meter import Meter
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress, Timeline
from controller.domain.reporting.status import Status
from controller.store import status_text
from controller.store.status_text import MOST_STACKS, StatusText, kept_texts
from factories import NOON

SECOND = timedelta(seconds=1)
FIRST = Status(
    target=Target.AWAKE,
    since=NOON,
    phase="load balancer starting",
    cause='"é", a quote and a line',
    lifecycle=Lifecycle(waking_since=NOON),
    progress=Progress().after_create("aws_lb.nlb[0]", "arn:lb", NOON),
    timeline=Timeline().see("aws_lb.nlb[0]", "creating", NOON),
    decision={"state": "awake"},
    learned=Learned(totals=(170.5,), steps={("aws_lb.nlb[0]", "creating"): (0.0,)}),
    meter=Meter(opened_at=NOON, use_since=NOON),
)
CHANGES = [
    {"updated_at": NOON + SECOND},
    {"phase": "health check"},
    {"lifecycle": Lifecycle(waking_since=NOON, ready_at=NOON + SECOND)},
    {"progress": Progress()},
    {"timeline": FIRST.timeline.see("aws_lb.nlb[0]", "", NOON + SECOND)},
    {"learned": Learned(totals=(170.5, 180.0))},
    {"meter": Meter(opened_at=NOON, use_since=NOON, read_at=NOON)},
    {"decision": {"state": "asleep"}},
    {"last_spec": {"region": "us-east-1"}},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_the_text_says_what_the_whole_status_says(change):
    text, later = StatusText(), replace(FIRST, **change)
    for status in (FIRST, later, later, FIRST):
        assert json.loads(text.of(status)) == status.to_json()
        assert Status.from_json(json.loads(text.of(status))) == status
    assert later != FIRST


def test_a_part_that_stays_as_it_was_is_not_written_out_again(monkeypatch):
    written = []

    def noted(body):
        written.append(body)
        return json.dumps(body)

    monkeypatch.setattr(status_text, "to_text", noted)
    text = StatusText()
    text.of(FIRST)
    assert len(written) == 1 + len(FIRST.parts)
    text.of(replace(FIRST, updated_at=NOON + SECOND))
    text.of(replace(FIRST, progress=Progress()))
    again = [each for each in written[1 + len(FIRST.parts) :] if "target" not in each]
    assert again == [Progress().to_json()]


def test_the_first_write_of_a_pass_writes_out_only_what_it_has_changed(monkeypatch):
    """What it has read is what the pass before wrote."""
    texts = kept_texts()
    before = texts("nsfw-api").of(FIRST)
    written = []
    monkeypatch.setattr(
        status_text, "to_text", lambda body: written.append(body) or json.dumps(body)
    )
    read = replace(Status.from_json(json.loads(before)), progress=Progress())
    found = json.loads(texts("nsfw-api").of(read))

    assert Status.from_json(found) == read
    assert [each for each in written if "phase" not in each] == [Progress().to_json()]


def test_the_texts_of_many_stacks_are_not_kept_for_ever():
    texts = kept_texts()
    first = texts("stack-0")
    for number in range(MOST_STACKS):
        texts(f"stack-{number}")
    assert texts("stack-0") is first
    for number in range(MOST_STACKS + 1):
        texts(f"stack-{number}")
    assert texts("stack-0") is not first
