"""
What an event adds to the metrics, as a log line that CloudWatch reads (embedded metric format).

Eight metrics for the whole deployment, for any number of stacks: AWS bills each metric with data
in an hour, so the stack is not a dimension. Logs Insights can query the lines too.
Source of the format: CloudWatch user guide, "Embedded metric format specification".
"""

from __future__ import annotations

from controller.domain.decision.history import Event, EventKind
from controller.domain.money.bill import add_up
from controller.domain.planning.spec import Json, Spec
from controller.domain.timestamps import read_timestamp

UNITS = {
    "Wakes": "Count",
    "WakeSeconds": "Seconds",
    "Sleeps": "Count",
    "AwakeSeconds": "Seconds",
    "SpentUSD": "None",
    "FailedWakes": "Count",
    "BlockedWakes": "Count",
    "StuckSleeps": "Count",
}


def measure(spec: Spec, event: Event) -> dict[str, float]:
    """The metrics that an event is written to, with their values; none for some kinds."""
    match event.kind:
        case EventKind.AWAKE:
            since = read_timestamp(event.facts.get("waking_since"))
            took = {"WakeSeconds": (event.at - since).total_seconds()} if since else {}
            return {"Wakes": 1, **took}
        case EventKind.ASLEEP:
            stay = add_up(spec, event.facts.get("spans") or ())
            if stay is None:
                return {"Sleeps": 1}
            lasted = stay.lasted.total_seconds()
            return {"Sleeps": 1, "AwakeSeconds": lasted, "SpentUSD": float(stay.cost)}
        case EventKind.FAILED:
            return {"FailedWakes": 1}
        case EventKind.BLOCKED:
            return {"BlockedWakes": 1}
        case EventKind.STUCK:
            return {"StuckSleeps": 1}
    return {}


def as_log_line(namespace: str, event: Event, values: dict[str, float]) -> dict[str, Json]:
    """The fields of the line; it must be the root of a JSON object in the log."""
    directive = {
        "Namespace": namespace,
        "Dimensions": [[]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
    }
    about = {"Timestamp": int(event.at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": about, "stack": event.stack, **values}
