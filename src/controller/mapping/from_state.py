"""
What is taken from Terraform's state: only what the files do not say and no look-up finds.

A look-up is better than a remembered value, as it still holds when the thing was created again. So
a directory is compiled with what no look-up can ever give (the attributes of types that Dormouse
does not look up), then once more with each value for whose absence there was an error, until there
is none of these left. What Dormouse makes itself, and what depends on it, is never taken: it is
another one at each wake.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from controller.domain.dataclass import dataclass, field
from controller.domain.planning.spec import Json
from controller.domain.problem import Level, Problem
from controller.hcl.construct import elements_of, is_sensitive, is_wholly_known, merge_unknown
from controller.hcl.origins import kind_of
from controller.hcl.schema import SLEEPERS
from controller.hcl.values import Origin, Value
from controller.hcl.world import Block
from controller.mapping.data_sources import DATA
from controller.mapping.sources import MANAGED
from controller.mapping.state_names import Name, without_key
from controller.terraform.state import State, Thing, any_of, part_of
from controller.terraform.trust import disagreement
from controller.terraform.values import complete

_SLEEPER = re.compile(rf"(?:^|\.)(?:{'|'.join(sorted(SLEEPERS))})\.[^.]+$")
_ARN = re.compile(r"arn:[\w-]+:([\w-]+):([\w-]+):\d{12}:")
_ANYWHERE = frozenset({"acm", "cloudfront", "lambda", "wafv2"})
"""Services whose resources may be elsewhere: CloudFront wants them in us-east-1."""
_IDENTITIES = frozenset({"allocation_id", "arn", "id"})


@dataclass(slots=True)
class Choice:
    """
    Answers the evaluation out of a state, as far as it may.

    `wanted` are the attributes that look-ups cannot give; None for everything. `sleepers` are
    the addresses that Dormouse makes, None where that is not known yet: then everything of the
    four kinds counts as one. The rest is what the evaluation leaves behind: what was `taken`, why
    some things are `distrusted`, and what is `bound` to a sleeper (to its address).
    """

    state: State
    wanted: frozenset[Name] | None = frozenset()
    sleepers: frozenset[str] | None = None
    taken: dict[Name, Value] = field(default_factory=dict)
    distrusted: dict[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)

    def complete(self, address: str, mode: str, type_: str, body: Block, value: Value) -> Value:
        if mode == "managed" and self._sleeps(address):
            return value
        sleeper = self._leads_to_sleeper(body)
        if sleeper:
            self.bound[address] = sleeper
            return value
        thing = self.thing(address)
        if thing is None or (thing.mode, thing.type) != (mode, type_):
            return value
        reason = disagreement(thing, body)
        if reason:
            self.distrusted[address] = reason
            return value
        at_once = type_ not in (DATA if mode == "data" else MANAGED)

        def is_wanted(name: str) -> bool:
            wanted = self.wanted
            return wanted is None or at_once or bool({(address, name), (address, "")} & wanted)

        completed = complete(value, thing, is_wanted)
        self._note(address, value, completed)
        return completed

    def thing(self, address: str) -> Thing | None:
        """
        Terraform's resource of that address.

        One without a key and the first of a count are the same to Terraform, which moves it when
        the files gain or lose a count.
        """
        bare = address.removesuffix("[0]")
        things = self.state.things
        other = bare if bare != address else f"{address}[0]"
        return things.get(address) or (None if address.endswith('"]') else things.get(other))

    def has(self, name: Name) -> bool:
        """Whether the state could give this value, and has not given it yet."""
        address, attribute = name
        thing = self.thing(address)
        if thing is None or name in self.taken or address in {**self.distrusted, **self.bound}:
            return False
        if thing.mode == "managed" and self._sleeps(address):
            return False
        if not attribute:
            return name not in (self.wanted or ())
        return attribute in thing.values and not self.is_unknown(name)

    def is_unknown(self, name: Name) -> bool:
        """Whether the state is a plan, and says that it is known only after apply."""
        thing = self.thing(name[0])
        return thing is not None and any_of(part_of(thing.unknown, name[1]))

    def pinned(self, requests: Iterable[Json]) -> dict[str, str]:
        """The texts in the requests that are the state's, to what they are there; no secrets."""
        known: dict[str, str] = {}
        for (address, attribute), value in self.taken.items():
            if not is_sensitive(value):
                known.update((text, f"{address}.{attribute}") for text in _texts(value))
        found = {text for request in requests for text in _strings(request)}
        return {text: known[text] for text in sorted(found & known.keys())}

    def identities(self) -> dict[str, str]:
        """The ids and ARNs that were taken, to the addresses of their things."""
        return {
            value.data: address
            for (address, attribute), value in self.taken.items()
            if attribute in _IDENTITIES and isinstance(value.data, str) and not value.sensitive
        }

    def _sleeps(self, address: str) -> bool:
        if self.sleepers is not None:
            return address in self.sleepers
        return bool(_SLEEPER.search(without_key(address)))

    def _leads_to_sleeper(self, body: Block) -> str | None:
        for origin in _origins(body):
            if origin.address in self.bound:
                return self.bound[origin.address]
            if kind_of(origin) == "managed" and self._sleeps(origin.address):
                return origin.address
        return None

    def _note(self, address: str, before: Value, after: Value) -> None:
        if not isinstance(after.data, dict) or not isinstance(before.data, dict):
            return
        for name, value in after.data.items():
            old = before.data.get(name)
            if value is not old and (old is None or not is_wholly_known(old)):
                self.taken[address, name] = value


def elsewhere(state: State, region: str | None) -> Problem | None:
    """A state whose things all live in other regions than the stack is another stack's."""
    arns = (thing.values.get("arn") for thing in state.things.values())
    found = (match.groups() for arn in arns if isinstance(arn, str) and (match := _ARN.match(arn)))
    regions = {where for service, where in found if service not in _ANYWHERE}
    if region is None or not regions or region in regions:
        return None
    return Problem(
        level=Level.WARNING if state.found else Level.ERROR,
        rule="state",
        message=f"{state.name} is of things in {', '.join(sorted(regions))}, but the stack lives "
        f"in {region}; give the state of this directory"
        + (", or --no-state; it is left out" if state.found else ""),
    )


def stranger(state: State, addresses: Collection[str]) -> Problem | None:
    """A state with nothing of the directory in it is another one's."""
    known = Choice(state)
    if not state.things or any(known.thing(address) for address in addresses):
        return None
    return Problem(
        level=Level.WARNING,
        rule="state",
        message=f"{state.name} knows nothing of this directory; it may be the state of another "
        "directory or workspace",
    )


def _origins(body: Block) -> Iterable[Origin]:
    for attribute in body.attributes.values():
        yield from merge_unknown(attribute.value).origins
    for _, block in body.blocks:
        yield from _origins(block)


def _texts(value: Value) -> Iterable[str]:
    """The texts that name something in particular: ids and ARNs, not flags and small words."""
    if isinstance(value.data, str) and len(value.data) >= 8:
        yield value.data
    for element in elements_of(value):
        yield from _texts(element)


def _strings(data: Any) -> Iterable[str]:
    if isinstance(data, str):
        yield data
    for inner in (
        data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    ):
        yield from _strings(inner)
