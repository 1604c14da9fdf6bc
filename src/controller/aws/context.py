"""Shared by observing and acting: one stack, its clients, and how its references are filled."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from controller.aws.clients import Clients
from controller.aws.listing import read_elb_tags
from controller.aws.look_ups.answers import LookUps
from controller.aws.snapshot import Snapshot
from controller.aws.tags import Owner
from controller.domain.dataclass import replace
from controller.domain.errors import PermanentError, SpecError
from controller.domain.planning.observed import Observed
from controller.domain.planning.plan import Target
from controller.domain.planning.references import resolve
from controller.domain.planning.spec import Json, ResourceSpec, Spec


class Context:
    """Make one for each pass: it keeps the answers of look-ups."""

    def __init__(self, spec: Spec, clients: Clients) -> None:
        self.spec = spec
        self.clients = clients
        self._look_up = LookUps(clients)
        self._owners = {
            each.address: Owner(stack=spec.stack, address=each.address) for each in spec.resources
        }

    def owner(self, resource: ResourceSpec) -> Owner:
        return self._owners[resource.address]

    def resolve(self, value: Json, known: Mapping[str, Mapping[str, str]]) -> Json:
        """Fill references; `known` is what AWS gave to each address so far."""
        return resolve(value, known, self._look_up)

    def found_or_none(self, value: Json, snapshot: Snapshot) -> str | None:
        """What a reference represents as far as it is known now; None: it is not."""
        try:
            return str(self.resolve(value, snapshot.known))
        except (SpecError, PermanentError):
            return None

    def filled(
        self, resource: ResourceSpec, observed: Observed, fields: Collection[str] | None = None
    ) -> dict[str, Json]:
        """The request that creates a resource, or some of its fields, with what is known."""
        known = {address: seen.attributes for address, seen in observed.resources.items()}
        request = resource.request
        wanted = {k: v for k, v in request.items() if fields is None or k in fields}
        filled: dict[str, Json] = self.resolve(wanted, known)
        return filled

    def answered(self, resource: ResourceSpec) -> ResourceSpec:
        """The resource with texts for all its attributes."""
        if not any(isinstance(value, Mapping) for value in resource.attributes.values()):
            return resource
        return replace(resource, attributes=self.resolve(dict(resource.attributes), {}))

    def compared(
        self, resource: ResourceSpec, snapshot: Snapshot, fields: Collection[str]
    ) -> ResourceSpec:
        """
        The resource with what its look-ups in these fields stand for, until it was right once.

        One that finds nothing is noted; what it is about is compared again by the next pass.
        """
        wanted = {key: resource.request[key] for key in fields if key in resource.request}
        is_settled = snapshot.progress.is_settled(snapshot.arn(resource.address), resource)
        if is_settled or resource.literals.issuperset(wanted):
            return resource
        try:
            answers = self.resolve(wanted, snapshot.known)
        except PermanentError as error:
            snapshot.unresolved[resource.address] = error
            return resource
        return replace(resource, request={**resource.request, **answers})

    def cluster(self, resource: ResourceSpec) -> str:
        """A cluster known by name needs no look-up: ECS takes names as well as ARNs."""
        cluster = resource.request.get("cluster", "default")
        if isinstance(cluster, Mapping) and cluster.get("$look_up") == "cluster":
            name = cluster.get("name")
            if isinstance(name, str):
                return name
        return str(self.resolve(cluster, {}))

    def read_tags(self, arns: list[str]) -> dict[str, dict[str, str] | None]:
        """ARN to its tags; None where AWS does not know the ARN (yet, or any more)."""
        return read_elb_tags(self.clients.elbv2, arns)


def desired_count(resource: ResourceSpec, target: Target) -> int:
    """How many tasks a service should have; a sleeper that goes away keeps its awake count."""
    request = resource.request
    if target is Target.ASLEEP and resource.asleep is not None:
        request = resource.asleep
    return int(request.get("desiredCount", 1))
