"""Tags of what exists, by ARN: how each service of AWS reads, adds and removes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from controller.aws import scaling
from controller.aws.clients import Clients
from controller.aws.errors import code_of
from controller.aws.listing import read_elb_tags
from controller.aws.tags import from_ecs, to_ecs, to_elb
from controller.domain.planning.spec import Kind


class Tagging(Protocol):
    """The calls of one service. They raise its client errors."""

    def read(self, arn: str) -> Mapping[str, str] | None:
        """All tags; None where AWS does not know the ARN, or knows it only as deleted."""
        ...

    def add(self, arn: str, tags: Mapping[str, str]) -> None: ...

    def remove(self, arn: str, names: Sequence[str]) -> None: ...


class ElbTagging:
    def __init__(self, clients: Clients) -> None:
        self._elbv2 = clients.elbv2

    def read(self, arn: str) -> Mapping[str, str] | None:
        return read_elb_tags(self._elbv2, [arn])[arn]

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        self._elbv2.add_tags(ResourceArns=[arn], Tags=to_elb(tags))

    def remove(self, arn: str, names: Sequence[str]) -> None:
        self._elbv2.remove_tags(ResourceArns=[arn], TagKeys=list(names))


class EcsTagging:
    def __init__(self, clients: Clients) -> None:
        self._ecs = clients.ecs

    def read(self, arn: str) -> Mapping[str, str] | None:
        """A deleted service is described for a while as INACTIVE (AWS behaviour §2)."""
        cluster = arn.rpartition(":service/")[2].rpartition("/")[0]
        of: dict[str, Any] = {"cluster": cluster} if cluster else {}
        try:
            reply = self._ecs.describe_services(services=[arn], include=["TAGS"], **of)
        except Exception as error:
            if code_of(error) not in ("ClusterNotFoundException", "ServiceNotFoundException"):
                raise
            return None
        active = [each for each in reply["services"] if each["status"] == "ACTIVE"]
        return from_ecs(active[0].get("tags", ())) if active else None

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        self._ecs.tag_resource(resourceArn=arn, tags=to_ecs(tags))

    def remove(self, arn: str, names: Sequence[str]) -> None:
        self._ecs.untag_resource(resourceArn=arn, tagKeys=list(names))


class ScalingTagging:
    """Of scalable targets."""

    def __init__(self, clients: Clients) -> None:
        self._autoscaling = scaling.client_of(clients)

    def read(self, arn: str) -> Mapping[str, str] | None:
        return scaling.read_tags(self._autoscaling, arn)

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        self._autoscaling.tag_resource(ResourceARN=arn, Tags=dict(tags))

    def remove(self, arn: str, names: Sequence[str]) -> None:
        self._autoscaling.untag_resource(ResourceARN=arn, TagKeys=list(names))


class NoTagging:
    """Of policies and scheduled actions, which have no tags: they are whose their target is."""

    def __init__(self, clients: Clients) -> None:
        pass

    def read(self, arn: str) -> Mapping[str, str] | None:
        return {}

    def add(self, arn: str, tags: Mapping[str, str]) -> None:
        pass

    def remove(self, arn: str, names: Sequence[str]) -> None:
        pass


_TAGGING: Mapping[Kind, Callable[[Clients], Tagging]] = {
    Kind.LOAD_BALANCER: ElbTagging,
    Kind.TARGET_GROUP: ElbTagging,
    Kind.LISTENER: ElbTagging,
    Kind.SERVICE: EcsTagging,
    Kind.AUTOSCALING_TARGET: ScalingTagging,
    Kind.AUTOSCALING_POLICY: NoTagging,
    Kind.SCHEDULED_ACTION: NoTagging,
}
"""Separate from `kinds.py`: a pass sets tags with the create, and may not remove any."""


def tagging_of(kind: str, clients: Clients) -> Tagging:
    return _TAGGING[Kind(kind)](clients)
