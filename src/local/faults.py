"""Rules that make a call fail, before or after it has had its effect (AWS behaviour §9.1)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any, Literal

from controller.domain.dataclass import dataclass, field
from local.errors import AwsError

FOREVER = math.inf

THROTTLES = {
    "elbv2": ("Throttling", "Rate exceeded", 400),
    "ecs": ("ThrottlingException", "Rate exceeded", 400),
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "cloudwatch": ("Throttling", "Rate exceeded", 400),
    "application-autoscaling": ("ThrottlingException", "Rate exceeded", 400),
    "scheduler": ("ThrottlingException", "Rate exceeded", 429),
    "lambda": ("TooManyRequestsException", "Rate Exceeded.", 429),
    "dynamodb": ("ProvisionedThroughputExceededException", "Rate exceeded", 400),
}
"""Code, text and HTTP status by service: AWS behaviour §5.1."""


@dataclass(kw_only=True)
class Fault:
    """
    A call of `operation` ("CreateLoadBalancer", "Describe*" or "*") that goes wrong.

    `nth` picks the n-th matching call counted from when the fault was added; `probability` a share
    of them, drawn from the account's seed; `predicate` is asked with the parameters. It strikes
    `times` times: once by default, without end if it has a probability. With `when="after"` the
    call takes effect and only its answer is lost (F54); `dropped` breaks the connection instead of
    answering.
    """

    operation: str
    code: str = "InternalFailure"
    message: str = "The request processing has failed because of an unknown error."
    status: int = 500
    service: str | None = None
    when: Literal["before", "after"] = "before"
    nth: int | None = None
    probability: float | None = None
    predicate: Callable[[Mapping[str, Any]], bool] | None = None
    times: float | None = None
    dropped: bool = False
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    @property
    def limit(self) -> float:
        if self.times is not None:
            return self.times
        return FOREVER if self.probability is not None else 1

    @property
    def spent(self) -> bool:
        return self.struck >= self.limit

    def covers(self, service: str, operation: str) -> bool:
        if self.service not in (None, service):
            return False
        if self.operation.endswith("*"):
            return operation.startswith(self.operation[:-1])
        return operation == self.operation

    def error(self) -> AwsError:
        return AwsError(self.code, self.message, self.status, dropped=self.dropped)


def throttled(service: str, operation: str, **options: Any) -> Fault:
    """The fault with which `service` says "too fast"; `options` are those of `Fault`."""
    code, message, status = THROTTLES[service]
    return Fault(
        service=service, operation=operation, code=code, message=message, status=status, **options
    )


class Faults:
    """The rules in force; the first that strikes wins."""

    def __init__(self, seed: str) -> None:
        self._rules: list[Fault] = []
        self._random = random.Random(seed)

    def add(self, fault: Fault) -> Fault:
        self._rules.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        if fault in self._rules:
            self._rules.remove(fault)

    def clear(self) -> None:
        self._rules.clear()

    def __iter__(self) -> Any:
        return iter(self._rules)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def strike(self, service: str, operation: str, params: Mapping[str, Any]) -> Fault | None:
        """The fault that this call meets, if any; it counts as used."""
        for rule in self._rules:
            if not rule.spent and rule.covers(service, operation) and self._meets(rule, params):
                rule.struck += 1
                return rule
        return None

    def _meets(self, rule: Fault, params: Mapping[str, Any]) -> bool:
        if rule.predicate and not rule.predicate(params):
            return False
        rule.seen += 1
        if rule.nth is not None and rule.seen < rule.nth:
            return False
        return rule.probability is None or self._random.random() < rule.probability
