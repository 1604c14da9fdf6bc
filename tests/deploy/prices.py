"""
What each type of resource costs while every stack sleeps.

A type, or a property of it, that is not known here raises: somebody has to look up its price
before it can be deployed. Prices are those of us-east-1 in US dollars; other regions differ by
some per cent. The free allowances are those that AWS gives every account for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]

HOURS = 730
"""An average month (8,760 hours a year)."""

HEARTBEAT_SECONDS = 0.3
"""How long one heartbeat runs when nothing is due: assumed, on the long side for a warm start."""

TABLE_GB = 0.02
"""Specs, status and a history of some hundred stacks: assumed, far more than most have."""


class UnknownCostError(Exception):
    """A resource whose idle price nobody has looked up."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """USD for `per` units; the first `free` units of a month cost no account anything."""

    item: str
    unit: str
    usd: float
    per: int = 1
    free: float = 0
    source: str

    def of(self, quantity: float) -> float:
        return quantity * self.usd / self.per


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an idle month's bill."""

    resource: str
    price: Price
    quantity: float

    @property
    def usd(self) -> float:
        """Without the free allowance."""
        return self.price.of(self.quantity)


_LAMBDA = "AWS Lambda pricing page (cloudchipr.com, 2024)"
_SCHEDULER = "EventBridge pricing page (cloudburn.io, 2026-03)"
_DYNAMODB = "DynamoDB pricing page (airbyte.com, 2025-07; AWS news of 2024-11)"
_CLOUDWATCH = "CloudWatch pricing page (cloudburn.io, 2026-02; c3x.dev)"

MILLION = 1_000_000

REQUESTS = Price(item="requests", unit="request", usd=0.20, per=MILLION, free=1e6, source=_LAMBDA)
RUN_TIME = {
    "arm64": Price(
        item="run time", unit="GB-s", usd=13.3334, per=MILLION, free=4e5, source=_LAMBDA
    ),
    "x86_64": Price(
        item="run time", unit="GB-s", usd=16.6667, per=MILLION, free=4e5, source=_LAMBDA
    ),
}
INVOCATIONS = Price(
    item="schedule's calls", unit="call", usd=1.00, per=MILLION, free=14e6, source=_SCHEDULER
)
READS = Price(item="reads", unit="read unit", usd=0.125, per=MILLION, source=_DYNAMODB)
STORAGE = Price(item="storage", unit="GB", usd=0.25, free=25, source=_DYNAMODB)
RECOVERY = Price(item="point-in-time recovery", unit="GB", usd=0.20, source=_DYNAMODB)
ALARM = Price(item="alarm", unit="alarm", usd=0.10, free=10, source=_CLOUDWATCH)
METRIC = Price(item="metric of our own", unit="metric", usd=0.30, free=10, source=_CLOUDWATCH)
ELASTIC_IP = Price(
    item="Elastic IP of a sleeping stack",
    unit="hour",
    usd=0.005,
    source='AWS news "Public IPv4 Address Charge" (2023-07, in force since 2024-02)',
)
ARTIFACTS = Price(
    item="uploaded code", unit="GB", usd=0.023, source="S3 pricing page (S3 Standard)"
)


def lines_of(name: str, resources: Resources) -> list[Line]:
    """What a resource costs in a month in which nothing is awake and nobody calls."""
    resource = resources[name]
    rule = RULES.get(resource["Type"])
    if rule is None:
        raise UnknownCostError(
            f"{name}: the idle price of {resource['Type']} is not known; look it up and add it to "
            f"tests/deploy/prices.py"
        )
    properties = resource.get("Properties", {})
    if strange := sorted(set(properties) - rule.known):
        raise UnknownCostError(
            f"{name}: nobody has looked up what {', '.join(strange)} of {resource['Type']} costs; "
            f"do so and add it to tests/deploy/prices.py"
        )
    return rule.bill(name, properties, resources)


Bill = Callable[[str, Mapping[str, Any], Resources], list[Line]]


@dataclass(frozen=True)
class Rule:
    """How a type is billed, and which of its properties that holds for."""

    bill: Bill
    known: frozenset[str]


def _free(*_: object) -> list[Line]:
    return []


def _schedule(name: str, properties: Mapping[str, Any], _: Resources) -> list[Line]:
    calls = calls_per_month(properties["ScheduleExpression"])
    return [Line(resource=name, price=INVOCATIONS, quantity=calls)]


def _function(name: str, properties: Mapping[str, Any], resources: Resources) -> list[Line]:
    if "LoggingConfig" not in properties:
        raise UnknownCostError(f"{name}: Lambda would make a log group that is kept for ever")
    calls = _scheduled_calls(properties["FunctionName"], resources)
    if not calls:
        return []
    (architecture,) = properties["Architectures"]
    gb_seconds = calls * HEARTBEAT_SECONDS * properties["MemorySize"] / 1024
    return [
        Line(resource=name, price=REQUESTS, quantity=calls),
        Line(resource=name, price=RUN_TIME[architecture], quantity=gb_seconds),
    ]


def _table(name: str, properties: Mapping[str, Any], resources: Resources) -> list[Line]:
    if properties["BillingMode"] != "PAY_PER_REQUEST":
        raise UnknownCostError(f"{name}: capacity that is provisioned is paid for while idle")
    heartbeats = sum(
        calls_per_month(r["Properties"]["ScheduleExpression"])
        for r in resources.values()
        if r["Type"] == "AWS::Scheduler::Schedule"
    )
    lines = [
        # One eventually consistent query of at most 4 KB is half a unit, also when it is empty.
        Line(resource=name, price=READS, quantity=heartbeats / 2),
        Line(resource=name, price=STORAGE, quantity=TABLE_GB),
    ]
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    if str(recovery.get("PointInTimeRecoveryEnabled")).lower() == "true":
        lines.append(Line(resource=name, price=RECOVERY, quantity=TABLE_GB))
    return lines


def _log_group(name: str, properties: Mapping[str, Any], _: Resources) -> list[Line]:
    if "RetentionInDays" not in properties:
        raise UnknownCostError(f"{name}: log lines are kept, and paid for, for ever")
    return []  # a heartbeat that finds nothing due writes nothing


def _alarm(name: str, properties: Mapping[str, Any], resources: Resources) -> list[Line]:
    if properties["Period"] < 60:
        raise UnknownCostError(f"{name}: an alarm on shorter periods than a minute costs more")
    lines = [Line(resource=name, price=ALARM, quantity=1)]
    metric = (properties["Namespace"], properties["MetricName"])
    if not properties["Namespace"].startswith("AWS/") and metric not in _rare_metrics(resources):
        lines.append(Line(resource=name, price=METRIC, quantity=1))
    return lines


def _rare_metrics(resources: Resources) -> set[tuple[str, str]]:
    """Metrics that only a log line writes to; each is paid for by the hours that have one."""
    written = [
        ((made["MetricNamespace"], made["MetricName"]), "DefaultValue" in made)
        for resource in resources.values()
        if resource["Type"] == "AWS::Logs::MetricFilter"
        for made in resource["Properties"]["MetricTransformations"]
    ]
    return {metric for metric, _ in written} - {metric for metric, always in written if always}


def _metric_filter(name: str, properties: Mapping[str, Any], _: Resources) -> list[Line]:
    """Free by itself. With a default value it writes whenever any line comes in."""
    return [
        Line(resource=name, price=METRIC, quantity=1)
        for made in properties["MetricTransformations"]
        if "DefaultValue" in made
    ]


def calls_per_month(expression: str) -> float:
    """How often a `rate(…)` schedule calls in a month."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if match is None:
        raise UnknownCostError(f"how often {expression} calls is not known")
    per_hour = {"minute": 60.0, "hour": 1.0, "day": 1 / 24}[match[2]] / int(match[1])
    return per_hour * HOURS


def _scheduled_calls(function: str, resources: Resources) -> float:
    return sum(
        calls_per_month(r["Properties"]["ScheduleExpression"])
        for r in resources.values()
        if r["Type"] == "AWS::Scheduler::Schedule"
        and r["Properties"]["Target"]["Arn"].endswith(f":function:{function}")
    )


def _rule(bill: Bill, known: str) -> Rule:
    return Rule(bill, frozenset(known.split()))


RULES: Mapping[str, Rule] = {
    "AWS::CloudWatch::Alarm": _rule(
        _alarm,
        "AlarmActions AlarmDescription ComparisonOperator DatapointsToAlarm Dimensions "
        "EvaluationPeriods MetricName "
        "Namespace OKActions Period Statistic Threshold TreatMissingData",
    ),
    "AWS::DynamoDB::Table": _rule(
        _table,
        "AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema "
        "PointInTimeRecoverySpecification TimeToLiveSpecification",
    ),
    # Roles and policies of IAM are free.
    "AWS::IAM::Role": _rule(_free, "AssumeRolePolicyDocument Description Policies"),
    # What a failed event sends is paid for when one fails, by the topic (below).
    "AWS::Lambda::EventInvokeConfig": _rule(
        _free,
        "DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier",
    ),
    "AWS::Lambda::Function": _rule(
        _function,
        "Architectures Code Description Environment FunctionName Handler LoggingConfig MemorySize "
        "ReservedConcurrentExecutions Role Runtime Tags Timeout",
    ),
    "AWS::Lambda::Permission": _rule(
        _free, "Action FunctionName FunctionUrlAuthType InvokedViaFunctionUrl Principal"
    ),
    # A Function URL is paid for as the requests that come through it.
    "AWS::Lambda::Url": _rule(_free, "AuthType TargetFunctionArn"),
    "AWS::Logs::MetricFilter": _rule(
        _metric_filter, "FilterPattern LogGroupName MetricTransformations"
    ),
    "AWS::Logs::LogGroup": _rule(_log_group, "LogGroupName RetentionInDays"),
    "AWS::Scheduler::Schedule": _rule(
        _schedule, "Description FlexibleTimeWindow ScheduleExpression Target"
    ),
    # Paid for by what is published (the first million a month is free) and mailed (1,000).
    "AWS::SNS::Subscription": _rule(_free, "Endpoint Protocol TopicArn"),
    "AWS::SNS::Topic": _rule(_free, "DisplayName"),
    "AWS::SNS::TopicPolicy": _rule(_free, "PolicyDocument Topics"),
}
