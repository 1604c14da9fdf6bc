from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.decision.lease import Lease
from controller.domain.errors import InvalidLeaseError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make(**changes):
    values = {
        "stack": "nsfw-api",
        "id": "l1",
        "holder": "wake link",
        "reason": "demo at noon",
        "granted_at": NOON,
        "expires_at": NOON + HOUR,
    }
    return Lease(**{**values, **changes})


def test_a_lease_covers_its_first_moment_and_not_its_last():
    lease = make()

    assert lease.covers(NOON)
    assert lease.covers(NOON + HOUR - timedelta(microseconds=1))
    assert not lease.covers(NOON + HOUR)
    assert not lease.covers(NOON - timedelta(microseconds=1))


def test_extending_replaces_the_end_and_nothing_else():
    lease = make()

    assert lease.extended(NOON + 3 * HOUR) == make(expires_at=NOON + 3 * HOUR)
    assert lease == make()


def test_a_lease_needs_time_zones():
    with pytest.raises(InvalidLeaseError, match=r'"wake link".*"nsfw-api": granted_at has no time'):
        make(granted_at=NOON.replace(tzinfo=None))
    with pytest.raises(InvalidLeaseError, match="expires_at has no time zone"):
        make(expires_at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("length", [timedelta(0), -HOUR])
def test_a_lease_ends_after_it_begins(length):
    with pytest.raises(InvalidLeaseError, match="expected a moment after 2026-11-23T12:00:00Z"):
        make(expires_at=NOON + length)
    with pytest.raises(InvalidLeaseError, match="expected a moment after"):
        make().extended(NOON + length)


def test_a_lease_is_kept_as_json():
    lease = make()

    assert lease.to_json() == {
        "stack": "nsfw-api",
        "id": "l1",
        "holder": "wake link",
        "reason": "demo at noon",
        "granted_at": "2026-11-23T12:00:00Z",
        "expires_at": "2026-11-23T13:00:00Z",
    }
    assert Lease.from_json(lease.to_json()) == lease


@pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(0), timedelta(minutes=3)])
def test_a_released_lease_ends_then_whatever_clock_has_dated_it(ahead):
    lease = make(granted_at=NOON + ahead, expires_at=NOON + timedelta(hours=2))
    released = lease.released(NOON)
    assert not released.covers(NOON)
    assert (released.expires_at, released.released_at) == (NOON, NOON)
    assert Lease.from_json(released.to_json()) == released
