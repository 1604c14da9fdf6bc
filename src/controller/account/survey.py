"""
Read what decides whether a stack can run in its account; change nothing.

One read that is refused hides only its own facts: each goes into the `Facts` by itself, or as a
`Refusal` that names the missing right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from controller.account import network, services
from controller.account.content_reads import content_reads
from controller.account.read import Read
from controller.account.vcpus import vcpu_reads
from controller.aws import leftovers
from controller.aws.clients import Clients
from controller.aws.context import Context
from controller.aws.errors import translate
from controller.domain.diagnostics.account import LINKED_ROLES
from controller.domain.diagnostics.facts import Back, Caller, Facts, Front, Refusal, backs, fronts
from controller.domain.errors import DeniedError, DormouseError
from controller.domain.planning.observed import Leftover
from controller.domain.planning.references import resolve
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.ports import SideBySide

_REFERABLE = (
    "arn",
    "id",
    "arn_suffix",
    "dns_name",
    "zone_id",
    "name",
    "port",
    "vpc_id",
    "resource_id",
)

_RIGHTS = {
    "cluster": "ecs:DescribeClusters",
    "task_definition": "ecs:DescribeTaskDefinition",
    "security_group": "ec2:DescribeSecurityGroups",
    "security_groups": "ec2:DescribeSecurityGroups",
    "elastic_ip": "ec2:DescribeAddresses",
    "elastic_ips": "ec2:DescribeAddresses",
    "subnet": "ec2:DescribeSubnets",
    "subnets": "ec2:DescribeSubnets",
    "vpc": "ec2:DescribeVpcs",
    "availability_zones": "ec2:DescribeAvailabilityZones",
    "iam_role": "iam:GetRole",
    "load_balancer": "elasticloadbalancing:DescribeLoadBalancers",
    "target_group": "elasticloadbalancing:DescribeTargetGroups",
    "service": "ecs:DescribeServices",
    "certificate": "acm:ListCertificates",
    "ssm_parameter": "ssm:GetParameter",
    "kms_key": "kms:DescribeKey",
}
"""The right to look up a resource of each kind, as IAM names it."""


class Survey:
    """
    Make one for each examination of a stack. `say` receives what is read now.

    Without `whole` what a pass finds by itself is left out: whose account it is, what else carries
    the stack's tag, and the roles that AWS makes for itself.

    Its size: one method for each thing that is read of an account, over one cache of what was read.
    """

    def __init__(
        self,
        spec: Spec,
        clients: Clients,
        side_by_side: SideBySide,
        say: Callable[[str], None] = lambda _: None,
        *,
        whole: bool = True,
    ) -> None:
        self._spec = spec
        self._clients = clients
        self._side_by_side = side_by_side
        self._say = say
        self._whole = whole
        self._context = Context(spec, clients)
        self._refusals: list[Refusal] = []
        self._unanswered: list[tuple[str, str]] = []

    def gather(self, now: datetime) -> Facts:
        """Everything that can be read. Raises the domain's errors for want of credentials."""
        self._say("asking whose account this is")
        caller = self._caller() if self._whole else None
        self._say("looking up what the configuration refers to")
        facts = Facts(
            spec=self._answered(),
            region=str(self._clients.ec2.meta.region_name),
            at=now,
            caller=caller,
            unanswered=tuple(sorted(set(self._unanswered))),
        )
        self._say("reading network, cluster and names")
        facts = self._fill(facts, self._first_reads(facts, now))
        self._say("reading routes, addresses, roles and images")
        contents = content_reads(facts, self._clients)
        facts = self._fill(facts, [*self._second_reads(facts), *contents])
        refusals = sorted(self._refusals, key=lambda each: (each.check, each.subject))
        return replace(facts, refusals=tuple(refusals))

    def _caller(self) -> Caller:
        try:
            found = self._clients.sts.get_caller_identity()
        except Exception as error:
            raise translate(error, "find out whose account this is") from error
        return Caller(account=found["Account"], arn=found["Arn"])

    def _answered(self) -> Spec:
        """The spec with every look-up answered, or None in its place."""
        known = {
            each.address: {name: f"{each.address}.{name}" for name in _REFERABLE}
            for each in self._spec.resources
        }
        jobs = [lambda one=one: self._answer(one, known) for one in self._spec.resources]
        return replace(self._spec, resources=tuple(_answers(self._side_by_side(jobs))))

    def _answer(
        self, resource: ResourceSpec, known: Mapping[str, Mapping[str, str]]
    ) -> ResourceSpec:
        def look_up(wanted: Mapping[str, Json]) -> Json:
            try:
                return self._context.resolve(wanted, {})
            except DeniedError as error:
                kind = str(wanted["$look_up"])
                right = _RIGHTS.get(kind, f"to look up a {kind.replace('_', ' ')}")
                self._refuse("look-ups", str(wanted.get("of") or resource.address), right, error)
            except DormouseError as error:
                self._unanswered.append((resource.address, str(error)))
            return None

        return replace(resource, request=resolve(resource.request, known, look_up, lenient=True))

    def _first_reads(self, facts: Facts, now: datetime) -> list[Read]:
        return [*self._network_reads(facts), *self._service_reads(facts), *self._name_reads(now)]

    def _network_reads(self, facts: Facts) -> list[Read]:
        ec2 = self._clients.ec2
        parts: list[Front | Back] = [*fronts(facts.spec), *backs(facts.spec)]
        subnets = [each for part in parts for each in part.subnets]
        groups = [each for part in parts for each in part.groups]
        vpcs = [value for value in _remembered(facts.spec) if value.startswith("vpc-")]
        return [
            Read(
                field="vpcs",
                check="state",
                subject="VPCs",
                right="ec2:DescribeVpcs",
                do=lambda: network.read_vpcs(ec2, vpcs),
            ),
            Read(
                field="subnets",
                check="subnets",
                subject="subnets",
                right="ec2:DescribeSubnets",
                do=lambda: network.read_subnets(ec2, subnets),
            ),
            Read(
                field="groups",
                check="security-groups",
                subject="security groups",
                right="ec2:DescribeSecurityGroups",
                do=lambda: network.read_groups(ec2, groups),
            ),
            Read(
                field="endpoints",
                check="route-out",
                subject="VPC endpoints",
                right="ec2:DescribeVpcEndpoints",
                do=lambda: network.read_endpoints(ec2),
            ),
        ]

    def _service_reads(self, facts: Facts) -> list[Read]:
        ecs, elbv2 = self._clients.ecs, self._clients.elbv2
        clusters = [back.cluster for back in backs(facts.spec) if back.cluster]
        active = _found_clusters(self._spec, facts)
        definitions = [back.definition for back in backs(facts.spec) if back.definition]
        return [
            Read(
                field="clusters",
                check="cluster",
                subject="clusters",
                right="ecs:DescribeClusters",
                do=lambda: (
                    dict.fromkeys(active, "ACTIVE")
                    | services.read_clusters(ecs, [each for each in clusters if each not in active])
                ),
            ),
            *([self._leftovers_read()] if self._whole else []),
            *(
                Read(
                    field="definitions",
                    key=name,
                    check="task-definition",
                    subject=name.rpartition("/")[2],
                    right="ecs:DescribeTaskDefinition",
                    do=partial(services.read_definition, ecs, name),
                )
                for name in dict.fromkeys(definitions)
            ),
            Read(
                field="quotas",
                check="quotas",
                subject="load balancers and target groups",
                right="elasticloadbalancing:DescribeAccountLimits",
                do=lambda: services.read_quotas(elbv2),
            ),
        ]

    def _leftovers_read(self) -> Read:
        return Read(
            field="leftovers",
            check="leftovers",
            subject="load balancers and services with the stack's tag",
            right="elasticloadbalancing:DescribeLoadBalancers, ecs:ListServices",
            do=self._find_leftovers,
        )

    def _find_leftovers(self) -> tuple[Leftover, ...]:
        services = self._spec.of_kind(Kind.SERVICE)
        clusters = dict.fromkeys(self._context.cluster(each) for each in services)
        return leftovers.find(self._context, list(clusters))

    def _name_reads(self, now: datetime) -> list[Read]:
        """A listener has no name: it goes with its load balancer."""
        return [
            Read(
                field="standing",
                key=resource.address,
                check="names",
                subject=resource.address,
                right=_RIGHTS[str(resource.kind)],
                do=partial(services.read_standing, self._context, resource, now),
            )
            for resource in self._spec.resources
            if not resource.kind.traits.goes_with
        ]

    def _second_reads(self, facts: Facts) -> list[Read]:
        ec2, iam = self._clients.ec2, self._clients.iam
        definitions = (facts.definitions or {}).values()
        linked = LINKED_ROLES if self._whole else ()
        roles = [*linked, *(d.execution_role for d in definitions if d.execution_role)]
        routes = Read(
            field="subnets",
            check="route-out",
            subject="route tables",
            right="ec2:DescribeRouteTables",
            do=lambda: network.with_ways_out(ec2, facts.subnets or {}),
        )
        return [
            *([] if facts.subnets is None else [routes]),
            Read(
                field="addresses",
                check="elastic-ip",
                subject="Elastic IPs",
                right="ec2:DescribeAddresses, ec2:DescribeNetworkInterfaces",
                do=lambda: network.read_addresses(ec2, facts),
            ),
            *vcpu_reads(facts, self._clients),
            *(
                Read(
                    field="roles",
                    key=name,
                    check="roles",
                    subject=name.rpartition("/")[2],
                    right="iam:GetRole",
                    do=partial(services.read_role, iam, name),
                )
                for name in dict.fromkeys(roles)
            ),
        ]

    def _fill(self, facts: Facts, reads: Sequence[Read]) -> Facts:
        """The facts with all that could be read; what was refused stays as it was."""
        found: dict[str, Any] = {}
        results = self._side_by_side([read.do for read in reads])
        for read, result in zip(reads, results, strict=True):
            if read.key:
                found.setdefault(read.field, {})
            if isinstance(result, Exception):
                error = translate(result, f"read {read.subject}")
                self._refuse(read.check, read.subject, read.right, error)
            elif read.key and result is not None:
                found[read.field][read.key] = result
            elif not read.key:
                found[read.field] = result
        return replace(facts, **found)

    def _refuse(self, check: str, subject: str, right: str, error: DormouseError) -> None:
        denied = isinstance(error, DeniedError)
        self._refusals.append(
            Refusal(check=check, subject=subject, right=right, cause=str(error), denied=denied)
        )


def _found_clusters(spec: Spec, facts: Facts) -> set[str]:
    """Those that a look-up has found: it finds ACTIVE ones alone."""
    named = {each.address: each.request.get("cluster") for each in spec.resources}
    parts = backs(facts.spec)
    return {b.cluster for b in parts if isinstance(named[b.resource.address], dict)} - {""}


def _remembered(spec: Spec) -> Mapping[str, str]:
    """What of the spec Terraform's state has said."""
    values: Mapping[str, str] = spec.source.get("state", {}).get("values", {})
    return values


def _answers(results: Sequence[ResourceSpec | Exception]) -> list[ResourceSpec]:
    for result in results:
        if isinstance(result, Exception):
            raise result
    return [each for each in results if isinstance(each, ResourceSpec)]
