"""The controller as it is deployed, its people and its AWS, living through a story."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from controller.bootstrap import bootstrap
from controller.domain.errors import EndPassError
from controller.domain.history import Event
from controller.domain.hold import Hold, sleep_now
from controller.domain.lease import Lease
from controller.domain.openings import Openings
from controller.domain.plan import Target
from controller.domain.policy import Policy, parse_policy
from controller.domain.report import rules_of
from controller.domain.spec import Spec
from controller.domain.status import Status
from controller.reconcile.side_by_side import one_by_one
from controller.store.table import Table
from direct import Crash, DirectSession, refusal
from factories import EIP, LB, SUBNET, article_spec, load_balancer, service, target_group
from factories import listener as listener_of
from local.aws import LaptopAws
from local.records import create_table
from local.tables.tables import Tables
from local.timing import profile
from simulation.clockwork import Clockwork, Process
from simulation.observer import EVERY, Observer
from simulation.story import MINUTE, Press, Story
from simulation.timeline import Timeline
from simulation.trouble import Blow, Spell, Weather

STACK = "nsfw-api"
TABLE = "dormouse"
ENVIRONMENT = {"DORMOUSE_TABLE": TABLE, "DORMOUSE_CONTROLLER": "controller"}
BUDGET = timedelta(seconds=300)
"""What template.yaml gives the function; Lambda ends it then, whatever it does."""

FAMILY = "nsfw-api-container"
LAG = {"slow": 60.0}
USUAL_LAG = 20.0
SLOW_ADDRESS = 600.0


class Invocation(DirectSession):
    """The session of one process, whose calls may take time, fail, or be its last."""

    def __init__(self, house: House, process: Process) -> None:
        super().__init__(house.aws)
        self._house = house
        self._process = process

    def make(self, service: str, operation: str, params: dict[str, Any]) -> Any:
        house, process = self._house, self._process
        if process.dead:
            raise Crash(process.name)
        blow = house.strike(process, service, operation)
        if blow is None:
            reply = self.ask(service, operation, params)
            house.made(process, service, operation, params, reply)
            return reply
        if blow.seconds:
            process.sleep(blow.seconds)
        struck = f"{service}:{operation} {blow.kind}"
        if blow.dies == "before":
            house.note("fault", f"{process.name} dies before {service}:{operation}")
            process.die()
        if blow.error and blow.when == "before":
            house.note("fault", f"{struck}: {blow.error}")
            raise refusal(blow.error, operation)
        reply = self.ask(service, operation, params)
        house.made(process, service, operation, params, reply)
        if operation == "DeleteLoadBalancer" and (blow.dies or blow.error):
            house.observer.unseen_end()
        if blow.dies:
            house.note("fault", f"{process.name} dies after {service}:{operation}")
            process.die()
        if blow.error:
            house.note("fault", f"{struck}, after its effect: {blow.error}")
            raise refusal(blow.error, operation)
        return reply


@dataclass
class Told:
    """What people heard, and which of it may be repeated: whoever told it died before noting it."""

    events: list[Event] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)


class House:
    """One story being lived. `run` it; `observer.problems` says what was wrong."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.timeline = Timeline()
        self.work = Clockwork(story.start)
        self.weather = Weather(story.spells, self._dice("calls"))
        self.triggers = self._dice("triggers")
        self.aws = LaptopAws(
            profile=story.profile, clock=self.work.clock, seed=f"simulated-{story.seed}"
        )
        self.aws.records_calls = False
        self.aws.furnish_article()
        self.tables = Tables()
        self.tables.play(self.aws)
        self.plain = DirectSession(self.aws)
        create_table(self.plain.client("dynamodb"), TABLE)
        self.aws.answer_with("lambda", "Invoke", self._invoked)
        self.table = Table(self.plain.client("dynamodb"), TABLE)
        self.told = Told()
        self.calls = 0
        self.passes = 0
        self.running: dict[str, Process] = {}
        self.spec = article_spec()
        self.observer = Observer(self)
        self._skews = [timedelta(0), timedelta(0)]
        self._usual = profile(story.profile)
        self._place_strangers()
        self.publish(story.policy, None)
        self._plan()

    def _dice(self, what: str) -> random.Random:
        return random.Random(f"{self.story.seed}/{what}")

    @property
    def now(self) -> datetime:
        return self.work.now

    def note(self, source: str, text: str) -> None:
        self.timeline.note(self.now, source, text)

    def run(self) -> Observer:
        self.work.run(self.story.end)
        self.observer.close()
        return self.observer

    # what is set before it begins

    def _place_strangers(self) -> None:
        """Things of almost the same names that other people made."""
        elbv2, ecs = self.plain.client("elbv2"), self.plain.client("ecs")
        balancer = elbv2.create_load_balancer(
            Name="ecs-nlb-2", Type="network", SubnetMappings=[{"SubnetId": SUBNET}]
        )["LoadBalancers"][0]
        group = elbv2.create_target_group(
            **{**target_group().request, "Name": "ecs-target-group-2"},
            Tags=[{"Key": "dormouse:stack", "Value": "nsfw-api-2"}],
        )["TargetGroups"][0]
        made = ecs.create_service(
            cluster="nsfw_api_cluster",
            serviceName="nsfw_api_service_2",
            taskDefinition=FAMILY,
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [SUBNET]}},
        )["service"]
        self.observer.strangers = {
            balancer["LoadBalancerArn"],
            group["TargetGroupArn"],
            made["serviceArn"],
        }

    def _plan(self) -> None:
        for press in self.story.presses:
            self.work.at(press.at, self._press_of(press))
        for at in self.story.visits:
            for name in ("ecs-nlb", "ecs-nlb-next"):
                self.aws.traffic.flows(name, at, new_flows=4, bytes=20_000)
        self.aws.traffic.noise("ecs-nlb", self.story.start)
        for spell in self.story.spells:
            self.work.at(spell.since, self._spell_of(spell, begins=True))
            self.work.at(spell.until, self._spell_of(spell, begins=False))
        self.work.at(self.story.start + MINUTE, self._tick)

    # triggers

    def _tick(self) -> None:
        """EventBridge each minute; a table with nothing due is not asked."""
        now = self.now
        self.work.at(now + MINUTE, self._tick)
        if now.minute % EVERY == 0:
            self.observer.look()
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
        due = self.tables.table({"TableName": TABLE}).walk("due", "due", None, up=True)
        first = next(due, None)
        skew = max(self._skews)
        return bool(first) and datetime.fromisoformat(first["due_at"]["S"]) <= now + skew

    def _beat(self) -> None:
        self._start("heartbeat", lambda controller, _: controller.hand_on_due())

    def _invoked(self, params: Any) -> dict[str, Any]:
        """Asynchronous: Lambda answers at once and runs it a moment later."""
        stack = json.loads(params["Payload"])["stack"]
        self.work.after(self.triggers.uniform(0.05, 0.8), lambda: self.start_pass(stack))
        return {"StatusCode": 202}

    def start_pass(self, stack: str = STACK) -> None:
        self.passes += 1
        name = f"pass {self.passes}"
        self._start(name, lambda controller, _: controller.run_pass(stack, name, BUDGET))

    def _start(self, name: str, run: Callable[[Any, Process], Any]) -> None:
        skew = self.triggers.choice(self._skews) if any(self._skews) else timedelta(0)

        def live(process: Process) -> Any:
            controller = bootstrap(
                ENVIRONMENT,
                session=Invocation(self, process),
                clock=process,
                side_by_side=one_by_one,
                tell=self._tell_of(process),
            )
            return run(controller, process)

        process = Process(self.work, name, live, self._ended, skew)
        self.running[name] = process
        self.work.after(BUDGET.total_seconds(), process.kill)
        process.start()

    def _ended(self, process: Process, error: BaseException | None) -> None:
        self.running.pop(process.name, None)
        if isinstance(error, Crash):
            self.note("fault", f"{process.name} is dead")
        elif isinstance(error, ClientError | BotoCoreError | EndPassError):
            self.note("pass", f"{process.name} ended with {error}")
            self.observer.refused(error)
        elif error is not None:
            raise error
        elif process.name != "heartbeat":
            self._note_result(process)

    def _note_result(self, process: Process) -> None:
        log = process.result
        cause = f" ({log['cause']})" if log.get("cause") else ""
        wanted = log.get("decision", {})
        reason = f": {wanted['state']}, {wanted['reason']}" if wanted else ""
        self.note("pass", f"{process.name} {log['result']}{cause}{reason}; due {log.get('due_at')}")

    def _tell_of(self, process: Process) -> Callable[[Spec, Event], None]:
        def tell(_: Spec, event: Event) -> None:
            if self.weather.on and self.weather.is_on("deaf people"):
                raise ConnectionError("nobody listens")
            self.note("told", f"{event.kind}: {event.reason}")
            self.told.events.append(event)
            self.observer.heard(event)

        return tell

    def strike(self, process: Process, service: str, operation: str) -> Blow | None:
        """What becomes of the next call."""
        self.calls += 1
        return self.weather.strike(service, operation) if self.weather.on else None

    def made(
        self,
        process: Process,
        service: str,
        operation: str,
        params: dict[str, Any],
        reply: dict[str, Any],
    ) -> None:
        """A call of the controller has had its effect."""
        if service == "dynamodb" or operation.startswith(("Describe", "List", "Get")):
            return
        if service != "lambda":
            self.note("call", f"{process.name} {service}:{operation}")
            self.observer.saw_call(operation, params)

    # people

    def _press_of(self, press: Press) -> Callable[[], None]:
        def act() -> None:
            self.note("people", f"{press.kind} {press.hours:g} h {press.more or ''}".rstrip())
            getattr(self, f"_do_{press.kind}")(press)
            if self.triggers.random() < 0.8:  # or whoever was asked could not nudge
                self.work.after(self.triggers.uniform(0.1, 2), self.start_pass)

        return act

    def _do_wake(self, press: Press) -> None:
        lease = Lease(
            stack=STACK,
            id=f"l{press.at:%d%H%M%S}",
            holder="wake link",
            reason="",
            granted_at=press.at,
            expires_at=press.at + timedelta(hours=press.hours),
        )
        self.table.grant(lease)
        self.observer.wants.granted(lease)

    def _do_extend(self, press: Press) -> None:
        live = [one for one in self.table.load(STACK).leases if one.covers(press.at)]
        if live:
            end = press.at + timedelta(hours=press.hours)
            lease = self.table.extend(STACK, live[-1].id, end, press.at)
            if lease:
                self.observer.wants.granted(lease)

    def _do_sleep(self, press: Press) -> None:
        records = self.table.load(STACK)
        rules = rules_of(records.spec, Status.from_json(records.status))
        hold = sleep_now(STACK, Openings(rules, press.at), records.leases, "ann", "", press.at)
        self._put_hold(hold)

    def _do_hold(self, press: Press) -> None:
        hold = Hold(
            stack=STACK,
            state=Target(press.more),
            by="ann",
            reason="",
            set_at=press.at,
            until=press.at + timedelta(hours=press.hours),
            over=frozenset(lease.id for lease in self.table.load(STACK).leases),
        )
        self._put_hold(hold)

    def _put_hold(self, hold: Hold) -> None:
        self.table.hold(hold)
        self.observer.wants.held(hold, self.now)

    def _do_lift(self, press: Press) -> None:
        self.table.lift_hold(STACK, press.at)
        self.observer.wants.held(None, self.now)

    def _do_publish(self, press: Press) -> None:
        policy, name = press.more
        self.publish(policy, name)

    def publish(self, settings: dict[str, Any], name: str | None) -> None:
        policy: Policy = parse_policy(settings)
        balancer = self.spec[LB]
        if name:
            balancer = load_balancer(request={"Name": name})
            self.observer.renamed()
        resources = (target_group(), balancer, listener_of(), service())
        self.spec = replace(self.spec, policy=policy.to_json(), resources=resources)
        self.table.put_spec(self.spec, self.now)
        self.observer.wants.published(policy, settings)

    # weather

    def _spell_of(self, spell: Spell, *, begins: bool) -> Callable[[], None]:
        def change() -> None:
            self.weather.turn(self.now)
            self.note("fault", f"{spell.kind} {'begins' if begins else 'is over'}")
            self._apply(spell, begins)

        return change

    def _apply(self, spell: Spell, on: bool) -> None:
        conditions, world = self.aws.conditions, self.aws.world
        match spell.kind:
            case "bad image":
                conditions.containers(FAMILY, "image_pull_error" if on else "healthy")
            case "no capacity":
                conditions.containers(FAMILY, "no_capacity" if on else "healthy")
            case "slow address":
                world.timing = replace(self._usual, eip_release=SLOW_ADDRESS) if on else self._usual
            case "lag":
                lag = LAG.get(self.story.profile, USUAL_LAG)
                world.timing = replace(self._usual, describe_lag=lag) if on else self._usual
            case "slow balancer":
                slow = 3 * self._usual.lb_provisioning
                world.timing = replace(self._usual, lb_provisioning=slow) if on else self._usual
            case "broken balancer":
                for name in ("ecs-nlb", "ecs-nlb-next"):
                    conditions.load_balancer(name, "failed" if on else "active")
            case "partial metrics":
                conditions.metric_status = "PartialData" if on else "Complete"
            case "skewed clocks":
                skew = timedelta(seconds=20 + 80 * spell.strength)
                self._skews = [skew, -skew] if on else [timedelta(0)] * 2
            case _ if on:
                self._happens(spell.kind)

    def _happens(self, kind: str) -> None:
        key = {"pk": {"S": f"stack#{STACK}"}}
        dynamodb = self.plain.client("dynamodb")
        match kind:
            case "lock lost":
                dynamodb.delete_item(TableName=TABLE, Key={**key, "sk": {"S": "lock"}})
                self.start_pass()
            case "status lost":
                dynamodb.delete_item(TableName=TABLE, Key={**key, "sk": {"S": "status"}})
                self.table.ask(STACK, self.now)
                self.observer.memory_lost()
            case "day-old trigger":
                self.start_pass()
            case "quiet death":
                for process in list(self.running.values()):
                    process.kill()
            case "balancer deleted by hand":
                for balancer in self.observer.balancers():
                    self.observer.unseen_end()
                    self.plain.client("elbv2").delete_load_balancer(LoadBalancerArn=balancer.arn)
            case "task interrupted":
                for task in self.observer.tasks():
                    if task.last_status == "RUNNING":
                        self.aws.interrupt(task.arn)

    def elastic_ip(self) -> Any:
        return self.aws.look().ec2.addresses[EIP]
