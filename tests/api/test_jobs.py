"""What several jobs ask for by one link, and give back."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest

from api.page_words import EN, JA
from api.stacks import WAKES_A_DAY
from controller.domain.reporting.proof import Verdict
from factories import article_spec
from installation import STACK
from system.stack_under_test import ASLEEP, StackUnderTest

HOUR = timedelta(hours=1)


def ask(installation, verb, scope="wake", link="", **fields):
    key = installation.key(scope, **({"id": link} if link else {}))
    return installation.ask(
        "POST",
        f"/s/{STACK}/{verb}",
        json.dumps(fields),
        authorization=f"Bearer {key}",
        accept="application/json",
        content_type="application/json",
    )


def ends(installation):
    """The length of each lease that still runs, by its id's job."""
    return {
        lease.id.partition("-")[2].rpartition("#")[0]: lease.expires_at - installation.now
        for lease in installation.leases()
        if lease.expires_at > installation.now
    }


def test_jobs_do_not_shorten_one_another(installation):
    ask(installation, "wake", **{"for": "3h", "id": "long"})
    ask(installation, "wake", **{"for": "10m", "id": "short"})
    ask(installation, "wake", **{"for": "1h"})
    assert ends(installation) == {"long": 3 * HOUR, "short": HOUR / 6, "": HOUR}

    ask(installation, "extend", **{"for": "30m", "id": "short"})
    assert ends(installation) == {"long": 3 * HOUR, "short": HOUR / 2, "": HOUR}

    ask(installation, "release", id="long")
    assert ends(installation) == {"short": HOUR / 2, "": HOUR}


def test_a_release_ends_what_this_link_requested_and_nothing_of_others(installation):
    ask(installation, "wake", id="a")
    ask(installation, "wake", id="b")
    ask(installation, "wake")
    ask(installation, "wake", link="bbbbbbbb", id="a")
    assert ask(installation, "release").status == 202
    assert [
        lease.id[:8] for lease in installation.leases() if lease.expires_at > installation.now
    ] == ["bbbbbbbb"]


def test_an_empty_id_releases_nothing(installation):
    ask(installation, "wake", id="a")
    reply = ask(installation, "release", id="")
    assert reply.status == 422 and "id: found an empty text" in reply.json["detail"]
    assert ends(installation) == {"a": HOUR}


def test_a_page_releases_what_its_own_link_requested(installation):
    def page(link):
        key = installation.key("wake", id=link)
        body = installation.ask("GET", f"/s/{STACK}?k={key}", accept="text/html").body
        return re.findall(r'action="([^"]*/release[^"]*)"', body), key

    ask(installation, "wake", link="aaaaaaaa")
    (address,), _ = page("aaaaaaaa")
    assert page("bbbbbbbb")[0] == []

    form = "application/x-www-form-urlencoded"
    reply = installation.ask("POST", f"/s/{html.unescape(address)}", "", content_type=form)
    assert reply.status == 303
    assert ends(installation) == {}
    assert page("aaaaaaaa")[0] == []


@pytest.mark.parametrize("verdict", Verdict)
def test_a_page_has_words_for_each_verdict_of_a_rehearsal(verdict):
    assert all(f"proof.{verdict.name.lower()}" in table for table in (EN, JA))


def test_what_is_released_goes_to_sleep_and_says_why(installation):
    installation.publish(article_spec(policy={"finish_paid_hour": False}))
    ask(installation, "wake", **{"for": "3h", "id": "ci", "reason": "tests of #7"})
    installation.run()
    status = installation.status()
    assert status["reason"] == "wake link asked for it: tests of #7"

    reply = ask(installation, "release", id="ci")
    assert "wake link needs it no more" in reply.json["reason"]
    installation.aws.clock.advance(660)  # min_awake
    installation.run()
    assert installation.status()["state"] == "asleep"
    assert StackUnderTest(installation.aws).standing() == ASLEEP


def test_a_release_of_nothing_changes_nothing(installation):
    start = len(installation.aws.calls.writes())
    assert ask(installation, "release", id="ci").status == 200
    assert installation.aws.calls.writes()[start:] == [] and installation.started_passes == []


def test_after_a_release_the_same_job_may_ask_again(installation):
    for _ in range(2):
        ask(installation, "wake", id="ci")
        assert ends(installation) == {"ci": HOUR}
        ask(installation, "release", id="ci")
        assert ends(installation) == {}


def test_jobs_that_find_it_awake_begin_no_wakes(installation):
    """Each has a lease of its own, and a day has more jobs than a link has wakes."""
    for number in range(WAKES_A_DAY + 5):
        assert ask(installation, "wake", id=f"job-{number}").status in (200, 202)
    assert len(ends(installation)) == WAKES_A_DAY + 5


def test_another_reason_is_another_lease(installation):
    for reason in ("demo", "demo", "release"):
        ask(installation, "wake", reason=reason)
    assert sorted(lease.reason for lease in installation.leases()) == ["demo", "release"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": "a b"}, 'id: "a b" is no id of a job'),
        ({"id": "x" * 65}, "expected at most 64 letters"),
        ({"reason": "x" * 201}, "reason: a reason: found 201 characters, expected at most 200"),
        ({"reason": "a\nb"}, "reason: a reason: character 2 (U+000A) cannot be printed"),
    ],
)
def test_an_id_or_reason_that_cannot_be_recorded_is_refused(installation, fields, said):
    reply = ask(installation, "wake", **fields)
    assert (reply.status, installation.leases()) == (422, [])
    assert said in reply.json["detail"]


def test_sleep_lasts_for_as_long_as_it_says(installation):
    ask(installation, "wake")
    installation.run()
    ask(installation, "sleep", "admin", **{"for": "90m"})
    hold = installation.table.load(STACK).hold
    assert hold.until == installation.now + 1.5 * HOUR
    installation.aws.clock.advance(60)
    ask(installation, "sleep", "admin")  # one that is held asleep is left
    assert installation.table.load(STACK).hold == hold
    ask(installation, "sleep", "admin", **{"for": "1h"})
    assert installation.table.load(STACK).hold.until == installation.now + HOUR


@pytest.mark.parametrize("text", ["close", "0", "59s", "32d", "soon", "-1h"])
def test_a_sleep_of_no_length_is_refused(installation, text):
    reply = ask(installation, "sleep", "admin", **{"for": text})
    assert (reply.status, installation.table.load(STACK).hold) == (422, None)
    assert "expected a time from 1m to 31d" in reply.json["detail"]
