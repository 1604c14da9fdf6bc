"""Who waits at the door, as page, JSON and command line tell it."""

from __future__ import annotations

import json

import pytest

from api.handler import make_handler
from controller.cli.main import run
from controller.links import Link, Scope
from doorstep.world import STACK
from installation import BROWSER, ENVIRONMENT
from local.function_url import Context, make_event


@pytest.fixture
def waiting(world):
    """Two requests that are held, one since 30 seconds and one since 20."""
    world.send(key=world.key(name="the <shop>"))
    world.run(10)
    world.send()
    world.run(20)
    return world


def page(world, language="en", accept=BROWSER):
    expires_at = world.now.replace(year=2030)
    link = Link(stack=STACK, scope=Scope.VIEW, expires_at=expires_at, id="page0001")
    target = f"/s/{STACK}?k={world.keys.sign(link, world.now)}"
    headers = {"accept": accept, "accept-language": language, "host": "laptop"}
    api = make_handler(ENVIRONMENT, session=world.aws.session(), clock=world.work.clock)
    return api(make_event("GET", target, headers), Context())["body"]


def test_the_page_tells_who_waits_and_for_how_long(waiting):
    text = page(waiting)
    assert "Waiting for it" in text
    assert "the &lt;shop&gt;, for 30" in text
    assert "door, for 20" in text


def test_the_page_tells_it_in_japanese(waiting):
    assert "待機中" in page(waiting, "ja")


def test_the_page_of_a_stack_at_whose_door_nobody_waits_says_nothing_of_it(world):
    assert "Waiting for it" not in page(world)


def test_the_json_of_a_link_tells_it_as_well(waiting):
    found = json.loads(page(waiting, accept="application/json"))["held"]
    assert [(each["who"], each["seconds"]) for each in found] == [("the <shop>", 30), ("door", 20)]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "the &lt;shop&gt; waits for it, for 30"), ("ja", "the &lt;shop&gt;が待機中")],
)
def test_the_board_of_a_team_tells_whom_its_pass_has_seen_wait(waiting, language, words):
    assert words in board(waiting, language)
    (row,) = json.loads(board(waiting, accept="application/json"))["stacks"]
    assert ("the <shop>", 30) in [(each["who"], each["seconds"]) for each in row["held"]]


def test_nobody_waits_on_the_board_once_it_is_awake(waiting):
    waiting.run(300)
    (row,) = json.loads(board(waiting, accept="application/json"))["stacks"]
    assert (row["state"], row["held"]) == ("awake", [])
    assert "waits for it" not in board(waiting)


def board(world, language="en", accept=BROWSER):
    expires_at = world.now.replace(year=2030)
    link = Link(stack="", team="*", scope=Scope.VIEW, expires_at=expires_at, id="team0001")
    headers = {"accept": accept, "accept-language": language, "host": "laptop"}
    api = make_handler(ENVIRONMENT, session=world.aws.session(), clock=world.work.clock)
    event = make_event("GET", f"/?k={world.keys.sign(link, world.now)}", headers)
    return api(event, Context())["body"]


def test_dormouse_status_tells_it(waiting, monkeypatch, capsys):
    monkeypatch.setattr("controller.cli.deployment.open_session", waiting.aws.session)
    monkeypatch.setattr("controller.cli.deployment.open_clock", lambda: waiting.work.clock)
    monkeypatch.setenv("DORMOUSE_TABLE", "dormouse")
    assert run(["status", STACK]) == 0
    reported = capsys.readouterr().out
    assert "the <shop> at the door, for 30 s" in reported
    assert "door at the door, for 20 s" in reported
