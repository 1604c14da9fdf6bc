"""`dormouse publish`: what the table holds afterwards, and that a pass then does it."""

from __future__ import annotations

import math
import shlex
import shutil
from datetime import timedelta
from typing import Any

import pytest
import yaml
from deployed import SHIPPED, STACK, deploy

from controller.domain.planning.spec import Spec
from controller.store import items
from local.faults import Fault
from system.stack_under_test import AWAKE


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Tuesday morning, in office hours; nothing is published."""
    made = deploy(monkeypatch, capsys, "Tue 09:30")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for key in (("stack", "spec"), ("stack", "status"), ("requests", "mark")):
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


def test_a_new_stack_is_stored_passed_to_the_controller_and_woken_in_its_office_hours(dormouse):
    said = dormouse("publish", str(SHIPPED))
    assert said.out == f"{STACK}: published (4 resources)\n"
    assert stored(dormouse).source["dir"] == str(SHIPPED)
    assert dormouse.started_passes == [STACK]
    dormouse.work()
    assert dormouse.world.sut.standing() == AWAKE
    assert dormouse("status").out.startswith(f"{STACK}  awake")


def test_publishing_again_writes_nothing(dormouse):
    dormouse("publish", str(SHIPPED))
    dormouse.work()
    before, start = stored(dormouse), len(dormouse.world.aws.calls)
    dormouse.world.aws.clock.advance(86400)  # only when it was compiled would differ

    assert dormouse("publish", str(SHIPPED)).out == f"{STACK}: unchanged\n"
    assert dormouse.written(start) == []
    assert dormouse.started_passes == []
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
    reported = dormouse("publish", str(directory), "--json").json["stacks"]
    assert [(each["stack"], each["state"]) for each in reported] == [(STACK, "unchanged")]


def test_json_tells_what_came_and_went(dormouse):
    (reported,) = dormouse("publish", str(SHIPPED), "--json").json["stacks"]
    assert (reported["stack"], reported["state"], reported["hash"]) == (
        STACK,
        "new",
        stored(dormouse).hash,
    )
    assert len(reported["added"]) == 4
    assert (reported["removed"], reported["changed"], reported["settings"]) == ([], [], {})


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
    assert sorted(dormouse.started_passes) == [STACK, "other"]
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


# whose name it is


def clone(folder, url="https://github.com/me/app"):
    """As git leaves it, as far as anybody looks."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')
    return folder


def root(folder, name=STACK):
    shutil.copytree(SHIPPED, folder)
    edit(folder, "name             = optional(string)", "name = optional(string, null)")
    return folder


@pytest.fixture
def roots(tmp_path):
    """Two repositories, each with a root called terraform."""
    one = clone(tmp_path / "one", "git@github.com:me/one.git")
    two = clone(tmp_path / "two", "https://token:secret@github.com/me/two.git")
    return root(one / "terraform"), root(two / "terraform")


def test_another_directory_of_a_known_name_is_refused(dormouse, roots):
    """Published in turn, each would take down what the other names."""
    one, two = roots
    dormouse("publish", str(one))
    before = stored(dormouse, "terraform")
    edit(two, "deregistration_delay   = 15", "deregistration_delay = 20")
    said = dormouse("publish", str(two), code=2)

    assert "terraform of github.com/me/one" in said.err
    assert "terraform of github.com/me/two" in said.err
    assert "--stack NAME" in said.err
    assert "secret" not in said.err + str(before.to_json())
    assert stored(dormouse, "terraform") == before


def test_the_remedies_for_that_work(dormouse, roots):
    one, two = roots
    dormouse("publish", str(one))
    dormouse("publish", str(two), "--stack", "shop")
    assert stored(dormouse, "shop").source["origin"]["repository"] == "github.com/me/two"

    edit(two, 'time_zone    = "Asia/Tokyo"', 'time_zone = "Asia/Tokyo"\n    name = "office"')
    dormouse("publish", str(two))
    assert stored(dormouse, "office").stack == "office"
    assert stored(dormouse, "terraform").source["origin"]["repository"] == "github.com/me/one"


def test_one_that_takes_the_place_of_another_says_so_once(dormouse, roots):
    one, two = roots
    dormouse("publish", str(one))
    dormouse("publish", str(two), "--stack", "terraform")
    assert stored(dormouse, "terraform").source["origin"]["repository"] == "github.com/me/two"
    dormouse("publish", str(two))
    dormouse("publish", str(one), code=2)


def test_another_clone_of_the_same_repository_is_the_same_directory(dormouse, tmp_path):
    """A developer's, over SSH, and the one of CI."""
    mine = root(clone(tmp_path / "mine", "git@github.com:me/app.git") / "infra" / STACK)
    theirs = root(clone(tmp_path / "ci", "https://github.com/me/app") / "infra" / STACK)
    dormouse("publish", str(mine))
    start = len(dormouse.world.aws.calls)
    assert dormouse("publish", str(theirs)).out == f"{STACK}: unchanged\n"
    assert dormouse.written(start) == []


def test_two_roots_of_one_name_at_once(dormouse, roots):
    said = dormouse("publish", *map(str, roots), code=2)
    assert 'are both named "terraform"' in said.err
    assert "name =" in said.err


# what is no stack


def test_of_many_what_is_no_stack_is_left_out_and_said(dormouse, tmp_path):
    infra = clone(tmp_path / "app") / "infra"
    root(infra / STACK)
    (infra / STACK / "shared.tf").write_text('module "shared" {\n  source = "../modules"\n}\n')
    (infra / "modules").mkdir()
    (infra / "modules" / "main.tf").write_text("locals {\n  x = 1\n}\n")
    (infra / "policies").mkdir()
    (infra / "README.md").write_text("ours")
    said = dormouse("publish", *(str(path) for path in sorted(infra.iterdir())))

    assert said.out == f"{STACK}: published (4 resources)\n"
    assert f"note: {infra}/modules is left out: {infra}/{STACK} calls it as a module" in said.err
    assert f"note: {infra}/policies is left out: it has no .tf files" in said.err
    assert f"note: {infra}/README.md is left out: it is a file" in said.err
    assert dormouse.world.controller.table.published() == [STACK]


def test_nothing_but_what_is_no_stack(dormouse, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    said = dormouse("publish", str(tmp_path / "a"), str(tmp_path / "b"), code=2)
    assert "none of these is a stack" in said.err


# the same names in AWS


def test_two_stacks_with_the_same_names_are_reported_with_the_remedy(dormouse, roots):
    """The load balancer of the second would be refused as a name that is taken."""
    one, two = roots
    dormouse("publish", str(one))
    said = dormouse("publish", str(two), "--stack", "shop")
    (line,) = [line for line in said.err.splitlines() if line.startswith("warning: ")]
    assert line.startswith("warning: shop: the stack terraform names the same load balancer ")
    assert 'service "nsfw_api_service"' in line and "target group" in line
    assert "only one of the two can be awake" in line
    assert "dormouse unpublish terraform" in line
    assert "warning:" not in dormouse("publish", str(two), "--stack", "shop").err

    dormouse("unpublish", "terraform")
    edit(two, "deregistration_delay   = 15", "deregistration_delay = 20")
    assert "warning:" not in dormouse("publish", str(two), "--stack", "shop").err


def test_the_same_names_in_another_region_are_others(dormouse, roots):
    one, two = roots
    dormouse("publish", str(one))
    edit(two, 'region = "us-east-1"', 'region = "eu-west-1"')
    said = dormouse("publish", str(two), "--stack", "shop")
    assert stored(dormouse, "shop").region != stored(dormouse, "terraform").region
    assert "warning:" not in said.err


def test_who_may_not_read_the_other_stacks_has_published_all_the_same(dormouse, roots):
    dormouse.world.aws.faults.add(
        Fault(
            operation="Query",
            code="AccessDeniedException",
            status=400,
            predicate=lambda requested: "IndexName" in requested,
            times=math.inf,
        )
    )
    said = dormouse("publish", str(roots[0]))
    assert "terraform: published" in said.out
    assert "note: names were not compared" in said.err


def test_one_directory_published_at_once_under_two_names(dormouse, tmp_path):
    folders = [root(clone(tmp_path / name) / name) for name in ("day", "night")]
    said = dormouse("publish", *map(str, folders))
    (line,) = [line for line in said.err.splitlines() if line.startswith("warning: ")]
    assert line.startswith("warning: night: the stack day names the same ")


# whose folder is gone


def test_a_stack_whose_folder_is_gone_is_named_with_the_remedy(dormouse, tmp_path, monkeypatch):
    infra = clone(tmp_path / "app") / "infra"
    for name in (STACK, "old", "kept"):
        root(infra / name)
    dormouse("publish", *map(str, sorted(infra.iterdir())))
    shutil.rmtree(infra / "old")
    said = dormouse("publish", *map(str, sorted(infra.iterdir())))

    notes = [line for line in said.err.splitlines() if line.startswith("note: ")]
    assert notes == [
        f"note: old is published, and its folder {infra}/old is gone; if it is to go, too: "
        "dormouse unpublish old"
    ]
    dormouse("unpublish", "old")
    assert "note:" not in dormouse("publish", *map(str, sorted(infra.iterdir()))).err


def test_a_spec_that_cannot_be_read_hides_no_other_folder(dormouse, tmp_path):
    infra = clone(tmp_path / "app") / "infra"
    for name in (STACK, "a", "kept", "old"):
        root(infra / name)
    dormouse("publish", *map(str, sorted(infra.iterdir())))
    dynamodb, key = dormouse.world.aws.session().client("dynamodb"), items.key("a", items.SPEC)
    item = dynamodb.get_item(TableName="dormouse", Key=key)["Item"]
    dynamodb.put_item(TableName="dormouse", Item=item | {"body": {"S": "{"}})
    for name in ("a", "old"):
        shutil.rmtree(infra / name)
    said = dormouse("publish", *map(str, sorted(infra.iterdir())))
    assert f"note: old is published, and its folder {infra}/old is gone" in said.err


def test_a_stack_of_another_repository_is_not_missed(dormouse, roots, tmp_path):
    dormouse("publish", str(roots[0]))
    infra = clone(tmp_path / "app") / "infra"
    for name in (STACK, "kept"):
        root(infra / name)
    assert "note:" not in dormouse("publish", *map(str, sorted(infra.iterdir()))).err


# who answers for it, and until when


def test_owner_and_end_are_set_by_publishing_and_changed_by_publishing_again(dormouse):
    table, now = dormouse.world.controller.table, dormouse.world.now
    said = dormouse("publish", str(SHIPPED), "--owner", "ann", "--expires", "14d").out
    assert "  owner: ann, expires: " in said
    term = table.load(STACK).term
    assert (term.owner, term.expires_at) == ("ann", now + timedelta(days=14))

    dormouse("publish", str(SHIPPED))
    assert table.load(STACK).term == term
    dormouse("publish", str(SHIPPED), "--expires", "3d")
    assert table.load(STACK).term.expires_at == now + timedelta(days=3)
    assert table.load(STACK).term.owner == "ann"
    said = dormouse("publish", str(SHIPPED), "--expires", "never", "--owner", "bob", "--json").json
    assert (said["stacks"][0]["owner"], said["stacks"][0]["expires"]) == ("bob", None)
    assert (table.load(STACK).term.owner, table.load(STACK).term.expires_at) == ("bob", None)


@pytest.mark.parametrize("text", ["soon", "10", "1m", "400d", "-1d", ""])
def test_an_end_that_cannot_be_is_refused_before_anything_is_stored(dormouse, text):
    said = dormouse("publish", str(SHIPPED), "--expires", text, code=2).err
    assert "--expires" in said
    assert stored(dormouse) is None


def preview(system: str) -> Any:
    path = SHIPPED.parents[1] / "integrations" / system / "preview.yml"
    return yaml.safe_load(path.read_text())


def lines_of_github() -> list[str]:
    steps = preview("github")["jobs"]["preview"]["steps"]
    return [step["run"] for step in steps if step.get("run", "").startswith("dormouse")]


def lines_of_gitlab() -> list[str]:
    whole = preview("gitlab")
    return whole["dormouse-preview"]["script"] + whole["dormouse-preview-end"]["script"]


@pytest.mark.parametrize("lines", [lines_of_github, lines_of_gitlab])
def test_the_workflow_for_previews_says_what_the_commands_take(dormouse, lines):
    """Each of its lines that run dormouse, with the values that the CI would give."""
    lines = lines()
    assert [shlex.split(line)[1] for line in lines] == ["publish", "unpublish"]
    values = {"$DIR": str(SHIPPED), "$STACK": "pr-7", "$AUTHOR": "ann"}
    values |= {"$DORMOUSE_DIR": str(SHIPPED), "$DORMOUSE_STACK": "pr-7"}
    values |= {"$GITLAB_USER_LOGIN": "ann"}
    for line in lines:
        _, *words = shlex.split(line)
        dormouse(*(values.get(word, word) for word in words))
        table = dormouse.world.controller.table
        if words[0] == "publish":
            assert table.load("pr-7").term.owner == "ann"
    assert "pr-7" not in table.published()
