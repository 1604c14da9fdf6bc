"""Settings that files and policies change: what is not as published is seen, whatever broke it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.aws import listener
from controller.aws.autoscaling_policy import AutoscalingPolicy
from controller.aws.autoscaling_target import AutoscalingTarget
from controller.aws.listener import ListenerAdapter
from controller.aws.service import EcsService
from controller.aws.target_group import TargetGroupAdapter
from controller.domain.planning import progress, replacing, spec_identity
from controller.reconcile import journal
from simulation.changes import ADJUST, CHANGE
from simulation.deaths import story_of
from simulation.installation import Installation
from simulation.settings import LATER, OF_SCALING, OF_TLS, SCALING, SETTINGS, TLS, UDP
from simulation.simulated_users import SimulatedUsers
from simulation.story import Press, Story, tell
from simulation.test_not_blind import HOUR, MINUTE, SECOND, SLEEP, WAKE, lived, problems

EACH = 40 * MINUTE


def begins_of(change: str) -> frozenset[str]:
    """What its files have before, so that the change says anything."""
    return frozenset({TLS} if change in OF_TLS else {SCALING} if change in OF_SCALING else ())


def published(*changes: tuple[str, ...], pace: str = "fast", again: bool = False) -> Story:
    """A wake for hours, in which the files change again and again; and `again` another wake."""
    long = len(changes) * EACH / HOUR + 1
    story = story_of((WAKE.total_seconds(), "wake", long), profile=pace)
    presses = [
        Press(story.start + WAKE + n * EACH, CHANGE, more=each) for n, each in enumerate(changes, 1)
    ]
    if again:
        presses.append(Press(story.start + WAKE + (long + 1) * HOUR, "wake", 1))
    begins = frozenset[str]().union(*(begins_of(name) for each in changes for name in each))
    return replace(story, presses=[*story.presses, *presses], begins=begins)


@pytest.mark.parametrize("way", [1, -1])
def test_settings_to_and_fro_give_no_reason_to_complain(way):
    names = [name for name in SETTINGS[::way] if name not in LATER]
    to_and_fro = [(name,) for name in names for _ in range(2)]
    story = replace(published(*to_and_fro, *[(name,) for name in names]), begins={TLS, SCALING})
    assert problems(story, 40) == ""


@pytest.mark.parametrize("change", LATER)
def test_what_needs_another_resource_comes_with_the_next_wake(change):
    installation = lived(published((change,), again=True), 5)
    assert installation.problems == []
    assert [str(event.kind) for event in installation.reported].count("awake") == 2


@pytest.mark.parametrize("after", [3, 20, 70, 130])
def test_settings_that_change_while_it_wakes_fail_no_wake(after):
    story = story_of((WAKE.total_seconds(), "wake", 1), profile="typical")
    early = [
        Press(story.start + WAKE + (after + n) * SECOND, CHANGE, more=(name,))
        for n, name in enumerate((*LATER, "port"))
    ]
    assert problems(replace(story, presses=[*story.presses, *early]), 2) == ""


@pytest.mark.parametrize("change", [UDP, "range", "subnet", "task definition"])
def test_settings_that_change_in_the_middle_of_a_sleep_hold_in_the_wake_after_it(change):
    begun, ended = WAKE.total_seconds(), SLEEP.total_seconds()
    story = story_of((begun, "wake", 3), (ended, "sleep", 0), (ended + 4, "wake", 2))
    press = Press(story.start + SLEEP + 2 * SECOND, CHANGE, more=(change,))
    presses = [*story.presses, press]
    assert problems(replace(story, presses=presses, begins=begins_of(change)), 3) == ""


def nothing(*_) -> None:
    """An update that is answered, and changes nothing."""


OF_SERVICE = ("grace period", "deployment", "managed tags", "task definition", "subnet")
BROKEN = {
    **dict.fromkeys(("health check",), TargetGroupAdapter),
    **dict.fromkeys((TLS, *OF_TLS), ListenerAdapter),
    **dict.fromkeys((*OF_SERVICE, "security group"), EcsService),
    "range": AutoscalingTarget,
    "target value": AutoscalingPolicy,
}


@pytest.mark.parametrize("change", BROKEN)
def test_a_setting_that_is_not_corrected_is_seen(monkeypatch, change):
    story = published((change,))
    monkeypatch.setattr(BROKEN[change], "update", nothing)
    name = "policy's name" if change == "target value" else change
    assert f"not as published: {name} is " in problems(story)


@pytest.mark.parametrize("change", ["deployment", "security group", "certificate"])
def test_a_setting_that_is_taken_back_and_stays_is_seen(monkeypatch, change):
    """As it was when what had once been right counted as right for ever."""
    monkeypatch.setattr(journal, "asked_for", lambda known, _: known)

    def kept(self, marks, standing):
        found = {m for m in self.settled | marks if m.partition("#")[0] in standing}
        return replace(self, settled=frozenset(found))

    monkeypatch.setattr(progress.Progress, "with_settled", kept)
    assert f"not as published: {change} is " in problems(published((change,), (change,)), 4)


@pytest.mark.parametrize("change", [SCALING, "policy's name", "scheduled action"])
def test_autoscaling_that_the_files_have_no_more_and_that_stays_is_seen(monkeypatch, change):
    monkeypatch.setattr(spec_identity, "dropped_scaling", lambda *_: {})
    found = problems(replace(published((change,)), begins=frozenset({SCALING})))
    assert "not as published: " in found


@pytest.mark.parametrize("change", LATER[::2])
def test_what_the_next_wake_does_not_bring_is_seen(monkeypatch, change):
    story = published((change,), again=True)
    forget_publishes(monkeypatch)
    assert f"not as published: {change} is " in problems(story, 5)


def forget_publishes(monkeypatch) -> None:
    """Only the first one reaches the controller."""
    real, seen = SimulatedUsers.publish_again, []

    def once(self):
        if self not in seen:
            seen.append(self)
            real(self)

    monkeypatch.setattr(SimulatedUsers, "publish_again", once)


def test_a_port_that_is_closed_before_the_new_one_can_be_opened_is_seen(monkeypatch):
    """As it was: AWS refuses the new listener, whose protocol is not the target group's."""
    story = published(("port", UDP))
    assert problems(story) == ""
    monkeypatch.setattr(replacing, "_has_all_ports", lambda *_: True)
    monkeypatch.setattr(listener, "_earlier", lambda *_: "")
    assert "DeleteListener took away the last healthy target" in problems(story)


def test_a_policy_that_is_adjusted_and_not_followed_is_seen(monkeypatch):
    story = story_of((WAKE.total_seconds(), "wake", 1))
    hours = {"office_hours": ["daily 03:00-06:00"], "time_zone": "UTC", "closed_on": []}
    press = Press(story.start + WAKE + 2 * HOUR, ADJUST, more=hours)
    story = replace(story, presses=[*story.presses, press])
    assert Installation(story).run(story.start + 4 * HOUR).observer.is_healthy()
    forget_publishes(monkeypatch)
    assert "it is not awake although it is wanted (office hours)" in problems(story, 5)


def test_each_setting_is_drawn_and_a_seed_draws_the_same_again():
    stories = [tell(seed, 25) for seed in range(60)]
    presses = [press for story in stories for press in story.presses]
    changed = {name for press in presses if press.kind == CHANGE for name in press.more}
    assert changed == set(SETTINGS)
    assert {name for press in presses if press.kind == ADJUST for name in press.more} >= {
        "sleep_order",
        "finish_paid_hour",
        "idle_timeout",
        "office_hours",
    }
    assert tell(7, 25) == stories[7]
