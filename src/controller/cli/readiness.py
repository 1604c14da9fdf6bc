"""Wait until an awake service answers as it is to: a path with 2xx, and a text in it."""

from __future__ import annotations

import http.client
import ssl
from datetime import timedelta
from ipaddress import ip_address
from time import monotonic, sleep
from urllib.parse import urlsplit

import click

from controller.domain.dataclass import dataclass
from controller.domain.errors import PermanentError
from controller.domain.policy.durations import format_duration
from controller.domain.text import clean, quoted

POLL_SECONDS = 1.0
TRY_SECONDS = 10.0
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """The request to the service; `text` must be in the answer, "" accepts any."""

    path: str
    text: str
    patience: timedelta


def wait_until_ready(address: str, question: Question) -> None:
    """
    Ask again and again. Redirects are answers like any other, and none with 2xx.

    Raises PermanentError, with the last answer, when patience is over.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PermanentError(f"it answers at {address}, where no path can be asked for (--ready)")
    end, said = monotonic() + question.patience.total_seconds(), ""
    while True:
        found = _request(parts.scheme, parts.hostname, parts.port, question)
        if not found:
            return
        if found != said:
            said = found
            click.echo(f"waiting for {question.path}: {found}", err=True)
        if monotonic() >= end:
            within = format_duration(question.patience)
            raise PermanentError(f"{question.path} was not ready within {within}: {found}")
        sleep(POLL_SECONDS)


def _request(scheme: str, host: str, port: int | None, question: Question) -> str:
    """What is still wrong, or ""."""
    connection = _connect(scheme, host, port)
    try:
        connection.request("GET", question.path, headers={"User-Agent": "dormouse"})
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:
            return f"HTTP {answer.status}"
        body = answer.read(MOST_BYTES).decode("utf-8", "replace") if question.text else ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        return clean(str(error) or type(error).__name__, 200)
    finally:
        connection.close()
    return "" if question.text in body else f"the answer does not hold {quoted(question.text)}"


def _connect(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TRY_SECONDS)
    context = ssl.create_default_context()
    if _is_address(host):  # no certificate is for a bare address; nothing secret is sent
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TRY_SECONDS, context=context)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
