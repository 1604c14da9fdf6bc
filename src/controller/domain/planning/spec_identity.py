"""
The identity of a resource, independent of the files: account, region, kind, name, and the cluster
of a service.

Terraform addresses, lines in the files and the notation of a value are not part of it. So the
leftovers of a publish are only resources that would exist in AWS beside the new spec. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from controller.domain.dataclass import dataclass, replace
from controller.domain.planning.dropped_scaling import dropped_scaling
from controller.domain.planning.spec import (
    Json,
    Kind,
    ResourceSpec,
    Spec,
    references,
    split_reference,
)

Identity = tuple[str, ...]
"""Account, region, kind, name; and the cluster's name of a service."""

_ROLE = re.compile(r"arn:[^:]+:iam::(\d{12}):")
_ARN = re.compile(
    r"arn:[^:]+:[^:]+:(?P<region>[^:]+):(?P<account>[^:]*):"
    r"(?P<kind>loadbalancer/net|targetgroup|service)/(?P<name>.+)"
)
_KINDS = {
    "loadbalancer/net": Kind.LOAD_BALANCER,
    "targetgroup": Kind.TARGET_GROUP,
    "service": Kind.SERVICE,
}
_REPLACED = " (replaced: "
_MADE_ELSEWHERE = "of"
"""The key of a look-up with the Terraform address that it represents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """
    The controller's own region and account, for a spec without a region, or without a role.

    `account` None: unknown. Then a spec with a role counts as in another account than a spec
    without: a needless sleep there costs nothing, a forgotten resource does.
    """

    region: str | None = None
    account: str | None = None


def account_of(spec: Spec, home: Home) -> str:
    """The account of a spec's resources; the role itself, if its ARN has no account."""
    if spec.role_arn is None:
        return home.account or ""
    match = _ROLE.match(spec.role_arn)
    return match[1] if match else spec.role_arn


def region_of(spec: Spec, home: Home) -> str:
    return spec.region or home.region or ""


def identities(spec: Spec, home: Home) -> dict[Identity, ResourceSpec]:
    """Every resource of a spec by what AWS knows it by, but for those that go with another."""
    place = account_of(spec, home), region_of(spec, home)
    return {
        (*place, *_in_place(resource)): resource
        for resource in spec.resources
        if not resource.kind.traits.goes_with
    }


def find_by_arn(specs: Iterable[Spec], arn: str) -> ResourceSpec | None:
    """
    What the first of these specs that names it calls a load balancer, target group or service.

    A spec without region or role may mean any: put those that say more in front.
    """
    match = _ARN.match(arn)
    if match is None:
        return None
    found = tuple(each for each in match["name"].split("/") if each)
    for spec in specs:
        if spec.region not in (None, match["region"]):
            continue
        if account_of(spec, Home()) not in ("", match["account"]):
            continue
        for resource in spec.of_kind(_KINDS[match["kind"]]):
            if _is_called(resource, found):
                return resource
    return None


def is_replaced(address: str) -> bool:
    """Whether an address is of a spec that `left_behind` made."""
    return _REPLACED in address


def may_share_place(left: Spec, spec: Spec) -> bool:
    """Whether what a spec left behind may be in its account and region; in doubt it is."""
    if account_of(left, Home()) != account_of(spec, Home()):
        return False  # within one account both have the same role
    return left.region is None or spec.region is None or left.region == spec.region


def left_behind(old: Spec, new: Spec, home: Home) -> Spec | None:
    """
    The resources of `old` that are not in `new`, as a separate spec; None without any.

    Its addresses are marked as replaced, so that no record confuses two resources. Its region is
    explicit; in the account of `new` it is read with the role of `new`, the most recent one.
    """
    wanted = identities(new, home)
    rest = {r.address: r for i, r in identities(old, home).items() if i not in wanted}
    same = account_of(old, home) == account_of(new, home)
    if same and region_of(old, home) == region_of(new, home):
        rest |= dropped_scaling(old, new, rest.keys())
    if not rest:
        return None
    for resource in old.resources:
        if any(
            rest[a].kind in resource.kind.traits.goes_with for a in _named(resource) & rest.keys()
        ):
            rest[resource.address] = resource
    spec = replace(
        old,
        region=region_of(old, home) or None,
        role_arn=new.role_arn if same else old.role_arn,
        endpoint={},
        resources=tuple(rest[r.address] for r in old.resources if r.address in rest),
    )
    return _marked(spec, _where(spec, new, home))


def _in_place(resource: ResourceSpec) -> Identity:
    """A resource within its account and region."""
    name = resource.request.get(resource.kind.traits.name, "")
    found: Identity = (str(resource.kind), _plain(name))
    return (*found, _cluster(resource)) if resource.kind is Kind.SERVICE else found


def _is_called(resource: ResourceSpec, parts: tuple[str, ...]) -> bool:
    """By the parts of an ARN: cluster and service (once the service alone), or name and id."""
    _, name, *cluster = _in_place(resource)
    if resource.kind is Kind.SERVICE:
        return parts in ((*cluster, name), (name,))
    return parts[0] == name


def _cluster(service: ResourceSpec) -> str:
    """The cluster's name, from a name, an ARN, or a look-up by name."""
    cluster = service.request.get("cluster", "default")
    if isinstance(cluster, Mapping) and isinstance(cluster.get("name"), str):
        return str(cluster["name"])
    return _plain(cluster).rpartition(":cluster/")[2]


def _plain(value: Json) -> str:
    """A text unchanged; a look-up without the address that it represents."""
    if isinstance(value, str):
        return value
    return json.dumps(_without_address(value), sort_keys=True, separators=(",", ":"))


def _without_address(value: Json) -> Json:
    if isinstance(value, Mapping):
        found = ((k, v) for k, v in value.items() if k != _MADE_ELSEWHERE)
        return {key: _without_address(each) for key, each in found}
    if isinstance(value, list | tuple):
        return [_without_address(each) for each in value]
    return value


def _named(resource: ResourceSpec) -> set[str]:
    """The addresses of all that its request refers to."""
    named = (reference for reference in references(dict(resource.request)) if "$ref" in reference)
    return {split_reference(reference["$ref"])[0] for reference in named}


def _where(spec: Spec, new: Spec, home: Home) -> str:
    """Where it is, if that is not where the new one is."""
    account, region = account_of(spec, home), region_of(spec, home)
    said = f" in {region}" if region != region_of(new, home) else ""
    if account != account_of(new, home):
        said += f" of account {account}" if account else " of the controller's own account"
    return said


def _marked(spec: Spec, where: str) -> Spec:
    """Every address with the name behind it: "aws_lb.nlb[0] (replaced: ecs-nlb)"."""
    named = {
        r.address: r.address
        if _REPLACED in r.address
        else f"{r.address}{_REPLACED}{r.name}{where})"
        for r in spec.resources
    }
    resources = (
        replace(
            r,
            address=named[r.address],
            request=_renamed(r.request, named),
            after=tuple(named[address] for address in r.after if address in named),
        )
        for r in spec.resources
    )
    return replace(spec, resources=tuple(resources))


def _renamed(value: Json, named: Mapping[str, str]) -> Json:
    if isinstance(value, Mapping):
        if "$ref" in value:
            address, attribute = split_reference(value["$ref"])
            return {**value, "$ref": f"{named.get(address, address)}.{attribute}"}
        return {key: _renamed(each, named) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(each, named) for each in value]
    return value
