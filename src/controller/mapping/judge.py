"""
Terraform's plan as the judge: do both find the same values for the four kinds?

Compared is what the files say, value by value. Not compared: what the plan knows only after apply,
what we look up at wake time, and what the provider fills in where the files say nothing, as far
as its schema lets it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from controller.domain.dataclass import dataclass
from controller.domain.problem import Level, Place, Problem
from controller.hcl.construct import elements_of, is_sensitive, is_wholly_known
from controller.hcl.plain import to_python
from controller.hcl.provider_version import LEAVES_ZONES_ALONE
from controller.hcl.schema import BlockSchema, NestedBlock, schema_of
from controller.hcl.values import Value
from controller.hcl.world import Block, ResourceInstance, World
from controller.mapping.default_tags import default_tag_values
from controller.mapping.fill import given
from controller.mapping.kinds import ALL_TYPES, BY_KIND
from controller.mapping.table import Dropped, Nested, Sent, SetAfter, Table
from controller.terraform.state import State, Thing, any_of, part_of
from controller.terraform.trust import same

_OURS = frozenset({"dormouse:stack", "dormouse:address"})
_META = frozenset({"timeouts"})


def judge(world: World, plan: State, sleepers: frozenset[str]) -> Iterator[Problem]:
    """
    Every difference between what is evaluated awake and what Terraform plans awake.

    Of `sleepers` also what the files leave out must have the default that Dormouse sends.
    """
    ours = {a: i for a, i in world.resources.items() if _is_ours(i.mode, i.type)}
    theirs = {a: t for a, t in plan.things.items() if _is_ours(t.mode, t.type)}
    for address, instance in ours.items():
        if address not in theirs:
            message = "terraform plan does not have it, dormouse does"
            yield _problem(instance.place, address, message)
        elif instance.error_free:
            silent = world.provider.surely_has(LEAVES_ZONES_ALONE)
            judged = _Judge(instance, theirs[address], address in sleepers, silent)
            yield from judged.all(default_tag_values(world, instance.provider))
    for address in theirs.keys() - ours.keys():
        if world.knows(address):
            yield _problem(None, address, "terraform plan has it, dormouse does not")


@dataclass(frozen=True, slots=True)
class _Judge:
    instance: ResourceInstance
    thing: Thing
    sleeps: bool
    silent: bool  # whether the provider leaves zone rebalancing to AWS

    def all(self, tags: Mapping[str, Value] | None) -> Iterator[Problem]:
        schema = schema_of("managed", self.instance.type) or BlockSchema()
        values, unknown = self.thing.values, self.thing.unknown
        body, table = self.instance.body, BY_KIND[ALL_TYPES[self.instance.type]].table
        yield from self._body(body, values, unknown, schema, "", table)
        yield from self._tags(body, tags)

    def _body(
        self,
        body: Block,
        theirs: Mapping[str, Any],
        unknown: Any,
        schema: BlockSchema,
        path: str,
        table: Table,
    ) -> Iterator[Problem]:
        for name, attribute in body.attributes.items():
            value = attribute.value
            # The provider leaves out of the plan what means nothing for this kind of thing, and
            # empty maps and sets.
            nothing = value.data in ({}, ()) or isinstance(table.get(name), Dropped)
            if value.is_null or (nothing and theirs.get(name) is None):
                continue
            if not _agree(value, theirs.get(name), part_of(unknown, name)):
                secret = is_sensitive(value) or any_of(self._secret(f"{path}{name}"))
                shown = _shown(secret, to_python(value), theirs.get(name))
                yield self._differs(f"{path}{name}", attribute.place, *shown)
        for name, value in theirs.items():
            if name in schema.attributes and self._adds(body, name, value, schema, table):
                secret = any_of(self._secret(f"{path}{name}"))
                _, shown_value = _shown(secret, None, value)
                yield self._differs(f"{path}{name}", body.place, "nothing", shown_value)
        for name, nested in schema.blocks.items():
            if name not in _META and part_of(unknown, name) is not True:
                mask, fate = part_of(unknown, name), table.get(name)
                inner = fate.table if isinstance(fate, Nested) else {}
                yield from self._blocks(
                    body, name, nested, _listed(theirs.get(name)), mask, path, inner
                )

    def _adds(
        self,
        body: Block,
        name: str,
        value: Any,
        schema: BlockSchema,
        table: Table,
    ) -> bool:
        """Whether the plan has a value where the files have none, and no default explains it."""
        given = body.attributes.get(name)
        if given is not None and not given.value.is_null:
            return False
        computed = schema.attributes[name].computed or not self.sleeps
        computed = computed or (self.silent and name == "availability_zone_rebalancing")
        if computed or value in (None, "", 0, False, [], {}):
            return False
        fate = table.get(name)
        default = fate.default if isinstance(fate, Sent | SetAfter) else None
        return default is None or not same(default, value)

    def _blocks(
        self,
        body: Block,
        name: str,
        nested: NestedBlock,
        theirs: list[Any],
        unknown: Any,
        path: str,
        table: Table,
    ) -> Iterator[Problem]:
        ours = body.of_type(name)
        label = f"{path}{name}"
        if not ours:
            return  # the provider may fill in a block that is left out
        if len(ours) != len(theirs):
            found = (_blocks_text(len(ours)), _blocks_text(len(theirs)))
            yield self._differs(label, ours[0].place, *found)
            return
        left = list(range(len(theirs)))
        for position, block in enumerate(ours):
            choices = left if nested.nesting == "set" else [position]
            findings = {
                i: list(
                    self._body(
                        block, theirs[i], part_of(unknown, i), nested.block, f"{label}.", table
                    )
                )
                for i in choices
            }
            best = min(choices, key=lambda i: (len(findings[i]), i != position))
            left = [i for i in left if i != best]
            yield from findings[best]

    def _tags(self, body: Block, defaults: Mapping[str, Value] | None) -> Iterator[Problem]:
        """The provider's default_tags under the resource's own."""
        argument = given(body, "tags")
        own = argument.value.data if argument else {}
        theirs = self.thing.values.get("tags_all")
        mask = part_of(self.thing.unknown, "tags_all")
        if defaults is None or not isinstance(own, dict) or not isinstance(theirs, Mapping):
            return
        ours = {key: value for key, value in {**defaults, **own}.items() if not value.is_null}
        theirs = {key: value for key, value in theirs.items() if key not in _OURS or key in ours}
        if mask is True or _same_tags(ours, theirs, mask):
            return
        secret = any(map(is_sensitive, ours.values())) or (
            argument and is_sensitive(argument.value)
        )
        secret = secret or any_of(part_of(self.thing.sensitive, "tags_all"))
        known = {key: None if v.is_unknown else to_python(v) for key, v in ours.items()}
        place = argument.place if argument else self.instance.place
        yield self._differs("tags with default_tags", place, *_shown(bool(secret), known, theirs))

    def _secret(self, path: str) -> Any:
        mask = self.thing.sensitive
        for step in path.split("."):
            mask = part_of(mask, step)
            if isinstance(mask, list):
                return mask
        return mask

    def _differs(self, name: str, place: Place, ours: str, theirs: str) -> Problem:
        message = f"{name}: terraform plan has {theirs}, dormouse {ours}"
        return _problem(place, self.instance.address, message)


def _agree(ours: Value, theirs: Any, unknown: Any) -> bool:
    """Whether they can be the same: what either does not know says nothing."""
    if ours.is_unknown or unknown is True:
        return True
    if is_wholly_known(ours) and not any_of(unknown):
        return same(to_python(ours), theirs)
    if isinstance(ours.data, dict) and isinstance(theirs, Mapping):
        return all(
            _agree(value, theirs.get(name), part_of(unknown, name))
            for name, value in ours.data.items()
        )
    # A list or set with something unknown in it: at least as many as are known must be there.
    if isinstance(theirs, list) and not any_of(unknown):
        known = [to_python(e) for e in elements_of(ours) if is_wholly_known(e)]
        return all(any(same(one, other) for other in theirs) for one in known)
    return True


def _same_tags(ours: Mapping[str, Value], theirs: Mapping[str, Any], unknown: Any) -> bool:
    names = {key for key in theirs if theirs[key] is not None}
    maybe = {key for key, value in ours.items() if value.is_unknown}
    maybe |= {key for key in ours if part_of(unknown, key)}
    if (ours.keys() ^ names) - maybe:
        return False
    return all(
        _agree(ours[key], theirs[key], part_of(unknown, key)) for key in ours if key in names
    )


def _is_ours(mode: str, type_: str) -> bool:
    return mode == "managed" and type_ in ALL_TYPES


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _blocks_text(count: int) -> str:
    return f"{count} of them"


def _shown(secret: bool, *values: Any) -> tuple[str, ...]:
    return tuple("(sensitive value)" if secret else _text(value) for value in values)


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:197]}…"


def _problem(place: Place | None, address: str, message: str) -> Problem:
    return Problem(
        level=Level.ERROR,
        rule="terraform-differs",
        message=f"{message}; unless terraform is given other inputs (TF_CLI_ARGS), this is a "
        "mistake of dormouse: please report it",
        place=place,
        address=address,
    )
