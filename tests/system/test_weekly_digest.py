"""
The weekly digest against what was recorded: the history's transitions, and AWS's own lifetimes.

The clock of Berlin is put back on Sunday 25 October 2026, and November begins on a Sunday too.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from controller.domain.decision.hold import Hold
from controller.domain.notification.messages import write_message
from controller.domain.planning.plan import Target
from factories import article_spec, load_balancer
from local.faults import Fault
from system import second_account
from system.days import STACK, days
from system.mailbox import PostOffice

HOUR = timedelta(hours=1)
EXACT = Fraction(1, 1000)
ALWAYS_ON = Fraction("0.0225") + Fraction("0.01234") + 2 * Fraction("0.005")
"""
USD an hour in us-east-1: load balancer, 0.25 vCPU and 0.5 GB, two addresses (AWS behaviour §7.1).
"""

QUIET = {"time_zone": "Europe/Berlin", "idle_timeout": "0", "finish_paid_hour": False}


def office(start, tell="trouble,digest", **policy):
    return PostOffice(days(start, "fast", **{**QUIET, **policy}), DORMOUSE_TELL=tell)


def digests(day):
    found = day.controller.table.events(STACK, day.moment("Mon+-9 00:00"), day.now + HOUR)
    return [event for event in found if str(event.kind) == "digest"]


def history(day):
    events = day.controller.table.events(STACK, day.moment("Mon+-9 00:00"), day.now + HOUR)
    return [(str(event.kind), event.at, event.facts) for event in events]


def slept(day, since, until) -> timedelta:
    """From each sleep that was reported to the next wake, as far as it is in [since, until)."""
    total, from_ = timedelta(0), datetime.min.replace(tzinfo=since.tzinfo)
    for kind, at, _ in history(day):
        if kind == "waking" and from_ is not None:
            total += max(timedelta(0), min(at, until) - max(from_, since))
            from_ = None
        elif kind == "asleep":
            from_ = at
    return total + (max(timedelta(0), until - max(from_, since)) if from_ else timedelta(0))


def awake(day, since, until) -> timedelta:
    spans = [
        (datetime.fromisoformat(facts["ready_at"]), at)
        for _, at, facts in history(day)
        if facts.get("ready_at")
    ]
    parts = (min(end, until) - max(start, since) for start, end in spans)
    return sum((max(timedelta(0), part) for part in parts), timedelta(0))


def agree(day, digest, *, always_on=ALWAYS_ON):
    """Hold each figure of a digest to the records; the digest's own time is from when to when."""
    since, until, facts = datetime.fromisoformat(digest.facts["since"]), digest.at, digest.facts
    second = timedelta(seconds=1)
    assert abs(timedelta(seconds=facts["slept_seconds"]) - slept(day, since, until)) < second
    assert abs(timedelta(seconds=facts["awake_seconds"]) - awake(day, since, until)) < second
    spent = sum(second_account.spent(day.aws.lifetimes(), since, until).values())
    always = always_on * Fraction((until - since) / HOUR)
    assert abs(Fraction(facts["spent"]) - spent) < EXACT
    assert abs(Fraction(facts["always_on"]) - always) < EXACT
    assert abs(Fraction(facts["saved"]) - (always - spent)) < 2 * EXACT
    kinds = Counter(kind for kind, at, _ in history(day) if since <= at < until)
    assert (facts["wakes"], facts["failed"]) == (kinds["awake"], kinds["failed"] + kinds["blocked"])


def test_digests_of_four_weeks_agree_with_what_was_recorded():
    """A first part of a week, one hour more, a month's turn, a failed wake, and one at the end."""
    mail = office("Wed+-6 10:00", office_hours=["Tue 09:00-11:00"])
    day = mail.day
    day.live("Wed+-6 10:05")
    day.plan("Fri+-6 14:00", day.wake)
    day.plan("Sun+-5 01:30", lambda: day.wake(3))  # over the hour that comes twice
    day.live("Wed+-4 12:00")
    day.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    day.plan("Wed+-4 12:30", lambda: day.wake(1))
    day.live("Wed+-4 14:00")
    day.aws.conditions.containers("nsfw-api-container", "healthy")
    day.plan("Sat+-4 23:30", lambda: day.wake(2))  # over the end of October, in UTC too
    day.plan("Mon+-3 07:30", lambda: day.wake(1))  # awake while the digest is written
    day.live("Mon+-2 12:00")

    found = digests(day)
    assert [day.local(each.at) for each in found] == ["Mon 08:00"] * 4
    assert [round((each.at - since_of(each)) / HOUR) for each in found] == [118, 169, 168, 168]
    for before, after in itertools.pairwise(found):
        assert since_of(after) == before.at  # no moment twice, and none left out
    for digest in found:
        agree(day, digest)
    assert [each.facts["wakes"] for each in found] == [1, 2, 3, 1]
    assert [each.facts["failed"] for each in found] == [0, 0, 1, 0]
    subjects = [write_message(day.spec, each).subject for each in found]
    assert subjects[1].startswith("nsfw-api slept 164 of 169 h, saved 6.51 USD, woke 2 times (")
    assert subjects[2].endswith(", one failed")


def since_of(digest):
    return datetime.fromisoformat(digest.facts["since"])


def test_an_idle_month_is_a_pass_and_a_digest_a_week():
    mail = office("Mon+-6 08:00")
    day = mail.day
    day.live("Mon+-6 09:00")
    before, reads = len(day.results), Counter(call.operation for call in day.aws.calls)
    sent = []
    for week in (-5, -4, -3, -2):
        day.live(f"Mon+{week} 09:00")
        sent += mail.mails()

    assert len(day.results) - before == 4
    assert [each.subject for each in sent] == [
        # all but the Elastic IP is saved
        f"nsfw-api slept {hours} of {hours} h, saved {saved} USD, woke never"
        for hours, saved in ((168, "6.69"), (169, "6.73"), (168, "6.69"), (168, "6.69"))
    ]
    calls = Counter(call.operation for call in day.aws.calls) - reads
    assert calls["Publish"] == 4
    assert max(n for name, n in calls.items() if name.startswith("Describe")) <= 4
    for digest in digests(day):
        agree(day, digest)


@pytest.mark.parametrize("tell", ["trouble", "news", "detail"])
def test_it_is_off_by_default(tell):
    mail = office("Mon+-6 08:00", tell)
    day = mail.day
    day.live("Mon+-6 09:00")
    before = len(day.results)
    day.live("Mon+-3 09:00")
    assert len(day.results) == before
    assert day.status["week"] is None
    assert mail.mails() == []


def test_set_later_it_counts_from_then_on_and_removed_it_ends():
    mail = office("Mon+-6 08:00", "news")
    day = mail.day
    day.live("Thu+-6 12:00")
    mail.environment["DORMOUSE_TELL"] = "news,digest"
    day.controller = mail.controller()
    day.run_pass()
    day.live("Mon+-5 09:00")
    (digest,) = digests(day)
    assert since_of(digest) == day.moment("Thu+-6 12:00")
    agree(day, digest)

    mail.environment["DORMOUSE_TELL"] = "news"
    day.controller = mail.controller()
    day.live("Mon+-3 09:00")
    assert len(digests(day)) == 1
    assert day.status["week"] is None


@pytest.mark.parametrize("state", [Target.ASLEEP, Target.AWAKE])
def test_a_week_under_a_hold(state):
    """Asleep through its office hours, as over a holiday, or awake day and night."""
    mail = office("Sat+-5 20:00", office_hours=["daily 10:00-10:30"])
    day = mail.day
    day.live("Sat+-5 20:02")
    until = day.moment("Mon+-4 09:00")
    hold = Hold(stack=STACK, state=state, by="ann", reason="", set_at=day.now, until=until)
    day.hold(hold)
    day.run_pass()
    day.live("Mon+-4 09:30")

    (digest,) = digests(day)
    agree(day, digest)
    share = digest.facts["slept_seconds"] / (digest.at - since_of(digest)).total_seconds()
    assert share == pytest.approx(1.0 if state is Target.ASLEEP else 0.0, abs=0.002)


def test_a_controller_that_was_down_writes_of_the_whole_time():
    mail = office("Mon+-5 06:00")
    day = mail.day
    day.live("Mon+-5 06:02")
    day._advance_to(day.moment("Wed+-3 15:00"))  # no heartbeat meanwhile
    day.live("Mon+-2 09:00")
    first, second = digests(day)
    assert (day.local(first.at), day.local(second.at)) == ("Wed 15:01", "Mon 08:00")
    assert since_of(second) == first.at
    for digest in (first, second):
        agree(day, digest)


def test_a_changed_configuration_counts_from_its_publication():
    """The Elastic IP of a second load balancer costs from then on, asleep and always on."""
    mail = office("Mon+-5 06:00")
    day = mail.day
    day.live("Thu+-5 08:00")
    published = day.now
    second = replace(load_balancer(), address="aws_lb.second[0]")
    resources = (*day.spec.resources, second)
    day.publish(article_spec(policy=day.policy.to_json(), resources=resources))
    day.run_pass()
    day.live("Mon+-4 09:00")
    (digest,) = digests(day)
    more = Fraction("0.0225") + Fraction("0.005")
    rest = (digest.at - since_of(digest)) / HOUR
    extra = more * Fraction((digest.at - published) / HOUR)
    assert abs(Fraction(digest.facts["always_on"]) - ALWAYS_ON * Fraction(rest) - extra) < EXACT


def test_a_digest_is_sent_once_though_the_controller_dies_and_the_topic_is_down():
    mail = office("Mon+-5 06:00")
    day = mail.day
    day.live("Sun+-5 12:00")
    day.controller = mail.controller(topic=Dies())
    with pytest.raises(KeyboardInterrupt):
        day.live("Mon+-4 08:30")
    day.controller = mail.controller()
    day.aws.faults.add(Fault(operation="Publish", code="InternalError", status=500, times=4))
    day.live("Mon+-4 12:00")
    assert [each.kind for each in mail.mails()] == ["digest"]
    assert len(digests(day)) == 1


class Dies:
    """A process that ends while it sends."""

    def publish(self, message):
        raise KeyboardInterrupt


def test_a_lost_status_begins_a_week_anew():
    """The digest says from when on it counts; it invents nothing."""
    mail = office("Mon+-5 06:00")
    day = mail.day
    day.live("Thu+-5 08:00")
    day.aws.session().client("dynamodb").delete_item(
        TableName="dormouse", Key={"pk": {"S": f"stack#{STACK}"}, "sk": {"S": "status"}}
    )
    day.run_pass()
    day.live("Mon+-4 09:00")
    (digest,) = digests(day)
    assert day.local(since_of(digest)) == "Thu 08:00"
    agree(day, digest)
