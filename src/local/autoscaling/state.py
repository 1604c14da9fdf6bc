"""What Application Auto Scaling keeps for one region, and what its calls share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.ecs.state import Service
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

DIMENSION = "ecs:service:DesiredCount"


@dataclass(slots=True, eq=False)
class ScalableTarget:
    """
    `policies` and `actions` are what was put, by name, each with its ARN and when it was made.

    `uid` is what the ARNs of policies and actions hold: another target of the same service has
    another.
    """

    resource_id: str
    arn: str
    uid: str
    least: int
    most: int
    suspended: dict[str, bool]
    created_at: float
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Autoscaling:
    """Targets by the resource id that they are registered for: "service/CLUSTER/NAME"."""

    targets: dict[str, ScalableTarget] = field(default_factory=dict)

    def forget(self, service: Service) -> None:
        """AWS removes a target together with its service (§2.14)."""
        self.targets.pop(id_of(service), None)


def id_of(service: Service) -> str:
    return f"service/{service.cluster.name}/{service.name}"


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def check_dimension(params: Mapping[str, Any]) -> None:
    found = params.get("ServiceNamespace"), params.get("ScalableDimension", DIMENSION)
    if found != ("ecs", DIMENSION):
        raise invalid(f"the laptop AWS scales the tasks of ECS services alone, not {found}")


def find_service(region: Region, resource_id: str) -> Service | None:
    """The active service, as soon as others than ECS know of it."""
    _, _, path = resource_id.partition("service/")
    cluster, _, name = path.partition("/")
    found = region.ecs.clusters.get(cluster)
    service = found.services.get(name) if found else None
    if not service or service.status != "ACTIVE":
        return None
    return service if region.now >= service.created_at + region.timing.service_lag else None


def find_target(region: Region, params: Mapping[str, Any]) -> ScalableTarget:
    check_dimension(params)
    found = region.autoscaling.targets.get(params["ResourceId"])
    if found is None:
        raise AwsError(
            "ObjectNotFoundException",
            "No scalable target registered for service namespace: ecs, resource ID: "
            f"{params['ResourceId']}, scalable dimension: {DIMENSION}",
        )
    return found


def listed(
    targets: Iterable[ScalableTarget],
    params: Mapping[str, Any],
    of: Callable[[ScalableTarget], Mapping[str, dict[str, Any]]],
    names: str,
) -> list[dict[str, Any]]:
    """What was put of one sort, of the service or the names that are asked for."""
    wanted = params.get(names)
    return [
        each
        for target in targets
        if params.get("ResourceId") in (None, target.resource_id)
        for name, each in of(target).items()
        if not wanted or name in wanted
    ]


def paged(found: list[dict[str, Any]], params: Mapping[str, Any], result: str) -> dict[str, Any]:
    start, most = int(params.get("NextToken", 0)), params.get("MaxResults", 10)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return {result: found[start : start + most], **more}
