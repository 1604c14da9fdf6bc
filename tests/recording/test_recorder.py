"""A recording says what AWS did, and not whose account it was."""

from __future__ import annotations

import json
import os
import stat
from errno import ENOSPC
from io import StringIO
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from controller.recording.entry import Entry, RecordingError, read
from controller.recording.recorder import Recorder
from controller.recording.vocabulary import HIDDEN, KEPT, MESSAGES, OWN
from local.aws import LaptopAws
from local.clock import ManualClock
from recording.days import ACME, OTHER, START, record_a_day


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("recorded") / "acme.jsonl"
    aws = record_a_day(ACME, path)
    return path, aws


def test_two_accounts_that_do_the_same_leave_the_same_recording(recorded, tmp_path):
    """So nothing in it says which of them it was."""
    record_a_day(OTHER, tmp_path / "other.jsonl")
    ours = recorded[0].read_text().splitlines()
    assert (tmp_path / "other.jsonl").read_text().splitlines() == ours


def test_no_name_id_address_or_secret_is_in_the_file(recorded):
    text = recorded[0].read_text()
    for given in (ACME.word, ACME.account, ACME.tail, ACME.public_ip, ACME.password, "DB_PASS"):
        assert given not in text


def test_every_call_is_in_it_with_its_outcome(recorded):
    path, aws = recorded
    assert [(e.service, e.operation, e.error.get("code")) for e in read(path)] == [
        (call.service, call.operation, call.error_code) for call in aws.calls
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_moments_are_seconds_from_the_begin(recorded):
    path, aws = recorded
    begins = [entry.at for entry in read(path)]
    assert begins == [(call.at - START).total_seconds() for call in aws.calls]
    created = next(e for e in read(path) if e.operation == "CreateService")
    assert created.answer["service"]["createdAt"] == {"$at": created.at}


def test_an_id_has_the_same_mask_in_every_answer(recorded):
    entries = read(recorded[0])
    made = next(e for e in entries if e.operation == "CreateLoadBalancer")
    (mapping,) = made.parameters["SubnetMappings"]
    arn = made.answer["LoadBalancers"][0]["LoadBalancerArn"]
    described = [e for e in entries if e.operation == "DescribeLoadBalancers"]
    assert {e.parameters["LoadBalancerArns"][0] for e in described} == {arn}
    addresses = [e for e in entries if e.operation == "DescribeAddresses"]
    assert {e.parameters["AllocationIds"][0] for e in addresses} == {mapping["AllocationId"]}
    assert arn == (
        "arn:aws:elasticloadbalancing:us-east-1:000000000001:loadbalancer/net/name-8/"
        "0000000000000001"
    )


def test_states_numbers_and_sentences_of_aws_stay(recorded):
    entries = read(recorded[0])
    states = [
        e.answer["LoadBalancers"][0]["State"]["Code"]
        for e in entries
        if e.operation == "DescribeLoadBalancers" and not e.error
    ]
    assert list(dict.fromkeys(states)) == ["provisioning", "active"]
    (refused,) = {e.error["message"] for e in entries if e.outcome == "ResourceInUse"}
    assert "is currently in use by a listener or a rule" in refused
    services = [e.answer for e in entries if e.operation == "DescribeServices"]
    assert services[-1]["failures"][0]["reason"] == "MISSING"
    service = services[11]["services"][0]
    assert (service["status"], service["launchType"]) == ("ACTIVE", "FARGATE")
    assert "has started 1 tasks: (task 0" in service["events"][-1]["message"]


def test_what_is_hidden_has_not_even_a_mask(recorded):
    (definition,) = [e for e in read(recorded[0]) if e.operation == "DescribeTaskDefinition"]
    container = definition.answer["taskDefinition"]["containerDefinitions"][0]
    assert container["command"] == "(hidden)"
    assert container["environment"] == "(hidden)"
    assert container["secrets"][0]["valueFrom"] == "(hidden)"
    assert container["image"].endswith(".dkr.ecr.us-east-1.amazonaws.com/name-3/app:1.29")


def test_a_call_without_an_answer_is_in_it(tmp_path):
    path = tmp_path / "lost.jsonl"
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1")
    with Recorder(path, ManualClock(START)) as recorder:
        recorder.attach(session)
        nowhere = Config(retries={"total_max_attempts": 1}, connect_timeout=2)
        client = session.client("ecs", endpoint_url="http://127.0.0.1:9", config=nowhere)
        with pytest.raises((EndpointConnectionError, ConnectTimeoutError)):
            client.list_clusters()
    (entry,) = read(path)
    assert (entry.status, entry.outcome[-5:], entry.answer) == (0, "Error", {})


def test_a_call_that_cannot_be_masked_goes_on_and_tells_nothing(tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("controller.recording.recorder.words_of", broken)
    aws = record_a_day(ACME, tmp_path / "broken.jsonl")
    entries = read(tmp_path / "broken.jsonl")
    assert len(entries) == len(aws.calls)
    assert {str(e.parameters) for e in entries} == {"{'$unmasked': 'ZeroDivisionError'}"}
    assert ACME.word not in (tmp_path / "broken.jsonl").read_text()


def test_a_line_is_read_as_it_was_written():
    entry = Entry(
        at=1.5, took=0.2, region="us-east-1", service="ecs", operation="ListTasks", parameters={}
    )
    assert Entry(**json.loads(entry.line())) == entry


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", "found no"),
        ('{"recording": 99}\n', "found no"),
        ('{"recording": 1}\n{"at": 1}\n', ":2: not a recorded call"),
        ('{"recording": 1}\n[]\n', ":2: found '[]', expected one JSON object"),
        ("\xff", "cannot be read"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(tmp_path, text, reported):
    path = tmp_path / "file.jsonl"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(RecordingError) as refused:
        read(path)
    assert reported in str(refused.value) and "\n" not in str(refused.value)


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path):
    for place in (tmp_path / "no" / "such.jsonl", Path("/dev/full")):
        with (
            pytest.raises(RecordingError, match=r"--record .*: cannot be written: No s"),
            Recorder(place, ManualClock(START)),
        ):
            pass


def test_what_stood_there_stays_until_the_recording_begins(tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text("of the last trial\n")
    path.chmod(0o644)
    aws = LaptopAws()
    recorder = Recorder(path, aws.clock)
    session = aws.session()
    recorder.attach(session)
    client = session.client("ecs", region_name="us-east-1")
    client.list_clusters()
    assert path.read_text() == "of the last trial\n"

    with recorder:
        client.describe_clusters()
    assert [each.operation for each in read(path)] == ["ListClusters", "DescribeClusters"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


class FullDisk(StringIO):
    def write(self, text: str) -> int:
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def test_a_disk_that_is_full_ends_the_recording_and_not_the_calls(tmp_path):
    aws = LaptopAws()
    session = aws.session()
    with Recorder(tmp_path / "calls.jsonl", aws.clock) as recorder:
        recorder.attach(session)
        recorder._file.close()
        recorder._file = FullDisk()
        listed = session.client("ecs", region_name="us-east-1").list_clusters()
    assert listed["clusterArns"] == []
    assert recorder.broken == "No space left on device"


def test_every_member_that_is_treated_specially_exists():
    """A misspelt one would be masked as a name, or worse, be kept."""
    loader = boto3.Session(region_name="us-east-1")._session
    members = set()
    for service in ("application-autoscaling", "elbv2", "ecs", "ec2", "cloudwatch", "sts"):
        model = loader.get_service_model(service)
        shapes = [model.shape_for(name) for name in model.shape_names]
        structures = [shape for shape in shapes if shape.type_name == "structure"]
        members |= {(shape.name, name) for shape in structures for name in shape.members}
    assert (KEPT | MESSAGES | HIDDEN | OWN) - members == set()
