"""A stack while it is being compiled: each resource with its request and what was wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.spec import Json, Kind, ResourceSpec, references, split_reference
from controller.domain.problem import Problem
from controller.hcl.world import ResourceInstance
from controller.mapping.fill import Filling
from controller.mapping.references import is_reference
from controller.mapping.worlds import Sleeper


@dataclass(frozen=True, slots=True)
class Draft:
    """One resource of the spec in the making."""

    sleeper: Sleeper
    filling: Filling

    @property
    def instance(self) -> ResourceInstance:
        return self.sleeper.instance

    @property
    def address(self) -> str:
        return self.sleeper.instance.address

    @property
    def kind(self) -> Kind:
        return self.sleeper.kind

    @property
    def request(self) -> dict[str, Json]:
        return self.filling.request

    def needs(self) -> set[str]:
        """Addresses that its request refers to."""
        found = references(self.request)
        return {split_reference(ref["$ref"])[0] for ref in found if "$ref" in ref}


@dataclass(frozen=True, slots=True)
class StackDraft:
    """
    All drafts by address, and what Terraform keeps; `name` is the stack's.

    `missing` are the kinds of which a resource is not among the drafts because of an error,
    `guesses` the look-ups that may find another thing than Terraform's, `remembered` the ids and
    ARNs that a state has given, with the addresses of their things.
    """

    name: str
    drafts: Mapping[str, Draft]
    kept: Mapping[str, ResourceInstance]
    missing: frozenset[Kind] = frozenset()
    guesses: tuple[Problem, ...] = ()
    remembered: Mapping[str, str] = field(default_factory=dict)

    def knows_all(self, kind: Kind) -> bool:
        """Whether something may be concluded from what resources of this kind do not say."""
        return kind not in self.missing and all(d.filling.sound for d in self.of_kind(kind))

    def of_kind(self, kind: Kind) -> Iterator[Draft]:
        return (draft for draft in self.drafts.values() if draft.kind is kind)

    def referred(self, value: Json) -> Draft | None:
        """The draft whose attribute the value is, if it is one."""
        if isinstance(value, Mapping) and "$ref" in value:
            return self.drafts.get(split_reference(value["$ref"])[0])
        return None

    def kept_thing(self, value: Json) -> ResourceInstance | None:
        """The kept instance whose attribute the value is, if it is one."""
        if isinstance(value, Mapping) and "$look_up" in value:
            return self.kept.get(value["of"])
        if isinstance(value, str):
            return self.kept.get(self.remembered.get(value, ""))
        return None

    @property
    def knows_targets(self) -> bool:
        """Whether no listener forwards to something that only turns out when the stack wakes."""
        arns = [arn for one in self.of_kind(Kind.LISTENER) for arn in _target_arns(one)]
        return not any(
            is_reference(arn) and "$ref" not in arn and arn.get("$look_up") != "target_group"
            for arn in arns
        )

    def forwards_to(self, listener: Draft) -> list[Draft]:
        """The target groups of the spec to which a listener forwards."""
        found = (self.referred(arn) for arn in _target_arns(listener))
        return [target for target in found if target]

    def listeners_of(self, target_group: Draft) -> list[Draft]:
        return [
            listener
            for listener in self.of_kind(Kind.LISTENER)
            if target_group in self.forwards_to(listener)
        ]

    def target_groups_of(self, service: Draft) -> list[tuple[int, Draft]]:
        """The target groups of the spec that a service registers with, by position."""
        entries = service.request.get("loadBalancers", [])
        found = ((i, self.referred(e.get("targetGroupArn"))) for i, e in enumerate(entries))
        return [(i, target) for i, target in found if target is not None]

    def scaling_targets_of(self, service: str) -> list[Draft]:
        """What autoscaling sets the number of tasks of a service by, from its address."""
        targets = self.of_kind(Kind.AUTOSCALING_TARGET)
        return [draft for draft in targets if draft.sleeper.service == service]

    def load_balancer_of(self, listener: Draft) -> Draft | None:
        return self.referred(listener.request.get("LoadBalancerArn"))


def _target_arns(listener: Draft) -> list[Json]:
    arns: list[Json] = []
    for action in listener.request.get("DefaultActions", []):
        arns.append(action.get("TargetGroupArn"))
        arns += [target.get("TargetGroupArn") for target in _weighted(action)]
    return arns


def _weighted(action: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    targets: list[Mapping[str, Json]] = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return targets


def canonical(value: Json) -> str:
    """Equal for equal questions: what a look-up is called in messages does not count."""
    if isinstance(value, Mapping) and "$look_up" in value:
        what = value.get("take", value["attribute"])
        value = {k: v for k, v in value.items() if k not in ("of", "attribute")} | {"take": what}
    return json.dumps(value, sort_keys=True, default=str)


def finish(
    draft: Draft,
    after: tuple[str, ...],
    ignored: tuple[str, ...],
    *,
    size: Mapping[str, Json],
    scaling: Mapping[str, Json],
) -> ResourceSpec:
    """
    The draft as a resource of the spec.

    `ignored` are the fields that are left alone; `size` and `scaling` are a service's, empty for
    the others.
    """
    count = draft.sleeper.asleep_count
    return ResourceSpec(
        address=draft.address,
        kind=draft.kind,
        source=str(draft.instance.place),
        request=draft.request,
        attributes=draft.filling.attributes,
        after=after,
        asleep=None if count is None else {"desiredCount": count},
        ignore_changes=draft.instance.ignore_changes,
        size=size,
        ignored=ignored,
        scaling=scaling,
    )
