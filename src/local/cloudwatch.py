"""CloudWatch: the metrics of network load balancers, late and with gaps (AWS behaviour §4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.utils import parse_to_aware_datetime

from local import quotas
from local.elbv2.health import status_at
from local.elbv2.state import LoadBalancer
from local.errors import AwsError
from local.lifetimes import moment
from local.metrics import Dimensions, Point, by_period, dimensions_of, statistic
from local.traffic import MINUTE, Flows, floor_to

if TYPE_CHECKING:
    from local.world import Region

NETWORK_ELB = "AWS/NetworkELB"
MAX_QUERIES = 500
MAX_POINTS = 1440

ALWAYS: dict[str, Callable[[Flows], float]] = {
    "NewFlowCount": lambda flows: flows.new,
    "ActiveFlowCount": lambda flows: flows.active,
    "ProcessedBytes": lambda flows: flows.bytes,
    "ConsumedLCUs": lambda flows: max(
        flows.new / 60 / 800, flows.active / 100_000, flows.bytes * 60 / 1e9
    ),
    "TCP_Client_Reset_Count": lambda flows: 0.0,
    "TCP_Target_Reset_Count": lambda flows: 0.0,
    "TCP_ELB_Reset_Count": lambda flows: 0.0,
}
"""Reported every minute, zeros too (§4.1)."""

WHEN_NOT_ZERO = {
    "NewFlowCount_TCP": ALWAYS["NewFlowCount"],
    "ActiveFlowCount_TCP": ALWAYS["ActiveFlowCount"],
    "ProcessedBytes_TCP": ALWAYS["ProcessedBytes"],
}
HOSTS = {"HealthyHostCount": ("healthy",), "UnHealthyHostCount": ("unhealthy", "initial")}


def seconds(value: Any) -> float:
    """A moment as botocore takes it, as seconds since 1970; naive means UTC."""
    found: datetime = value if isinstance(value, datetime) else parse_to_aware_datetime(value)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def get_data(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    queries = params["MetricDataQueries"]
    if len(queries) > MAX_QUERIES:
        raise _invalid(f"At most {MAX_QUERIES} queries can be asked at once")
    start, end = _window(params)
    newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    return {
        "MetricDataResults": [
            _result(region, query, start, end, newest_first)
            for query in queries
            if query.get("ReturnData", True)
        ],
        "Messages": [],
    }


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def _window(params: Mapping[str, Any]) -> tuple[float, float]:
    start, end = seconds(params["StartTime"]), seconds(params["EndTime"])
    if start >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def _result(
    region: Region, query: Mapping[str, Any], start: float, end: float, newest_first: bool
) -> dict[str, Any]:
    metric_stat = query.get("MetricStat")
    if not metric_stat:
        raise AwsError(
            "NotImplemented",
            f"the simulated AWS answers plain metrics only, query '{query['Id']}' is an expression",
            501,
        )
    metric, period = metric_stat["Metric"], float(metric_stat["Period"])
    points = _points(
        region,
        metric.get("Namespace", ""),
        metric.get("MetricName", ""),
        dimensions_of(metric.get("Dimensions")),
        floor_to(start, period),
        end,
    )
    found = list(by_period(points, period).values())
    status = region.conditions.metric_status
    if status != "Complete":
        found = found[: len(found) // 2]
    if newest_first:
        found.reverse()
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or metric.get("MetricName", ""),
        "Timestamps": [moment(point.at) for point in found],
        "Values": [_statistic(point, metric_stat["Stat"]) for point in found],
        "StatusCode": status,
    }


def _statistic(point: Point, name: str) -> float:
    try:
        return statistic(point, name)
    except KeyError:
        raise _invalid(f"Invalid statistic '{name}'") from None


def get_statistics(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """The same points as GetMetricData, in no useful order (§4.3)."""
    start, end = _window(params)
    period = float(params["Period"])
    if (end - start) / period > MAX_POINTS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {int((end - start) / period)} datapoints, which exceeds "
            f"the limit of {MAX_POINTS}.",
        )
    points = _points(
        region,
        params["Namespace"],
        params["MetricName"],
        dimensions_of(params.get("Dimensions")),
        floor_to(start, period),
        end,
    )
    wanted = params.get("Statistics") or ()
    found = [
        {
            "Timestamp": moment(point.at),
            "Unit": params.get("Unit", "Count"),
            **{name: _statistic(point, name) for name in wanted},
        }
        for point in by_period(points, period).values()
    ]
    return {"Label": params["MetricName"], "Datapoints": found[1::2] + found[0::2]}


def _points(
    region: Region, namespace: str, name: str, dimensions: Dimensions, start: float, end: float
) -> list[Point]:
    """The points that can be read now; unknown metrics have none (§4.3)."""
    newest = region.now - region.timing.metric_lag - MINUTE
    if namespace == NETWORK_ELB:
        found = _balancer_points(region, name, dict(dimensions), start, min(end, newest + 1))
        return list(found)
    if namespace == quotas.USAGE and name == quotas.METRIC:
        value = quotas.usage(region, dimensions)
        return [Point.of(floor_to(newest, MINUTE), value)] if value and start <= newest else []
    series = region.metrics.series.get((namespace, name, dimensions)) or []
    return [point for point in series if start <= point.at < end]


def _balancer_points(
    region: Region, name: str, dimensions: dict[str, str], start: float, end: float
) -> Iterator[Point]:
    balancer = region.elbv2.past.get(dimensions.get("LoadBalancer", ""))
    if not balancer or not _offers(balancer, dimensions):
        return
    for minute in _minutes(region, balancer, start, end):
        value = _value(region, balancer, name, dimensions.get("TargetGroup"), minute)
        if value is not None:
            yield Point.of(minute, value)


def _offers(balancer: LoadBalancer, dimensions: dict[str, str]) -> bool:
    if dimensions.keys() - {"LoadBalancer", "AvailabilityZone", "TargetGroup"}:
        return False
    zone = dimensions.get("AvailabilityZone")
    return zone is None or zone in balancer.zone_names


def _minutes(region: Region, balancer: LoadBalancer, start: float, end: float) -> Iterator[float]:
    """The minutes for which a balancer reports: not before it serves and a while more (§4.1)."""
    first = max(start, balancer.serving_at + region.timing.first_metric)
    if first >= end:
        return
    minute = floor_to(first, MINUTE)
    if minute < first:
        minute += MINUTE
    while minute < min(end, balancer.deleted_at):
        yield minute
        minute += MINUTE


def _value(
    region: Region, balancer: LoadBalancer, name: str, group: str | None, minute: float
) -> float | None:
    if name in HOSTS:
        return _hosts(region, group, name, minute)
    if group is not None:
        return None
    flows: Flows = region.world.traffic.at(
        minute, balancer.name, f"{region.name}/{balancer.name}", balancer.dimension
    )
    if name in ALWAYS:
        return ALWAYS[name](flows)
    if name in WHEN_NOT_ZERO:
        return WHEN_NOT_ZERO[name](flows) or None
    return None


def _hosts(region: Region, dimension: str | None, name: str, minute: float) -> float | None:
    """Targets in a state at the end of the minute; no point while none is registered."""
    for group in region.elbv2.groups.values():
        if dimension and group.arn.endswith(f":{dimension}"):
            targets = [*group.past, *group.targets.values()]
            states = [status_at(target, minute + MINUTE) for target in targets]
            standing = [state for state in states if state not in ("", "gone")]
            return float(sum(state in HOSTS[name] for state in standing)) if standing else None
    return None


def put_data(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    namespace = params["Namespace"]
    if namespace.startswith("AWS/"):
        raise AwsError(
            "InvalidParameterValue",
            f"The value {namespace} for parameter Namespace is invalid. The value for parameter "
            "Namespace must not start with 'AWS/'.",
        )
    for datum in params.get("MetricData") or ():
        key = (namespace, datum["MetricName"], dimensions_of(datum.get("Dimensions")))
        at = seconds(datum["Timestamp"]) if datum.get("Timestamp") else region.now
        region.metrics.series[key].extend(_given(datum, at))
    return {}


def _given(datum: Mapping[str, Any], at: float) -> Iterator[Point]:
    summary = datum.get("StatisticValues")
    if summary:
        yield Point(
            at, summary["Sum"], summary["SampleCount"], summary["Minimum"], summary["Maximum"]
        )
    values = datum.get("Values") or ([datum["Value"]] if "Value" in datum else [])
    counts = datum.get("Counts") or [1.0] * len(values)
    for value, count in zip(values, counts, strict=True):
        yield Point(at, value * count, count, value, value)


def list_metrics(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    known: list[tuple[str, str, Dimensions]] = list(region.metrics.series)
    for balancer in region.elbv2.past.values():
        if balancer.serving_at + region.timing.first_metric <= region.now:
            named = (("LoadBalancer", balancer.dimension),)
            known += [(NETWORK_ELB, name, named) for name in ALWAYS]
    metrics = [
        {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        }
        for namespace, name, dimensions in known
        if params.get("Namespace") in (None, namespace)
        and params.get("MetricName") in (None, name)
        and _has(dict(dimensions), params.get("Dimensions") or ())
    ]
    return {"Metrics": metrics}


def _has(dimensions: dict[str, str], wanted: Iterable[Mapping[str, str]]) -> bool:
    """A dimension asked for without a value may have any."""
    return all(
        each["Name"] in dimensions and each.get("Value") in (None, dimensions[each["Name"]])
        for each in wanted
    )


OPERATIONS = {
    "GetMetricData": get_data,
    "GetMetricStatistics": get_statistics,
    "PutMetricData": put_data,
    "ListMetrics": list_metrics,
}
