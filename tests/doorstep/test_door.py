"""What the door promises: wake, hold, forward once, answer; and what it says when it cannot."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from api.handler import make_handler as make_api
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.planning.plan import Target
from controller.door_links import parse_sources
from controller.links import Link, Scope
from controller.store.withdrawals import Withdrawals
from door import relay
from door.headers import for_service
from door.request import read_door_request
from doorstep.service import answer
from doorstep.world import STACK, World, spec_of
from factories import NOON
from installation import ENVIRONMENT
from local.faults import FOREVER, Fault
from local.function_url import Context, make_event

HELD = "dormouse-held"


# asleep


def test_the_first_request_wakes_it_and_gets_the_services_answer(world, service):
    began = world.now
    reply = world.ask("GET", "hello?x=1")

    waited = (world.now - began).total_seconds()
    assert (reply.status, reply.body) == (200, b"hello")
    assert waited > 100
    assert abs(int(reply.headers[HELD]) - waited) <= 2
    (received,) = service.received
    assert received.line == "GET /hello?x=1 HTTP/1.1"
    assert received.address == "127.0.0.2"  # its Elastic IP


def test_nothing_is_sent_before_it_is_awake(world, service):
    visit = world.send("POST", "orders", b"one")
    world.run(60)

    assert service.connections == 0
    assert world.status()["state"] == "waking"
    assert world.finish(visit).status == 200
    assert [each.body for each in service.received] == [b"one"]


def test_status_tells_who_is_held_and_for_how_long(world):
    visit = world.send(key=world.key(name="the shop"))
    world.run(50)

    (held,) = world.status()["held"]
    assert held == {"who": "the shop", "since": "2026-11-23T12:00:00Z", "seconds": 50}
    world.finish(visit)
    assert world.status()["held"] == []


def test_a_door_without_a_name_is_shown_as_the_door(world):
    world.send()
    world.run(10)
    assert [each["who"] for each in world.status()["held"]] == ["door"]


def test_the_lease_of_a_hold_is_the_links_own_and_has_an_end(world):
    world.send(key=world.key(id="shop0001", name="the shop"))
    world.run(10)

    (lease,) = world.status()["leases"]
    assert lease["id"].startswith("shop0001-")
    assert lease["holder"] == "the shop"
    assert lease["expires_at"] == "2026-11-23T13:00:00Z"


def test_a_wake_that_takes_longer_than_its_lease_is_held_to_its_end(service):
    world = World(service.port, policy={"wake_for": "2m"})
    assert world.ask().status == 200
    assert world.now - NOON > timedelta(minutes=2)


# Prefer


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("", 230),
        ("wait=60", 60),
        ("wait=60, wait=200", 60),
        ('wait="45"', 45),
        ("return=minimal, wait=30; why=test", 30),
        ("wait=9999999999999", 270),
        ("wait=271", 270),
        ("wait=soon", 230),
        ("wait=-1", 230),
        ("wait", 230),
        ("wait=0", 0),
    ],
)
def test_a_request_is_held_as_long_as_it_prefers(service, prefer, seconds):
    world = World(service.port, profile="slow")
    began = world.now
    more = {"prefer": prefer} if prefer else {}
    visit = world.send(**more)
    world.finish(visit)

    reply, held = visit.reply, (visit.ended_at - began).total_seconds()
    assert reply.status == 503
    assert held == pytest.approx(seconds, abs=1)
    assert int(reply.headers["retry-after"]) >= 2
    assert int(reply.headers[HELD]) == pytest.approx(seconds, abs=1)
    applied = f"wait={seconds}" if prefer and seconds != 230 else None
    assert reply.headers.get("preference-applied") == applied


def test_nothing_is_sent_after_the_time_to_wait_is_over(service):
    """And the wake goes on, for whoever comes next."""
    world = World(service.port)
    reply = world.ask("POST", "orders", b"one", prefer="wait=100")
    world.run(200)

    assert reply.status == 503
    assert service.received == []
    assert world.status()["state"] == "awake"


def test_respond_async_without_a_body_is_accepted_with_an_address_to_poll(world, service):
    reply = world.ask("GET", "report", prefer="respond-async")

    assert reply.status == 202
    assert reply.headers["preference-applied"] == "respond-async"
    assert int(reply.headers["retry-after"]) > 0
    assert "send the request again" in reply.json["detail"]
    location = reply.headers["location"]
    reported = world.finish(world.send_to(location)).json
    assert (reported["stack"], reported["state"]) == (STACK, "waking")
    world.run(300)
    assert world.finish(world.send_to(location)).json["state"] == "awake"
    assert world.ask("GET", "report", prefer="respond-async").status == 200
    assert len(service.received) == 1


def test_respond_async_with_a_body_keeps_nothing_and_says_so(world, service):
    reply = world.ask("POST", "orders", b"one", prefer="respond-async")

    assert reply.status == 503
    assert {"location", "retry-after"} <= reply.headers.keys()
    world.run(300)
    assert service.received == []


def test_respond_async_with_a_time_is_held_for_it_and_accepted_then(service):
    world = World(service.port, profile="slow")
    began = world.now
    visit = world.send(prefer="wait=40, respond-async")
    world.finish(visit)

    assert visit.reply.status == 202
    assert (visit.ended_at - began).total_seconds() == pytest.approx(40, abs=1)
    assert visit.reply.headers["preference-applied"] == "respond-async, wait=40"


def test_with_the_key_in_a_header_the_status_needs_it_there_too(world):
    key = world.key()
    reply = world.finish(
        world.send_to(f"/d/{STACK}/report", dormouse_key=key, prefer="respond-async")
    )
    assert reply.headers["location"] == f"/s/{STACK}/status"
    assert world.finish(world.send_to(f"/s/{STACK}/status", dormouse_key=key)).status == 200
    assert world.finish(world.send_to(f"/s/{STACK}/status")).status == 404


def test_an_awake_stack_gets_the_preference_and_nothing_of_it_is_applied(awake, service):
    reply = awake.ask("GET", prefer="respond-async, return=minimal")

    assert (reply.status, reply.headers[HELD]) == (200, "0")
    assert "preference-applied" not in reply.headers
    assert service.received[0].headers["prefer"] == "respond-async, return=minimal"


def test_a_request_that_does_not_wait_is_passed_on_to_what_is_awake(awake):
    assert awake.ask(prefer="wait=0").status == 200


# a wake that fails, and one that is stopped


def test_a_wake_that_fails_ends_the_hold_at_once_with_its_cause(world, service):
    """In the words of the page: AWS's own, without the account's number."""
    said = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized"
    denied = Fault(
        operation="CreateService",
        code="AccessDeniedException",
        message=said,
        status=400,
        times=FOREVER,
    )
    world.aws.faults.add(denied)
    visit = world.send()
    reply = world.finish(visit)

    assert reply.status == 502
    assert "not authorized" in reply.json["detail"]
    assert "123456789012" not in reply.json["detail"]
    assert visit.ended_at - NOON < timedelta(seconds=200)
    assert int(reply.headers[HELD]) > 0
    assert (service.received, world.status()["held"]) == ([], [])


def test_a_request_after_a_failed_wake_tries_again(world):
    fault = world.aws.faults.add(
        Fault(operation="CreateService", code="AccessDeniedException", status=400, times=FOREVER)
    )
    assert world.ask().status == 502
    world.aws.faults.remove(fault)
    assert world.ask(prefer="wait=270").status == 200


def test_whoever_puts_it_to_sleep_ends_the_hold(world, service):
    visit = world.send()
    world.run(5)
    put_to_sleep(world)
    reply = world.finish(visit)

    assert reply.status == 503
    assert "ann holds it asleep" in reply.json["detail"]
    assert visit.ended_at - NOON < timedelta(seconds=15)
    assert service.received == []


def put_to_sleep(world):
    lease = world.table.load(STACK).leases[0]
    hold = Hold(
        stack=STACK,
        state=Target.ASLEEP,
        by="ann",
        reason="holidays",
        set_at=world.now,
        until=world.now + timedelta(hours=5),
        over=frozenset({lease.id}),
    )
    world.table.hold(hold)


# awake


def test_an_awake_stack_answers_at_once(awake, service):
    began = awake.now
    reply = awake.ask("GET", "hello")

    assert (reply.status, reply.headers[HELD]) == (200, "0")
    assert awake.now - began <= timedelta(seconds=1)
    assert awake.calls["dynamodb:TransactWriteItems"] == 1  # the lease of the wake, and no more


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_method_is_passed_on_as_it_is(awake, service, method):
    reply = awake.ask(method, "thing")

    assert service.received[0].line == f"{method} /thing HTTP/1.1"
    assert reply.status == 200
    assert reply.body == (b"" if method == "HEAD" else b"hello")


def test_use_through_the_door_keeps_it_awake_however_little_it_is(service):
    """One request in ten minutes is idle by the load balancer's counts; see IdleBelow."""
    world = World(service.port, policy={"idle_timeout": "15m"})
    world.wake()
    for _ in range(9):
        world.run(600)
        assert world.ask().headers[HELD] == "0"
    world.run(3600)
    assert world.status()["state"] == "asleep"


def test_a_request_while_it_falls_asleep_wakes_it_again(awake, service):
    awake.run(20 * 60)
    while awake.status()["state"] == "awake":
        awake.run(5)
    assert awake.status()["state"] == "going to sleep"
    reply = awake.ask(prefer="wait=270")
    assert (reply.status, len(service.received)) == (200, 1)


def test_a_service_that_listens_late_is_connected_to_again(awake, service, monkeypatch):
    tried, make = [], relay.Sender

    def late(target):
        tried.append(target)
        if len(tried) < 4:
            raise ConnectionRefusedError
        return make(target)

    monkeypatch.setattr(relay, "Sender", late)
    assert awake.ask("POST", "orders", b"one").status == 200
    assert (len(tried), len(service.received)) == (4, 1)


@pytest.mark.parametrize(
    ("error", "status"), [(ConnectionRefusedError(), 502), (TimeoutError(), 504)]
)
def test_an_address_where_nobody_answers_is_reported_soon(awake, monkeypatch, error, status):
    def nobody(target):
        raise error

    monkeypatch.setattr(relay, "Sender", nobody)
    began = awake.now
    visit = awake.send()
    reply = awake.finish(visit)
    assert reply.status == status
    assert "nothing was sent" in reply.json["detail"]
    assert timedelta(seconds=14) < visit.ended_at - began < timedelta(seconds=20)


def test_a_silent_service_is_a_504_and_is_called_once(awake, service):
    service.script = None
    reply = awake.ask("POST", "orders", b"one", answer_seconds=0.2)

    assert reply.status == 504
    assert "may have carried out" in reply.json["detail"]
    assert len(service.received) == 1


def test_an_answer_that_drips_ends_with_its_time(awake, service):
    """Each byte would begin a socket's own time-out anew."""

    def drip(received):
        time.sleep(0.1)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"

    service.script = drip
    assert awake.ask(answer_seconds=0.05).status == 504


# what is refused


def test_no_bad_and_foreign_keys_and_unknown_stacks_get_the_one_answer(world):
    """The same as at the wake URL, and nothing is asked of AWS but the keys."""
    page_key = world.keys.sign(
        Link(
            stack=STACK,
            scope=Scope.ADMIN,
            expires_at=world.now + timedelta(days=1),
            id="page0001",
        ),
        world.now,
    )
    good = world.key()
    over = world.key(expires_at=world.now - timedelta(seconds=1))
    api = make_api(ENVIRONMENT, session=world.aws.session(), clock=world.work.clock)
    elsewhere = api(make_event("GET", f"/s/{STACK}", {"accept": "application/json"}), Context())
    targets = [
        f"/d/{STACK}/",
        f"/d/{STACK}/{good[:-6]}AAAAAA/",
        f"/d/{STACK}/{page_key}/",
        f"/d/{STACK}/{over}/",
        f"/d/other/{good}/",
        f"/d/{STACK}%2F/{good}/",
        f"/d/other/{world.key('other', id='other001')}/",
        f"/{STACK}/{good}/",
        "/",
        f"/s/{STACK}/status?k={page_key}",
        f"/s/{STACK}?k={good}",
    ]
    replies = [world.finish(world.send_to(target)) for target in targets]

    assert {each.status for each in replies} == {404}
    assert {each.body for each in replies} == {elsewhere["body"].encode()}
    assert {tuple(sorted(each.headers)) for each in replies} == {
        tuple(sorted(name.lower() for name in elsewhere["headers"]))
    }
    assert world.calls["dynamodb:TransactWriteItems"] == 0


def test_a_bad_key_reads_the_keys_from_aws_and_no_more(world):
    bad = f"{world.key()[:-6]}AAAAAA"
    assert world.ask(key=bad).status == 404
    assert world.ask(key="nothing").status == 404
    assert dict(world.calls) == {"ssm:GetParameter": 1}


def test_a_door_key_opens_no_page(world):
    api = make_api(ENVIRONMENT, session=world.aws.session(), clock=world.work.clock)
    for method, path in [("GET", ""), ("GET", "/status"), ("POST", "/wake")]:
        event = make_event(method, f"/s/{STACK}{path}?k={world.key()}", {})
        assert api(event, Context())["statusCode"] == 404


def test_a_withdrawn_door_is_shut_within_a_minute(awake):
    key = awake.key(id="gone0001")
    assert awake.ask(key=key).status == 200
    dynamodb = awake.aws.session().client("dynamodb")
    Withdrawals(dynamodb, "dormouse").withdraw("gone0001", awake.now + timedelta(days=90))
    awake.run(61)
    assert awake.ask(key=key).status == 404
    assert awake.ask(key=awake.key(id="good0001")).status == 200


def test_a_request_whose_door_is_withdrawn_while_it_is_held_is_not_passed_on(world, service):
    visit = world.send(key=world.key(id="gone0001"))
    world.run(20)
    dynamodb = world.aws.session().client("dynamodb")
    Withdrawals(dynamodb, "dormouse").withdraw("gone0001", world.now + timedelta(days=90))
    assert world.finish(visit).status == 404
    assert service.received == []


def test_a_request_whose_key_ends_while_it_is_held_is_not_passed_on(world, service):
    key = world.key(expires_at=world.now + timedelta(seconds=30))
    assert world.ask(key=key).status == 404
    assert service.received == []


@pytest.mark.parametrize(
    ("sources", "source", "status"),
    [
        (("198.51.100.0/24",), "198.51.100.7", 200),
        (("198.51.100.0/24",), "::ffff:198.51.100.7", 200),
        (("203.0.113.0/24", "198.51.100.7/32"), "198.51.100.7", 200),
        (("203.0.113.0/24",), "198.51.100.7", 403),
        (("2001:db8::/32",), "2001:db8::1", 200),
        (("2001:db8::/32",), "198.51.100.7", 403),
        (parse_sources(["::ffff:198.51.100.0/120"]), "198.51.100.7", 200),
        (parse_sources(["::ffff:198.51.100.0/120"]), "::ffff:198.51.100.7", 200),
        (parse_sources(["::ffff:198.51.100.0/120"]), "198.51.101.7", 403),
        (("198.51.100.0/24",), "not an address", 403),
        (("198.51.100.0/24",), "", 403),
    ],
)
def test_a_key_for_some_addresses_is_good_from_them_alone(awake, service, sources, source, status):
    """By the peer of the connection: what a header says of it is the sender's own."""
    key = awake.key(sources=sources)
    reply = awake.ask(key=key, source=source, x_forwarded_for="198.51.100.7")
    assert reply.status == status
    assert len(service.received) == (status == 200)


def test_a_key_for_some_methods_takes_no_other(awake, service):
    key = awake.key(methods=("GET", "HEAD"))
    refused = awake.ask("POST", key=key)

    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    override = {"x_http_method_override": "DELETE", "x_method_override": "DELETE"}
    assert awake.ask("GET", key=key, **override).status == 200
    assert not [name for name in service.received[0].headers if "method" in name]


def test_an_override_written_with_underscores_is_one_too(awake):
    """A WSGI program cannot tell them apart."""
    headers = dict.fromkeys(("x_http_method_override", "x-method_override", "x-a_b"), "x")
    event = make_event("POST", f"/d/{STACK}/{awake.key()}/", headers)
    sent = for_service(read_door_request(event), "192.0.2.1:80", 0, bound_to_methods=True)
    assert [name for name, value in sent if value == "x"] == ["x-a_b"]


def test_a_key_for_all_methods_leaves_overrides_alone(awake, service):
    awake.ask("POST", x_http_method_override="PATCH")
    assert service.received[0].headers["x-http-method-override"] == "PATCH"


@pytest.mark.parametrize(
    "headers",
    [
        {"upgrade": "websocket"},
        {"sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ=="},
        {"content_type": "application/grpc+proto"},
    ],
)
def test_upgrades_are_not_implemented_and_wake_nobody(world, headers):
    assert world.ask(**headers).status == 501
    assert world.status()["state"] == "asleep"


def test_trace_is_not_forwarded(awake, service):
    assert awake.ask("TRACE").status == 405
    assert service.received == []


@pytest.mark.parametrize(("size", "status"), [(4_500_000, 200), (4_500_001, 413)])
def test_a_body_of_more_than_the_door_carries_is_too_large(awake, service, size, status):
    reply = awake.ask("PUT", "file", b"\0" * size, content_type="application/octet-stream")
    assert reply.status == status
    assert [len(each.body) for each in service.received] == ([size] if status == 200 else [])


def test_a_body_that_is_too_large_wakes_nobody(world):
    assert world.ask("PUT", "file", b"a" * 4_500_001, content_type="text/plain").status == 413
    assert world.status()["state"] == "asleep"


def test_a_service_that_calls_its_own_door_is_stopped(awake, service):
    reply = awake.ask(via=f"1.1 proxy, 1.1 dormouse-{STACK}")
    assert (reply.status, service.received) == (508, [])
    assert awake.ask(via="1.1 dormouse-other").status == 200


@pytest.mark.parametrize("protocol", ["UDP", "QUIC"])
def test_a_stack_that_takes_no_http_is_not_woken(service, protocol):
    world = World(service.port)
    endpoint = {"port": service.port, "protocol": protocol}
    world.table.put_spec(replace(spec_of(service.port), endpoint=endpoint), due_at=world.now)
    assert world.ask().status == 501
    assert world.status()["state"] == "asleep"


def test_characters_that_no_request_line_has_are_refused(world):
    assert world.ask(path="caf\xe9").status == 400
    assert world.ask(path="a b").status == 400


def test_a_link_that_has_used_its_wakes_of_the_day_gets_a_retry_after(world):
    for number in range(24):
        world.table.grant(
            Lease(
                stack=STACK,
                id=f"d00rd00r-{number}",
                holder="door",
                reason="",
                granted_at=world.now - timedelta(hours=2),
                expires_at=world.now - timedelta(hours=1),
            )
        )
    reply = world.ask()
    assert reply.status == 429
    assert int(reply.headers["retry-after"]) == 22 * 3600


def test_a_used_up_budget_is_reported_and_wakes_nothing(service):
    """The address alone has cost 0.045 $ by then."""
    world = World(service.port, policy={"monthly_budget": 0.02})
    world.run(9 * 3600)
    reply = world.ask()

    assert reply.status == 403
    assert "budget for 2026-11 is used up" in reply.json["detail"]
    assert (world.status()["state"], service.received) == ("asleep", [])


def test_records_that_cannot_be_read_are_a_503_and_not_an_error_of_lambda(world):
    world.aws.faults.add(Fault(operation="Query", service="dynamodb"))
    reply = world.ask()
    assert reply.status == 503
    assert json.loads(reply.body)["status"] == 503


def test_redirects_and_cookies_are_passed_as_they_are(awake, service):
    location = f"http://127.0.0.2:{service.port}/login?next=/"
    service.script = lambda _: answer(
        b"",
        f"Location: {location}",
        "Set-Cookie: a=1; Path=/; HttpOnly",
        "Set-Cookie: b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
        status="302 Found",
    )
    reply = awake.ask(cookie="c=3; d=4")

    assert (reply.status, reply.headers["location"]) == (302, location)
    assert reply.cookies == [
        "a=1; Path=/; HttpOnly",
        "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
    ]
    assert len(service.received) == 1
    assert service.received[0].headers["cookie"] == "c=3; d=4"
