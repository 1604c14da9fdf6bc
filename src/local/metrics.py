"""Metrics that were put in by hand, and how points become statistics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from controller.domain.dataclass import dataclass, field
from local.traffic import floor_to

Dimensions = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Point:
    """What was measured from `at` on: one value, or the summary of several."""

    at: float
    sum: float
    count: float = 1.0
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, at: float, value: float) -> Point:
        return cls(at, value, 1.0, value, value)


@dataclass(slots=True)
class CustomMetrics:
    """Points by namespace, metric and dimensions, in the order in which they came."""

    series: defaultdict[tuple[str, str, Dimensions], list[Point]] = field(
        default_factory=lambda: defaultdict(list)
    )


def dimensions_of(dimensions: Iterable[Mapping[str, Any]] | None) -> Dimensions:
    return tuple(sorted((each["Name"], each["Value"]) for each in dimensions or ()))


def by_period(points: Iterable[Point], period: float) -> dict[float, Point]:
    """Sum up points by the period that each began in, oldest first."""
    found: dict[float, Point] = {}
    for point in sorted(points, key=lambda each: each.at):
        start = floor_to(point.at, period)
        held = found.get(start)
        if held is None:
            found[start] = Point(start, point.sum, point.count, point.low, point.high)
        else:
            held.sum += point.sum
            held.count += point.count
            held.low = min(held.low, point.low)
            held.high = max(held.high, point.high)
    return found


def statistic(point: Point, name: str) -> float:
    """One of CloudWatch's five; raises KeyError for a percentile or anything else."""
    return {
        "Sum": point.sum,
        "Average": point.sum / point.count if point.count else 0.0,
        "Minimum": point.low,
        "Maximum": point.high,
        "SampleCount": point.count,
    }[name]
