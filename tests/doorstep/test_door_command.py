"""`dormouse link --door`: what it prints wakes the stack, within the bounds that it was given."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from controller.cli.main import run
from controller.door_links import read_door
from installation import STACK, Installation
from local.function_url import make_event

URL = "https://door.example/"


@pytest.fixture
def installation():
    return Installation()


@pytest.fixture
def dormouse(installation, monkeypatch, capsys):
    """Run the command in the account of the installation, at its time."""
    monkeypatch.setattr("controller.cli.deployment.open_session", lambda: installation.session)
    monkeypatch.setattr("controller.cli.deployment.open_clock", lambda: installation.aws.clock)
    monkeypatch.setenv("DORMOUSE_TABLE", "dormouse")
    monkeypatch.setenv("DORMOUSE_URL", "https://pages.example/")
    outputs = [{"OutputKey": "DoorUrl", "OutputValue": URL}]
    stack = {
        "StackName": "dormouse",
        "CreationTime": installation.now,
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": outputs,
    }
    installation.aws.answer_with("cloudformation", "DescribeStacks", lambda _: {"Stacks": [stack]})

    def call(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert run(["link", *arguments]) == code
        said = capsys.readouterr()
        return said.out.strip(), said.err.strip()

    return call


def door_of(installation, url):
    key = url.removeprefix(f"{URL}d/{STACK}/").removesuffix("/")
    return read_door(installation.keys, key, installation.now)


def test_a_door_is_a_base_address_with_its_bounds_in_the_signature(installation, dormouse):
    url, _ = dormouse(
        STACK,
        "--door",
        "--name",
        "the shop",
        *("--from", "203.0.113.0/24,198.51.100.7", "--from", "2001:db8::/32"),
        *("--methods", "get, HEAD"),
        *("--expires", "7d"),
    )
    door = door_of(installation, url)
    assert url.startswith(f"{URL}d/{STACK}/") and url.endswith("/")
    assert (door.stack, door.name) == (STACK, "the shop")
    assert door.sources == ("203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32")
    assert door.methods == ("GET", "HEAD")
    assert timedelta(days=6) < door.expires_at - installation.now <= timedelta(days=7)


def test_a_door_without_bounds_takes_all(installation, dormouse):
    door = door_of(installation, dormouse(STACK, "--door")[0])
    assert (door.sources, door.methods, door.name) == ((), (), "")
    assert door.admits("192.0.2.1") and door.takes("DELETE")


def test_a_door_as_json(installation, dormouse):
    reported = json.loads(dormouse(STACK, "--door", "--methods", "GET", "--json")[0])
    assert reported["url"] == f"{URL}d/{STACK}/{reported['key']}/"
    assert (reported["door"], reported["from"], reported["methods"]) == (True, [], ["GET"])
    assert reported["id"] == door_of(installation, reported["url"]).id


@pytest.mark.parametrize("form", ["{url}", "{url}orders/1?x=y", "{key}"])
def test_a_door_is_withdrawn_by_its_address_or_its_key(installation, dormouse, form):
    reported = json.loads(dormouse(STACK, "--door", "--json")[0])
    _, said = dormouse("--withdraw", form.format(**reported))

    assert "withdrawn" in said
    rows = (
        installation.aws.session()
        .client("dynamodb")
        .query(
            TableName="dormouse",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "links"}},
        )["Items"]
    )
    assert [row["sk"]["S"] for row in rows] == [f"withdrawn#{reported['id']}"]


def test_a_door_opens_no_page(installation, dormouse):
    reported = json.loads(dormouse(STACK, "--door", "--json")[0])
    event = make_event("GET", f"/s/{STACK}?k={reported['key']}", {"accept": "application/json"})
    assert installation.ask("GET", event["rawPath"] + "?" + event["rawQueryString"]).status == 404


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((STACK, "--from", "203.0.113.0/24"), "--from is for doors; add --door"),
        ((STACK, "--methods", "GET"), "--methods is for doors; add --door"),
        ((STACK, "--door", "--from", "203.0.113.1/24"), '--from: "203.0.113.1/24" is no range'),
        ((STACK, "--door", "--from", "everywhere"), '--from: "everywhere" is no range'),
        ((STACK, "--door", "--methods", "GET;DROP"), '--methods: "GET;DROP" is no HTTP method'),
        ((STACK, "--door", "--methods", ","), "--methods: no method is named"),
        ((STACK, "--door", "--methods", ""), "--methods: no method is named"),
        ((STACK, "--door", "--from", ""), "--from: no range is named"),
        ((STACK, "--door", "--from", " ,"), "--from: no range is named"),
        ((STACK, "--door", "--scope", "admin"), "a door has no --scope"),
        (("--door", "--rotate"), "name the STACK that the door leads to"),
    ],
)
def test_options_that_do_not_go_together_are_input_that_is_wrong(dormouse, arguments, said):
    assert said in dormouse(*arguments, code=2)[1]


def test_more_ranges_than_a_key_holds_are_refused(dormouse):
    ranges = ",".join(f"10.{a}.{b}.0/24" for a in range(20) for b in range(20))
    assert "name fewer or wider ranges" in dormouse(STACK, "--door", "--from", ranges, code=2)[1]
