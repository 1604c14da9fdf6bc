"""The simulated AWS is compared with a recording: what differs is found, and only that."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from controller.domain.planning.timing import FAST
from controller.recording.entry import Entry, head, read
from local.fidelity.__main__ import command
from local.fidelity.differences import differences
from local.fidelity.replay import replay
from recording.days import ACME, record_a_day


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("held") / "acme.jsonl"
    record_a_day(ACME, path)
    return path


@pytest.fixture
def entries(path):
    return read(path)


def found(entries, timing=FAST):
    """(operation, kind, path, recorded, ours) of each difference."""
    return [
        (each.operation, each.kind, each.path, each.recorded, each.ours)
        for each in differences(replay(entries, timing).observations)
    ]


def changed(entries, operation, change, *, nth=None):
    """The entries, with `change` made to what answered the n-th call (or all) of an operation."""
    left = -1
    for entry in entries:
        left += entry.operation == operation
        if entry.operation == operation and nth in (None, left):
            fields = json.loads(entry.line())
            change(fields)
            entry = Entry(**fields)
        yield entry


def test_a_recording_of_the_simulated_aws_is_answered_alike(entries):
    replayed = replay(entries, FAST)
    assert differences(replayed.observations) == []
    assert replayed.compared.total() == len(entries) - 1
    assert dict(replayed.skipped.not_simulated) == {"sts:GetCallerIdentity": 1}
    assert not replayed.skipped.unknown and not replayed.skipped.accidents
    assert len(replayed.observations) > 3000


def test_a_state_that_comes_later_is_one_difference_in_time(entries):
    """Provisioning of 45 s is seen at the poll at 50 s, and of 75 s at 80 s."""
    slower = replace(FAST, lb_provisioning=75.0)
    late = [each for each in found(entries, slower) if each[2].endswith("State.Code")]
    assert late == [
        (
            "DescribeLoadBalancers",
            "late",
            "LoadBalancers[].State.Code",
            "provisioning -> active",
            30.0,
        )
    ]


def test_a_state_that_comes_earlier_is_one_too(entries):
    quicker = replace(FAST, lb_provisioning=15.0)
    late = [each for each in found(entries, quicker) if each[2].endswith("State.Code")]
    assert [each[1:] for each in late] == [
        ("late", "LoadBalancers[].State.Code", "provisioning -> active", -30.0)
    ]


def test_a_change_between_two_polls_is_no_difference(entries):
    assert found(entries, replace(FAST, lb_provisioning=41.0)) == []


def test_a_state_that_only_aws_shows_is_found(entries):
    def impair(fields):
        fields["answer"]["LoadBalancers"][0]["State"]["Code"] = "active_impaired"

    tampered = list(changed(entries, "DescribeLoadBalancers", impair, nth=7))
    assert found(tampered) == [
        (
            "DescribeLoadBalancers",
            "course",
            "LoadBalancers[].State.Code",
            "provisioning -> active -> active_impaired -> active",
            "provisioning -> active",
        )
    ]


def _without_zone(fields):
    del fields["answer"]["LoadBalancers"][0]["CanonicalHostedZoneId"]


def _with_member(fields):
    fields["answer"]["LoadBalancers"][0]["CustomerOwnedIpv4Pool"] = "name-90"


def _other_number(fields):
    fields["answer"]["TargetGroups"][0]["HealthyThresholdCount"] = 4


def _other_enum(fields):
    fields["answer"]["LoadBalancers"][0]["Scheme"] = "internal"


def _one_more(fields):
    fields["answer"]["LoadBalancers"] *= 2


def _refused_otherwise(fields):
    fields["error"]["code"] = "OperationNotPermitted"


def _other_text(fields):
    fields["error"]["message"] = "A listener already exists on port 5000 of 'name-8'"


@pytest.mark.parametrize(
    ("operation", "nth", "change", "difference"),
    [
        (
            "CreateLoadBalancer",
            0,
            _without_zone,
            ("key", "LoadBalancers[].CanonicalHostedZoneId", "(absent)", "(present)"),
        ),
        (
            "CreateLoadBalancer",
            0,
            _with_member,
            ("key", "LoadBalancers[].CustomerOwnedIpv4Pool", "(present)", "(absent)"),
        ),
        (
            "CreateTargetGroup",
            0,
            _other_number,
            ("value", "TargetGroups[].HealthyThresholdCount", 4, 5),
        ),
        (
            "CreateLoadBalancer",
            0,
            _other_enum,
            ("value", "LoadBalancers[].Scheme", "internal", "internet-facing"),
        ),
        ("CreateLoadBalancer", 0, _one_more, ("length", "LoadBalancers[]", 2, 1)),
        (
            "DeleteTargetGroup",
            0,
            _refused_otherwise,
            ("course", "", "OperationNotPermitted -> ok", "ResourceInUse -> ok"),
        ),
    ],
)
def test_each_kind_of_difference_is_found_and_no_other(entries, operation, nth, change, difference):
    assert found(list(changed(entries, operation, change, nth=nth))) == [(operation, *difference)]


def test_the_words_of_a_refusal_are_compared_without_what_they_name(entries):
    (refused,) = [each for each in entries if each.outcome == "ResourceInUse"]
    renamed = refused.error["message"].replace("name-", "name-9")
    tampered = changed(
        entries, "DeleteTargetGroup", lambda f: f["error"].update(message=renamed), nth=0
    )
    assert found(list(tampered)) == []
    (difference,) = found(list(changed(entries, "DeleteTargetGroup", _other_text, nth=0)))
    assert difference[1] == "text"
    assert "currently in use" in difference[4] and "arn" in difference[4]


def test_an_id_that_names_two_resources_is_found(entries):
    def swap(fields):
        line = json.dumps(fields["answer"]).replace("/0000000000000001", "/0000000000000002")
        fields["answer"] = json.loads(line)

    tampered = list(changed(entries, "DescribeLoadBalancers", swap, nth=3))
    assert ("DescribeLoadBalancers", "course", "LoadBalancers[].LoadBalancerArn") in [
        each[:3] for each in found(tampered)
    ]


def test_what_aws_refused_and_we_would_do_is_undone(entries):
    """One difference, and all that follows is answered as if we had refused it as well."""

    def refuse(fields):
        fields.update(status=400, error={"code": "ResourceInUse", "message": "not yet"})
        del fields["answer"]

    number = next(n for n, e in enumerate(entries) if e.operation == "DeleteLoadBalancer")
    fields = json.loads(entries[number].line()) | {"at": 100.0}
    refuse(fields)
    tampered = sorted([*entries, Entry(**fields)], key=lambda entry: entry.at)
    assert found(tampered) == [
        ("DeleteLoadBalancer", "late", "", "ResourceInUse -> ok", -20.0),
    ]


def test_what_aws_did_and_we_refuse_is_done_as_soon_as_we_can(entries):
    """ECS here sees the link of target group and load balancer ten seconds later than there."""
    late = replace(FAST, association_visible=10.0)
    differing = [each for each in found(entries, late) if each[1] not in ("late", "time")]
    assert ("CreateService", "outcome", "", "ok", "InvalidParameterException") in differing
    replayed = replay(entries, late)
    assert replayed.compared["ecs:DescribeTasks"] == 12


def test_calls_that_cannot_be_compared_are_counted_and_named(entries):
    def throttle(fields):
        fields.update(status=400, error={"code": "Throttling", "message": "Rate exceeded"})
        fields.pop("answer")

    def elsewhere(fields):
        fields["parameters"]["LoadBalancerArns"] = [
            "arn:aws:elasticloadbalancing:us-east-1:000000000001:loadbalancer/net/name-8/"
            "0000000000000077"
        ]

    tampered = list(changed(entries, "DescribeAddresses", throttle, nth=0))
    tampered = list(changed(tampered, "DescribeLoadBalancers", elsewhere, nth=0))
    replayed = replay(tampered, FAST)
    assert differences(replayed.observations) == []
    assert dict(replayed.skipped.accidents) == {"ec2:DescribeAddresses": 1}
    assert dict(replayed.skipped.unknown) == {"elbv2:DescribeLoadBalancers": 1}


JUDGED = """
[[judged]]
operation = "CreateTargetGroup"
path = "*.HealthyThresholdCount"
recorded = "4"
reason = "a default that every request of ours states"
"""


@pytest.fixture
def written(tmp_path, entries):
    """A recording with one number that is another one, and a file that judges it harmless."""
    recording, judged = tmp_path / "other.jsonl", tmp_path / "judged.toml"
    lines = [e.line() for e in changed(entries, "CreateTargetGroup", _other_number, nth=0)]
    recording.write_text("\n".join([head("1"), *lines]) + "\n")
    judged.write_text(JUDGED)
    return recording, judged


def run(*arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments])


def test_the_command_lists_the_differences_and_fails(written):
    recording = written[0]
    ended = run(recording, "--profile", "fast")
    assert ended.exit_code == 1
    assert "elbv2:CreateTargetGroup TargetGroups[].HealthyThresholdCount" in ended.output
    assert ended.output.splitlines()[-1] == "differences: 1"
    assert "moto answers here: sts:GetCallerIdentity (1)" in ended.output
    reported = json.loads(run(recording, "--profile", "fast", "--json").output)
    assert [(each["recorded"], each["ours"]) for each in reported["differences"]] == [(4, 5)]


def test_a_judged_difference_is_harmless(written):
    recording, judged = written
    ended = run(recording, "--profile", "fast", "--judged", judged)
    assert (ended.exit_code, ended.output.splitlines()[-1]) == (0, "differences: 0")
    reported = json.loads(run(recording, "--profile", "fast", "--judged", judged, "--json").output)
    assert reported["harmless"][0]["reason"] == "a default that every request of ours states"
    assert reported["unused_judgements"] == []


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[[judged]]\npath = '*'\n", "expected a reason"),
        ("[[judged]]\nreason = 'all of them'\n", "expected a reason and some of"),
        ("[[judged]]\nreason = 'x'\nplace = 'y'\n", "found place"),
        ("[[judged", "cannot be read"),
    ],
)
def test_a_judgement_without_reason_or_bounds_is_refused(written, tmp_path, text, reported):
    judged = tmp_path / "wrong.toml"
    judged.write_text(text)
    ended = run(written[0], "--judged", judged)
    assert ended.exit_code == 2
    assert reported in ended.output and ended.output.count("\n") == 1


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    ended = run(tmp_path / "none.jsonl")
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert "none.jsonl" in ended.output
