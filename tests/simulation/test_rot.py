"""Rehearsals of a stack whose surroundings rot; and each of their observers sees what is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.account import rehearsal
from controller.domain.diagnostics import examine
from controller.domain.diagnostics.certificates import certificates
from controller.domain.diagnostics.finding import ok, problem
from controller.domain.diagnostics.rehearsal import prove
from controller.domain.planning.plan import _Planner
from controller.domain.planning.spec import Kind
from controller.domain.reporting.proof import Verdict
from controller.reconcile import metering, real_rehearsal, rehearsing
from simulation import rot
from simulation.rot import DAY, HOUR, UNREADABLE, Rot, RotStory

MONDAY = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
SHORT = 4 * DAY


@pytest.fixture(autouse=True)
def short_month(monkeypatch):
    """A month has four days, or a story takes too long for a test."""
    monkeypatch.setattr(real_rehearsal, "EVERY", SHORT)


def story(*kinds: str, days: int = 4, rehearse: str = "look", openings=()) -> RotStory:
    """What breaks after 18 hours and is mended two days later."""
    rots = tuple(Rot(kind, MONDAY + 18 * HOUR + n * HOUR, 2 * DAY) for n, kind in enumerate(kinds))
    return RotStory(0, days, rehearse, openings, rots, month=SHORT)


def problems(reported: RotStory) -> str:
    return "\n".join(rot.live(reported).problems)


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_what_breaks_asleep_is_reported_once_in_time_and_a_real_wake_leaves_nothing(seed):
    reported = replace(rot.tell(seed, 16), month=SHORT)
    observer = rot.live(reported)
    assert observer.problems == [], str(reported)
    assert observer.looks >= 15
    assert observer.reported >= 1
    assert bool(observer.requested) is (reported.rehearse == "monthly")


@pytest.mark.parametrize("kind", rot.SAID)
def test_each_thing_that_breaks_is_reported_with_its_remedy_before_an_opening(kind):
    observer = rot.live(story(kind, openings=(("Wed", 9),)))
    assert observer.problems == []
    assert observer.reported == 1


def test_what_may_not_be_read_is_reported_to_nobody():
    observer = rot.live(story(UNREADABLE))
    assert (observer.problems, observer.reported) == ([], 0)


# what is wrong is seen


def test_an_unknown_that_is_called_fine_is_noticed(monkeypatch):
    def trusting(*given):
        proof = prove(*given)
        is_unknown = proof.verdict is Verdict.NOT_CHECKED
        return replace(proof, verdict=Verdict.COULD_WAKE) if is_unknown else proof

    monkeypatch.setattr(rehearsal, "prove", trusting)
    assert 'it says "could wake", expected "not looked at"' in problems(story(UNREADABLE))


def test_something_broken_that_is_not_found_is_noticed(monkeypatch):
    others = [check for check in examine.CHECKS if check is not certificates]
    monkeypatch.setattr(examine, "CHECKS", others)
    found = problems(story("certificate"))
    assert 'it says "could wake", expected "could not wake"' in found
    assert "it does not find what broke: certificate" in found
    assert "nobody was told of what broke a day ago: certificate" in found


def test_a_finding_without_cause_is_noticed(monkeypatch):
    def gloomy(facts):
        yield problem("image", "api", "there is no such image; push it again")

    monkeypatch.setattr(examine, "CHECKS", [*examine.CHECKS, gloomy])
    assert "told without cause: api: there is no such image" in problems(story(days=1))


def test_a_finding_without_a_remedy_is_noticed(monkeypatch):
    def curt(facts):
        for each in certificates(facts):
            yield replace(each, message=each.message.partition(";")[0])

    others = [curt if check is certificates else check for check in examine.CHECKS]
    monkeypatch.setattr(examine, "CHECKS", others)
    assert "a finding has no way out" in problems(story("certificate"))


def test_trouble_that_is_reported_each_day_is_noticed(monkeypatch):
    monkeypatch.setattr(rehearsing, "_is_reported", lambda _: False)
    assert "told twice: ['quota']" in problems(story("quota"))


def test_trouble_that_is_reported_to_nobody_is_noticed(monkeypatch):
    monkeypatch.setattr(rehearsing, "add_event", lambda status, *_: status)
    found = problems(story("parameter", openings=(("Wed", 9),)))
    assert "an opening comes, and nobody was told: parameter" in found


def test_an_end_of_trouble_that_is_reported_too_early_is_noticed(monkeypatch):
    blind = [lambda facts: iter([ok("all", "", "fine")])]
    live = rot.World.break_

    def break_(world, kind):
        live(world, kind)
        if kind == "certificate":
            monkeypatch.setattr(examine, "CHECKS", blind)

    monkeypatch.setattr(rot.World, "break_", break_)
    first = Rot("image", MONDAY + DAY / 2, 5 * DAY)
    later = Rot("certificate", MONDAY + 1.5 * DAY, 5 * DAY)
    reported = replace(story(days=3), rots=(first, later))
    assert "told that it could wake, with ['certificate', 'image'] broken" in problems(reported)


def test_a_missing_check_is_noticed(monkeypatch):
    monkeypatch.setattr(rehearsing, "DAILY", 3 * DAY)
    assert "it was not looked at for more than a day" in problems(story(days=2))


def test_a_wake_for_real_that_comes_too_often_or_never_is_noticed(monkeypatch):
    monthly = story(days=8, rehearse="monthly")
    with monkeypatch.context() as patch:
        patch.setattr(real_rehearsal, "EVERY", DAY)
        assert "it was woken for real twice in a month" in problems(monthly)
    monkeypatch.setattr(real_rehearsal, "is_hindered", lambda *_: True)
    assert "it was not woken for real in a month" in problems(monthly)


def test_a_real_wake_that_nobody_requested_is_noticed(monkeypatch):
    """The policy says "look", and the controller takes it for the other."""
    monthly = story(days=6, rehearse="monthly")
    watched = replace(monthly, rehearse="look")
    world = rot.World
    monkeypatch.setattr(rot, "World", lambda reported: world(replace(reported, rehearse="monthly")))
    assert "woken for real, and nobody had asked for that" in problems(watched)


def test_a_load_balancer_that_stays_after_a_wake_for_real_is_noticed(monkeypatch):
    sleep_one = _Planner._sleep_one

    def forgetful(planner, resource):
        if resource.kind not in (Kind.LOAD_BALANCER, Kind.LISTENER, Kind.TARGET_GROUP):
            sleep_one(planner, resource)

    monkeypatch.setattr(_Planner, "_sleep_one", forgetful)
    found = problems(story(days=6, rehearse="monthly"))
    assert "asleep, and paid for: ['load_balancer']" in found


def test_a_ledger_without_the_hour_of_a_wake_for_real_is_noticed(monkeypatch):
    span = metering._span

    def free(*given):
        found = span(*given)
        return replace(found, since=found.until)

    monkeypatch.setattr(metering, "_span", free)
    assert "the ledger has 0:00:00 of arn:" in problems(story(days=6, rehearse="monthly"))


def test_a_call_to_a_service_that_sleeps_again_is_noticed():
    world = rot.World(story())
    observer = rot.RotObserver(world)
    world.day.wake(0.2)
    world.day.run_pass()
    world.day.live_until(world.day.now + timedelta(hours=2))
    observer.ask("http://203.0.113.25:5000", "/")
    assert "it is asked while nothing stands" in observer.problems[0]
