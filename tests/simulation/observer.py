"""
Somebody who sees what really stands, knows what people want, and says what must not be.

Nothing here reads the controller's status but to catch it in a lie. What must hold:

    at all times     one load balancer and one service at most; nothing of a stranger's touched;
                     no call that releases, detaches or allocates an address
    at a teardown    of what people could use: nobody wanted it, or nobody used it for long enough,
                     or it was up for too long
    in fair weather  what is wanted is there, and what is not wanted is gone, `CONVERGE` after the
                     last trouble at the latest, and after what a wake or a sleep takes
    at an opening    it is ready, unless AWS or the processes were in trouble shortly before
    of what is told  each event once; a wake fails only after trouble
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from controller.domain.decision.history import Event, EventKind
from controller.domain.planning.packing import unpack
from controller.domain.planning.plan import Target
from controller.domain.planning.timing import profile, sleep_chain, wake_chain
from controller.reconcile.next_visit import CHECK
from local.world import Region
from simulation import damage
from simulation.damage import Damage
from simulation.money import bills, weeks
from simulation.oracle import Wants, Wish
from simulation.published import Published
from simulation.settings import SETTINGS
from simulation.sight import Sight
from simulation.sites import MOVES, Place
from simulation.trouble import BAD_TASK, BAD_WORKER, LATE_RIGHTS
from system.stack_under_test import FORBIDDEN

if TYPE_CHECKING:
    from controller.domain.policy.policy import Policy
    from simulation.installation import Installation
    from simulation.simulated_users import SimulatedUsers

CONVERGE = 20 * 60.0
"""Seconds after the last trouble by which all is as it should be."""

TICK = 60.0
SLACK = 240.0
"""Clocks that are off, heartbeats, and that this one looks every third minute."""

EVERY = 5
"""Minutes between two looks."""

CENT = 0.01
BALANCER_HOUR = 0.0225
TASK_HOUR = 0.02
HOUR = 3600.0
CUTS = ("DeleteListener", "ModifyListener", "DeleteTargetGroup")
"""Calls that no sleep begins with."""

AGAIN = 6 * HOUR
"""The same complaint is made once in this time."""


@dataclass(frozen=True, slots=True)
class Problem:
    at: datetime
    what: str


@dataclass
class Figures:
    """What is counted: openings, hours, and what was told twice for want of a note."""

    windows: Counter[str] = field(default_factory=Counter)
    reported_again: int = 0
    needed_seconds: float = 0.0
    wakes: int = 0
    failed_wakes: int = 0


class Observer:
    def __init__(self, installation: Installation, users: SimulatedUsers) -> None:
        self._installation = installation
        self._users = users
        self._stack = users.stack
        story = users.story
        self.wants = _Wants(self, story.start, story.end)
        self.foreign_resources = set(installation.foreign_resources[users.site.region])
        self.problems: list[Problem] = []
        self.figures = Figures()
        timing = profile(story.profile)
        self._wake = wake_chain(timing, interval=10, healthy_threshold=2)
        self._sleep = sleep_chain(timing, delay=10) + 2 * timing.describe_lag + timing.eip_release
        if story.hands:  # the tasks that it brought up are to go as well
            self._sleep += story.hands + timing.deregistration(10) + timing.stop
        self._blind = timing.metric_lag + 5 * 60 + SLACK
        self._first_metric = timing.first_metric + 120
        self._visits = [at.timestamp() for at in story.visits]
        self._spent_needs: set[Wish] = set()
        self._needed_since = 0.0
        self._up = False
        self._up_since = 0.0
        self._was_whole = False
        """In the present time up it has worked in full."""
        self._served_before_call = False
        self._short_since: float | None = None
        self._short_hours = 0.0
        """Of the present time up, with fewer tasks than its bill assumes until it sleeps."""
        self._whole_since: float | None = None
        self._had_worker = False
        """In the present time up its second service has run."""
        self._idle_worker_since: float | None = None
        self._crash_hours = 0.0
        """With tasks of its second service that may last seconds, where AWS bills a minute each."""
        self._down_at = 0.0
        self._before_teardown = (0.0, 0.0)
        """Since when it had been up, and when it had last gone down."""
        self._spent_until = 0.0
        self._healthy_since: float | None = None
        self._lost: tuple[float, float] | None = None
        """Of a time up without a healthy target: since when it was healthy, and is no more."""
        self._gone_since: float | None = self.now
        """Since when nothing of it stands; None while anything may."""
        self._changed_at: dict[str, float] = {}
        self._published = Published(installation, users)
        self.damages: list[Damage] = []
        self._old_tasks: dict[str, float] = {}
        """Since when tasks of before have been there in fair weather, by their ids."""
        self._forgot_at = 0.0
        self._unseen_ends = 0
        self._doubtful_hours = 0
        self._heard: dict[str, datetime] = {}
        self._heard_last: dict[str, float] = {}
        self._told_failures: list[float] = []
        self._to_explain: list[tuple[float, str]] = []
        self._complaints: dict[str, float] = {}
        self._status_item: Any = None
        self._status: dict[str, Any] = {}
        self._looking: Sight | None = None

    @property
    def now(self) -> float:
        return self._installation.now.timestamp()

    def complain(self, what: str, key: str = "") -> None:
        key, now = key or what, self.now
        if now - self._complaints.get(key, 0.0) >= AGAIN:
            self._complaints[key] = now
            what = self._installation.of(self._stack, what)
            self.problems.append(Problem(self._installation.now, what))
            self._installation.note("WRONG", what)

    # what really stands

    def _region(self) -> Region:
        """The one in which it was at first, with the strangers."""
        return self._installation.aws.peek(self._users.site.region)

    def _sight(self) -> Sight:
        """What stands of it in all regions that it ever was in; the same one during a look."""
        if self._looking:
            return self._looking
        return Sight(self._stack, [self._installation.look(place) for place in self._users.places])

    def balancers(self) -> list[Any]:
        return self._sight().balancers

    def services(self) -> list[Any]:
        return self._sight().services

    def tasks(self) -> list[Any]:
        return self._sight().tasks

    def is_healthy(self) -> bool:
        """Whether people could use it: an active load balancer with a target that is healthy."""
        return self.serving() > 0

    def serving(self) -> int:
        """How many targets of it are healthy, behind an active load balancer."""
        return self._sight().serving

    def strangers_tasks(self) -> list[Any]:
        """Tasks of a service of our name that is not ours."""
        return [
            task
            for cluster in self._region().ecs.clusters.values()
            for task in cluster.tasks.values()
            if task.service.name in self._users.site.services
            and "dormouse:stack" not in task.service.tags
            and task.last_status not in ("STOPPED", "DELETED")
        ]

    def _running(self) -> int:
        """How many tasks of it run."""
        return sum(task.last_status == "RUNNING" for task in self.tasks())

    def _paid(self) -> list[str]:
        return self._sight().paid

    # weather

    def _was_calm(self, since: float, *, hard: bool = False) -> bool:
        start = datetime.fromtimestamp(since, self._installation.now.tzinfo)
        return not self._installation.weather.trouble_since(
            start, self._installation.now, hard=hard
        )

    def _was_only(self, kind: str, since: float) -> bool:
        start = datetime.fromtimestamp(since, self._installation.now.tzinfo)
        return bool(self._installation.weather.only(kind, start, self._installation.now))

    # what is told

    def heard(self, event: Event) -> None:
        before = self._heard.get(event.id)
        if before:
            self.figures.reported_again += 1
            if self._was_calm(before.timestamp() - CONVERGE):
                self.complain(f"told twice: {event.id}")
        self._heard[event.id] = self._installation.now
        self._heard_last[str(event.kind)] = self.now
        if event.kind is EventKind.DAMAGED:
            self._heard_of_damage(event)
        if event.kind is EventKind.AWAKE:
            self.figures.wakes += 1
        if event.kind in (EventKind.FAILED, EventKind.BLOCKED):
            self.figures.failed_wakes += 1
            self._told_failures.append(event.at.timestamp())
            at, lead = event.at.timestamp(), self.wants.seconds("wake_timeout")
            self._down_at = max(self._down_at, at)
            if "not awake in time" in event.reason and at - self._up_since < 2 * TICK:
                self.complain("what costs money was made for a wake whose time was over")
            # Made ready for office hours in vain: these are not tried again.
            starts = [start for start, _ in self.wants.windows if at <= start <= at + lead]
            self._spent_until = max([self._spent_until, *starts])
            patience = self.wants.seconds("wake_timeout") + CONVERGE
            if self._was_calm(event.at.timestamp() - patience):
                self.complain(f"a wake failed in fair weather: {event.reason}", "failed")
            if self._was_only(LATE_RIGHTS, event.at.timestamp() - patience):
                self.complain(f"a wake failed for rights that came late: {event.reason}", "failed")
        if event.kind is EventKind.STUCK and self._was_calm(self.now - 2 * CONVERGE):
            self.complain(f"a sleep was stuck in fair weather: {event.reason}", "stuck")

    def _heard_of_damage(self, event: Event) -> None:
        of = [one for one in self.damages if f'"{one.record}"' in event.reason]
        if not of:
            self.complain(f"told of damage that is none: {event.reason}")
        for one in of[-1:]:
            one.reported.add(event.id)
            if len(one.reported) > 1 and one.at > self._forgot_at:
                self.complain(f"told twice of one damaged record: {one.record}")

    def refused(self, error: Exception) -> None:
        if self._was_calm(self.now - 5 * TICK):
            self.complain(f"a process ended with an error in fair weather: {error}")

    def given_up(self, why: str) -> None:
        """Lambda tries this stack's event no more."""
        if self._was_calm(self.now - 10 * TICK):
            self.complain(f"Lambda gave an event up in fair weather: {why}", "given up")

    # calls

    def will_call(self, operation: str, params: dict[str, Any]) -> None:
        """Before a call has its effect, or is refused."""
        if operation == "StopTask" and params["task"] in {t.arn for t in self.strangers_tasks()}:
            self.complain("StopTask was called on a stranger's task")
        if (operation in CUTS or _takes_down(operation, params)) and self._up:
            self._served_before_call = self._was_whole and self.serving() > 0

    def saw_call(self, operation: str, params: dict[str, Any], place: Place | None = None) -> None:
        if operation in FORBIDDEN:
            self.complain(f"{operation} was called")
        if operation in ("UpdateService", "DeleteService") and self._is_strangers_service(
            params, place
        ):
            self.complain(f"{operation} was called on a stranger's service of our name")
        if operation in CUTS:
            self._may_have_cut_off(operation)
        text = str(params)
        if any(arn in text for arn in self.foreign_resources):
            self.complain(f"{operation} was called on a stranger's: {text}")
        if operation == "CreateLoadBalancer":
            self._may_be_made_anew()
        if operation in ("CreateLoadBalancer", "CreateService"):
            self._made()
        if operation == "CreateLoadBalancer" and self._installation.weather.has("skewed clocks"):
            self._doubtful_hours += 1  # between AWS's clock and one that is off
        elsewhere = place is not None and place != self._users.place
        is_old = elsewhere or self._is_of_an_earlier_name(operation, params)
        is_old |= not self._served_before_call and self._published.replaces(
            operation, self._up_since
        )
        if _takes_down(operation, params) and self._up and not is_old:
            self._torn_down()

    def _may_have_cut_off(self, operation: str) -> None:
        """No change of a setting closes the way by which people come."""
        served, self._served_before_call = self._served_before_call, False
        if served and not self.serving():
            self.complain(f"{operation} took away the last healthy target", "cut off")

    def _is_of_an_earlier_name(self, operation: str, params: dict[str, Any]) -> bool:
        """It gives way to one of another name, and the stack goes on."""
        if operation in ("DeleteService", "UpdateService"):
            return params["service"] not in (self._users.service, self._users.site.worker)
        if operation == "DeleteLoadBalancer":
            return f"/{self._users.balancer}/" not in params["LoadBalancerArn"]
        return False

    def _is_strangers_service(self, params: dict[str, Any], place: Place | None) -> bool:
        region = self._installation.look(place) if place else self._region()
        clusters = region.ecs.clusters.values()
        found = (cluster.services.get(params["service"]) for cluster in clusters)
        return any(one and "dormouse:stack" not in one.tags for one in found)

    def _made(self) -> None:
        now, self._gone_since = self.now, None
        if not self._up:
            self._up, self._up_since = True, now
        if len(self.balancers()) > 1 and now - self._last_change(*MOVES) > 2 * HOUR:
            self.complain("two load balancers of one stack", "two balancers")
        if self._most_alike() > 1 and now - self._last_change("service", *MOVES) > 2 * HOUR:
            self.complain("two services of one stack", "two services")

    def _most_alike(self) -> int:
        """How many services there are in place of one."""
        services = self.services()
        if len(services) < 2:
            return len(services)
        return max(Counter(map(self._is_worker, services)).values())

    def _is_worker(self, service: Any) -> bool:
        return bool(service.name == self._users.site.worker)

    def _is_long_ago(self, now: float, what: str) -> bool:
        return now - self._last_change(what, *MOVES) > 2 * HOUR

    def _last_change(self, *whats: str) -> float:
        return max(self._changed_at.get(what, 0.0) for what in whats)

    def _may_be_made_anew(self) -> None:
        """
        One that never served anybody gave way to another, and its service stayed: no sleep.

        So the time up goes on, of which people were told when it began.
        """
        stays = any(each.status == "ACTIVE" for each in self.services())
        if self._to_explain and stays and "on its way up" in self._to_explain[-1][1]:
            self._to_explain.pop()
            self._up, (self._up_since, self._down_at) = True, self._before_teardown

    def _torn_down(self) -> None:
        """The first delete of a time up: was it right?"""
        now, healthy = self.now, self._healthy_since is not None
        wrong = self._why_not_asleep(now)
        served, self._served_before_call = self._served_before_call, False
        self._before_teardown = self._up_since, self._down_at
        self._up, self._down_at = False, now
        self._healthy_since = self._lost = self._idle_worker_since = None
        self._had_worker = False
        self._was_whole, self._short_since, self._short_hours = False, None, 0.0
        if wrong and served:
            self.complain(f"torn down while a target is healthy: {wrong}", "served")
        if wrong:
            state = "in use or ready" if healthy else "on its way up"
            self._to_explain.append((now, f"torn down while {state}: {wrong}"))

    def _why_not_asleep(self, now: float) -> str:
        """What should have kept it up; "" if it was right to take it down."""
        wants = self.wants
        hold = wants.hold(now)
        if hold:
            return "" if hold.state is Target.ASLEEP else "it was held awake"
        ahead = SLACK if self._installation.weather.has("skewed clocks") else 0.0
        later = set(wants.wishes(now + ahead))  # a clock that runs ahead ends things early
        wishes = [wish for wish in wants.wishes(now) if wish in later]
        unspent = [wish for wish in wishes if wish.requested > self._spent_up_to(wish)]
        if not unspent:
            return ""
        if self._is_idle(now, slack=SLACK) or self._was_up_too_long(now):
            return ""
        said = ", ".join(sorted(wish.kind for wish in unspent))
        return f"{said} wanted it, and it was not unused for idle_timeout"

    def _is_idle(self, now: float, slack: float) -> bool:
        """Whether it may count as unused, with all use that can be known by now."""
        wants = self.wants
        timeout = wants.seconds("idle_timeout")
        window = wants.window(now)
        served_since = self._healthy_since or self._lost_unseen(now)
        if not timeout or served_since is None:
            return False
        if window and not wants.settings["idle_during_office_hours"]:
            return False
        cares = [served_since, wants.last_requested(now), window[0] if window else 0.0]
        first = served_since + self._first_metric
        index = bisect_right(self._visits, now - self._blind) - 1
        if index >= 0 and self._visits[index] >= first:
            cares.append(self._visits[index])
        return now - max(cares) >= timeout - slack

    def _lost_unseen(self, now: float) -> float | None:
        """Since when it was healthy, where no pass need have seen yet that it is no more."""
        is_unseen = self._lost and now - self._lost[1] < CHECK.total_seconds() + SLACK
        return self._lost[0] if self._lost and is_unseen else None

    def _was_up_too_long(self, now: float) -> bool:
        window = self.wants.window(now)
        closed = max((end for _, end in self.wants.windows if end <= now), default=0.0)
        since = max(self._up_since, closed)
        return not window and now - since >= self.wants.seconds("max_awake") - SLACK - self._wake

    # looks

    def look(self) -> None:
        self._looking = self._sight()
        try:
            self._look(self.now)
        finally:
            self._looking = None

    def _look(self, now: float) -> None:
        paid = self._paid() if self._gone_since is None else []
        healthy = bool(paid) and self.is_healthy()
        if healthy and self._healthy_since is None:
            self._healthy_since, self._lost = now, None
            if not self._up:
                self._up, self._up_since = True, now
        elif not healthy and not (self._up and self._is_moving(now)):
            if self._healthy_since is not None and self._up:
                self._lost = self._healthy_since, now
            self._healthy_since = None
        self._count_serving(now, healthy)
        if paid:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        self._count_need(now)
        self._explain(now)
        calm = self._was_calm(now - CONVERGE)
        self._check_status(now, paid, calm)
        if not calm:
            return
        self._check_damage(now)
        self._check_alone(now)
        self._check_restored(now)
        self._check_old_tasks(now)
        if healthy:
            self._check_published(now)
        else:
            self._check_gap(now)
            self._check_awake(now)
        if paid:
            self._check_asleep(now)
        self._check_reported(now)

    def _count_serving(self, now: float, healthy: bool) -> None:
        """Whether it serves in full; where it does not for long, that must have been told."""
        wanted = self._users.tasks
        self._count_worker(now, healthy)
        if self._up and self.serving() < wanted:
            self._short_hours += EVERY / 60
        runs = self._worker_runs()
        if not healthy or wanted == 1:
            self._was_whole = self._was_whole or (healthy and runs)
            self._short_since = None
            return
        whole = self.serving() >= wanted
        self._was_whole = self._was_whole or (whole and runs)
        if whole or not self._was_whole:
            self._short_since = None
            return
        self._short_since = since = self._short_since or now
        if now - since < 3 * CONVERGE / 2 or not self._was_only(BAD_TASK, since - 5 * TICK):
            return
        if not self._has_heard("degraded", self._up_since):
            self.complain("nobody was told that it runs with fewer tasks")

    def _worker_runs(self) -> bool:
        """Whether its second service does, where it has one."""
        if not self._users.story.worker:
            return True
        runs = [one for one in self.tasks() if one.last_status == "RUNNING"]
        return any(self._is_worker(one.service) for one in runs)

    def _count_worker(self, now: float, healthy: bool) -> None:
        """Whether a second service runs; where it does not for long, that must have been told."""
        if not self._users.story.worker or not healthy:
            self._idle_worker_since = None
            return
        if self._worker_runs():
            self._had_worker, self._idle_worker_since = True, None
            return
        self._short_hours += EVERY / 60
        self._crash_hours += EVERY / 60
        self._idle_worker_since = since = self._idle_worker_since or now
        if not self._had_worker or now - since < 3 * CONVERGE / 2:
            return
        is_reported = self._has_heard("degraded", self._up_since)
        if self._was_only(BAD_WORKER, since - 5 * TICK) and not is_reported:
            self.complain("nobody was told that its second service does not run")

    def _explain(self, now: float) -> None:
        """A teardown that nobody wanted must have been told as a failure, by half an hour later."""
        for at, what in [one for one in self._to_explain if now - one[0] > HOUR / 2]:
            self._to_explain.remove((at, what))
            if not any(abs(at - reported) < 10 * TICK for reported in self._told_failures):
                self.complain(
                    f"{what} ({datetime.fromtimestamp(at, self._installation.now.tzinfo)})"
                )

    def _spent_up_to(self, wish: Wish) -> float:
        """What was asked for up to then is used up: by a sleep, a hold over it, a wake in vain."""
        by = self._spent_until if wish.kind == "office hours" else self.wants.overruled_at
        return max(self._down_at, by)

    def _check_awake(self, now: float) -> None:
        grace = 2 * self._wake + self._sleep + 2 * TICK + SLACK
        hold = self.wants.hold(now)
        if hold and hold.state is Target.ASLEEP:
            return
        wishes = self.wants.wishes(now)
        if hold:
            wishes.append(Wish("hold", hold.set_at.timestamp()))
        since = self.wants.changed_at(now)
        for wish in wishes:
            if (
                wish.requested > self._spent_up_to(wish)
                and now - max(wish.requested, since) > grace
            ):
                self.complain(f"it is not awake although it is wanted ({wish.kind})", "not awake")

    def _check_asleep(self, now: float) -> None:
        wants = self.wants
        hold = wants.hold(now)
        bound = self._sleep + SLACK + 2 * TICK
        paid = ", ".join(self._paid())
        if hold and hold.state is Target.ASLEEP:
            if now - hold.set_at.timestamp() > bound:
                self.complain(f"held asleep, and still there: {paid}", "not asleep")
            return
        patience = wants.seconds("wake_timeout")
        bound += (
            max(wants.seconds("min_awake"), patience) + HOUR * wants.settings["finish_paid_hour"]
        )
        unwanted = now - wants.wanted_until(now, patience)
        if unwanted > bound:
            self.complain(f"nobody has wanted it for {unwanted / 60:.0f} min: {paid}", "unwanted")

    def _check_status(self, now: float, paid: list[str], calm: bool) -> None:
        """What the status says must be so."""
        item = self._installation.tables.table({"TableName": "dormouse"}).items.get(
            (f"stack#{self._stack}", "status")
        )
        if item is None or (item is self._status_item and not paid):
            return
        if item is not self._status_item:
            self._status_item = item
            text = unpack(item["body"]["S"]) if "body" in item else "{}"
            # What does not say so is no lie: most is written while it is awake, and not read here.
            self._status = json.loads(text) if '"asleep"' in text else {}
        status = self._status
        if status.get("target") != "asleep":
            return
        since = datetime.fromisoformat(status["since"]).timestamp()
        if status.get("settled") and paid and now - self._forgot_at > HOUR:
            self.complain(f"it says that it is asleep, and there is {', '.join(paid)}", "lie")
        if calm and self.balancers() and now - since > SLACK:
            self.complain("its load balancer outlives the decision by minutes", "outlives")
        if calm and paid and now - since > self._sleep + SLACK:
            self.complain(f"it outlives the decision: {', '.join(paid)}", "outlives")
        if calm and status.get("outbox") and now - since > 2 * CONVERGE:
            self.complain("events have not been told")

    def _check_reported(self, now: float) -> None:
        if now - self._forgot_at < 2 * HOUR:
            return
        up, long = self._healthy_since, 10 * TICK
        if up and now - up > long and not self._has_heard("awake", self._up_since):
            self.complain("nobody was told that it is awake")
        if self._gone_since and self._down_at and now - self._gone_since > long:
            kinds = ("asleep", "failed", "blocked")
            if not any(self._has_heard(kind, self._down_at - 10 * TICK) for kind in kinds):
                self.complain("nobody was told that it is asleep")

    def _check_alone(self, now: float) -> None:
        """What an earlier place or name has left does not outlive the change for hours."""
        if len(self.balancers()) > 1 and self._is_long_ago(now, "balancer"):
            self.complain("it has two load balancers, hours after a change", "two balancers")
        if self._most_alike() > 1 and self._is_long_ago(now, "service"):
            self.complain("it has two services, hours after a change", "two services")

    def _check_gap(self, now: float) -> None:
        """A service or target group of a new name takes over without a moment of nothing."""
        if not self._up or self._healthy_since is None:
            return
        is_renamed = now - self._last_change("group", "service", *SETTINGS) < CONVERGE
        is_other = now - self._last_change("balancer", *MOVES) < 2 * HOUR
        if is_renamed and not is_other:
            self.complain("nobody could use it after a rename or another setting", "gap")

    def _check_published(self, now: float) -> None:
        """It has what its files say, as soon as that can be."""
        if self._up and self._healthy_since is not None:
            for what in self._published.wrong(now, self._up_since, self._healthy_since):
                self.complain(f"not as published: {what}", f"published {what.partition(' is ')[0]}")

    def _check_restored(self, now: float) -> None:
        """What was told to be degraded, and runs completely again, is told, too."""
        wanted = self._users.tasks + self._users.story.worker
        is_whole = self.serving() >= self._users.tasks and self._running() >= wanted
        self._whole_since = (self._whole_since or now) if is_whole else None
        degraded = self._heard_last.get("degraded", 0.0)
        if degraded < self._up_since or not self._whole_since:
            return
        if now - max(self._whole_since, degraded) > CONVERGE and not self._has_heard(
            "restored", degraded
        ):
            self.complain("nobody was told that it runs completely again")

    def _check_old_tasks(self, now: float) -> None:
        """Tasks that a sleep told to end do not run on beside those of the wake after it."""
        old = {
            each.id
            for each in self.tasks()
            if each.stopping and each.last_status == "DEACTIVATING"
            if each.service.status == "ACTIVE"
        }
        self._old_tasks = {id_: self._old_tasks.get(id_, now) for id_ in old}
        for id_, since in self._old_tasks.items():
            if now - since > 2 * CHECK.total_seconds() + SLACK:
                self.complain(f"task {id_} of before a wake runs on", "old task")

    def _check_damage(self, now: float) -> None:
        for one in self.damages:
            if one.reported or not one.counts or now - one.at < damage.TELL_WITHIN:
                continue
            one.counts = False
            if one.record == "status" or damage.stands(self._installation, one):
                self.complain(f"nobody was told that a record is damaged: {one.record}")

    def _has_heard(self, kind: str, since: float) -> bool:
        return self._heard_last.get(kind, 0.0) >= since

    # openings

    def opening(self, opens_at: float) -> None:
        """Somebody comes to work at this moment; is it ready?"""
        now, wants = self.now, self.wants
        if not any(start == opens_at for start, _ in wants.windows):
            return  # another policy holds by now
        before = wants.seconds("wake_timeout") + CONVERGE
        hold = wants.hold(now - before)  # one that ended just now left no time to wake
        is_torn = any(now - one.at < before for one in self.damages)
        if (
            hold
            or is_torn
            or not wants.settings["ready_by_opening"]
            or self._down_at > now - before
        ):
            return
        if self.is_healthy():
            self.figures.windows["ready"] += 1
        elif not self._was_calm(now - before):
            self.figures.windows["late after trouble"] += 1
        elif self.figures.wakes < 2 or now - self._forgot_at < 24 * HOUR:
            self.figures.windows["late before it had learned"] += 1
        else:
            self.figures.windows["late"] += 1
            self.complain("it is not ready at the opening", "opening")

    # changes

    def changed(self, what: str) -> None:
        self._changed_at[what] = self.now
        self._published.changed(what, self.now)

    def _is_moving(self, now: float) -> bool:
        """It gets another load balancer or target group, and nobody calls that a new start."""
        return now - self._last_change("balancer", "group", *MOVES) < CONVERGE

    def unseen_end(self) -> None:
        """
        A load balancer ended, and the controller cannot know when: AWS does not tell.

        It counts until it finds out, which may be another started hour.
        """
        self._unseen_ends += 1

    def damaged(self, one: Damage) -> None:
        self.damages.append(one)

    def memory_lost(self) -> None:
        """What had ended and was not told of yet counts until it is found gone."""
        self._forgot_at = self.now
        if self._gone_since is None or not self._has_heard("asleep", self._down_at):
            self.unseen_end()

    # money

    def _count_need(self, now: float) -> None:
        """What policy and use required since the last look: all of that time or nothing."""
        wants = self.wants
        hold = wants.hold(now)
        if hold:
            self.figures.needed_seconds += 60 * EVERY * (hold.state is Target.AWAKE)
            if hold.state is Target.ASLEEP:  # which leaves office hours: lifted, they are back
                self._spent_needs.update(w for w in wants.wishes(now) if w.kind == "lease")
            return
        wishes = [wish for wish in wants.wishes(now) if wish not in self._spent_needs]
        in_hours = wants.window(now) is not None
        if not wishes or in_hours:
            self._needed_since = now
        if not wishes:
            return
        too_long = now - self._needed_since >= wants.seconds("max_awake")
        timeout = wants.seconds("idle_timeout")
        may_idle = timeout and (wants.settings["idle_during_office_hours"] or not in_hours)
        index = bisect_left(self._visits, now) - 1
        used = self._visits[index] if index >= 0 else 0.0
        unused = now - max(used, *(wish.requested for wish in wishes), 0)
        if too_long or (may_idle and unused > timeout):
            self._spent_needs.update(wishes)
            return
        self.figures.needed_seconds += 60 * EVERY

    def paid_hours(self) -> int:
        """Every started hour of every load balancer of ours, as AWS bills it."""
        ours = [life for life in self._users.lifetimes() if life.kind == "load_balancer"]
        end = self._installation.now
        return sum(
            -(-((one.ended_at or end) - one.started_at) // timedelta(hours=1)) for one in ours
        )

    def close(self) -> None:
        """After the last day: what was foreign still stands, and the books agree."""
        of = self._installation, self._users
        for bill in (*bills(*of), *weeks(*of)):
            less = CENT + BALANCER_HOUR * self._doubtful_hours + 2 * TASK_HOUR * self._crash_hours
            more = less + BALANCER_HOUR * self._unseen_ends
            tasks = self._users.tasks + self._users.story.worker
            more += TASK_HOUR * tasks * self._short_hours
            if not -less < bill.ledger - bill.second < more:
                self.complain(
                    f"the ledger of {bill.month} says {bill.ledger:.4f} USD, what stood in AWS "
                    f"cost {bill.second:.4f}"
                )
        region = self._region()
        standing = {*region.elbv2.balancers, *region.elbv2.groups}
        standing |= {s.arn for c in region.ecs.clusters.values() for s in c.services.values()}
        if not self.foreign_resources - {self._users.visitor} <= standing:
            self.complain("something of a stranger's is gone")


def _takes_down(operation: str, params: dict[str, Any]) -> bool:
    """Whether a sleep begins with it: a service without tasks serves as little as none."""
    if operation == "UpdateService":
        return params.get("desiredCount") == 0
    return operation in ("DeleteLoadBalancer", "DeleteService")


class _Wants(Wants):
    """Wants that have the openings of each policy looked at."""

    def __init__(self, observer: Observer, start: datetime, end: datetime) -> None:
        super().__init__(start, end)
        self._observer = observer
        self._seen: set[float] = set()

    def published(self, policy: Policy, settings: Any) -> None:  # type: ignore[override]
        observer = self._observer
        installation = observer._installation
        end = observer._users.story.end
        for opens_at, _ in super().published(settings, installation.now):
            moment = datetime.fromtimestamp(opens_at, installation.now.tzinfo)
            if installation.now < moment < end and opens_at not in self._seen:
                self._seen.add(opens_at)
                installation.work.at(moment, lambda at=opens_at: observer.opening(at))
