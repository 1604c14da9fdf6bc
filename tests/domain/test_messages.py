"""What people read: every kind says what, why and what to do, within the limits of a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from controller.domain.history import Event, EventKind
from controller.domain.letters import Invitation, say_money
from controller.domain.messages import LONGEST_SUBJECT, Level, is_wanted, level_of, write_message
from controller.domain.policy import parse_policy
from factories import LB, NOON, SERVICE, TG, article_spec

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/ecs-nlb/01"
SPANS = [
    [LB, ARN, "2026-11-23T09:30:00Z", "2026-11-23T12:00:00Z"],
    [SERVICE, "arn:aws:ecs:…", "2026-11-23T09:31:00Z", "2026-11-23T11:59:00Z"],
]


def write(kind, reason="office hours", link=None, policy=None, **facts):
    event = Event(stack="nsfw-api", at=NOON, kind=EventKind(kind), reason=reason, facts=facts)
    spec = article_spec(
        policy=parse_policy({"time_zone": "Asia/Tokyo", **(policy or {})}).to_json()
    )
    return write_message(spec, event, link)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind.is_told])
def test_every_kind_has_a_letter_even_without_facts(kind):
    message = write(kind)
    assert message.subject.isascii()
    assert message.subject.startswith("nsfw-api ")
    assert "nsfw-api" in message.body
    assert "office hours" in message.body
    assert message.body.endswith("Times are those of Asia/Tokyo.\n")


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind.is_told])
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
        "-- \nDormouse (nsfw-api, us-east-1). Times are those of Asia/Tokyo.\n"
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
    assert ("or until nobody has used it" in body) is idle


def test_the_link_to_extend_is_said_to_be_a_key():
    link = Invitation(url="https://x.example/s/nsfw-api?k=1", expires_at=NOON + timedelta(hours=2))
    message = write("sleeping_soon", link=link, ends_at="2026-11-23T12:10:00Z")

    assert message.link == link.url
    assert f"press a button:\n{link.url}\n" in message.body
    assert "until Mon 23 Nov 23:00" in message.body
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
    [("19.1", "saved USD 19.10"), ("-0.02", "cost USD 0.0200 more")],
)
def test_asleep_says_what_the_month_has_come_to(saved, said):
    month = {"month": "2026-11", "spent": 3.1, "saved": float(saved)}
    body = write("asleep", month=month).body
    assert f"In 2026-11 so far: USD 3.10, the Elastic IP included; that has {said} against" in body


def test_stuck_adds_up_what_is_still_paid_for():
    standing = [LB, SERVICE, TG, "aws_lb.renamed[0]"]
    since = "2026-11-23T11:45:00Z"
    message = write("stuck", "it drains", standing=standing, billed=standing, since=since)

    assert message.subject == "nsfw-api does not get to sleep and costs USD 0.0398 an hour"
    assert f"  {LB}: USD 0.0225 an hour\n" in message.body
    assert f"  {TG}: free\n" in message.body
    assert "USD 0.0398 an hour, USD 0.96 a day" in message.body


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
    ],
)
def test_who_wants_to_hear_what(kind, facts, level):
    event = Event(stack="s", at=NOON, kind=EventKind(kind), reason="", facts=facts)
    assert level_of(event) is level
    order = [Level.TROUBLE, Level.NEWS, Level.DETAIL]
    assert [is_wanted(event, most) for most in order] == [order.index(level) <= n for n in range(3)]


@pytest.mark.parametrize(
    ("amount", "said"), [("0.005", "USD 0.0050"), ("0.0999", "USD 0.0999"), ("12.4", "USD 12.40")]
)
def test_small_sums_keep_their_digits(amount, said):
    assert say_money(Decimal(amount)) == said
