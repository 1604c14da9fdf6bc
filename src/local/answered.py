"""
The last answers by the SDK's id of the call, for a client that lost one on its way.

An SDK sends a call again, under the same `amz-sdk-invocation-id`, when the connection breaks while
it reads the answer. Go's does so by itself where the answer is there before its own code has left
the sending (aws/aws-sdk-go-v2 #2737 and #2949): on one machine that happens, and a rule of a
security group, which nothing makes idempotent, was then refused as a duplicate of itself. AWS is
too far away for it, so the simulated AWS gives the same answer again instead.

Only successes are kept. An error, an injected one too, is worked out again at each attempt.
"""

from __future__ import annotations

from collections import OrderedDict
from email.message import Message
from threading import Lock

from local.wire import Answer

INVOCATION = "amz-sdk-invocation-id"
MOST = 256
"""Retries follow within a second or two; no process makes this many calls in that time."""


class Answered:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = Lock()

    def find(self, headers: Message) -> Answer | None:
        """What this call was answered before."""
        return self._answers.get(headers.get(INVOCATION, ""))

    def keep(self, headers: Message, answer: Answer) -> None:
        id_ = headers.get(INVOCATION, "")
        if not id_ or answer.status >= 300:
            return
        with self._lock:
            self._answers[id_] = answer
            if len(self._answers) > MOST:
                self._answers.popitem(last=False)
