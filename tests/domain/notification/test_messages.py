"""What people read: every kind says what, why and what to do, within the limits of a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.decision.history import Event, EventKind
from controller.domain.notification.invitation import Invitation, say_money
from controller.domain.notification.messages import (
    LONGEST_SUBJECT,
    Level,
    NotifyAbout,
    level_of,
    write_message,
)
from controller.domain.policy.policy import parse_policy
from factories import LB, NOON, SERVICE, TG, article_spec, load_balancer

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/ecs-nlb/01"
SPANS = [
    [LB, ARN, "2026-11-23T09:30:00Z", "2026-11-23T12:00:00Z"],
    [SERVICE, "arn:aws:ecs:…", "2026-11-23T09:31:00Z", "2026-11-23T11:59:00Z"],
]
FOOTER = "\n\n-- \nDormouse (nsfw-api, us-east-1). Times are in the time zone Asia/Tokyo.\n"


def write(kind, reason="office hours", link=None, policy=None, **facts):
    event = Event(stack="nsfw-api", at=NOON, kind=EventKind(kind), reason=reason, facts=facts)
    spec = article_spec(
        policy=parse_policy({"time_zone": "Asia/Tokyo", **(policy or {})}).to_json()
    )
    return write_message(spec, event, link)


WITHOUT_REASON = (
    EventKind.ENDING,
    EventKind.ENDED,
    EventKind.UNPUBLISHED,
    EventKind.DIGEST,
)
"""Their text says when the term, or the week, ends; there is no other reason."""


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind.is_notified])
def test_every_kind_has_a_message_even_without_facts(kind):
    message = write(kind)
    assert message.subject.isascii()
    assert message.subject.startswith("nsfw-api ")
    assert "nsfw-api" in message.body
    assert "office hours" in message.body or kind in WITHOUT_REASON
    assert message.body.endswith("Times are in the time zone Asia/Tokyo.\n")


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind.is_notified])
def test_a_subject_is_what_sns_takes(kind):
    name = "a" * 31
    event = Event(stack=name, at=NOON, kind=kind, reason="営業部", facts={"after": ["stuck"]})
    spec = replace(article_spec(), stack=name)
    subject = write_message(spec, event).subject

    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) <= LONGEST_SUBJECT < 100


def test_awake_says_where_why_and_until_when():
    message = write(
        "awake",
        "営業部 asked for it",
        endpoint={"url": "http://203.0.113.25:5000/"},
        waking_since="2026-11-23T11:57:30Z",
        slept_at="2026-11-23T01:57:30Z",
        ends_at="2026-11-23T13:00:00Z",
        rule="lease",
    )
    assert message.subject == "nsfw-api is awake until Mon 23 Nov 22:00"
    assert message.body == (
        "nsfw-api is awake and answers at\n"
        "http://203.0.113.25:5000/\n\n"
        "Why: 営業部 asked for it.\n"
        "It was ready at Mon 23 Nov 21:00, 2 min after it was started.\n\n"
        "It stays awake until Mon 23 Nov 22:00, or until nobody has used it for 30 min.\n\n"
        "Awake it costs USD 0.0398 an hour more than asleep.\n"
        "It had slept for 10 h, which saved USD 0.40.\n\n"
        "-- \nDormouse (nsfw-api, us-east-1). Times are in the time zone Asia/Tokyo.\n"
    )


@pytest.mark.parametrize(
    ("rule", "policy", "idle"),
    [
        ("lease", {}, True),
        ("lease", {"idle_timeout": "0"}, False),
        ("hold", {}, False),
        ("office_hours", {}, True),
        ("opening", {"idle_during_office_hours": False}, False),
        ("lease", {"idle_during_office_hours": False}, True),
    ],
)
def test_idleness_is_said_where_it_can_end_it(rule, policy, idle):
    body = write("awake", rule=rule, policy=policy, ends_at="2026-11-23T13:00:00Z").body
    idly = ", or until nobody has used it for 30 min" if idle else ""
    assert f"It stays awake until Mon 23 Nov 22:00{idly}.\n" in body


def test_the_link_to_extend_is_said_to_be_a_key():
    link = Invitation(url="https://x.example/s/nsfw-api?k=1", expires_at=NOON + timedelta(hours=2))
    message = write("sleeping_soon", link=link, ends_at="2026-11-23T12:10:00Z")

    assert message.link == link.url
    assert f"press a button:\n{link.url}\n" in message.body
    assert message.body.endswith(
        "Whoever has this address can do that until Mon 23 Nov 23:00, when it stops working: pass "
        f"it on only to those who may.{FOOTER}"
    )
    assert message.to_json()["link"] == link.url


def test_asleep_says_what_it_was_made_of():
    message = write("asleep", "nobody has used it for 30 min", spans=SPANS, rule="idle")
    # three started hours at 0.0225; 2 h 28 min at 0.01734 an hour, the task's address included
    assert message.subject == "nsfw-api is asleep; this time awake cost USD 0.11"
    assert "It was up for 2 h 30 min, from Mon 23 Nov 18:30 to Mon 23 Nov 21:00." in message.body
    assert "USD 0.0675 (3 started hours), the tasks USD 0.0428." in message.body
    assert "Asleep it costs USD 0.0050 an hour, its Elastic IP." in message.body


@pytest.mark.parametrize(
    ("saved", "said"),
    [("19.1", "saved USD 19.10"), ("0", "saved USD 0.0000"), ("-0.02", "cost USD 0.0200 more")],
)
def test_asleep_says_what_the_month_has_come_to(saved, said):
    month = {"month": "2026-11", "spent": 3.1, "saved": float(saved)}
    body = write("asleep", month=month).body
    assert f"In 2026-11 so far: USD 3.10, the Elastic IP included; that has {said} against" in body


@pytest.mark.parametrize(
    ("kind", "said", "began"),
    [
        ("waking", "is being woken", "wake nsfw-api"),
        ("sleeping", "is going to sleep", "put nsfw-api to sleep"),
    ],
)
def test_a_beginning_says_when_and_why(kind, said, began):
    message = write(kind)
    assert message.subject == f"nsfw-api {said}"
    assert message.body == (
        f"Dormouse began to {began} at Mon 23 Nov 21:00.\n\nWhy: office hours.{FOOTER}"
    )


def test_awake_says_no_more_than_is_known():
    message = write("awake", policy={"idle_timeout": "0"})
    assert message.subject == "nsfw-api is awake"
    assert message.body == (
        "nsfw-api is awake.\n\n"
        "Why: office hours.\nIt was ready at Mon 23 Nov 21:00.\n\n"
        "It stays awake for as long as that holds.\n\n"
        f"Awake it costs USD 0.0398 an hour more than asleep.{FOOTER}"
    )


def test_awake_after_trouble_says_once_that_it_is_over():
    message = write("awake", after=["failed", "blocked", "stuck"])
    assert message.subject == "nsfw-api is awake again"
    assert message.body.startswith(
        "nsfw-api is awake.\n\n"
        "An earlier message said that it could not be woken: that is over.\n\n"
        "Why: office hours.\n"
    )
    for trouble in ("failed", "blocked"):
        assert "could not be woken: that is over" in write("awake", after=[trouble]).body


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"slept_at": "2026-11-23T10:00:00Z", "waking_since": "2026-11-23T11:00:00Z"}, True),
        ({"slept_at": "2026-11-23T10:00:01Z", "waking_since": "2026-11-23T11:00:00Z"}, False),
        ({"slept_at": "2026-11-23T10:00:00Z"}, False),
        ({"waking_since": "2026-11-23T11:00:00Z"}, False),
    ],
)
def test_what_the_sleep_before_saved_is_said_from_an_hour_on(facts, said):
    body = write("awake", **facts).body
    assert ("\nIt had slept for 1 h, which saved USD 0.0398.\n" in body) is said


def test_sleeping_soon_without_a_link_says_what_to_run():
    message = write("sleeping_soon", ends_at="2026-11-23T12:10:00Z")
    assert message.subject == "nsfw-api goes to sleep at Mon 23 Nov 21:10"
    assert message.body == (
        "nsfw-api goes to sleep in 10 min, at Mon 23 Nov 21:10.\n\n"
        "Why then: office hours.\n\n"
        "To keep it awake for longer, open its wake link and press a button, or run\n"
        f"dormouse extend nsfw-api{FOOTER}"
    )


def test_asleep_of_an_hour_and_at_last():
    hour = [[LB, ARN, "2026-11-23T11:30:00Z", "2026-11-23T12:00:00Z"]]
    message = write("asleep", spans=hour, after=["stuck"])
    assert message.subject == "nsfw-api is asleep at last; this time awake cost USD 0.0225"
    assert "An earlier message said that it did not get to sleep: that is over.\n\n" in message.body
    assert "USD 0.0225 (1 started hour), the tasks USD 0.0000." in message.body
    assert "Elastic IP. A day asleep saves USD 0.96.\n" in message.body


def test_asleep_of_what_was_never_paid_for():
    message = write("asleep")
    assert message.subject == "nsfw-api is asleep"
    assert "was up for" not in message.body


def test_a_stack_without_an_elastic_ip_costs_nothing_asleep():
    event = Event(stack="nsfw-api", at=NOON, kind=EventKind.ASLEEP, reason="idle")
    balancer = load_balancer(request={"SubnetMappings": [{"SubnetId": "subnet-1"}]})
    message = write_message(article_spec(resources=(balancer,)), event)
    assert "Asleep it costs nothing. A day" in message.body


def test_a_spec_without_a_region_is_signed_without_one():
    event = Event(stack="nsfw-api", at=NOON, kind=EventKind.WAKING, reason="office hours")
    body = write_message(article_spec(region=None), event).body
    assert body.endswith("-- \nDormouse (nsfw-api). Times are in the time zone UTC.\n")


def test_failed_says_what_happened_and_what_to_do():
    message = write("failed", "no such image")
    assert message.subject == "nsfw-api could not be woken"
    assert message.body == (
        "nsfw-api could not be woken at Mon 23 Nov 21:00. What had been created for it is deleted "
        "again, so that it costs nothing; if that fails, another message says so.\n\n"
        "What happened:\nno such image\n\n"
        "What to do: fix that, then wake nsfw-api again with its wake link or\n"
        "dormouse wake nsfw-api\n\n"
        "Dormouse does not retry until somebody requests it again, the next office hours "
        f"begin, or a changed configuration is published.{FOOTER}"
    )


@pytest.mark.parametrize(("target", "verb"), [("awake", "woken"), ("asleep", "put to sleep")])
def test_blocked_says_what_is_in_the_way_and_that_it_is_left_alone(target, verb):
    message = write("blocked", 'load balancer "ecs-nlb" is not ours', target=target)
    assert message.subject == f"nsfw-api cannot be {verb}: something foreign is in the way"
    assert message.body == (
        f"nsfw-api cannot be {verb}: a resource that Dormouse did not create is in its way. "
        "Dormouse never changes or deletes such resources.\n\n"
        'What it is:\nload balancer "ecs-nlb" is not ours\n\n'
        "What to do: delete or rename it if it is yours, or give ours another name in the "
        "Terraform files and publish them. Then wake nsfw-api again with its wake link or\n"
        f"dormouse wake nsfw-api{FOOTER}"
    )


def test_stuck_says_since_when_what_holds_it_up_and_what_to_do():
    since = "2026-11-23T11:45:00Z"
    message = write("stuck", "it drains", standing=[SERVICE, TG], billed=[SERVICE], since=since)
    assert message.body == (
        "nsfw-api was to go to sleep at Mon 23 Nov 20:45, but something still exists.\n\n"
        "Cause:\nit drains\n\n"
        f"Still there:\n  {SERVICE}: USD 0.0173 an hour\n  {TG}: free\n\n"
        "That is USD 0.0173 an hour, USD 0.42 a day, until it is gone.\n\n"
        "What to do: Dormouse retries every 15 minutes, and another message says when it "
        "is asleep. If the cause stays, fix it, or delete what still exists in the AWS "
        f"console; leave the Elastic IP alone.{FOOTER}"
    )


def test_stuck_on_what_is_not_billed_costs_nothing_meanwhile():
    """A service whose tasks are over is no money, however long it drains."""
    message = write("stuck", "it drains", standing=[SERVICE], billed=[])
    assert message.subject == "nsfw-api does not get to sleep and costs nothing meanwhile"
    assert f"  {SERVICE}: free\n" in message.body
    assert "That is" not in message.body


def test_stuck_adds_up_what_is_still_paid_for():
    standing = [LB, SERVICE, TG, "aws_lb.renamed[0]"]
    since = "2026-11-23T11:45:00Z"
    message = write("stuck", "it drains", standing=standing, billed=standing, since=since)

    assert message.subject == "nsfw-api does not get to sleep and costs USD 0.0398 an hour"
    assert f"  {LB}: USD 0.0225 an hour\n" in message.body
    assert f"  {TG}: free\n" in message.body
    assert "USD 0.0398 an hour, USD 0.96 a day" in message.body


def test_what_an_earlier_configuration_left_behind_says_what_it_costs_and_what_to_do():
    hours = {f"{LB} (replaced: ecs-nlb in eu-west-1)": "0.0252", f"{SERVICE} (replaced: api)": "0"}
    message = write("stuck", "no right there; give it back", replaced=True, hours=hours)
    assert message.subject == "nsfw-api has left something behind that costs USD 0.0252 an hour"
    assert "no right there; give it back." in message.body
    assert f"{LB} (replaced: ecs-nlb in eu-west-1): USD 0.0252 an hour" in message.body
    assert "USD 0.60 a day" in message.body
    assert "was to go to sleep" not in message.body


WEEK = {
    "since": "2026-11-16T12:00:00Z",
    "slept_seconds": 131 * 3600,
    "awake_seconds": 36 * 3600,
    "wakes": 4,
    "slowest_seconds": 221.4,
    "failed": 1,
    "spent": 2.1234,
    "always_on": 7.7244,
    "saved": 5.601,
}


def test_a_week_is_one_line_and_its_particulars():
    message = write("digest", **WEEK)
    said = "slept 131 of 168 h, saved 5.60 USD, woke 4 times (slowest 221 s), one failed"
    assert message.subject == f"nsfw-api {said}"
    assert message.body == (
        f"nsfw-api from Mon 16 Nov 21:00 to Mon 23 Nov 21:00: it {said}.\n\n"
        "It could be used for 36 h. For 1 h it was waking, going to sleep, or delayed in one of "
        "them.\n\n"
        "It cost 2.12 USD, the Elastic IP included; always on it would have cost 7.72 USD.\n\n"
        "A message at that time said what failed, and why. To see the result of its last "
        f"wake:\ndormouse status nsfw-api{FOOTER}"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"wakes": 0, "slowest_seconds": None, "failed": 0}, "saved 5.60 USD, woke never"),
        ({"wakes": 1, "failed": 0}, "woke once (slowest 221 s)"),
        ({"failed": 12}, ", 12 failed"),
        ({"spent": 8.1}, "cost 0.38 USD more than always on, woke"),
        ({"since": "2026-11-21T09:40:00Z", "slept_seconds": 60}, "slept 0 of 50 h"),
    ],
)
def test_a_week_with_other_events(facts, said):
    assert said in write("digest", **{**WEEK, **facts}).subject


@pytest.mark.parametrize(
    ("kind", "facts", "level"),
    [
        ("waking", {}, Level.DETAIL),
        ("awake", {}, Level.NEWS),
        ("awake", {"after": ["failed"]}, Level.TROUBLE),
        ("sleeping_soon", {}, Level.NEWS),
        ("sleeping", {}, Level.DETAIL),
        ("asleep", {}, Level.NEWS),
        ("asleep", {"rule": "failed"}, Level.DETAIL),
        ("asleep", {"rule": "failed", "after": ["stuck"]}, Level.TROUBLE),
        ("failed", {}, Level.TROUBLE),
        ("stuck", {}, Level.TROUBLE),
        ("blocked", {}, Level.TROUBLE),
        ("digest", {}, Level.DIGEST),
    ],
)
def test_who_wants_to_hear_what(kind, facts, level):
    event = Event(stack="s", at=NOON, kind=EventKind(kind), reason="", facts=facts)
    assert level_of(event) is level
    order, choices = [Level.TROUBLE, Level.NEWS, Level.DETAIL], NotifyAbout.choices()
    for n, most in enumerate(order):
        wanted = level in order[: n + 1]
        assert choices[most].includes(event) is wanted
        assert choices[f"{most},digest"].includes(event) is (wanted or level is Level.DIGEST)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0.005", "USD 0.0050"),
        ("0.0999", "USD 0.0999"),
        ("0.10", "USD 0.10"),
        ("12.4", "USD 12.40"),
    ],
)
def test_small_sums_keep_their_digits(amount, said):
    assert say_money(Decimal(amount)) == said
