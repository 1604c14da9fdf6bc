"""
What belongs to a service that sleeps: its Application Auto Scaling.

AWS deletes it together with the service and does not bring it back (AWS behaviour §2.14), so it is
made again at each wake. Targets, policies and scheduled
actions of the number of tasks are companions of the service that their `resource_id` means; all
others stay Terraform's, and so does what has no target among these files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from controller.domain.dataclass import dataclass
from controller.domain.planning.spec import Kind
from controller.domain.problem import Level, Problem
from controller.hcl.values import Computed, Origin, Term, Unknown, Value
from controller.hcl.world import ResourceInstance, World
from controller.mapping.fill import given, known
from controller.mapping.kinds import COMPANIONS

_DIMENSION = "ecs:service:DesiredCount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """One instance, and the address of the service that it belongs to."""

    instance: ResourceInstance
    kind: Kind
    service: str


def find_companions(
    awake: World,
    asleep: World | None,
    services: Sequence[ResourceInstance],
    staying: Collection[str] = (),
) -> tuple[Companion, ...]:
    """
    The companions of `services`, those that sleep.

    Of those `staying`, which have no tasks while asleep, Terraform keeps what exists in both
    worlds: AWS leaves it there.
    """
    both = asleep.resources.keys() if asleep else frozenset()
    found = []
    for instance in awake.resources.values():
        kind = COMPANIONS.get(instance.type) if instance.mode == "managed" else None
        is_whole = kind is not None and instance.error_free
        service = service_of(instance, services, awake.resources) if is_whole else None
        if kind is None or service is None:
            continue
        if service.address not in staying or instance.address not in both:
            found.append(Companion(instance=instance, kind=kind, service=service.address))
    scaled = {one.service for one in found if one.kind is Kind.AUTOSCALING_TARGET}
    return tuple(one for one in found if one.service in scaled)


def service_of(
    instance: ResourceInstance,
    services: Iterable[ResourceInstance],
    others: Mapping[str, ResourceInstance],
) -> ResourceInstance | None:
    """
    The service whose number of tasks a target, policy or action is about; None: none of them.

    `others` are the instances among which its cluster may be, by address.
    """
    namespace = known(instance.body, "service_namespace")
    dimension = known(instance.body, "scalable_dimension")
    if namespace not in (None, "ecs") or dimension not in (None, _DIMENSION):
        return None
    argument = given(instance.body, "resource_id")
    if argument is None:
        return None
    fitting = [each for each in services if _means(argument.value, each, others)]
    exact = [each for each in fitting if _says_cluster(argument.value, each)]
    return next(iter(exact or fitting), None)


def _means(value: Value, service: ResourceInstance, others: Mapping[str, ResourceInstance]) -> bool:
    """By "service/CLUSTER/NAME", as far as that is known."""
    name, data = known(service.body, "name"), value.data
    if isinstance(data, str):
        namespace, _, path = data.partition("/")
        cluster, _, found = path.rpartition("/")
        fits = _cluster_name(service, others) in (cluster, None)
        return namespace == "service" and bool(name) and found == name and fits
    if not isinstance(data, Unknown):
        return False
    if any(origin.address == service.address for origin in data.origins):
        return True
    last = [text for part in data.parts[-1:] for text in _last_texts(part)]
    return bool(name) and any(text.rpartition("/")[2] == name for text in last)


def _cluster(service: ResourceInstance) -> object:
    """What its files say of its cluster: a name, an ARN, or Unknown."""
    argument = given(service.body, "cluster")
    return argument.value.data if argument else "default"


def _cluster_name(service: ResourceInstance, others: Mapping[str, ResourceInstance]) -> str | None:
    """None where the files do not say it."""
    written = _cluster(service)
    if isinstance(written, str):
        return written.rpartition("/")[2]
    if not isinstance(written, Unknown) or len(written.origins) != 1:
        return None
    cluster = others.get(written.origins[0].address)
    argument = "cluster_name" if cluster and cluster.mode == "data" else "name"
    name = known(cluster.body, argument) if cluster else None
    return name if isinstance(name, str) else None


def _last_texts(term: Term) -> Iterator[str]:
    """The text with which a term ends, where a function makes it of several."""
    if isinstance(term, str):
        yield term
    elif isinstance(term, Computed):
        for inner in term.terms:
            yield from _last_texts(inner)


def _says_cluster(value: Value, service: ResourceInstance) -> bool:
    """Whether both come from the same cluster, among services of one name in several."""
    cluster = _cluster(service)
    if isinstance(value.data, Unknown) and isinstance(cluster, Unknown):
        return not _addresses(value.data.origins).isdisjoint(_addresses(cluster.origins))
    return isinstance(value.data, str) and isinstance(cluster, str)


def _addresses(origins: Iterable[Origin]) -> set[str]:
    return {origin.address for origin in origins}


def standing_too(companions: Iterable[Companion], asleep: World | None) -> Iterator[Problem]:
    """Warn of what Terraform would make while the service that it belongs to is gone."""
    for companion in companions:
        instance = companion.instance
        if asleep is None or instance.address not in asleep.resources:
            continue
        yield Problem(
            level=Level.WARNING,
            rule="fails-asleep",
            message=f"exists awake and asleep, but AWS removes it together with "
            f"{companion.service}: dormouse makes it at each wake, and terraform apply fails while "
            "asleep (\"ECS service doesn't exist\"); give it the service's count "
            "(var.awake ? 1 : 0)",
            place=instance.place,
            address=instance.address,
        )
