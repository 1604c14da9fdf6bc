"""What programs and browsers are answered, and what that does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from aws_lambda_powertools import Logger

from api.stacks import WAKES_A_DAY
from controller.domain.policy.durations import parse_duration
from controller.links import Keys
from controller.store.withdrawals import Withdrawals
from factories import article_spec
from installation import BROWSER, KEYS, STACK
from local.faults import Fault
from local.function_url import Context, make_event
from system.stack_under_test import ASLEEP, AWAKE, StackUnderTest

HOUR = timedelta(hours=1)
WEEKDAYS = [["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]
"""The simulated AWS's clock begins on a Monday at 09:00 UTC."""


def test_a_press_wakes_the_stack_and_status_shows_the_progress(installation):
    assert installation.status()["state"] == "asleep"
    reply = installation.program("POST", f"/s/{STACK}/wake", body='{"for": "1h"}')
    assert reply.status == 202
    assert 2 <= int(reply.headers["retry-after"]) <= 30
    assert (reply.json["state"], reply.json["phase"]) == ("waking", "starting")
    assert 60 < reply.json["eta_seconds"] < 600
    assert installation.started_passes == [STACK]

    installation.run()
    status = installation.status()
    assert (status["state"], status["phase"]) == ("awake", "awake")
    assert status["endpoint"]["url"] == "http://203.0.113.25:5000/"
    assert status["eta_seconds"] is None
    assert status["next"][0]["state"] == "asleep"
    assert StackUnderTest(installation.aws).standing() == AWAKE


def test_status_shows_the_steps_under_way(installation):
    installation.press("wake")
    installation.run(60)
    status = installation.status()
    assert status["state"] == "waking"
    running = {s["step"] for s in status["steps"] if s["finished_at"] is None}
    assert "load balancer starting" in running
    assert status["leases"][0]["holder"] == "wake link"


def test_waking_what_is_awake_is_done_at_once(installation):
    installation.press("wake")
    installation.run()
    assert installation.program("POST", f"/s/{STACK}/wake").status == 200


def test_two_presses_make_one_wake(installation):
    for _ in range(2):
        assert installation.press("wake").status == 303
    assert len(installation.leases()) == 1
    assert installation.started_passes == [STACK] * 2  # no pass was seen to have taken up the first
    installation.run()
    installation.press("wake", "for=5m")
    assert installation.started_passes == [STACK] * 2


def test_two_presses_at_once_write_one_lease(installation):
    """Both read the records before either writes."""
    from datetime import UTC, datetime

    from api.stacks import Stacks
    from controller.links import Link, Scope

    stacks = Stacks(
        installation.session.client,
        "dormouse",
        "controller",
        lambda: installation.now,
        log=Logger("test"),
    )
    link = Link(
        stack=STACK, scope=Scope.WAKE, expires_at=datetime(2030, 1, 1, tzinfo=UTC), id="0a0a0a0a"
    )
    views = [stacks.load_view(STACK), stacks.load_view(STACK)]
    for view in views:
        stacks.keep_awake(view, link, installation.now + HOUR)
    assert len(installation.leases()) == 1


def test_a_longer_wake_replaces_the_end_and_a_shorter_one_does_not(installation):
    ends = []
    for time in ("1h", "3h", "1h"):
        installation.press("wake", f"for={time}")
        (lease,) = installation.leases()
        ends.append(lease.expires_at - installation.now)
    assert ends == [HOUR, 3 * HOUR, 3 * HOUR]


def test_without_a_time_the_policy_decides(installation):
    installation.publish(article_spec(policy={"wake_for": "45m"}))
    installation.press("wake", "")
    assert installation.leases()[0].expires_at == installation.now + timedelta(minutes=45)


def test_until_closing_ends_with_the_office_hours(installation):
    installation.publish(article_spec(policy={"office_hours": [WEEKDAYS]}))
    installation.press("wake", "for=close")
    assert installation.leases()[0].expires_at == installation.now + 9 * HOUR


@pytest.mark.parametrize("text", ["close", "0", "59s", "13h", "-1h", "1", "1h;x", "１h", "x" * 300])
def test_a_time_that_cannot_be_granted_is_refused_and_says_what_can(installation, text):
    reply = installation.program("POST", f"/s/{STACK}/wake", body=json.dumps({"for": text}))
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert "for" in reply.json["detail"]
    assert installation.leases() == [] and installation.started_passes == []


def test_extend_gives_an_awake_stack_more_time(installation):
    installation.press("wake")
    installation.run()
    installation.aws.clock.advance(1800)
    assert installation.press("extend").headers["location"].startswith(f"../{STACK}?k=")
    (lease,) = installation.leases()
    assert lease.expires_at == installation.now + HOUR


def test_extend_of_what_sleeps_is_a_conflict(installation):
    assert installation.program("POST", f"/s/{STACK}/extend").status == 409
    assert installation.leases() == []


def test_sleep_now_holds_it_until_a_later_wake_of_the_same_link(installation):
    installation.press("wake", scope="admin")
    installation.run()
    reply = installation.program("POST", f"/s/{STACK}/sleep", "admin")
    assert (reply.status, reply.json["state"]) == (202, "going to sleep")
    installation.run()
    assert StackUnderTest(installation.aws).standing() == ASLEEP
    status = installation.status()
    assert status["state"] == "asleep"
    assert status["hold"]["state"] == "asleep"

    assert installation.program("POST", f"/s/{STACK}/wake", "admin").json["state"] == "waking"
    installation.run()
    assert installation.status()["state"] == "awake"


def test_sleep_pressed_twice_is_one_hold(installation):
    for _ in range(2):
        assert installation.program("POST", f"/s/{STACK}/sleep", "admin").status == 200
        installation.aws.clock.advance(60)
    assert installation.table.load(STACK).hold.set_at == installation.now - timedelta(seconds=120)


def test_a_failed_wake_says_why_and_the_next_press_tries_again(installation):
    installation.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    installation.press("wake")
    installation.run(3600)
    status = installation.status()
    assert (status["state"], status["phase"]) == ("asleep", "failed")
    assert "CannotPullContainerError" in status["failure"]["cause"]

    installation.aws.conditions.containers("nsfw-api-container", "healthy")
    assert installation.program("POST", f"/s/{STACK}/wake").json["state"] == "waking"
    installation.run()
    assert installation.status()["state"] == "awake"


def test_a_link_has_so_many_wakes_a_day(installation):
    for _ in range(WAKES_A_DAY):
        assert installation.press("wake", "for=1m").status == 303
        installation.aws.clock.advance(120)
    reply = installation.program("POST", f"/s/{STACK}/wake")
    assert reply.status == 429
    assert 0 < int(reply.headers["retry-after"]) <= 86400
    assert installation.press("wake", scope="admin").status == 303

    installation.aws.clock.advance(int(reply.headers["retry-after"]))
    assert installation.press("wake").status == 303


def test_a_controller_that_cannot_be_reached_is_left_to_the_heartbeat(installation):
    def refuse(params):
        raise OSError("no way")

    installation.aws.answer_with("lambda", "Invoke", refuse)
    assert installation.press("wake").status == 303
    assert installation.table.due(installation.now) == [STACK]


# who may what


@pytest.mark.parametrize("button", ["wake", "extend", "release", "sleep"])
def test_a_view_link_changes_nothing(installation, button):
    reply = installation.program("POST", f"/s/{STACK}/{button}", "view")
    assert (reply.status, installation.leases(), installation.started_passes) == (403, [], [])


def test_a_wake_link_cannot_put_it_to_sleep(installation):
    assert installation.program("POST", f"/s/{STACK}/sleep").status == 403
    assert installation.table.load(STACK).hold is None


def bad_keys(installation):
    other = Keys(secrets=installation.keys.secrets)
    good = installation.key()
    return {
        "none": "",
        "empty": "?k=",
        "nonsense": "?k=abc",
        "cut": f"?k={good[:-1]}",
        "changed": f"?k={good[:-5]}AAAAA",
        "of an unknown key": f"?k=00000000{good[8:]}",
        "over": f"?k={installation.key(expires_at=installation.now)}",
        "another stack's": f"?k={installation.key(stack='other')}",
        "long": f"?k={'a' * 1500}",
        "of no text": "?k=%ff",
        "withdrawn": f"?k={other.sign(_withdrawn(installation), installation.now)}",
    }


def _withdrawn(installation):
    from controller.links import Link, Scope

    link = Link(stack=STACK, scope=Scope.ADMIN, expires_at=installation.now + HOUR, id="dddddddd")
    Withdrawals(installation.session.client("dynamodb"), "dormouse").withdraw(
        link.id, link.expires_at
    )
    return link


@pytest.mark.parametrize("accept", [BROWSER, "application/json"])
def test_whoever_has_no_good_key_gets_one_answer_and_no_read_of_the_table(installation, accept):
    keys = bad_keys(installation)
    withdrawn = keys.pop("withdrawn")
    reads = len(installation.aws.calls.of("Query", "GetItem"))
    answers = set()
    for key in keys.values():
        for path in (f"/s/{STACK}", f"/s/{STACK}/status", "/s/unknown", "/s/UPPER", "/", "/x/y"):
            reply = installation.ask("GET", path + key, accept=accept)
            answers.add((reply.status, reply.body, json.dumps(reply.headers, sort_keys=True)))
        reply = installation.ask("POST", f"/s/{STACK}/wake{key}", accept=accept)
        answers.add((reply.status, reply.body, json.dumps(reply.headers, sort_keys=True)))
    allowed = {status for status, _, _ in answers}
    assert allowed <= {400, 404}
    assert len([1 for status, _, _ in answers if status == 404]) == 1
    assert len(installation.aws.calls.of("Query", "GetItem")) == reads
    assert len(installation.aws.calls.of("GetParameter")) == 1

    # One that was withdrawn is signed as it should be: only the list of them tells.
    reply = installation.ask("GET", f"/s/{STACK}{withdrawn}", accept=accept)
    assert (reply.status, reply.body, json.dumps(reply.headers, sort_keys=True)) in answers
    assert len(installation.aws.calls.of("Query", "GetItem")) == reads + 1


def test_a_good_key_of_a_stack_that_is_not_published_gets_the_same_answer(installation):
    reply = installation.ask("GET", f"/s/gone?k={installation.key(stack='gone')}", accept=BROWSER)
    assert reply.body == installation.ask("GET", "/s/gone", accept=BROWSER).body
    assert reply.status == 404


def test_without_a_key_of_the_right_shape_aws_is_not_called(installation):
    installation.aws.calls.clear()
    for target in (f"/s/{STACK}", f"/s/{STACK}/status", "/", "/favicon.ico", "/healthz"):
        installation.ask("GET", target)
    assert installation.aws.calls == []


def test_a_bearer_counts_before_the_address(installation):
    reply = installation.ask(
        "GET",
        f"/s/{STACK}/status?k={installation.key()}",
        authorization="Bearer nonsense",
    )
    assert reply.status == 404


# what never changes anything


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["", "/status", "/wake", "/extend", "/release", "/sleep"])
def test_only_post_changes_anything(installation, method, path):
    start = len(installation.aws.calls.writes())
    reply = installation.ask(method, f"/s/{STACK}{path}?k={installation.key('admin')}", b"for=1h")
    reads = method in ("GET", "HEAD") and path in ("", "/status")
    assert reply.status == (200 if reads else 405)
    if not reads:
        assert reply.headers["allow"] == ("GET, HEAD" if path in ("", "/status") else "POST")
    assert installation.aws.calls.writes()[start:] == [] and installation.started_passes == []
    if method == "HEAD":
        assert reply.body == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://laptop.evil.example"},
    ],
)
def test_a_page_of_another_site_cannot_press_the_button(installation, headers):
    reply = installation.ask("POST", f"/s/{STACK}/wake?k={installation.key()}", **headers)
    assert (reply.status, installation.leases()) == (403, [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin", "origin": "null"},
        {"sec_fetch_site": "none"},
        {"origin": "https://laptop"},
        {"origin": "null"},
    ],
)
def test_our_own_page_and_programs_can(installation, headers):
    assert (
        installation.ask("POST", f"/s/{STACK}/wake?k={installation.key()}", **headers).status == 303
    )
    assert len(installation.leases()) == 1


# the long poll


def test_status_waits_until_it_is_awake(installation):
    installation.press("wake")
    began = installation.now
    installation.aws.at(began + timedelta(seconds=10), lambda: None)
    installation.run()
    reply = installation.program("GET", f"/s/{STACK}/status?wait=25")
    assert reply.json["state"] == "awake"


def test_status_waits_no_longer_than_requested(installation):
    began = installation.now
    assert installation.program("GET", f"/s/{STACK}/status?wait=25").json["state"] == "asleep"
    assert timedelta(seconds=25) <= installation.now - began < timedelta(seconds=26)


@pytest.mark.parametrize("wait", ["-1", "26", "1.5", "x", "", "²", "999999"])
def test_a_wait_beyond_the_limit_is_refused(installation, wait):
    assert installation.program("GET", f"/s/{STACK}/status?wait={wait}").status in (400, 422)


@pytest.mark.parametrize(
    ("target", "body", "said"),
    [
        (
            "wake",
            '{"duration": "8h"}',
            'no field "duration" here; expected "for", "at", "id" or "reason"',
        ),
        ("wake", '{"for": "1h", "hours": "8"}', 'no field "hours" here'),
        ("wake", '{"For": "8h"}', 'no field "For" here'),
        ("extend", '{"until": "18:00"}', 'no field "until" here'),
        ("sleep", '{"until": "18:00"}', 'no field "until" here; expected "for"'),
        ("release", '{"for": "1h"}', 'no field "for" here; expected "id"'),
        ("wake?for=8h", "", 'no parameter "for" here; the request goes into the body'),
        ("sleep?for=8h", "", 'no parameter "for" here'),
        ("wake", '{"\\u001b[31m": ""}', "no field"),
    ],
)
def test_what_is_not_known_is_refused_by_its_name_and_grants_nothing(
    installation, target, body, said
):
    """An hour that nobody meant would look like what was asked for."""
    installation.run()
    before = installation.table.load(STACK).requests
    reply = installation.program("POST", f"/s/{STACK}/{target}", "admin", body)
    assert reply.status == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.json["detail"]
    assert "\x1b" not in reply.json["detail"]
    assert installation.table.load(STACK).requests == before


def test_a_form_is_held_to_the_same_fields(installation):
    assert installation.press("wake", "duration=8h").status == 400
    assert installation.press("wake", "for=1h&utm_source=mail").status == 400
    assert installation.leases() == []


@pytest.mark.parametrize("path", ["", "/status"])
def test_a_get_refuses_unknown_parameters(installation, path):
    """A misspelt wait would look like a stack that does not wake."""
    reply = installation.program("GET", f"/s/{STACK}{path}?wiat=25")
    known = '"k" or "wait"' if path else '"k" or "go"'
    assert reply.status == 400
    assert reply.json["detail"] == f'There is no parameter "wiat" here; expected {known}.'
    assert (
        installation.ask("GET", f"/s/{STACK}{path}?wiat=25").status == 404
    )  # without a key, as ever


def test_a_get_accepts_what_a_mailer_adds_to_the_address(installation):
    assert installation.program("GET", f"/s/{STACK}/status?utm_source=mail").status == 200
    assert installation.page(query="&utm_source=mail&fbclid=x").status == 200


def test_json_with_a_duplicate_key_is_refused(installation):
    assert (
        installation.program("POST", f"/s/{STACK}/wake", body='{"for":"1h","for":"8h"}').status
        == 400
    )


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}])
def test_a_program_that_takes_anything_gets_its_errors_of_status_as_json(installation, headers):
    for key in ("nonsense", installation.key(expires_at=installation.now), ""):
        reply = installation.ask("GET", f"/s/{STACK}/status?k={key}", **headers)
        assert reply.status == 404
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json["status"] == 404
    refused = installation.ask(
        "GET", f"/s/{STACK}/status?wait=99&k={installation.key()}", **headers
    )
    assert (refused.status, refused.json["status"]) == (422, 422)
    page = installation.ask("GET", f"/s/{STACK}?k=nonsense", **headers)
    assert page.headers["content-type"].startswith("text/html")


# what cannot be read


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 4097, "application/json", 413),
        (b"for=" + b"x" * 4097, "application/x-www-form-urlencoded", 413),
        (b"<a/>", "application/xml", 415),
        (b"for=1h", "", 415),
        (b"--x", "multipart/form-data; boundary=x", 415),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"for=%ff", "application/x-www-form-urlencoded", 400),
        (b"for=1h&for=3h", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(9)), "application/x-www-form-urlencoded", 400),
        (b"{", "application/json", 400),
        (b"[" * 1000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"for": 1}', "application/json", 422),
    ],
)
def test_an_unexpected_body_is_a_clean_refusal(installation, body, kind, status):
    reply = installation.ask(
        "POST",
        f"/s/{STACK}/wake",
        body,
        authorization=f"Bearer {installation.key()}",
        content_type=kind,
        accept="application/json",
    )
    assert (reply.status, reply.json["status"]) == (status, status)
    assert installation.leases() == []


def test_a_query_of_any_length_is_answered(installation):
    assert installation.ask("GET", f"/s/{STACK}?k={'a' * 5000}").status == 413


@pytest.mark.parametrize("name", ["a%0d%0aSet-Cookie:x=1", "..", "a b", "%00", "é", "a" * 32])
def test_no_name_of_a_stack_reaches_a_header(installation, name):
    target = f"/s/{name}/wake?k={installation.key()}"
    reply = installation.ask("POST", target, accept=BROWSER)
    assert reply.status in (400, 404)
    assert "set-cookie" not in reply.headers


# what surrounds every answer


@pytest.mark.parametrize("target", ["/healthz", "/", f"/s/{STACK}", f"/s/{STACK}/status"])
@pytest.mark.parametrize("accept", [BROWSER, "application/json"])
def test_every_answer_is_private_and_closed(installation, target, accept):
    for key in ("", f"?k={installation.key()}"):
        headers = installation.ask("GET", target + key, accept=accept).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0.1, application/*", "application/json"),
        ("text/html, application/json;q=0", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
    ],
)
def test_people_get_a_page_and_programs_json(installation, accept, kind):
    reply = installation.ask("GET", f"/s/{STACK}?k={installation.key()}", accept=accept)
    assert (reply.status, reply.headers["content-type"]) == (200, kind)


def test_the_health_check_calls_nothing_of_aws(installation):
    start = len(installation.aws.calls)
    assert installation.ask("GET", "/healthz").body == "ok\n"
    assert installation.aws.calls[start:] == []


def test_records_that_cannot_be_read_are_not_a_fault_of_the_reader(installation):
    from local.faults import Fault

    installation.aws.faults.add(Fault(operation="Query"))
    reply = installation.program("GET", f"/s/{STACK}/status")
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")


def test_keys_that_cannot_be_read_are_not_bad_keys(installation):
    from local.faults import Fault

    installation.aws.faults.add(Fault(operation="GetParameter"))
    assert installation.program("GET", f"/s/{STACK}/status").status == 503


def test_nothing_secret_is_logged(installation):
    from io import StringIO

    from api.handler import logger

    said = StringIO()
    before = logger.registered_handler.setStream(said)
    key = installation.key()
    installation.ask("GET", f"/s/{STACK}?k={key}")
    installation.ask("POST", f"/s/{STACK}/wake?k={key}")
    installation.ask("GET", f"/s/{STACK}", authorization=f"Bearer {key}")
    gone = Fault(operation="*", service="dynamodb", code="ResourceNotFoundException", times=99)
    installation.aws.faults.add(gone)
    installation.ask("GET", f"/s/{STACK}?k={key}")
    logger.registered_handler.setStream(before)
    assert '"request"' in said.getvalue() and "ResourceNotFound" in said.getvalue()
    for secret in (key, key.rpartition(".")[2], installation.keys.secrets[0].secret):
        assert secret not in said.getvalue()


def test_a_path_of_any_characters_is_logged(installation, capsys):
    """Half of a surrogate pair can be in JSON and in no line of a log."""
    from io import BytesIO, TextIOWrapper

    from api.handler import logger

    said = TextIOWrapper(BytesIO(), encoding="utf-8")
    before = logger.registered_handler.setStream(said)
    event = make_event("GET", "/x", {"host": "laptop"})
    reply = installation.handle({**event, "rawPath": "/s/\ud800\r\n{}"}, Context())
    logger.registered_handler.setStream(before)
    said.seek(0)
    assert reply["statusCode"] == 404
    assert json.loads(said.read())["path"] == r"/s/\ud800\r\n{}"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("padding", [" " * 900, "\t" * 900, ", " * 450, ";" * 900, ";q=" * 300])
def test_what_is_wanted_is_read_through_any_padding(installation, padding):
    accept = f"text/html;q=0.5,{padding},application/json"
    reply = installation.ask("GET", f"/s/{STACK}?k={installation.key()}", accept=accept)
    assert reply.headers["content-type"] == "application/json"


def test_a_status_request_reads_the_requests_and_the_other_records(installation):
    installation.status()
    start = len(installation.aws.calls)
    installation.status()
    calls = list(installation.aws.calls)[start:]
    assert [call.operation for call in calls] == ["Query", "Query"]
    assert KEYS not in str(calls)


def test_durations_of_the_buttons_are_ones_that_are_understood():
    assert [parse_duration(text) for text in ("1h", "3h")] == [HOUR, 3 * HOUR]
