"""The listener: ties the target group to the load balancer, and leaves with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from controller.aws.attributes import AttributeCalls
from controller.aws.context import Context
from controller.aws.errors import GONE, code_of, gone_is_fine
from controller.aws.forwarding import shares
from controller.aws.kind import Job, fresh
from controller.aws.settings import differing, plainly, said
from controller.aws.snapshot import Described, Snapshot
from controller.aws.tags import Owner, with_elb_owner
from controller.aws.target_group import count_healthy, read_health
from controller.domain.dataclass import replace
from controller.domain.planning.observed import ABSENT, PORT, Observation, Observed, State
from controller.domain.planning.plan import Action, Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec

PROTOCOL = "Protocol"
ACTIONS = "DefaultActions"

_CHANGEABLE = (
    PROTOCOL,
    "SslPolicy",
    "Certificates",
    ACTIONS,
    "AlpnPolicy",
    "MutualAuthentication",
)

KEEPS = "keeps"
"""The attribute with the target group that a listener goes on to send people to."""

_COMPARED = {key: plainly(key) for key in (PROTOCOL, "SslPolicy")}

# Until it was right once: what is looked up costs calls, and AWS may give it back otherwise.
_COMPARED_ONCE = {key: said(key) for key in ("Certificates", "AlpnPolicy", "MutualAuthentication")}


# What a fresh one has. Source: botocore's elbv2 model, ListenerAttribute (AWS behaviour §1.5).
_ATTRIBUTES = AttributeCalls(
    call="listener_attributes",
    parameter="ListenerArn",
    defaults={"tcp.idle_timeout.seconds": "350"},
)


class ListenerAdapter:
    """Listeners. Its size: a `ResourceKind`, with the weights of one group beside another."""

    kind = Kind.LISTENER
    attributes: AttributeCalls | None = _ATTRIBUTES
    leaving = ""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._elbv2 = context.clients.elbv2

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        return []

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """One call for each load balancer that has been found."""
        by_balancer: dict[str, list[ResourceSpec]] = {}
        for resource in resources:
            arn = self._balancer_of(snapshot, resource)
            if arn:
                by_balancer.setdefault(arn, []).append(resource)
        return [partial(self._read, snapshot, arn, some) for arn, some in by_balancer.items()]

    def _balancer_of(self, snapshot: Snapshot, resource: ResourceSpec) -> str:
        """ARN of the load balancer that a listener belongs to, "" while there is none."""
        return self._context.found_or_none(resource.request["LoadBalancerArn"], snapshot) or ""

    def _read(self, snapshot: Snapshot, arn: str, resources: Sequence[ResourceSpec]) -> None:
        found = self.describe(arn)
        for resource in resources:
            one = find(resource, found)
            snapshot.put(resource.address, one, identity(one["ListenerArn"]) if one else {})
            if one and snapshot.target is Target.AWAKE:
                self._read_others(snapshot, resource, one)
        if snapshot.target is Target.AWAKE:
            snapshot.unnamed[arn] = unnamed(resources, found)

    def _read_others(
        self, snapshot: Snapshot, resource: ResourceSpec, found: Mapping[str, Any]
    ) -> None:
        """Read the health of groups that the files do not name any more: they may serve people."""
        target = self._target(snapshot, resource)
        for arn in shares(found) if target else ():
            if arn != target:
                snapshot.health[arn] = read_health(self._elbv2, arn)

    def _target(self, snapshot: Snapshot, resource: ResourceSpec) -> str | None:
        """The ARN of the target group that it should forward to; None while unknown."""
        actions = (a for a in resource.request.get("DefaultActions", ()) if "TargetGroupArn" in a)
        action = next(actions, None)
        return self._context.found_or_none(action["TargetGroupArn"], snapshot) if action else None

    def describe(self, load_balancer_arn: str) -> list[dict[str, Any]]:
        """All listeners of a load balancer; none for one that is not there."""
        try:
            reply = self._elbv2.describe_listeners(LoadBalancerArn=load_balancer_arn)
        except Exception as error:
            if code_of(error) in GONE:
                return []
            raise
        found: list[dict[str, Any]] = reply["Listeners"]
        return found

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        found = snapshot.found.get(resource.address)
        tags = snapshot.tags.get(snapshot.arn(resource.address))
        target = self._target(snapshot, resource)
        owner, keeps = self._context.owner(resource), _still_serves(snapshot, found, target)
        if found is None and _group_is_outdated(snapshot, target):
            earlier = _earlier(snapshot, self._balancer_of(snapshot, resource), owner)
            if earlier:
                known = identity(earlier)
                return Observation(state=State.READY, attributes=known, outdated=(PORT, PROTOCOL))
        seen = interpret(
            resource, found, tags, target, owner, snapshot.progress, snapshot.now, keeps
        )
        if not seen.state.exists:
            return seen
        if PROTOCOL in seen.differs and _group_is_outdated(snapshot, target):
            differs = tuple(key for key in seen.differs if key == ACTIONS)
            return replace(seen, differs=differs, outdated=(PROTOCOL,))
        return replace(
            seen, differs=(*seen.differs, *_compared_once(self._context, snapshot, resource, found))
        )

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        """It is on our load balancer, so it is ours: no need to read its tags."""
        owner = self._context.owner(resource)
        reply = self._elbv2.create_listener(**with_elb_owner(request, owner))
        made = identity(str(reply["Listeners"][0]["ListenerArn"]))
        return fresh(resource, self.attributes, made, "", owned=True)

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        wanted = self._context.filled(resource, observed)
        seen = observed[resource.address]
        changeable = (ACTIONS,) if seen.outdated else _CHANGEABLE
        fields = {
            key: wanted[key] for key in changeable if key in wanted and not resource.ignores(key)
        }
        keeps = seen.attributes.get(KEEPS)
        if keeps and ACTIONS in fields:
            fields[ACTIONS] = [_beside(keeps, each) for each in fields[ACTIONS]]
        self._elbv2.modify_listener(ListenerArn=seen.arn, **fields)

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        self.delete_by_arn(seen.arn)

    def delete_by_arn(self, arn: str) -> None:
        with gone_is_fine():
            self._elbv2.delete_listener(ListenerArn=arn)


def _earlier(snapshot: Snapshot, balancer: str, owner: Owner) -> str:
    """The ARN of the listener of this address that is on another port; "" if there is none."""
    unnamed = snapshot.unnamed.get(balancer, ())
    return next((arn for arn in unnamed if owner.made(snapshot.tags.get(arn) or {})), "")


def _group_is_outdated(snapshot: Snapshot, target: str | None) -> bool:
    """AWS refuses a protocol that does not go with the group's, which comes with the next."""
    return any(
        PROTOCOL in differing(each, snapshot.found[each.address], _COMPARED)
        for each in snapshot.spec.of_kind(Kind.TARGET_GROUP)
        if snapshot.arn(each.address) == target and target
    )


def _compared_once(
    context: Context, snapshot: Snapshot, resource: ResourceSpec, found: Described | None
) -> tuple[str, ...]:
    """What has differed since the files were changed."""
    is_settled = snapshot.progress.is_settled(snapshot.arn(resource.address), resource)
    if is_settled or found is None or snapshot.target is Target.ASLEEP:
        return ()
    wanted = context.compared(resource, snapshot, _COMPARED_ONCE.keys())
    return differing(wanted, found, _COMPARED_ONCE)


def find(
    resource: ResourceSpec, listeners: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The one on our port; a TCP and a UDP listener may share it (§1.5)."""
    port, protocol = resource.request.get("Port"), resource.request.get("Protocol")
    on_port = [one for one in listeners if one.get("Port") == port]
    same = [one for one in on_port if one.get("Protocol") == protocol]
    return next(iter(same or on_port), None)


def unnamed(resources: Sequence[ResourceSpec], listeners: Sequence[Mapping[str, Any]]) -> list[str]:
    """ARNs of the listeners that belong to none of the resources."""
    named = [find(resource, listeners) for resource in resources]
    return [str(each["ListenerArn"]) for each in listeners if each not in named]


def interpret(
    resource: ResourceSpec,
    found: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
    forwards_to: str | None,
    owner: Owner,
    progress: Progress,
    now: datetime,
    keeps: str = "",
) -> Observation:
    """
    Say what a described listener is to us. Pure.

    `forwards_to` is the ARN of the target group that it should forward to, None while unknown;
    `keeps` that of the one which serves people until the new one can ("").
    """
    just_created = progress.just_created(resource.address, now)
    if found is None:
        if just_created is None:
            return ABSENT
        # The read may lag for seconds (§1.7, F13); ECS sees the association on its own time.
        return Observation(
            state=State.PENDING,
            attributes=identity(just_created.arn),
            phase="listener being created",
        )
    arn = found["ListenerArn"]
    if progress.is_doomed(resource.address, arn, now):
        return ABSENT
    known = identity(arn)
    if not tags and just_created and just_created.arn == arn:
        return Observation(state=State.READY, attributes=known)
    if not owner.owns(tags or {}):
        cause = owner.describe_stranger(f"listener on port {found.get('Port')}", tags or {})
        return Observation(state=State.FOREIGN, attributes=known, cause=cause)
    differs = _differs(resource, found, forwards_to, keeps)
    return Observation(
        state=State.READY, attributes={**known, KEEPS: keeps} if keeps else known, differs=differs
    )


def identity(arn: str) -> dict[str, str]:
    return {"arn": arn, "id": arn}


def _differs(
    resource: ResourceSpec, found: Mapping[str, Any], forwards_to: str | None, keeps: str
) -> tuple[str, ...]:
    """Compare by type and ARN: AWS enriches the actions that it gives back (§1.14)."""
    differs = list(differing(resource, found, _COMPARED))
    actual = set(shares(found))
    ignored = resource.ignores(f"{ACTIONS}.TargetGroupArn")
    wanted = {forwards_to, keeps} - {""}
    if forwards_to and actual and actual != wanted and not ignored:
        differs.append(ACTIONS)
    return tuple(differs)


def _still_serves(snapshot: Snapshot, found: Mapping[str, Any] | None, target: str | None) -> str:
    """
    The group that serves people while the one that the files name does not; "" without any.

    ECS takes no target group that no listener has (§2.2). So the new one gets into the listener
    with no share of the connections (network load balancers have weights since November 2025,
    terraform-provider-aws #45163), and all of them once a target of it is healthy.
    """
    if found is None or target is None or count_healthy(snapshot.health.get(target, [])):
        return ""
    others = [arn for arn, weight in shares(found).items() if weight and arn != target]
    return next((arn for arn in others if count_healthy(snapshot.health.get(arn, []))), "")


def _beside(keeps: str, action: Mapping[str, Any]) -> dict[str, Any]:
    """A forward action that sends everything to `keeps`, and nothing yet to its own group."""
    shares = {keeps: 1, action["TargetGroupArn"]: 0}
    groups = [{"TargetGroupArn": arn, "Weight": share} for arn, share in shares.items()]
    return {"Type": action["Type"], "ForwardConfig": {"TargetGroups": groups}}
