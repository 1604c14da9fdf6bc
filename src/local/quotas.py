"""Service Quotas, as far as a rehearsal asks: how many vCPUs Fargate runs at once, and runs now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.errors import AwsError
from local.metrics import Dimensions

if TYPE_CHECKING:
    from local.world import Region

USAGE = "AWS/Usage"
METRIC = "ResourceCount"
VCPUS = {"L-3032A538": ("FARGATE", "OnDemand"), "L-36FBB829": ("FARGATE_SPOT", "Spot")}
"""The code of the quota to who runs its tasks, and what the usage metric calls that."""


def get(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    code = params["QuotaCode"]
    if params["ServiceCode"] != "fargate" or code not in VCPUS:
        raise AwsError(
            "NoSuchResourceException",
            "The request failed because the specified quota does not exist.",
        )
    _, named = VCPUS[code]
    return {
        "Quota": {
            "ServiceCode": "fargate",
            "QuotaCode": code,
            "QuotaName": f"Fargate {named} vCPU resource count",
            "Value": region.conditions.vcpu_quota,
            "Adjustable": True,
            "UsageMetric": {
                "MetricNamespace": USAGE,
                "MetricName": METRIC,
                "MetricDimensions": _dimensions(named),
                "MetricStatisticRecommendation": "Maximum",
            },
        }
    }


def _dimensions(named: str) -> dict[str, str]:
    return {
        "Service": "Fargate",
        "Type": "Resource",
        "Resource": "vCPU",
        "Class": f"Standard/{named}",
    }


def vcpus(region: Region, provider: str) -> float:
    """What the tasks of the region use now, those of others too."""
    units = sum(
        int(task.deployment.definition.body.get("cpu") or 0)
        for cluster in region.ecs.clusters.values()
        for task in cluster.tasks.values()
        if task.capacity == provider and task.last_status != "STOPPED"
    )
    others = region.conditions.vcpus_of_others if provider == "FARGATE" else 0.0
    return units / 1024 + others


def usage(region: Region, dimensions: Dimensions) -> float | None:
    """The newest value of the usage metric; nothing is reported of what nobody uses."""
    for provider, named in VCPUS.values():
        if dict(dimensions) == _dimensions(named):
            return vcpus(region, provider) or None
    return None


OPERATIONS = {"GetServiceQuota": get}
