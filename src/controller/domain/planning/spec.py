"""
The spec: what a stack is made of when awake, compiled from Terraform, ready to send to AWS.

A request is the exact argument of the boto3 call that creates the resource, except for
references that are filled in when it is sent. They are objects with one of these keys:

    {"$ref": "aws_lb.nlb[0].arn"}                an attribute of another resource of the spec
    {"$look_up": "cluster", "name": "api"}       something that Terraform keeps, found when waking
    {"$join": ["a", {"$look_up": …}, "b"]}       a text with references inside it
    {"$call": "slice", "args": [{"$look_up": …}, 0, 2]}
        a function or operator of `computing.py`; "if" has a condition and two values, one of which
        is computed
    {"$for": {"$look_up": …}, "item": "1", "value": {"$item": "1"}}
        what a `for` makes of each element: a list, or with "key" a map ("group": true collects the
        values of equal keys); "if" leaves elements out; {"$item": "1", "key": true} is the key
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property, wraps
from typing import Any, TypeVar

from controller.domain.dataclass import dataclass, field
from controller.domain.errors import SpecError

SCHEMA = 1

Json = Any
"""A value that `json.dumps` accepts: dict, list, str, int, float, bool, None."""

T = TypeVar("T")


class Kind(StrEnum):
    """The sleeper kinds, in the order in which a wake can make them."""

    LOAD_BALANCER = "load_balancer"
    TARGET_GROUP = "target_group"
    LISTENER = "listener"
    SERVICE = "service"
    AUTOSCALING_TARGET = "autoscaling_target"
    AUTOSCALING_POLICY = "autoscaling_policy"
    SCHEDULED_ACTION = "scheduled_action"

    @property
    def traits(self) -> Traits:
        return _TRAITS[self]

    @property
    def is_companion(self) -> bool:
        """It only adds to a service: a stack serves people without it."""
        return Kind.SERVICE in self.traits.goes_with


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """
    What is true of all resources of one kind.

    `name` is the field of the request that holds their own name in AWS, "" where they have none.
    `goes_with` are the kinds whose deletion takes them along; such a resource has no identity of
    its own. `turn` is their place in a sleep, users before what they use. With `is_compared` it is
    remembered that the request was seen or put right, and not the attributes alone.
    """

    turn: int
    name: str = ""
    goes_with: tuple[Kind, ...] = ()
    is_compared: bool = False


_OF_A_SERVICE = (Kind.SERVICE, Kind.AUTOSCALING_TARGET)

_TRAITS: Mapping[Kind, Traits] = {
    Kind.AUTOSCALING_POLICY: Traits(
        turn=0, name="PolicyName", goes_with=_OF_A_SERVICE, is_compared=True
    ),
    Kind.SCHEDULED_ACTION: Traits(
        turn=1, name="ScheduledActionName", goes_with=_OF_A_SERVICE, is_compared=True
    ),
    Kind.AUTOSCALING_TARGET: Traits(turn=2, goes_with=(Kind.SERVICE,), is_compared=True),
    Kind.SERVICE: Traits(turn=3, name="serviceName", is_compared=True),
    Kind.LISTENER: Traits(turn=4, goes_with=(Kind.LOAD_BALANCER,), is_compared=True),
    Kind.LOAD_BALANCER: Traits(turn=5, name="Name"),
    Kind.TARGET_GROUP: Traits(turn=6, name="Name"),
}


@dataclass(frozen=True, kw_only=True)
class ResourceSpec:
    """
    One resource as `terraform apply` would have made it.

    `request` creates it (boto3: create_load_balancer, create_target_group, create_listener,
    create_service, register_scalable_target, put_scaling_policy, put_scheduled_action).
    `attributes` go into the call that ELBv2 has for them after the create
    (modify_…_attributes), keys and values as AWS names them; a value may be a reference. `after`
    are the addresses that must exist before. `asleep` is None for a resource that is deleted at
    sleep; a service that exists in both worlds has its settings while asleep, as update_service
    arguments: {"desiredCount": 0}. `source` is the place in the user's files, "nlb.tf:16". `size`
    is the billed size of one task of a service, if the configuration contains it: {"cpu": 256,
    "memory": 512, "arm": false}, CPU units and MiB. `ignore_changes` are Terraform's own entries,
    and `ignored` the fields of the request and the attributes that they mean: those are set at
    creation, and not changed from then on. `scaling` are the fewest and the most tasks that
    autoscaling may give a service, scheduled actions included.
    """

    address: str
    kind: Kind
    source: str
    request: Mapping[str, Json]
    attributes: Mapping[str, Json] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    asleep: Mapping[str, Json] | None = None
    ignore_changes: tuple[str, ...] = ()
    size: Mapping[str, Json] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    scaling: Mapping[str, Json] = field(default_factory=dict)

    @cached_property
    def settings_hash(self) -> str:
        """Twelve digits: a hash of what is compared until it was right once."""
        request = self.request if self.kind.traits.is_compared else {}
        text = json.dumps([dict(request), dict(self.attributes)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @cached_property
    def literals(self) -> frozenset[str]:
        """The arguments of the request with no reference and no look-up inside."""
        return frozenset(key for key, value in self.request.items() if not any(references(value)))

    @property
    def name(self) -> str:
        """The resource's own name in AWS; a listener goes by its port, others by their address."""
        if self.kind is Kind.LISTENER:
            return f"port {self.request.get('Port')}"
        field = self.kind.traits.name
        return str(self.request[field]) if field else self.address

    def ignores(self, path: str) -> bool:
        """
        Whether this field ("healthCheckGracePeriodSeconds") or attribute is ignored.

        A field with several parts ("SubnetMappings") is ignored as soon as one of them is.
        """
        if not self.ignored:
            return "all" in self.ignore_changes
        return "all" in self.ignore_changes or any(
            one == path or one.startswith(f"{path}.") or path.startswith(f"{one}.")
            for one in self.ignored
        )

    def to_json(self) -> dict[str, Json]:
        data: dict[str, Json] = {
            "address": self.address,
            "kind": str(self.kind),
            "source": self.source,
            "request": dict(self.request),
            "attributes": dict(self.attributes),
            "after": list(self.after),
        }
        if self.asleep is not None:
            data["asleep"] = dict(self.asleep)
        if self.ignore_changes:
            data["ignore_changes"] = list(self.ignore_changes)
        if self.ignored:
            data["ignored"] = list(self.ignored)
        if self.scaling:
            data["scaling"] = dict(self.scaling)
        if self.size:
            data["size"] = dict(self.size)
        return data

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> ResourceSpec:
        return ResourceSpec(
            address=data["address"],
            kind=Kind(data["kind"]),
            source=data.get("source", ""),
            request=data["request"],
            attributes=data.get("attributes", {}),
            after=tuple(data.get("after", ())),
            asleep=data.get("asleep"),
            ignore_changes=tuple(data.get("ignore_changes", ())),
            size=data.get("size", {}),
            ignored=tuple(data.get("ignored", ())),
            scaling=data.get("scaling", {}),
        )


@dataclass(frozen=True, kw_only=True)
class Spec:
    """
    A whole stack: its resources in dependency order, its policy, where it lives.

    `region` and `role_arn` come from the provider block (None: the controller's own). `policy` is
    JSON as `controller.domain.policy.policy` writes it. `source` says where it was compiled from,
    and what Terraform keeps there that costs by the hour.
    `is_remembered`: nobody can read the stack's spec, and this is what its status knows of it.
    Nothing can be made by such a spec.
    """

    stack: str
    region: str | None
    resources: tuple[ResourceSpec, ...]
    policy: Mapping[str, Json] = field(default_factory=dict)
    role_arn: str | None = None
    source: Mapping[str, Json] = field(default_factory=dict)
    endpoint: Mapping[str, Json] = field(default_factory=dict)
    is_remembered: bool = False

    def __getitem__(self, address: str) -> ResourceSpec:
        for resource in self.resources:
            if resource.address == address:
                return resource
        raise KeyError(address)

    def of_kind(self, kind: Kind) -> tuple[ResourceSpec, ...]:
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> Mapping[Kind, tuple[ResourceSpec, ...]]:
        return {kind: tuple(r for r in self.resources if r.kind is kind) for kind in Kind}

    @cached_property
    def hash(self) -> str:
        """SHA-256 over what is made and the policy; when and where it was compiled do not count."""
        return hash_of(self._content())

    def _content(self) -> dict[str, Json]:
        return {
            "schema": SCHEMA,
            "stack": self.stack,
            "region": self.region,
            "role_arn": self.role_arn,
            "policy": dict(self.policy),
            "endpoint": dict(self.endpoint),
            "resources": [r.to_json() for r in self.resources],
        }

    def to_json(self) -> dict[str, Json]:
        content = self._content()
        resources = content.pop("resources")
        return {**content, "hash": self.hash, "source": dict(self.source), "resources": resources}

    @staticmethod
    def from_json(data: Mapping[str, Json]) -> Spec:
        """Read a spec that this release or an earlier one wrote. Raises SpecError for others."""
        schema = data.get("schema")
        if not (isinstance(schema, int) and 1 <= schema <= SCHEMA):
            raise SpecError(
                f'cannot read the spec of "{data.get("stack")}": found schema {schema}, expected '
                f"{SCHEMA} at most; deploy the release that wrote it, or publish it again with "
                "this one"
            )
        return Spec(
            stack=data["stack"],
            region=data.get("region"),
            role_arn=data.get("role_arn"),
            policy=data.get("policy", {}),
            source=data.get("source", {}),
            endpoint=data.get("endpoint", {}),
            resources=tuple(ResourceSpec.from_json(r) for r in data["resources"]),
        )


def hash_of(spec: Mapping[str, Json]) -> str:
    """The hash of a spec as JSON: over all but itself and `source`."""
    content = {key: value for key, value in spec.items() if key not in ("hash", "source")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def cached_on_spec(find: Callable[[Spec], T]) -> Callable[[Spec], T]:
    """
    Call `find` once for each spec: the result is cached on the spec.

    It must depend on the spec alone. Callers must not change the result.
    """
    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def kept(spec: Spec) -> T:
        found = spec.__dict__
        if name not in found:
            found[name] = find(spec)
        answer: T = found[name]
        return answer

    return kept


def in_a_loop(value: Json) -> bool:
    """Whether the value depends on what a `for` around it is at."""
    if isinstance(value, Mapping):
        return "$item" in value or any(in_a_loop(item) for item in value.values())
    return isinstance(value, list | tuple) and any(in_a_loop(item) for item in value)


def references(value: Json) -> Iterator[Mapping[str, Json]]:
    """Yield every `$ref` and `$look_up` object inside a request, outermost first."""
    if isinstance(value, dict):
        if "$ref" in value or "$look_up" in value:
            yield value
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def split_reference(reference: str) -> tuple[str, str]:
    """Split "module.a.aws_lb.nlb[0].arn" into its address and the attribute's name."""
    address, _, attribute = reference.rpartition(".")
    return address, attribute
