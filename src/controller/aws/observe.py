"""
Observe every address of a stack with few reads.

Awake it takes seven (load balancer, target group, service and Elastic IP side by side; then
listeners and target health; then all tags in one call), and one for each object whose attributes
were never seen; asleep four. Unless the stack remembers that nothing else carries its tag,
all load balancers and the services of its clusters are searched once too.

A partial observation reads some resources and takes the others as they were last read: two or
three reads while a wake waits for its load balancer and its task. What is read goes into a
snapshot, and `interpret.py` says what that means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from controller.aws import leftovers
from controller.aws.context import Context
from controller.aws.dispensable import dispensable
from controller.aws.elastic_ip_reads import ElasticIpReads
from controller.aws.errors import gone_is_fine, translate
from controller.aws.interpret import interpret
from controller.aws.kind import Job, ResourceKind
from controller.aws.listing import TAGS_LIMIT, in_parts
from controller.aws.snapshot import Snapshot
from controller.domain.planning.observed import Leftover, Observed
from controller.domain.planning.plan import Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec
from controller.domain.ports import SideBySide


class Observer:
    """Make one for each pass: it keeps what was read last."""

    def __init__(
        self, context: Context, kinds: Mapping[Kind, ResourceKind], side_by_side: SideBySide
    ) -> None:
        self._context = context
        self._kinds = kinds
        self._spec = context.spec
        self._side_by_side = side_by_side
        self._elastic_ips = ElasticIpReads(context)
        self._leftovers: tuple[Leftover, ...] | None = None
        self._last: Snapshot | None = None

    def observe(
        self,
        target: Target,
        progress: Progress,
        now: datetime,
        only: Collection[str] | None = None,
    ) -> Observed:
        """Read every address of the stack, or `only` these; change nothing."""
        snapshot = Snapshot(spec=self._spec, target=target, progress=progress, now=now)
        if only is not None and self._last is not None and self._last.target is target:
            snapshot.only = only
            snapshot.take_over(self._last)
        self._all([partial(self._elastic_ips.find, snapshot)])
        self._all(self._first_reads(snapshot))
        self._elastic_ips.check(snapshot)
        self._all(self._second_reads(snapshot))
        self._all(self._third_reads(snapshot))
        self._last = snapshot
        return interpret(snapshot, self._context, self._kinds)

    def _all(self, jobs: Sequence[Job]) -> None:
        for result in self._side_by_side(jobs) if jobs else ():
            if isinstance(result, Exception):
                raise translate(result, f'read the resources of stack "{self._spec.stack}"')

    # waves

    def _first_reads(self, snapshot: Snapshot) -> list[Job]:
        jobs: list[Job] = []
        for kind, resources in self._to_read(snapshot):
            jobs += kind.first_reads(snapshot, resources)
        addresses = self._elastic_ips.first_reads(snapshot)
        jobs += dispensable(snapshot, addresses, snapshot.allocations)
        if snapshot.progress.leftovers_checked_for != self._spec.hash:
            jobs.append(partial(self._read_leftovers, snapshot))
        return jobs

    def _second_reads(self, snapshot: Snapshot) -> list[Job]:
        jobs: list[Job] = []
        for kind, resources in self._to_read(snapshot):
            reads = kind.second_reads(snapshot, resources)
            if kind.kind.traits.goes_with:
                reads = dispensable(snapshot, reads, [each.address for each in resources])
            jobs += reads
        return [*jobs, *self._elastic_ips.second_reads(snapshot)]

    def _third_reads(self, snapshot: Snapshot) -> list[Job]:
        """The tags of what ELBv2 has, all in one call, and attributes."""
        jobs: list[Job] = []
        untagged = self._untagged(snapshot)
        for arns in in_parts(untagged, TAGS_LIMIT):
            jobs.append(partial(self._read_tags, snapshot, arns))
        if snapshot.target is Target.AWAKE:
            jobs += self._attribute_reads(snapshot)
        return jobs

    def _to_read(self, snapshot: Snapshot) -> Iterator[tuple[ResourceKind, list[ResourceSpec]]]:
        for kind, adapter in self._kinds.items():
            resources = list(self._spec.of_kind(kind))
            if snapshot.only is not None:
                resources = [one for one in resources if snapshot.reads_of(one.address)]
            if resources:
                yield adapter, resources

    def _untagged(self, snapshot: Snapshot) -> list[str]:
        """The ARNs whose tags are to be read; in a partial read, those without known tags."""
        named = [snapshot.arn(resource.address) for resource in self._spec.resources]
        unnamed = [arn for each in snapshot.unnamed.values() for arn in each]
        found = [
            arn for arn in dict.fromkeys((*named, *unnamed)) if ":elasticloadbalancing:" in arn
        ]
        return [arn for arn in found if snapshot.tags.get(arn) is None]

    def _attribute_reads(self, snapshot: Snapshot) -> Iterator[Job]:
        for resource in self._spec.resources:
            arn, calls = snapshot.arn(resource.address), self._kinds[resource.kind].attributes
            is_old = resource.attributes and not snapshot.progress.is_unfinished(
                resource.address, arn
            )
            if (
                arn
                and calls
                and (calls.wanted(resource) or calls.eased or is_old)
                and (snapshot.reads(resource.address) or arn not in snapshot.attributes)
                and not snapshot.progress.is_settled(arn, resource)
            ):
                yield partial(self._read_attributes, snapshot, resource.kind, arn)

    # reads

    def _read_leftovers(self, snapshot: Snapshot) -> None:
        """Once in a pass: nobody but a person makes or deletes any meanwhile."""
        if self._leftovers is None:
            services = self._spec.of_kind(Kind.SERVICE)
            clusters = dict.fromkeys(self._context.cluster(service) for service in services)
            self._leftovers = leftovers.find(self._context, list(clusters))
        snapshot.leftovers = self._leftovers

    def _read_tags(self, snapshot: Snapshot, arns: Sequence[str]) -> None:
        snapshot.tags |= self._context.read_tags(list(arns))

    def _read_attributes(self, snapshot: Snapshot, kind: Kind, arn: str) -> None:
        calls = self._kinds[kind].attributes
        if calls:
            with gone_is_fine():  # fresh ones may not be readable yet (AWS behaviour §1.7)
                snapshot.attributes[arn] = calls.read(self._context.clients.elbv2, arn)
