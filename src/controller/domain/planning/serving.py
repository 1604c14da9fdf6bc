"""
Whether the stack serves, and what it lacks. Pure.

A stack that has been ready once and has a healthy target is not given up if something is missing:
it is degraded, and that is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from controller.domain.dataclass import dataclass
from controller.domain.planning.observed import Observed, State
from controller.domain.planning.spec import Json, Kind, Spec
from controller.domain.timestamps import format_timestamp, parse_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A service with fewer serving tasks than `wanted`."""

    address: str
    name: str
    serving: int
    wanted: int

    def __str__(self) -> str:
        tasks = "task" if self.wanted == 1 else "tasks"
        return f'"{self.name}" runs with {self.serving} of {self.wanted} {tasks}'

    def to_json(self) -> dict[str, Json]:
        return {
            "address": self.address,
            "name": self.name,
            "serving": self.serving,
            "wanted": self.wanted,
        }


def serves(spec: Spec, observed: Observed) -> bool:
    """
    Whether it serves: a healthy target of any service that wants tasks.

    A service behind nothing serves nobody who comes by an address, so it counts only where no other
    wants tasks. A stack without services serves through the targets of its load balancers.
    """
    services = spec.of_kind(Kind.SERVICE)
    wanted = [each for each in services if int(each.request.get("desiredCount", 1))]
    if wanted:
        reached = [each for each in wanted if each.request.get("loadBalancers")]
        return any(observed[each.address].serves for each in reached or wanted)
    balancers = [observed[each.address].state for each in spec.of_kind(Kind.LOAD_BALANCER)]
    return State.READY in balancers


def find_shortfalls(spec: Spec, observed: Observed) -> tuple[Shortfall, ...]:
    """The services that want more tasks than are healthy."""
    found = []
    for service in spec.of_kind(Kind.SERVICE):
        seen = observed[service.address]
        wanted = seen.wanted or int(service.request.get("desiredCount", 1))
        if seen.serving < wanted and seen.state is not State.READY:
            found.append(
                Shortfall(
                    address=service.address,
                    name=service.name,
                    serving=seen.serving,
                    wanted=wanted,
                )
            )
    return tuple(found)


def say_shortfalls(found: Sequence[Shortfall]) -> str:
    """
    Say it in one line: "runs with 1 of 2 tasks", of several services with their names.

    "" where every service runs completely: something else is not as it should be.
    """
    if not found:
        return ""
    if len(found) == 1:
        tasks = "task" if found[0].wanted == 1 else "tasks"
        return f"runs with {found[0].serving} of {found[0].wanted} {tasks}"
    return "; ".join(str(each) for each in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """
    A stack that serves, but not in full: since when, which part, and why.

    `least` is the smallest number of serving tasks that was reported.
    """

    since: datetime
    cause: str
    services: tuple[Shortfall, ...] = ()
    least: int = 0

    @property
    def serving(self) -> int:
        return sum(each.serving for each in self.services)

    @property
    def reason(self) -> str:
        """One sentence: "runs with 1 of 2 tasks: a task stopped: ..."."""
        said = (say_shortfalls(self.services), self.cause)
        return ": ".join(part for part in said if part)

    def to_json(self) -> dict[str, Json]:
        return {
            "since": format_timestamp(self.since),
            "cause": self.cause,
            "services": [each.to_json() for each in self.services],
            "least": self.least,
        }

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Degraded:
        return Degraded(
            since=parse_timestamp(data["since"]),
            cause=data["cause"],
            services=tuple(Shortfall(**each) for each in data.get("services", ())),
            least=data.get("least", 0),
        )
