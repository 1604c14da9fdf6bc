"""The reads of a trial's watches. Their results are recorded by observing the calls."""

from __future__ import annotations

from datetime import datetime, timedelta

from controller.aws.clients import Clients
from controller.aws.errors import GONE, code_of
from controller.aws.traffic import NAMESPACE, NEW
from controller.domain.trial import measures as states
from controller.domain.trial.sightings import Log, Subject, Thing

MOST_TASKS = 100
"""Of one DescribeTasks (ECS API reference)."""

_METRIC = {"Namespace": NAMESPACE, "MetricName": NEW}


class TrialReads:
    """Each reads once, and says whether the end was seen."""

    def __init__(self, clients: Clients, log: Log) -> None:
        self._clients = clients
        self._log = log
        self._tasks: dict[str, list[str]] = {}

    def is_active(self, arn: str) -> bool:
        return self._balancer(arn) in (states.ACTIVE, "failed")

    def is_missing(self, arn: str) -> bool:
        return self._balancer(arn) == states.MISSING

    def _balancer(self, arn: str) -> str:
        try:
            self._clients.elbv2.describe_load_balancers(LoadBalancerArns=[arn])
        except Exception as error:
            if code_of(error) not in GONE:
                raise
        return self._log.state(Subject(Thing.BALANCER, arn))

    def is_free(self, allocation_id: str) -> bool:
        self._clients.ec2.describe_addresses(AllocationIds=[allocation_id])
        return self._log.state(Subject(Thing.ADDRESS, allocation_id)) == states.FREE

    def is_let_go(self, group_arn: str) -> bool:
        try:
            self._clients.elbv2.describe_target_groups(TargetGroupArns=[group_arn])
        except Exception as error:
            if code_of(error) not in GONE:
                raise
            return True
        return self._log.state(Subject(Thing.GROUP, group_arn)) == states.UNATTACHED

    def are_tasks(self, cluster: str, service: str, wanted: int) -> bool:
        """Whether this many run, or for 0 whether all have stopped."""
        found = _statuses(self._clients, cluster, self._known(service))
        if not wanted:
            return all(status == "STOPPED" for status in found)
        if len([status for status in found if status != "STOPPED"]) < wanted:
            given = {"cluster": cluster, "serviceName": service, "desiredStatus": "RUNNING"}
            arns = self._clients.ecs.list_tasks(**given)["taskArns"]
            new = [arn for arn in arns if arn not in self._known(service)]
            self._tasks[service] = [*self._known(service), *new]
            found += _statuses(self._clients, cluster, new)
        return found.count("RUNNING") >= wanted

    def _known(self, service: str) -> list[str]:
        """The newest tasks of the service that were listed here."""
        return self._tasks.get(service, [])[-MOST_TASKS:]

    def are_targets(self, group_arn: str, wanted: int) -> bool:
        """Whether this many are healthy, or for 0 whether none drains any more."""
        try:
            reply = self._clients.elbv2.describe_target_health(TargetGroupArn=group_arn)
        except Exception as error:
            if code_of(error) not in GONE:
                raise
            return not wanted
        found = [each["TargetHealth"]["State"] for each in reply["TargetHealthDescriptions"]]
        return found.count("healthy") >= wanted if wanted else not found

    def takes_count(self, cluster: str, service: str) -> bool | None:
        """Say 0 again to a service whose target group has no load balancer; None: no answer."""
        try:
            self._clients.ecs.update_service(cluster=cluster, service=service, desiredCount=0)
        except Exception as error:
            code = code_of(error)
            if not code:
                raise
            return False if code == "InvalidParameterException" else None
        return True

    def service_state(self, cluster: str, service: str) -> str:
        self._clients.ecs.describe_services(cluster=cluster, services=[service])
        return self._log.state(Subject(Thing.SERVICE, service))

    def has_point(self, arn: str, since: datetime, now: datetime) -> bool:
        """Whether CloudWatch shows a minute of the load balancer."""
        dimensions = [{"Name": "LoadBalancer", "Value": arn.partition(":loadbalancer/")[2]}]
        cloudwatch = self._clients.cloudwatch
        cloudwatch.list_metrics(**_METRIC, Dimensions=dimensions)
        cloudwatch.get_metric_statistics(
            **_METRIC,
            Dimensions=dimensions,
            StartTime=since - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return self._log.state(Subject(Thing.METRIC, arn)) == states.POINT


def _statuses(clients: Clients, cluster: str, arns: list[str]) -> list[str]:
    if not arns:
        return []
    reply = clients.ecs.describe_tasks(cluster=cluster, tasks=arns)
    return [str(task["lastStatus"]) for task in reply["tasks"]]
