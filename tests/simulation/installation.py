"""The controller as it is deployed, its people and its AWS, living through a story."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from controller.bootstrap import Controller, bootstrap
from controller.domain.decision.history import Event
from controller.domain.errors import DormouseError, EndPassError
from controller.domain.notification.messages import Level, Message, NotifyAbout
from controller.domain.planning.spec import Spec
from controller.domain.planning.timing import profile
from controller.notify.notifier import NoLog, Notifier
from controller.reconcile.side_by_side import one_by_one
from controller.store.table import Table
from direct import Crash, DirectClient, DirectSession, refusal
from factories import SUBNET, target_group
from local.aws import LaptopAws
from local.calls import READS
from local.conditions import Conditions
from local.ecs.mishaps import interrupt
from local.errors import AwsError
from local.records import create_table
from local.world import Region
from simulation import damage, upsets
from simulation.clockwork import Clockwork, Process
from simulation.functions import BUDGET, Function
from simulation.observer import EVERY, Observer, Problem
from simulation.settings import FAMILIES, FAMILY
from simulation.simulated_users import SimulatedUsers
from simulation.sites import OTHER_ACCOUNT, WORKER, Place, Site, place_of
from simulation.story import MINUTE, Story
from simulation.timeline import Timeline
from simulation.trouble import (
    AWS,
    BAD_TASK,
    BAD_WORKER,
    BROKEN_MESSAGE,
    ENDLESS_DRAIN,
    STRANGER,
    Blow,
    Spell,
    Weather,
)
from tables.tables import Tables

TABLE = "dormouse"
ENVIRONMENT = {"DORMOUSE_TABLE": TABLE, "DORMOUSE_CONTROLLER": "controller"}
LAG = {"slow": 60.0}
USUAL_LAG = 20.0
SLOW_ADDRESS = 600.0


class Container(DirectSession):
    """
    A warm environment of Lambda's: one process after the other, until one dies in it.

    It is their session, whose calls may take time, fail, or be the last, and their clock.
    """

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation.aws)
        self._roles: dict[str, _InRole] = {}
        self._installation = installation
        self._process: Process
        self._stack: str
        self._controller = bootstrap(
            ENVIRONMENT,
            session=self,
            clock=self,
            side_by_side=one_by_one,
            rehearses=False,
            notify=installation.tell,
        )

    def run(self, process: Process, stack: str, run: Callable[[Controller], Any]) -> Any:
        self._process, self._stack = process, stack
        return run(self._controller)

    def now(self) -> datetime:
        return self._process.now()

    def sleep(self, seconds: float) -> None:
        self._process.sleep(seconds)

    def client(self, name: str, region_name: str | None = None, **options: Any) -> DirectClient:
        account = options.get("aws_access_key_id", "")
        if not account:
            return super().client(name, region_name)
        if account not in self._roles:
            self._roles[account] = _InRole(self, self._installation.sessions[account], account)
        return self._roles[account].client(name, region_name)

    def make(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        region: str,
        account: str = "",
    ) -> Any:
        installation, process = self._installation, self._process
        if process.dead:
            raise Crash(process.name)
        blow = installation.strike(process, service, operation)
        if blow is None:
            return self._take(service, operation, params, place_of(account, region))
        if blow.seconds:
            process.sleep(blow.seconds)
        struck = f"{service}:{operation} {blow.kind}"
        if blow.dies == "before":
            installation.note("fault", f"{process.name} dies before {service}:{operation}")
            process.die()
        if blow.error and blow.when == "before":
            installation.note("fault", f"{struck}: {blow.error}")
            raise refusal(blow.error, operation)
        reply = self._take(service, operation, params, place_of(account, region))
        if operation == "DeleteLoadBalancer" and (blow.dies or blow.error):
            installation.users_of[self._stack].observer.unseen_end()
        if blow.dies:
            installation.note("fault", f"{process.name} dies after {service}:{operation}")
            process.die()
        if blow.error:
            installation.note("fault", f"{struck}, after its effect: {blow.error}")
            raise refusal(blow.error, operation)
        return reply

    def _take(self, service: str, operation: str, params: dict[str, Any], place: Place) -> Any:
        """Let it have its effect, under the eyes of those whom it must not touch."""
        if service == "sts":
            account = params["RoleArn"].split(":")[4]
            keys = dict.fromkeys(("SecretAccessKey", "SessionToken"), "x")
            return {"Credentials": {"AccessKeyId": account, **keys}}
        ask, region = self._installation.sessions[place.account].ask, place.region
        if service not in AWS:
            return ask(service, operation, params, region)
        users = self._installation.users_of[self._stack]
        if place not in users.places:
            users.observer.complain(f"{operation} was called in {region} {place.account}")
        if operation.startswith(READS):
            return ask(service, operation, params, region)
        users.observer.will_call(operation, params)
        if operation == "StopTask" and not self._installation.may_stop(params["task"], place):
            self._installation.note(
                "fault", f"{self._process.name} may not stop a task without our tags"
            )
            raise refusal(DENIED, operation)
        installation, stack = self._installation, self._stack
        if installation.rights.refuse(installation, stack, operation, params):
            installation.note("fault", f"{self._process.name} may not {operation} yet")
            raise refusal(upsets.DENIED_YET, operation)
        self._installation.note("call", f"{self._process.name} {service}:{operation}")
        others = [one for one in self._installation.users_of.values() if one is not users]
        before = [set(one.belongings()) for one in others]
        reply = ask(service, operation, params, region)
        for one, had in zip(others, before, strict=True):
            if set(one.belongings()) != had:
                users.observer.complain(f"{operation} changed what is {one.stack}'s: {params}")
        installation.rights.saw(installation, stack, operation)
        users.observer.saw_call(operation, params, place)
        return reply


class _InRole(DirectSession):
    """Their clients in the account of a role."""

    def __init__(self, container: Container, plain: DirectSession, account: str) -> None:
        super().__init__(plain.aws)
        self._container = container
        self._account = account

    def make(self, service: str, operation: str, params: dict[str, Any], region: str) -> Any:
        return self._container.make(service, operation, params, region, self._account)


@lru_cache(maxsize=100)
def _moment(text: str) -> datetime:
    """Kept: when a stack is due is asked each minute."""
    return datetime.fromisoformat(text)


class _Topic:
    """Takes what the teller publishes to those who listen."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def publish(self, message: Message) -> None:
        self._installation.heard(message)


DENIED = AwsError("AccessDeniedException", "User is not authorized to perform: ecs:StopTask")
"""What the controller's role gets of a task without our tags (template.yaml, StopOwnTasks)."""


def _let(conditions: Conditions, families: Iterable[str], behaviour: str) -> None:
    for family in families:
        conditions.containers(family, behaviour)


class Installation:
    """
    One story being lived. `run` it; `problems` says what was wrong.

    `observer` and `told` are those of the stack that each story has.
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        self.timeline = Timeline()
        self.work = Clockwork(story.start)
        without_spec = [one for one in story.damages if one.kind == damage.BOTH_SPECS]
        self.weather = Weather([*story.spells, *without_spec], self._dice("calls"))
        self.triggers = self._dice("triggers")
        lives = [story, story.neighbour] if story.neighbour else [story]
        self.aws = LaptopAws(
            profile=story.profile, clock=self.work.clock, seed=f"simulated-{story.seed}"
        )
        self.clouds = {"": self.aws}
        if any(one.goes_to_another_account for one in lives):
            self.clouds[OTHER_ACCOUNT] = LaptopAws(
                profile=story.profile,
                clock=self.work.clock,
                seed=f"simulated-{story.seed}",
                account=OTHER_ACCOUNT,
            )
        self.sessions = {account: DirectSession(aws) for account, aws in self.clouds.items()}
        for aws in self.clouds.values():
            aws.records_calls = False
            aws.conditions.count_raised_after = story.hands
        self.tables = Tables()
        self.tables.play(self.aws)
        self.plain = self.sessions[""]
        create_table(self.plain.client("dynamodb"), TABLE)
        self.table_name = TABLE
        self._records = self.tables.table({"TableName": TABLE})
        self.aws.answer_with("lambda", "Invoke", self._invoked)
        self.table = Table(self.plain.client("dynamodb"), TABLE)
        self.function = Function(
            self.work, self.triggers, self._start_event, self._has_room, self._gave_up
        )
        self.calls = 0
        self.passes = 0
        self.rights = upsets.Rights()
        self._broken: set[str] = set()
        self._teller = Notifier(
            clock=self.work.clock,
            log=NoLog(),
            topic=_Topic(self),
            about=NotifyAbout(Level.DETAIL),
        )
        self.running: list[Process] = []
        self._idle: list[Container] = []
        self.foreign_resources: dict[str, set[str]] = {}
        self._skews = [timedelta(0), timedelta(0)]
        self._usual = profile(story.profile)
        for life in lives:
            self._furnish(life)
        self.users_of = {life.site.stack: SimulatedUsers(self, life) for life in lives}
        self._plan()

    def _dice(self, what: str) -> random.Random:
        return random.Random(f"{self.story.seed}/{what}")

    @property
    def now(self) -> datetime:
        return self.work.now

    @property
    def observer(self) -> Observer:
        return self.users_of[self.story.site.stack].observer

    @property
    def reported(self) -> list[Event]:
        return self.users_of[self.story.site.stack].reported

    @property
    def problems(self) -> list[Problem]:
        found = [each for one in self.users_of.values() for each in one.observer.problems]
        return sorted(found, key=lambda problem: problem.at)

    def of(self, stack: str, text: str) -> str:
        """A text of a stack; where there is one only, it goes without saying."""
        return text if stack == self.story.site.stack else f"{stack}: {text}"

    def note(self, source: str, text: str) -> None:
        self.timeline.note(self.now, source, text)

    def run(self, until: datetime | None = None) -> Installation:
        """Live through it, or through its beginning."""
        self.work.run(until or self.story.end)
        for users in self.users_of.values():
            users.observer.close()
        return self

    # what is set before it begins

    def _furnish(self, life: Story) -> None:
        site = life.site
        known = site.region in self.foreign_resources
        site.furnish(self.aws, site.region, others=known)
        if not known:
            self.foreign_resources[site.region] = self._place_strangers(site.region)

    def look(self, place: Place) -> Region:
        return self.clouds[place.account].peek(place.region)

    def cloud_of(self, arn: str) -> LaptopAws:
        return self.clouds[self._account_of(arn)]

    def client_of(self, arn: str, service: str) -> DirectClient:
        """Somebody's client, in the account and region of an ARN."""
        return self.sessions[self._account_of(arn)].client(service, arn.split(":")[3])

    def _account_of(self, arn: str) -> str:
        account = arn.split(":")[4]
        return account if account in self.clouds else ""

    def prepare(self, site: Site, place: Place) -> None:
        """What Terraform keeps in a place to which a stack moves."""
        region = self.look(place)
        if site.allocation_id not in region.ec2.addresses:
            others = bool(region.ecs.clusters)
            site.furnish(self.clouds[place.account], place.region, others=others)

    def _place_strangers(self, region: str) -> set[str]:
        """Things of almost the same names that other people made, a task that runs among them."""
        elbv2, ecs = self.plain.client("elbv2", region), self.plain.client("ecs", region)
        balancer = elbv2.create_load_balancer(
            Name="ecs-nlb-2", Type="network", SubnetMappings=[{"SubnetId": SUBNET}]
        )["LoadBalancers"][0]
        group = elbv2.create_target_group(
            **{**target_group().request, "Name": "ecs-target-group-2"},
            Tags=[{"Key": "dormouse:stack", "Value": "nsfw-api-2"}],
        )["TargetGroups"][0]
        elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Port=5000,
            Protocol="TCP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        made = ecs.create_service(
            cluster="nsfw_api_cluster",
            serviceName="nsfw_api_service_2",
            taskDefinition=FAMILY,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": [SUBNET], "assignPublicIp": "ENABLED"}
            },
        )["service"]
        return {balancer["LoadBalancerArn"], group["TargetGroupArn"], made["serviceArn"]}

    def _plan(self) -> None:
        for users in self.users_of.values():
            users.plan()
        for spell in self.story.spells:
            self.work.at(spell.since, self._spell_of(spell, begins=True))
            self.work.at(spell.until, self._spell_of(spell, begins=False))
        for spell in self.story.damages:
            self.work.at(spell.since, partial(damage.strike, self, self._struck(spell), spell))
        self.work.at(self.story.start + MINUTE, self._tick)

    # triggers

    def _tick(self) -> None:
        """EventBridge each minute; a table with nothing due is not asked."""
        now = self.now
        self.work.at(now + MINUTE, self._tick)
        if now.minute % EVERY == 0:
            for users in self.users_of.values():
                users.observer.look()
        if now.hour == 0 and now.minute == 0:
            self.tables.expire(TABLE, "expires", now)
        if not self._is_anything_due(now):
            return
        if self.weather.on:
            if self.weather.is_on("lost heartbeats"):
                self.note("fault", "the heartbeat is lost")
                return
            if self.weather.is_on("late heartbeats"):
                self.work.after(self.triggers.uniform(5, 300), self._beat)
                return
            if self.weather.is_on("doubled heartbeats"):
                self._beat()
        self._beat()

    def _is_anything_due(self, now: datetime) -> bool:
        first = next(self._records.walk("due", "due", None, up=True), None)
        if first is None:
            return False
        return _moment(first["due_at"]["S"]) <= now + max(self._skews)

    def _beat(self) -> None:
        self.function.invoke({})

    def _invoked(self, params: Any) -> dict[str, Any]:
        self.function.invoke(json.loads(params["Payload"]))
        return {"StatusCode": 202}

    def start_pass(self, stack: str) -> None:
        self.function.invoke({"stack": stack})

    def _has_room(self) -> bool:
        return not (self.weather.on and self.weather.is_on("throttled function"))

    def _gave_up(self, event: Mapping[str, Any], why: str) -> None:
        """What goes to the topic (template.yaml, OnFailure)."""
        stack = event.get("stack", "")
        self.note("fault", f"Lambda gives up an event of {stack or 'the heartbeat'}: {why}")
        for users in self.users_of.values():
            if stack in ("", users.stack):
                users.observer.given_up(why)

    def _start_event(self, event: Mapping[str, Any], ended: Callable[[bool], None]) -> None:
        """As the handler does: an event that names a stack is a pass, any other a heartbeat."""
        stack = event.get("stack", "")
        if not stack:
            self._start("heartbeat", "", lambda controller: controller.hand_on_due(), ended)
            return
        self.passes += 1
        name = f"pass {self.passes}"
        budget = min(BUDGET, timedelta(seconds=event.get("seconds", BUDGET.total_seconds())))
        self._start(name, stack, lambda one: one.run_pass(stack, name, budget), ended)

    def _start(
        self, name: str, stack: str, run: Callable[[Controller], Any], ended: Callable[[bool], None]
    ) -> None:
        skew = self.triggers.choice(self._skews) if any(self._skews) else timedelta(0)

        container = self._idle.pop() if self._idle else Container(self)

        def over(process: Process, error: BaseException | None) -> None:
            self.running.remove(process)
            if not isinstance(error, Crash):
                self._idle.append(container)
            self._ended(process, stack, error)
            ended(error is not None)

        def live(process: Process) -> Any:
            return container.run(process, stack, run)

        process = Process(self.work, name, live, over, skew)
        self.running.append(process)
        self.work.after(BUDGET.total_seconds(), process.kill)
        process.start()

    def _ended(self, process: Process, stack: str, error: BaseException | None) -> None:
        if isinstance(error, Crash):
            self.note("fault", f"{process.name} is dead")
        elif isinstance(error, ClientError | BotoCoreError | DormouseError):
            self.note("pass", f"{process.name} ended with {error}")
            for users in self.users_of.values():
                if stack in ("", users.stack):
                    users.observer.refused(error)
        elif error is not None:
            raise error
        elif stack:
            self._note_result(process, stack)

    def _note_result(self, process: Process, stack: str) -> None:
        log = process.result
        cause = f" ({log['cause']})" if log.get("cause") else ""
        wanted = log.get("decision", {})
        reason = f": {wanted['state']}, {wanted['reason']}" if wanted else ""
        reported = f"{process.name} {log['result']}{cause}{reason}; due {log.get('due_at')}"
        self.note("pass", self.of(stack, reported))

    def tell(self, spec: Spec, event: Event) -> None:
        """Through the controller's own teller; of some events no text can be made."""
        if self.weather.on and self.weather.is_on("deaf people"):
            raise EndPassError("nobody listens", after_seconds=5)
        spell = self.weather.now(BROKEN_MESSAGE)
        self._teller(spec, upsets.damaged(event, spell, self._broken))

    def heard(self, message: Message) -> None:
        event = message.event
        self.note("told", self.of(event.stack, f"{event.kind}: {event.reason}"))
        self.users_of[event.stack].hear(event)

    def strike(self, process: Process, service: str, operation: str) -> Blow | None:
        """What becomes of the next call."""
        self.calls += 1
        return self.weather.strike(service, operation) if self.weather.on else None

    def may_stop(self, arn: str, place: Place) -> bool:
        """The role's right to stop a task is one for tasks that carry our tags."""
        clusters = self.look(place).ecs.clusters.values()
        tasks = [each for cluster in clusters for each in cluster.tasks.values()]
        return any(each.arn == arn and "dormouse:stack" in each.tags for each in tasks)

    # weather

    def _spell_of(self, spell: Spell, *, begins: bool) -> Callable[[], None]:
        def change() -> None:
            self.weather.turn(self.now)
            self.note("fault", f"{spell.kind} {'begins' if begins else 'is over'}")
            self._apply(spell, begins)

        return change

    def _apply(self, spell: Spell, on: bool) -> None:
        for aws in self.clouds.values():
            self._strike_account(aws, spell, on)
        match spell.kind:
            case _ if spell.kind in (BAD_TASK, BAD_WORKER):
                if on:
                    upsets.break_a_task(self, self._struck(spell), spell)
            case _ if spell.kind == STRANGER:
                if on:
                    upsets.move_in(self, self._struck(spell), FAMILY, spell.strength)
                else:
                    upsets.move_out(self, self._struck(spell))
            case "skewed clocks":
                skew = timedelta(seconds=20 + 80 * spell.strength)
                self._skews = [skew, -skew] if on else [timedelta(0)] * 2
            case _ if on:
                self._happens(spell.kind, self._struck(spell))

    def _strike_account(self, aws: LaptopAws, spell: Spell, on: bool) -> None:
        """What becomes of everything in one account."""
        conditions, world = aws.conditions, aws.world
        match spell.kind:
            case "bad image":
                _let(conditions, FAMILIES, "image_pull_error" if on else "healthy")
            case "no capacity":
                _let(conditions, FAMILIES, "no_capacity" if on else "healthy")
            case "slow address":
                world.timing = replace(self._usual, eip_release=SLOW_ADDRESS) if on else self._usual
            case "lag":
                lag = LAG.get(self._usual.name, USUAL_LAG)
                world.timing = replace(self._usual, describe_lag=lag) if on else self._usual
            case "slow balancer":
                slow = 3 * self._usual.lb_provisioning
                world.timing = replace(self._usual, lb_provisioning=slow) if on else self._usual
            case "broken balancer":
                names = [name for one in self.users_of.values() for name in one.site.balancers]
                for name in names:
                    conditions.load_balancer(name, "failed" if on else "active")
            case _ if spell.kind in (BAD_TASK, BAD_WORKER):
                behaviour = upsets.behaviour(spell.strength) if on else "healthy"
                families = FAMILIES if spell.kind == BAD_TASK else (WORKER,)
                _let(conditions, families, behaviour)
            case _ if spell.kind == ENDLESS_DRAIN:
                conditions.drains_for_ever = on
            case "partial metrics":
                conditions.metric_status = "PartialData" if on else "Complete"

    def _struck(self, spell: Spell) -> SimulatedUsers:
        is_for_all = spell.kind != BAD_WORKER
        users_of = [one for one in self.users_of.values() if is_for_all or one.story.worker]
        return users_of[int(spell.strength * len(users_of))]

    def _happens(self, kind: str, users: SimulatedUsers) -> None:
        """Something that happens once, to one stack."""
        stack, observer = users.stack, users.observer
        key = {"pk": {"S": f"stack#{stack}"}}
        dynamodb = self.plain.client("dynamodb")
        match kind:
            case "lock lost":
                dynamodb.delete_item(TableName=TABLE, Key={**key, "sk": {"S": "lock"}})
                self.start_pass(stack)
            case "status lost":
                dynamodb.delete_item(TableName=TABLE, Key={**key, "sk": {"S": "status"}})
                self.table.request_pass(stack, self.now)
                observer.memory_lost()
            case "day-old trigger":
                self.start_pass(stack)
            case "quiet death":
                for process in list(self.running):
                    process.kill()
            case "balancer deleted by hand":
                for balancer in observer.balancers():
                    observer.unseen_end()
                    elbv2 = self.client_of(balancer.arn, "elbv2")
                    elbv2.delete_load_balancer(LoadBalancerArn=balancer.arn)
            case "task interrupted":
                for task in observer.tasks():
                    if task.last_status == "RUNNING":
                        interrupt(self.cloud_of(task.arn), task.arn)
