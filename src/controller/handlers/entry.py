"""
The controller function. An event that names a stack is a pass for it; any other is the heartbeat.

No event carries a command: a late, doubled or day-old one makes a pass look at the records and
the clock, and do what they say now. It may say how many seconds a pass has where many wait.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger

from controller.bootstrap import Controller, bootstrap
from controller.domain.errors import DormouseError
from controller.domain.text import cleaned
from controller.garbage import collect_rarely
from controller.notify.log_lines import as_log_line

logger = Logger(json_serializer=as_log_line)

Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run one pass, or hand each due stack on to an invocation of its own."""
    return _handle()(event, context)


def make_handler(controller: Controller) -> Handle:
    """
    Build the function's handler; the simulated AWS gives a controller with a session of its own.

    Log lines carry the id of what set it off (a request of the wake URL, a heartbeat) as
    `correlation_id`, and the pass's own as `function_request_id`.
    """

    @logger.inject_lambda_context
    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        id_ = str(context.aws_request_id)
        logger.set_correlation_id(str(event.get("correlation_id") or id_))
        stack = event.get("stack")
        if stack is None:
            return _heartbeat(controller, id_)
        left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        if "seconds" in event:
            left = min(left, timedelta(seconds=event["seconds"]))
        return _pass(controller, stack, id_, left)

    return handle


def _pass(controller: Controller, stack: str, id_: str, left: timedelta) -> dict[str, Any]:
    try:
        result = controller.run_pass(stack, id_, left)
    except DormouseError as error:
        # One line for people; the failed invocation is what alarms and is tried again.
        logger.error("pass ended", stack=stack, cause=str(error))
        raise
    except Exception:
        logger.exception("pass failed", stack=stack)
        raise
    # The alarms of template.yaml count these lines, so they must be kept at any log level.
    log = logger.error if result.get("overdue") else logger.info
    log("pass", stack=stack, **result)
    answer: dict[str, Any] = cleaned({"stack": stack, **result})
    return answer


def _heartbeat(controller: Controller, id_: str) -> dict[str, Any]:
    """Most find nothing, 43,800 times a month: that they ran shows in the metric Invocations."""
    due = controller.hand_on_due(id_)
    log = logger.info if due else logger.debug
    log("heartbeat", due=due)
    return {"due": due}


@lru_cache(maxsize=1)
def _handle() -> Handle:
    collect_rarely()
    return make_handler(bootstrap(os.environ, log=logger))
