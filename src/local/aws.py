"""
The laptop's AWS: one account whose answers depend on its clock alone.

    aws = LaptopAws(profile="typical", clock=ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC)))
    aws.furnish_article()
    elbv2 = aws.session().client("elbv2")          # a real client; no socket is opened
    aws.clock.advance(150)

ELBv2, ECS, EC2 and CloudWatch are played here, with the timing of AWS behaviour §9.2; whatever
else is asked for goes to moto. The SDK's own retries do not take place in process: an error is
what is left after them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from controller.domain.planning.timing import Timing
from controller.domain.planning.timing import profile as find_profile
from local import acm, cloudwatch
from local.autoscaling import policies, scheduled_actions
from local.autoscaling import targets as scalable_targets
from local.calls import Call, Calls, result_of
from local.clock import Clock, ManualClock
from local.conditions import Conditions
from local.ec2 import addresses, endpoints, interfaces, networks, routes, security_groups, subnets
from local.ec2 import tags as ec2_tags
from local.ecs import clusters, messages, scheduler, services, task_calls, task_definitions, tasks
from local.ecs import tags as ecs_tags
from local.ecs.state import Task
from local.elbv2 import (
    attributes,
    balancer_changes,
    health,
    listeners,
    load_balancers,
    target_groups,
)
from local.elbv2 import tags as elbv2_tags
from local.errors import AwsError, not_answered
from local.faults import Fault, Faults
from local.furnish import ARTICLE, furnish
from local.lifetimes import Lifetime, moment
from local.traffic import Traffic
from local.world import Region, World

if TYPE_CHECKING:
    import boto3.session

    from local.moto_side import MotoSide

Operation = Callable[[Region, Mapping[str, Any]], dict[str, Any]]
Override = Callable[[Mapping[str, Any]], dict[str, Any]]

OPERATIONS: dict[str, Mapping[str, Operation]] = {
    "elbv2": {
        **load_balancers.OPERATIONS,
        **balancer_changes.OPERATIONS,
        **target_groups.OPERATIONS,
        **listeners.OPERATIONS,
        **health.OPERATIONS,
        **attributes.OPERATIONS,
        **elbv2_tags.OPERATIONS,
    },
    "ecs": {
        **clusters.OPERATIONS,
        **task_definitions.OPERATIONS,
        **services.OPERATIONS,
        **task_calls.OPERATIONS,
        **ecs_tags.OPERATIONS,
    },
    "ec2": {
        **networks.OPERATIONS,
        **subnets.OPERATIONS,
        **routes.OPERATIONS,
        **addresses.OPERATIONS,
        **security_groups.OPERATIONS,
        **interfaces.OPERATIONS,
        **endpoints.OPERATIONS,
        **ec2_tags.OPERATIONS,
    },
    "application-autoscaling": {
        **scalable_targets.OPERATIONS,
        **policies.OPERATIONS,
        **scheduled_actions.OPERATIONS,
    },
    "cloudwatch": cloudwatch.OPERATIONS,
    "acm": {
        "ListCertificates": acm.list_all,
        "ListTagsForCertificate": acm.list_tags,
        "DescribeCertificate": acm.describe,
    },
}
"""What is played here, by botocore's name of the service and the API's of the operation."""


class LaptopAws:
    """
    A simulated AWS account; safe to use from several threads.

    `seed` decides every id and every draw of a fault's probability: the same script on the same
    clock gives the same calls and the same ids. `records_calls` may be turned off for long runs.
    """

    def __init__(
        self,
        profile: str | Timing = "typical",
        clock: Clock | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        seed: str = "dormouse",
    ) -> None:
        self.region_name = region
        self.account = account
        self._seed = seed
        self._timing = find_profile(profile)
        self._clock = clock or ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC))
        self._lock = RLock()
        self._moto: MotoSide | None = None
        self._sessions: dict[str, boto3.session.Session] = {}
        self._overrides: dict[tuple[str, str], Override] = {}
        self._watchers: list[Callable[[], None]] = []
        self.records_calls = True
        self.reset()

    def reset(self) -> None:
        """Empty the account, the record and the rules; the clock stays where it is."""
        with self._lock:
            self._world = World(self._clock, self._timing, self.account, self._seed)
            self.faults = Faults(self._seed)
            self.calls = Calls()
            if self._moto:
                self._moto.clear()

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def timing(self) -> Timing:
        return self._timing

    @property
    def conditions(self) -> Conditions:
        return self._world.conditions

    @property
    def traffic(self) -> Traffic:
        return self._world.traffic

    @property
    def world(self) -> World:
        """What really stands, for observers; whoever changes it does what AWS might do."""
        return self._world

    def peek(self, region: str | None = None) -> Region:
        """A region as it is at this moment, which no call may show yet."""
        with self._lock:
            self._settle()
            return self._world.region(region or self.region_name)

    def watch(self, watcher: Callable[[], None]) -> None:
        """
        Have `watcher` run whenever time has passed here, before anybody is answered.

        So nobody can know of a change that the watcher has not seen.
        """
        with self._lock:
            self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        with self._lock:
            self._watchers.remove(watcher)

    def _settle(self) -> float:
        now = self._world.settle()
        for watcher in self._watchers:
            watcher()
        return now

    def lifetimes(self) -> list[Lifetime]:
        """When each thing that costs money began and ended, up to now."""
        with self._lock:
            self._world.settle()
            return self._world.lifetimes.all()

    def reads(self) -> Calls:
        return self.calls.reads()

    def writes(self) -> Calls:
        return self.calls.writes()

    def plays(self, service: str, operation: str = "") -> bool:
        """Whether a call is answered here, and not by moto."""
        return service in OPERATIONS or (service, operation) in self._overrides

    def answer_with(self, service: str, operation: str, answer: Override) -> None:
        """
        Let `answer(params)` reply to an operation, of any service, instead of what would.

        A service that is not played here is overridden for clients in process only; but over
        HTTP, too, are `lambda:Invoke` and CloudFormation.
        """
        self._overrides[service, operation] = answer

    def call(
        self, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
    ) -> dict[str, Any]:
        """
        Answer one call that `plays` says is ours.

        Returns what botocore would hand out, without ResponseMetadata; raises AwsError.
        """
        with self._lock:
            call = self.begin(service, operation, params, region)
            fault = self.strike(call)
            if fault and fault.when == "before":
                raise self.fail(call, fault.error())
            try:
                reply = self._answer(call)
            except AwsError as error:
                self.fail(call, error)
                raise
            if fault:
                raise self.fail(call, fault.error())
            self.finish(call, reply)
            return reply

    def begin(
        self, service: str, operation: str, params: Mapping[str, Any], region: str | None = None
    ) -> Call:
        """Let time pass up to now, and note who asks for what; `finish` or `fail` records it."""
        with self._lock:
            now = moment(self._settle())
        return Call(now, region or self.region_name, service, operation, params)

    def strike(self, call: Call) -> Fault | None:
        if not self.faults:
            return None
        with self._lock:
            return self.faults.strike(call.service, call.operation, call.params)

    def finish(self, call: Call, reply: Mapping[str, Any]) -> None:
        if self.records_calls:
            self._record(call, None, "" if call.is_read else result_of(reply))

    def fail(self, call: Call, error: AwsError) -> AwsError:
        self._record(call, error.code, "")
        return error

    def _record(self, call: Call, code: str | None, result: str) -> None:
        """Parameters of writes are copied: the caller may go on using its own."""
        if not self.records_calls:
            return
        params = call.params if call.is_read else copy.deepcopy(call.params)
        self.calls.append(
            Call(call.at, call.region, call.service, call.operation, params, code, result)
        )

    def _answer(self, call: Call) -> dict[str, Any]:
        override = self._overrides.get((call.service, call.operation))
        if override:
            return override(call.params)
        handler = OPERATIONS.get(call.service, {}).get(call.operation)
        if not handler:
            raise not_answered(call.service, call.operation)
        if call.service == "ec2" and call.params.get("DryRun"):
            message = "Request would have succeeded, but DryRun flag is set."
            raise AwsError("DryRunOperation", message, 412)
        return handler(self._world.region(call.region), call.params)

    def session(self, region: str | None = None) -> boto3.session.Session:
        """The boto3 session of a region, all of whose clients are answered by this account."""
        from local.session import make_session

        name = region or self.region_name
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = make_session(self, name)
            return self._sessions[name]

    @property
    def moto(self) -> MotoSide:
        """The services that are not played here; loaded when first asked for."""
        from local.moto_side import MotoSide

        with self._lock:
            if self._moto is None:
                self._moto = MotoSide(self.account, self._clock)
            return self._moto

    def furnish(self, *, region: str | None = None, **things: Any) -> dict[str, dict[str, str]]:
        """Create what Terraform keeps, with given ids; see `local.furnish`."""
        with self._lock:
            self._world.settle()
            return furnish(self._world.region(region or self.region_name), things)

    def furnish_article(self) -> dict[str, dict[str, str]]:
        """Everything that the article's stack needs but its four sleepers."""
        return self.furnish(**ARTICLE)

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Let `action` happen at `when`, before the first call after it is answered."""
        with self._lock:
            self._world.at(when.timestamp(), action)

    def interrupt(self, task_arn: str, code: str = "SpotInterruption") -> None:
        """Let Fargate end a task: SpotInterruption, TerminationNotice, InfrastructureHealth."""
        with self._lock:
            self._world.settle()
            region, task = self._task(task_arn)
            tasks.stop(region, task, code, messages.INTERRUPTIONS[code], drain=False)
            scheduler.run(region, task.service)

    def set_container_health(self, task_arn: str, *, passes: bool) -> None:
        """Let the application of a running task fail its health checks, or recover."""
        with self._lock:
            self._world.settle()
            region, task = self._task(task_arn)
            tasks.change_health(region, task, passes=passes)

    def _task(self, arn: str) -> tuple[Region, Task]:
        region = self._world.region(arn.split(":")[3])
        for cluster in region.ecs.clusters.values():
            for task in cluster.tasks.values():
                if task.arn == arn:
                    return region, task
        raise KeyError(f"no task {arn}; expected the ARN of a task that can be described")
