"""`wake`, `sleep`, `extend`, `hold`, `pause`, `status`: what they record, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from deployed import STACK, deploy

from controller.domain.decision.term import Term
from controller.domain.timestamps import format_timestamp, parse_timestamp
from factories import article_spec
from local.errors import AwsError
from local.faults import FOREVER, Fault
from system.stack_under_test import ASLEEP, AWAKE

URL = "http://203.0.113.25:5000/"


@pytest.fixture
def dormouse(monkeypatch, capsys):
    """Tuesday, two hours before the office opens; nothing has been asked for."""
    return deploy(monkeypatch, capsys)


def at(dormouse, text: str) -> str:
    """A local time of the week as the commands print it."""
    return f"{dormouse.world.moment(text):%a %d %b %H:%M} JST"


def standing(dormouse) -> dict[str, int]:
    return dormouse.world.sut.standing()


# wake


def test_a_wake_is_recorded_in_the_callers_name_done_and_ends_with_the_address(dormouse):
    said = dormouse("wake", STACK, "--for", "90m", "--reason", "demo")

    assert said.out.startswith(f"{STACK} is awake at {URL} until {at(dormouse, 'Tue 08:56')}")
    assert "waking" in said.err
    (lease,) = dormouse.leases()
    assert (lease.holder, lease.reason) == ("ann", "demo")
    assert lease.expires_at == dormouse.world.moment("Tue 08:30")
    assert standing(dormouse) == AWAKE
    assert dormouse.started_passes == []  # and none is left undone


@pytest.mark.parametrize(
    "request_",
    [("wake", STACK), ("wake", STACK, "--no-wait"), ("hold", STACK, "--awake", "--for", "2h")],
)
@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException"])
def test_an_answer_that_cannot_be_read_does_not_hide_that_the_request_is_recorded(
    dormouse, request_, code
):
    """Whoever was told of the expired token alone logged in again, and asked twice."""
    recorded = []

    def invoked(_):
        recorded.append(True)
        return {"StatusCode": 202}

    dormouse.world.aws.answer_with("lambda", "Invoke", invoked)
    expired = Fault(
        service="dynamodb",
        operation="Query",
        code=code,
        status=403,
        times=FOREVER,
        predicate=lambda _: bool(recorded),
    )
    dormouse.world.aws.faults.add(expired)
    said = dormouse(*request_, code=1)
    assert said.err.splitlines()[-1].endswith("; what you requested is recorded all the same")
    dormouse.world.aws.faults.clear()
    assert dormouse.leases() or dormouse.held()


def test_without_waiting_a_wake_is_recorded_and_a_pass_started(dormouse):
    said = dormouse("wake", STACK, "--no-wait")

    assert said.out.startswith(f"{STACK} is waking")
    assert said.err == ""
    assert dormouse.started_passes == [STACK]
    assert standing(dormouse) == ASLEEP
    dormouse.work()
    assert standing(dormouse) == AWAKE
    (lease,) = dormouse.leases()
    assert lease.expires_at - lease.granted_at == timedelta(hours=1)  # wake_for


def test_a_wake_requested_again_becomes_longer_and_never_shorter(dormouse):
    dormouse("wake", STACK, "--for", "1h", "--no-wait")
    dormouse("wake", STACK, "--for", "3h", "--no-wait")
    dormouse.work()
    start = len(dormouse.world.aws.calls)
    dormouse("wake", STACK, "--for", "2h", "--no-wait")

    (lease,) = dormouse.leases()
    assert lease.expires_at == dormouse.world.moment("Tue 10:00")
    assert dormouse.written(start) == []


def test_another_reason_is_another_wake(dormouse):
    dormouse("wake", STACK, "--no-wait", "--reason", "demo")
    dormouse("wake", STACK, "--no-wait", "--reason", "release")
    assert sorted(lease.reason for lease in dormouse.leases()) == ["demo", "release"]


def test_a_name_that_begins_as_another_does_not_extend_its_wake(dormouse):
    def named(name: str) -> None:
        answer = {"Arn": f"arn:aws:sts::1:assumed-role/Dev/{name}"}
        dormouse.world.aws.answer_with("sts", "GetCallerIdentity", lambda _: answer)
        dormouse("wake", STACK, "--no-wait", "--for", "2h")

    named("ann-b")
    named("ann")
    assert sorted(lease.holder for lease in dormouse.leases()) == ["ann", "ann-b"]


def test_until_closing(dormouse):
    dormouse("wake", STACK, "--for", "close", "--no-wait")
    assert dormouse.leases()[0].expires_at == dormouse.world.moment("Tue 18:00")


def test_a_wake_that_fails_exits_with_1_and_the_cause(dormouse):
    dormouse.world.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    said = dormouse("wake", STACK, code=1)

    assert said.out == ""
    assert "CannotPullContainerError" in said.err.splitlines()[-1]
    assert said.err.splitlines()[-1].startswith(f"error: {STACK} did not wake")
    dormouse.world.live("Tue 08:00")
    assert standing(dormouse) == ASLEEP
    assert "CannotPullContainerError" in dormouse("status", STACK).out


def test_a_controller_that_does_not_run_is_reported_instead_of_waited_for(dormouse, monkeypatch):
    monkeypatch.setattr(dormouse.clock, "sleep", dormouse.world.aws.clock.advance)
    started_at = dormouse.world.now
    said = dormouse("wake", STACK, code=1)

    assert "the controller has not worked on nsfw-api for 4 minutes" in said.err
    assert dormouse.world.now - started_at < timedelta(minutes=5)
    assert dormouse.leases()


def test_a_controller_that_cannot_be_called_finds_it_by_itself(dormouse):
    def refuse(_):
        raise AwsError("AccessDeniedException", "not authorized", 403)

    dormouse.world.aws.answer_with("lambda", "Invoke", refuse)
    said = dormouse("wake", STACK, "--no-wait")
    assert "the heartbeat takes it up within a minute" in said.err
    assert dormouse.world.due_at() <= dormouse.world.now


def test_a_read_that_fails_does_not_end_the_following(dormouse):
    dormouse("wake", STACK, "--no-wait")
    fault = Fault(operation="Query", code="InternalServerError", status=500, nth=3)
    dormouse.world.aws.faults.add(fault)
    assert dormouse("wake", STACK).out.startswith(f"{STACK} is awake")
    assert fault.struck == 1


def test_somebody_who_stops_following_changes_nothing(dormouse, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(dormouse.clock, "sleep", interrupt)
    said = dormouse("wake", STACK, code=130)
    assert "the request stays" in said.err
    dormouse.work()
    assert standing(dormouse) == AWAKE


# sleep, extend


def test_sleep_holds_until_the_next_opening_and_a_pass_does_it(dormouse):
    dormouse.world.live("Tue 10:00")
    assert standing(dormouse) == AWAKE
    said = dormouse("sleep", STACK, "--reason", "all done")

    held = dormouse.held()
    assert (str(held.state), held.by, held.reason) == ("asleep", "ann", "all done")
    opens_at = dormouse.world.moment("Wed 09:00")
    assert timedelta(0) < opens_at - held.until < timedelta(minutes=15)  # early by the lead
    assert said.out.startswith(f"{STACK} is going to sleep, until Wed 25 Nov 08:")
    dormouse.work()
    assert standing(dormouse) == ASLEEP
    dormouse.world.live("Wed 09:01")
    assert standing(dormouse) == AWAKE


def test_sleep_can_be_waited_for_and_said_twice(dormouse):
    dormouse.world.live("Tue 10:00")
    assert dormouse("sleep", STACK, "--wait").out.startswith(f"{STACK} is asleep until Wed 25 Nov")
    assert standing(dormouse) == ASLEEP
    start = len(dormouse.world.aws.calls)
    dormouse("sleep", STACK)
    assert dormouse.written(start) == []


def test_a_sleep_after_a_failed_wake_is_followed_to_its_end(dormouse):
    dormouse.world.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    dormouse("wake", STACK, "--no-wait")
    dormouse.world.controller.run_pass(STACK, "short", timedelta(seconds=75))
    assert standing(dormouse) != ASLEEP
    assert dormouse("sleep", STACK, "--wait").out.startswith(f"{STACK} is asleep")
    assert standing(dormouse) == ASLEEP


def test_a_wake_ends_the_sleep_that_came_before_it(dormouse):
    dormouse("wake", STACK)
    dormouse("sleep", STACK, "--wait")
    dormouse("wake", STACK)
    assert standing(dormouse) == AWAKE
    assert len(dormouse.leases()) == 2


def test_a_wake_ends_a_sleep_that_no_pass_has_seen_yet(dormouse):
    dormouse("wake", STACK)
    dormouse("sleep", STACK)
    assert dormouse("wake", STACK, "--no-wait").out.startswith(f"{STACK} is awake")
    assert len(dormouse.leases()) == 2


def test_extend_keeps_it_awake_for_so_long_from_now(dormouse):
    dormouse("wake", STACK, "--for", "1h")
    dormouse.world.aws.clock.advance(600)
    now = dormouse.world.now
    dormouse("extend", STACK, "--for", "2h")
    (lease,) = dormouse.leases()
    assert lease.expires_at == now + timedelta(hours=2)


def test_what_sleeps_cannot_be_extended(dormouse):
    said = dormouse("extend", STACK, code=1)
    assert f"{STACK} is asleep; wake it by" in said.err
    assert dormouse.leases() == ()


# hold, pause


def test_a_hold_awake_outlasts_the_office_hours_until_it_is_lifted(dormouse):
    said = dormouse("hold", STACK, "--awake", "--until", "23:00", "--reason", "load test")
    assert f"until {at(dormouse, 'Tue 23:00')}" in said.out
    dormouse.world.live("Tue 20:00")
    assert standing(dormouse) == AWAKE
    dormouse("hold", STACK, "--lift")
    assert dormouse.held() is None
    dormouse.world.live("Tue 21:30")
    assert standing(dormouse) == ASLEEP


def test_a_pause_keeps_it_asleep_over_its_office_hours(dormouse):
    said = dormouse("pause", STACK, "--until", "2026-11-26", "--reason", "holiday")
    assert dormouse.held().until == dormouse.world.moment("Thu 00:00")
    assert said.out.startswith(f"{STACK} is asleep until Thu 26 Nov 08:")
    dormouse.world.live("Wed 12:00")
    assert standing(dormouse) == ASLEEP
    dormouse.world.live("Thu 09:01")
    assert standing(dormouse) == AWAKE


def test_a_pause_is_resumed(dormouse):
    dormouse("pause", STACK, "--for", "10d")
    dormouse.world.live("Tue 12:00")
    dormouse("pause", STACK, "--resume")
    dormouse.work()
    assert standing(dormouse) == AWAKE
    assert "is not held" in dormouse("pause", STACK, "--resume").err


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("18:00", "Tue 18:00"),
        ("06:30", "Wed 06:30"),
        ("2026-11-27", "Fri 00:00"),
        ("2026-11-27 09:30", "Fri 09:30"),
        ("2026-11-27T00:30:00Z", "Fri 09:30"),
        ("24:00", "Wed 00:00"),
        ("9:00", "Tue 09:00"),
        ("2026-11-27 9:00", "Fri 09:00"),
        ("2026-11-27T24:00", "Sat 00:00"),
    ],
)
def test_an_end_is_local_to_the_stack(dormouse, text, end):
    dormouse("hold", STACK, "--asleep", "--until", text)
    assert dormouse.held().until == dormouse.world.moment(end)


# status


def test_status_lists_every_published_stack(dormouse):
    table = dormouse.world.controller.table
    table.put_spec(article_spec(stack="another"), dormouse.world.now)
    lines = dormouse("status").out.splitlines()
    assert [line.split()[:2] for line in lines] == [["another", "asleep"], [STACK, "asleep"]]
    assert [each["stack"] for each in dormouse("status", "--json").json["stacks"]] == [
        "another",
        STACK,
    ]
    assert dormouse("status", STACK, "another", "--json").json["stacks"][0]["stack"] == STACK


def test_status_of_a_table_without_stacks_says_how_to_begin(dormouse):
    for key in ("spec", "status"):
        dormouse.world.aws.session().client("dynamodb").delete_item(
            TableName="dormouse", Key={"pk": {"S": f"stack#{STACK}"}, "sk": {"S": key}}
        )
    said = dormouse("status")
    assert (said.out, "dormouse publish DIR" in said.err) == ("", True)
    assert dormouse("status", "--json").json == {"stacks": []}


def test_one_stack_that_cannot_be_read_hides_no_other(dormouse):
    table, now = dormouse.world.controller.table, dormouse.world.now
    policy = {"time_zone": "Mars/Olympus_Mons"}
    table.put_spec(article_spec(stack="another", policy=policy), now)
    said = dormouse("status")
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        ["another", "asleep"],
        [STACK, "asleep"],
    ]
    assert 'warning: another: the record "spec" cannot be read' in said.err
    assert 'has rules for "Mars/Olympus_Mons"' in said.err

    # Its state is known, so the command has done what it was asked for; what is wrong is a warning.
    named = dormouse("status", "another", code=0)
    assert 'the record "spec" cannot be read' in named.out + named.err


def test_status_in_full_tells_why_who_and_what_comes_next(dormouse):
    dormouse("wake", STACK, "--reason", "demo", "--for", "5h")
    out = dormouse("status", STACK).out
    assert f"ann until {at(dormouse, 'Tue 12:00')}: demo" in out
    assert "why       ann asked for it: demo" in out
    assert f"next      {at(dormouse, 'Tue 18:00')[:10]}" in out


def test_status_says_whose_it_is_and_when_it_ends(dormouse):
    assert (dormouse.status()["owner"], dormouse.status()["expires"]) == (None, None)
    assert "expires" not in dormouse("status", STACK).out

    now, end = dormouse.world.now, dormouse.world.now + timedelta(days=3)
    term = Term(stack=STACK, owner="ann", expires_at=end, set_at=now)
    dormouse.world.controller.table.change_term(STACK, lambda _: term)
    reported = dormouse.status()
    assert (reported["owner"], reported["expires"]) == ("ann", format_timestamp(end))
    out = dormouse("status", STACK).out
    assert "  owner     ann\n" in out
    assert "  expires   Fri " in out

    dormouse.world.controller.table.change_term(
        STACK, lambda _: replace(term, owner="", expires_at=None)
    )
    assert (dormouse.status()["owner"], dormouse.status()["expires"]) == (None, None)


def test_status_in_json_is_the_designs(dormouse):
    dormouse("wake", STACK)
    reported = dormouse.status()
    assert (reported["stack"], reported["state"], reported["phase"]) == (STACK, "awake", "awake")
    assert reported["endpoint"]["url"] == URL
    assert reported["leases"][0]["holder"] == "ann"
    assert reported["hold"] is None
    assert reported["next"][0]["state"] == "asleep"
    assert parse_timestamp(reported["until"]) > dormouse.world.now
    assert {"reason", "evidence", "steps", "eta_seconds"} <= reported.keys()


def test_status_follows_what_is_under_way(dormouse):
    dormouse("wake", STACK, "--no-wait")
    said = dormouse("status", STACK, "--watch")
    assert said.out.startswith(f"{STACK} is awake at {URL}")
    assert "waking" in said.err


# what is wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wake", "nsfw-apo"), 'did you mean "nsfw-api"?'),
        (("wake", "UPPER"), "is no name of a stack"),
        (("wake",), "Missing argument"),
        (("wake", STACK, "--for", "13h"), "from 1m to 12h"),
        (("wake", STACK, "--for", "soon"), "from 1m to 12h"),
        (("hold", STACK, "--for", "1h"), "one of --awake, --asleep and --lift"),
        (("hold", STACK, "--awake", "--asleep", "--for", "1h"), "one of --awake, --asleep and"),
        (("hold", STACK, "--asleep", "--lift", "--for", "1h"), "one of --awake, --asleep and"),
        (("hold", STACK, "--awake"), "--for, such as 3h, or --until"),
        (("hold", STACK, "--awake", "--for", "1h", "--until", "18:00"), "either --for"),
        (("hold", STACK, "--awake", "--for", "0"), "expected a moment after now"),
        (("hold", STACK, "--lift", "--for", "1h"), "neither --for nor --until"),
        (("pause", STACK, "--until", "2026-13-01"), "cannot read"),
        (
            ("pause", STACK, "--until", "2026-11-23"),
            "2026-11-23 00:00 JST, expected a moment after",
        ),
        (("pause", STACK, "--until", "09：00"), 'a fullwidth colon ("：")'),
        (("pause", STACK, "--until", "25:00"), "cannot read"),
        (("pause", STACK, "--resume", "--for", "1h"), "neither --for nor --until"),
    ],
)
def test_wrong_input_exits_with_2_and_changes_nothing(dormouse, arguments, said):
    start = len(dormouse.world.aws.calls)
    assert said in dormouse(*arguments, code=2).err
    assert dormouse.written(start) == []


def test_one_unknown_stack_leaves_the_others_as_they_are(dormouse):
    start = len(dormouse.world.aws.calls)
    dormouse("pause", STACK, "unknown", "--for", "1d", code=2)
    assert dormouse.written(start) == []


def test_holidays_that_run_out_are_warned_of(monkeypatch, capsys):
    named = {"closed_on": ["holidays:JP"], "holidays": {"JP": []}}
    dormouse = deploy(monkeypatch, capsys, **named)
    assert f"warning: {STACK}: the dates of holidays:JP are known until" in dormouse("status").err
    assert 'run "dormouse publish' in dormouse("status", STACK).out


# bookings, and giving back


def test_a_booking_is_made_listed_shown_by_hours_and_cancelled(dormouse):
    said = dormouse("wake", STACK, "--at", "20:00", "--for", "2h", "--reason", "demo")
    (booking,) = dormouse.world.controller.table.load(STACK).bookings
    line = f"{booking.id}, ann: {at(dormouse, 'Tue 20:00')} until {at(dormouse, 'Tue 22:00')}: demo"
    assert said.out == f"{STACK} is booked: {line}\n"
    assert dormouse.leases() == ()
    assert f"  booked    {line}\n" in dormouse("status", STACK).out
    assert dormouse.status()["bookings"][0]["opens_at"] == "2026-11-24T11:00:00Z"

    calendar = dormouse("hours", STACK, "--days", "1").out
    assert "Tue 2026-11-24 20:00 - 22:00" in calendar and "booked by ann" in calendar
    windows = dormouse("hours", STACK, "--days", "1", "--json").json["windows"]
    assert windows[-1] == {"opens_at": "2026-11-24T11:00:00Z", "closes_at": "2026-11-24T13:00:00Z"}

    unknown = dormouse("release", STACK, "--booking", "b99", code=1)
    assert f"those ahead are {booking.id}" in unknown.err
    assert (
        dormouse("release", STACK, "--booking", booking.id).out == f"{STACK}: nothing is booked\n"
    )
    assert dormouse.status()["bookings"] == []


def test_a_booking_that_touches_office_hours_is_one_window_with_them(dormouse):
    dormouse("wake", STACK, "--at", "17:00", "--for", "3h")
    windows = dormouse("hours", STACK, "--days", "1", "--json").json["windows"]
    assert windows == [{"opens_at": "2026-11-24T00:00:00Z", "closes_at": "2026-11-24T11:00:00Z"}]


def test_a_booking_under_a_pause_says_that_it_does_not_wake(dormouse):
    dormouse("pause", STACK, "--until", "2026-12-01")
    said = dormouse("wake", STACK, "--at", "20:00")
    assert said.err == (
        f"note: ann holds {STACK} asleep until Tue 1 Dec 00:00 JST; "
        "until then no booking wakes it\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "tomorrow"), "--at: cannot read"),
        (("--at", "2026-11-24 06:00"), "which is over"),
        (("--at", "20:00", "--for", "13h"), "--for: "),
    ],
)
def test_what_cannot_be_booked_writes_nothing(dormouse, arguments, said):
    start = len(dormouse.world.aws.calls)
    assert said in dormouse("wake", STACK, *arguments, code=2).err
    assert dormouse.written(start) == []


def test_release_withdraws_what_the_caller_requested(dormouse):
    dormouse.world.wake(2, "aaaaaaaa-1")
    dormouse("wake", STACK, "--no-wait", "--id", "ci")
    dormouse("wake", STACK, "--no-wait", "--for", "3h")
    dormouse("release", STACK, "--id", "ci")
    now = dormouse.world.now
    live = [lease.id for lease in dormouse.leases() if lease.expires_at > now]
    assert len(live) == 2 and not any("ci" in id_ for id_ in live)

    said = dormouse("release", STACK, "--json")
    assert [lease["id"] for lease in said.json["leases"]] == ["aaaaaaaa-1"]
    assert said.err == ""


def test_an_empty_id_releases_nothing(dormouse):
    """A script whose variable is unset must not end everybody's jobs."""
    dormouse("wake", STACK, "--no-wait", "--for", "3h")
    said = dormouse("release", STACK, "--id", "", code=2)
    assert "--id: found an empty text; name a job, or leave --id out" in said.err
    assert [lease.expires_at > dormouse.world.now for lease in dormouse.leases()] == [True]


# the month's budget


def test_a_used_up_budget_is_said_and_passed_over_on_purpose_alone(monkeypatch, capsys):
    dormouse = deploy(monkeypatch, capsys, "Tue 07:00", monthly_budget=0.02)
    dormouse.world.run_pass()
    dormouse.world.aws.clock.advance(5 * 3600)
    full = dormouse("status", STACK).out
    assert "  budget    0.03 $ of 0.02 $ are spent; until Tue 1 Dec 09:00 JST only an admin" in full

    refused = dormouse("wake", STACK, code=1)
    assert (
        "the budget of nsfw-api for 2026-11 is used up (0.03 $ of 0.02 $); wake it all"
        in refused.err
    )
    assert dormouse.leases() == ()
    assert "is used up" in dormouse("wake", STACK, "--at", "20:00", code=1).err
    assert "is used up" in dormouse("with", STACK, "--", "true", code=125).err
    assert dormouse("wake", STACK, "--over-budget").out.startswith(f"{STACK} is awake")
    assert "is used up" in dormouse("extend", STACK, "--for", "5h", code=1).err


def test_the_calendar_ends_with_the_budget(monkeypatch, capsys):
    dormouse = deploy(monkeypatch, capsys, "Tue 07:00", monthly_budget=0.8, budget_stops=True)
    dormouse.world.run_pass()
    windows = dormouse("hours", STACK, "--days", "10", "--json").json["windows"]
    days = [window["opens_at"][:10] for window in windows]
    assert days[:2] == ["2026-11-24", "2026-11-25"] and days[2:] >= ["2026-11-30"]
    assert windows[1]["closes_at"] < "2026-11-25T09:00:00Z" or len(days) > 2
