"""Which files are states, told apart by content; and what is wrong with the others, in a line."""

from __future__ import annotations

import gzip
import json

import pytest

from controller.terraform.recognise import read_state
from controller.terraform.state import StateError
from state_values.states import FORMS, state, thing

EIP = {"id": "eipalloc-1", "public_ip": "192.0.2.1"}


def read(text: str | bytes):
    return read_state(text if isinstance(text, bytes) else text.encode(), "FILE")


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_resources(form):
    things = {
        "aws_eip.a": EIP,
        "aws_eip.many[0]": EIP,
        'aws_eip.by["x y"]': EIP,
        'module.m["b c"].aws_eip.a': EIP,
        'module.m["b c"].module.n[1].aws_eip.q["a\\"b"]': EIP,
        "data.aws_caller_identity.me": {"account_id": "123456789012"},
        'module.m["b c"].data.aws_vpc.v': {"id": "vpc-1"},
        "data.terraform_remote_state.net": {"backend": "s3", "outputs": {"color": "blue"}},
    }
    found = read(state(form, things)).things

    assert {address: one.values for address, one in found.items()} == things
    assert found["data.aws_caller_identity.me"].mode == "data"


@pytest.mark.parametrize("form", FORMS)
def test_what_is_deposed_is_not_there_and_what_is_tainted_is_marked(form):
    things = {
        "aws_eip.old": thing(EIP, deposed="0badc0de"),
        "aws_eip.bad": thing(EIP, tainted=True),
        "aws_eip.good": EIP,
    }
    found = read(state(form, things)).things

    assert {a: one.tainted for a, one in found.items()} == {
        "aws_eip.bad": True,
        "aws_eip.good": False,
    }


@pytest.mark.parametrize("form", FORMS)
def test_what_is_sensitive_is_marked_by_the_file_or_by_its_nature(form):
    things = {
        "aws_db_instance.d": thing(
            {"address": "db.example", "username": "u"}, sensitive=["username"]
        ),
        "random_password.p": {"result": "hush", "length": 4},
    }
    found = read(state(form, things)).things

    assert found["aws_db_instance.d"].sensitive["username"] is True
    assert not found["aws_db_instance.d"].sensitive.get("address")
    assert found["random_password.p"].sensitive["result"] is True


def test_a_plan_says_what_is_known_only_after_apply():
    one = read(state("plan", {"aws_eip.a": thing(EIP, unknown=["id"])})).things["aws_eip.a"]

    assert one.unknown == {"id": True}
    assert "id" not in one.values


def test_a_nested_secret_marks_only_its_place():
    data = json.loads(state("version-4", {"aws_x.y": {"block": [{"open": 1, "secret": 2}]}}))
    data["resources"][0]["instances"][0]["sensitive_attributes"] = [
        [
            {"type": "get_attr", "value": "block"},
            {"type": "index", "value": {"value": 0, "type": "number"}},
            {"type": "get_attr", "value": "secret"},
        ]
    ]

    assert read(json.dumps(data)).things["aws_x.y"].sensitive == {"block": {0: {"secret": True}}}


def test_a_map_that_looks_like_a_wrapped_value_stays_a_map():
    tags = {"type": "string", "value": "x"}

    assert read(state("version-4", {"aws_eip.a": {"tags": tags}})).things["aws_eip.a"].values == {
        "tags": tags
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"format_version": "1.0"}',
        '{"format_version": "1.0", "terraform_version": "1.11.4"}',
        '{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "", "outputs": {}}',
    ],
)
def test_an_empty_state_is_one(text):
    assert read(text).things == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_powershell_writes_is_read(encoding):
    content = state("shown", {"aws_eip.a": EIP}).encode(encoding)

    assert read(content).things["aws_eip.a"].values == EIP


REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "saved plan": (b"PK\x03\x04rest", "a saved plan"),
    "compressed": (gzip.compress(b"{}"), "compressed"),
    "binary": (b"\x80\x81\x82", "is not text"),
    "web page": (b"\n<!DOCTYPE html><html></html>", "web page"),
    "not JSON": (b'resource "aws_lb" "x" {}', "is not JSON"),
    "list": (b"[]", "a JSON list"),
    "text": (b'"x"', "not JSON|a JSON text"),
    "other JSON": (b'{"name": "x"}', "neither a state nor a plan"),
    "version 3": (
        b'{"version": 3, "terraform_version": "0.11.14", "lineage": "l", "modules": []}',
        "version 3.*before Terraform 0.12",
    ),
    "version 5": (b'{"version": 5, "terraform_version": "9.0.0"}', "version 5, expected 4"),
    "backend": (
        b'{"version": 3, "terraform_version": "1.11.4", "backend": {"type": "s3"}}',
        r"only says where the state is \(backend s3\).*state pull",
    ),
    "encrypted": (
        b'{"serial": 1, "lineage": "l", "meta": {}, "encrypted_data": "x", '
        b'"encryption_version": "v0"}',
        "encrypted.*tofu show",
    ),
    "outputs": (b'{"a": {"sensitive": false, "type": "string", "value": "x"}}', "only outputs"),
    "schemas": (b'{"format_version": "1.0", "provider_schemas": {}}', "another answer"),
    "validate": (b'{"format_version": "1.0", "valid": true, "diagnostics": []}', "another answer"),
    "form 2": (b'{"format_version": "2.0", "values": {}}', "form 2.0, expected 1"),
    "log": (b'{"@level": "info"}\n{"@level": "info"}\n', "the log of `terraform plan -json`"),
    "no instances": (
        b'{"version": 4, "terraform_version": "1.1.0", "resources": [{"mode": "managed", '
        b'"type": "aws_eip", "name": "a"}]}',
        "not whole.*'instances'",
    ),
    "resources of another type": (
        b'{"version": 4, "terraform_version": "1.1.0", "resources": "x"}',
        "not whole",
    ),
    "deep": (b"[" * 100_000, "nested too deeply|ends in the middle"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_anything_else_is_refused_in_one_line_that_says_what_it_is(case):
    content, expected = REFUSED[case]

    with pytest.raises(StateError, match=expected) as caught:
        read(content)
    assert str(caught.value).startswith("FILE ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_one_is_refused_wherever_it_ends(form):
    text = state(form, {"aws_eip.a": EIP, "data.aws_vpc.v": {"id": "vpc-1"}})

    for end in range(1, len(text)):
        with pytest.raises(StateError):
            read(text[:end])
