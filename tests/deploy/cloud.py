"""
The deployed functions as Lambda runs them, with everything behind them on the simulated AWS.

Each runs from the built artifact under the Runtime Interface Client, with what template.yaml
gives it: handler, environment, time. The clock is this machine's, so AWS is made quick.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller.domain.decision.lease import Lease
from controller.domain.planning.timing import Timing
from controller.door_links import DoorLink, sign_door
from controller.links import Keys, Link, Scope, make_secret
from controller.store.table import Table
from deploy.lambda_function import LambdaFunction
from deploy.lambda_service import LambdaService
from deploy.stack import deploy
from factories import article_spec, listener, load_balancer, service, target_group
from local.function_url import make_event
from local.furnish import ARTICLE
from local.records import create_table
from local.server import LaptopServer

EVENTS = Path(__file__).parents[1] / "data" / "events"
STACK = "nsfw-api"

LISTENER_PORT = 5000
HERE = {**ARTICLE, "elastic_ips": [{**ARTICLE["elastic_ips"][0], "public_ip": "127.0.0.1"}]}

INSTANT = Timing(
    name="instant",
    describe_lag=0,
    lb_provisioning=1,
    association_visible=0,
    task_start=0.5,
    activating=0.1,
    registration=0.1,
    deregistration_floor=0.1,
    honours_delay=False,
    stop=0.1,
    inactive=0.1,
    purge=0,
    lb_gone=0,
    eip_release=0.1,
    tg_release=0,
    first_metric=60,
    metric_lag=60,
)
"""AWS in a hurry: every state is passed through, none for long."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    server: LaptopServer
    service: LambdaService
    controller: LambdaFunction
    api: LambdaFunction
    door: LambdaFunction
    keys: Keys

    @property
    def session(self) -> Any:
        return self.server.aws.session()

    def key(self, scope: str) -> str:
        now = datetime.now(UTC)
        link = Link(
            stack=STACK,
            scope=Scope.named(scope),
            expires_at=now + timedelta(days=1),
            id=f"{scope:a<8}"[:8],
        )
        return self.keys.sign(link, now)

    def door_key(self) -> str:
        now = datetime.now(UTC)
        door = DoorLink(stack=STACK, expires_at=now + timedelta(days=1), id="d00rd00r")
        return sign_door(self.keys, door, now)

    def door_event(self, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return make_event(method, f"/d/{STACK}/{self.door_key()}/", named, body)

    def event(self, name: str, scope: str = "wake") -> Any:
        """An event of tests/data/events, with a key that works."""
        text = (EVENTS / f"{name}.json").read_text()
        return json.loads(text.replace("KEY", self.key(scope)))

    def grant(self) -> None:
        """A lease of an hour, of which no function is told."""
        now = datetime.now(UTC)
        lease = Lease(
            stack=STACK,
            id="deploy",
            holder="deploy hook",
            reason="a test",
            granted_at=now,
            expires_at=now + timedelta(hours=1),
        )
        table = self.controller.environment["DORMOUSE_TABLE"]
        Table(self.session.client("dynamodb"), table).grant(lease)

    def finish(self) -> list[Any]:
        """Wait for every pass that was started; return what each said."""
        return [one.result(60) for one in list(self.service.later)]


@contextmanager
def running(artifact: Path, python: Path, logs: Path, port: int = LISTENER_PORT) -> Iterator[Cloud]:
    """
    All functions, an account with the article's stack published in it, and keys.

    The stack's address is this machine's, with `port` for its listener.
    """
    with ExitStack() as stack:
        server = stack.enter_context(LaptopServer(INSTANT, furnish=HERE))
        service = stack.enter_context(LambdaService())
        functions = {}
        for name in ("Controller", "Api", "Door"):
            function = start(stack, server, service, name, artifact, python, logs)
            functions[name] = service.functions[function.name] = function
        keys = _prepare(server, functions["Controller"].environment, port)
        yield Cloud(
            server=server,
            service=service,
            controller=functions["Controller"],
            api=functions["Api"],
            door=functions["Door"],
            keys=keys,
        )


def start(
    stack: ExitStack,
    server: LaptopServer,
    service: LambdaService,
    name: str,
    artifact: Path,
    python: Path,
    logs: Path,
) -> LambdaFunction:
    """Run one function of the template until `stack` is closed."""
    properties = deploy()[name]["Properties"]
    function = LambdaFunction(
        properties["FunctionName"],
        handler=properties["Handler"],
        artifact=artifact,
        python=python,
        log=logs / f"{name}-{len(list(logs.iterdir()))}.log",
        timeout=float(properties["Timeout"]),
        memory=properties["MemorySize"],
        environment={
            **properties["Environment"]["Variables"],
            **server.environment,
            "AWS_ENDPOINT_URL_LAMBDA": service.url,
        },
    )
    return stack.enter_context(function)


def _prepare(server: LaptopServer, environment: dict[str, str], port: int) -> Keys:
    session = server.aws.session()
    name = environment["DORMOUSE_TABLE"]
    create_table(session.client("dynamodb"), name)
    topic = environment["DORMOUSE_TOPIC_ARN"]
    session.client("sns").create_topic(Name=topic.rpartition(":")[2])
    checks = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2}
    resources = (
        target_group(request=checks),
        load_balancer(),
        listener(request={"Port": port}),
        service(),
    )
    spec = article_spec(resources=resources, endpoint={"port": port, "open_path": "/"})
    now = datetime.now(UTC)
    # The index knows whole seconds: what is due from now on may not be due yet a moment later.
    Table(session.client("dynamodb"), name).put_spec(spec, due_at=now - timedelta(seconds=1))
    keys = Keys(secrets=(make_secret(now, secrets.token_hex),))
    session.client("ssm").put_parameter(
        Name=environment["DORMOUSE_KEYS_PARAMETER"],
        Value=json.dumps(keys.to_json()),
        Type="SecureString",
    )
    return keys
