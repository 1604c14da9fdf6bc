"""
What load balancers carried in past weeks (AWS behaviour §4; GetMetricData keeps a minute's counts
for 15 days, those of five minutes for 63, those of an hour for 455).

Coarser counts are spread so that every five minutes of their time look as busy as all of it: what
cannot be distinguished counts as use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.aws.clients import Client
from controller.aws.traffic import ACTIVE, BYTES, NAMESPACE, NEW, STATISTICS
from controller.domain.decision.idle import MINUTE, STRETCH, Minute
from controller.domain.money.usage import Interval

PERIODS = (
    (timedelta(days=15), timedelta(minutes=1)),
    (timedelta(days=63), timedelta(minutes=5)),
    (timedelta(days=455), timedelta(hours=1)),
)
"""How old counts may be, and for how long each of them then is."""

_SAFE = timedelta(hours=1)
"""Counts are requested by the coarser period so long before the finer ones are gone."""

Series = Mapping[str, Mapping[datetime, float]]


def read_past(
    cloudwatch: Client, balancers: Sequence[str], window: Interval, now: datetime
) -> list[Minute]:
    """
    The minutes of `window` with counts, of all these load balancers together, oldest first.

    `balancers` are their names as CloudWatch has them, net/<name>/<id>. A minute counts as known
    where any of the three metrics has a point; what the others lack there is zero.
    """
    found: dict[datetime, Minute] = {}
    for part, period in _parts(window, now):
        each = [_read_part(cloudwatch, balancer, part, period) for balancer in balancers]
        found |= {minute.at: minute for minute in _minutes(each, period, part)}
    return [found[at] for at in sorted(found)]


def spread(
    at: datetime, period: timedelta, flows: float, carried: float, active: float
) -> Iterator[Minute]:
    """The minutes of one count that is for the time `period` from `at` on."""
    length = max(1, period // MINUTE)
    share = 1 if length == 1 else STRETCH
    for index in range(length):
        yield Minute(
            at=at + index * MINUTE,
            new_flows=flows / share,
            bytes=carried / share,
            active_flows=active,
        )


def _parts(window: Interval, now: datetime) -> Iterator[tuple[Interval, timedelta]]:
    """The window cut where counts become coarser, the oldest part first."""
    ages = [age - _SAFE for age, _ in PERIODS]
    for index in reversed(range(len(PERIODS))):
        start = max(window.start, now - ages[index])
        end = window.end if index == 0 else min(window.end, now - ages[index - 1])
        period = PERIODS[index][1]
        aligned = Interval(_floor(start, period), _floor(end, period) if index else end)
        if aligned.start < aligned.end:
            yield aligned, period


def _floor(moment: datetime, period: timedelta) -> datetime:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return moment - since % period


def _read_part(cloudwatch: Client, balancer: str, part: Interval, period: timedelta) -> Series:
    request: dict[str, Any] = {
        "MetricDataQueries": [_query(balancer, metric, period) for metric in STATISTICS],
        "StartTime": part.start,
        "EndTime": part.end,
        "ScanBy": "TimestampAscending",
    }
    series: dict[str, dict[datetime, float]] = {metric: {} for metric in STATISTICS}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(**request)
    for page in pages:
        for result in page["MetricDataResults"]:
            points = zip(result["Timestamps"], result["Values"], strict=True)
            series[result["Label"]].update((at.astimezone(UTC), value) for at, value in points)
    return series


def _query(balancer: str, metric: str, period: timedelta) -> dict[str, Any]:
    return {
        "Id": metric[0].lower() + metric[1:],
        "Label": metric,
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": "LoadBalancer", "Value": balancer}],
            },
            "Period": int(period.total_seconds()),
            "Stat": STATISTICS[metric],
        },
    }


def _minutes(each: Sequence[Series], period: timedelta, part: Interval) -> Iterator[Minute]:
    known = set.intersection(*(set().union(*series.values()) for series in each))
    for at in sorted(known):
        if part.start <= at < part.end:
            yield from spread(
                at,
                period,
                *(
                    sum(series[metric].get(at, 0) for series in each)
                    for metric in (NEW, BYTES, ACTIVE)
                ),
            )
