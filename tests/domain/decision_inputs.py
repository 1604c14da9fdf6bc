"""Policies, leases, holds and marks for tests of the decision, with defaults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.domain.decision.desired import Decision, decide, settle_lifecycle
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from controller.domain.decision.lifecycle import Activity, BilledResource, Lifecycle
from controller.domain.decision.office_hours import Rules
from controller.domain.planning.plan import Target
from controller.domain.policy.policy import parse_policy

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HOURS = ["Mon-Fri 09:00-18:00"]
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/ecs-nlb/1"


def at(text: str, day: datetime = MONDAY) -> datetime:
    """That time on the Monday; "Tue 09:00" is on the day after."""
    name, _, time = text.rpartition(" ")
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    hour, minute, *second = (int(part) for part in time.split(":"))
    days = names.index(name) if name else 0
    seconds = second[0] if second else 0
    return day + timedelta(days=days, hours=hour, minutes=minute, seconds=seconds)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def rules(lead: float = 5, **policy: Any) -> Rules:
    return Rules.of(parse_policy(policy), minutes(lead))


def lease(granted: str, until: str, id_: str = "a", **changes: Any) -> Lease:
    return Lease(
        **{
            "stack": "nsfw-api",
            "id": id_,
            "holder": "wake link",
            "reason": "",
            "granted_at": at(granted),
            "expires_at": at(until),
            **changes,
        }
    )


def hold(state: str, set_at: str, until: str, **changes: Any) -> Hold:
    return Hold(
        **{
            "stack": "nsfw-api",
            "state": Target(state),
            "by": "ann",
            "reason": "",
            "set_at": at(set_at),
            "until": at(until),
            **changes,
        }
    )


def up(
    since: str, ready: str | None = None, *, balancer: str | None = None, **changes: Any
) -> Lifecycle:
    """The marks of a stack that is up; `balancer` is when its load balancer was made."""
    standing = (
        (BilledResource(address="aws_lb.a", arn=BALANCER, since=at(balancer)),) if balancer else ()
    )
    return Lifecycle(
        **{
            "waking_since": at(since),
            "ready_at": at(ready) if ready else None,
            "billed": standing,
            **changes,
        }
    )


def quiet(since: str, until: str, looked: str, last: str | None = None) -> Activity:
    return Activity(
        read_at=at(looked),
        last_at=at(last) if last else None,
        quiet_since=at(since),
        known_until=at(until),
    )


@dataclass
class Asked:
    """Records to ask about at several times; `at` settles the marks as a pass does."""

    rules: Rules
    leases: list[Lease] = field(default_factory=list)
    hold: Hold | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)

    def decide(self, time: str) -> Decision:
        return decide(self.rules, self.leases, self.hold, self.lifecycle, at(time))

    def act(self, time: str) -> Decision:
        """Decide and write down what follows, as a pass does."""
        decision = self.decide(time)
        self.lifecycle = settle_lifecycle(self.lifecycle, decision, self.leases, at(time))
        return self.decide(time)

    def wake(self, time: str, ready: str | None = None, balancer: str | None = None) -> Decision:
        """Be awake from then on, ready then or when it says."""
        self.act(time)
        assert self.lifecycle.is_up
        self.lifecycle = self.lifecycle.ready(at(ready or time))
        if balancer:
            standing = BilledResource(address="aws_lb.a", arn=BALANCER, since=at(balancer))
            self.lifecycle = self.lifecycle.with_billed((standing,))
        return self.decide(ready or time)

    def looked(self, time: str, activity: Activity) -> None:
        self.lifecycle = replace(self.lifecycle, activity=activity)
