"""A webhook against a real HTTPS server, and against everything that is none."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from receiver import Receiver

from controller.domain.decision.history import Event, EventKind
from controller.domain.notification.invitation import Invitation
from controller.domain.notification.messages import write_message
from controller.notify import webhook
from controller.notify.webhook import Webhook, WebhookError
from factories import NOON, article_spec

LINK = "https://x.example/s/nsfw-api?k=secret"


@pytest.fixture
def receiver(tmp_path):
    with Receiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def message():
    event = Event(
        stack="nsfw-api",
        at=NOON,
        kind=EventKind.SLEEPING_SOON,
        reason="office hours are over & <all> went home",
        facts={"ends_at": "2026-11-23T12:10:00Z"},
    )
    ends = NOON + timedelta(minutes=70)
    return write_message(article_spec(), event, Invitation(url=LINK, expires_at=ends))


def test_a_message_is_posted_as_json_with_a_text_for_chats(receiver, message):
    Webhook(receiver.url, receiver.context).post(message)

    assert receiver.paths == ["/services/T0/secret?v=1"]
    (taken,) = receiver.taken
    assert taken["text"].startswith("*nsfw-api goes to sleep at Mon 23 Nov 12:10*\n")
    assert "office hours are over &amp; &lt;all&gt; went home" in taken["text"]
    assert LINK in taken["text"]
    assert taken["body"] == message.body
    assert {name: taken[name] for name in ("stack", "kind", "level", "at", "link")} == {
        "stack": "nsfw-api",
        "kind": "sleeping_soon",
        "level": "news",
        "at": "2026-11-23T12:00:00Z",
        "link": LINK,
    }
    assert taken["facts"] == {"ends_at": "2026-11-23T12:10:00Z"}


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refusal_is_said_without_the_address(receiver, message, status):
    receiver.answer = status
    with pytest.raises(WebhookError) as refused:
        Webhook(receiver.url, receiver.context).post(message)
    assert str(refused.value) == f"it answered {status}, expected 200"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, message, status):
    receiver.answer, receiver.location = status, receiver.url.replace("services", "elsewhere")
    with pytest.raises(WebhookError, match=f"it answered {status}"):
        Webhook(receiver.url, receiver.context).post(message)
    assert receiver.paths == ["/services/T0/secret?v=1"]


def test_nothing_is_sent_to_whom_the_certificate_does_not_prove(receiver, message):
    with pytest.raises(WebhookError, match="CERTIFICATE_VERIFY_FAILED"):
        Webhook(receiver.url).post(message)
    assert receiver.taken == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "https:///secret", "", "ftp://x/"])
def test_what_is_not_https_is_refused_before_anything_is_sent(message, url):
    with pytest.raises(WebhookError, match="does not begin with https"):
        Webhook(url).post(message)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:99999/secret", "https://[::1/secret", "https://127.0.0.1/secr et\n"]
)
def test_an_address_that_makes_no_sense_is_an_error_that_does_not_quote_it(message, url):
    with pytest.raises(WebhookError) as refused:
        Webhook(url).post(message)
    assert "secr" not in str(refused.value)


def test_nobody_there(message):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(WebhookError, match="it cannot be reached"):
        Webhook(f"https://127.0.0.1:{port}/").post(message)


def test_whoever_talks_without_an_end_is_cut_off(receiver, message, monkeypatch):
    monkeypatch.setattr(webhook, "LONGEST", 0.2)
    receiver.answer = "drip"
    with pytest.raises(WebhookError):
        Webhook(receiver.url, receiver.context).post(message)
