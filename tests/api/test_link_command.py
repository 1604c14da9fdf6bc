"""`dormouse link`: what it prints opens the page, and what it withdraws does not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from api.keyring import FRESH
from controller.cli.main import run
from controller.store import items
from controller.store.withdrawals import KeysTurn, Withdrawals
from installation import KEYS, STACK
from local.errors import AwsError
from local.faults import Fault


@pytest.fixture
def dormouse(installation, monkeypatch, capsys):
    """Run the command in the account of the house, at its time."""
    monkeypatch.setattr("controller.cli.deployment.open_session", lambda: installation.session)
    monkeypatch.setattr("controller.cli.deployment.open_clock", lambda: installation.aws.clock)
    monkeypatch.setenv("DORMOUSE_TABLE", "dormouse")

    def call(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert run(["link", "--url", "http://laptop/", *arguments]) == code
        said = capsys.readouterr()
        return said.out.strip(), said.err.strip()

    return call


def opens(installation, url: str) -> bool:
    reply = installation.ask("GET", url.removeprefix("http://laptop"), accept="application/json")
    return reply.status == 200


def scope_of(installation, url: str) -> list[int]:
    target = url.removeprefix("http://laptop").replace("?", "/{}?")
    buttons = ("wake", "sleep")
    return [
        installation.ask("POST", target.format(b), accept="application/json").status
        for b in buttons
    ]


@pytest.mark.parametrize(
    ("scope", "statuses"), [("view", [403, 403]), ("wake", [202, 403]), ("admin", [202, 200])]
)
def test_a_link_opens_the_page_and_allows_what_its_scope_says(
    installation, dormouse, scope, statuses
):
    url, _ = dormouse(STACK, "--scope", scope)
    assert url.startswith(f"http://laptop/s/{STACK}?k=")
    assert opens(installation, url)
    assert scope_of(installation, url) == statuses


def test_the_first_link_makes_the_first_key_and_stores_it_encrypted(installation, dormouse):
    ssm = installation.session.client("ssm")
    ssm.delete_parameter(Name=KEYS)
    url, said = dormouse(STACK)
    assert said == "The first key was made."
    assert ssm.get_parameter(Name=KEYS)["Parameter"]["Type"] == "SecureString"
    assert opens(installation, url)
    assert dormouse(STACK)[1] == ""


def test_a_link_that_cannot_be_made_leaves_no_key_behind(installation, dormouse):
    ssm = installation.session.client("ssm")
    ssm.delete_parameter(Name=KEYS)

    def describe(params):
        raise AwsError("ValidationError", f"Stack with id {params['StackName']} does not exist")

    installation.aws.answer_with("cloudformation", "DescribeStacks", describe)
    _, said = dormouse(STACK, "--url", "", code=1)
    assert "The first key was made" not in said
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=KEYS)


def test_a_link_ends_when_it_was_set_to(installation, dormouse):
    url, _ = dormouse(STACK, "--expires", "2d")
    installation.aws.clock.advance(2 * 86400 - 1)
    assert opens(installation, url)
    installation.aws.clock.advance(1)
    assert not opens(installation, url)


def test_who_it_is_for_is_who_keeps_it_awake(installation, dormouse):
    url, _ = dormouse(STACK, "--name", "営業部")
    scope_of(installation, url)
    assert installation.leases()[0].holder == "営業部"


def test_a_link_to_what_is_not_published_is_made_with_a_warning(dormouse):
    """A misspelt name was found out by the first person who opened the link."""
    dormouse(STACK)
    url, said = dormouse("nsfw-apy")
    assert "/s/nsfw-apy?k=" in url
    assert said.startswith('warning: no stack "nsfw-apy" is published')


def test_links_outlast_a_rotation_by_the_overlap(installation, dormouse):
    old, _ = dormouse(STACK, "--expires", "365d")
    new, said = dormouse(STACK, "--expires", "365d", "--rotate", "--overlap", "7d")
    assert said == "Older links stop working in 7 days."
    installation.aws.clock.advance(6 * 86400)
    assert [opens(installation, old), opens(installation, new)] == [True, True]
    installation.aws.clock.advance(86400)
    assert [opens(installation, old), opens(installation, new)] == [False, True]


def test_a_rotation_without_a_stack_prints_no_link(installation, dormouse):
    old, _ = dormouse(STACK)
    assert opens(installation, old)
    out, said = dormouse("--rotate", "--overlap", "0")
    assert (out, said) == ("", "All older links stop working within a minute.")
    installation.aws.clock.advance(FRESH / timedelta(seconds=1))
    assert not opens(installation, old)


def test_one_link_is_withdrawn_and_the_others_stay(installation, dormouse):
    gone, kept = dormouse(STACK)[0], dormouse(STACK)[0]
    assert opens(installation, gone)
    dormouse("--withdraw", gone)
    installation.aws.clock.advance(FRESH / timedelta(seconds=1))
    assert [opens(installation, gone), opens(installation, kept)] == [False, True]


def test_two_withdrawals_at_once_lose_neither(installation, dormouse):
    """The second is given while the first has read the keys and not yet written."""
    links = [dormouse(STACK)[0] for _ in range(3)]
    between(installation, "PutItem", lambda: dormouse("--withdraw", links[1]))
    dormouse("--withdraw", links[0])
    installation.aws.clock.advance(FRESH / timedelta(seconds=1))
    assert [opens(installation, link) for link in links] == [False, False, True]


def test_a_withdrawal_while_all_links_are_ended_brings_none_back(installation, dormouse):
    old, other = dormouse(STACK)[0], dormouse(STACK)[0]
    between(installation, "PutItem", lambda: dormouse("--rotate", "--overlap", "0"))
    dormouse("--withdraw", other)
    installation.aws.clock.advance(FRESH / timedelta(seconds=1))
    assert [opens(installation, link) for link in (old, other)] == [False, False]


def test_two_rotations_at_once_leave_both_links_good(installation, dormouse):
    second = []
    between(installation, "PutItem", lambda: second.append(dormouse(STACK, "--rotate")[0]))
    first, _ = dormouse(STACK, "--rotate")
    assert [opens(installation, link) for link in (first, *second)] == [True, True]


def test_who_made_the_first_key_at_the_same_moment_does_not_end_the_others_link(
    installation, dormouse
):
    installation.session.client("ssm").delete_parameter(Name=KEYS)
    second = []
    between(installation, "PutParameter", lambda: second.append(dormouse(STACK)[0]))
    first, said = dormouse(STACK)
    assert said == ""  # the key was the other's
    assert [opens(installation, link) for link in (first, *second)] == [True, True]


def turn(installation, holder):
    return KeysTurn(
        installation.session.client("dynamodb"), "dormouse", installation.aws.clock, holder
    )


def waited(installation, job):
    began = installation.now
    job()
    return (installation.now - began).total_seconds()


def test_a_turn_that_was_not_given_back_ends_by_itself(installation, dormouse):
    """Its process has died: whoever comes next waits for half a minute."""
    turn(installation, "dead").__enter__()
    assert 29 <= waited(installation, lambda: dormouse(STACK, "--rotate")) <= 31


def test_a_turn_is_given_back_and_only_by_whoever_has_it(installation, dormouse):
    dormouse(STACK, "--rotate")
    assert waited(installation, lambda: dormouse(STACK, "--rotate")) == 0

    slow, quick = turn(installation, "slow"), turn(installation, "quick")
    slow.__enter__()
    quick.__enter__()  # half a minute later
    slow.__exit__()
    assert 29 <= waited(installation, lambda: dormouse(STACK, "--rotate")) <= 31


def test_a_turn_that_ends_far_ahead_is_void(installation, dormouse):
    """No process takes one for so long: a clock was wrong, or somebody has written it by hand."""
    far = {"holder": {"S": "nobody"}, "until": {"N": "99999999999"}}
    key = items.links_key(items.LOCK)
    installation.session.client("dynamodb").put_item(TableName="dormouse", Item={**key, **far})
    assert waited(installation, lambda: dormouse(STACK, "--rotate")) == 0


def test_withdrawn_links_have_room(installation, dormouse):
    """A parameter would have been full after some hundred."""
    kept = dormouse(STACK)[0]
    withdrawals = Withdrawals(installation.session.client("dynamodb"), "dormouse")
    for number in range(500):
        withdrawals.withdraw(f"{number:08x}", installation.now + timedelta(days=90))
    gone = dormouse(STACK)[0]
    dormouse("--withdraw", gone)
    installation.aws.clock.advance(FRESH / timedelta(seconds=1))
    assert [opens(installation, gone), opens(installation, kept)] == [False, True]


def test_a_withdrawal_is_forgotten_after_the_end_of_its_link(installation, dormouse):
    dormouse("--withdraw", dormouse(STACK, "--expires", "2d")[0])
    found = installation.session.client("dynamodb").scan(TableName="dormouse")["Items"]
    (item,) = [one for one in found if one["pk"]["S"] == "links"]
    ends = installation.now + timedelta(days=2)
    assert ends.timestamp() <= int(item["expires"]["N"]) <= (ends + timedelta(days=2)).timestamp()


def test_keys_that_cannot_be_read_are_begun_anew_as_the_error_says(installation, dormouse):
    ssm = installation.session.client("ssm")
    ssm.put_parameter(Name=KEYS, Value="nonsense", Type="SecureString", Overwrite=True)
    _, said = dormouse(STACK, code=1)
    assert "dormouse link --rotate --overlap 0" in said
    assert opens(installation, dormouse(STACK, "--rotate", "--overlap", "0")[0])


def between(installation, operation, act):
    """Something happens once, before the next call of `operation` acts."""
    due = [act]

    def happens(params):
        if due:
            due.pop()()
        return False

    installation.aws.faults.add(Fault(operation=operation, predicate=happens))


@pytest.mark.parametrize("arguments", [(), (STACK,), (STACK, "--door")])
def test_an_empty_link_is_not_withdrawn_and_makes_none(dormouse, arguments):
    """As an unset variable gives it."""
    out, said = dormouse(*arguments, "--withdraw", "", code=1)
    assert out == "" and "cannot withdraw the link" in said


def test_a_link_that_is_not_ours_cannot_be_withdrawn(dormouse):
    _, said = dormouse("--withdraw", "http://laptop/s/x?k=abc", code=1)
    assert "none of the present keys has signed it" in said


def test_json_tells_what_the_link_is(installation, dormouse):
    reported = json.loads(dormouse(STACK, "--json", "--expires", "1h")[0])
    assert (reported["stack"], reported["scope"]) == (STACK, "wake")
    assert reported["expires_at"] == "2026-11-23T10:00:00Z"
    assert reported["url"].endswith(reported["key"])


def test_the_address_is_read_from_aws(installation, dormouse, monkeypatch, capsys):
    requested = []
    output = {"OutputKey": "WakeUrl", "OutputValue": "https://abc.lambda-url.us-east-1.on.aws/"}
    answer = {"Stacks": [{"Outputs": [output]}]}
    installation.aws.answer_with(
        "cloudformation", "DescribeStacks", lambda p: requested.append(p["StackName"]) or answer
    )
    assert run(["link", STACK, "--deployment", "trial"]) == 0
    assert capsys.readouterr().out.startswith("https://abc.lambda-url.us-east-1.on.aws/s/nsfw-api")
    assert requested == ["trial"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["UPPER"],
        ["a" * 32],
        [STACK, "--expires", "0"],
        [STACK, "--expires", "9999d"],
        [STACK, "--scope", "root"],
        [STACK, "--name", "x" * 41],
        [STACK, "--name", "a\nb"],
    ],
)
def test_what_cannot_be_a_link_is_refused_before_any_call_to_aws(installation, dormouse, arguments):
    start = len(installation.aws.calls)
    dormouse(*arguments, code=2)
    assert installation.aws.calls[start:] == []


# for many stacks


def test_a_teams_link_opens_the_board_and_the_pages_that_it_covers(installation, dormouse):
    url, _ = dormouse("--team", "nsfw-*", "--scope", "wake")
    assert url.startswith("http://laptop/?k=")
    assert opens(installation, url)
    assert opens(installation, url.replace("/?", f"/s/{STACK}?"))
    assert not opens(installation, url.replace("/?", "/s/another?"))

    dormouse("--withdraw", url)
    installation.aws.clock.advance(FRESH.total_seconds())
    assert not opens(installation, url)


def test_a_teams_link_says_its_pattern(dormouse):
    said = json.loads(dormouse("--team", "pr-*", "--json")[0])
    assert (said["team"], said["scope"]) == ("pr-*", "wake")
    assert "stack" not in said


@pytest.mark.parametrize("arguments", [("--team", "PR*"), ("--team", ""), ("api", "--team", "*")])
def test_a_pattern_that_covers_nothing_is_refused(dormouse, arguments):
    _, said = dormouse(*arguments, code=2)
    assert "--team" in said
