"""
What a careful script does without Dormouse: one boto3 call after the other, and its waiters.

    python -m bench.waiters SPEC awake|asleep      SPEC is the JSON that `dormouse compile` writes
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from controller.aws.clients import Clients
from controller.aws.context import Context
from controller.domain.planning.spec import Kind, Spec

LOOK_SECONDS = 15
VISIBLE_SECONDS = 5
"""What such scripts sleep before they go on with what they have just made."""


class Script:
    def __init__(self, spec: Spec) -> None:
        session = boto3.Session()
        self._spec = spec
        self._elbv2, self._ecs = session.client("elbv2"), session.client("ecs")
        self._context = Context(spec, Clients(session, spec.region))
        self._known: dict[str, dict[str, str]] = {}

    def wake(self) -> None:
        reply = self._elbv2.create_load_balancer(**self._request(Kind.LOAD_BALANCER))
        balancer = self._made(Kind.LOAD_BALANCER, reply["LoadBalancers"][0]["LoadBalancerArn"])
        self._elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[balancer])
        reply = self._elbv2.create_target_group(**self._request(Kind.TARGET_GROUP))
        group = self._made(Kind.TARGET_GROUP, reply["TargetGroups"][0]["TargetGroupArn"])
        self._elbv2.create_listener(**self._request(Kind.LISTENER))
        time.sleep(VISIBLE_SECONDS)
        service = self._ecs.create_service(**self._request(Kind.SERVICE))["service"]
        time.sleep(VISIBLE_SECONDS)
        self._ecs.get_waiter("services_stable").wait(
            cluster=service["clusterArn"], services=[service["serviceName"]]
        )
        while not self._is_healthy(group):
            time.sleep(LOOK_SECONDS)

    def sleep(self) -> None:
        cluster = self._request(Kind.SERVICE)["cluster"]
        service = self._spec.of_kind(Kind.SERVICE)[0].name
        self._ecs.update_service(cluster=cluster, service=service, desiredCount=0)
        self._ecs.get_waiter("services_stable").wait(cluster=cluster, services=[service])
        self._ecs.delete_service(cluster=cluster, service=service)
        self._ecs.get_waiter("services_inactive").wait(cluster=cluster, services=[service])
        name = self._spec.of_kind(Kind.LOAD_BALANCER)[0].name
        found = self._elbv2.describe_load_balancers(Names=[name])["LoadBalancers"][0]
        balancer = found["LoadBalancerArn"]
        for listener in self._elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
            self._elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
        self._elbv2.delete_load_balancer(LoadBalancerArn=balancer)
        self._elbv2.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[balancer])
        self._delete_group(self._spec.of_kind(Kind.TARGET_GROUP)[0].name)

    def _delete_group(self, name: str) -> None:
        group = self._elbv2.describe_target_groups(Names=[name])["TargetGroups"][0]
        while True:
            try:
                self._elbv2.delete_target_group(TargetGroupArn=group["TargetGroupArn"])
            except self._elbv2.exceptions.ResourceInUseException:
                time.sleep(VISIBLE_SECONDS)
            else:
                return

    def _request(self, kind: Kind) -> dict[str, Any]:
        resource = self._spec.of_kind(kind)[0]
        known = {**{r.address: {"arn": "", "id": ""} for r in self._spec.resources}, **self._known}
        filled: dict[str, Any] = self._context.resolve(resource.request, known)
        return filled

    def _made(self, kind: Kind, arn: str) -> str:
        self._known[self._spec.of_kind(kind)[0].address] = {"arn": arn, "id": arn}
        return arn

    def _is_healthy(self, group: str) -> bool:
        health = self._elbv2.describe_target_health(TargetGroupArn=group)
        return any(
            one["TargetHealth"]["State"] == "healthy" for one in health["TargetHealthDescriptions"]
        )


def main(path: str, to: str) -> int:
    script = Script(Spec.from_json(json.loads(Path(path).read_text())))
    try:
        script.wake() if to == "awake" else script.sleep()
    except ClientError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
