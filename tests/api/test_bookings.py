"""A booking by link: made, listed, moved by nobody else, cancelled; on the page without script."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from api.stacks import MOST_BOOKINGS
from factories import article_spec
from installation import STACK

HOUR = timedelta(hours=1)


@pytest.fixture
def tokyo(installation):
    """The simulated AWS's clock begins on Monday 23 November, 09:00 UTC, 18:00 there."""
    installation.publish(article_spec(policy={"time_zone": "Asia/Tokyo", "idle_timeout": "0"}))
    installation.run()
    return installation


def ask(installation, verb, scope="wake", link="", name="", **fields):
    changes = {**({"id": link} if link else {}), "name": name}
    return installation.ask(
        "POST",
        f"/s/{STACK}/{verb}",
        json.dumps(fields),
        authorization=f"Bearer {installation.key(scope, **changes)}",
        accept="application/json",
        content_type="application/json",
    )


def book(installation, at="2026-11-24 13:30", length="2h", **more):
    return ask(installation, "wake", at=at, **{"for": length}, **more)


def test_a_booking_is_recorded_listed_and_wakes_nobody_yet(tokyo):
    reply = book(tokyo, name="ann", reason="demo")
    assert (reply.status, reply.json["state"]) == (200, "asleep")
    (reported,) = reply.json["bookings"]
    assert (reported["by"], reported["reason"]) == ("ann", "demo")
    assert (reported["opens_at"], reported["closes_at"]) == (
        "2026-11-24T04:30:00Z",
        "2026-11-24T06:30:00Z",
    )
    assert "owner" not in reported
    assert tokyo.leases() == [] and tokyo.started_passes == [STACK]
    first = reply.json["next"][0]
    assert first["state"] == "awake" and first["at"] < "2026-11-24T04:30:00Z"


def test_it_is_awake_at_the_moment_that_was_booked(tokyo):
    book(tokyo, name="ann")
    tokyo.run()
    due_at = datetime.fromisoformat(tokyo.table.load(STACK).status.decision["until"])
    opens_at = tokyo.table.load(STACK).bookings[0].opens_at
    assert timedelta(minutes=3) < opens_at - due_at < timedelta(minutes=10)
    tokyo.aws.clock.advance((due_at - tokyo.now).total_seconds())
    tokyo.run()
    assert tokyo.now <= opens_at
    assert tokyo.status()["state"] == "awake"
    assert "ann, who booked it" in tokyo.status()["reason"]


def test_the_same_request_twice_is_one_and_at_most_longer(tokyo):
    for length in ("2h", "3h", "1h"):
        assert book(tokyo, length=length).status == 200
    (booking,) = tokyo.table.load(STACK).bookings
    assert booking.closes_at - booking.opens_at == 3 * HOUR


def test_a_moment_that_has_just_passed_lasts_from_now(tokyo):
    """So that it is not over before it is read."""
    at = (tokyo.now - timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert book(tokyo, at=at, length="1m").json["state"] == "waking"
    (booking,) = tokyo.table.load(STACK).bookings
    assert booking.closes_at - tokyo.now > timedelta(seconds=50)


def test_two_at_once_lose_nothing(tokyo):
    """Both read the records before either writes; one is another's."""
    views = [tokyo.table.load(STACK).request_version]
    book(tokyo, link="bbbbbbbb")
    from controller.domain.decision.booking import Booking

    late = Booking(
        stack=STACK,
        id=f"b{views[0]}",
        owner="aaaaaaaa-",
        by="x",
        reason="",
        made_at=tokyo.now,
        opens_at=tokyo.now + HOUR,
        closes_at=tokyo.now + 2 * HOUR,
    )
    made = tokyo.table.book(late)
    assert made.id != late.id
    assert len(tokyo.table.load(STACK).bookings) == 2
    assert tokyo.table.book(late) == made


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"at": ""}, "at: cannot read"),
        ({"at": "tomorrow"}, "at: cannot read"),
        ({"at": "2026-11-23 09:00"}, "which is over"),
        ({"at": "2026-11-24 13:30", "for": "13h"}, "for: "),
        ({"at": "2026-11-24 13:30", "for": "close"}, "needs office hours"),
        ({"at": "2029-11-24 13:30"}, "at most 366 days"),
    ],
)
def test_what_cannot_be_booked_is_refused_by_its_field(tokyo, fields, said):
    reply = ask(tokyo, "wake", **fields)
    assert reply.status == 422
    assert said in reply.json["detail"]
    assert tokyo.table.load(STACK).bookings == ()


def test_a_link_cancels_its_own_and_an_admin_anybodys(tokyo):
    book(tokyo, link="bbbbbbbb")
    book(tokyo, "2026-11-25 09:00")
    others, mine = (each["id"] for each in tokyo.status()["bookings"])
    refused = ask(tokyo, "release", booking=others)
    assert (refused.status, len(tokyo.status()["bookings"])) == (403, 2)
    assert "booked by somebody else" in refused.json["detail"]

    assert ask(tokyo, "release", booking=mine).status == 200
    assert [each["id"] for each in tokyo.status()["bookings"]] == [others]
    again = ask(tokyo, "release", booking=mine)
    assert (again.status, again.json["detail"]) == (422, f'booking: there is no "{mine}" ahead.')
    ask(tokyo, "release", "admin", booking=others)
    assert tokyo.status()["bookings"] == [] and tokyo.status()["next"] == []


def test_a_release_of_a_job_takes_back_what_it_booked_and_a_plain_one_no_booking(tokyo):
    book(tokyo, id="e2e")
    book(tokyo, "2026-11-25 09:00")
    ask(tokyo, "release")
    assert len(tokyo.status()["bookings"]) == 2
    ask(tokyo, "release", id="e2e")
    assert [each["opens_at"] for each in tokyo.status()["bookings"]] == ["2026-11-25T00:00:00Z"]


def test_a_link_has_so_many_bookings_ahead(tokyo):
    for hour in range(MOST_BOOKINGS):
        assert book(tokyo, f"2026-12-{hour + 1:02} 09:00").status == 200
    reply = book(tokyo, "2026-12-30 09:00")
    assert reply.status == 422 and "as many as it may" in reply.json["detail"]
    assert book(tokyo, "2026-12-30 09:00", scope="admin").status == 200


def test_one_that_cannot_be_read_is_left_out_and_reported(tokyo):
    book(tokyo)
    id_ = tokyo.status()["bookings"][0]["id"]
    tokyo.session.client("dynamodb").update_item(
        TableName="dormouse",
        Key={"pk": {"S": f"requests#{STACK}"}, "sk": {"S": f"booking#{id_}"}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": "{}"}},
    )
    assert tokyo.status()["bookings"] == []
    reply = tokyo.program("GET", f"/s/{STACK}/status", "admin")
    assert "book it again" in reply.json["warnings"][0]


# the page


def test_the_page_books_and_cancels_by_forms_that_need_no_script(tokyo):
    page = tokyo.page().body
    assert '<input type="datetime-local" name="at" required>' in page
    assert f'action="{STACK}/wake?k=' in page
    reply = tokyo.press("wake", "at=2026-11-24T13%3A30&for=2h&reason=%E3%83%87%E3%83%A2")
    assert reply.status == 303 and "go=1" not in reply.headers["location"]

    page = tokyo.page().body
    (booking,) = tokyo.table.load(STACK).bookings
    assert booking.opens_at.isoformat() == "2026-11-24T04:30:00+00:00"
    assert "A wake link: Tue 24 Nov 13:30 to Tue 24 Nov 15:30" in page
    assert "デモ" in page
    assert f'name="booking" value="{booking.id}"' in page
    assert "Wakes Tue 24 Nov 13:2" in page
    assert tokyo.press("release", f"booking={booking.id}").status == 303
    assert "Booked" not in tokyo.page().body


def test_an_empty_moment_on_the_form_books_and_wakes_nothing(tokyo):
    assert tokyo.press("wake", "at=&for=2h&reason=").status == 422
    assert tokyo.leases() == [] and tokyo.table.load(STACK).bookings == ()


def test_others_see_a_booking_and_get_no_button_for_it(tokyo):
    book(tokyo, link="bbbbbbbb", name="bob")
    for scope, may in (("view", False), ("wake", False), ("admin", True)):
        page = tokyo.page(scope).body
        assert "Bob: Tue 24 Nov 13:30" in page
        assert ('name="booking"' in page) is may
    assert "datetime-local" not in tokyo.page("view").body


def test_japanese_readers_book_in_japanese(tokyo):
    book(tokyo, name="ann")
    page = tokyo.page(language="ja").body
    assert "11月24日(火) 13:30から11月24日(火) 15:30まで" in page
    assert "予約する" in page
