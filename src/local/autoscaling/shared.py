"""What the calls of Application Auto Scaling share: checks, what they find, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from local.autoscaling.state import ScalableTarget
from local.ecs.state import Service
from local.errors import AwsError

if TYPE_CHECKING:
    from local.world import Region

DIMENSION = "ecs:service:DesiredCount"


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
    """What was put of one sort, of the service or the names that are requested."""
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
