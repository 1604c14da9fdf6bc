"""The calls about tasks: list, describe, stop."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from local.ecs import scheduler, tasks
from local.ecs.shared import find_cluster, invalid, page, short_name, tag_list
from local.ecs.state import BEFORE_START, Cluster, Task
from local.lifetimes import moment

if TYPE_CHECKING:
    from local.world import Region

MAX_DESCRIBED = 100


def list_all(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = find_cluster(region, params.get("cluster"))
    status = params.get("desiredStatus", "RUNNING")
    arns = [
        task.arn
        for task in cluster.tasks.values()
        if task.desired_status == status
        and params.get("serviceName") in (None, task.service.name, task.service.arn)
        and params.get("family") in (None, task.deployment.definition.family)
    ]
    return page(arns, params, "taskArns")


def describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    cluster = find_cluster(region, params.get("cluster"))
    wanted = params["tasks"]
    if len(wanted) > MAX_DESCRIBED:
        raise invalid(f"Tasks cannot have more than {MAX_DESCRIBED} elements.")
    found, failures = [], []
    for name in wanted:
        task = cluster.tasks.get(short_name(name))
        if task:
            found.append(view(region, task, params.get("include") or ()))
        else:
            arn = region.arn("ecs", f"task/{cluster.name}/{short_name(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"tasks": found, "failures": failures}


def stop(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """SIGTERM at once, without draining; the service starts another if it lives (§2.7)."""
    task = _find(find_cluster(region, params.get("cluster")), params["task"])
    reason = params.get("reason") or "Task stopped by user"
    tasks.stop(region, task, "UserInitiated", reason, drain=False)
    scheduler.run(region, task.service)
    return {"task": view(region, task)}


def _find(cluster: Cluster, name: str) -> Task:
    task = cluster.tasks.get(short_name(name))
    if not task:
        raise invalid("The referenced task was not found.")
    return task


def view(region: Region, task: Task, include: Container[str] = ()) -> dict[str, Any]:
    definition = task.deployment.definition
    platform = task.deployment.setup.get("platformVersion", "LATEST")
    found: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.cluster.arn,
        "taskDefinitionArn": definition.arn,
        "group": f"service:{task.service.name}",
        "startedBy": task.deployment.id,
        "lastStatus": task.last_status,
        "desiredStatus": task.desired_status,
        "availabilityZone": task.subnet.zone,
        "connectivity": "CONNECTED",
        "launchType": "FARGATE",
        "platformVersion": "1.4.0" if platform == "LATEST" else platform,
        "platformFamily": "Linux",
        "cpu": definition.body.get("cpu", "256"),
        "memory": definition.body.get("memory", "512"),
        "healthStatus": "UNKNOWN",
        "createdAt": moment(task.created_at),
        "attachments": [_attachment(task)],
        "containers": [_container(region, task, each) for each in definition.containers],
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
        "tags": tag_list(task.tags) if "TAGS" in include else [],
        "version": 1 + len(task.times),
    }
    found |= {name: moment(at) for name, at in task.times.items()}
    if task.deployment.setup.get("capacityProviderStrategy"):
        found["capacityProviderName"] = task.capacity
    if task.stopping:
        found |= {"stopCode": task.stop_code, "stoppedReason": task.stopped_reason}
    return found


def _attachment(task: Task) -> dict[str, Any]:
    details = [{"name": "subnetId", "value": task.subnet.id}]
    interface = task.interface
    if interface:
        details += [
            {"name": "networkInterfaceId", "value": interface.id},
            {"name": "privateIPv4Address", "value": interface.private_ip},
        ]
    status = "ATTACHED" if interface else "PRECREATED"
    return {
        "id": _attachment_id(task),
        "type": "ElasticNetworkInterface",
        "status": "DELETED" if task.last_status == "STOPPED" else status,
        "details": details,
    }


def _attachment_id(task: Task) -> str:
    text = task.id[::-1]
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _container(region: Region, task: Task, container: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "containerArn": region.arn(
            "ecs", f"container/{task.cluster.name}/{task.id}/{container['name']}"
        ),
        "taskArn": task.arn,
        "name": container["name"],
        "image": container.get("image", ""),
        "lastStatus": _container_status(task),
        "networkBindings": [],
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(container.get("cpu", 0)),
    }
    if task.interface:
        found["networkInterfaces"] = [
            {
                "attachmentId": _attachment_id(task),
                "privateIpv4Address": task.interface.private_ip,
            }
        ]
    if task.container_reason:
        found["reason"] = task.container_reason
    if task.exit_code is not None:
        found["exitCode"] = task.exit_code
    return found


def _container_status(task: Task) -> str:
    if task.last_status in BEFORE_START:
        return "PENDING"
    over = task.last_status in ("DEPROVISIONING", "STOPPED") or task.exit_code is not None
    return "STOPPED" if over else "RUNNING"


OPERATIONS = {"ListTasks": list_all, "DescribeTasks": describe, "StopTask": stop}
