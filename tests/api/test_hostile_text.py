"""No text ends the function or makes a page unreadable, whoever wrote it."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from api import handler
from controller.handlers import entry
from controller.store import items
from installation import BROWSER, STACK, Installation
from local.function_url import Context

HALF = '{"for": "\\ud800"}'
HOSTILE = "caf\udce9 \x1b[31m \N{RIGHT-TO-LEFT OVERRIDE} \ud800 " + "x" * 100_000


@pytest.fixture
def installation():
    installation = Installation()
    installation.run()
    return installation


def as_lambda_sends(reply):
    """AWS's runtime client for Python 3.12 and later: JSON with all characters as they are."""
    return json.dumps(reply, ensure_ascii=False).encode("utf-8")


def requested(installation, body, **headers):
    named = {"authorization": f"Bearer {installation.key()}", "content_type": "application/json"}
    return installation.ask("POST", f"/s/{STACK}/wake", body, **named, **headers)


@pytest.mark.parametrize(
    "body",
    [
        HALF,
        '{"for": "1h\\udc00"}',
        '{"\\ud800": "1h"}',
        '{"for": "\\u0000"}',
        '{"for": "\\u202e\\u001b[31m"}',
        '{"for": "' + "9" * 900 + '"}',
    ],
)
@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_what_json_can_write_and_nobody_can_send_is_refused(installation, body, accept):
    reply = requested(installation, body, accept=accept)
    assert reply.status == 422
    assert as_lambda_sends(vars(reply))
    assert installation.leases() == []
    if accept != BROWSER:
        assert len(reply.json["detail"]) < 300
        assert "\x1b" not in reply.json["detail"]


def damage(installation, sort, **texts):
    """A record whose texts are as whoever edits the table by hand may leave them."""
    now = installation.now
    body = {
        "stack": STACK,
        "id": "x",
        "state": "awake",
        "granted_at": now.isoformat(),
        "set_at": now.isoformat(),
        "expires_at": (now + timedelta(hours=2)).isoformat(),
        "until": (now + timedelta(hours=2)).isoformat(),
        **texts,
    }
    item = items.with_body(items.request_key(STACK, sort), body)
    installation.session.client("dynamodb").put_item(TableName="dormouse", Item=item)


@pytest.mark.parametrize("sort", ["lease#x", "hold"])
def test_a_reason_in_the_table_ends_neither_page_nor_pass(installation, sort, monkeypatch):
    """However it came there: page, JSON, log and the controller's own answer go on."""
    damage(installation, sort, holder=HOSTILE, by=HOSTILE, reason=HOSTILE)
    for reply in (
        installation.page("admin"),
        installation.program("GET", f"/s/{STACK}/status", "admin"),
    ):
        assert reply.status == 200
        assert len(as_lambda_sends(vars(reply))) < 60_000
        assert "\x1b" not in reply.body

    lines = io.StringIO()
    before = entry.logger.registered_handler.setStream(lines)
    try:
        reported = entry.make_handler(installation.controller)({"stack": STACK}, Context())
    finally:
        entry.logger.registered_handler.setStream(before)
    assert reported["result"] == "unfinished"
    assert as_lambda_sends(reported)
    assert lines.getvalue().isascii()
    installation.run()
    assert installation.status()["state"] == "awake"


def test_a_log_line_holds_what_nobody_can_encode_as_escapes(installation):
    lines = io.StringIO()
    before = handler.logger.registered_handler.setStream(lines)
    try:
        installation.handle(
            {
                "rawPath": "/s/\ud800\x1b",
                "headers": {"accept": "\udcff"},
                "rawQueryString": "k=\ud800&\ud801=1",
                "requestContext": {
                    "stage": "$default",
                    "http": {"method": "GE\udcffT", "path": "/"},
                },
            },
            Context(),
        )
    finally:
        handler.logger.registered_handler.setStream(before)
    assert lines.getvalue().isascii()
    assert json.loads(lines.getvalue().splitlines()[-1])["message"] == "request"
