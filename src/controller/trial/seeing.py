"""What an observed call says of the stack's resources, as sightings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.aws.errors import GONE
from controller.aws.listening import Heard
from controller.domain.dataclass import dataclass, field, replace
from controller.domain.trial import measures as states
from controller.domain.trial.sightings import Log, Sighting, Subject, Thing

_NOT_ASSOCIATED = "does not have an associated load balancer"
_TARGETS = {
    "healthy": states.HEALTHY,
    "unhealthy": states.UNHEALTHY,
    "draining": states.DRAINING,
    "unused": states.UNUSED,
}
_STAMPS = {
    states.CREATED: "createdAt",
    states.PULLED: "pullStoppedAt",
    states.STARTED: "startedAt",
}


_WORDS: Mapping[Thing, frozenset[str]] = {
    Thing.BALANCER: frozenset({"provisioning", "active", "failed", states.MISSING}),
    Thing.SERVICE: frozenset({"active", "draining", states.INACTIVE, states.MISSING}),
    Thing.TASK: frozenset({*states.NOT_STOPPING, *states.ENDING}),
    Thing.TARGET: frozenset(
        {states.ABSENT, states.REGISTERING, states.CHECKING, *_TARGETS, "unavailable"}
    ),
}
"""What AWS is known to say of each (AWS behaviour §1.4, §1.10, §2.4, §2.7)."""


@dataclass(slots=True)
class Memory:
    """
    `targets` says when those of a group were last read, `leaving` names services of which the first
    call of a sleep was made.
    """

    log: Log
    targets: dict[str, datetime] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)


class Seeing:
    """Turns calls into sightings of one log."""

    def __init__(self, log: Log) -> None:
        self._memory = Memory(log)

    def hear(self, heard: Heard) -> list[str]:
        """Remember what the call shows; return what it shows that nobody foresaw, in words."""
        read = _READERS.get(heard.operation)
        strange = []
        for sighting in read(self._memory, heard) if read else ():
            self._memory.log.add(sighting)
            thing, state = sighting.subject.thing, sighting.state
            if thing in _WORDS and not sighting.exact and state not in _WORDS[thing]:
                strange.append(f'{thing} "{sighting.subject.id}" is "{state}"')
        return strange


# ELBv2


def _balancer_made(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    for found in _listed(heard, "LoadBalancers"):
        yield _done(Thing.BALANCER, found["LoadBalancerArn"], states.MADE, heard)


def _balancer_deleted(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    if heard.answer is not None:
        yield _done(Thing.BALANCER, heard.params["LoadBalancerArn"], states.DELETED, heard)


def _balancers(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    """One that is requested by its ARN and not found is missing."""
    for found in _listed(heard, "LoadBalancers"):
        state = found.get("State", {}).get("Code", "")
        if state == "active_impaired":
            state = states.ACTIVE
        yield _seen(Thing.BALANCER, found["LoadBalancerArn"], state, heard)
    if heard.code in GONE:
        for arn in heard.params.get("LoadBalancerArns", ()):
            yield _seen(Thing.BALANCER, arn, states.MISSING, heard)


def _listener_made(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    for action in heard.params.get("DefaultActions", ()) if heard.answer is not None else ():
        for arn in _groups_of(action):
            yield _done(Thing.LISTENER, arn, states.MADE, heard)


def _groups(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    for found in _listed(heard, "TargetGroups"):
        state = states.ATTACHED if found.get("LoadBalancerArns") else states.UNATTACHED
        yield _seen(Thing.GROUP, found["TargetGroupArn"], state, heard)


def _targets(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    """Those that are not listed any more, too; of a new one, the last read without it."""
    group = heard.params["TargetGroupArn"]
    if heard.answer is None or heard.params.get("Targets"):
        return
    before = memory.targets.get(group)
    memory.targets[group] = heard.at
    listed = {}
    for found in _listed(heard, "TargetHealthDescriptions"):
        subject = Subject(Thing.TARGET, f"{group}/{found['Target']['Id']}")
        listed[subject] = _target_state(found.get("TargetHealth", {}))
    for subject in memory.log.subjects(Thing.TARGET):
        if subject.id.startswith(f"{group}/"):
            listed.setdefault(subject, states.ABSENT)
    for subject, state in listed.items():
        if before and not memory.log.state(subject):
            yield Sighting(subject, states.ABSENT, before)
        yield Sighting(subject, state, heard.at)


# EC2


def _addresses(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    for found in _listed(heard, "Addresses"):
        state = states.HELD if found.get("AssociationId") else states.FREE
        yield _seen(Thing.ADDRESS, found["AllocationId"], state, heard)


# ECS


def _service_made(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    for group in _groups_of_service(heard.params):
        if heard.answer is not None:
            state = states.SEEN
        else:
            is_lag = _NOT_ASSOCIATED in heard.message
            state = states.REFUSED if is_lag else states.BLURRED
        yield _seen(Thing.LISTENER, group, state, heard)
    if heard.answer is not None:
        name = str(heard.answer["service"]["serviceName"])
        memory.leaving.discard(name)
        yield _done(Thing.SERVICE, name, states.MADE, heard)


def _service_counted(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    count, name = heard.params.get("desiredCount"), _name(heard.params["service"])
    if heard.answer is not None and count:
        memory.leaving.discard(name)
        yield _done(Thing.SERVICE, name, states.RETURNED, heard)
    elif heard.answer is not None and count == 0:
        yield from _leaves(memory, name, heard)


def _service_deleted(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    if heard.answer is not None:
        name = _name(heard.params["service"])
        yield from _leaves(memory, name, heard)
        yield _done(Thing.SERVICE, name, states.DELETED, heard)


def _leaves(memory: Memory, name: str, heard: Heard) -> Iterator[Sighting]:
    """From the first call of a sleep on: the count, or else the deletion."""
    if name not in memory.leaving:
        memory.leaving.add(name)
        yield _done(Thing.SERVICE, name, states.LEAVING, heard)


def _services(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    for found in _listed(heard, "services"):
        status = str(found.get("status", "")).lower()
        yield _seen(Thing.SERVICE, found["serviceName"], status, heard)
    for failed in _listed(heard, "failures"):
        if failed.get("reason") == "MISSING":
            yield _seen(Thing.SERVICE, _name(failed["arn"]), states.MISSING, heard)


def _tasks(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    """The moments that AWS reports, once each; else the status as it is."""
    for found in _listed(heard, "tasks"):
        subject = Subject(Thing.TASK, found["taskArn"])
        known = {one.state for one in memory.log.of(subject)}
        for state, name in _STAMPS.items():
            if found.get(name) and state not in known:
                yield Sighting(subject, state, found[name].astimezone(UTC), exact=True)
        yield _seen(Thing.TASK, found["taskArn"], str(found["lastStatus"]).lower(), heard)


# CloudWatch


def _metrics(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    balancer = _balancer_of(heard, memory.log)
    if balancer is None:
        return
    points = [each["Timestamp"].astimezone(UTC) for each in _listed(heard, "Datapoints")]
    one = _seen(Thing.METRIC, balancer, states.POINT if points else states.NO_POINT, heard)
    yield replace(one, stamp=min(points, default=None))


def _metric_names(memory: Memory, heard: Heard) -> Iterator[Sighting]:
    balancer = _balancer_of(heard, memory.log)
    if balancer is not None and memory.log.state(Subject(Thing.METRIC, balancer)) != "point":
        state = states.LISTED if _listed(heard, "Metrics") else states.NO_POINT
        yield _seen(Thing.METRIC, balancer, state, heard)


_READERS: Mapping[str, Callable[[Memory, Heard], Iterator[Sighting]]] = {
    "CreateLoadBalancer": _balancer_made,
    "DeleteLoadBalancer": _balancer_deleted,
    "DescribeLoadBalancers": _balancers,
    "CreateListener": _listener_made,
    "DescribeTargetGroups": _groups,
    "DescribeTargetHealth": _targets,
    "DescribeAddresses": _addresses,
    "CreateService": _service_made,
    "UpdateService": _service_counted,
    "DeleteService": _service_deleted,
    "DescribeServices": _services,
    "DescribeTasks": _tasks,
    "GetMetricStatistics": _metrics,
    "ListMetrics": _metric_names,
}


def _listed(heard: Heard, key: str) -> list[Mapping[str, Any]]:
    return list((heard.answer or {}).get(key, ()))


def _done(thing: Thing, id_: str, state: str, heard: Heard) -> Sighting:
    return Sighting(Subject(thing, id_), state, heard.at, exact=True)


def _seen(thing: Thing, id_: str, state: str, heard: Heard) -> Sighting:
    return Sighting(Subject(thing, id_), state, heard.at)


def _name(service: str) -> str:
    return service.rpartition("/")[2]


def _groups_of(action: Mapping[str, Any]) -> Iterator[str]:
    if action.get("TargetGroupArn"):
        yield action["TargetGroupArn"]
    for each in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
        yield each["TargetGroupArn"]


def _groups_of_service(params: Mapping[str, Any]) -> list[str]:
    given = params.get("loadBalancers") or ()
    return [each["targetGroupArn"] for each in given if each.get("targetGroupArn")]


def _target_state(health: Mapping[str, Any]) -> str:
    """`initial` has two parts: being registered, and being checked (AWS behaviour §1.10)."""
    if health.get("State") == "initial":
        is_new = health.get("Reason") == "Elb.RegistrationInProgress"
        return states.REGISTERING if is_new else states.CHECKING
    return _TARGETS.get(str(health.get("State", "")), str(health.get("State", "")))


def _balancer_of(heard: Heard, log: Log) -> str | None:
    """The ARN of the load balancer that a metric's dimension names."""
    given = heard.params.get("Dimensions") or ()
    wanted = next((each.get("Value") for each in given if each["Name"] == "LoadBalancer"), None)
    found = (each.id for each in log.subjects(Thing.BALANCER) if each.id.endswith(f"/{wanted}"))
    return next(found, None) if wanted and heard.answer is not None else None
