"""What a mask looks like, and that it says no more than its form."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.recording.masks import Masks
from controller.recording.texts import Texts
from controller.recording.values import Values
from controller.recording.vocabulary import COMMON, words_of

ACCOUNT = "210987654321"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("subnet-0a1b2c3d4e5f60718", "subnet-00000000000000001"),
        ("subnet-0a1b2c3d", "subnet-00000001"),
        (ACCOUNT, "000000000001"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIAMASKED0000000001"),
        ("5f0c1b2a-0000-4000-8000-0123456789ab", "00000000-0000-0000-0000-000000000001"),
        ("203.0.113.25", "198.18.0.1"),
        ("203.0.113.0/24", "240.0.1.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2a05:d01c::17", "2001:db8::1"),
        ("::/0", "::/0"),
        ("06:7d:d5:aa:01:9f", "02:00:00:00:00:01"),
        ("acme-1234.elb.us-east-1.amazonaws.com", "name-1.elb.us-east-1.amazonaws.com"),
        ("ip-10-0-1-5.ec2.internal", "host-1.example"),
        ("registry.acme.com/team/app:1.4.0", "host-1.example/name-1/app:1.4.0"),
        ("jane.doe@acme.com", "host-1.example@host-2.example"),
        ("Payments of Acme Inc.", "text-1"),
        ("ELB net/acme/50dc6c495c0c9188", "ELB net/name-1/0000000000000001"),
        ("999.1.1.1", "name-1"),
        ("my-app-1a", "name-1"),
        ("us-east-1a", "us-east-1a"),
        ("ap-northeast-1", "ap-northeast-1"),
        ("traffic-port", "traffic-port"),
        ("200-399", "200-399"),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/Admins/jane",
            "arn:aws:sts::000000000001:assumed-role/name-1/name-2",
        ),
        (
            f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/acme-web:17",
            "arn:aws:ecs:us-east-1:000000000001:task-definition/name-1:17",
        ),
        ("net/acme/50dc6c495c0c9188", "net/name-1/0000000000000001"),
    ],
)
def test_a_mask_has_the_form_of_what_it_replaces(text, masked):
    assert Texts(Masks()).text(text, COMMON) == masked


def test_a_sentence_keeps_the_words_of_aws_and_no_others():
    texts = Texts(Masks())
    texts.text("acme-web", COMMON)  # a service's name, from a call before
    assert texts.sentence(
        f"User: arn:aws:iam::{ACCOUNT}:user/jane is not authorized to perform: "
        "ecs:UpdateService on resource: 'acme-web', because of host db.acme.com (10.0.0.256).",
        COMMON | {"ecs:UpdateService"},
    ) == (
        "User: arn:aws:iam::000000000001:user/name-2 is not authorized to perform: "
        "ecs:UpdateService on resource: 'name-1', because of host host-1.example (name-3)."
    )
    assert texts.sentence("Rule 'web1' is used by 'web2'.", COMMON) == (
        "Rule 'name-4' is used by 'name-5'."
    )
    assert texts.sentence("(service acme-web) has started 2 tasks: (task 0f3a).", COMMON) == (
        "(service name-1) has started 2 tasks: (task name-6)."
    )


def test_a_sentence_names_nobody_in_the_genitive_and_keeps_contractions_and_operations():
    texts = Texts(Masks())
    texts.text("jane", COMMON)
    words = words_of(model_of("ecs"))
    assert texts.sentence("Unable to assume jane's role: you've reached it, it can't.", words) == (
        "Unable to assume name-1's role: you've reached it, it can't."
    )
    assert texts.sentence("not authorized to perform: ecs:UpdateService", words) == (
        "not authorized to perform: ecs:UpdateService"
    )


MINE = [
    ("elbv2", "AddTags", {"Tags": [{"Key": "phone", "Value": "4915112345"}]}),
    ("elbv2", "AddTags", {"Tags": [{"Key": "4915112345", "Value": "cost/4915112345"}]}),
    ("ecs", "TagResource", {"tags": [{"key": "pin", "value": "4915112345"}]}),
    ("sts", "AssumeRole", {"ExternalId": "4915112345", "TokenCode": "4915112345"}),
]


@pytest.mark.parametrize(("service", "operation", "given"), MINE)
def test_a_number_that_somebody_has_thought_out_is_masked(service, operation, given):
    """Unlike a port or a count, which are AWS's."""
    assert "4915112345" not in str(masked(service, operation, given))


def test_what_a_container_hands_to_its_drivers_is_hidden():
    container = {"firelensConfiguration": {"type": "fluentbit", "options": {"key": "12345"}}}
    volume = {"dockerVolumeConfiguration": {"driverOpts": {"o": "pw=12345"}, "labels": {"a": "1"}}}
    given = {"containerDefinitions": [container], "volumes": [volume]}
    assert masked("ecs", "RegisterTaskDefinition", given) == {
        "containerDefinitions": [
            {"firelensConfiguration": {"type": "fluentbit", "options": "(hidden)"}}
        ],
        "volumes": [
            {"dockerVolumeConfiguration": {"driverOpts": "(hidden)", "labels": "(hidden)"}}
        ],
    }


@pytest.mark.parametrize(
    ("code", "shown"),
    [("UserInitiated", "text-1"), ("EssentialContainerExited", "jane wanted it so")],
)
def test_why_somebody_stopped_a_task_is_masked(code, shown):
    """What AWS says itself is a sentence, in which only names that were given before are masked."""
    task = {"stopCode": code, "stoppedReason": "jane wanted it so"}
    found = masked("ecs", "DescribeTasks", {"tasks": [task]}, answer=True)
    assert found["tasks"][0]["stoppedReason"] == shown


def model_of(service):
    return boto3.Session(region_name="us-east-1")._session.get_service_model(service)


def masked(service, operation, given, *, answer=False):
    model = model_of(service).operation_model(operation)
    shape = model.output_shape if answer else model.input_shape
    values = Values(Masks(), datetime(2026, 11, 30, tzinfo=UTC))
    return values.masked(given, shape, words_of(model_of(service)))


@given(st.lists(st.ip_addresses(v=4, network="10.0.0.0/8"), min_size=2, max_size=5, unique=True))
def test_private_addresses_keep_their_neighbours(addresses):
    """However long the prefix is that two of them share, their masks share just that."""
    masks = Masks()
    masked = [ip_address(masks.of("ipv4", str(each))) for each in addresses]
    for length in (8, 16, 24, 28, 31, 32):
        assert _groups(addresses, length) == _groups(masked, length)


def _groups(addresses, length):
    networks = [ip_network(f"{each}/{length}", strict=False) for each in addresses]
    return [networks.index(each) for each in networks]


def test_a_subnet_keeps_its_addresses_and_its_size():
    masks = Masks()
    subnet = ip_network(masks.of("network", "10.0.1.0/24"))
    assert subnet.prefixlen == 24
    assert ip_address(masks.of("ipv4", "10.0.1.77")) in subnet
    assert subnet.subnet_of(ip_network(masks.of("network", "10.0.0.0/16")))


def test_masks_of_two_recordings_cannot_be_compared():
    first, second = (
        [Masks().of("ipv4", f"10.{n}.7.{n}") for n in range(9)],
        [Masks().of("ipv4", f"10.{n}.7.{n}") for n in range(9)],
    )
    assert first != second
