"""
One POST to an address of the user's own: a chat, a pager, a program.

The address is a secret, so no error quotes it. Nothing is followed: a redirect could lead to
where the message, with its link, is readable by others.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from http.client import HTTPException, HTTPSConnection
from ssl import SSLContext
from threading import Timer
from urllib.parse import urlsplit

from controller.domain.notification.messages import Message

PATIENCE = 3.0
"""Seconds for one answer of the network."""

LONGEST = 8.0
"""Seconds for all of it, however slowly the other side talks."""

_FOR_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack asks to be escaped in a text (Slack API, "Formatting text for app surfaces")."""


class WebhookError(Exception):
    """The message did not arrive; the text says why, without the address."""


class Webhook:
    """`context` is for an authority of one's own; by default those that Python trusts count."""

    def __init__(self, url: str, context: SSLContext | None = None) -> None:
        self._url = url
        self._context = context

    def post(self, message: Message) -> None:
        """Send a message as JSON, once. Raises WebhookError."""
        try:
            status = self._send(json.dumps(payload(message)).encode())
        except OSError as error:
            raise WebhookError(f"it cannot be reached: {error}") from None
        except (HTTPException, ValueError) as error:
            raise WebhookError(f"it does not speak HTTP: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise WebhookError(f"it answered {status}, expected 200")

    def _send(self, body: bytes) -> int:
        parts = urlsplit(self._url)
        if parts.scheme != "https" or not parts.hostname:
            raise WebhookError("its address does not begin with https://")
        connection = HTTPSConnection(
            parts.hostname, parts.port, timeout=PATIENCE, context=self._context
        )
        cut = Timer(LONGEST, _cut_off, [connection])
        cut.daemon = True
        cut.start()
        try:
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "dormouse"}
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        finally:
            cut.cancel()
            connection.close()


def payload(message: Message) -> dict[str, object]:
    """The event's fields, and `text` as Slack and its like show it."""
    text = f"*{message.subject}*\n{message.body}".translate(_FOR_SLACK)
    return {"text": text, **message.to_json()}


def _cut_off(connection: HTTPSConnection) -> None:
    with suppress(OSError):  # it has just ended
        if connection.sock:
            connection.sock.shutdown(socket.SHUT_RDWR)
