"""A deployed controller on the simulated AWS, and the commands of somebody who uses it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.cli.main import run
from controller.domain.decision.hold import Hold
from controller.domain.decision.lease import Lease
from system.days import STACK, Days, days

SHIPPED = Path(__file__).parents[2] / "infra" / "nsfw-api"
HOURS = {"office_hours": ["Mon-Fri 09:00-18:00"], "idle_timeout": "0"}


class BusyClock:
    """The simulated AWS's clock; whoever waits on it lets the controller work meanwhile."""

    def __init__(self, world: Days) -> None:
        self._world = world

    def now(self) -> Any:
        return self._world.now

    def sleep(self, seconds: float) -> None:
        self._world.aws.clock.advance(seconds)
        self._world.run_nudged()
        self._world.tick()


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Deployed:
    """`dormouse(...)` runs a command in process, in this account and at its time."""

    world: Days
    capsys: Any
    clock: BusyClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = BusyClock(self.world)

    def __call__(self, *arguments: str, code: int = 0) -> Said:
        found = run(list(arguments))
        said = self.capsys.readouterr()
        assert found == code, said
        return Said(found, said.out, said.err)

    @property
    def started_passes(self) -> list[str]:
        return self.world.nudged

    def work(self) -> None:
        """The passes that were asked for."""
        self.world.run_nudged()

    def leases(self) -> tuple[Lease, ...]:
        return self.world.controller.table.load(STACK).leases

    def held(self) -> Hold | None:
        return self.world.controller.table.load(STACK).hold

    def status(self) -> dict[str, Any]:
        return self("status", STACK, "--json").json

    def written(self, start: int) -> list[str]:
        """What was written to the table since `start` calls had been made."""
        reads = ("GetItem", "Query", "DescribeStacks", "Invoke")
        calls = list(self.world.aws.calls)[start:]
        return [c.operation for c in calls if c.service == "dynamodb" and c.operation not in reads]


def deploy(monkeypatch: Any, capsys: Any, start: str = "Tue 07:00", **policy: Any) -> Deployed:
    world = days(start, "fast", **(HOURS | policy))
    made = Deployed(world, capsys)
    for name in ("DORMOUSE_DEPLOYMENT", "DORMOUSE_CONTROLLER", "DORMOUSE_KEYS_PARAMETER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DORMOUSE_TABLE", "dormouse")
    monkeypatch.setattr("controller.cli.deployment.open_session", world.aws.session)
    monkeypatch.setattr("controller.cli.deployment.open_clock", lambda: made.clock)
    world.aws.answer_with("sts", "GetCallerIdentity", lambda _: {"Arn": "arn:aws:iam::1:user/ann"})
    return made
