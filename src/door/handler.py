"""
The door's function.

Nothing is read or built at import. An answer to whoever has no key of the right shape needs
neither AWS nor its SDK, and nothing here ends without an answer: Lambda's own is a bare 502.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger

from api.keyring import KeyRing, KeysUnreadableError
from api.problems import BROKEN, NOT_FOUND, UNAVAILABLE, RefusedError
from api.stacks import Stacks
from api.wiring import clients_of, is_of_aws, required
from controller.aws.link_keys import fetch_from_ssm
from controller.clock import SystemClock
from controller.domain.ports import Clock
from controller.garbage import collect_rarely
from controller.notify.log_lines import as_log_line
from door import problems
from door.capacity import Capacity
from door.door import Door
from door.exchange import DoorContext
from door.relay import ANSWER_SECONDS
from door.reply import Reply, say
from door.request import read_door_request

logger = Logger(json_serializer=as_log_line)

Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of the Function URL."""
    return _handle()(event, context)


def make_handler(
    environment: Mapping[str, str],
    *,
    session: Any = None,
    clock: Clock | None = None,
    answer_seconds: float = ANSWER_SECONDS,
    draw: Callable[[int], int] = secrets.randbelow,
) -> Handle:
    """
    Build the function's handler; tests and the simulated AWS give a session and a clock of their
    own.

    Raises PermanentError when the environment lacks what template.yaml gives.
    """
    clock = clock or SystemClock()
    clients = clients_of(session)
    table = required(environment, "DORMOUSE_TABLE")
    keys = required(environment, "DORMOUSE_KEYS_PARAMETER")
    controller = required(environment, "DORMOUSE_CONTROLLER")
    stacks = Stacks(clients, table, controller, clock.now, logger)
    ring = KeyRing(fetch_from_ssm(lambda: clients("ssm"), keys), stacks.withdrawn, clock.now)

    def slots() -> Any:
        from controller.store.held_slots import HeldSlots  # brings botocore

        return HeldSlots(clients("dynamodb"), table, draw)

    def limits() -> Any:
        return clients("lambda").get_account_settings()["AccountLimit"]

    context = DoorContext(
        stacks=stacks,
        slots=slots,
        capacity=Capacity(limits, clock.now, logger),
        clock=clock,
        log=logger,
        draw=draw,
        answer_seconds=answer_seconds,
    )
    door = Door(ring, context)
    return lambda event, context: _answer(door, clock, event, context)


@lru_cache(maxsize=1)
def _handle() -> Handle:
    collect_rarely()
    return make_handler(os.environ)


def _answer(door: Door, clock: Clock, event: dict[str, Any], context: Any) -> dict[str, Any]:
    began, started = clock.now(), time.perf_counter()
    ends_at = began + timedelta(milliseconds=context.get_remaining_time_in_millis())
    logger.set_correlation_id(context.aws_request_id)
    http = event.get("requestContext", {}).get("http", {})
    method = str(http.get("method"))
    reply = _reply(door, event, began, ends_at)
    if method == "HEAD" or reply.status in (204, 304):
        reply = Reply(reply.status, reply.headers, b"", reply.cookies)
    result = reply.to_result() or say(problems.TOO_LONG_AN_ANSWER, 0).to_result()
    assert result is not None
    logger.info(
        "request",
        method=ascii(method)[1:-1][:10],
        stack=ascii(_stack_in(str(event.get("rawPath"))))[1:-1][:40],  # the rest holds the key
        status=result["statusCode"],
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )
    return result


def _reply(door: Door, event: dict[str, Any], began: datetime, ends_at: datetime) -> Reply:
    """Whatever happens becomes an answer; the log gets the rest."""
    try:
        return door.answer(read_door_request(event), began, ends_at)
    except RefusedError as error:
        if error.__cause__:
            logger.exception("request failed")
        # An answer that nobody without a key may distinguish from others says nothing of the door.
        return say(error.problem, None if error.problem is NOT_FOUND else 0)
    except Exception as error:
        logger.exception("request failed")
        passes = isinstance(error, KeysUnreadableError) or is_of_aws(error)
        return say(UNAVAILABLE if passes else BROKEN, 0)


def _stack_in(path: str) -> str:
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 else ""
