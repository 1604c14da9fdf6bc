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

logger = Logger()

Handle = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run one pass, or hand each due stack on to an invocation of its own."""
    return _handle()(event, context)


def make_handler(controller: Controller) -> Handle:
    """Build the function's handler; the laptop gives a controller with a session of its own."""

    @logger.inject_lambda_context
    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        stack = event.get("stack")
        if stack is None:
            due = controller.hand_on_due()
            logger.info("heartbeat", due=due)
            return {"due": due}
        left = timedelta(milliseconds=context.get_remaining_time_in_millis())
        if "seconds" in event:
            left = min(left, timedelta(seconds=event["seconds"]))
        try:
            result = controller.run_pass(stack, context.aws_request_id, left)
        except DormouseError as error:
            # One line for people; the failed invocation is what alarms and is tried again.
            logger.error("pass ended", stack=stack, cause=str(error))
            raise
        logger.info("pass", stack=stack, **result)
        return {"stack": stack, **result}

    return handle


@lru_cache(maxsize=1)
def _handle() -> Handle:
    return make_handler(bootstrap(os.environ))
