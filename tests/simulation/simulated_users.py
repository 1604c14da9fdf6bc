"""One stack of a story: what its people do, and who watches over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.hold import Hold, sleep_now
from controller.domain.decision.lease import Lease
from controller.domain.decision.office_hours import OfficeHours
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy
from controller.domain.reporting.report import rules_of
from controller.domain.reporting.status import Status
from local.lifetimes import Lifetime
from simulation import damage, settings
from simulation.observer import Observer
from simulation.sites import Place, Shape
from simulation.story import Press, Story

if TYPE_CHECKING:
    from simulation.installation import Installation

PERSON = (1.0, 10.0)
"""Minutes until somebody who was told of a drain that does not end stops the task."""


class SimulatedUsers:
    """
    `told` is what its people heard. `visitor` is a stranger's thing that has one of its names now,
    `visitors` are the ARNs of all that ever had, tasks included: they are on another bill.
    """

    def __init__(self, installation: Installation, story: Story) -> None:
        self._installation = installation
        self.story = story
        self.site = story.site
        self.stack = story.site.stack
        self.reported: list[Event] = []
        self.shape = Shape(changed=story.begins)
        self.visitor = ""
        self.visitors: set[str] = set()
        self.places = [self.site.place(self.shape)]
        self._policy: dict[str, Any] = {}
        self.observer = Observer(installation, self)
        self.publish(story.policy)

    def plan(self) -> None:
        """Put on the agenda what its people do, and let its users and scanners come."""
        installation = self._installation
        for press in self.story.presses:
            installation.work.at(press.at, self._press_of(press))
        names = [f"{self.site.region}/{name}" for name in self.site.balancers]
        moves = self.story.moves
        names += [f"{self.site.away}/{name}" for name in self.site.balancers] if moves else []
        for cloud in installation.clouds.values():
            for at in self.story.visits:
                for name in names:
                    cloud.traffic.flows(name, at, new_flows=4, bytes=20_000)
        installation.aws.traffic.noise(names[0], self.story.start)

    def owns(self, life: Lifetime) -> bool:
        """Whether this is on the stack's bill."""
        site = self.site
        if life.kind == "elastic_ip":
            return life.arn == site.allocation_id and life.region == site.region
        if life.arn in self.visitors:
            return False
        mine = site.balancers if life.kind == "load_balancer" else (*site.services, site.worker)
        return life.region in (site.region, site.away) and life.name in mine

    def lifetimes(self) -> list[Lifetime]:
        """
        What is on its bill, wherever it stood.

        At the prices of its first region, as the ledger is asked here: it has one list of prices.
        """
        found = []
        for account, cloud in self._installation.clouds.items():
            for life in cloud.lifetimes():
                if self.owns(life) and not (account and life.kind == "elastic_ip"):
                    found.append(replace(life, region=self.site.region))
        return found

    def hear(self, event: Event) -> None:
        self.reported.append(event)
        self.observer.heard(event)
        if event.kind is EventKind.DAMAGED:
            damage.reported(self._installation, self, event)
        is_asked = event.kind is EventKind.DEGRADED and "aws ecs stop-task" in event.reason
        if is_asked or event.kind in (EventKind.STUCK, EventKind.FAILED):
            minutes = self._installation.triggers.uniform(*PERSON)
            self._installation.work.after(minutes * 60, self._stop_what_drains)

    def _stop_what_drains(self) -> None:
        """Somebody with more rights than the controller sees to tasks that do not end."""
        for task in self.observer.tasks():
            if task.last_status == "DEACTIVATING" and task.stopping:
                self._installation.note("people", f"stop a task of {self.stack}")
                ecs = self._installation.client_of(task.arn, "ecs")
                ecs.stop_task(cluster=task.cluster.name, task=task.arn)

    # what people do

    def _press_of(self, press: Press) -> Callable[[], None]:
        def act() -> None:
            text = f"{press.kind} {press.hours:g} h {press.more or ''}".rstrip()
            self._installation.note("people", self._installation.of(self.stack, text))
            getattr(self, f"_do_{press.kind}")(press)
            if self._installation.triggers.random() < 0.8:  # or whoever was asked could not nudge
                seconds = self._installation.triggers.uniform(0.1, 2)
                self._installation.work.after(
                    seconds, lambda: self._installation.start_pass(self.stack)
                )

        return act

    def _do_wake(self, press: Press) -> None:
        lease = Lease(
            stack=self.stack,
            id=f"l{press.at:%d%H%M%S}",
            holder="wake link",
            reason="",
            granted_at=press.at,
            expires_at=press.at + timedelta(hours=press.hours),
        )
        self._installation.table.grant(lease)
        self.observer.wants.granted(lease)

    def _do_extend(self, press: Press) -> None:
        """As page and commands do: what a hold was put over is of no use, and a new lease is."""
        table = self._installation.table
        records = table.load(self.stack)
        over = records.hold.over if records.hold else frozenset()
        running = [one for one in records.leases if one.covers(press.at)]
        live = [one for one in running if one.id not in over]
        if running and not live:
            self._do_wake(press)
        if live:
            end = press.at + timedelta(hours=press.hours)
            lease = table.extend(self.stack, live[-1].id, end, press.at)
            if lease:
                self.observer.wants.granted(lease)

    def _do_sleep(self, press: Press) -> None:
        records = self._installation.table.load(self.stack)
        rules = rules_of(records.spec, records.status or Status())
        windows = OfficeHours(rules, press.at)
        self._put_hold(sleep_now(self.stack, windows, records.leases, "ann", "", press.at))

    def _do_hold(self, press: Press) -> None:
        leases = self._installation.table.load(self.stack).leases
        hold = Hold(
            stack=self.stack,
            state=Target(press.more),
            by="ann",
            reason="",
            set_at=press.at,
            until=press.at + timedelta(hours=press.hours),
            over=frozenset(lease.id for lease in leases),
        )
        self._put_hold(hold)

    def _put_hold(self, hold: Hold) -> None:
        self._installation.table.hold(hold)
        self.observer.wants.held(hold, self._installation.now)

    def _do_lift(self, press: Press) -> None:
        self._installation.table.lift_hold(self.stack, press.at)
        self.observer.wants.held(None, self._installation.now)

    def _do_publish(self, press: Press) -> None:
        policy, change = press.more
        self.publish(policy, *([change] if change else []))

    def _do_change(self, press: Press) -> None:
        self.publish(self._policy, *press.more)

    def _do_adjust(self, press: Press) -> None:
        self.publish({**self._policy, **press.more})

    def publish(self, policy: dict[str, Any], *changes: str) -> None:
        """A policy, with changes of the stack itself: some of `CHANGES`, `MOVES` and `SETTINGS`."""
        self._policy = policy or self._policy
        self.shape = self.shape.with_changes(*changes)
        for change in changes:
            self.observer.changed(change)
        if settings.IMAGE in changes:
            self._register_task()
        if self.place not in self.places:
            self._installation.prepare(self.site, self.place)
            self.places.append(self.place)
        self.publish_again()
        self.observer.wants.published(parse_policy(self._policy), self._policy)

    def _register_task(self) -> None:
        """Terraform makes another revision of the task definition, where the stack is by now."""
        family = self.said["task definition"]
        cloud = self._installation.clouds[self.place.account]
        cloud.furnish(region=self.place.region, task_definitions=[settings.task(family)])

    @property
    def said(self) -> settings.Said:
        """What its files say by now."""
        return settings.file_says(self.shape.changed, self.story.tasks)

    def publish_again(self) -> None:
        """What the files say by now, as they say it."""
        story, installation = self.story, self._installation
        policy = parse_policy(self._policy).to_json()
        spec = self.site.spec(
            policy, self.shape, tags_tasks=story.tags_tasks, tasks=story.tasks, worker=story.worker
        )
        installation.table.put_spec(
            spec, installation.now, account=lambda: installation.aws.account
        )

    @property
    def place(self) -> Place:
        """Where its files put it by now."""
        return self.site.place(self.shape)

    @property
    def balancer(self) -> str:
        """What the load balancer is called by now."""
        return self.shape.name("balancer", self.site.balancer)

    @property
    def group(self) -> str:
        """What the target group is called by now."""
        return self.shape.name("group", self.site.group)

    @property
    def service(self) -> str:
        """What the service is called by now."""
        return self.shape.name("service", self.site.service)

    @property
    def tasks(self) -> int:
        """How many tasks its files ask for by now."""
        return self.shape.tasks(self.story.tasks)

    def stands(self) -> bool:
        """Whether any of its names is taken."""
        region, site = self._installation.aws.peek(self.site.region), self.site
        names = {*site.balancers, *site.groups}
        taken = [one.name for one in region.elbv2.balancers.values()]
        taken += [one.name for one in region.elbv2.groups.values()]
        clusters = region.ecs.clusters.values()
        found = [each.services.get(name) for each in clusters for name in site.services]
        return bool(names & set(taken)) or any(one and one.status != "INACTIVE" for one in found)

    # what is its own

    def belongings(self) -> Iterator[object]:
        """Everything of the stack as it stands, to see whether a call of another's changes it."""
        for balancer in self.observer.balancers():
            yield balancer.arn, tuple(listener.arn for listener in balancer.listeners)
        for region in map(self._installation.look, self.places):
            for group in region.elbv2.groups.values():
                if group.tags.get("dormouse:stack") == self.stack:
                    yield group.arn, tuple(group.targets)
            yield region.ec2.addresses[self.site.allocation_id].association_id
        for service in self.observer.services():
            yield service.arn, service.status, service.desired, len(service.deployments)
        for task in self.observer.tasks():
            yield task.arn, task.desired_status
