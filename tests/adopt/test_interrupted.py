"""
Killed before or after any call, an adoption is finished by the next run, or undone to the byte.

The calls are those of a whole adoption: files, journal, tags, Terraform. What a run would do at
its end (`finally`) is nothing here that matters: everything durable is counted.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from adopting import STACK, compile_in, prepared
from fake_terraform import ARNS, CLUSTER, DeadError, Fate, PlayedAws, PlayedTerraform, new_state

from controller.adopt import files, journal
from controller.adopt.adoption import Adoption
from controller.domain.errors import DormouseError


class World:
    """One directory that runs, and the process that adopts it; a new one after each death."""

    def __init__(self, directory, ready, monkeypatch, **terraform):
        shutil.copytree(ready.directory, directory)
        self.directory, self._ready, self._monkeypatch = directory, ready, monkeypatch
        self._terraform = terraform
        self.fate = Fate()
        self.aws = PlayedAws(self.fate, dict(ARNS))

    def adoption(self, fate=None):
        self.fate = self.aws.fate = fate or Fate()
        self._monkeypatch.setattr(files, "replace", self.fate("write", self._ready.replace))
        self._monkeypatch.setattr(journal, "_keep", self.fate("note", self._ready.keep))
        return Adoption(
            directory=self.directory,
            terraform=self.terraform,
            running=lambda spec: self.aws,
            compile=lambda place: self._ready.compiled[(place / "dormouse.tf").exists()],
            say=lambda text: None,
        )

    @property
    def terraform(self):
        return PlayedTerraform(self.directory, self.fate, **self._terraform)

    def adopt(self, fate=None):
        adoption = self.adoption(fate)
        note = journal.load(self.directory)
        if note is None or not adoption.resume(note):
            changes = tuple(
                replace(one, path=self.directory / one.shown_as)
                for one in self._ready.prepared.changes.files
            )
            ready = self._ready.prepared
            ready = replace(ready, changes=replace(ready.changes, files=changes))
            adoption.preflight(ready)
            adoption.run(ready, self.terraform.state.read_bytes())

    def undo(self, fate=None):
        note = journal.load(self.directory)
        if note is not None:
            return self.adoption(fate).undoing(note).run()
        return None

    def seen(self):
        """Files, state and tags, as far as anybody can see them."""
        texts = {p.name: p.read_bytes() for p in self.directory.glob("*.tf")}
        tags = {arn: tags for arn, tags in self.aws.tagged.items() if tags}
        return texts, self.terraform.there(), tags


class Ready:
    """What is the same for every story: the directory, the change and the compiled specs."""

    def __init__(self, folder: Path):
        self.replace, self.keep = files.replace, journal._keep
        self.directory = folder / "app"
        self.directory.mkdir()
        (self.directory / "main.tf").write_text(STACK)
        state = json.loads(new_state())
        names = {"aws_lb.front": "front", "aws_lb_target_group.app": "app"}
        for one in state["resources"]:
            given = names.get(f"{one['type']}.{one['name']}")
            one["instances"][0]["attributes"]["name"] = given
        (self.directory / "terraform.tfstate").write_text(json.dumps(state))
        self.prepared = prepared(self.directory, state=json.dumps(state).encode())
        shutil.copytree(self.directory, folder / "edited")
        for one in self.prepared.changes.files:
            (folder / "edited" / one.shown_as).write_bytes(one.after)
        self.compiled = [compile_in(self.directory), compile_in(folder / "edited")]


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return Ready(tmp_path_factory.mktemp("ready"))


@pytest.fixture
def world(tmp_path, ready, monkeypatch):
    numbers = iter(range(1000))
    monkeypatch.setattr("os.fsync", lambda file: None)  # the machine itself goes on

    def make(**terraform):
        # Deep enough that a copy of what lies around it is a copy of nothing.
        folder = tmp_path / str(next(numbers)) / "x" / "y" / "z"
        return World(folder / "app", ready, monkeypatch, **terraform)

    return make


def deaths(world, story):
    """A fate for each call of the story, before it and after it."""
    whole = world()
    fate = Fate()
    story(whole, fate)
    assert len(fate.calls) > 5, fate.calls
    return [Fate(at, after) for at in range(len(fate.calls)) for after in (False, True)]


def die(story, of, fate):
    with pytest.raises(DeadError):
        story(of, fate)


def adopt(of, fate):
    of.adopt(fate)


def undo(of, fate):
    of.undo(fate)


def test_an_adoption_goes_through(world):
    one = world()
    one.adopt()
    texts, there, tags = one.seen()
    assert set(texts) == {"main.tf", "dormouse.tf"}
    assert set(there) == {CLUSTER}
    assert {t["dormouse:address"] for t in tags.values()} == {f"{a}/0" for a in ARNS}
    assert {t["dormouse:stack"] for t in tags.values()} == {"app"}


def test_killed_at_any_call_the_next_run_finishes(world):
    whole = world()
    whole.adopt()
    for fate in deaths(world, adopt):
        one = world()
        die(adopt, one, fate)
        one.adopt()
        assert one.seen() == whole.seen(), fate
        assert not list(one.directory.glob(".*dormouse-new"))


def test_killed_at_any_call_undo_goes_back(world):
    before = world().seen()
    for fate in deaths(world, adopt):
        one = world()
        die(adopt, one, fate)
        one.undo()
        assert one.seen() == before, fate


def test_an_undo_that_is_killed_is_taken_again(world):
    before = world().seen()

    def story(of, fate):
        of.adopt()
        of.undo(fate)

    for fate in deaths(world, story):
        one = world()
        die(story, one, fate)
        one.undo()
        assert one.seen() == before, fate
        assert not (one.directory / journal.FOLDER / "journal.json").exists()


def test_what_was_half_written_is_removed(world):
    for go in (World.adopt, World.undo):
        one = world()
        fate = Fate()
        fate.at = 10  # in the middle of it
        die(adopt, one, fate)
        (one.directory / ".main.tf.dormouse-new").write_text("resource")
        go(one)
        assert not list(one.directory.glob(".*dormouse-new"))


def test_an_undo_at_once_leaves_the_state_as_it_was_to_the_byte(world):
    one = world()
    state = one.terraform.state.read_bytes()
    one.adopt()
    one.undo()
    assert one.terraform.state.read_bytes() == state
    assert not (one.directory / journal.FOLDER).exists()


def test_an_undo_of_a_remote_state_is_one_more_version_of_it(world):
    one = world(remote=True)
    before = json.loads(one.terraform.state.read_bytes())
    one.adopt()
    one.undo()
    after = json.loads(one.terraform.state.read_bytes())
    four = [each for each in before["resources"] if each["type"] != "aws_ecs_cluster"]
    assert all(each in after["resources"] for each in four)
    assert after["serial"] == before["serial"] + 2
    assert after["lineage"] == before["lineage"]
    assert "push" in one.fate.calls


def test_an_undo_after_other_changes_of_the_state_keeps_those(world):
    one = world()
    one.adopt()
    one.terraform.take_in("aws_eip.later", "eipalloc-1")
    one.undo()
    assert set(one.terraform.there()) == {CLUSTER, "aws_eip.later", *ARNS}
    assert json.loads(one.terraform.state.read_bytes())["serial"] == 10


def test_what_was_created_again_is_imported(world):
    one = world()
    one.adopt()
    one.aws.standing_by = {a: arn.replace("/1", "/2") for a, arn in ARNS.items()}
    undone = one.undo()
    assert set(undone.taken_in) == set(ARNS)
    there = one.terraform.there()
    assert there["aws_lb.front"].endswith("net/front/2")
    assert there["aws_ecs_service.app"] == "main/app"


def test_asleep_an_undo_says_what_terraform_will_make(world):
    one = world()
    one.adopt()
    one.aws.standing_by = {}
    undone = one.undo()
    assert set(undone.asleep) == set(ARNS)
    assert (one.directory / "main.tf").read_text() == STACK


def test_a_line_of_ours_that_somebody_has_changed_stops_the_undo(world):
    one = world()
    one.adopt()
    text = (one.directory / "main.tf").read_text()
    (one.directory / "main.tf").write_text(text.replace("var.awake ? 1 : 0", "var.awake ? 2 : 0"))
    with pytest.raises(DormouseError, match="changed in the lines that adopt wrote"):
        one.undo()
    assert set(one.terraform.there()) == {CLUSTER}
    (one.directory / "main.tf").write_text(text + "# more\n")
    one.undo()
    assert (one.directory / "main.tf").read_text() == STACK + "# more\n"


@pytest.mark.parametrize(
    ("terraform", "aws", "says"),
    [
        ({"spoil": ("aws_sns_topic.t",)}, {}, r"more than moves and tags: aws_sns_topic\.t would"),
        ({}, {"unlike": ("update aws_lb.front[0] (Port)",)}, "Dormouse would change what runs"),
    ],
)
def test_what_cannot_be_proved_is_taken_back(world, terraform, aws, says):
    one = world(**terraform)
    before = one.seen()
    for name, value in aws.items():
        setattr(one.aws, name, value)
    with pytest.raises(DormouseError, match=says + ".*everything is as it was"):
        one.adopt()
    assert one.seen() == before
    assert not (one.directory / journal.FOLDER).exists()
    assert "forget" not in one.fate.calls


def test_a_state_that_another_has_written_is_left_alone(world):
    one = world()
    looked = one.aws.left_to_do

    def meanwhile(spec):
        one.aws.left_to_do = looked
        one.terraform.take_in("aws_eip.later", "eipalloc-1")
        return ()

    one.aws.left_to_do = meanwhile
    with pytest.raises(DormouseError, match="somebody else has changed Terraform's state"):
        one.adopt()
    texts, there, tags = one.seen()
    assert texts == {"main.tf": STACK.encode()}
    assert set(there) == {CLUSTER, "aws_eip.later", *ARNS}
    assert tags == {}


def test_another_stacks_are_not_touched(world):
    one = world()
    one.aws.tagged[ARNS["aws_lb.front"]] = {"dormouse:stack": "other", "dormouse:address": "x"}
    before = one.seen()
    with pytest.raises(DormouseError, match=r'aws_lb\.front belongs to the stack "other"'):
        one.adopt()
    assert one.seen() == before


def test_files_that_do_not_fit_the_state_are_refused_before_anything(world):
    one = world()
    one.terraform.forget(["aws_lb.front"])
    before = one.seen()
    with pytest.raises(DormouseError, match="Terraform has something to do before adopt can begin"):
        one.adopt()
    assert one.seen() == before
    assert not (one.directory / journal.FOLDER).exists()
