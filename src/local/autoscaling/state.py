"""What Application Auto Scaling keeps for one region."""

from __future__ import annotations

from typing import Any

from controller.domain.dataclass import dataclass, field
from local.ecs.state import Service


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
