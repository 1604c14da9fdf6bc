"""
The traffic of the existing load balancers, minute by minute (AWS behaviour §4).

One GetMetricData reads three metrics of all of them. Each wake creates another load balancer, with
another metric dimension, so the caller names the load balancers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from controller.aws.clients import Client
from controller.aws.errors import translate
from controller.domain.decision.idle import Counts, Minute
from controller.domain.decision.lifecycle import BilledResource

NAMESPACE = "AWS/NetworkELB"
PERIOD_SECONDS = 60

NEW, BYTES, ACTIVE = "NewFlowCount", "ProcessedBytes", "ActiveFlowCount"
STATISTICS = {NEW: "Sum", BYTES: "Sum", ACTIVE: "Maximum"}
"""Health checks are in none of them, and an idle load balancer reports zeros (§4.1)."""

Series = dict[str, dict[datetime, float]]
"""Value by minute, by query id."""


class TrafficReader:
    """The port `Traffic` on CloudWatch."""

    def __init__(self, cloudwatch: Client) -> None:
        self._cloudwatch = cloudwatch

    def read(self, balancers: Sequence[BilledResource], start: datetime, end: datetime) -> Counts:
        """
        The minutes in [start, end) for which every load balancer has counts, summed up.

        A failed or partial answer is a problem, never fewer minutes: what it left out is not
        known (faults F62, F63).
        """
        if not balancers:
            return Counts(problem="no load balancer of it is known yet")
        try:
            series, problem = self._query(balancers, start, end)
        except Exception as error:
            said = translate(error, "read the traffic of the load balancer")
            return Counts(problem=f"its traffic could not be read ({said})")
        if problem:
            return Counts(problem=problem)
        return Counts(tuple(_minutes(series, len(balancers))))

    def _query(
        self, balancers: Sequence[BilledResource], start: datetime, end: datetime
    ) -> tuple[Series, str]:
        request: dict[str, Any] = {
            "MetricDataQueries": [
                _query(index, balancer, metric)
                for index, balancer in enumerate(balancers)
                for metric in STATISTICS
            ],
            "StartTime": start,
            "EndTime": end,
            "ScanBy": "TimestampAscending",
        }
        series: Series = {}
        while True:
            reply = self._cloudwatch.get_metric_data(**request)
            more = reply.get("NextToken")
            for result in reply["MetricDataResults"]:
                # A page that is not the last one says PartialData for a query that continues.
                code = result["StatusCode"]
                if code != "Complete" and not (code == "PartialData" and more):
                    return {}, f"CloudWatch's counts of its traffic are incomplete ({code})"
                points = series.setdefault(result["Id"], {})
                points.update(zip(result["Timestamps"], result["Values"], strict=True))
            if not more:
                return series, ""
            request["NextToken"] = more


def _query(index: int, balancer: BilledResource, metric: str) -> dict[str, Any]:
    return {
        "Id": _id(index, metric),
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": "LoadBalancer", "Value": balancer.dimension}],
            },
            "Period": PERIOD_SECONDS,
            "Stat": STATISTICS[metric],
        },
    }


def _id(index: int, metric: str) -> str:
    """Ids begin with a small letter (the API's pattern)."""
    return f"{metric[0].lower()}{metric[1:]}_{index}"


def _minutes(series: Mapping[str, Mapping[datetime, float]], balancers: int) -> Iterator[Minute]:
    def each(metric: str) -> list[Mapping[datetime, float]]:
        return [series.get(_id(index, metric), {}) for index in range(balancers)]

    flows, carried, active = each(NEW), each(BYTES), each(ACTIVE)
    known = set.intersection(*(set(points) for points in (*flows, *carried)))
    for at in sorted(known):
        yield Minute(
            at=at.astimezone(UTC),
            new_flows=sum(points[at] for points in flows),
            bytes=sum(points[at] for points in carried),
            active_flows=sum(points.get(at, 0) for points in active),
        )
