"""Commands that mean many stacks by one word."""

from __future__ import annotations

import json

import pytest
from deployed import STACK, deploy

from factories import article_spec


@pytest.fixture(scope="module")
def previews():
    """Seven previews beside the article's stack, which nobody wakes here."""
    patch = pytest.MonkeyPatch()
    made = deploy(patch, None, "Tue 22:00")
    for number in range(1, 8):
        spec = article_spec(stack=f"pr-{number}", policy=made.world.spec.policy)
        made.world.controller.table.put_spec(spec, made.world.now)
    yield made
    patch.undo()


@pytest.fixture
def dormouse(previews, capsys):
    previews.capsys = capsys
    return previews


def test_status_takes_a_pattern_and_tells_a_list(dormouse):
    said = dormouse("status", "pr-*", "--json").json
    assert [each["stack"] for each in said["stacks"]] == [f"pr-{n}" for n in range(1, 8)]
    said = dormouse("status", "pr-3*", "--json").json
    assert [each["stack"] for each in said["stacks"]] == ["pr-3"]
    said = dormouse("status", "*-api", "pr-1", "pr-*1", "--json").json
    assert [each["stack"] for each in said["stacks"]] == [STACK, "pr-1"]


def test_cost_adds_up_those_that_are_meant(dormouse):
    said = dormouse("cost", "pr-*", "--json").json
    assert len(said["stacks"]) == 7
    assert "lines" in said
    lines = dormouse("cost", "pr-2*", "--csv").out.splitlines()
    assert {line.split(",")[0] for line in lines[1:]} <= {"pr-2"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("wake", "pr-*", "--no-wait"),
        ("sleep", "pr-*"),
        ("hold", "pr-*", "--asleep", "--for", "1h"),
    ],
)
def test_more_than_five_need_a_confirmation(dormouse, arguments):
    table = dormouse.world.controller.table
    before, other = (
        [table.request_version(f"pr-{n}") for n in range(1, 8)],
        table.request_version(STACK),
    )
    said = dormouse(*arguments, code=2).err
    assert f"{arguments[0]} 7 stacks (pr-1, pr-2" in said
    assert "--yes" in said
    assert [table.request_version(f"pr-{n}") for n in range(1, 8)] == before

    dormouse(*arguments, "--yes")
    assert all(table.request_version(f"pr-{n}") > before[n - 1] for n in range(1, 8))
    assert table.request_version(STACK) == other


def test_few_need_no_confirmation(dormouse):
    reported = json.loads(dormouse("hold", "pr-1*", "--asleep", "--for", "2h", "--json").out)
    assert [each["stack"] for each in reported["stacks"]] == ["pr-1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("status", "shop-*"), 'no published stack has a name like "shop-*"'),
        (("wake", "PR*"), "is no pattern of stack names"),
        (("cost", "-*"), "is no pattern"),
    ],
)
def test_a_pattern_that_means_nothing_is_one_line(dormouse, arguments, said):
    arguments = (arguments[0], "--", arguments[1])
    assert said in dormouse(*arguments, code=2).err
