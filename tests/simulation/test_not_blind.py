"""Drains that never end, Lambda's retries, two stacks, a lost memory: what goes wrong is seen."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.aws import listener, service, service_rest, service_state
from controller.aws.clients import Clients
from controller.aws.load_balancer import LoadBalancerAdapter
from controller.bootstrap import Controller
from controller.domain.decision.hold import Hold
from controller.domain.errors import EndPassError, SpecError
from controller.domain.notification.messages import write_message
from controller.domain.planning.plan import Target
from controller.domain.planning.spec_identity import left_behind
from controller.domain.reporting.damage import Damaged
from controller.notify.notifier import Notifier
from controller.reconcile import deciding, limits, tracker, transitions
from controller.reconcile.clearing import Clearing
from controller.reconcile.journal import Journal
from controller.reconcile.outcome import Outcome, Result
from controller.reconcile.spec_memory import SpecMemory
from controller.reconcile.turn import Turn
from controller.store import items, lock, table
from controller.store.request_records import RequestRecords
from controller.store.spec_records import SpecRecords
from deploy.stack import read
from simulation import damage, functions
from simulation import installation as installation_module
from simulation import observer as observer_module
from simulation.clockwork import Clockwork
from simulation.deaths import Mortal, Point, story_of
from simulation.functions import Function
from simulation.installation import Installation
from simulation.sites import ABROAD, CHANGES, HARMLESS, MOVES, NEXT_DOOR
from simulation.story import Press, Story, tell
from simulation.trouble import (
    AFTERMATH,
    BAD_TASK,
    BAD_WORKER,
    BROKEN_MESSAGE,
    ENDLESS_DRAIN,
    LATE_RIGHTS,
    STRANGER,
    Spell,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
WAKE, SLEEP = 10 * MINUTE, 40 * MINUTE
LATE = timedelta(days=1)


def lived(story: Story, hours: float = 3) -> Installation:
    return Installation(story).run(story.start + hours * HOUR)


def problems(story: Story, hours: float = 3) -> str:
    return "\n".join(problem.what for problem in lived(story, hours).problems)


def slept_through(*kinds: tuple[str, timedelta], tags_tasks: bool = True) -> Story:
    """A wake, and a sleep half an hour later, with these spells from so long after the sleep on."""
    story = story_of((WAKE.total_seconds(), "wake", 3), (SLEEP.total_seconds(), "sleep", 0))
    asleep = story.start + SLEEP
    aftermath = {True: 15 * MINUTE, False: HOUR}[tags_tasks]
    spells = [
        Spell(kind, asleep + after, asleep + after + 5 * MINUTE, aftermath=aftermath)
        if kind == ENDLESS_DRAIN
        else Spell(kind, asleep + after, asleep + after)
        for kind, after in kinds
    ]
    return replace(story, spells=spells, tags_tasks=tags_tasks)


DRAIN = (ENDLESS_DRAIN, -MINUTE)


# a drain that never ends


@pytest.mark.parametrize("tags_tasks", [True, False])
def test_an_endless_drain_is_ended_by_the_controller_or_by_the_notified_person(tags_tasks):
    installation = lived(slept_through(DRAIN, tags_tasks=tags_tasks))
    stops = [text for _, _, text in installation.timeline.lines if "StopTask" in text]
    kinds = [str(event.kind) for event in installation.reported]

    assert installation.problems == []
    assert bool(stops) is tags_tasks
    assert ("stuck" in kinds) is not tags_tasks
    assert kinds[-1] == "asleep"


def test_tasks_that_drain_for_ever_and_are_not_stopped_are_seen(monkeypatch):
    monkeypatch.setattr(service_state, "DRAIN_STUCK", LATE)
    monkeypatch.setattr(transitions, "STUCK_AFTER", LATE)
    assert "it outlives the decision: service" in problems(slept_through(DRAIN), hours=1.5)


def test_a_stuck_sleep_that_nobody_is_notified_of_is_noticed(monkeypatch):
    monkeypatch.setattr(transitions, "STUCK_AFTER", LATE)
    story = slept_through(DRAIN, tags_tasks=False)
    assert "it outlives the decision: service" in problems(story, hours=2.25)


def test_a_status_lost_in_the_middle_of_a_sleep_that_takes_its_hours_along_is_noticed(monkeypatch):
    story = slept_through(DRAIN, ("status lost", 5 * MINUTE))
    assert problems(story) == ""
    monkeypatch.setattr(tracker, "standing_again", lambda _: ())
    assert "the ledger of" in problems(story)


def turned_round(*, tags_tasks: bool = True) -> Story:
    """A sleep whose tasks never end, and half a minute later a wake for some hours."""
    story = slept_through(DRAIN, tags_tasks=tags_tasks)
    again = Press(story.start + SLEEP + 30 * SECOND, "wake", 4)
    return replace(story, presses=[*story.presses, again])


@pytest.mark.parametrize("tags_tasks", [True, False])
def test_tasks_that_never_end_beside_those_of_a_wake_are_stopped_by_it_or_by_a_person(tags_tasks):
    installation = lived(turned_round(tags_tasks=tags_tasks), hours=3)
    stops = [text for _, _, text in installation.timeline.lines if "StopTask" in text]
    assert installation.problems == []
    assert installation.observer.is_healthy()
    assert bool([each for each in stops if each.startswith("pass")]) is tags_tasks
    assert "DeleteService" not in str(installation.timeline.lines), "it was taken up again"
    assert len(installation.observer.tasks()) == 1


def test_tasks_of_before_that_run_on_beside_those_of_a_wake_are_seen(monkeypatch):
    monkeypatch.setattr(service_rest, "DRAIN_STUCK", LATE)
    assert "of before a wake runs on" in problems(turned_round(), hours=3)


# what has served people


def woken(*spells: Spell, tasks: int = 1) -> Story:
    """A wake for two hours, and what goes wrong meanwhile."""
    story = story_of((WAKE.total_seconds(), "wake", 2))
    later = story.start - EPOCH
    moved = [replace(one, since=one.since + later, until=one.until + later) for one in spells]
    return replace(story, spells=sorted(moved, key=lambda one: one.since), tasks=tasks)


def spell(kind: str, since: timedelta, length: timedelta, strength: float = 0.0) -> Spell:
    aftermath = AFTERMATH.get(kind, timedelta(0))
    return Spell(kind, EPOCH + since, EPOCH + since + length, 1.0, strength, aftermath)


BROKEN_TASK = spell(BAD_TASK, 40 * MINUTE, 45 * MINUTE)


def test_one_bad_task_of_two_takes_nothing_down_and_is_reported():
    installation = lived(woken(BROKEN_TASK, tasks=2))
    kinds = [str(event.kind) for event in installation.reported]
    assert installation.problems == []
    assert kinds[:4] == ["waking", "awake", "degraded", "restored"]


def test_a_teardown_of_what_serves_people_is_noticed(monkeypatch):
    monkeypatch.setattr(limits, "served_before", lambda *_, **__: None)
    found = problems(woken(BROKEN_TASK, tasks=2))
    assert "torn down while a target is healthy: lease wanted it" in found


def test_a_missing_task_that_nobody_is_notified_of_is_noticed(monkeypatch):
    monkeypatch.setattr(transitions, "_is_degraded", lambda _: False)
    assert "nobody was told that it runs with fewer tasks" in problems(woken(BROKEN_TASK, tasks=2))


def test_a_restored_stack_that_nobody_is_notified_of_is_noticed(monkeypatch):
    monkeypatch.setattr(transitions, "restored", lambda status, *_: status)
    assert "nobody was told that it runs completely again" in problems(woken(BROKEN_TASK, tasks=2))


BROKEN_WORKER = spell(BAD_WORKER, 40 * MINUTE, 45 * MINUTE)


def with_worker() -> Story:
    """Of two services the one that serves nobody loses its only task."""
    return replace(woken(BROKEN_WORKER), worker=True)


def test_one_of_two_services_that_degrades_takes_nothing_down_and_is_reported():
    installation = lived(with_worker())
    kinds = [str(event.kind) for event in installation.reported]
    assert installation.problems == []
    assert kinds[:4] == ["waking", "awake", "degraded", "restored"]
    assert kinds[-1] == "asleep"


def test_a_teardown_for_the_second_service_is_noticed(monkeypatch):
    monkeypatch.setattr(limits, "served_before", lambda *_, **__: None)
    assert "torn down while a target is healthy: lease wanted it" in problems(with_worker())


def test_a_second_service_that_does_not_run_and_that_nobody_is_notified_of_is_noticed(monkeypatch):
    monkeypatch.setattr(transitions, "_is_degraded", lambda _: False)
    assert "nobody was told that its second service does not run" in problems(with_worker())


def unseen(judge):
    """Takes all traffic for none."""

    def deaf(counts, *rest):
        silent = tuple(replace(each, new_flows=0, bytes=0) for each in counts.minutes)
        return judge(replace(counts, minutes=silent), *rest)

    return deaf


def unused_then_broken() -> Story:
    """Nobody uses it; its only task ends for good just before the pass that finds it unused."""
    story = woken(spell(BAD_TASK, 36 * MINUTE, 45 * MINUTE))
    return replace(story, policy=story.policy | {"idle_timeout": "25m"})


def test_an_unused_stack_whose_only_task_has_ended_sleeps_and_nobody_complains():
    installation = lived(unused_then_broken())
    assert installation.problems == []
    assert "nobody has used it for 25 min" in installation.reported[-1].reason


def test_a_stack_that_is_used_and_loses_its_only_task_is_not_unused(monkeypatch):
    story = unused_then_broken()
    monkeypatch.setattr(deciding, "judge", unseen(deciding.judge))
    visits = [story.start + 20 * MINUTE + n * MINUTE for n in range(16)]
    assert "torn down while" in problems(replace(story, visits=visits))


def taken_up_too_late() -> Installation:
    """A wake whose first process dies at its first step, and no other comes for 40 minutes."""
    story = woken()
    begins = story.start + WAKE + 5 * SECOND
    silent = [
        Spell(kind, begins, begins + 40 * MINUTE)
        for kind in ("lost heartbeats", "throttled function")
    ]
    story = replace(story, spells=silent)
    seen = Mortal(story).live((WAKE + MINUTE).total_seconds()).seen
    nth = next(n for n, one in enumerate(seen, 1) if one.call == "elbv2:CreateTargetGroup")
    point = Point(nth, "before", "elbv2:CreateTargetGroup")
    return Mortal(story, point).live((3 * HOUR).total_seconds())


def test_a_wake_whose_time_is_over_makes_nothing():
    installation = taken_up_too_late()
    made = [text for _, _, text in installation.timeline.lines if "CreateLoadBalancer" in text]
    assert installation.problems == []
    assert made == []
    assert "not awake in time" in next(
        event.reason for event in installation.reported if str(event.kind) == "failed"
    )


def test_what_is_made_for_a_wake_whose_time_is_over_is_noticed(monkeypatch):
    monkeypatch.setattr(Turn, "is_overdue", False)
    found = [problem.what for problem in taken_up_too_late().problems]
    assert "what costs money was made for a wake whose time was over" in found


# a load balancer in place of one that somebody deleted


def given_another() -> Story:
    """Somebody deletes its load balancer, and AWS fails the first one that takes its place."""
    return woken(
        spell("balancer deleted by hand", 40 * MINUTE, timedelta(0)),
        spell("broken balancer", 41 * MINUTE, 150 * SECOND),
    )


def test_a_second_load_balancer_in_one_time_up_begins_no_other():
    installation = lived(given_another(), hours=2)
    made = [text for _, _, text in installation.timeline.lines if "CreateLoadBalancer" in text]
    assert len(made) > 2
    assert installation.observer.is_healthy()
    assert installation.problems == []
    assert [str(event.kind) for event in installation.reported].count("awake") == 1


# strangers of exactly our names


THEIRS = 0.002
"""Of three kinds of things it is a service."""


def visited() -> Story:
    """Somebody's service of our name drains for half an hour while ours is wanted."""
    return woken(
        spell(STRANGER, MINUTE, 7 * MINUTE, THEIRS), spell(ENDLESS_DRAIN, 5 * MINUTE, HOUR)
    )


def test_a_foreign_service_of_our_name_is_left_alone():
    assert problems(visited()) == ""


def test_a_change_of_foreign_tasks_is_noticed(monkeypatch):
    real = service.interpret

    def blind(resource, found, backing, count, owner, progress, now):
        """Takes whatever drains under our name for ours, as it was once."""
        if found and found["status"] == "DRAINING":
            tags = [{"key": key, "value": value} for key, value in owner.pairs()]
            found = {**found, "tags": tags}
        return real(resource, found, backing, count, owner, progress, now)

    monkeypatch.setattr(service, "interpret", blind)
    assert "StopTask was called on a stranger's task" in problems(visited())


# messages, and rights that come late


def test_a_message_whose_text_cannot_be_made_is_sent_all_the_same():
    installation = lived(woken(spell(BROKEN_MESSAGE, MINUTE, 30 * MINUTE)))
    assert installation.problems == []
    assert [str(event.kind) for event in installation.reported][:2] == ["waking", "awake"]


def test_a_broken_message_that_silences_a_stack_is_noticed(monkeypatch):
    def written(self, spec, event):
        return write_message(spec, event)

    monkeypatch.setattr(Notifier, "_written", written)
    story = woken(spell(BROKEN_MESSAGE, MINUTE, 30 * MINUTE))
    assert "nobody was told that it is awake" in problems(story)


LATE_ONES = spell(LATE_RIGHTS, MINUTE, HOUR, 0.9)


def test_rights_that_come_late_only_make_a_wake_later():
    assert problems(woken(LATE_ONES)) == ""


def test_a_wake_that_fails_for_rights_that_come_late_is_noticed(monkeypatch):
    monkeypatch.setattr(Journal, "fresh_until", lambda *_: None)
    assert "a wake failed for rights that came late" in problems(woken(LATE_ONES))


# records that are damaged


WAYS = range(len(damage.WAYS))


def spoiled(kind: str, way: int, at: timedelta = 30 * MINUTE, *presses: Press) -> Story:
    """A wake for two hours, and one record that is damaged meanwhile; nothing else is wrong."""
    plain = woken()
    moment = plain.start + at
    name = damage.NAMES.get(kind, kind)
    until = moment + damage.NO_SPEC if name == damage.BOTH_SPECS else moment
    torn = Spell(name, moment, until, strength=way / 1000 + 1e-6)
    return replace(plain, damages=[torn], presses=[*plain.presses, *presses])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", damage.KINDS)
def test_a_damaged_record_is_reported_once_and_nothing_else_happens(kind, way):
    installation = lived(spoiled(kind, way))
    kinds = [str(event.kind) for event in installation.reported]
    assert installation.problems == []
    assert kinds.count("damaged") == 1
    assert kinds[-1] == "asleep"


def test_a_lease_that_cannot_be_read_keeps_nothing_awake():
    installation = Installation(spoiled("lease", 0)).run(woken().start + HOUR)
    assert installation.problems == []
    assert str(installation.reported[-1].kind) == "asleep"


def test_a_hold_that_cannot_be_read_keeps_nothing_asleep():
    hold = Press(woken().start + 25 * MINUTE, "hold", 20, "asleep")
    again = Press(woken().start + HOUR, "wake", 1)
    installation = Installation(spoiled("hold", 0, 50 * MINUTE, hold, again)).run(
        woken().start + 80 * MINUTE
    )
    assert installation.problems == []
    assert installation.observer.is_healthy()


def test_a_leftover_that_cannot_be_read_is_repaired_by_the_notified_person():
    """A load balancer of an earlier name, which is on its way out when its record is damaged."""
    installation = lived(spoiled("leftover", 0, 40 * MINUTE + 20 * SECOND, renamed()))
    assert installation.problems == []
    assert [one.good is not None for one in installation.observer.damages] == [True]


def renamed() -> Press:
    plain = woken()
    return Press(plain.start + 40 * MINUTE, "publish", more=(plain.policy, "service"))


@pytest.mark.parametrize("kind", damage.KINDS)
def test_a_controller_that_stops_at_a_damaged_record_is_noticed(monkeypatch, kind):
    """As it was when one record that could not be read ended every pass."""
    real = items.readable

    def strict(item, parse):
        found = real(item, parse)
        if isinstance(found, Damaged):
            raise SpecError(str(found))
        return found

    class Before(Installation):
        """Only what its functions read is read strictly."""

        def _start(self, *arguments):
            monkeypatch.setattr(items, "readable", strict)
            try:
                super()._start(*arguments)
            finally:
                monkeypatch.setattr(items, "readable", real)

    installation = Before(spoiled(kind, 0)).run(woken().start + 5 * HOUR)
    found = "\n".join(problem.what for problem in installation.problems)
    assert "a process ended with an error in fair weather" in found
    assert (
        f"nobody was told that a record is damaged: {installation.observer.damages[0].record}"
        in found
    )


COUNTS = range(len(damage.COUNTS) * len(damage.NO_NUMBERS))


@pytest.mark.parametrize("number", COUNTS)
def test_a_count_that_is_no_number_changes_nothing(number):
    installation = lived(spoiled(damage.COUNT, number))
    (struck,) = [text for _, _, text in installation.timeline.lines if " is {" in text]
    assert struck
    assert installation.problems == []
    assert [str(event.kind) for event in installation.reported][-1] == "asleep"


def test_a_lock_that_ends_far_ahead_and_shuts_passes_out_is_noticed(monkeypatch):
    far_ahead = next(n for n in COUNTS if damage.count_at(n)[2:] == ("until", damage.FAR_AHEAD))
    monkeypatch.setattr(lock, "AHEAD", timedelta(days=1_200_000))
    assert "nobody has wanted it for" in problems(spoiled(damage.COUNT, far_ahead))


def test_a_spec_and_its_copy_that_cannot_be_read_are_repaired_by_the_notified_person():
    installation = lived(spoiled(damage.BOTH_SPECS, 0))
    kinds = [str(event.kind) for event in installation.reported]
    assert installation.problems == []
    assert (kinds.count("damaged"), kinds[-1]) == (1, "asleep")
    assert installation.table.load("nsfw-api").damaged == ()
    assert installation.table.copies_of_spec("nsfw-api")[0].resources


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_stack_whose_spec_nobody_puts_right_still_sleeps_or_is_noticed(monkeypatch, is_broken):
    """Broken, it is as before: each pass failed, and what stood was paid for."""

    def refuse(_, spec):
        if spec.is_remembered:
            raise SpecError("the spec cannot be read")
        return spec

    if is_broken:
        monkeypatch.setattr(SpecMemory, "to_put_to_sleep", refuse)
    monkeypatch.setattr(damage, "reported", lambda *_: None)
    story = spoiled(damage.BOTH_SPECS, 0)
    found = [one.what for one in Installation(story).run(story.start + 6 * HOUR).problems]
    assert any("nobody has wanted it for" in what for what in found) is is_broken


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_stack_wakes_by_the_copy_of_its_spec_or_is_noticed(monkeypatch, is_broken):
    if is_broken:
        monkeypatch.setattr(SpecRecords, "_kept_spec", lambda *_: ())
    monkeypatch.setattr(damage, "reported", lambda *_: None)
    found = problems(spoiled("spec", 0, 5 * MINUTE))
    assert ("a wake failed in fair weather: its spec cannot be read" in found) is is_broken


def test_damage_that_nobody_is_notified_of_is_noticed(monkeypatch):
    monkeypatch.setattr(transitions, "set_aside", lambda status, *_: status)
    assert "nobody was told that a record is damaged: lease#" in problems(spoiled("lease", 0))


def test_damage_that_is_reported_again_and_again_is_noticed(monkeypatch):
    real = transitions.set_aside

    def forgetful(status, *rest):
        return real(replace(status, set_aside=()), *rest)

    monkeypatch.setattr(transitions, "set_aside", forgetful)
    assert "told twice of one damaged record: hold" in problems(spoiled("hold", 1))


def test_a_damaged_leftover_that_nobody_is_notified_of_is_noticed(monkeypatch):
    """Both that nobody is notified, and what is paid for because nobody puts it right."""
    monkeypatch.setattr(transitions, "set_aside", lambda status, *_: status)
    before_the_pass = 40 * MINUTE + timedelta(milliseconds=50)
    story = spoiled("leftover", 0, before_the_pass, renamed())
    installation = Installation(story).run(story.start + 6 * HOUR)
    found = "\n".join(problem.what for problem in installation.problems)
    assert "nobody was told that a record is damaged: spec#" in found
    assert "it outlives the decision: service nsfw_api_service, task" in found
    assert "nobody has wanted it for 35 min: service nsfw_api_service, task" in found


# presses


def extended_while_held() -> Story:
    """A wake, a "sleep now", and an extension of the wake after that."""
    story = story_of((WAKE.total_seconds(), "wake", 3), (SLEEP.total_seconds(), "sleep", 0))
    again = Press(story.start + SLEEP + 20 * MINUTE, "extend", 2)
    return replace(story, presses=[*story.presses, again])


def test_an_extension_of_what_is_held_asleep_wakes_it():
    installation = Installation(extended_while_held()).run(story_of().start + 2 * HOUR)
    assert installation.problems == []
    assert installation.observer.is_healthy()


def test_an_extension_that_is_used_up_by_a_hold_is_noticed(monkeypatch):
    monkeypatch.setattr(Hold, "is_ended_by", lambda *_: False)
    assert "it is not awake although it is wanted (lease)" in problems(extended_while_held())


def test_a_press_that_makes_nothing_due_is_noticed(monkeypatch):
    """As it was when a lease and the mark that starts a pass were two writes."""
    marked = RequestRecords._write_marked

    def without_mark(self, stack, due_at, *writes):
        is_lease = any("lease#" in str(each) for each in writes)
        return self._write_together(*writes) if is_lease else marked(self, stack, due_at, *writes)

    monkeypatch.setattr(RequestRecords, "_write_marked", without_mark)
    monkeypatch.setattr(Installation, "start_pass", lambda *_: None)
    assert "it is not awake although it is wanted (lease)" in problems(woken())


def hours_published_while_it_sleeps() -> Story:
    """ "Sleep now" late on an evening, and office hours in the night that are published after."""
    story = story_of((WAKE.total_seconds(), "sleep", 0))
    soon = {"time_zone": "UTC", "office_hours": ["daily 02:00-06:00"], "closed_on": []}
    publish = Press(story.start + HOUR, "publish", more=(story.policy | soon, None))
    return replace(story, presses=[*story.presses, publish])


def test_office_hours_that_are_published_later_end_a_sleep_now():
    installation = Installation(hours_published_while_it_sleeps()).run(story_of().start + 3 * HOUR)
    assert installation.problems == []
    assert installation.observer.is_healthy()


def test_a_sleep_now_that_keeps_the_hours_of_its_day_is_noticed(monkeypatch):
    monkeypatch.setattr(Hold, "under", lambda self, _: replace(self, after=None))
    assert "it is not awake although it is wanted (office hours)" in problems(
        hours_published_while_it_sleeps()
    )


# Lambda


def test_the_limits_of_the_function_are_those_of_the_template():
    made = read()["Resources"]["Controller"]["Properties"]
    limits = made["EventInvokeConfig"]

    assert timedelta(seconds=made["Timeout"]) == functions.BUDGET
    assert limits["MaximumRetryAttempts"] == functions.RETRIES
    assert timedelta(seconds=limits["MaximumEventAgeInSeconds"]) == functions.OLDEST


class Played:
    """A function whose events end as `fates` says, one after the other; then well."""

    def __init__(self, *fates: str) -> None:
        self._fates = list(fates)
        self.work = Clockwork(tell(0, 1, calm=True).start)
        self._start = self.work.now
        self.began: list[float] = []
        self.given_up: list[str] = []
        function = Function(self.work, random.Random(1), self._run, self._has_room, self._end)
        function.invoke({"stack": "a"})
        self.work.run(self.work.now + HOUR)

    def _has_room(self) -> bool:
        if self._fates[:1] == ["throttled"]:
            del self._fates[0]
            return False
        return True

    def _run(self, event, ended) -> None:
        assert event == {"stack": "a"}
        self.began.append(round((self.work.now - self._start).total_seconds()))
        ended(bool(self._fates and self._fates.pop(0) == "failed"))

    def _end(self, event, why) -> None:
        self.given_up.append(why)


def test_an_event_that_failed_comes_back_after_a_minute_and_once():
    assert Played("failed").began == [0, 60]
    twice = Played("failed", "failed")
    assert (twice.began, twice.given_up) == ([0, 60], ["it failed again"])


def test_an_event_that_finds_no_room_comes_back_until_it_is_too_old():
    assert Played(*["throttled"] * 4).began == [0 + 1 + 2 + 4 + 8]
    never = Played(*["throttled"] * 20)
    assert (never.began, never.given_up) == ([], ["it is too old"])


def test_a_pass_that_died_is_tried_again_by_lambda_where_no_heartbeat_is():
    """The heartbeat that took the wake up was the last one."""
    story = story_of((WAKE.total_seconds(), "wake", 3))
    silent = Spell("lost heartbeats", story.start + WAKE + 90 * SECOND, story.end)
    story = replace(story, spells=[silent])
    seen = Mortal(story).live((WAKE + 2 * MINUTE).total_seconds()).seen
    nth = next(n for n, one in enumerate(seen, 1) if one.call == "ecs:CreateService")
    point = Point(nth, "before", "ecs:CreateService")
    installation = Mortal(story, point).live((WAKE + 10 * MINUTE).total_seconds())
    lines = installation.timeline.lines
    died = next(at for at, _, text in lines if text.endswith(" is dead"))
    made = next(at for at, source, text in lines if source == "call" and "CreateService" in text)

    assert installation.observer.is_healthy()
    assert MINUTE <= made - died < 2 * MINUTE


def test_a_pass_that_fails_again_and_again_is_noticed(monkeypatch):
    def fail(*_):
        raise EndPassError("no", after_seconds=60)

    monkeypatch.setattr(Controller, "run_pass", fail)
    assert "Lambda gave an event up in fair weather" in problems(slept_through())


# two stacks


def side_by_side(site) -> Story:
    """Two stacks that are woken and put to sleep by turns."""
    story = slept_through()
    beside = [
        Press(press.at + 20 * MINUTE, press.kind, press.hours, press.more)
        for press in story.presses
    ]
    return replace(story, neighbour=replace(story, site=site, presses=beside))


@pytest.mark.parametrize("site", [NEXT_DOOR, ABROAD])
def test_two_stacks_live_side_by_side(site):
    installation = lived(side_by_side(site))

    assert installation.problems == []
    for users in installation.users_of.values():
        assert [str(event.kind) for event in users.reported if event.kind != "sleeping_soon"] == [
            "waking",
            "awake",
            "sleeping",
            "asleep",
        ]


def test_a_stack_of_another_region_that_is_looked_for_at_home_is_noticed(monkeypatch):
    monkeypatch.setattr(Clients, "_make", lambda self, service: self._session.client(service))
    assert "was called in us-east-1" in problems(side_by_side(ABROAD))


def test_a_change_of_what_belongs_to_another_stack_is_noticed(monkeypatch):
    real = LoadBalancerAdapter.delete

    def delete_all(self, resource, seen):
        real(self, resource, seen)
        for each in self._elbv2.describe_load_balancers()["LoadBalancers"]:
            if "/ecs-nlb" in each["LoadBalancerArn"] and "ecs-nlb-2" not in each["LoadBalancerArn"]:
                self._elbv2.delete_load_balancer(LoadBalancerArn=each["LoadBalancerArn"])

    monkeypatch.setattr(LoadBalancerAdapter, "delete", delete_all)
    assert "DeleteLoadBalancer changed what is nsfw-api-b's" in problems(side_by_side(NEXT_DOOR))


# files that change while people use the stack


def changed_while_awake(*changes: str) -> Story:
    """A wake for ten hours, and an hour later the changes, one every hour; then it sleeps."""
    story = story_of((WAKE.total_seconds(), "wake", 10))
    publishes = [
        Press(story.start + WAKE + n * HOUR, "publish", more=(story.policy, change))
        for n, change in enumerate(changes, 1)
    ]
    return replace(story, presses=[*story.presses, *publishes])


def lived_through(story: Story, hours: float = 16) -> str:
    return problems(story, hours)


@pytest.mark.slow
@pytest.mark.parametrize("change", [*CHANGES, *MOVES])
def test_a_change_there_and_back_gives_no_reason_to_complain(change):
    assert lived_through(changed_while_awake(change, change)) == ""


@pytest.mark.parametrize("move", MOVES)
def test_a_move_brings_it_up_there_before_it_goes_here(move):
    story = changed_while_awake(move)
    installation = Installation(story).run(story.start + WAKE + HOUR + 20 * MINUTE)
    (balancer,) = installation.observer.balancers()
    (users,) = installation.users_of.values()

    assert installation.problems == []
    assert installation.observer.is_healthy()
    assert balancer in installation.look(users.place).elbv2.balancers.values()
    assert users.place != users.places[0]


@pytest.mark.parametrize("move", MOVES)
def test_an_old_place_that_is_forgotten_is_noticed(monkeypatch, move):
    """As the stack of a former role once was: its load balancer was paid for ever."""

    def forgetful(old, new, home):
        same = (old.region, old.role_arn) == (new.region, new.role_arn)
        return left_behind(old, new, home) if same else None

    monkeypatch.setattr(table, "left_behind", forgetful)
    found = lived_through(changed_while_awake(move))
    assert "it has two load balancers, hours after a change" in found
    assert "its load balancer outlives the decision by minutes" in found


def test_all_changes_one_after_the_other_give_none():
    assert lived_through(changed_while_awake(*CHANGES)) == ""


@pytest.mark.parametrize("change", [*HARMLESS[:2], "group"])
def test_a_change_that_takes_the_whole_stack_down_is_noticed(monkeypatch, change):
    """As it was when what a spec leaves behind was told by how it is written."""
    monkeypatch.setattr(table, "left_behind", lambda old, new, home: old)
    story = changed_while_awake(change)
    assert lived_through(story, hours=1) == "", "nothing is changed yet"
    assert "torn down while in use or ready" in lived_through(story, hours=2)


def test_a_gap_at_a_rename_is_noticed(monkeypatch):
    """As it was when a new target group got all connections before a target of it was healthy."""
    for module in (installation_module, observer_module):
        monkeypatch.setattr(module, "EVERY", 1)
    story = replace(changed_while_awake("group"), profile="typical")
    assert lived_through(story) == ""
    monkeypatch.setattr(listener, "_still_serves", lambda *_: "")
    assert "nobody could use it after a rename" in lived_through(story)


def test_an_old_service_that_nobody_remembers_is_noticed(monkeypatch):
    """As the stack of a former account once was."""
    monkeypatch.setattr(table, "left_behind", lambda old, new, home: None)
    found = lived_through(changed_while_awake("service"))
    assert "it has two services, hours after a change" in found
    assert "nobody has wanted it for" in found


def test_what_is_left_behind_and_keeps_the_new_spec_waiting_is_noticed(monkeypatch):
    """As a place did once that nobody could reach any more."""

    def never(self, *_):
        status = self._tracker.status
        return Outcome(
            result=Result.UNFINISHED,
            target=Target.ASLEEP,
            cause="it cannot be reached",
            observed=None,
            plan=None,
            progress=status.progress,
            timeline=status.timeline,
        )

    monkeypatch.setattr(Clearing, "_take_down", never)
    story = story_of((WAKE.total_seconds(), "wake", 10))
    before = Press(story.start + MINUTE, "publish", more=(story.policy, "balancer"))
    said = lived_through(replace(story, presses=[before, *story.presses]), hours=2)
    assert "it is not awake although it is wanted (lease)" in said
