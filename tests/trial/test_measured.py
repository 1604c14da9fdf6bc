"""Whatever AWS takes its time for, a trial finds out how long, within a twentieth."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from trial_runs import GIVEN, TrialRun

from controller.cli.trial_views import print_result
from controller.domain.planning.timing import FAST, NEVER, TYPICAL, Timing
from controller.domain.trial.advice import advise
from controller.domain.trial.measures import MEASURES, NAMES, assume_all
from controller.domain.trial.result import Result
from controller.domain.trial.unmeasured import why_not_measured
from controller.timing_file import find_timing, save_timing

ODD = Timing(
    name="odd",
    describe_lag=4,
    lb_provisioning=210,
    association_visible=9,
    task_start=66,
    activating=12,
    registration=130,
    deregistration_floor=70,
    honours_delay=True,
    stop=24,
    inactive=14,
    purge=100,
    lb_gone=6,
    eip_release=100,
    tg_release=25,
    first_metric=240,
    metric_lag=150,
)
"""No field is as in a profile that ships."""

SWITCHES = ("honours_delay", "drains_alone", "count_needs_balancer")
"""Fields that are no times."""

TENTH = 0.1
"""Seconds between two looks at least: what takes no longer cannot be distinguished from no time."""


def test_the_account_of_this_test_differs_in_every_number():
    for field in fields(Timing):
        if field.name not in SWITCHES:
            assert getattr(ODD, field.name) not in [
                getattr(known, field.name) for known in (FAST, TYPICAL)
            ], field.name


@pytest.fixture(scope="module")
def tried():
    """A whole trial at 6500 calls of real clients: some seconds, once for all questions."""
    run = TrialRun.at(ODD)
    trial = run.trial()
    trial.run()
    return run, trial, trial.clean_up("the end")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "turn_round"])
def test_each_number_comes_back_within_a_twentieth(tried, name):
    run, trial, _ = tried
    expected = assume_all(run.aws.timing, GIVEN)[name]

    assert trial.measured()[name] == pytest.approx(expected, rel=0.05)


def test_a_wake_during_a_sleep_is_timed(tried):
    """The Elastic IP, the load balancer and the checks, from some seconds into the sleep on."""
    run, trial, _ = tried
    expected = assume_all(run.aws.timing, GIVEN)["turn_round"]
    assert trial.measured()["turn_round"] == pytest.approx(expected, rel=0.05)
    assert trial.came_back


def test_nothing_is_left_and_nothing_was_unforeseen(tried):
    run, trial, left = tried
    assert left == ()
    assert run.standing() == []
    assert run.is_address_untouched()
    assert not trial.site.answers.surprises
    refused = {(each.operation, each.code) for each in trial.site.answers.foreseen}
    assert ("CreateService", "InvalidParameterException") in refused


def test_the_profile_of_a_trial_is_that_of_the_account(tried, tmp_path):
    """Saved, read and used again it gives an AWS of the same pace."""
    _, trial, left = tried
    save_timing(tmp_path / "here.json", result_of(trial, left).timing("here"))
    found = find_timing(str(tmp_path / "here.json"))

    assert found.name == "here"
    for field in fields(Timing):
        if field.name in SWITCHES:
            assert getattr(found, field.name) is getattr(ODD, field.name), field.name
        elif field.name != "name":
            expected = pytest.approx(getattr(ODD, field.name), rel=0.05, abs=TENTH)
            assert getattr(found, field.name) == expected, field.name


def test_the_json_has_what_outside_programs_read(tried):
    _, trial, left = tried
    data = result_of(trial, left).to_json()
    assert {"measured", "assumed", "surprises", "left_behind"} <= data.keys()
    assert set(data["measured"]) == set(data["assumed"]) == set(NAMES)
    assert {"lb_provision", "eip_hold", "task_start", "target_healthy", "drain"} <= set(NAMES)
    assert (data["surprises"], data["left_behind"]) == ([], [])
    assert data["measured"]["eip_hold"] == pytest.approx(100, rel=0.05)
    assert data["assumed"]["eip_hold"] == TYPICAL.eip_release


def test_what_takes_no_time_is_measured_as_none():
    run = TrialRun.at(replace(FAST, first_metric=30, metric_lag=5))
    trial = run.trial()
    trial.run()
    measured = trial.measured()
    for each in MEASURES:
        if each.field and getattr(FAST, each.field) == 0 and measured[each.name] is not None:
            assert measured[each.name] < TENTH, each.name
    assert measured["inactive"] == pytest.approx(1, abs=TENTH)


def test_a_service_that_aws_keeps_for_longer_than_the_trial_looks_is_not_measured(capsys):
    """It is null, and output and JSON say so in words; the profile keeps what is assumed."""
    run = TrialRun.at(replace(FAST, first_metric=30, metric_lag=5, purge=NEVER))
    trial = run.trial()
    trial.run()
    result = result_of(trial, trial.clean_up("the end"))
    assert result.measured["purge"] is None
    assert set(result.not_measured) == {n for n, value in result.measured.items() if value is None}
    assert result.to_json()["not_measured"]["purge"].startswith("AWS still kept the service as")
    assert result.timing("here").purge == TYPICAL.purge
    print_result(run.spec, result)
    lines = capsys.readouterr().out.splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.startswith("INACTIVE until the service")]
    assert "not measured" in lines[at]
    assert lines[at + 1].strip() == result.not_measured["purge"]


@pytest.mark.parametrize(
    ("drain", "delay", "floor", "honours"),
    [
        (120.2, 10, 120.2, True),
        (300.4, 300, TYPICAL.deregistration_floor, True),
        (90.0, 90, 90.0, True),
        (10.0, 300, 10.0, False),
    ],
)
def test_a_drain_says_what_it_can_of_floor_and_delay(tried, drain, delay, floor, honours):
    _, trial, left = tried
    result = result_of(trial, left)
    given = replace(GIVEN, delay=delay)
    timing = replace(result, measured={"drain": drain}, given=given).timing("here")

    assert (timing.deregistration_floor, timing.honours_delay) == (floor, honours)
    assert timing.deregistration(delay) == pytest.approx(drain, rel=0.05)


def result_of(trial, left):
    measured = trial.measured()
    return Result(
        measured=measured,
        not_measured=why_not_measured(measured, trial.site.log, trial.site.clock.now()),
        given=GIVEN,
        answers=trial.site.answers,
        advice=advise(measured, came_back=trial.came_back),
        seconds=1.0,
        count_taken=trial.site.count_taken,
        left_behind=left,
    )


def test_a_state_and_an_event_that_nobody_foresaw_are_reported():
    """The simulated AWS says nothing of the kind, so the answer is changed on its way."""
    run = TrialRun.at("fast")

    def change(parsed, model, **_):
        for balancer in parsed.get("LoadBalancers", ()):
            if balancer["State"]["Code"] == "provisioning":
                balancer["State"]["Code"] = "hibernating"
        for service in parsed.get("services", ()):
            event = {"id": "1", "createdAt": run.aws.clock.now(), "message": "it is on strike."}
            service.setdefault("events", []).append(event)

    site = run.site(change)
    trial = run.trial(site)
    trial.run()
    reported = {(one.operation, one.code) for one in site.answers.surprises}
    texts = [one.message for one in site.answers.surprises]

    assert ("DescribeLoadBalancers", "unknown state") in reported
    assert any("hibernating" in text for text in texts)
    assert ("DescribeServices", "unknown event") in reported
    assert "it is on strike." in texts


def test_an_answer_of_a_form_that_nobody_foresaw_is_reported_and_not_measured():
    """What the controller itself does not read may be missing, and the trial goes on."""
    run = TrialRun.at("fast")

    def change(parsed, model, **_):
        for point in parsed.get("Datapoints", ()):
            del point["Timestamp"]

    site = run.site(change)
    trial = run.trial(site)
    trial.run()
    reported = {(one.operation, one.code, one.message) for one in site.answers.surprises}

    assert reported == {("GetMetricStatistics", "unknown form", "KeyError: 'Timestamp'")}
    assert trial.measured()["metric_lag"] is None
    assert trial.measured()["eip_hold"] == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("needs", [True, False])
def test_what_is_open_about_the_order_of_a_sleep_is_found_out(alone, needs):
    """A target that drains on is why the count is worth it; a refused count is no reason yet."""
    timing = replace(FAST, deregistration_floor=40, drains_alone=alone, count_needs_balancer=needs)
    run = TrialRun.at(timing)
    trial = run.trial()
    trial.run()
    result = result_of(trial, ())

    assert result.behaviours["drains_alone"] is alone
    assert result.behaviours["count_needs_balancer"] is needs
    assert result.advice.order == ("count" if alone else "force")
    gained = 40 + FAST.stop + FAST.inactive - FAST.eip_release if alone else 0
    assert result.advice.gained == pytest.approx(gained, abs=1)
    found = result.timing("here")
    assert (found.drains_alone, found.count_needs_balancer) == (alone, needs)


def test_where_no_wake_can_set_the_count_back_the_service_is_deleted():
    measured = {"turn_round": 300.0, "drain_without_lb": 120.0, "stop": 30.0, "inactive": 10.0}
    advice = advise({**measured, "eip_hold": 60.0}, came_back=False)
    assert (advice.order, advice.why) == ("force", "no wake could set the service's count back")
    assert advise({**measured, "eip_hold": 60.0}, came_back=True).order == "count"
    assert advise({**measured, "eip_hold": None}, came_back=True).order is None
