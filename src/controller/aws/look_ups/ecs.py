"""What ECS finds: clusters and task definitions."""

from __future__ import annotations

from collections.abc import Mapping

from controller.aws.clients import Clients
from controller.aws.look_ups.finder import Finder, Found, Keys


def _clusters(clients: Clients, keys: Keys) -> Found:
    reply = clients.ecs.describe_clusters(clusters=[keys["name"]])
    return [
        {"arn": c["clusterArn"], "name": c["clusterName"]}
        for c in reply["clusters"]
        if c["status"] == "ACTIVE"
    ]


def _task_definitions(clients: Clients, keys: Keys) -> Found:
    reply = clients.ecs.describe_task_definition(taskDefinition=keys["family"])
    found = reply["taskDefinition"]
    arn, revision = found["taskDefinitionArn"], str(found["revision"])
    return [
        {
            "arn": arn,
            "arn_without_revision": arn.rpartition(":")[0],
            "family": found["family"],
            "revision": revision,
        }
    ]


FINDERS: Mapping[str, Finder] = {
    "cluster": _clusters,
    "task_definition": _task_definitions,
}
