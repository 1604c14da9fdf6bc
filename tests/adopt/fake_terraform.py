"""
A Terraform and an AWS for whole adoptions, each call of which may be the last one of its process.

They play what is asked of them from two truths on disk: the files (in the two-worlds form or not)
and a state file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ARNS = {
    "aws_ecs_service.app": "arn:aws:ecs:eu-west-1:1:service/main/app",
    "aws_lb.front": "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/front/1",
    "aws_lb_listener.tcp": "arn:aws:elasticloadbalancing:eu-west-1:1:listener/net/front/1/1",
    "aws_lb_target_group.app": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/app/1",
}
CLUSTER = "aws_ecs_cluster.main"


class DeadError(BaseException):
    """The process is gone: nothing that it would still do at its end is done."""


@dataclass
class Fate:
    """Counts what touches the world; dies before or after the call of that number."""

    at: int = -1
    after: bool = False
    calls: list[str] = field(default_factory=list)

    def __call__(self, name: str, act: Callable[..., object]) -> Callable[..., object]:
        def done(*arguments: object, **named: object) -> object:
            self.calls.append(name)
            fatal = len(self.calls) - 1 == self.at
            if fatal and not self.after:
                raise DeadError(name)
            result = act(*arguments, **named)
            if fatal:
                raise DeadError(name)
            return result

        return done


def new_state() -> bytes:
    return _written(7, dict.fromkeys((CLUSTER, *ARNS)))


def _written(serial: int, addresses: Mapping[str, object]) -> bytes:
    resources = []
    for address in sorted(addresses):
        type_, name = address.split(".")
        arn = str(addresses[address] or ARNS.get(address, f"arn:{address}"))
        attributes = {"arn": arn, "name": name if "listener" not in type_ else None}
        resources.append(
            {
                "mode": "managed",
                "type": type_,
                "name": name,
                "provider": "aws",
                "instances": [{"attributes": attributes}],
            }
        )
    data = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "x"}
    return json.dumps({**data, "outputs": {}, "resources": resources}).encode()


@dataclass
class PlayedTerraform:
    """`spoil` is what a plan with `awake = true` says besides moves; `remote` has no state file."""

    directory: Path
    fate: Fate
    spoil: tuple[str, ...] = ()
    installed: bool = True
    initialised: bool = True
    remote: bool = False

    @property
    def local_state(self) -> Path | None:
        return None if self.remote else self.state

    @property
    def state(self) -> Path:
        return self.directory / "terraform.tfstate"

    def elsewhere(self, directory: Path) -> PlayedTerraform:
        return PlayedTerraform(directory, self.fate, self.spoil)

    def plan(self, *more: str) -> Mapping[str, object]:
        return self.fate("plan", self._plan)("-var=awake=true" in more)  # type: ignore[return-value]

    def apply_if(self, harmless: Callable[[Mapping[str, object]], bool]) -> bool:
        return harmless(self._plan(awake=False))

    def pull(self) -> bytes:
        return self.fate("pull", self.state.read_bytes)()  # type: ignore[return-value]

    def push(self, state: bytes) -> None:
        self.fate("push", self.state.write_bytes)(state)

    def forget(self, addresses: list[str]) -> None:
        self.fate("forget", self._change)(lambda there: [there.pop(one) for one in addresses])

    def take_in(self, address: str, id_: str) -> None:
        self.fate("take_in", self._change)(lambda there: there.update({address: id_}))

    def _change(self, how: Callable[[dict[str, str]], object]) -> None:
        state = json.loads(self.state.read_bytes())
        there = self.there()
        how(there)
        self.state.write_bytes(_written(state["serial"] + 1, there))

    def there(self) -> dict[str, str]:
        state = json.loads(self.state.read_bytes())
        return {
            f"{one['type']}.{one['name']}": one["instances"][0]["attributes"]["arn"]
            for one in state["resources"]
        }

    def _plan(self, awake: bool) -> Mapping[str, object]:
        two_worlds = (self.directory / "dormouse.tf").exists()
        wanted = {CLUSTER} | (set(ARNS) if awake or not two_worlds else set())
        there = set(self.there())
        changes = [(one, ["no-op"]) for one in wanted & there]
        changes += [(one, ["create"]) for one in wanted - there]
        changes += [(one, ["delete"]) for one in there - wanted]
        changes += [(one, ["update"]) for one in self.spoil if awake]
        return {
            "resource_changes": [
                {
                    "address": address,
                    "change": {"actions": actions, "before": {"port": 1}, "after": {"port": 2}},
                }
                for address, actions in changes
            ]
        }


@dataclass
class PlayedAws:
    """What stands, by ARN, with its tags; `unlike` is what `dormouse plan` would change."""

    fate: Fate
    standing_by: dict[str, str]
    tagged: dict[str, dict[str, str]] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()

    def tags(self, kind: str, arn: str) -> Mapping[str, str] | None:
        there = arn in self.standing_by.values()
        return dict(self.tagged.get(arn, {})) if there else None

    def tag(self, kind: str, arn: str, tags: Mapping[str, str]) -> None:
        self.fate("tag", lambda: self.tagged.setdefault(arn, {}).update(tags))()

    def untag(self, kind: str, arn: str, names: tuple[str, ...]) -> None:
        def untagged() -> None:
            kept = {k: v for k, v in self.tagged.get(arn, {}).items() if k not in names}
            self.tagged[arn] = kept

        self.fate("untag", untagged)()

    def left_to_do(self, spec: object) -> tuple[str, ...]:
        foreign = [arn for arn in self.standing_by.values() if not self.tagged.get(arn)]
        return (*self.unlike, *foreign)

    def standing(self, spec: object) -> Mapping[str, str]:
        return {f"{address}[0]": arn for address, arn in self.standing_by.items()}
