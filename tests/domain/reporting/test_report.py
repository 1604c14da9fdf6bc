"""How a stack stands, told from its records at one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.hold import LONGEST_SLEEP_NOW, Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import ConsumedRequests, Failure, Lifecycle, Slept
from controller.domain.money.meter import Meter
from controller.domain.money.usage import UsageProfile
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Timeline
from controller.domain.planning.serving import Degraded, Shortfall
from controller.domain.reporting.report import State, make_report, policy_of
from controller.domain.reporting.status import Status, Trouble
from factories import NOON, article_spec, service

SPEC = article_spec()
MINUTE = timedelta(minutes=1)
ASLEEP = Status(target=Target.ASLEEP, settled=True, phase="asleep")
WAKING = Status(
    target=Target.AWAKE, phase="task starting", lifecycle=Lifecycle(waking_since=NOON - MINUTE)
)
AWAKE = Status(
    target=Target.AWAKE,
    settled=True,
    phase="awake",
    endpoint={"ip": "203.0.113.10", "port": 5000, "url": "http://203.0.113.10:5000/"},
    lifecycle=Lifecycle(waking_since=NOON - 5 * MINUTE, ready_at=NOON - MINUTE),
)
SHORT = Shortfall(address="aws_ecs_service.api", name="api", serving=1, wanted=2)
DEGRADED = Degraded(since=NOON - MINUTE, cause="a task stopped", services=(SHORT,), least=1)
FAILURE = Failure(at=NOON - MINUTE, cause="no such image", spec_hash=SPEC.hash)


def unserved(since):
    """Ready before, and nobody is served any more."""
    return AWAKE.lifecycle.snapshot_taken(since, complete=False, served=False)


def lease(minutes: float = 60, id_: str = "a") -> Lease:
    return Lease(
        stack="nsfw-api",
        id=id_,
        holder="wake link",
        reason="",
        granted_at=NOON - MINUTE,
        expires_at=NOON + minutes * MINUTE,
    )


def hold(state: Target = Target.ASLEEP) -> Hold:
    return Hold(
        stack="nsfw-api",
        state=state,
        by="admin",
        reason="",
        set_at=NOON,
        until=NOON + 60 * MINUTE,
        over=frozenset({"a"}),
    )


def report(status: Status, *leases: Lease, hold: Hold | None = None):
    return make_report(SPEC, status, leases, hold, NOON)


@pytest.mark.parametrize(
    ("status", "leases", "hold", "state", "phase"),
    [
        (Status(), (), None, State.ASLEEP, "asleep"),
        (ASLEEP, (), None, State.ASLEEP, "asleep"),
        (ASLEEP, (lease(),), None, State.WAKING, "starting"),
        (WAKING, (lease(),), None, State.WAKING, "task starting"),
        (AWAKE, (lease(),), None, State.AWAKE, "awake"),
        (AWAKE, (lease(),), hold(), State.GOING_TO_SLEEP, "going to sleep"),
        (
            replace(ASLEEP, settled=False, phase="draining"),
            (),
            None,
            State.GOING_TO_SLEEP,
            "draining",
        ),
        (ASLEEP, (lease(),), hold(), State.ASLEEP, "asleep"),
        (replace(ASLEEP, lifecycle=Lifecycle(failure=FAILURE)), (), None, State.ASLEEP, "failed"),
        (
            replace(ASLEEP, blocked=Trouble(since=NOON, cause="not ours")),
            (),
            None,
            State.ASLEEP,
            "blocked",
        ),
        (
            replace(AWAKE, lifecycle=unserved(NOON), phase="health check"),
            (lease(),),
            None,
            State.WAKING,
            "health check",
        ),
    ],
)
def test_state_and_phase_follow_from_records_and_decision(status, leases, hold, state, phase):
    reported = report(status, *leases, hold=hold)
    assert (reported.state, reported.phase) == (state, phase)


def test_a_wake_shows_its_time_from_the_moment_it_was_requested():
    reported = report(ASLEEP, lease()).to_json()
    assert reported["since"] == "2026-11-23T11:59:00Z"
    assert reported["eta_seconds"] == 240
    assert reported["steps"] == []


def test_the_eta_shrinks_and_ends_when_the_wake_is_late():
    assert report(WAKING, lease()).to_json()["eta_seconds"] == 180
    late = replace(WAKING, lifecycle=Lifecycle(waking_since=NOON - 10 * MINUTE))
    assert report(late, lease()).to_json()["eta_seconds"] is None


def test_an_address_is_shown_only_while_it_answers():
    assert report(AWAKE, lease()).to_json()["endpoint"]["port"] == 5000
    assert report(AWAKE, lease(), hold=hold()).to_json()["endpoint"] is None


def test_a_lease_that_was_consumed_or_is_over_wants_nothing():
    spent = Lifecycle(failure=replace(FAILURE, spent=_spent()))
    reported = report(replace(ASLEEP, lifecycle=spent), lease()).to_json()
    assert (reported["state"], reported["leases"]) == ("asleep", [])
    assert reported["failure"] == {"at": "2026-11-23T11:59:00Z", "cause": "no such image"}


def _spent(**changes):
    return ConsumedRequests(leases=frozenset({("a", lease().requested_at)}), **changes)


def test_a_lease_is_shown_until_it_is_over_and_the_last_to_end_first():
    reported = report(ASLEEP, lease(0.1, "b"), lease(60, "a"), lease(60, "c"), lease(0, "d"))
    assert [each.id for each in reported.leases] == ["c", "a", "b"]


# holds


def test_a_hold_is_shown_while_it_is_in_force():
    assert report(ASLEEP, lease(), hold=hold()).hold == hold()
    assert report(AWAKE, hold=hold(Target.AWAKE)).hold == hold(Target.AWAKE)
    assert report(ASLEEP).hold is None


def test_a_sleep_until_the_next_opening_is_shown_with_its_end_by_the_hours_of_today():
    until_opening = replace(hold(), after=NOON)
    told = report(ASLEEP, hold=until_opening)
    assert told.hold == replace(hold(), until=NOON + LONGEST_SLEEP_NOW)
    assert told.decision.until == told.changes_at == NOON + LONGEST_SLEEP_NOW


def test_a_hold_that_is_over_ended_or_used_up_is_not_shown():
    over = replace(hold(), set_at=NOON - 5 * MINUTE, until=NOON)
    assert report(ASLEEP, hold=over).hold is None
    assert report(ASLEEP, lease(60, "later"), hold=hold()).hold is None
    used_up = Lifecycle(failure=replace(FAILURE, spent=ConsumedRequests(hold_at=NOON)))
    assert report(replace(ASLEEP, lifecycle=used_up), hold=hold(Target.AWAKE)).hold is None
    another = Lifecycle(failure=replace(FAILURE, spent=ConsumedRequests(hold_at=NOON - MINUTE)))
    assert report(replace(ASLEEP, lifecycle=another), hold=hold(Target.AWAKE)).hold


def test_one_that_is_degraded_is_awake_and_says_what_is_missing():
    degraded = report(replace(AWAKE, degraded=DEGRADED), lease())
    assert (degraded.state, degraded.phase) == (State.AWAKE, "degraded")
    assert degraded.cause == "runs with 1 of 2 tasks: a task stopped"
    assert degraded.has_settled and degraded.endpoint
    reported = degraded.to_json()["degraded"]
    assert [reported["services"][0][key] for key in ("serving", "wanted")] == [1, 2]
    assert reported["cause"] == "a task stopped"

    closing = report(replace(AWAKE, degraded=DEGRADED), lease(), hold=hold())
    assert (closing.degraded, closing.to_json()["degraded"]) == (None, None)
    assert report(AWAKE, lease()).to_json()["degraded"] is None


# since when, and how long still


def test_each_state_says_since_when_it_is_so():
    slept = Lifecycle(slept=Slept(at=NOON - 9 * MINUTE, rule="idle", reason="idle"))
    going = replace(ASLEEP, settled=False, since=NOON - 2 * MINUTE)
    repaired = replace(AWAKE, lifecycle=unserved(NOON - 3 * MINUTE))
    since = {
        "asleep": report(replace(ASLEEP, lifecycle=slept)).since,
        "new": report(ASLEEP).since,
        "waking": report(WAKING, lease()).since,
        "asked for": report(ASLEEP, replace(lease(), extended_at=NOON), lease(id_="b")).since,
        "held awake": report(ASLEEP, hold=hold(Target.AWAKE)).since,
        "awake": report(AWAKE, lease()).since,
        "repaired": report(repaired, lease()).since,
        "going to sleep": report(going).since,
        "told to sleep": report(replace(AWAKE, since=NOON), hold=hold()).since,
    }
    assert since == {
        "asleep": NOON - 9 * MINUTE,
        "new": None,
        "waking": NOON - MINUTE,
        "asked for": NOON,
        "held awake": None,
        "awake": NOON - MINUTE,
        "repaired": NOON - 3 * MINUTE,
        "going to sleep": NOON - 2 * MINUTE,
        "told to sleep": None,
    }


def test_only_a_wake_has_an_eta():
    assert report(ASLEEP).eta is None
    assert report(AWAKE, lease()).eta is None
    repaired = replace(AWAKE, lifecycle=unserved(NOON))
    assert report(repaired, lease()).eta is None
    odd = replace(WAKING, lifecycle=Lifecycle(waking_since=NOON - timedelta(seconds=1.26)))
    assert report(odd, lease()).to_json()["eta_seconds"] == 238.7
    ahead = replace(WAKING, lifecycle=Lifecycle(waking_since=NOON + MINUTE))  # by another clock
    assert report(ahead, lease()).eta == 4 * MINUTE


def test_what_it_is_busy_with_comes_with_what_that_usually_takes():
    timeline = Timeline().see("aws_lb.nlb", "starting", NOON - MINUTE)
    busy = replace(WAKING, timeline=timeline)
    assert report(busy, lease()).steps == [{**timeline.to_json()[0], "usual_seconds": None}]
    assert report(replace(busy, target=Target.ASLEEP), lease()).steps == []


# trouble


def test_a_phase_says_why_where_something_is_wrong():
    going = replace(ASLEEP, settled=False, phase="draining", cause="a task stops")
    stuck = Trouble(since=NOON, cause="it hangs")
    waking = replace(WAKING, cause="no capacity")
    reported = {
        "failed": report(replace(ASLEEP, lifecycle=Lifecycle(failure=FAILURE))),
        "blocked": report(replace(ASLEEP, blocked=Trouble(since=NOON, cause="not ours"))),
        "draining": report(going),
        "stuck": report(replace(going, stuck=stuck)),
        "nameless": report(replace(going, stuck=stuck, phase="")),
        "refused": report(replace(going, phase="failed", cause="it is held")),
        "refused for long": report(replace(going, stuck=stuck, phase="failed")),
        "waking": report(waking, lease()),
        "blank": report(replace(WAKING, phase=""), lease()),
        "starting": report(replace(ASLEEP, cause="old"), lease()),
        "told to sleep": report(replace(AWAKE, cause="old"), hold=hold()),
        "awake": report(replace(AWAKE, stuck=stuck), lease()),
        "waking, once stuck": report(replace(waking, stuck=stuck), lease()),
    }
    assert {name: (each.phase, each.cause) for name, each in reported.items()} == {
        "failed": ("failed", "no such image"),
        "blocked": ("blocked", "not ours"),
        "draining": ("draining", "a task stops"),
        "stuck": ("draining", "it hangs"),
        "nameless": ("going to sleep", "it hangs"),
        "refused": ("stuck", "it is held"),
        "refused for long": ("stuck", "it hangs"),
        "waking": ("task starting", "no capacity"),
        "blank": ("waking", ""),
        "starting": ("starting", ""),
        "told to sleep": ("going to sleep", ""),
        "awake": ("awake", ""),
        "waking, once stuck": ("task starting", "no capacity"),
    }


def test_a_failure_is_shown_while_it_is_the_reason_for_sleep():
    failed = replace(AWAKE, lifecycle=replace(AWAKE.lifecycle, failure=FAILURE))
    assert report(failed, lease()).to_json()["failure"] is None
    assert report(replace(ASLEEP, lifecycle=Lifecycle(failure=FAILURE))).to_json()["failure"]


# money, and all of it as JSON


def test_the_money_of_the_month_is_shown_once_a_pass_has_seen_the_stack():
    assert report(AWAKE, lease()).saved is None
    meter = Meter().using(UsageProfile.of(SPEC), NOON - 60 * MINUTE)
    saved = report(replace(AWAKE, meter=meter), lease()).saved
    assert saved.used.end == NOON
    assert saved.used.awake == MINUTE
    assert saved.prices.region == "us-east-1"
    tokyo = replace(SPEC, region="ap-northeast-1")
    reported = make_report(tokyo, replace(AWAKE, meter=meter), [lease()], None, NOON)
    assert reported.saved.prices.region == "ap-northeast-1"


def test_a_report_in_json_has_these_fields():
    """What `status --json`, the page and programs read."""
    meter = Meter().using(UsageProfile.of(SPEC), NOON - 60 * MINUTE)
    status = replace(AWAKE, updated_at=NOON - MINUTE, meter=meter)
    held = replace(hold(Target.AWAKE), reason="a demo", over=frozenset())
    reported = report(status, lease(), hold=held)
    assert reported.now == NOON
    assert reported.to_json() == {
        "stack": "nsfw-api",
        "now": "2026-11-23T12:00:00Z",
        "time_zone": "UTC",
        "summary": reported.standing,
        "state": "awake",
        "phase": "awake",
        "cause": "",
        "reason": "admin holds it awake until Mon 23 Nov 13:00: a demo",
        "rule": "hold",
        "evidence": {
            "by": "admin",
            "set_at": "2026-11-23T12:00:00Z",
            "until": "2026-11-23T13:00:00Z",
        },
        "since": "2026-11-23T11:59:00Z",
        "until": "2026-11-23T13:00:00Z",
        "leases": [lease().to_json()],
        "hold": held.to_json(),
        "held": [],
        "bookings": [],
        "endpoint": {"ip": "203.0.113.10", "port": 5000, "url": "http://203.0.113.10:5000/"},
        "steps": [],
        "eta_seconds": None,
        "next": [change.to_json() for change in reported.next],
        "degraded": None,
        "failure": None,
        "stuck": None,
        "updated_at": "2026-11-23T11:59:00Z",
        "saved": reported.saved.summary(),
        "budget": None,
        "warnings": [],
        "proof": {"at": None, "result": "not looked at", "findings": []},
        "owner": None,
        "expires": None,
    }


def test_the_next_two_changes_within_the_week_are_shown():
    policy = {
        "office_hours": [[["mon", "tue", "wed"], "13:00", "14:00"]],
        "finish_paid_hour": False,
    }
    spec = article_spec(policy=policy)

    def ahead(hold=None):
        reported = make_report(spec, ASLEEP, (), hold, NOON)
        return [(str(change.state), f"{change.at:%a %H:%M}") for change in reported.next]

    assert ahead() == [("awake", "Mon 12:54"), ("asleep", "Mon 14:00")]
    tuesday = replace(hold(), until=NOON + 24 * 60 * MINUTE)
    assert ahead(tuesday) == [("awake", "Tue 12:54"), ("asleep", "Tue 14:00")]
    next_month = replace(hold(), until=NOON + timedelta(days=30))
    assert ahead(next_month) == []


def test_the_lead_that_wakes_have_taught_is_never_longer_than_a_wake_may_take():
    spec = article_spec(
        policy={"wake_timeout": "2m", "office_hours": [[["tue"], "09:00", "18:00"]]}
    )
    assert (
        make_report(spec, ASLEEP, (), None, NOON).next[0].at
        == NOON + 20 * 60 * MINUTE + 58 * MINUTE
    )


def test_what_comes_next_is_shown():
    (first, *_) = report(AWAKE, lease()).to_json()["next"]
    assert first["state"] == "asleep"
    assert first["at"] > "2026-11-23T13:00"


def test_holidays_that_run_out_are_warned_of_with_the_remedy():
    policy = {"closed_on": ["holidays:JP"], "holidays": {"JP": ["2026-11-23"]}}
    spec = article_spec(policy=policy, source={"dir": "infra/api"})
    reported = make_report(spec, ASLEEP, (), None, NOON)
    (warning,) = reported.to_json()["warnings"]
    assert warning.startswith("the dates of holidays:JP are known until 2026-12-31 only")
    assert 'run "dormouse publish infra/api" again' in warning
    assert report(ASLEEP).warnings == ()


@pytest.mark.parametrize(("zone", "warned"), [("UTC", False), ("Asia/Tokyo", True)])
def test_holidays_run_out_by_the_date_of_the_stacks_own_zone(zone, warned):
    """120 days before the year ends in UTC, and one day less in Tokyo."""
    now = NOON.replace(month=9, day=2, hour=16)
    policy = {"closed_on": ["holidays:JP"], "holidays": {"JP": ["2026-11-23"]}, "time_zone": zone}
    reported = make_report(article_spec(policy=policy), ASLEEP, (), None, now)
    assert bool(reported.warnings) is warned


def test_without_a_load_balancer_nothing_is_idle_and_no_hour_is_paid():
    policy = {"idle_timeout": "45m", "max_awake": "3h"}
    assert policy_of(article_spec(policy=policy)).idle_timeout == 45 * MINUTE
    bare = policy_of(article_spec(policy=policy, resources=(service(),)))
    assert (bare.idle_timeout, bare.finish_paid_hour) == (None, False)
    assert bare.max_awake == 180 * MINUTE

    bare_spec = article_spec(policy=policy, resources=(service(),))
    reported = make_report(bare_spec, ASLEEP, [lease(90)], None, NOON)
    assert reported.next[-1].at == NOON + 90 * MINUTE


def test_what_is_not_as_the_files_say_is_a_warning_of_an_awake_stack():
    reported = replace(AWAKE, cause='service "old" is not in the files any more')
    assert report(reported, lease()).warnings == ('service "old" is not in the files any more',)
    assert report(reported, lease()).cause == ""
    assert report(AWAKE, lease()).warnings == ()


def test_what_an_earlier_configuration_left_behind_is_shown_until_it_is_gone():
    left = {"hash": Trouble(since=NOON, cause="it stands in eu-west-1")}
    assert report(replace(ASLEEP, replaced=left)).warnings == ("it stands in eu-west-1",)
    awake = replace(AWAKE, replaced=left, cause="another port")
    assert report(awake, lease()).warnings == ("another port", "it stands in eu-west-1")
