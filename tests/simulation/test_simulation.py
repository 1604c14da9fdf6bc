"""A short run of the simulation, and whether its observer sees what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.aws.load_balancer import LoadBalancerAdapter
from controller.reconcile import deciding, tracker
from controller.timing_file import find_timing
from local.clock import ManualClock
from simulation import soak
from simulation.installation import ENVIRONMENT, Installation
from simulation.oracle import Wants
from simulation.story import tell

OFFICE = {
    "time_zone": "Asia/Tokyo",
    "office_hours": ["Mon-Fri 09:00-18:00"],
    "closed_on": [],
    "open_on": [],
    "ready_by_opening": True,
    "finish_paid_hour": False,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "tell"), [(1, "news,digest"), (2, "news,digest"), (3, ""), (4, ""), (5, "")]
)
def test_two_weeks_in_which_everything_goes_wrong(seed, tell, monkeypatch):
    """The money of weekly letters agrees with what stood in AWS, as that of months does."""
    monkeypatch.setitem(ENVIRONMENT, "DORMOUSE_TELL", tell)
    report = soak.live(seed, 12)

    assert not report.problems, "\n".join([report.title, *report.timeline])
    assert report.calls > 1000
    letters = [bill for bill in report.bills if bill.month.startswith("the week up to")]
    assert bool(letters) is bool(tell)


def test_a_seed_tells_the_same_story_in_every_process():
    here = soak.live(7, 3).digest
    code = "from simulation.soak import live; print(live(7, 3).digest)"
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "5",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    there = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert there.stdout.strip() == here


def test_a_failure_is_printed_with_its_timeline_and_how_to_reproduce_it(monkeypatch, capsys):
    monkeypatch.setattr(LoadBalancerAdapter, "delete", lambda *_: None)
    code = soak.main(["--seed", "4", "--days", "2", "--jobs", "1", "--calm"])
    reported = capsys.readouterr().out

    assert code == 1
    assert "BROKE  seed 4: 2 days" in reported
    assert "people  wake" in reported
    assert "ecs:DeleteService" in reported
    assert 'once more: make soak SEED=4 DAYS=2 SOAK="--calm"' in reported


# the observer is not blind


def wrong_with(days: int = 3, **settings) -> str:
    story = tell(8, days, calm=True, alone=True, **OFFICE, **settings)
    return "\n".join(problem.what for problem in Installation(story).run().problems)


def test_a_healthy_controller_gives_no_reason_to_complain():
    assert wrong_with() == ""


def test_sleep_in_spite_of_users_is_noticed(monkeypatch):
    quiet = deciding.judge

    def deaf(counts, span, limits, before, now):
        silent = tuple(replace(each, new_flows=0, bytes=0) for each in counts.minutes)
        return quiet(replace(counts, minutes=silent), span, limits, before, now)

    monkeypatch.setattr(deciding, "judge", deaf)
    assert "torn down while in use" in wrong_with(idle_timeout="30m")


def test_an_opening_that_is_missed_is_noticed(monkeypatch):
    late = timedelta(minutes=-7)
    monkeypatch.setattr(tracker.Learned, "lead", lambda *_: late)
    assert "it is not ready at the opening" in wrong_with(days=5)


def test_a_second_load_balancer_is_noticed():
    installation = Installation(
        tell(8, 1, calm=True, alone=True, **{**OFFICE, "office_hours": ["daily 00:00-24:00"]})
    )
    installation.work.run(installation.story.start + timedelta(minutes=20))
    assert installation.observer.is_healthy()
    installation.plain.client("elbv2").create_load_balancer(
        Name="another",
        Type="network",
        SubnetMappings=[{"SubnetId": "subnet-0a1b2c3d4e5f60718"}],
        Tags=[{"Key": "dormouse:stack", "Value": "nsfw-api"}],
    )
    installation.observer.saw_call("CreateLoadBalancer", {})
    assert [problem.what for problem in installation.observer.problems] == [
        "two load balancers of one stack"
    ]


def test_a_change_of_foreign_resources_or_an_address_is_noticed():
    installation = Installation(tell(8, 1, calm=True, alone=True, **OFFICE))
    (arn, *_) = sorted(installation.observer.foreign_resources)
    installation.observer.saw_call("DeleteLoadBalancer", {"LoadBalancerArn": arn})
    installation.observer.saw_call("ReleaseAddress", {})
    reported = [problem.what for problem in installation.observer.problems]

    assert reported[0].startswith("DeleteLoadBalancer was called on a stranger's")
    assert reported[1] == "ReleaseAddress was called"


def test_the_oracle_reads_the_local_clock():
    """Nepal is 5:45 ahead; a window that ends after midnight belongs to the day it starts on."""
    story = tell(1, 10, calm=True)
    wants = Wants(story.start, story.end)
    settings = {
        **OFFICE,
        "time_zone": "Asia/Kathmandu",
        "office_hours": ["Fri 22:00-02:00"],
        "closed_on": [f"{story.start + timedelta(days=20):%Y-%m-%d}"],
    }
    windows = wants.published(settings, ManualClock(story.start).now())
    assert windows
    for opens_at, closes_at in windows:
        assert closes_at - opens_at == 4 * 3600
        assert opens_at % 86400 == (22 * 60 - 345) * 60


def test_a_story_is_lived_through_at_the_pace_of_a_file(tmp_path, capsys):
    measured = tmp_path / "measured.json"
    measured.write_text('{"name": "measured", "lb_provisioning": 171, "eip_release": 133}')
    arguments = ["--days", "2", "--jobs", "1", "--calm", "--timeline", "--profile", str(measured)]
    assert soak.main(arguments) == 0
    assert "nothing broke" in capsys.readouterr().out

    installation = Installation(tell(1, 2, calm=True).at_pace(find_timing(str(measured))))
    assert {aws.timing.eip_release for aws in installation.clouds.values()} == {133}
    assert "measured" in str(installation.story)
