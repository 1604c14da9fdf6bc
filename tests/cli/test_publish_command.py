"""`dormouse publish`: what the table holds afterwards, and that a pass then does it."""

from __future__ import annotations

import shutil

import pytest
from deployed import SHIPPED, STACK, deploy

from controller.domain.spec import Spec
from local.faults import Fault
from system.desk import AWAKE


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Tuesday morning, in office hours; nothing is published."""
    made = deploy(monkeypatch, capsys, "Tue 09:30")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for key in (("stack", "spec"), ("stack", "status"), ("asked", "asked")):
        made.world.aws.session().client("dynamodb").delete_item(
            TableName="dormouse", Key={"pk": {"S": f"{key[0]}#{STACK}"}, "sk": {"S": key[1]}}
        )
    return made


@pytest.fixture
def directory(tmp_path):
    """The shipped stack, to be changed."""
    copy = tmp_path / STACK
    shutil.copytree(SHIPPED, copy)
    return copy


def stored(dormouse, stack: str = STACK) -> Spec | None:
    return dormouse.world.controller.table.spec(stack)


def edit(directory, old: str, new: str) -> None:
    for path in directory.glob("*.tf"):
        text = path.read_text()
        if old in text:
            path.write_text(text.replace(old, new, 1))
            return
    raise AssertionError(f"{old} is nowhere in {directory}")


def test_a_new_stack_is_stored_handed_on_and_woken_in_its_office_hours(dormouse):
    said = dormouse("publish", str(SHIPPED))
    assert said.out == f"{STACK}: published (4 resources)\n"
    assert stored(dormouse).source["dir"] == str(SHIPPED)
    assert dormouse.nudges == [STACK]
    dormouse.work()
    assert dormouse.world.desk.standing() == AWAKE
    assert dormouse("status").out.startswith(f"{STACK}  awake")


def test_publishing_again_writes_nothing(dormouse):
    dormouse("publish", str(SHIPPED))
    dormouse.work()
    before, start = stored(dormouse), len(dormouse.world.aws.calls)
    dormouse.world.aws.clock.advance(86400)  # only when it was compiled would differ

    assert dormouse("publish", str(SHIPPED)).out == f"{STACK}: unchanged\n"
    assert dormouse.written(start) == []
    assert dormouse.nudges == []
    assert stored(dormouse) == before


def test_what_changed_is_said_in_short(dormouse, directory):
    dormouse("publish", str(directory))
    edit(directory, '"30m"', '"45m"')
    edit(directory, "deregistration_delay   = 15", "deregistration_delay = 20")
    lines = dormouse("publish", str(directory)).out.splitlines()

    assert lines[0] == f"{STACK}: changed"
    assert "  ~ aws_lb_target_group.ecs_tg[0]" in lines
    assert '  ~ idle_timeout: "30m" -> "45m"' in lines
    assert len(lines) == 3
    told = dormouse("publish", str(directory), "--json").json["stacks"]
    assert [(each["stack"], each["state"]) for each in told] == [(STACK, "unchanged")]


def test_json_tells_what_came_and_went(dormouse):
    (told,) = dormouse("publish", str(SHIPPED), "--json").json["stacks"]
    assert (told["stack"], told["state"], told["hash"]) == (STACK, "new", stored(dormouse).hash)
    assert len(told["added"]) == 4
    assert (told["removed"], told["changed"], told["settings"]) == ([], [], {})


def test_one_directory_with_an_error_and_none_is_stored(dormouse, directory):
    edit(directory, '"30m"', '"soon"')
    broken = directory.rename(directory.with_name("broken"))
    start = len(dormouse.world.aws.calls)
    worse = broken.with_name("Worse")
    shutil.copytree(broken, worse)
    said = dormouse("publish", str(SHIPPED), str(broken), str(worse), code=2)

    assert f"{broken}: 1 error" in said.err
    assert f"{worse}: 2 errors" in said.err
    assert "var.dormouse: error: idle_timeout" in said.err
    assert said.out == ""
    assert dormouse.world.aws.calls[start:] == []


def test_several_at_once_each_under_its_name(dormouse, directory):
    other = directory.rename(directory.with_name("other"))
    said = dormouse("publish", str(SHIPPED), str(other))
    assert said.out.splitlines() == [
        f"{STACK}: published (4 resources)",
        "other: published (4 resources)",
    ]
    assert sorted(dormouse.nudges) == [STACK, "other"]
    assert dormouse.world.controller.table.published() == [STACK, "other"]


def test_terraforms_inputs_count(dormouse):
    dormouse("publish", "-var", "eip_alloc=eipalloc-0f0f0f0f", str(SHIPPED))
    assert "eipalloc-0f0f0f0f" in str(stored(dormouse).to_json())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("no-such-directory",), "there is no directory"),
        ((str(SHIPPED), str(SHIPPED)), 'are both named "nsfw-api"'),
        ((str(SHIPPED), str(SHIPPED), "--stack", "x"), "--stack names one stack"),
    ],
)
def test_wrong_input(dormouse, arguments, said):
    start = len(dormouse.world.aws.calls)
    assert said in dormouse("publish", *arguments, code=2).err
    assert dormouse.world.aws.calls[start:] == []


def test_a_publication_that_is_cut_off_leaves_nothing_half_done(dormouse):
    for when in ("before", "after"):
        dormouse.world.aws.faults.add(
            Fault(operation="TransactWriteItems", code="InternalServerError", status=500, when=when)
        )
        dormouse("publish", str(SHIPPED), code=1)
        is_due = dormouse.world.due_at() is not None
        assert (stored(dormouse) is not None) is is_due is (when == "after")
