"""Which Elastic IPs the load balancers of a stack ask for, and who has them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from controller.aws.context import Context
from controller.aws.elastic_ip import ElasticIpReader, is_held
from controller.aws.kind import Job
from controller.aws.snapshot import Described, Snapshot
from controller.domain.errors import PermanentError
from controller.domain.planning.plan import Target
from controller.domain.planning.spec import Kind


class ElasticIpReads:
    """Not a kind of resource: Terraform's in both worlds, and read along with them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reader = ElasticIpReader(context.clients.ec2)

    def find(self, snapshot: Snapshot) -> None:
        """Find out which Elastic IPs the load balancers ask for."""
        for resource in snapshot.spec.of_kind(Kind.LOAD_BALANCER):
            for mapping in resource.request.get("SubnetMappings", ()):
                wanted = mapping.get("AllocationId")
                try:
                    found = self._context.resolve(wanted, {}) if wanted else None
                except PermanentError as error:
                    snapshot.unresolved[resource.address] = error
                    continue
                if found:
                    snapshot.allocations.setdefault(found, []).append(resource.address)

    def check(self, snapshot: Snapshot) -> None:
        """
        Only a resource that needs an Elastic IP looks it up; a sleep or an unchanged stack does
        not.
        """
        for address, error in snapshot.unresolved.items():
            if snapshot.target is Target.AWAKE and address not in snapshot.found:
                raise error

    def first_reads(self, snapshot: Snapshot) -> list[Job]:
        wanted = [each for each in snapshot.allocations if snapshot.reads(each)]
        return [partial(self._read, snapshot, wanted)] if wanted else []

    def second_reads(self, snapshot: Snapshot) -> list[Job]:
        """Who holds the ones that none of our load balancers has."""
        return [
            partial(self._read_interface, snapshot, _interface_of(found))
            for allocation_id, found in snapshot.elastic_ips.items()
            if snapshot.reads(allocation_id)
            and is_held(found)
            and not snapshot.balancer_with(allocation_id)
            and _interface_of(found) not in ("", *snapshot.interfaces)
        ]

    def _read(self, snapshot: Snapshot, wanted: Sequence[str]) -> None:
        snapshot.elastic_ips |= self._reader.describe(list(wanted))

    def _read_interface(self, snapshot: Snapshot, interface_id: str) -> None:
        snapshot.interfaces[interface_id] = self._reader.describe_interface(interface_id)


def _interface_of(found: Described) -> str:
    return str(found.get("NetworkInterfaceId", ""))
