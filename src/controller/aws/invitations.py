"""
Links to a stack's own page for the messages, signed by the keys that sign all links.

The address of the page is asked of Lambda: the wake URL's function refers to the controller, so
the template cannot tell the controller where that function answers.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from controller.aws.clients import Clients
from controller.aws.link_keys import fetch_from_ssm
from controller.domain.decision.history import Event
from controller.domain.notification.invitation import Invitation
from controller.domain.timestamps import read_timestamp

AFTER = timedelta(hours=1)
"""How long a link works after the sleep that it can postpone."""

NAME = "the link in a message"


class Invitations:
    """`keys` is the name of the SSM parameter, `function` that of the wake URL's function."""

    def __init__(self, clients: Clients, keys: str, function: str) -> None:
        self._clients = clients
        self._fetch = fetch_from_ssm(lambda: clients.get("ssm"), keys)
        self._function = function
        self._url = ""

    def make(self, event: Event, now: datetime) -> Invitation | None:
        """
        Make a link for what the event says will end; None when nothing does, or no key signs.

        The link's id follows from the event: an event that is sent again has the same link. Raises
        what AWS answers.
        """
        from controller.links import Keys, Link, Scope  # not at each cold start: it takes longest

        ends_at = read_timestamp(event.facts.get("ends_at"))
        text = self._fetch() if ends_at else None
        if ends_at is None or text is None:
            return None
        link = Link(
            stack=event.stack,
            scope=Scope.WAKE,
            expires_at=(ends_at + AFTER).replace(microsecond=0),
            id=hashlib.sha256(f"{event.stack} {event.id}".encode()).hexdigest()[:8],
            name=NAME,
        )
        key = Keys.from_text(text).sign(link, now)
        return Invitation(
            url=f"{self._address()}/s/{link.stack}?k={key}", expires_at=link.expires_at
        )

    def _address(self) -> str:
        if not self._url:
            reply = self._clients.get("lambda").get_function_url_config(FunctionName=self._function)
            self._url = str(reply["FunctionUrl"]).rstrip("/")
        return self._url
