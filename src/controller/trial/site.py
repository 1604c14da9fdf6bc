"""One stack of a trial: its calls are recorded, and it reads AWS while it waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from controller.aws.clients import Clients
from controller.aws.cloud import AwsCloud
from controller.aws.listening import Heard, Listening
from controller.domain.errors import WaitError
from controller.domain.planning.observed import Observation, Observed
from controller.domain.planning.plan import Action, Target
from controller.domain.planning.progress import Progress
from controller.domain.planning.spec import Json, Kind, ResourceSpec, Spec
from controller.domain.ports import Clock, SideBySide
from controller.domain.timestamps import format_timestamp
from controller.domain.trial.answers import Answers
from controller.domain.trial.sightings import Log
from controller.trial.opening import Opening
from controller.trial.reads import TrialReads
from controller.trial.seeing import Seeing
from controller.trial.watches import Watches, WatchingClock

UNKNOWN_STATE = "unknown state"
"""Represents an error's code where AWS used a word that the code does not know."""

UNKNOWN_FORM = "unknown form"
"""The same for an answer that lacks something: it is not measured, and the trial continues."""

TAG = "dormouse:trial"
"""What a trial makes carries it beside the owner tags, so that a later one knows its remains."""

_NOT_SEEN = "does not have an associated load balancer"
_LONGEST = timedelta(minutes=3)
"""Terraform asks again for two minutes (AWS behaviour §1.7)."""

_TAGGED = {Kind.LOAD_BALANCER: "Tags", Kind.TARGET_GROUP: "Tags", Kind.SERVICE: "tags"}
_CREATES = ("CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateService")

NewSession = Callable[[], Any]
"""Opens a boto3 session with fresh credentials."""


class Site:
    """`spec` is the stack's with the tag of a trial; `clock` reads AWS while it sleeps."""

    def __init__(
        self, spec: Spec, new_session: NewSession, clock: Clock, side_by_side: SideBySide
    ) -> None:
        self.spec = tagged(spec, clock.now())
        self.side_by_side = side_by_side
        self.log = Log()
        self.answers = Answers()
        self._answered_at: datetime | None = None
        self.watches = Watches(self.log)
        self.clock = WatchingClock(clock, self.watches)
        self.listening = Listening(clock, self._hear)
        self._seeing = Seeing(self.log)
        self._new_session = new_session
        self._lock = Lock()
        self.addresses: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Clients of their own, where the credentials of the last ones have run out."""
        session = self._new_session()
        self.listening.attach(session)
        self.clients = Clients(session, self.spec.region, self.spec.role_arn)
        reads = TrialReads(self.clients, self.log)
        self._opening = Opening(self.watches, reads, self.log, self.clock, lambda: self.addresses)
        cloud = AwsCloud(self.spec, self.clients, self.side_by_side)
        self.cloud = PatientCloud(cloud, self.clock, self.watches)

    @property
    def count_taken(self) -> bool | None:
        """Whether ECS takes a count while there is no load balancer; None: it was not asked."""
        return self._opening.count_taken

    @property
    def changed_at(self) -> datetime | None:
        """When a create was last answered, or begun without an answer."""
        answered = [self._answered_at] if self._answered_at else []
        return max([*answered, *self.listening.unanswered(_CREATES)], default=None)

    @property
    def region(self) -> str:
        """The spec's, else that of the shell."""
        return self.spec.region or str(self.clients.ec2.meta.region_name)

    def observe(self, target: Target) -> Observed:
        """The stack as AWS shows it now, without memory. Raises the domain's errors."""
        seen: Observed = self.cloud.observe(target, Progress(), self.clock.now())
        return seen

    def note_events(self, observed: Observed) -> None:
        """Events of services that the controller does not recognise."""
        for one in observed.resources.values():
            for _, text in one.unknown_events:
                with self._lock:
                    self.answers.surprised("DescribeServices", "unknown event", text)

    def _hear(self, heard: Heard) -> None:
        """Called by the thread that made the call; one at a time."""
        with self._lock:
            if heard.operation in _CREATES:
                self._answered_at = heard.ended_at
            if heard.answer is None:
                add = self.answers.foresaw if heard.foreseen else self.answers.surprised
                add(heard.operation, heard.code, heard.message)
            try:
                for strange in self._seeing.hear(heard):
                    self.answers.surprised(heard.operation, UNKNOWN_STATE, strange)
                self._opening.hear(heard)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                said = f"{type(error).__name__}: {error}"
                self.answers.surprised(heard.operation, UNKNOWN_FORM, said)


class PatientCloud:
    """
    The stack's cloud, which asks again by itself where a lag of ECS is measured by being refused.

    The loop would ask again only after some seconds.
    """

    def __init__(self, cloud: AwsCloud, clock: Clock, watches: Watches) -> None:
        self._cloud = cloud
        self._clock = clock
        self._watches = watches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cloud, name)

    def take(self, action: Action, observed: Observed) -> Observation:
        began = self._clock.now()
        while True:
            try:
                return self._cloud.take(action, observed)
            except WaitError as error:
                waited = self._clock.now() - began
                if _NOT_SEEN not in str(error) or waited > _LONGEST:
                    raise
            self._clock.sleep(self._watches.distance(self._clock.now()).total_seconds())


def tagged(spec: Spec, now: datetime) -> Spec:
    """The spec whose resources say that they are of a trial."""
    resources = tuple(_tagged(each, format_timestamp(now)) for each in spec.resources)
    return replace(spec, resources=resources)


def _tagged(resource: ResourceSpec, value: str) -> ResourceSpec:
    name = _TAGGED.get(resource.kind)
    if name is None or resource.asleep is not None:
        return resource
    key, text = ("key", "value") if name == "tags" else ("Key", "Value")
    tags: list[Json] = [*resource.request.get(name, ()), {key: TAG, text: value}]
    return replace(resource, request={**resource.request, name: tags})
