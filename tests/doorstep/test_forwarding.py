"""What reaches the service and what comes back, byte for byte; and answers that no proxy passes."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import ssl
import subprocess
from contextlib import closing

import pytest

from door import relay
from door.headers import for_client
from door.prefer import Wish, read_wish
from door.reply import MOST_RESULT, Reply
from doorstep.service import Service, answer
from doorstep.world import STACK, World
from local.http_server import HttpServer, Requests

EVERY_BYTE = bytes(range(256))


@pytest.fixture(scope="module")
def shared():
    """One awake stack for tests that only send; each has a service that has received nothing."""
    with Service() as service:
        world = World(service.port)
        world.wake()
        yield world, service


@pytest.fixture
def awake(shared):
    world, service = shared
    service.received.clear()
    service.script = lambda _: answer(b"hello")
    return world


@pytest.fixture
def service(shared, awake):
    return shared[1]


# to the service


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", "/"),
        ("a%2fb//c/./../d", "/a%2fb//c/./../d"),
        ("a?x=%zz&y=+&y=%20", "/a?x=%zz&y=+&y=%20"),
        ("?", "/"),
        ("%E2%98%83", "/%E2%98%83"),
        ("http://169.254.169.254/latest", "/http://169.254.169.254/latest"),
        ("@169.254.169.254/", "/@169.254.169.254/"),
        ("//169.254.169.254/", "///169.254.169.254/"),
    ],
)
def test_a_path_arrives_as_it_was_sent(awake, service, path, sent):
    """And at the spec's own address, whatever it names."""
    assert awake.ask("GET", path).status == 200
    (received,) = service.received
    assert (received.target, received.address) == (sent, "127.0.0.2")


def test_the_address_alone_without_a_slash_is_the_root(awake, service):
    awake.finish(awake.send_to(f"/d/{STACK}/{awake.key()}"))
    awake.finish(awake.send_to(f"/d/{STACK}", dormouse_key=awake.key()))
    awake.finish(awake.send_to(f"/d/{STACK}/a/b", dormouse_key=awake.key()))
    assert [each.target for each in service.received] == ["/", "/", "/a/b"]


@pytest.mark.parametrize(("path", "sent"), [("", "/"), ("/a/b?x=1", "/a/b?x=1")])
def test_a_key_in_both_places_does_not_reach_the_service(awake, service, path, sent):
    key = awake.key()
    awake.finish(awake.send_to(f"/d/{STACK}/{key}{path}", dormouse_key=key))
    assert [each.target for each in service.received] == [sent]


def test_the_service_sees_its_own_host_and_whom_the_request_is_for(awake, service):
    awake.ask("GET", host="evil.example", x_forwarded_host="evil.example", forwarded="host=evil")
    (received,) = service.received
    assert [name for name, _ in received.lines].count("host") == 1
    assert received.headers["host"] == f"127.0.0.2:{service.port}"
    assert received.headers["x-forwarded-host"] == "evil.example"
    assert received.headers["x-forwarded-proto"] == "https"
    assert received.headers["x-forwarded-for"] == "198.51.100.7"
    assert received.headers["via"] == f"1.1 dormouse-{STACK}"


@pytest.mark.parametrize(
    ("came", "sent"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("10.0.0.1, 198.51.100.7", "10.0.0.1, 198.51.100.7"),
        ("10.0.0.1", "10.0.0.1, 198.51.100.7"),
    ],
)
def test_forwarded_for_ends_with_the_peer_of_the_connection(awake, service, came, sent):
    awake.ask("GET", x_forwarded_for=came, x_forwarded_proto="http")
    assert service.received[0].headers["x-forwarded-for"] == sent
    assert service.received[0].headers["x-forwarded-proto"] == "https"


def test_what_is_for_one_connection_and_the_key_stay_here(awake, service):
    key = awake.key()
    awake.ask(
        "GET",
        key=key,
        keep_alive="timeout=5",
        te="trailers",
        proxy_authorization="Basic x",
        transfer_encoding="chunked",
        trailer="x",
        expect="100-continue",
        proxy="http://evil.example",
        x_amzn_tls_version="TLSv1.3",
        referer=f"https://door.example/d/{STACK}/{key}/page",
        authorization="Bearer of-the-service",
        accept_encoding="gzip",
        range="bytes=0-1",
        if_none_match='"a"',
        x_amzn_trace_id="Root=1",
    )
    sent = {name for name, _ in service.received[0].lines}
    assert sent == {
        "host",
        "authorization",
        "accept-encoding",
        "range",
        "if-none-match",
        "x-amzn-trace-id",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "connection",
    }
    assert key not in str(service.received[0].lines)


def test_a_referer_without_the_key_is_passed_on(awake, service):
    awake.ask("GET", referer="https://example.org/")
    assert service.received[0].headers["referer"] == "https://example.org/"


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", "", "application/json"])
@pytest.mark.parametrize("body", [EVERY_BYTE, b"\r\n\0", '{"é": "λ"}'.encode(), b"\xff\xfe"])
def test_a_body_arrives_and_comes_back_byte_for_byte(awake, service, kind, body):
    service.script = lambda received: answer(received.body, f"Content-Type: {kind or 'x/y'}")
    named = {"content_type": kind} if kind else {}
    reply = awake.ask("POST", body=body, **named)
    (received,) = service.received
    assert (received.body, reply.body) == (body, body)
    assert received.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    ("method", "length"), [("POST", "0"), ("PUT", "0"), ("GET", None), ("DELETE", None)]
)
def test_a_request_without_a_body_says_so_where_one_is_expected(awake, service, method, length):
    awake.ask(method)
    assert service.received[0].headers.get("content-length") == length


@pytest.mark.parametrize(
    ("name", "value"), [("x_a", "a\r\nx-b: 1"), ("x_a", "a\0"), ("x a", "b"), ("x:a", "b")]
)
def test_a_header_that_would_split_the_request_is_refused(awake, service, name, value):
    assert awake.ask("GET", **{name: value}).status == 400
    assert service.received == []


@pytest.mark.parametrize("method", ["GE T", "GET\r\n", "", "GE\0T"])
def test_a_method_that_is_no_token_is_refused(awake, service, method):
    assert awake.ask(method).status == 400
    assert service.received == []


# back to the client


def test_headers_of_the_service_come_back_but_those_of_its_connection(awake, service):
    service.script = lambda _: answer(
        b"{}",
        "Content-Type: application/json",
        'ETag: "1"',
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "Keep-Alive: timeout=5",
        "Vary: Accept",
        "Vary: Origin",
        "X-Folded: a",
        "  b",
        "X-Name: caf\xc3\xa9",
        "WWW-Authenticate: Basic realm=x",
        "Access-Control-Allow-Origin: *",
        status="207 Multi-Status",
    )
    reply = awake.ask()
    assert reply.status == 207
    assert reply.headers == {
        "content-type": "application/json",
        "etag": '"1"',
        "vary": "Accept, Origin",
        "x-folded": "a b",
        "x-name": "café",
        "www-authenticate": "Basic realm=x",
        "access-control-allow-origin": "*",
        "dormouse-held": "0",
    }


def test_of_what_is_no_list_the_first_counts():
    found = for_client([("Location", "/a"), ("Location", "/b"), ("Link", "<a>"), ("Link", "<b>")])
    assert found.headers == {"location": "/a", "link": "<a>, <b>"}


def test_a_compressed_body_stays_as_it_is(awake, service):
    packed = gzip.compress(b"hello" * 100)
    service.script = lambda _: answer(packed, "Content-Type: text/plain", "Content-Encoding: gzip")
    reply = awake.ask("GET", accept_encoding="gzip")
    assert (reply.body, reply.is_text) == (packed, False)
    assert reply.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_has_none(awake, service, status):
    service.script = lambda _: f"HTTP/1.1 {status}\r\nETag: x\r\n\r\n".encode()
    reply = awake.ask()
    assert (reply.status, reply.body) == (int(status[:3]), b"")


def test_an_answer_without_content_has_no_type(awake, service):
    service.script = lambda _: b"HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n"
    assert "content-type" not in awake.ask().headers


def test_a_body_without_a_type_is_bytes_and_not_json(awake, service):
    service.script = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    reply = awake.ask()
    assert (reply.body, reply.headers["content-type"]) == (b"hi", "application/octet-stream")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nX-Name: a\rSet-Cookie: stolen=1\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\rx: y\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nX: a\rb\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_lone_carriage_return_makes_no_second_header(awake, service, text):
    service.script = lambda _: text
    reply = awake.ask()
    assert (reply.status, reply.cookies) == (502, [])


def test_the_answer_to_head_has_no_body_though_it_names_a_length(awake, service):
    service.script = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
    assert (awake.ask("HEAD").status, awake.ask("HEAD").body) == (200, b"")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    ],
)
def test_an_answer_in_any_of_its_forms_is_read(awake, service, text):
    service.script = lambda _: text
    assert awake.ask().body == b"abcde"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc",
        b"HTTP/1.1 200 OK\r\nno colon\r\nX: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX(y): z\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: y\0z\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_two_readers_would_read_in_two_ways_is_a_502(awake, service, text):
    """And asked for once: it may have been carried out."""
    service.script = lambda _: text
    reply = awake.ask("POST", body=b"x")
    assert reply.status == 502
    assert "may have carried out" in reply.json["detail"]
    assert len(service.received) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a" * 6_200_000, "text/plain", 200),
        (b"a" * 6_300_000, "text/plain", 502),
        (b'"' * 4_000_000, "application/json", 200),
        (b"\xff" * 4_600_000, "image/png", 200),
        (b"\xff" * 4_800_000, "image/png", 502),
    ],
)
def test_an_answer_over_lambdas_limit_is_reported_with_its_cause(
    awake, service, body, kind, status
):
    service.script = lambda _: answer(body, f"Content-Type: {kind}")
    reply = awake.ask(answer_seconds=20)
    assert reply.status == status
    if status == 200:
        assert reply.body == body
    else:
        assert "6 MB" in reply.json["detail"]


def test_a_result_is_measured_as_the_runtime_writes_it():
    fits = Reply(200, {"content-type": "text/plain"}, "é".encode() * 3_100_000).to_result()
    assert len(json.dumps(fits, ensure_ascii=False).encode()) <= MOST_RESULT
    assert Reply(200, {"content-type": "text/plain"}, b"\1" * 4_800_000).to_result() is None
    quotes = Reply(200, {"content-type": "text/plain"}, b"\1" * 4_000_000).to_result()
    assert base64.b64decode(quotes["body"]) == b"\1" * 4_000_000


# TLS


@pytest.fixture
def certificate(tmp_path):
    """Signed by itself, for a domain."""
    paths = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=a.example"
    command = ["openssl", *made.split(), "-keyout", paths[0], "-out", paths[1]]
    subprocess.run(command, check=True, capture_output=True)
    return paths


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_a_listener_with_tls_is_spoken_to_by_tls(certificate):
    key, cert = certificate

    class Handler(Requests):
        def do_GET(self):
            self.send(200, self.headers["Host"].encode())

    server = HttpServer(Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    target = relay.Target("127.0.0.1", server.server_port, tls=True)
    with server, closing(relay.Sender(target)) as sender:
        found = sender.send("GET", "/", [("host", target.authority)], b"", 5)
    assert (found.status, found.body) == (200, target.authority.encode())


@pytest.mark.parametrize(
    ("target", "authority"),
    [
        (relay.Target("203.0.113.10", 80, tls=False), "203.0.113.10"),
        (relay.Target("203.0.113.10", 5000, tls=False), "203.0.113.10:5000"),
        (relay.Target("203.0.113.10", 443, tls=True), "203.0.113.10"),
        (relay.Target("203.0.113.10", 80, tls=True), "203.0.113.10:80"),
        (
            relay.Target("nlb.elb.amazonaws.com", 80, tls=False),
            "nlb.elb.amazonaws.com",
        ),
    ],
)
def test_the_host_is_what_a_client_of_the_address_would_send(target, authority):
    assert target.authority == authority


def test_a_connection_that_is_closed_never_opens_again_by_itself():
    with Service(script=lambda _: b"") as service:
        sender = relay.Sender(relay.Target("127.0.0.1", service.port, tls=False))
        with pytest.raises(relay.BrokenError):
            sender.send("POST", "/", [("host", "x")], b"", 5)
        sender.close()
        with pytest.raises(OSError):
            sender.send("POST", "/", [("host", "x")], b"", 5)
    assert len(service.received) == 1


# Prefer


@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("", Wish()),
        ("respond-async", Wish(asynchronous=True)),
        ("Respond-Async; x=y, WAIT=10", Wish(wait=10, asynchronous=True)),
        ('foo="a, wait=1", wait=2', Wish(wait=2)),
        ("wait = 7", Wish(wait=7)),
        ("wait=1e3", Wish()),
        ("wait=٣", Wish()),
        ("wait=", Wish()),
        (",,wait=3", Wish(wait=3)),
        ("wait=" + "9" * 900, Wish(wait=270)),
        ('"' * 1000, Wish()),
        ("a" * 5000, Wish()),
    ],
)
def test_preferences_are_read_as_the_standard_says(header, wish):
    assert read_wish(header) == wish


@pytest.mark.parametrize("text", ["a" * 999 + '"', "a=" + "b" * 990 + '"', " " * 999 + '"'])
def test_a_preference_without_an_end_is_no_preference(text):
    """And is read once: it took ten seconds of every other request's time."""
    assert read_wish(text) == Wish()
