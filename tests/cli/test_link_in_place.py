"""A link in place of a stack's name: the same words and exit codes, and no rights in AWS."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from deployed import STACK
from linked import Outsider, cut_off_from_aws

from controller.cli.link_address import parse_link
from local.function_url import FunctionUrl
from running_system import running


@pytest.fixture(scope="module")
def system():
    with running() as system:
        yield system


@pytest.fixture
def outside(system, monkeypatch, capfd):
    cut_off_from_aws(monkeypatch)
    return Outsider(system, capfd)


def test_a_link_wakes_reports_extends_and_releases_without_aws_credentials(outside, monkeypatch):
    link = outside.link(name="ci")
    settled = outside("status", "--watch", link)  # its first pass may still be under way
    assert settled.out.startswith(f"{STACK} is asleep until somebody wakes it\n")

    woken = outside("wake", link, "--for", "2h", "--reason", "demo", "--id", "build-1")
    assert woken.out.startswith(f"{STACK} is awake at http://127.0.0.")
    assert f"{STACK}: waking" in woken.err
    (lease,) = outside.live_leases()
    assert (lease.holder, lease.reason) == ("ci", "demo")
    assert lease.id.partition("-")[2].startswith("build-1#")

    full = outside("status", link).out
    assert "  why       ci asked for it: demo\n" in full
    assert "  asked by  ci until" in full

    monkeypatch.setenv("DORMOUSE_LINK", link)
    reported = json.loads(outside("status", "--json").out)
    assert (reported["stack"], reported["state"]) == (STACK, "awake")
    assert outside("extend", "--for", "3h").out.startswith(f"{STACK} is awake")
    assert len(outside.live_leases()) == 2  # the other is that of a job

    assert outside("release", STACK, "--id", "build-1").err == ""
    assert [each.holder for each in outside.live_leases()] == ["ci"]
    outside("release")
    assert outside.live_leases() == []
    again = outside("release")
    assert again.err == f"{STACK}: there is nothing of yours to release\n"
    assert link.partition("k=")[2] not in full + woken.out + woken.err


def test_what_a_link_may_not_do_is_said_and_ends_with_1(outside):
    said = outside("wake", outside.link("view"), "--no-wait", code=1)
    assert said.err == f'Error: {STACK}: This link allows "view"; this needs "wake"\n'
    assert said.out == ""


@pytest.mark.parametrize("length", ["soon", "13h", "close"])
def test_a_wrong_time_is_refused_as_with_a_name(outside, length):
    said = outside("wake", outside.link(), "--for", length, code=2)
    assert said.err.startswith("Error: for: ")
    assert outside.live_leases() == []


def test_a_link_that_does_not_work_is_one_line_and_ends_with_2(outside):
    good = outside.link()
    for link in (good[:-6] + "AAAAAA"[: 6 - 1] + "A", good.replace(STACK, "other")):
        said = outside("status", link, code=2)
        assert said.err.startswith("Error: the link to ")
        assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda link: link.partition("?")[0], "has no complete key after k="),
        (lambda link: link[:-30], "has no complete key after k="),
        (lambda link: link.replace("/s/", "/x/"), "names no stack"),
        (lambda link: link.replace("/s/", "/d/"), "is that of a door, which opens no page"),
        (
            lambda link: "http://example.com/" + link.partition("//")[2].partition("/")[2],
            "in the clear",
        ),
        (lambda link: link.replace("http", "ftp"), "cannot be read"),
        (lambda link: "https://[/s/a", "cannot be read"),
    ],
)
def test_what_is_no_link_is_refused_before_any_request(outside, change, said):
    link = outside.link()
    refused = outside("status", change(link), code=2)
    assert said in refused.err
    assert link.partition("k=")[2] not in refused.err


@pytest.mark.parametrize(
    "command",
    ["sleep", "cost", "rehearse", "unpublish", "link", "hours", "doctor", ("hold", "--asleep")],
)
def test_a_command_that_takes_names_only_says_so_and_keeps_the_link_secret(outside, command):
    link = outside.link()
    words = (command,) if isinstance(command, str) else command
    refused = outside(*words, link, code=2)
    assert "found a link, expected the name of a stack: only status, wake," in refused.err
    assert link.partition("k=")[2] not in refused.err


def test_a_name_goes_by_the_link_to_that_very_stack(outside, monkeypatch):
    monkeypatch.setenv("DORMOUSE_LINK", outside.link())
    assert outside("status", STACK).out.startswith(STACK)
    with pytest.raises(AssertionError, match="AWS was asked"):
        outside("status", "other")


def test_a_variable_that_holds_no_link_is_named_and_not_quoted(outside, monkeypatch):
    monkeypatch.setenv("DORMOUSE_LINK", "hunter2")
    said = outside("status", code=2)
    assert said.err.startswith("Error: DORMOUSE_LINK cannot be read; expected the form")
    assert "hunter2" not in said.err


def answering(status, body, kind="application/json", **headers):
    """Something else that stands where the wake URL should."""

    def handle(event, context):
        reply = {"statusCode": status, "body": body, "headers": {"content-type": kind, **headers}}
        return reply

    return FunctionUrl(handle)


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (200, "<html>Log in to the hotel</html>", {}, "does not answer as a wake URL does"),
        (200, "[]", {}, "does not answer as a wake URL does"),
        (
            302,
            "",
            {"location": "http://127.0.0.1:1/"},
            "does not answer as a wake URL does (HTTP 302)",
        ),
        (403, "<html>", {}, "does not answer as a wake URL does (HTTP 403)"),
        (502, "Internal Server Error", {}, f"{STACK}: HTTP 502"),
        (503, '{"detail": "The records cannot be read."}', {}, "The records cannot be read."),
        (429, '{"detail": "As many wakes as it may."}', {}, "As many wakes as it may"),
    ],
)
def test_what_answers_in_its_place_is_reported_in_one_line(outside, status, body, headers, said):
    with answering(status, body, **headers) as url:
        _, _, path = outside.link().partition("/s/")
        refused = outside("status", f"{url.address}/s/{path}", code=1)
    assert said in refused.err
    assert refused.err.count("\n") == 1


def test_a_link_that_nobody_answers_is_reported_in_one_line(outside):
    with answering(200, "{}") as url:
        address = url.address
    _, _, path = outside.link().partition("/s/")
    refused = outside("status", f"{address}/s/{path}", code=1)
    assert "does not answer (Connection refused)" in refused.err


def test_a_link_behind_a_domain_and_a_prefix_is_read_whole(outside):
    key = outside.link().partition("k=")[2]
    found = parse_link(f"https://wake.example.com/dormouse/s/api?utm_source=mail&k={key}#top")
    assert found.page == "https://wake.example.com/dormouse/s/api"
    assert (found.stack, found.key) == ("api", key)
    assert key not in repr(found)


def test_a_lease_of_a_link_ends_by_itself(outside):
    outside("wake", outside.link(), "--for", "1m", "--no-wait")
    outside.system.jump_to(outside.system.now + timedelta(minutes=2))
    assert outside.live_leases() == []
