"""
The interface of one kind of resource. No other code branches on the kind.

Each kind is one file with a class of this form; `kinds.py` lists them. A new kind is a new file and
a line there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from controller.aws.attributes import AttributeCalls, left_to_set
from controller.aws.context import Context
from controller.aws.snapshot import Snapshot
from controller.domain.planning.observed import Observation, Observed, State
from controller.domain.planning.plan import Action
from controller.domain.planning.spec import Kind, ResourceSpec

Job = Callable[[], None]
"""One or more reads; what they find goes into the snapshot."""


class ResourceKind(Protocol):
    """
    Reads, interprets, creates, updates and deletes the resources of one kind of one stack.

    `attributes` are the calls for what ELBv2 takes apart from the create, None where there are
    none. `leaving` is what people see while AWS deletes one, "" where it is gone at once.
    """

    kind: Kind
    attributes: AttributeCalls | None
    leaving: str

    def first_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """Find these resources by what the spec says; each job runs beside the others."""
        ...

    def second_reads(self, snapshot: Snapshot, resources: Sequence[ResourceSpec]) -> list[Job]:
        """Read what follows from the first reads of all kinds."""
        ...

    def interpret(self, snapshot: Snapshot, resource: ResourceSpec) -> Observation:
        """Say what the resource is to us; changes nothing."""
        ...

    def create(
        self, resource: ResourceSpec, request: Mapping[str, Any], observed: Observed
    ) -> Observation:
        """Send the request, whose references are filled; return at once."""
        ...

    def update(
        self, resource: ResourceSpec, changes: Collection[str], action: Action, observed: Observed
    ) -> None:
        """Correct the fields that `interpret` called different."""
        ...

    def delete(self, resource: ResourceSpec, seen: Observation) -> None:
        """Delete it, or begin to; what is gone already is no error."""
        ...


def fresh(
    resource: ResourceSpec,
    attributes: AttributeCalls | None,
    identity: Mapping[str, str],
    phase: str,
    *,
    owned: bool,
) -> Observation:
    """What a resource is to us right after its create: its attributes are still to be set."""
    standard = attributes.defaults if attributes else {}
    differs = left_to_set(resource, attributes, standard, fresh=True)
    state = State.PENDING if phase or not owned else State.READY
    return Observation(
        state=state, attributes=dict(identity), phase=phase, owned=owned, differs=differs
    )


def made_or_found(
    context: Context,
    resource: ResourceSpec,
    attributes: AttributeCalls | None,
    identity: Mapping[str, str],
    phase: str,
) -> Observation:
    """
    Check whose object a create of ELBv2 returned: equal settings give an existing one (AWS §1.6).

    While the tags cannot be read it is neither used nor deleted.
    """
    owner = context.owner(resource)
    tags = context.read_tags([identity["arn"]])[identity["arn"]]
    if tags and not owner.owns(tags):
        cause = owner.describe_stranger(f'{resource.kind} "{resource.name}"', tags)
        return Observation(state=State.FOREIGN, attributes=identity, cause=cause)
    return fresh(resource, attributes, identity, phase, owned=bool(tags))
