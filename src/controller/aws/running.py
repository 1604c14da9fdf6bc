"""What runs already and is handed over: its tags, and whether it is as a spec wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.aws.clients import Client, Clients
from controller.aws.cloud import AwsCloud
from controller.aws.errors import GONE, code_of, translate
from controller.aws.tags import from_ecs, from_elb
from controller.domain.planning.plan import Plan, Target, make_plan
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, Spec
from controller.domain.ports import Clock, SideBySide

_PAUSES = (1.0, 2.0, 4.0)
"""Seconds between looks: reads lag behind tags that have just been set (AWS behaviour §1.6)."""


_UNTAGGED = (Kind.AUTOSCALING_POLICY, Kind.SCHEDULED_ACTION)
"""Kinds without tags: they are whose their scalable target is."""


class RunningStack:
    """The resources of one stack, by ARN."""

    def __init__(self, clients: Clients, clock: Clock, side_by_side: SideBySide) -> None:
        self._clients = clients
        self._clock = clock
        self._side_by_side = side_by_side

    def tags(self, kind: str, arn: str) -> Mapping[str, str] | None:
        """All tags; None where AWS does not know the ARN, or knows it only as deleted."""
        if kind in _UNTAGGED:
            return {}
        try:
            if kind == Kind.SERVICE:
                return self._service_tags(arn)
            if kind == Kind.AUTOSCALING_TARGET:
                return dict(self._autoscaling.list_tags_for_resource(ResourceARN=arn)["Tags"])
            reply = self._clients.elbv2.describe_tags(ResourceArns=[arn])
            return from_elb(reply["TagDescriptions"][0]["Tags"])
        except Exception as error:
            if code_of(error) in (*GONE, "ClusterNotFoundException", "ResourceNotFoundException"):
                return None
            raise translate(error, f"read the tags of {arn}") from None

    def tag(self, kind: str, arn: str, tags: Mapping[str, str]) -> None:
        """Raises DormouseError; with the way out for a service whose ARN is of the old form."""
        if kind in _UNTAGGED:
            return
        try:
            if kind == Kind.AUTOSCALING_TARGET:
                self._autoscaling.tag_resource(ResourceARN=arn, Tags=dict(tags))
            elif kind == Kind.SERVICE:
                pairs = [{"key": key, "value": value} for key, value in tags.items()]
                self._clients.ecs.tag_resource(resourceArn=arn, tags=pairs)
            else:
                pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
                self._clients.elbv2.add_tags(ResourceArns=[arn], Tags=pairs)
        except Exception as error:
            raise translate(error, f"tag {arn}") from None

    def untag(self, kind: str, arn: str, names: tuple[str, ...]) -> None:
        if kind in _UNTAGGED:
            return
        try:
            if kind == Kind.AUTOSCALING_TARGET:
                self._autoscaling.untag_resource(ResourceARN=arn, TagKeys=list(names))
            elif kind == Kind.SERVICE:
                self._clients.ecs.untag_resource(resourceArn=arn, tagKeys=list(names))
            else:
                self._clients.elbv2.remove_tags(ResourceArns=[arn], TagKeys=list(names))
        except Exception as error:
            if code_of(error) not in GONE:
                raise translate(error, f"untag {arn}") from None

    @property
    def _autoscaling(self) -> Client:
        return self._clients.get("application-autoscaling")

    def left_to_do(self, spec: Spec) -> tuple[str, ...]:
        """What a wake would still do, a few looks long; nothing where the stack is awake."""
        plan = self._plan(spec)
        for pause in _PAUSES:
            if plan.converged:
                break
            self._clock.sleep(pause)
            plan = self._plan(spec)
        return (
            *(
                f"{action.verb} {action.address}{_fields(action.changes)}"
                for action in plan.actions
            ),
            *(f"{address}: {text or 'under way'}" for address, text in plan.waiting),
            *(f"{address}: {cause}" for address, cause in (*plan.blocked, *plan.failed)),
        )

    def standing(self, spec: Spec) -> Mapping[str, str]:
        """ARNs of what stands and is ours, by address."""
        observed = self._cloud(spec).observe(Target.AWAKE, Progress(), self._clock.now())
        return {
            address: one.arn
            for address, one in observed.resources.items()
            if one.state.exists and one.arn
        }

    def _plan(self, spec: Spec) -> Plan:
        observed = self._cloud(spec).observe(Target.AWAKE, Progress(), self._clock.now())
        return make_plan(spec, Target.AWAKE, observed)

    def _cloud(self, spec: Spec) -> AwsCloud:
        return AwsCloud(spec, self._clients, self._side_by_side)

    def _service_tags(self, arn: str) -> Mapping[str, str] | None:
        """A deleted service is described for a while as INACTIVE (AWS behaviour §2)."""
        cluster = arn.rpartition(":service/")[2].rpartition("/")[0]
        of: dict[str, Any] = {"cluster": cluster} if cluster else {}
        reply = self._clients.ecs.describe_services(services=[arn], include=["TAGS"], **of)
        for service in reply["services"]:
            if service["status"] == "ACTIVE":
                return from_ecs(service.get("tags", ()))
        return None


def _fields(names: tuple[str, ...]) -> str:
    return f" ({', '.join(names)})" if names else ""
