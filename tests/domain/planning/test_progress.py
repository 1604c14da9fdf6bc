"""What a pass remembers of its own calls, and for how long that counts more than a read."""

from __future__ import annotations

from datetime import timedelta

from controller.domain.planning.progress import (
    DELETE_LAG,
    READ_LAG,
    LastAction,
    Progress,
    Timeline,
    settled_key,
)
from domain.decision_inputs import at
from factories import LB, SERVICE, TG, service, target_group

ARN = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/ecs-target-group/1"
MOMENT = timedelta(microseconds=1)


def test_not_found_means_nothing_right_after_an_own_create():
    made = Progress().after_create(TG, ARN, at("12:00"))
    assert made.just_created(TG, at("12:00") + READ_LAG - MOMENT) == LastAction(ARN, at("12:00"))
    assert made.just_created(TG, at("12:00") + READ_LAG) is None
    assert made.just_created(LB, at("12:00")) is None


def test_what_is_listed_right_after_an_own_delete_is_what_was_deleted():
    gone = Progress().after_delete(TG, ARN, at("12:00"))
    assert gone.is_doomed(TG, ARN, at("12:00") + DELETE_LAG - MOMENT) is True
    assert gone.is_doomed(TG, ARN, at("12:00") + DELETE_LAG) is False
    assert gone.is_doomed(TG, f"{ARN}0", at("12:00")) is False  # another one of the same address
    assert gone.is_doomed(LB, ARN, at("12:00")) is False


def test_each_address_remembers_its_own_last_create_and_delete():
    done = (
        Progress()
        .after_create(LB, "arn:lb", at("12:00"))
        .after_create(TG, ARN, at("12:01"))
        .after_delete(LB, "arn:lb", at("12:02"))
        .after_delete(SERVICE, "arn:s", at("12:03"))
    )
    assert done.created == {TG: LastAction(ARN, at("12:01"))}
    assert done.deleted == {
        LB: LastAction("arn:lb", at("12:02")),
        SERVICE: LastAction("arn:s", at("12:03")),
    }
    assert done.after_create(TG, "arn:2", at("12:04")).created[TG] == LastAction(
        "arn:2", at("12:04")
    )


def test_a_service_drains_since_its_delete_unless_it_was_made_again_since():
    """A service that is made again has the same ARN; the clock of who made it may run behind."""
    gone = Progress().after_create(SERVICE, "arn:s", at("11:00"))
    gone = gone.after_delete(SERVICE, "arn:s", at("12:00"))
    assert gone.draining_since(SERVICE, "arn:s") == at("12:00")
    assert gone.draining_since(SERVICE, "arn:other") is None
    assert gone.draining_since(TG, "arn:s") is None
    for made_at in ("12:00:01", "12:00", "11:59"):
        again = gone.after_create(SERVICE, "arn:s", at(made_at))
        assert again.draining_since(SERVICE, "arn:s") is None


def test_what_had_to_be_created_again_is_counted_until_the_transition_is_done():
    once = Progress().after_failure(SERVICE)
    assert once.is_recreated(SERVICE) and not once.is_recreated(LB)
    twice = once.after_failure(LB).after_failure(SERVICE)
    assert twice.failures == {SERVICE: 2, LB: 1}

    done = twice.holding_back(LB, at("12:00")).after_create(TG, ARN, at("12:00")).without_failures()
    assert (done.failures, done.retry_at) == ({}, {})
    assert done.created


def test_a_call_is_held_back_until_aws_wants_to_hear_it_again():
    held = Progress().holding_back(LB, at("12:01")).holding_back(TG, at("12:02"))
    assert held.is_held_back(LB, at("12:00:59"))
    assert not held.is_held_back(LB, at("12:01"))
    assert held.is_held_back(TG, at("12:01"))
    assert not held.is_held_back(SERVICE, at("12:00"))


# settings that need not be read again


def test_settled_is_an_object_with_the_settings_of_today():
    spec = target_group()
    settled = Progress().with_settled(frozenset({settled_key(ARN, spec)}), frozenset({ARN}))
    assert settled.is_settled(ARN, spec)
    assert not settled.is_settled(f"{ARN}0", spec)
    assert not settled.is_settled(ARN, target_group(attributes={"a": "b"}))
    assert settled.is_settled(ARN, target_group(request={"Port": 80}))  # it is another one then


def test_a_service_is_settled_by_its_request():
    mark = settled_key("arn:s", service())
    assert mark != settled_key("arn:s", service(request={"desiredCount": 2}))


def test_a_digest_of_settings_is_short_and_ignores_their_order():
    one, other = ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    mark = settled_key(ARN, target_group(attributes=one))
    assert mark == settled_key(ARN, target_group(attributes=other))
    assert len(mark) == len(ARN) + len("#") + 12


def test_digests_are_forgotten_with_their_objects():
    first = Progress().with_settled(
        frozenset({"arn:a#1", "arn:b#1"}), frozenset({"arn:a", "arn:b"})
    )
    second = first.with_settled(frozenset({"arn:c#1"}), frozenset({"arn:b", "arn:c"}))
    assert second.settled == {"arn:b#1", "arn:c#1"}
    assert second.to_json()["settled"] == ["arn:b#1", "arn:c#1"]


# the timeline


def steps(timeline):
    return [(s.address, s.step, s.started_at, s.finished_at) for s in timeline.steps]


def test_a_step_lasts_as_long_as_it_is_seen_without_a_break():
    seen = (
        Timeline()
        .see(LB, "starting", at("12:00"))
        .see(TG, "creating", at("12:00"))
        .see(LB, "starting", at("12:01"))
        .see(LB, "", at("12:02"))
        .see(LB, "", at("12:03"))
        .see(LB, "starting", at("12:04"))
    )
    assert steps(seen) == [
        (LB, "starting", at("12:00"), at("12:02")),
        (TG, "creating", at("12:00"), None),
        (LB, "starting", at("12:04"), None),
    ]
    assert seen.to_json()[0]["finished_at"] == "2026-11-23T12:02:00Z"
