"""
Leftovers of replaced specs: which are deleted first, and what the new spec knows of them.

An old load balancer holds the Elastic IP and the target group that the new one needs, so it is
deleted before the new spec is read. The rest goes once the new spec has converged: a service under
its new name runs before the old one ends, and a target group stays while something forwards to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial

from controller.domain.dataclass import replace
from controller.domain.errors import DormouseError, PermanentError, SpecError
from controller.domain.money.bill import hour_of
from controller.domain.money.meter import SeenTask
from controller.domain.planning.observed import Address, Holder, Leftover, Observation, Observed
from controller.domain.planning.plan import Action, Target, Verb, make_plan
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec, Spec
from controller.domain.planning.spec_identity import find_by_arn, may_share_place
from controller.domain.ports import Cloud
from controller.reconcile.ports import Ports

UNANSWERED = timedelta(seconds=90)
"""
If AWS has not answered for this long, a replaced spec is not waited for. Longer than a denial can
be due to lag (`patience.SOON`).
"""

OVERLAP = timedelta(minutes=5)
"""
How long after its creation a service without targets runs, or never will: a task's start takes 150
s at the slowest (AWS behaviour §9.2), and the first that crash do so within a few minutes.
"""

PATIENCE = timedelta(minutes=10)
"""How long the new spec waits for a load balancer that is in its place."""


def goes_first(left: Spec, spec: Spec, target: Target) -> Spec | None:
    """
    The part of a replaced spec that is deleted first: its load balancers, None without any.

    One in another region or account blocks nothing, and serves until the new one does.
    """
    balancers = left.of_kind(Kind.LOAD_BALANCER)
    if not balancers or (target is Target.AWAKE and not may_share_place(left, spec)):
        return None
    listeners = left.of_kind(Kind.LISTENER)
    known = {each.address for each in balancers}
    cut = (replace(r, after=tuple(a for a in r.after if a in known)) for r in listeners)
    return replace(left, resources=(*balancers, *cut))


def could_be_made(spec: Spec, cloud: Cloud, progress: Progress, now: datetime) -> bool:
    """
    Whether every kept resource that the spec needs exists: look-ups and Elastic IPs.

    Raises temporary AWS errors.
    """
    try:
        observed = cloud.observe(Target.AWAKE, progress, now)
        plan = make_plan(spec, Target.AWAKE, observed)
        cloud.prepare([action for action in plan.actions if action.verb is Verb.CREATE])
    except (PermanentError, SpecError):
        return False
    holders = {address.holder for address in observed.addresses.values()}
    return holders.isdisjoint({Holder.GONE, Holder.FOREIGN})


def overlap_ends(left: Spec, spec: Spec, observed: Observed | None) -> datetime | None:
    """
    Until when an old service runs beside the new one, just created; None: it need not.

    A service with targets is ready by their health. Any other counts as ready as soon as its
    tasks run, even for a moment.
    """
    if observed is None or not left.of_kind(Kind.SERVICE) or not may_share_place(left, spec):
        return None
    services = spec.of_kind(Kind.SERVICE)
    made = [observed[each.address].created_at for each in services if not _has_targets(each)]
    latest = max((at for at in made if at), default=None)
    return latest + OVERLAP if latest else None


def _has_targets(service: ResourceSpec) -> bool:
    """Its tasks have addresses of their own, by which it is known which targets are theirs."""
    request = service.request
    return bool(request.get("loadBalancers")) and "networkConfiguration" in request


def billed(left: Spec) -> tuple[str, ...]:
    """The addresses of what costs money by the hour."""
    return tuple(r.address for r in left.resources if hour_of(left, r.address))


def own_progress(progress: Progress, left: Spec) -> Progress:
    """
    The progress of a replaced spec's run, without the mark of the last full search.

    That is the new spec's to find out; what a lost memory hides is waited for here, too.
    """
    return replace(
        progress, leftovers_checked_for=left.hash if progress.leftovers_checked_for else ""
    )


def why_it_stays(left: Spec, cause: str) -> str:
    """One line: which resource is where, why, and the remedy."""
    where = f" in {left.region}" if left.region else ""
    as_whom = f" (role {left.role_arn})" if left.role_arn else ""
    named = ", ".join(f'{r.kind.replace("_", " ")} "{r.name}"' for r in _paid_first(left))
    return (
        f"{named}{where}{as_whom}, which an earlier configuration named, cannot be put to sleep: "
        f"{cause}; give that access back, and it goes by itself within 15 minutes, or delete it "
        f'there by hand, and then run "dormouse sweep --forget {left.stack}"'
    )


def _paid_first(left: Spec) -> list[ResourceSpec]:
    paid = [r for r in left.resources if r.address in billed(left)]
    whole = [r for r in left.resources if not r.kind.traits.goes_with]
    return paid or whole or list(left.resources)


class Expecting:
    """
    A cloud that knows the resources of replaced specs.

    They carry the stack's tags and are leaving; they are neither unexpected nor foreign. So an
    Elastic IP that such a load balancer held a moment ago will become free.
    """

    def __init__(
        self, open_cloud: Callable[[], Cloud], spec: Spec, replaced: Sequence[Spec]
    ) -> None:
        self._open = open_cloud
        self._replaced = tuple(replaced)
        self._balancers = {
            balancer.name
            for left in replaced
            if may_share_place(left, spec)
            for balancer in left.of_kind(Kind.LOAD_BALANCER)
        }

    @cached_property
    def _cloud(self) -> Cloud:
        """Opened by the first call: a role that is refused is an answer like any other."""
        return self._open()

    def observe(
        self,
        target: Target,
        progress: Progress,
        now: datetime,
        only: Collection[str] | None = None,
    ) -> Observed:
        observed = self._cloud.observe(target, progress, now, only)
        if not self._replaced:
            return observed
        leftovers = observed.leftovers and tuple(map(self._known, observed.leftovers))
        addresses = {key: self._freed(one) for key, one in observed.addresses.items()}
        return replace(observed, leftovers=leftovers, addresses=addresses)

    def _known(self, leftover: Leftover) -> Leftover:
        found = find_by_arn(self._replaced, leftover.arn)
        return replace(leftover, expected=True) if found else leftover

    def _freed(self, address: Address) -> Address:
        parts = address.held_by.split("/")
        is_ours = parts[0] == "ELB net" and len(parts) > 1 and parts[1] in self._balancers
        if address.holder is Holder.FOREIGN and is_ours:
            return replace(address, holder=Holder.LEAVING, held_by="")
        return address

    def prepare(self, actions: Sequence[Action]) -> None:
        self._cloud.prepare(actions)

    def take(self, action: Action, observed: Observed) -> Observation:
        return self._cloud.take(action, observed)

    def tasks(self, address: str, known: Sequence[str] = ()) -> Sequence[SeenTask]:
        return self._cloud.tasks(address, known)


def expecting(ports: Ports, spec: Spec, leftovers: Sequence[Spec]) -> Expecting:
    """The spec's cloud, which knows what replaced ones have left behind."""
    return Expecting(partial(ports.clouds, spec, ports.side_by_side), spec, leftovers)


class Abandoned(Expecting):
    """
    A cloud of a replaced spec. It ignores other resources with the stack's tags.

    `has_answered`: AWS has returned the state. `refusal` is the error otherwise ("").
    """

    has_answered = False
    refusal = ""

    def observe(
        self,
        target: Target,
        progress: Progress,
        now: datetime,
        only: Collection[str] | None = None,
    ) -> Observed:
        try:
            observed = super().observe(target, progress, now, only)
        except DormouseError as error:
            self.refusal = str(error)
            raise
        self.has_answered = True
        return replace(observed, leftovers=None)
