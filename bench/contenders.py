"""Three ways to the same four resources, each in an account and in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.process import Run, run
from controller.domain.planning.spec import Spec
from local.furnish_spec import furnish_for
from local.server import LaptopServer
from oracle import Terraform as Oracle
from oracle import mirror

BIN = Path(sys.executable).parent
HEALTH_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    One way up or down: the process's own figures, the calls that reached AWS, and the seconds
    from its start until the target was healthy (or all was gone), whoever waited for that.
    `work` leaves out what the process took to start and to read the files.
    """

    process: Run
    calls: int
    seconds: float
    work: float = 0.0


class Contender:
    """
    A directory with the four, and an account that runs at the pace of the wall's clock.

    Faster it would not be fair: the waits between two looks are the contenders' own.
    """

    def __init__(self, directory: Path, spec: Spec, open_servers: ExitStack) -> None:
        self.directory = directory
        self.spec = spec
        server = LaptopServer("typical", speed=1.0, furnish=furnish_for(spec))
        self.server = open_servers.enter_context(server)

    def wake(self) -> Way:
        raise NotImplementedError

    def sleep(self) -> Way:
        raise NotImplementedError

    def _go(self, command: list[str], environment: Mapping[str, str], directory: Path) -> Way:
        began, before = time.perf_counter(), len(self.server.aws.calls)
        done = run(command, environment, directory)
        calls = len(self.server.aws.calls) - before
        return Way(process=done, calls=calls, seconds=time.perf_counter() - began)


class Dormouse(Contender):
    def wake(self) -> Way:
        return self._apply("awake")

    def sleep(self) -> Way:
        return self._apply("asleep")

    def _apply(self, to: str) -> Way:
        command = [str(BIN / "dormouse"), "apply", str(self.directory), "--to", to, "--json"]
        way = self._go(command, _clean(self.server), Path.cwd())
        said = way.process.output
        reported = json.loads(said[said.index("{") :])
        return replace(way, work=reported["seconds"])


class Terraform(Contender):
    """The real one: `apply` returns before the target is healthy, so that is waited for here."""

    def __init__(self, directory: Path, spec: Spec, open_servers: ExitStack) -> None:
        super().__init__(directory, spec, open_servers)
        self._oracle = Oracle(directory, self.server.url)
        self._oracle.init()

    def wake(self) -> Way:
        began = time.perf_counter()
        way = self._terraform("apply", "-auto-approve")
        while not is_healthy(self.server):
            time.sleep(HEALTH_SECONDS)
        return Way(process=way.process, calls=way.calls, seconds=time.perf_counter() - began)

    def sleep(self) -> Way:
        return self._terraform("destroy", "-auto-approve")

    def plan(self) -> Way:
        """Of the awake stack: it reads everything and finds nothing to do."""
        return self._terraform("plan", "-detailed-exitcode")

    def _terraform(self, *arguments: str) -> Way:
        command = ["terraform", *arguments, "-input=false", "-no-color", "-var=awake=true"]
        return self._go(command, self._oracle.environment, self.directory)


class Waiters(Contender):
    def wake(self) -> Way:
        return self._script("awake")

    def sleep(self) -> Way:
        return self._script("asleep")

    def _script(self, to: str) -> Way:
        spec = self.directory / "spec.json"
        spec.write_text(json.dumps(self.spec.to_json()))
        command = [sys.executable, "-m", "bench.waiters", str(spec), to]
        return self._go(command, _clean(self.server), Path.cwd())


def missing() -> str:
    """Why terraform cannot take part; empty when it can."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    if mirror() is None:
        return "no mirror with terraform's AWS provider was found; set TF_MIRROR"
    return ""


def is_healthy(server: LaptopServer) -> bool:
    elbv2: Any = server.aws.session().client("elbv2")
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        if any(
            one["TargetHealth"]["State"] == "healthy" for one in health["TargetHealthDescriptions"]
        ):
            return True
    return False


def _clean(server: LaptopServer) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_", "DORMOUSE_"))}
    return {**kept, **server.environment}
