"""The wake URL with everything behind it on a simulated AWS: records, keys, controller, links."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from api.handler import make_handler
from controller.bootstrap import Controller, bootstrap
from controller.domain.planning.spec import Spec
from controller.links import Keys, Link, Scope, make_secret
from controller.reconcile.side_by_side import one_by_one
from controller.store.table import Table
from factories import article_spec
from local.aws import LaptopAws
from local.function_url import Context, make_event
from local.records import create_table
from tables.tables import Tables

STACK = "nsfw-api"
KEYS = "/dormouse/dormouse/keys"
ENVIRONMENT = {
    "DORMOUSE_TABLE": "dormouse",
    "DORMOUSE_CONTROLLER": "dormouse-controller",
    "DORMOUSE_KEYS_PARAMETER": KEYS,
}


class Reply(SimpleNamespace):
    """Status, headers by lower-case name, body; `json` when it is JSON."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Installation:
    aws: LaptopAws = field(default_factory=lambda: LaptopAws(profile="typical"))
    started_passes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.aws.furnish_article()
        Tables().play(self.aws)  # as moto answers, and several times as quick
        create_table(self.session.client("dynamodb"), "dormouse")
        self.aws.answer_with("lambda", "Invoke", self._nudged)
        self.keys = Keys(secrets=(make_secret(self.now, secrets.token_hex),))
        self.store_keys()
        self.publish(article_spec())
        self.handle = make_handler(ENVIRONMENT, session=self.session, clock=self.aws.clock)
        self.controller: Controller = bootstrap(
            ENVIRONMENT,
            session=self.session,
            clock=self.aws.clock,
            side_by_side=one_by_one,
            rehearses=False,
        )

    @property
    def session(self) -> Any:
        return self.aws.session()

    @property
    def now(self) -> Any:
        return self.aws.clock.now()

    @property
    def table(self) -> Table:
        return Table(self.session.client("dynamodb"), "dormouse")

    def store_keys(self) -> None:
        text = json.dumps(self.keys.to_json())
        self.session.client("ssm").put_parameter(
            Name=KEYS, Value=text, Type="SecureString", Overwrite=True
        )

    def publish(self, spec: Spec) -> None:
        self.table.put_spec(spec, due_at=self.now)

    def key(self, scope: str = "wake", **changes: Any) -> str:
        parts = {
            "stack": STACK,
            "scope": Scope.named(scope),
            "expires_at": self.now + timedelta(days=90),
            "id": f"{scope:a<8}"[:8],
        }
        return self.keys.sign(Link(**(parts | changes)), self.now)

    def ask(self, method: str, target: str, body: str | bytes = b"", **headers: str) -> Reply:
        """One request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body.encode() if isinstance(body, str) else body
        reply = self.handle(make_event(method, target, {"host": "laptop", **named}, raw), Context())
        return Reply(
            status=reply["statusCode"],
            headers={name.lower(): value for name, value in reply["headers"].items()},
            body=reply["body"],
        )

    def program(self, method: str, path: str, scope: str = "wake", body: str = "") -> Reply:
        """As a program asks: a bearer's key, JSON both ways."""
        kind = {"content_type": "application/json"} if body else {}
        key = f"Bearer {self.key(scope)}"
        return self.ask(method, path, body, authorization=key, accept="application/json", **kind)

    def page(self, scope: str = "wake", language: str = "en", query: str = "") -> Reply:
        """As a browser asks."""
        target = f"/s/{STACK}?k={self.key(scope)}{query}"
        return self.ask("GET", target, accept=BROWSER, accept_language=language)

    def press(self, button: str, fields: str = "for=1h", scope: str = "wake") -> Reply:
        """As a browser sends the form of a button."""
        return self.ask(
            "POST",
            f"/s/{STACK}/{button}?k={self.key(scope)}",
            fields,
            accept=BROWSER,
            content_type="application/x-www-form-urlencoded",
            sec_fetch_site="same-origin",
            origin="null",
        )

    def run(self, seconds: float = 600) -> dict[str, Any]:
        """One pass of the controller."""
        return self.controller.run_pass(STACK, "test", timedelta(seconds=seconds))

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.program("GET", f"/s/{STACK}/status", "view").json
        return found

    def leases(self) -> list[Any]:
        return list(self.table.load(STACK).leases)

    def _nudged(self, params: Any) -> dict[str, Any]:
        self.started_passes.append(json.loads(params["Payload"])["stack"])
        return {"StatusCode": 202}


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
