"""One stack in AWS: the port `Cloud` on real calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from controller.aws import attributes, tasks
from controller.aws.clients import Clients
from controller.aws.context import Context
from controller.aws.errors import translate
from controller.aws.kinds import make_kinds
from controller.aws.observe import Observer
from controller.aws.service_calls import ServiceAdapter
from controller.aws.service_rest import ease
from controller.domain.dataclass import replace
from controller.domain.money.meter import SeenTask
from controller.domain.money.usage import tasks_of
from controller.domain.planning.going import COUNT, DRAIN, to_ease
from controller.domain.planning.observed import (
    AT_FIRST,
    ATTRIBUTES,
    Observation,
    Observed,
    State,
)
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import ResourceSpec, Spec, in_a_loop, references
from controller.domain.planning.waits import TASK_STARTING
from controller.domain.ports import SideBySide


class AwsCloud:
    """Make one for each pass: it keeps look-ups' answers."""

    def __init__(self, spec: Spec, clients: Clients, side_by_side: SideBySide) -> None:
        self._spec = spec
        self._context = Context(spec, clients)
        self._side_by_side = side_by_side
        self._kinds = make_kinds(self._context)
        self._observer = Observer(self._context, self._kinds, side_by_side)
        self._service = ServiceAdapter(clients.ecs)

    def observe(
        self,
        target: Target,
        progress: Progress,
        now: datetime,
        only: Collection[str] | None = None,
    ) -> Observed:
        """Read every address of the stack, or `only` these; change nothing."""
        return self._observer.observe(target, progress, now, only)

    def prepare(self, actions: Sequence[Action]) -> None:
        """Answer the look-ups of these creates; the answers are kept for the creates themselves."""
        wanted = [
            reference
            for action in actions
            for reference in references(self._spec[action.address].request)
            if "$look_up" in reference and not in_a_loop(reference)
        ]
        jobs = [lambda one=one: self._context.resolve(one, {}) for one in wanted]
        for result in self._side_by_side(jobs) if jobs else ():
            if isinstance(result, Exception):
                raise translate(result, f'find what stack "{self._spec.stack}" refers to')

    def take(self, action: Action, observed: Observed) -> Observation:
        """Make the calls of one action; return what the resource is to us from now on."""
        resource = self._spec[action.address]
        what = f'{action.verb} {action.kind.replace("_", " ")} "{resource.name}"'
        try:
            match action.verb:
                case Verb.CREATE:
                    return self._create(resource, observed)
                case Verb.UPDATE:
                    return self._update(resource, action, observed)
                case Verb.DELETE:
                    return self._delete(resource, action, observed)
        except Exception as error:
            raise translate(error, what) from error

    def tasks(self, address: str, known: Sequence[str] = ()) -> list[SeenTask]:
        """The tasks of a service; with `known` those of these ARNs, once the service is gone."""
        resource = self._spec[address]
        try:
            cluster = self._context.cluster(resource)
            if known:
                found = self._service.describe_tasks(cluster, known)
            else:
                found = self._service.tasks(cluster, resource.name)
        except Exception as error:
            raise translate(error, f'read the tasks of service "{resource.name}"') from error
        assumed = tasks_of(resource)
        return [tasks.seen_task(one, assumed) for one in found if tasks.is_billed(one)]

    def _create(self, resource: ResourceSpec, observed: Observed) -> Observation:
        request = self._context.filled(resource, observed)
        return self._kinds[resource.kind].create(resource, request, observed)

    def _update(self, resource: ResourceSpec, action: Action, observed: Observed) -> Observation:
        seen, kind = observed[action.address], self._kinds[resource.kind]
        lacks = set(action.changes) & {ATTRIBUTES, AT_FIRST}
        if lacks and kind.attributes:
            wanted = attributes.to_write(self._context.answered(resource), lacks)
            kind.attributes.write(self._context.clients.elbv2, seen.arn, wanted)
        others = set(action.changes) - lacks
        if others:
            kind.update(resource, others, action, observed)
        phase = TASK_STARTING if seen.rests else seen.phase
        return replace(seen, phase=phase, differs=(), rests=False)

    def _delete(self, resource: ResourceSpec, action: Action, observed: Observed) -> Observation:
        kind, seen = self._kinds[resource.kind], observed[resource.address]
        if DRAIN in action.changes:
            groups = to_ease(self._spec, observed, resource)
            ease(self._context.clients.elbv2, [observed[address].arn for address in groups])
        if action.lowers_count:
            self._service.update(self._context.cluster(resource), resource.name, {COUNT: 0})
            return replace(
                seen, state=State.PENDING, phase=kind.leaving, rests=True, may_rest=False
            )
        kind.delete(resource, seen)
        if not kind.leaving:
            return Observation(state=State.ABSENT)
        return Observation(state=State.LEAVING, attributes=seen.attributes, phase=kind.leaving)
