"""
Revert an adoption, complete or not, however long ago it was.

Files first: with the old ones and nothing in the state, an apply by mistake changes nothing that
stands, while with the new ones and everything in the state it would destroy it. Then the state,
by what is there now:

| in AWS                          | Terraform gets them back by                             |
|---------------------------------|---------------------------------------------------------|
| the same as then                | their old entries, in the state as it is now            |
| others, made by Dormouse since  | `terraform import`                                      |
| none: asleep                    | `terraform apply`, which makes them                     |

The tags come off last. Every step can be taken twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from controller.adopt import files
from controller.adopt.journal import HandedOver, Journal, Step
from controller.adopt.ports import Compile, Running, Say
from controller.adopt.states import addresses_in, serial_of, with_forgotten, with_serial
from controller.domain.dataclass import dataclass
from controller.domain.errors import PermanentError
from controller.domain.planning.owner_tags import ADDRESS, STACK
from controller.domain.planning.spec import Kind, Spec
from controller.terraform.changing import Terraform


@dataclass(frozen=True, slots=True)
class Undone:
    """`asleep` are addresses that do not exist in AWS: the next `terraform apply` makes them."""

    files: tuple[str, ...]
    taken_in: tuple[str, ...] = ()
    asleep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Undoing:
    directory: Path
    note: Journal
    terraform: Terraform
    running: Callable[[Spec], Running]
    compile: Compile
    say: Say

    def run(self) -> Undone:
        """Raises DormouseError where something cannot be put back; what is done stays done."""
        note = self.note
        spec = self._spec() if note.handed_over else None
        standing = self._standing(spec)
        note = note.at(Step.UNDOING)
        self.say("putting the files back")
        changed = files.put_back(note.changes())
        taken_in, asleep = self._give_back(standing)
        self._untag(spec, standing)
        note.remove()
        return Undone(changed, taken_in, asleep)

    def _spec(self) -> Spec | None:
        """As the files say while they are still ours; None where they say nothing any more."""
        with contextlib.suppress(OSError):
            return self.compile(self.directory).spec
        return None

    def _standing(self, spec: Spec | None) -> Mapping[str, str]:
        """By the address in Terraform's state: the ARN of what exists now."""
        if spec is None or not self.note.handed_over:
            return {}
        aws = self.running(spec)
        then = {
            one.in_state: one.arn
            for one in self.note.handed_over
            if aws.tags(one.kind, one.arn) is not None
        }
        if len(then) == len(self.note.handed_over):
            return then
        now = aws.standing(spec)
        found = {one.in_state: _now(one, now) for one in self.note.handed_over}
        return {address: arn for address, arn in found.items() if arn}

    def _give_back(self, standing: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Addresses that Terraform has again, and those that do not exist in AWS."""
        wanted = {one.in_state: one for one in self.note.handed_over}
        if not wanted:
            return (), ()
        state = self.terraform.pull()
        lost = [address for address in wanted if address not in addresses_in(state)]
        if not lost:
            return (), ()
        if all(standing.get(address) == wanted[address].arn for address in lost):
            self.say("terraform state push")
            self._restore(state, lost)
            return tuple(lost), ()
        # One of them has been created again, and what the others remember of it is of no use.
        there = [a for a in lost if a in standing and wanted[a].kind != Kind.SCHEDULED_ACTION]
        for address in there:
            self.say(f"terraform import {address}")
            self.terraform.take_in(address, _import_id(wanted[address], standing[address]))
        return tuple(there), tuple(address for address in lost if address not in there)

    def _restore(self, state: bytes, addresses: list[str]) -> None:
        """
        The state as it was, where nobody but adopt has written it since; else only what is lost.

        A file is then the same to the byte.
        """
        then, local = self.note.state, self.terraform.local_state
        ours = serial_of(state) in (serial_of(then) + 1, self.note.serial)
        if ours and local:
            files.replace(local, then)
        elif ours:
            self.terraform.push(with_serial(then, serial_of(state) + 1))
        else:
            self.terraform.push(with_forgotten(state, then, addresses))

    def _untag(self, spec: Spec | None, standing: Mapping[str, str]) -> None:
        tagged = [
            one
            for one in self.note.handed_over
            if not one.was_tagged and standing.get(one.in_state)
        ]
        if spec is None or not tagged:
            return
        self.say("taking the tags off")
        aws = self.running(spec)
        for one in tagged:
            aws.untag(one.kind, standing[one.in_state], (STACK, ADDRESS))


def _now(one: HandedOver, standing: Mapping[str, str]) -> str:
    """By the address in the edited files, or in those before where they are back already."""
    return standing.get(one.address) or standing.get(one.in_state, "")


def _import_id(one: HandedOver, arn: str) -> str:
    """A service is imported by `cluster/service`, which its ARN ends in; most others by ARN."""
    if one.import_id:
        return one.import_id
    if one.kind != "service":
        return arn
    name = arn.rpartition(":service/")[2]
    if name.count("/") != 1:
        raise PermanentError(
            f"{one.in_state}: {arn} does not name its cluster; import it by hand: terraform import "
            f"{one.in_state} CLUSTER/SERVICE"
        )
    return name
