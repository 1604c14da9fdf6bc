"""The tasks of a service as they are billed: from the start of the image pull until stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.domain.money.meter import SeenTask
from controller.domain.money.usage import Tasks

_BY_FARGATE = ("FARGATE", "")
_ARCHITECTURE = "ecs.cpu-architecture"


def seen_task(task: Mapping[str, Any], assumed: Tasks) -> SeenTask:
    """
    The ledger's view of one task of DescribeTasks; `assumed` supplies what is not in the answer.

    Source: AWS behaviour §2.7 (timestamps), §7.1 (what is billed).
    """
    return SeenTask(
        arn=task["taskArn"],
        created_at=task["createdAt"],
        since=task.get("pullStartedAt"),
        until=task.get("stoppedAt"),
        tasks=Tasks(
            cpu=int(task.get("cpu") or assumed.cpu),
            memory=int(task.get("memory") or assumed.memory),
            arm=_is_arm(task, assumed),
            public_ip=assumed.public_ip,
        ),
        leaving=task.get("desiredStatus") == "STOPPED" and "stoppedAt" not in task,
    )


def is_billed(task: Mapping[str, Any]) -> bool:
    """Tasks on the user's own machines cost nothing by themselves."""
    return task.get("launchType", "") in _BY_FARGATE


def _is_arm(task: Mapping[str, Any], assumed: Tasks) -> bool:
    for attribute in task.get("attributes", ()):
        if attribute.get("name") == _ARCHITECTURE:
            return str(attribute.get("value", "")).startswith("arm")
    return assumed.arm
