"""
Look-ups: attributes of resources that Terraform keeps, found by name when the stack wakes.

An unknown value that is an attribute of a kept resource or of a data source becomes, in a
request, or in the key of another look-up:

    {"$look_up": "cluster", "name": "api", "attribute": "arn", "of": "aws_ecs_cluster.main"}

| key         | meaning                                                                        |
|-------------|--------------------------------------------------------------------------------|
| `$look_up`  | the kind, a row of the table in `domain/planning/look_up_kinds.py`             |
| `attribute` | the attribute as the user's configuration names it                             |
| `take`      | the column "attributes" of the table; left out when it equals `attribute`      |
| `index`     | with a list: the element wanted, from 0; with a map: its key. Left out: all    |
| `of`        | Terraform's address of the thing, for messages; two look-ups with equal keys   |
|             | are one question whatever `of` says                                            |
| the others  | what the thing is found by: all of them must match, and exactly one thing may  |
|             | match (none, or several, is an error that names `of` and the keys)             |

Every value of a key is text (or a bool, a list, a map of texts, where the table says so), or
again a look-up or a `$join`. A value with `take` of a list kind and no `index` stands where the
request has a list. Texts that contain a look-up are `{"$join": [text, look-up, …]}`; a number
inside a join is written as decimal text.

`id` and `arn` are written by what they are (HCL semantics §19): the `id` of a cluster, a load
balancer, a target group or a certificate is its ARN (`take` "arn"), that of an Elastic IP its
allocation id, that of a task definition resource its family and that of a task definition data
source its ARN, that of a bucket, a role or a parameter its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType
from typing import Any

from controller.domain.planning.spec import Json
from controller.domain.problem import Level, Problem
from controller.hcl.values import Origin
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.data_sources import DATA
from controller.mapping.fill import given
from controller.mapping.look_up_keys import covers, default_vpc, listed, narrowed
from controller.mapping.references import CannotRefer, LeadsToBroken, References, is_reference
from controller.mapping.sources import MANAGED, Source, Within

_STATE_ONLY = "its value exists only in Terraform's state; pass it as a variable, or write it out"


_EVERYWHERE = frozenset({"name", "iam_role", "caller_identity", "partition", "region"})
"""Kinds that have one answer in all regions, or name the region themselves."""


class LookUps:
    """
    Finds out how each attribute of a kept thing can be requested when the stack wakes.

    `kept` are the instances that stay, by address, `awake_only` the addresses of those that do not
    (those with a reported problem are `refused`); `default_tags` are the provider's, by the name
    under which instances know it, `elsewhere` the region or account of what is in another one than
    the stack, by address. Answers are remembered, so equal questions are equal.

    Its size: one method for each way to find a kept thing again.
    """

    def __init__(
        self,
        kept: Mapping[str, ResourceInstance],
        awake_only: Set[str],
        default_tags: Mapping[str, Mapping[str, Json]],
        refused: Set[str] = frozenset(),
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._kept = kept
        self._refused = refused
        self._elsewhere = elsewhere
        self._awake_only = awake_only
        self._default_tags = default_tags
        self._found: dict[str, dict[str, Json]] = {}
        self._asking: list[str] = []
        self._weak: dict[str, tuple[str, ...]] = {}
        self._guesses: dict[tuple[str, str], None] = {}
        # Keys hold references of their own: the VPC of a security group, the filter of a subnet.
        self._references = References({}, self)

    def look_up(self, origin: Origin) -> Json:
        """
        The `$look_up` object for one attribute of a kept thing.

        Raises CannotRefer, with a remedy, where the configuration does not say how to find it;
        LeadsToBroken where it would, but for an error in it.
        """
        instance = self._instance(origin)
        try:
            return self._found_by(instance, origin)
        except CannotRefer as error:
            if instance.error_free:
                raise
            raise LeadsToBroken from error

    def _found_by(self, instance: ResourceInstance, origin: Origin) -> Json:
        source = _source(instance, origin)
        _must_be_here(self._elsewhere.get(instance.address, ""), source.kind, origin)
        attribute = str(origin.path[0])
        if attribute in source.within and len(origin.path) == 1:
            return self._found_within(source.within[attribute], origin)
        take = source.attributes.get(attribute)
        if take is None or len(origin.path) > 2:
            raise CannotRefer(
                f"{origin} cannot be found when the stack wakes; of {instance.address} only "
                f"{', '.join(sorted({*source.attributes, *source.within}))} can"
            )
        found: dict[str, Json] = {"$look_up": source.kind, **self._keys(instance, source)}
        found["attribute"] = attribute
        if take != attribute:
            found["take"] = take
        if len(origin.path) == 2:
            found["index"] = origin.path[1]
        found["of"] = instance.address
        if instance.address in self._weak:
            self._guesses[origin.names] = None
        return found

    def _found_within(self, within: Within, origin: Origin) -> dict[str, Json]:
        """A resource that is identified by its container: the default security group of a VPC."""
        whole = self.look_up(Origin(origin.address, ("id",)))
        if origin.address in self._weak:
            self._guesses[origin.names] = None
        return {
            "$look_up": within.kind,
            **within.fixed,
            within.by: whole,
            "attribute": str(origin.path[0]),
            "take": within.take,
            "of": origin.address,
        }

    def guesses(self) -> Iterator[Problem]:
        """Look-ups that have been requested, and may find another thing, or several."""
        attributes: dict[str, list[str]] = {}
        for address, attribute in self._guesses:
            attributes.setdefault(address, []).append(attribute)
        for address, names in attributes.items():
            instance = self._kept[address]
            source = _source(instance, Origin(address, ()))
            by = " and ".join(self._weak[address])
            yield Problem(
                level=Level.WARNING,
                rule="weak-look-up",
                message=f"is found by its {by} alone when the stack wakes: with another one like "
                f"it in the account the wake fails or takes that one; {source.remedy}, or give "
                "--state FILE, what `terraform show -json` prints",
                place=instance.place,
                address=address,
                unknown=tuple((address, name) for name in names),
            )

    def _instance(self, origin: Origin) -> ResourceInstance:
        if origin.address in self._refused:
            raise LeadsToBroken
        if origin.address in self._awake_only:
            raise CannotRefer(
                f"{origin.address} exists only when awake, so nothing can be found by it while the "
                "stack wakes; let it exist always, or refer to it directly"
            )
        if origin.address not in self._kept:
            raise CannotRefer(f"{origin} cannot be found when the stack wakes: {_STATE_ONLY}")
        return self._kept[origin.address]

    def _keys(self, instance: ResourceInstance, source: Source) -> dict[str, Json]:
        if instance.address not in self._found:
            if instance.address in self._asking:
                raise CannotRefer(f"{instance.address} is found only by way of itself")
            self._asking.append(instance.address)
            try:
                self._found[instance.address] = self._find_keys(instance, source)
            finally:
                self._asking.pop()
        return self._found[instance.address]

    def _find_keys(self, instance: ResourceInstance, source: Source) -> dict[str, Json]:
        unknown: list[CannotRefer] = []
        keys = dict(self._written(instance, source, unknown))
        keys.update(source.fixed)
        if instance.mode == "managed":
            keys.update(default_vpc(instance))
            keys.update(self._namespace(instance))
        for enough in source.enough:
            if keys.keys() >= set(enough):
                break
        else:
            what = f"{instance.address} ({instance.place}) cannot be found when the stack wakes"
            for error in unknown:
                raise CannotRefer(f"{what}, as {error}", error.origins) from error
            raise CannotRefer(f"{what}; {source.remedy or 'write down what it is found by'}")
        if enough in source.weak:
            self._weak[instance.address] = enough
        if instance.mode == "managed":
            keys = self._alone(instance, source, narrowed(keys, enough, source), keys)
        return keys

    def _written(
        self, instance: ResourceInstance, source: Source, unknown: list[CannotRefer]
    ) -> Iterator[tuple[str, Json]]:
        """What is written of it; where that cannot be had of a resource, why not (`unknown`)."""
        for key, name in source.keys.items():
            value: Any = None
            try:
                if key == "filters":
                    value = [self._filter(block) for block in instance.body.of_type(name)]
                elif key == "tags" and instance.mode == "managed":
                    value = self._tags(instance)
                else:
                    value = self._argument(instance, name)
            except CannotRefer as error:
                if instance.mode != "managed" or isinstance(error, LeadsToBroken):
                    raise
                unknown.append(error)  # one of several names for it; another may do
            if value not in (None, "", [], {}):
                yield key, value

    def _argument(self, instance: ResourceInstance, name: str) -> Json:
        argument = given(instance.body, name)
        if argument is None:
            return None
        return self._references.json(argument.value)

    def _namespace(self, instance: ResourceInstance) -> dict[str, Json]:
        """A DNS service says its namespace inside a block."""
        for block in instance.body.of_type("dns_config"):
            argument = given(block, "namespace_id")
            if argument is not None and instance.type == "aws_service_discovery_service":
                return {"namespace_id": self._references.json(argument.value)}
        return {}

    def _tags(self, instance: ResourceInstance) -> Json:
        own = self._argument(instance, "tags")
        if own is not None and not isinstance(own, dict):
            return None
        return {**self._default_tags.get(instance.provider, {}), **(own or {})}

    def _filter(self, block: Block) -> Json:
        written = {name: given(block, name) for name in ("name", "values")}
        return {
            name: self._references.json(argument.value)
            for name, argument in written.items()
            if argument is not None
        }

    def _alone(
        self,
        instance: ResourceInstance,
        source: Source,
        keys: dict[str, Json],
        written: Mapping[str, Json],
    ) -> dict[str, Json]:
        """
        The keys, and the description where another resource of this directory has the same ones.

        Raises CannotRefer where that does not tell them apart either.
        """
        if not keys or keys.keys() & _UNIQUE:
            return keys
        for other in self._kept.values():
            if (other.mode, other.type, other.provider) != ("managed", *_kind_of(instance)):
                continue
            if other is not instance and self._fits(other, source, keys):
                more = {**keys, "description": written.get("description")}
                if more["description"] is not None and more != keys:
                    return self._alone(instance, source, more, written)
                said = {key: value for key, value in keys.items() if not is_reference(value)}
                raise CannotRefer(
                    f"{instance.address} ({instance.place}) cannot be distinguished from "
                    f"{other.address}: {listed(said)} finds both; {source.remedy}"
                )
        return keys

    def _fits(self, other: ResourceInstance, source: Source, keys: Mapping[str, Json]) -> bool:
        """Whether a look-up by these keys finds the other one as well."""
        try:
            theirs = {
                **dict(self._written(other, source, [])),
                **source.fixed,
                **default_vpc(other),
            }
        except CannotRefer:
            return False
        begins = theirs.get("name") or theirs.get("name_prefix")
        if isinstance(begins, str) and begins.startswith(str(keys.get("name_prefix"))):
            theirs["name_prefix"] = keys["name_prefix"]
        return all(covers(theirs.get(key), value) for key, value in keys.items())


_UNIQUE = frozenset({"name", "family", "arn", "key_id"})
"""Keys that are unique within a type; a security group's name together with its VPC."""


def _kind_of(instance: ResourceInstance) -> tuple[str, str]:
    return instance.type, instance.provider


def _source(instance: ResourceInstance, origin: Origin) -> Source:
    table = DATA if instance.mode == "data" else MANAGED
    if instance.type in table:
        return table[instance.type]
    if instance.type == "aws_subnet_ids":
        raise CannotRefer(
            f"{origin} cannot be found when the stack wakes: the AWS provider has aws_subnets in "
            'place of aws_subnet_ids since version 4; write data "aws_subnets" with '
            'filter { name = "vpc-id", values = [VPC] }'
        )
    raise CannotRefer(
        f"{origin} cannot be found when the stack wakes: dormouse does not look up "
        f"{instance.type}; pass the value as a variable, or write it out"
    )


def _must_be_here(where: str, kind: str, origin: Origin) -> None:
    """What is in another region, or another account, is not seen with the stack's rights."""
    what = "account" if where.startswith("account ") else "region"
    if where and (what == "account" or kind not in _EVERYWHERE):
        raise CannotRefer(
            f"{origin} cannot be found when the stack wakes: {origin.address} is in "
            f"{where}, not in the stack's {what}; pass the value as a variable, or write it "
            "out"
        )
