"""
Whole days as those see them who get the mail: each thing once, whatever dies or is down.

Times are Tokyo's, on a fast simulated AWS; SNS is moto's, and a queue takes what it hands out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from api.keyring import KeyRing
from controller.domain.decision.history import Event, EventKind
from controller.links import Scope
from controller.notify import notifier
from controller.notify.webhook import WebhookError
from controller.store.table import Table
from local.faults import Fault
from system.days import BUDGET, STACK, days
from system.mailbox import KEYS, URL, PostOffice
from system.stack_under_test import ASLEEP, AWAKE

OFFICE = {
    "office_hours": ["Mon-Fri 09:00-18:00"],
    "finish_paid_hour": False,
    "idle_timeout": "0",
}
ONE_HOUR = {"idle_timeout": "0", "finish_paid_hour": False}


@pytest.fixture
def make_office():
    def make(start="Mon 06:00", environment=None, **policy):
        return PostOffice(days(start, "fast", **policy), **(environment or {}))

    return make


def test_a_day_is_three_messages(make_office):
    office = make_office(**{**OFFICE, "idle_timeout": "2h"})
    office.day.visit("Mon 09:05", "Mon 17:59", every=90)
    office.day.live("Mon 23:00")

    awake, soon, asleep = mails = office.mails()
    assert [(mail.at, mail.kind) for mail in mails] == [
        ("Mon 08:55", "awake"),
        ("Mon 17:50", "sleeping_soon"),
        ("Mon 18:00", "asleep"),
    ]
    assert awake.subject == "nsfw-api is awake until Mon 23 Nov 18:00"
    assert "answers at\nhttp://203.0.113.25:5000/\n" in awake.body
    assert "until Mon 23 Nov 18:00, or until nobody has used it for 2 h." in awake.body
    assert soon.subject == "nsfw-api goes to sleep at Mon 23 Nov 18:00"
    assert "goes to sleep in 10 min, at Mon 23 Nov 18:00.\n\nWhy then: office hours" in soon.body
    assert asleep.subject == "nsfw-api is asleep; this time awake cost USD 0.38"
    # ten started hours at 0.0225, and 9.1 hours of a task with its address at 0.0173
    assert "the load balancer USD 0.22 (10 started hours), the tasks USD 0.16" in asleep.body
    assert asleep.attributes == {
        "stack": STACK,
        "kind": "asleep",
        "level": "news",
        "id": f"{office.day.status['updated_at'][:17]}{asleep.attributes['id'][17:]}",
    }


def test_the_link_of_a_message_extends_and_ends_an_hour_after_the_sleep(make_office):
    office = make_office(**OFFICE)
    office.day.live("Mon 17:55")
    (_, soon) = office.mails()

    (url, key) = re.search(rf"({re.escape(URL)}s/{STACK})\?k=(\S+)", soon.body).groups()
    link = office.keys.read(key, office.day.now)
    assert (link.stack, link.scope) == (STACK, Scope.WAKE)
    assert link.expires_at == office.day.moment("Mon 19:00")
    assert url == f"{URL}s/{STACK}"
    assert "until Mon 23 Nov 19:00" in soon.body
    ring = KeyRing(lambda: parameter(office), frozenset, office.day.aws.clock.now)
    assert ring.read(key, "nsfw-api") == link  # the wake URL takes it


def parameter(office):
    ssm = office.day.aws.session().client("ssm")
    return ssm.get_parameter(Name=KEYS, WithDecryption=True)["Parameter"]["Value"]


@pytest.mark.parametrize("lost", ["keys", "address", "denied"])
def test_without_a_key_or_an_address_the_message_goes_without_a_link(make_office, lost):
    office = make_office(**OFFICE)
    if lost == "keys":
        office.day.aws.session().client("ssm").delete_parameter(Name=KEYS)
    else:
        code = "AccessDeniedException" if lost == "denied" else "ResourceNotFoundException"
        operation = "GetParameter" if lost == "denied" else "GetFunctionUrlConfig"
        office.day.aws.faults.add(Fault(operation=operation, code=code, status=400, times=99))
    office.day.live("Mon 17:55")
    soon = office.mails()[-1]

    assert soon.kind == "sleeping_soon"
    assert "?k=" not in soon.body
    assert "dormouse extend nsfw-api" in soon.body


def test_no_line_of_the_log_holds_a_link(make_office):
    office = make_office(environment={"DORMOUSE_METRICS": "Dormouse/x"}, **OFFICE)
    office.day.live("Mon 23:00")

    assert office.log.said.count("delivered") == 3
    assert "k=" not in repr(office.log)
    secret = office.keys.secrets[0].secret
    assert secret not in repr(office.log)


@pytest.mark.parametrize(
    ("most", "kinds"),
    [
        ("trouble", []),
        ("detail", ["waking", "awake", "sleeping_soon", "sleeping", "asleep"]),
    ],
)
def test_how_much_is_sent_is_a_setting(make_office, most, kinds):
    office = make_office(environment={"DORMOUSE_TELL": most}, **OFFICE)
    office.day.live("Mon 23:00")
    assert Counter(mail.kind for mail in office.mails()) == Counter(kinds)


# trouble


def test_a_failed_wake_is_one_message_and_its_end_another(make_office):
    office = make_office(environment={"DORMOUSE_TELL": "trouble"}, **OFFICE)
    day = office.day
    day.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    day.live("Mon 12:00")

    (failed,) = office.mails()
    assert failed.subject == "nsfw-api could not be woken"
    assert "CannotPullContainerError" in failed.body
    assert "dormouse wake nsfw-api" in failed.body

    day.aws.conditions.containers("nsfw-api-container", "healthy")
    day.plan("Mon 14:00", day.wake)
    day.live("Mon 14:10")
    (again,) = office.mails()
    assert again.subject == "nsfw-api is awake again until Mon 23 Nov 15:00"
    assert again.attributes["level"] == "trouble"
    assert "An earlier message said that it could not be woken: that is over." in again.body


def test_a_stuck_sleep_says_what_stands_and_what_it_costs(make_office):
    """F43: the service drains for ever, and its task may not be stopped."""
    office = make_office(environment={"DORMOUSE_TELL": "trouble"}, **OFFICE)
    day = office.day
    day.aws.conditions.containers("nsfw-api-container", "drain_stuck")
    day.aws.faults.add(Fault(operation="StopTask", code="AccessDeniedException", times=9999))
    office.day.live("Mon 18:50")

    (stuck,) = office.mails()
    assert "Mon 18:15" <= stuck.at <= "Mon 18:20"  # at the end of the pass that saw it
    assert stuck.subject == "nsfw-api does not get to sleep and costs USD 0.0173 an hour"
    assert "aws_ecs_service.nsfw_service[0]: USD 0.0173 an hour" in stuck.body
    assert "aws_lb_target_group.ecs_tg[0]: free" in stuck.body
    assert "aws_lb.nlb" not in stuck.body  # gone
    assert "stop it by hand (aws ecs stop-task --cluster" in stuck.body
    assert 'set propagate_tags = "SERVICE"' in stuck.body
    assert not any(result.get("overdue") for result in day.results)

    day.live("Mon 20:00")
    assert office.mails() == []
    late = [result for result in day.results if result.get("overdue")]
    assert {result["overdue"] for result in late} == {"sleep_stuck"}
    assert len(late) >= 3  # a quarter of an hour after each pass, for the alarm


def test_a_stuck_sleep_that_only_waits_for_its_address_is_reported_at_its_end(make_office):
    """What AWS has yet to free no person can help with: it is looked for again at once."""
    office = make_office(environment={"DORMOUSE_TELL": "news"}, **OFFICE)
    day = office.day
    day.aws.world.timing = replace(day.aws.timing, eip_release=2460.0)
    day.aws.faults.add(
        Fault(operation="DeleteService", code="ServerException", status=500, times=9999)
    )
    office.day.live("Mon 18:20")
    day.aws.faults.clear()
    day.live("Mon 19:00")

    stuck, asleep = office.mails()[-2:]
    assert (stuck.kind, asleep.kind) == ("stuck", "asleep")
    assert "Mon 18:41" <= asleep.at <= "Mon 18:44"


def test_a_stuck_sleep_that_ends_is_reported(make_office):
    office = make_office(environment={"DORMOUSE_TELL": "trouble"}, **OFFICE)
    day = office.day
    day.aws.faults.add(
        Fault(operation="DeleteService", code="ServerException", status=500, times=200)
    )
    office.day.live("Mon 18:40")
    assert [mail.kind for mail in office.mails()] == ["stuck"]
    day.aws.faults.clear()
    day.live("Mon 20:00")

    (asleep,) = office.mails()
    assert asleep.subject.startswith("nsfw-api is asleep at last; this time awake cost USD ")
    assert "An earlier message said that it did not get to sleep: that is over." in asleep.body
    assert day.sut.standing() == ASLEEP


def test_a_foreign_resource_that_blocks_is_named_once(make_office):
    office = make_office(**OFFICE)
    elbv2 = office.day.sut.session.client("elbv2")
    elbv2.create_load_balancer(Name="ecs-nlb", Type="network", Subnets=["subnet-0a1b2c3d4e5f60718"])
    office.day.live("Mon 12:00")

    (blocked,) = office.mails()
    assert blocked.subject == "nsfw-api cannot be woken: something foreign is in the way"
    assert 'load balancer "ecs-nlb"' in blocked.body
    assert not any(result.get("overdue") for result in office.day.results)  # nothing of ours


# what goes wrong on the way


def test_what_sns_refuses_is_delivered_soon_after_in_order_and_once(make_office):
    office = make_office(environment={"DORMOUSE_TELL": "detail"}, **ONE_HOUR)
    day = office.day
    day.aws.faults.add(Fault(operation="Publish", code="InternalError", status=500, times=4))
    day.plan("Mon 13:00", day.wake)
    day.live("Mon 13:02")
    assert office.mails() == []
    assert day.results[-1]["undelivered"] == 2
    assert day.due_at() <= day.moment("Mon 13:08")
    # Recorded all the same, for the ledger.
    assert [kind for _, kind in day.story()] == ["waking", "awake"]

    day.live("Mon 16:00")
    assert [mail.kind for mail in office.mails()] == [
        "waking",
        "awake",
        "sleeping_soon",
        "sleeping",
        "asleep",
    ]
    assert day.status["outbox"] == []


def test_a_topic_that_is_gone_neither_fails_a_pass_nor_fills_the_record(make_office):
    """What is no news any more is dropped; the status item must not grow for ever."""
    office = make_office(**OFFICE)
    office.sns.delete_topic(TopicArn=office.topic)
    day = office.day
    day.live("Mon 17:55")
    assert day.sut.standing() == AWAKE
    assert [event["kind"] for event in day.status["outbox"]] == ["awake", "sleeping_soon"]
    day.live("Mon 19:00")
    assert day.sut.standing() == ASLEEP
    assert set(office.log.said) == {"not delivered"}

    day.live("Tue 19:00")
    kinds = [event["kind"] for event in day.status["outbox"]]
    assert len(kinds) <= 6
    assert all(event["at"] > "2026-11-23T10:00:00Z" for event in day.status["outbox"])


def test_an_outdated_event_is_not_sent_later(make_office):
    """SNS is down from before the warning until after the sleep."""
    office = make_office(**ONE_HOUR)
    day = office.day
    day.plan("Mon 13:00", day.wake)
    day.live("Mon 13:40")
    assert [mail.kind for mail in office.mails()] == ["awake"]
    day.aws.faults.add(Fault(operation="Publish", code="InternalError", status=500, times=99))
    day.live("Mon 14:05")
    day.aws.faults.clear()
    day.live("Mon 15:00")

    assert [mail.kind for mail in office.mails()] == ["asleep"]


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", [False, True])
def test_a_pass_that_dies_while_notifying_is_continued_within_two_minutes(
    make_office, monkeypatch, after
):
    """
    Before the letter is sent it comes a little later. After it, and before that is noted, it
    comes twice, the same in every word: the price of never losing one.
    """
    office = make_office(**ONE_HOUR)
    day = office.day
    reported, alive = Table.mark_delivered, [True]

    def die(self, event, now):
        if alive and event.kind == "asleep":
            alive.clear()
            raise KilledError
        reported(self, event, now)

    def die_before(message):
        if alive and message.event.kind == "asleep":
            alive.clear()
            raise KilledError
        publish(message)

    publish = day.controller.notify.topic.publish
    if after:
        monkeypatch.setattr(Table, "mark_delivered", die)
    else:
        monkeypatch.setattr(day.controller.notify.topic, "publish", die_before)
    day.plan("Mon 13:00", day.wake)
    day.live("Mon 13:59")
    with pytest.raises(KilledError):
        day.live("Mon 14:05")
    died_at = day.now
    day.live("Mon 15:00")

    asleep = [mail for mail in office.mails() if mail.kind == "asleep"]
    assert len(asleep) == (2 if after else 1)
    assert len({mail.body for mail in asleep}) == 1
    assert len({mail.attributes["id"] for mail in asleep}) == 1
    assert day.status["outbox"] == []
    retold = next(call for call in day.aws.calls.of("Publish") if call.at > died_at)
    assert (retold.at - died_at).total_seconds() <= 180


def test_two_passes_at_once_notify_once(make_office, monkeypatch):
    """One is frozen before it tells; the other takes over, tells, and the first finds it out."""
    office = make_office(**ONE_HOUR)
    day = office.day
    second, put_event, frozen = office.controller(), Table.put_event, []

    def freeze(self, event):
        was_untold = put_event(self, event)
        if event.kind == "awake" and not frozen:
            frozen.append(event)
            day.aws.clock.advance(90)
            frozen.append(second.run_pass(STACK, "the other", BUDGET)["result"])
        return was_untold

    monkeypatch.setattr(Table, "put_event", freeze)
    day.plan("Mon 13:00", day.wake)
    day.live("Mon 13:55")

    assert frozen[1] == "converged"
    assert {"result": "lost"} in day.results
    assert [mail.kind for mail in office.mails()] == ["awake", "sleeping_soon"]


def test_a_webhook_that_is_down_fails_no_pass_and_is_called_once(make_office):
    class Down:
        requested = 0

        def post(self, message):
            self.requested += 1
            raise WebhookError("it answered 503, expected 200")

    office = make_office(**OFFICE)
    down = Down()
    office.day.controller = office.controller(webhook=down)
    office.day.live("Mon 23:00")

    assert down.requested == 3
    assert [mail.kind for mail in office.mails()] == ["awake", "sleeping_soon", "asleep"]
    assert office.log.said.count("webhook failed") == 3
    assert office.day.sut.standing() == ASLEEP


# faults of our own


def break_the_text_of(monkeypatch, kind, error):
    whole = notifier.write_message

    def broken(spec, event, link=None):
        if event.kind == kind:
            raise error
        return whole(spec, event, link)

    monkeypatch.setattr(notifier, "write_message", broken)


@pytest.mark.parametrize("error", [KeyError("a fact that is missing"), ValueError("odd")])
def test_a_fault_in_one_text_is_logged_and_the_event_sent_in_plain_form(
    make_office, monkeypatch, error
):
    break_the_text_of(monkeypatch, "awake", error)
    office = make_office(**OFFICE)
    office.day.live("Mon 23:00")

    mails = office.mails()
    assert [mail.kind for mail in mails] == ["awake", "sleeping_soon", "asleep"]
    assert mails[0].subject == "nsfw-api: awake"
    assert "office hours" in mails[0].body
    assert all("undelivered" not in result for result in office.day.results)
    (fault,) = [facts for _, said, facts in office.log.lines if said == "message not written"]
    assert fault["event"] == "awake"
    assert f"{type(error).__name__}: {error}" in fault["traceback"]
    assert "write_message" in fault["traceback"] or "broken" in fault["traceback"]


def test_a_message_that_sns_refuses_is_sent_in_plain_form(make_office):
    office = make_office(**OFFICE)
    office.day.aws.faults.add(
        Fault(operation="Publish", code="InvalidParameter", message="Invalid subject", status=400)
    )
    office.day.live("Mon 09:30")
    (mail,) = office.mails()
    assert (mail.kind, mail.subject) == ("awake", "nsfw-api: awake")
    assert "message not taken" in office.log.said
    assert office.day.status["outbox"] == []


def test_a_message_that_sns_takes_in_no_form_holds_nothing_up(make_office):
    office = make_office(environment={"DORMOUSE_TELL": "detail"}, **ONE_HOUR)
    office.day.aws.faults.add(
        Fault(operation="Publish", code="InvalidParameter", status=400, times=2)
    )
    office.day.plan("Mon 13:00", office.day.wake)
    office.day.live("Mon 13:10")
    assert [mail.kind for mail in office.mails()] == ["awake"]
    assert office.log.said.count("delivered to nobody") == 1
    assert office.day.status["outbox"] == []


def test_a_fault_of_whoever_tells_is_in_the_log_of_the_pass_and_holds_nothing_up(make_office):
    office = make_office(environment={"DORMOUSE_TELL": "detail"}, **ONE_HOUR)
    reported, notify = [], office.day.controller.notify

    def faulty(spec, event):
        reported.append(str(event.kind))
        if event.kind == "waking" and reported.count("waking") < 3:
            raise RuntimeError("a fault of its own")
        notify(spec, event)

    office.day.controller = replace(office.day.controller, notify=faulty)
    office.day.plan("Mon 13:00", office.day.wake)
    office.day.live("Mon 13:04")
    first = next(result for result in office.day.results if result.get("undelivered"))
    assert (first["undelivered"], reported[:2]) == (1, ["waking", "awake"])
    assert "RuntimeError: a fault of its own" in first["fault"]
    assert [mail.kind for mail in office.mails()] == ["awake"]

    office.day.live("Mon 13:30")
    assert [mail.kind for mail in office.mails()] == ["waking"]
    assert office.day.status["outbox"] == []


def test_a_fault_of_the_webhook_or_of_a_measure_tells_nothing_twice(make_office, monkeypatch):
    class Broken:
        def post(self, message):
            raise TypeError("not JSON")

    def broken(spec, event):
        raise ZeroDivisionError

    office = make_office(environment={"DORMOUSE_METRICS": "Dormouse/x"}, **OFFICE)
    monkeypatch.setattr(notifier, "measure", broken)
    office.day.controller = office.controller(webhook=Broken())
    office.day.live("Mon 23:00")
    assert [mail.kind for mail in office.mails()] == ["awake", "sleeping_soon", "asleep"]
    assert office.log.said.count("webhook failed") == 3
    assert office.log.said.count("not measured") == 5


@pytest.mark.parametrize("text", ["caf\udce9", "a\x00b\x07", "\U0001f600" * 400, "x" * 400_000])
def test_whatever_a_reason_contains_it_is_sent(make_office, text):
    """Reasons are typed by people, and by AWS."""
    office = make_office(**OFFICE)
    event = Event(stack=STACK, at=office.day.now, kind=EventKind.FAILED, reason=text)
    office.day.controller.notify(office.day.sut.spec, event)
    (mail,) = office.mails()
    assert mail.kind == "failed"
    assert len(mail.body.encode()) < 256_000


# metrics


def test_metrics_are_lines_that_cloudwatch_reads_and_only_when_requested(make_office):
    office = make_office(environment={"DORMOUSE_METRICS": "Dormouse/x"}, **OFFICE)
    office.day.live("Mon 23:00")
    lines = [facts for _, message, facts in office.log.lines if message == "measured"]

    woke, slept = lines
    assert (woke["Wakes"], slept["Sleeps"]) == (1, 1)
    assert 30 < woke["WakeSeconds"] < 120
    assert slept["AwakeSeconds"] == pytest.approx(9.1 * 3600, rel=0.01)
    assert slept["SpentUSD"] == pytest.approx(0.38, abs=0.005)
    for line in lines:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Dormouse/x"
        assert directive["Dimensions"] == [[]]
        assert all(metric["Name"] in line for metric in directive["Metrics"])

    silent = make_office(**OFFICE)
    silent.day.live("Mon 09:10")
    assert "measured" not in silent.log.said
