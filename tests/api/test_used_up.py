"""A used up budget: links that are no admin's wake nothing, and everybody sees why."""

from __future__ import annotations

import pytest

from factories import article_spec
from installation import STACK

POLICY = {"monthly_budget": 0.02, "idle_timeout": "0"}


@pytest.fixture
def spent(installation):
    """It was published nine hours ago, and its address alone has cost 0.045 $."""
    installation.publish(article_spec(policy=POLICY))
    installation.run()
    installation.aws.clock.advance(9 * 3600)
    installation.run()
    return installation


@pytest.mark.parametrize("body", ['{"for": "1h"}', '{"at": "2026-11-24T12:00:00Z"}'])
def test_only_an_admin_link_wakes_it(spent, body):
    reply = spent.program("POST", f"/s/{STACK}/wake", "wake", body)
    assert reply.status == 403
    assert reply.headers["content-type"] == "application/problem+json"
    assert "budget for 2026-11 is used up (0.05 $ of 0.02 $)" in reply.json["detail"]
    assert "2026-12-01T00:00:00Z only an admin link wakes it" in reply.json["detail"]
    assert spent.leases() == [] and spent.table.load(STACK).bookings == ()
    assert spent.program("POST", f"/s/{STACK}/wake", "admin", body).status in (200, 202)


def test_what_is_booked_for_the_next_month_is_that_months(spent):
    body = '{"at": "2026-12-02T12:00:00Z"}'
    assert spent.program("POST", f"/s/{STACK}/wake", "wake", body).status == 200


def test_awake_it_is_not_extended_by_such_a_link_either(spent):
    spent.press("wake", scope="admin")
    spent.run()
    reply = spent.program("POST", f"/s/{STACK}/extend", "wake", '{"for": "3h"}')
    assert (reply.status, len(spent.leases())) == (403, 1)
    assert spent.program("POST", f"/s/{STACK}/release", "wake").status == 200


def test_the_status_tells_it(spent):
    budget = spent.status()["budget"]
    assert (budget["limit"], budget["spent"], budget["used_up"]) == (0.02, 0.045, True)
    assert spent.status()["saved"]["spent"] == budget["spent"]


def test_the_page_shows_a_bar_and_takes_the_buttons_away(spent):
    page = spent.page().body
    assert '<meter min="0" max="0.02" high="0.02" optimum="0" value="0.02"' in page
    assert "0.05 $ of 0.02 $ are spent." in page
    assert "only an admin link wakes it" in page
    assert 'value="1h"' not in page.partition('data-part="book"')[0]
    assert 'value="1h"' in spent.page("admin").body.partition('data-part="book"')[0]
    refused = spent.press("wake")
    assert refused.status == 403 and "budget is used up" in refused.body
    assert "予算を使い切りました" not in page and "今月の予算" in spent.page(language="ja").body


def test_while_it_lasts_the_page_says_until_when(installation):
    hours = [[["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "00:00", "24:00"]]
    for limit, said in (
        (0.5, "As planned, it is used up on Mon 23 Nov"),
        (9, "it lasts until the end"),
    ):
        policy = {"monthly_budget": limit, "office_hours": [*hours], "idle_timeout": "0"}
        installation.publish(article_spec(policy=policy))
        installation.run()
        page = installation.page().body
        assert said.partition(" on ")[0] in page


def test_without_a_budget_there_is_no_bar(installation):
    installation.run()
    assert "<meter" not in installation.page().body
    assert installation.status()["budget"] is None
