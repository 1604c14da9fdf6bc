"""
The laptop's own endpoints, JSON in and out.

    GET  /_laptop/clock                        {"now", "speed"}
    POST /_laptop/clock     {"advance": 90}    {"now", "speed"}
    GET  /_laptop/calls?since=N                {"next", "calls": [{"at", "service", ...}]}
    GET  /_laptop/lifetimes                    {"lifetimes": [{"kind", "arn", ...}]}
    POST /_laptop/faults    {"operation", "code", "message", "status", "when", "nth", ...}
    POST /_laptop/conditions {"containers": {family: behaviour}, "load_balancers": {name: outcome}}
    POST /_laptop/traffic   {"load_balancer", "new_flows", "bytes", "active", "at"}
    POST /_laptop/furnish   what `LaptopAws.furnish` takes, or {"preset": "article"}
    POST /_laptop/reset
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from local.faults import Fault
from local.furnish import PRESETS
from local.wire import Answer

if TYPE_CHECKING:
    from local.aws import LaptopAws

PREFIX = "/_laptop/"
FAULT_FIELDS = {each.name for each in fields(Fault) if each.init} - {"predicate"}


def answer(aws: LaptopAws, method: str, path: str, query: str, body: bytes) -> Answer:
    handler = HANDLERS.get((method, path.removeprefix(PREFIX)))
    if not handler:
        known = ", ".join(f"{verb} {PREFIX}{name}" for verb, name in HANDLERS)
        return _json({"error": f"no {method} {path}; expected one of {known}"}, 404)
    try:
        given = json.loads(body) if body else {}
        options = {key: values[-1] for key, values in parse_qs(query).items()}
        return _json(handler(aws, {**options, **given}))
    except (KeyError, TypeError, ValueError) as error:
        return _json({"error": f"cannot {method} {path}: {error}"}, 400)


def _json(content: Any, status: int = 200) -> Answer:
    body = json.dumps(content, default=_plain).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def _clock(aws: LaptopAws, given: dict[str, Any]) -> Any:
    return {"now": aws.clock.now(), "speed": getattr(aws.clock, "speed", 0)}


def _advance(aws: LaptopAws, given: dict[str, Any]) -> Any:
    aws.clock.advance(float(given["advance"]))
    return _clock(aws, given)


def _calls(aws: LaptopAws, given: dict[str, Any]) -> Any:
    since = int(given.get("since", 0))
    calls = list(aws.calls)
    return {"next": len(calls), "calls": [asdict(call) for call in calls[since:]]}


def _lifetimes(aws: LaptopAws, given: dict[str, Any]) -> Any:
    return {"lifetimes": [asdict(each) for each in aws.lifetimes()]}


def _fault(aws: LaptopAws, given: dict[str, Any]) -> Any:
    unknown = given.keys() - FAULT_FIELDS
    if unknown:
        raise ValueError(f"unknown {sorted(unknown)}, expected {sorted(FAULT_FIELDS)}")
    aws.faults.add(Fault(**given))
    return {"faults": len(list(aws.faults))}


def _conditions(aws: LaptopAws, given: dict[str, Any]) -> Any:
    for family, behaviour in given.get("containers", {}).items():
        aws.conditions.containers(family, behaviour)
    for name, outcome in given.get("load_balancers", {}).items():
        aws.conditions.load_balancer(name, outcome)
    return {}


def _traffic(aws: LaptopAws, given: dict[str, Any]) -> Any:
    at = given.pop("at", None)
    moment = datetime.fromisoformat(at) if at else aws.clock.now()
    aws.traffic.flows(given.pop("load_balancer"), moment, **given)
    return {}


def _furnish(aws: LaptopAws, given: dict[str, Any]) -> Any:
    preset = given.pop("preset", None)
    return aws.furnish(**(PRESETS[preset] if preset else given))


def _reset(aws: LaptopAws, given: dict[str, Any]) -> Any:
    aws.reset()
    return {}


HANDLERS: dict[tuple[str, str], Callable[[LaptopAws, dict[str, Any]], Any]] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _advance,
    ("GET", "calls"): _calls,
    ("GET", "lifetimes"): _lifetimes,
    ("POST", "faults"): _fault,
    ("POST", "conditions"): _conditions,
    ("POST", "traffic"): _traffic,
    ("POST", "furnish"): _furnish,
    ("POST", "reset"): _reset,
}
