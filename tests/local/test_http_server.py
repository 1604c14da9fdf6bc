"""A server of this machine ends with its block: no port, no open connection, no answer."""

from __future__ import annotations

import http.client
import socket
import threading

import pytest

from local.function_url import FunctionUrl
from local.http_server import HttpServer, Requests
from local.server import LaptopServer


class Hello(Requests):
    def do_GET(self):
        self.send(200, b"hello", {"X-Kind": "greeting"})

    do_HEAD = do_GET

    def do_POST(self):
        self.send(200, self.read_body())


@pytest.fixture
def connection():
    with HttpServer(Hello) as server:
        found = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        yield found
        found.close()


def requested(connection, *request, **more):
    connection.request(*request, **more)
    return connection.getresponse()


@pytest.mark.parametrize(
    "make",
    [lambda: FunctionUrl(lambda *_: {"statusCode": 200}), LaptopServer, lambda: HttpServer(Hello)],
)
def test_a_connection_that_was_kept_open_gets_no_answer_after_the_block(make):
    with make() as server:
        kept = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        requested(kept, "GET", "/_laptop/clock").read()
    kept.auto_open = False
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        requested(kept, "GET", "/_laptop/clock")
    kept.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.server_port))


def test_a_request_under_way_is_cut_when_the_block_ends():
    begun, may_end = threading.Event(), threading.Event()

    class Slow(Requests):
        def do_GET(self):
            begun.set()
            may_end.wait(30)

    with HttpServer(Slow) as server:
        waiting = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        waiting.request("GET", "/")
        assert begun.wait(5)
    with pytest.raises(ConnectionError):
        waiting.getresponse()
    waiting.close()
    may_end.set()


def test_only_this_machine_reaches_it():
    with HttpServer(Hello) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_another_has_is_said_at_once():
    with HttpServer(Hello) as first, pytest.raises(OSError, match="in use"):
        HttpServer(Hello, first.server_port)


def test_a_server_that_never_started_can_be_stopped():
    server = HttpServer(Hello)
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.server_port))


def test_one_connection_carries_several_requests(connection):
    first = requested(connection, "GET", "/")
    assert (first.read(), first.headers["X-Kind"]) == (b"hello", "greeting")
    head = requested(connection, "HEAD", "/")
    assert (head.read(), head.headers["Content-Length"]) == (b"", "5")
    assert requested(connection, "POST", "/", body=b"all of it").read() == b"all of it"


def test_a_body_in_chunks_is_read_to_its_end(connection):
    chunks = iter([b"in ", b"several ", b"pieces"])
    answer = requested(connection, "POST", "/", body=chunks, encode_chunked=True)
    assert answer.read() == b"in several pieces"
    assert requested(connection, "GET", "/").read() == b"hello"
