"""One request to an awake service: to what answers, refuses, or speaks something else."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from receiver import Receiver

from controller.account.question import ask_once
from controller.domain.reporting.real_rehearsal import RealVerdict


class Service(BaseHTTPRequestHandler):
    """Answers with the status in the first part of its path."""

    paths: ClassVar[list[str]] = []

    def do_GET(self):
        self.paths.append(self.path)
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("Location", "/200/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    Service.paths.clear()
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, RealVerdict.ANSWERED),
        (204, RealVerdict.ANSWERED),
        (302, RealVerdict.ANSWERED),
        (401, RealVerdict.NOT_ANSWERED),
        (404, RealVerdict.NOT_ANSWERED),
        (503, RealVerdict.NOT_ANSWERED),
    ],
)
def test_the_service_is_called_once_and_no_redirect_is_followed(service, status, expected):
    answer = ask_once(f"{service}/ignored", f"/{status}/docs?a=b")
    assert answer.verdict is expected
    assert answer.said == f"{service}/{status}/docs?a=b: HTTP {status}"
    assert Service.paths == [f"/{status}/docs?a=b"]


def test_a_bare_address_behind_tls_is_called_whatever_its_certificate_says(tmp_path):
    with Receiver(tmp_path) as receiver:  # it knows no GET
        answer = ask_once(receiver.url, "/docs")
    assert answer.verdict is RealVerdict.NOT_ANSWERED
    assert answer.said.endswith("/docs: HTTP 501")


def test_who_cannot_be_reached_did_not_answer():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = ask_once(f"http://127.0.0.1:{port}/", "/")
    assert answer.verdict is RealVerdict.NOT_ANSWERED
    assert "refused" in answer.said
    assert "security group" in answer.said


def test_what_speaks_another_protocol_gave_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        answer = ask_once(f"http://127.0.0.1:{listener.getsockname()[1]}/", "/")
        thread.join()
    assert answer.verdict is RealVerdict.NOT_ASKED
    assert answer.said.endswith("it speaks no HTTP")


def test_what_hangs_up_is_not_taken_for_one_that_speaks_something_else():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)

        thread = threading.Thread(target=hang_up)
        thread.start()
        answer = ask_once(f"http://127.0.0.1:{listener.getsockname()[1]}/", "/")
        thread.join()
    assert answer.verdict is RealVerdict.NOT_ANSWERED
    assert "closed the connection without an answer; see its log" in answer.said


@pytest.mark.parametrize("url", ["", "203.0.113.10:27015 (UDP)", "ftp://203.0.113.10/", "http://"])
def test_what_has_no_http_address_is_not_called(url):
    assert ask_once(url, "/").verdict is RealVerdict.NOT_ASKED
