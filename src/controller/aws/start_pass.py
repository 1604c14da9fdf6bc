"""Have the controller look at one stack now."""

from __future__ import annotations

import json
from typing import Any


def start_pass(lambda_: Any, function: str, stack: str) -> None:
    """
    Start a pass for `stack` and do not wait for it. What AWS says to that is raised as it is.

    Nothing is lost when it fails: the stack is due, and the heartbeat comes within a minute.
    """
    lambda_.invoke(
        FunctionName=function,
        InvocationType="Event",
        Payload=json.dumps({"stack": stack}).encode(),
    )
