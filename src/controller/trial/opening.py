"""Which watch each call of a wake or a sleep opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from controller.aws.listening import Heard
from controller.domain.ports import Clock
from controller.domain.trial import measures as states
from controller.domain.trial.sightings import Log, Thing
from controller.trial.reads import TrialReads
from controller.trial.watches import Watches

METRICS = timedelta(seconds=5)

_ENDS_REST = ("CreateLoadBalancer", "CreateListener", "DeleteService")


class Opening:
    """`addresses` gives the allocation ids of the stack's Elastic IPs."""

    def __init__(
        self,
        watches: Watches,
        reads: TrialReads,
        log: Log,
        clock: Clock,
        addresses: Callable[[], list[str]],
    ) -> None:
        self._watches = watches
        self._reads = reads
        self._log = log
        self._clock = clock
        self._addresses = addresses
        self._at_zero: tuple[str, str] | None = None
        """Cluster and name of a service that was counted down, until something new is made."""
        self.count_taken: bool | None = None
        """Whether ECS takes a count while the target group has no load balancer."""

    def hear(self, heard: Heard) -> None:
        if heard.answer is None:
            return
        at = heard.ended_at
        if heard.operation in _ENDS_REST:
            self._at_zero = None
        match heard.operation:
            case "CreateLoadBalancer":
                for found in heard.answer["LoadBalancers"]:
                    self._made(found["LoadBalancerArn"], at)
            case "DeleteLoadBalancer":
                self._deleted(heard.params["LoadBalancerArn"], at)
            case "CreateService" | "UpdateService":
                self._counted(heard.answer["service"], at)
            case "DeleteService":
                self._counted({**heard.answer["service"], "desiredCount": 0}, at)
                self._at_zero = None
                self._ends(heard.answer["service"], at)

    def _made(self, arn: str, at: datetime) -> None:
        def is_active() -> bool:
            done = self._reads.is_active(arn)
            if done:
                self._watches.begin(f"metrics {arn}", at, has_point, METRICS)
            return done

        def has_point() -> bool:
            return self._reads.has_point(arn, at, self._clock.now())

        self._watches.begin(f"balancer {arn}", at, is_active)

    def _deleted(self, arn: str, at: datetime) -> None:
        begin, reads = self._watches.begin, self._reads
        begin(f"balancer {arn}", at, partial(reads.is_missing, arn))
        for id_ in self._addresses():
            begin(f"address {id_}", at, partial(reads.is_free, id_))
        for group in self._log.subjects(Thing.LISTENER):
            begin(f"group {group.id}", at, partial(self._is_let_go, group.id))

    def _is_let_go(self, group_arn: str) -> bool:
        """Then it is the moment to ask what no other shows: one call, which changes nothing."""
        done = self._reads.is_let_go(group_arn)
        if done and self._at_zero and self.count_taken is None:
            self.count_taken = self._reads.takes_count(*self._at_zero)
        return done

    def _counted(self, service: Mapping[str, Any], at: datetime) -> None:
        begin, reads = self._watches.begin, self._reads
        cluster, name, wanted = _identity(service)
        self._at_zero = None if wanted else (cluster, name)
        begin(f"tasks {name}", at, partial(reads.are_tasks, cluster, name, wanted))
        groups = [each.get("targetGroupArn") for each in service.get("loadBalancers") or ()]
        for arn in filter(None, groups):
            begin(f"targets {arn}", at, partial(reads.are_targets, arn, wanted))

    def _ends(self, service: Mapping[str, Any], at: datetime) -> None:
        cluster, name, _ = _identity(service)

        def is_purged() -> bool:
            return self._reads.service_state(cluster, name) in (states.MISSING, states.ACTIVE)

        def is_inactive() -> bool:
            state = self._reads.service_state(cluster, name)
            if state == states.INACTIVE:
                self._watches.begin(f"purge {name}", self._clock.now(), is_purged)
            return state in (states.INACTIVE, states.MISSING, states.ACTIVE)

        self._watches.begin(f"service {name}", at, is_inactive)


def _identity(service: Mapping[str, Any]) -> tuple[str, str, int]:
    count = int(service.get("desiredCount", 0))
    return str(service["clusterArn"]), str(service["serviceName"]), count
