"""The calls of an ECS service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from controller.aws.clients import Client
from controller.aws.errors import DENIED, code_of, gone_is_fine
from controller.aws.listing import in_parts
from controller.aws.tags import Owner, with_ecs_owner
from controller.domain.errors import DeniedError

DESCRIBE_LIMIT = 10  # services per DescribeServices (AWS behaviour §2.4)
_TASKS_LIMIT = 100  # tasks per DescribeTasks (ECS API reference)


class ServiceAdapter:
    def __init__(self, ecs: Client) -> None:
        self._ecs = ecs

    def describe(self, cluster: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Name to what DescribeServices says; MISSING ones are left out."""
        found: dict[str, dict[str, Any]] = {}
        for some in in_parts(names, DESCRIBE_LIMIT):
            reply = self._ecs.describe_services(cluster=cluster, services=some, include=["TAGS"])
            found |= {service["serviceName"]: service for service in reply["services"]}
        return found

    def stopped_tasks(self, cluster: str, name: str) -> list[dict[str, Any]]:
        """The service's stopped tasks, newest first; AWS forgets them after about an hour."""
        tasks = self.tasks(cluster, name, ("STOPPED",))
        return sorted(tasks, key=lambda t: t.get("createdAt") or t["taskArn"], reverse=True)

    def tasks(
        self, cluster: str, name: str, statuses: Sequence[str] = ("RUNNING", "STOPPED")
    ) -> list[dict[str, Any]]:
        """The service's tasks, also those that have stopped within about the last hour."""
        arns = [arn for status in statuses for arn in self.task_arns(cluster, name, status)]
        return self.describe_tasks(cluster, arns)

    def running_tasks(self, cluster: str, name: str) -> list[dict[str, Any]]:
        return self.tasks(cluster, name, ("RUNNING",))

    def task_arns(self, cluster: str, name: str, status: str) -> list[str]:
        """On all pages: ListTasks gives 100 at once, and a crash loop stops more in an hour."""
        request = {"cluster": cluster, "serviceName": name, "desiredStatus": status}
        arns: list[str] = []
        while True:
            reply = self._ecs.list_tasks(**request)
            arns += reply["taskArns"]
            if not reply.get("nextToken"):
                return arns
            request["nextToken"] = reply["nextToken"]

    def describe_tasks(self, cluster: str, arns: Sequence[str]) -> list[dict[str, Any]]:
        """Those of the tasks that ECS still knows."""
        found: list[dict[str, Any]] = []
        for some in in_parts(arns, _TASKS_LIMIT):
            found += self._ecs.describe_tasks(cluster=cluster, tasks=some)["tasks"]
        return found

    def create(
        self, request: Mapping[str, Any], owner: Owner, after: Sequence[str]
    ) -> dict[str, Any]:
        """
        Create the service. `after` are the ARNs of what it was made on top of.

        They are part of the client token: a repeated create of one wake gives the same service
        (F54), one of the next wake, with a new listener, is another request.
        """
        token = _client_token(request, after)
        reply = self._ecs.create_service(clientToken=token, **with_ecs_owner(request, owner))
        service: dict[str, Any] = reply["service"]
        return service

    def update(self, cluster: str, name: str, changes: Mapping[str, Any]) -> None:
        self._ecs.update_service(cluster=cluster, service=name, **changes)

    def stop_tasks(self, cluster: str, name: str, arns: Sequence[str] | None = None) -> None:
        """
        End what a service does not get rid of (AWS behaviour F43): all of its tasks, or these.

        The role may do that to tasks that carry our tags. DeniedError says how they get them.
        """
        if arns is None:
            tasks = self.tasks(cluster, name)
            arns = [task["taskArn"] for task in tasks if task["lastStatus"] != "STOPPED"]
        for arn in arns:
            self._stop_task(cluster, name, arn)

    def _stop_task(self, cluster: str, name: str, arn: str) -> None:
        try:
            self._ecs.stop_task(cluster=cluster, task=arn, reason="it drains for ever")
        except Exception as error:
            if code_of(error) not in DENIED:
                raise
            id_ = arn.rpartition("/")[2]
            raise DeniedError(
                f'cannot stop a task of service "{name}", which drains for ever: {code_of(error)}; '
                f"stop it by hand (aws ecs stop-task --cluster {cluster} --task {id_}), and set "
                f'propagate_tags = "SERVICE", so that its tasks carry the tags that allow it'
            ) from error

    def delete(self, cluster: str, name: str) -> None:
        """Force, or AWS refuses while tasks run or the target group is gone (§2.6)."""
        with gone_is_fine():
            self._ecs.delete_service(cluster=cluster, service=name, force=True)


def _client_token(request: Mapping[str, Any], after: Sequence[str]) -> str:
    text = json.dumps([request, sorted(after)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:36]
