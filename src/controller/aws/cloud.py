"""One stack in AWS: the port `Cloud` on real calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from controller.aws import attributes, listener, load_balancer, service, target_group, tasks
from controller.aws.clients import Clients
from controller.aws.context import Context, desired_count
from controller.aws.errors import translate
from controller.aws.listener import ListenerAdapter
from controller.aws.load_balancer import LoadBalancerAdapter
from controller.aws.observe import LISTENERS, Observer
from controller.aws.service import ServiceAdapter
from controller.aws.target_group import TargetGroupAdapter
from controller.domain.money.meter import SeenTask
from controller.domain.money.usage import tasks_of
from controller.domain.planning.observed import Observation, Observed, State
from controller.domain.planning.plan import Action, Target, Verb
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Kind, ResourceSpec, Spec, in_a_loop, references
from controller.domain.ports import SideBySide


class AwsCloud:
    """Make one for each pass: it keeps look-ups' answers."""

    def __init__(self, spec: Spec, clients: Clients, side_by_side: SideBySide) -> None:
        self._spec = spec
        self._context = Context(spec, clients)
        self._side_by_side = side_by_side
        self._observer = Observer(self._context, side_by_side)
        self._elbv2 = clients.elbv2
        self._load_balancer = LoadBalancerAdapter(clients.elbv2)
        self._target_group = TargetGroupAdapter(clients.elbv2)
        self._listener = ListenerAdapter(clients.elbv2)
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
        seen = observed[action.address]
        what = f'{action.verb} {action.kind.replace("_", " ")} "{resource.name}"'
        try:
            match action.verb:
                case Verb.CREATE:
                    return self._create(resource, observed)
                case Verb.UPDATE:
                    return self._update(resource, action, observed)
                case Verb.DELETE:
                    return self._delete(resource, seen)
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
        known = {address: seen.attributes for address, seen in observed.resources.items()}
        request = self._context.resolve(resource.request, known)
        owner = self._context.owner(resource)
        match resource.kind:
            case Kind.LOAD_BALANCER:
                arn = self._load_balancer.create(resource, request, owner)
                return self._made(resource, load_balancer.identity(arn), load_balancer.STARTING)
            case Kind.TARGET_GROUP:
                arn = self._target_group.create(resource, request, owner)
                return self._made(resource, target_group.identity(arn), "")
            case Kind.LISTENER:
                # On a load balancer that is ours, so it is ours: no need to read its tags.
                arn = self._listener.create(resource, request, owner)
                return _fresh(resource, listener.identity(arn), "", owned=True)
            case Kind.SERVICE:
                after = [observed[a].arn for a in resource.after]
                made = self._service.create(request, owner, after)
                identity = service.identity(made["serviceArn"])
                return _fresh(resource, identity, service.TASK_STARTING, owned=True)

    def _made(self, resource: ResourceSpec, identity: Mapping[str, str], phase: str) -> Observation:
        """
        Check whose object a create returned: equal settings give back an existing one (§1.6).

        While the tags cannot be read it is neither used nor deleted.
        """
        owner = self._context.owner(resource)
        tags = self._context.read_tags([identity["arn"]])[identity["arn"]]
        if tags and not owner.owns(tags):
            cause = owner.describe_stranger(f'{resource.kind} "{resource.name}"', tags)
            return Observation(state=State.FOREIGN, attributes=identity, cause=cause)
        return _fresh(resource, identity, phase, owned=bool(tags))

    def _update(self, resource: ResourceSpec, action: Action, observed: Observed) -> Observation:
        seen = observed[action.address]
        lacks = set(action.changes) & {attributes.ATTRIBUTES, attributes.AT_FIRST}
        if lacks:
            wanted = attributes.to_write(self._context.answered(resource), lacks)
            attributes.write(self._elbv2, resource.kind, seen.arn, wanted)
        others = set(action.changes) - lacks
        if LISTENERS in others:
            self._close_listeners(resource, seen)
        elif others and resource.kind is Kind.SERVICE:
            self._update_service(resource, others, action, observed)
        elif others:
            known = {address: o.attributes for address, o in observed.resources.items()}
            request = self._context.resolve(resource.request, known)
            adapter = self._listener if resource.kind is Kind.LISTENER else self._target_group
            adapter.update(resource, request, seen)
        return replace(seen, differs=())

    def _close_listeners(self, resource: ResourceSpec, seen: Observation) -> None:
        """A port that the files do not open any more must not stay open."""
        found = self._listener.describe(seen.arn)
        arns = listener.unnamed(self._spec.of_kind(Kind.LISTENER), found)
        owner = self._context.owner(resource)
        for arn, tags in self._context.read_tags(arns).items() if arns else ():
            if owner.owns(tags or {}):
                self._listener.delete(Observation(state=State.READY, attributes={"arn": arn}))

    def _update_service(
        self, resource: ResourceSpec, changes: set[str], action: Action, observed: Observed
    ) -> None:
        cluster = self._context.cluster(resource)
        if service.TASKS in changes:
            self._service.stop_tasks(cluster, resource.name)
            return
        known = {address: o.attributes for address, o in observed.resources.items()}
        wanted = {key: resource.request[key] for key in changes - {"desiredCount"}}
        request = self._context.resolve(wanted, known)
        if "networkConfiguration" in changes and resource.ignores("networkConfiguration"):
            found = self._service.describe(cluster, [resource.name])
            request = service.with_ignored_network(resource, request, found[resource.name])
        if "desiredCount" in changes:
            request["desiredCount"] = desired_count(resource, action.target)
        self._service.update(cluster, resource.name, request)

    def _delete(self, resource: ResourceSpec, seen: Observation) -> Observation:
        match resource.kind:
            case Kind.LOAD_BALANCER:
                self._load_balancer.delete(seen)
                phase = "load balancer being deleted"
            case Kind.SERVICE:
                self._service.delete(self._context.cluster(resource), resource.name)
                phase = service.DRAINING
            case Kind.TARGET_GROUP:
                self._target_group.delete(seen)
                return Observation(state=State.ABSENT)
            case Kind.LISTENER:
                self._listener.delete(seen)
                return Observation(state=State.ABSENT)
        return Observation(state=State.LEAVING, attributes=seen.attributes, phase=phase)


def _fresh(
    resource: ResourceSpec, identity: Mapping[str, str], phase: str, *, owned: bool
) -> Observation:
    """What a resource is to us right after its create: its attributes are still to be set."""
    standard = attributes.DEFAULTS.get(resource.kind, {})
    differs = attributes.left_to_set(resource, standard, fresh=True)
    state = State.PENDING if phase or not owned else State.READY
    return Observation(
        state=state, attributes=dict(identity), phase=phase, owned=owned, differs=differs
    )
