"""The record of a rehearsal for real comes back as it was written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.domain.reporting.real_rehearsal import RealRehearsal, RealVerdict
from controller.domain.reporting.status import Status
from factories import NOON

DONE = RealRehearsal(
    not_before=NOON + timedelta(days=30),
    started_at=NOON - timedelta(minutes=4),
    ended_at=NOON,
    verdict=RealVerdict.NOT_ANSWERED,
    said="http://203.0.113.10:5000/: HTTP 503",
    tries=2,
)


@pytest.mark.parametrize("real", [None, RealRehearsal(not_before=NOON), DONE])
def test_it_is_kept_in_the_status(real):
    status = Status(real_rehearsal=real)
    assert Status.from_json(status.to_json()) == status


def test_it_has_ended_for_its_own_lease_and_not_for_a_later_one():
    assert DONE.has_ended(NOON - timedelta(minutes=4))
    assert not DONE.has_ended(NOON + timedelta(seconds=1))
    assert not RealRehearsal(not_before=NOON).has_ended(NOON)
