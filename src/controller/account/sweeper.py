"""
Everything in one region that carries our stack tag, and the three deletes.

Listed from the services themselves and not from an index of tags, which lags behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from controller.aws.clients import Client, Clients
from controller.aws.errors import GONE, code_of, translate
from controller.aws.listing import TAGS_LIMIT, in_parts, list_all, read_elb_tags
from controller.aws.tags import from_ecs
from controller.domain.guards.sweeping import OwnedResource
from controller.domain.money.ledger import cost
from controller.domain.money.prices import find_prices
from controller.domain.money.usage import Tasks
from controller.domain.planning.owner_tags import ADDRESS, STACK
from controller.domain.planning.spec import Kind

_DESCRIBE_LIMIT = 10  # services per DescribeServices (AWS behaviour §2.4)

Tags = Mapping[str, str]


class Sweeper:
    """
    One region; its role is taken on with the first call.

    Its size: for each kind with our tags how it is found, read and deleted, by one set of clients.
    """

    def __init__(self, clients: Clients, region: str, role_arn: str | None = None) -> None:
        self._clients = clients
        self.region = region
        self._role_arn = role_arn

    @property
    def _elbv2(self) -> Client:
        return self._clients.elbv2

    @property
    def _ecs(self) -> Client:
        return self._clients.ecs

    def find(self) -> list[OwnedResource]:
        """All load balancers, services and target groups that carry both our tags."""
        try:
            return [*self._load_balancers(), *self._services(), *self._target_groups()]
        except Exception as error:
            raise translate(error, self._look()) from error

    def _look(self) -> str:
        where = f"look for leftovers in {self.region}"
        return f"{where} as {self._role_arn}" if self._role_arn else where

    def delete(self, owned: OwnedResource) -> None:
        """
        Delete a thing, after a last look at its tags; what is gone already is deleted.

        Returns at once. Raises the domain's errors; RetryError for what takes its time.
        """
        try:
            if self._is_ours(owned):
                self._delete(owned)
        except Exception as error:
            if code_of(error) in GONE:
                return
            raise translate(error, f'delete {_kind(owned)} "{owned.name}"') from error

    def _delete(self, owned: OwnedResource) -> None:
        match owned.kind:
            case Kind.SERVICE:
                self._ecs.delete_service(cluster=owned.cluster, service=owned.name, force=True)
            case Kind.LOAD_BALANCER:
                self._elbv2.delete_load_balancer(LoadBalancerArn=owned.arn)
            case _:
                self._elbv2.delete_target_group(TargetGroupArn=owned.arn)

    def _is_ours(self, owned: OwnedResource) -> bool:
        """The tags that it was shown with: somebody may have taken it over since."""
        if owned.kind is Kind.SERVICE:
            reply = self._ecs.list_tags_for_resource(resourceArn=owned.arn)
            tags: Tags = from_ecs(reply.get("tags", ()))
        else:
            tags = read_elb_tags(self._elbv2, [owned.arn])[owned.arn] or {}
        return (tags.get(STACK), tags.get(ADDRESS)) == (owned.stack, owned.address)

    # what there is

    def _load_balancers(self) -> Iterator[OwnedResource]:
        listed = list_all(self._elbv2, "describe_load_balancers", "LoadBalancers")
        found = [each for each in listed if each.get("Type") == "network"]
        for each, tags in self._with_tags(found, "LoadBalancerArn"):
            yield self._thing(
                Kind.LOAD_BALANCER,
                each["LoadBalancerName"],
                each["LoadBalancerArn"],
                tags,
                since=each.get("CreatedTime"),
                usd_per_hour=find_prices(self.region).load_balancer,
            )

    def _target_groups(self) -> Iterator[OwnedResource]:
        listed = list_all(self._elbv2, "describe_target_groups", "TargetGroups")
        for each, tags in self._with_tags(listed, "TargetGroupArn"):
            arn = each["TargetGroupArn"]
            yield self._thing(
                Kind.TARGET_GROUP,
                each["TargetGroupName"],
                arn,
                tags,
                load_balancers=tuple(each.get("LoadBalancerArns", ())),
                targets=self._count_targets(arn),
            )

    def _count_targets(self, arn: str) -> int:
        try:
            reply = self._elbv2.describe_target_health(TargetGroupArn=arn)
        except Exception as error:
            if code_of(error) in GONE:
                return 0
            raise
        return len(reply["TargetHealthDescriptions"])

    def _services(self) -> Iterator[OwnedResource]:
        """One that drains is listed no more (AWS behaviour §2.4), so it is not found again."""
        for cluster in list_all(self._ecs, "list_clusters", "clusterArns"):
            arns = list_all(self._ecs, "list_services", "serviceArns", cluster=cluster)
            for some in in_parts(arns, _DESCRIBE_LIMIT):
                reply = self._ecs.describe_services(
                    cluster=cluster, services=some, include=["TAGS"]
                )
                yield from self._of_services(cluster, reply["services"])

    def _of_services(
        self, cluster: str, found: Iterable[Mapping[str, Any]]
    ) -> Iterator[OwnedResource]:
        for each in found:
            tags = from_ecs(each.get("tags", ()))
            if _carries_both(tags) and each["status"] != "INACTIVE":
                yield self._thing(
                    Kind.SERVICE,
                    each["serviceName"],
                    each["serviceArn"],
                    tags,
                    cluster=cluster,
                    since=each.get("createdAt"),
                    usd_per_hour=self._service_hour(each),
                    leaving=each["status"] == "DRAINING",
                )

    def _service_hour(self, found: Mapping[str, Any]) -> Decimal:
        reply = self._ecs.describe_task_definition(taskDefinition=found["taskDefinition"])
        definition = reply["taskDefinition"]
        network = found.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        tasks = Tasks(
            count=max(found.get("desiredCount", 0), found.get("runningCount", 0)),
            cpu=int(definition.get("cpu") or 256),
            memory=int(definition.get("memory") or 512),
            arm=definition.get("runtimePlatform", {}).get("cpuArchitecture") == "ARM64",
            public_ip=network.get("assignPublicIp") == "ENABLED",
        )
        return cost(tasks.used(Decimal(1), Decimal(1)), find_prices(self.region))

    def _thing(self, kind: Kind, name: str, arn: str, tags: Tags, **more: Any) -> OwnedResource:
        return OwnedResource(
            kind=kind,
            name=name,
            arn=arn,
            region=self.region,
            role_arn=self._role_arn,
            stack=tags[STACK],
            address=tags[ADDRESS],
            **more,
        )

    # tags

    def _with_tags(
        self, found: Sequence[Mapping[str, Any]], key: str
    ) -> Iterator[tuple[Mapping[str, Any], Tags]]:
        """Those that carry both our tags, with all their tags."""
        for some in in_parts(found, TAGS_LIMIT):
            by_arn = read_elb_tags(self._elbv2, [each[key] for each in some])
            for each in some:
                tags = by_arn[each[key]] or {}
                if _carries_both(tags):
                    yield each, tags


def _carries_both(tags: Tags) -> bool:
    return STACK in tags and ADDRESS in tags


def _kind(owned: OwnedResource) -> str:
    return str(owned.kind).replace("_", " ")
