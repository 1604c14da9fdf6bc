"""What a plan of the edited files may hold, in the words of Terraform's own JSON."""

from __future__ import annotations

import pytest

from controller.adopt.proof import changed_outputs, not_nothing, not_only_moves


def plan(actions, before, after, **outputs):
    change = {"actions": actions, "before": before, "after": after, "after_unknown": {}}
    moved = {"address": "aws_lb.nlb[0]", "previous_address": "aws_lb.nlb", "change": change}
    return {"resource_changes": [moved], "output_changes": outputs}


TAGS = {"tags": {"dormouse:stack": "a"}, "tags_all": {"dormouse:stack": "a"}}
NONE = {"tags": {}, "tags_all": {}}


@pytest.mark.parametrize(
    "held",
    [
        plan(["no-op"], {"port": 1}, {"port": 1}),
        plan(["read"], None, {"port": 1}),
        plan(["update"], {"port": 1, **TAGS}, {"port": 1, **NONE}),
        plan(["update"], {"wait": None, **TAGS}, {"wait": False, **NONE}),
        plan(["no-op"], {}, {}, url={"actions": ["no-op"]}),
        {"format_version": "1.2"},
    ],
)
def test_moves_and_tags_pass(held):
    assert list(not_only_moves(held)) == []


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (plan(["update"], {"port": 1, **TAGS}, {"port": 2, **NONE}), "would be updated (port"),
        (plan(["update"], {"wait": False}, {"wait": True}), "would be updated (wait)"),
        (plan(["delete"], {"port": 1}, None), "aws_lb.nlb[0] would be destroyed"),
        (plan(["create"], None, {"port": 1}), "would be created"),
        (plan(["delete", "create"], {"a": 1}, {"a": 2}), "would be destroyed and created"),
        (
            plan(["no-op"], {}, {}, url={"actions": ["update"], "before": "a", "after": None}),
            "output.url would be updated",
        ),
    ],
)
def test_anything_else_is_named(held, says):
    (found,) = not_only_moves(held)
    assert says in found


def test_an_update_that_says_nothing_of_its_values_does_not_pass():
    held = plan(["update"], None, None)
    assert list(not_only_moves(held)) == ["aws_lb.nlb[0] would be updated"]


def test_tags_alone_are_something_to_do_when_all_is_done():
    assert list(not_nothing(plan(["update"], TAGS, NONE))) != []
    assert list(changed_outputs(plan(["update"], TAGS, NONE))) == []
