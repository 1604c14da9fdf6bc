"""What every kind of resource has to have, and the parts that the kinds share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controller.aws.clients import Clients
from controller.aws.context import Context
from controller.aws.kinds import make_kinds
from controller.aws.scheduled_action import is_over
from controller.aws.settings import said
from controller.aws.snapshot import Snapshot
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind
from controller.mapping.kinds import BY_KIND
from factories import EIP, LB, NOON, SERVICE, TG, article_spec, scaled_spec
from local.aws import LaptopAws
from local.operations import OPERATIONS


def kinds_of(spec):
    return make_kinds(Context(spec, Clients(LaptopAws().session(), "us-east-1")))


def test_each_kind_is_read_from_terraform_and_made_in_aws():
    assert BY_KIND.keys() == set(Kind)
    made = kinds_of(scaled_spec())
    assert made.keys() == set(Kind)
    assert all(kind is adapter.kind for kind, adapter in made.items())


def test_only_the_kinds_of_a_stack_are_made():
    assert not any(kind.is_companion for kind in kinds_of(article_spec()))


@pytest.mark.parametrize("kind", Kind)
def test_the_create_of_each_kind_is_played_on_the_simulated_aws(kind):
    service, operation = BY_KIND[kind].operation
    assert operation in OPERATIONS[service]


def test_users_go_to_sleep_before_what_they_use():
    turns = {kind: kind.traits.turn for kind in Kind}
    assert len(set(turns.values())) == len(turns)
    for kind in Kind:
        assert all(turns[kind] < turns[other] for other in kind.traits.goes_with), kind


def snapshot(**changes):
    given = {"spec": article_spec(), "target": Target.AWAKE, "progress": Progress(), "now": NOON}
    return Snapshot(**(given | changes))


BALANCER = {
    "LoadBalancerArn": "arn:lb",
    "AvailabilityZones": [
        {"ZoneName": "us-east-1a", "LoadBalancerAddresses": [{"AllocationId": EIP}]}
    ],
}


def test_a_snapshot_knows_what_was_found_and_by_whom_it_is_referred_to():
    seen = snapshot()
    seen.put(LB, BALANCER, {"arn": "arn:lb", "id": "arn:lb"})
    seen.put(TG, None, {})
    assert (seen.arn(LB), seen.arn(TG)) == ("arn:lb", "")
    assert list(seen.of_kind(Kind.LOAD_BALANCER)) == [BALANCER]
    assert seen.balancer_with(EIP) == "arn:lb"
    assert seen.served_zones == {"us-east-1a"}
    assert seen.known[LB]["arn"] == "arn:lb"


def test_what_was_made_a_moment_ago_may_be_referred_to_before_a_read_shows_it():
    made = Progress().after_create(TG, "arn:tg", NOON)
    assert snapshot(progress=made).known[TG] == {"arn": "arn:tg", "id": "arn:tg"}
    later = snapshot(progress=made, now=NOON + timedelta(minutes=5))
    assert TG not in later.known


def test_a_partial_read_takes_the_rest_from_the_last_snapshot():
    last = snapshot()
    last.put(LB, BALANCER, {"arn": "arn:lb"})
    last.put(SERVICE, {"serviceArn": "arn:s"}, {"arn": "arn:s"})
    last.health["arn:tg"] = []
    part = snapshot(only={SERVICE})
    part.take_over(last)
    assert (part.arn(LB), part.arn(SERVICE)) == ("arn:lb", "")
    assert part.health == last.health
    assert part.reads(SERVICE) and not part.reads(LB)


AT = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ({"A": 1}, {"A": 1, "B": 2}, True),
        ({"A": 1, "B": 2}, {"A": 1}, False),
        ({"A": 60}, {"A": 60.0}, True),
        ([{"N": "a"}, {"N": "b"}], [{"N": "b", "more": 1}, {"N": "a"}], True),
        ([{"N": "a"}], [{"N": "a"}, {"N": "b"}], False),
        ([{"N": "a"}, {"N": "a"}], [{"N": "a"}, {"N": "b"}], False),
        ("2026-11-23T21:00:00+01:00", AT, True),
        ("2026-11-23T21:00:00Z", AT, False),
        ({"A": {"B": [1]}}, {"A": {}}, False),
    ],
)
def test_only_what_the_request_says_is_compared(wanted, found, same):
    read, actual = said("X")
    assert (read({"X": wanted}) == actual({"X": found})) is same


@pytest.mark.parametrize(
    ("request_", "over"),
    [
        ({"Schedule": "at(2026-11-23T19:59:59)"}, True),
        ({"Schedule": "at(2026-11-23T20:00:01)", "Timezone": "UTC"}, False),
        ({"Schedule": "at(2026-11-23T20:30:00)", "Timezone": "Europe/Berlin"}, True),
        ({"Schedule": "at(2026-11-23T20:30:00)", "Timezone": "Moon/Sea"}, False),
        ({"Schedule": "cron(0 20 * * ? *)"}, False),
        ({"Schedule": "rate(1 hour)", "EndTime": "2026-11-23T20:00:00Z"}, True),
        ({"Schedule": "rate(1 hour)", "EndTime": "2026-11-24T20:00:00Z"}, False),
        ({"Schedule": "at(some day)"}, False),
    ],
)
def test_when_a_scheduled_action_is_over(request_, over):
    assert is_over(request_, AT) is over
