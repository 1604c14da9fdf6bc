"""A running system on the simulated AWS, and somebody who has nothing of it but a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deployed import Said

from controller.cli.main import run
from controller.links import Scope
from local.system import LaptopSystem
from running_system import CREDENTIALS


@dataclass
class Outsider:
    """Runs commands in process, with no way to AWS."""

    system: LaptopSystem
    capfd: Any

    def __call__(self, *arguments: str, code: int = 0) -> Said:
        found = run(list(arguments))
        said = self.capfd.readouterr()
        assert found == code, said
        return Said(found, said.out, said.err)

    def link(self, scope: str = "wake", name: str = "") -> str:
        return self.system.link(Scope.named(scope), name)

    def live_leases(self) -> list[Any]:
        leases = self.system.table.load(self.system.spec.stack).leases
        return [lease for lease in leases if lease.expires_at > self.system.now]


def cut_off_from_aws(monkeypatch: Any) -> None:
    """Whoever opens a session fails the test."""
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)

    def refuse(*_: Any) -> None:
        raise AssertionError("AWS was asked")

    for where in ("controller.cli.deployment.open_session", "controller.cli.deployment.open_clock"):
        monkeypatch.setattr(where, refuse)
