"""`dormouse hours`: of a directory and of a published stack."""

from __future__ import annotations

import json

import pytest
from deployed import SHIPPED, STACK, deploy

from controller.cli.main import run

ALWAYS_OPEN = """
provider "aws" {
  region = "us-east-1"
}

variable "dormouse" {
  type    = any
  default = { office_hours = ["daily 00:00-24:00"] }
}

resource "aws_lb_target_group" "tg" {
  name        = "tg"
  target_type = "ip"
  port        = 5000
  protocol    = "TCP"
  vpc_id      = "vpc-1"
}
"""


@pytest.fixture
def dormouse(monkeypatch, capsys):
    return deploy(monkeypatch, capsys, "Mon 06:00")


def hours(capsys, *arguments: str, code: int = 0):
    assert run(["hours", *arguments]) == code
    return capsys.readouterr()


def test_a_published_stack_is_shown_with_what_its_wakes_have_taught(dormouse):
    before = dormouse("hours", STACK, "--days", "7", "--json").json
    assert before["windows"][0] == {
        "opens_at": "2026-11-23T00:00:00Z",
        "closes_at": "2026-11-23T09:00:00Z",
    }
    assert (before["stack"], before["hours"], before["load_balancer_hours"]) == (STACK, 45, 50)
    assert (before["elastic_ip_hours"], before["time_zone"]) == (168, "Asia/Tokyo")

    out = dormouse("hours", STACK).out
    assert "woken 6 min before it opens" in out
    dormouse.world.live("Mon 10:00")  # the fast laptop wakes in little more than a minute
    assert "woken 3 min before it opens" in dormouse("hours", STACK).out


def test_the_money_is_that_of_the_ledger(dormouse):
    day = dormouse("hours", STACK, "--from", "2026-11-24", "--days", "1", "--json").json
    awake = day["awake_hours"]
    assert (day["load_balancer_hours"], day["elastic_ip_hours"]) == (10, 24)
    task = 0.25 * 0.04048 + 0.5 * 0.004445 + 0.005
    assert day["cost"] == pytest.approx(10 * 0.0225 + 24 * 0.005 + awake * task, abs=2e-4)
    assert day["always_on"] == pytest.approx(24 * (0.0225 + 0.005 + task), abs=2e-4)


def test_a_day_without_office_hours_costs_its_elastic_ip(dormouse):
    out = dormouse("hours", STACK, "--from", "2026-11-28", "--days", "1").out
    assert "no office hours in this time" in out
    assert (
        "0.12 $ with 24 hours of its Elastic IP, 1.08 $ if always on\n  (prices of 2026-09)" in out
    )


def test_a_directory_needs_no_deployment(capsys, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    said = hours(capsys, str(SHIPPED), "--from", "2026-03-27", "--days", "4", "--json")
    assert json.loads(said.out)["load_balancer_hours"] == 20


def test_what_is_neither_is_refused(dormouse):
    assert "there is no directory" in dormouse("hours", "infra/nothing", code=2).err
    assert "is not published" in dormouse("hours", "nothing", code=2).err
    assert "neither a date nor an instant" in dormouse("hours", STACK, "--from", "x", code=2).err


def test_hours_that_never_end_go_as_far_as_the_calendar(tmp_path, capsys):
    (tmp_path / "main.tf").write_text(ALWAYS_OPEN)
    said = hours(capsys, str(tmp_path), "--stack", "api", "--from", "2026-03-27", "--json")
    assert json.loads(said.out)["windows"] == [
        {"opens_at": "2026-03-27T00:00:00Z", "closes_at": "2026-04-10T00:00:00Z"}
    ]


def test_a_pause_is_reported_and_its_days_cost_their_elastic_ip(dormouse):
    """Mon 06:00; five openings of nine hours lie in the week."""
    dormouse("pause", STACK, "--until", "2026-11-27", "--reason", "holiday")
    said = dormouse("hours", STACK, "--days", "7")
    assert said.out.startswith(
        f"ann holds {STACK} asleep until Fri 2026-11-27 00:00 JST (holiday): nothing opens before"
    )
    assert said.out.count("held asleep") == 4
    reported = dormouse("hours", STACK, "--days", "7", "--json").json
    assert (reported["hours"], reported["load_balancer_hours"]) == (9, 10)
    assert [window.get("held") for window in reported["windows"]] == [*["asleep"] * 4, None]
    assert reported["hold"]["until"] == "2026-11-26T15:00:00Z"


def test_a_pause_that_ends_within_a_window_leaves_the_rest_of_it(dormouse):
    dormouse("pause", STACK, "--until", "12:00")
    reported = dormouse("hours", STACK, "--days", "1", "--json").json
    assert reported["hours"] == 6


def test_a_hold_awake_is_paid_for(dormouse):
    dormouse("hold", STACK, "--awake", "--until", "2026-11-24")
    said = dormouse("hours", STACK, "--days", "1")
    assert "holds nsfw-api awake until Tue 2026-11-24 00:00 JST: it stays awake" in said.out
    reported = dormouse("hours", STACK, "--days", "1", "--json").json
    assert reported["load_balancer_hours"] >= 18


def test_a_calendar_after_the_pause_says_nothing_of_it(dormouse):
    dormouse("pause", STACK, "--until", "2026-11-25")
    said = dormouse("hours", STACK, "--from", "2026-11-25", "--days", "1")
    assert "hold" not in said.out


def test_people_see_the_coming_days_as_a_strip(dormouse):
    out = dormouse("hours", STACK, "--from", "2026-11-24", "--days", "2").out

    lines = [line for line in out.splitlines() if line.startswith(("Tue 11-24 ", "Wed 11-25 "))]
    assert [line.count("░") for line in lines] == [21, 21]  # a paid hour ends after six
    assert "░ awake   · asleep" in out
    assert "░" not in dormouse("hours", STACK, "--days", "60").out


def test_a_measured_pace_says_how_long_before_an_opening_a_wake_begins(dormouse, tmp_path, capsys):
    """Load balancer 600 s and two checks of 10 s; a tenth more, and a heartbeat: 13 minutes."""
    measured = tmp_path / "measured.json"
    measured.write_text('{"name": "measured", "lb_provisioning": 600}')
    assert (
        "woken 13 min before it opens" in dormouse("hours", STACK, "--profile", str(measured)).out
    )
    of_files = hours(capsys, str(SHIPPED), "--profile", str(measured))
    assert "woken 13 min before it opens" in of_files.out

    measured.write_text('{"lb_provisioning": "ten minutes"}')
    refused = hours(capsys, str(SHIPPED), "--profile", str(measured), code=2).err
    assert f'{measured}: lb_provisioning: found "ten minutes", expected seconds' in refused
    assert refused.count("\n") == 1
