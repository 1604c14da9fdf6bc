"""Stacks that name the same resources of AWS: only one of them can be awake. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from controller.domain.planning.spec import Kind, ResourceSpec, Spec
from controller.domain.planning.spec_identity import Home, identities

_WORDS = {
    Kind.LOAD_BALANCER: "load balancer",
    Kind.TARGET_GROUP: "target group",
    Kind.SERVICE: "service",
}


def shared_names(spec: Spec, others: Iterable[Spec], home: Home) -> list[str]:
    """
    A sentence for each other stack of the same account and region that has a name of this one.

    Names that are made at the wake are not compared.
    """
    own = _named(spec, home)
    sentences = []
    for other in others:
        if other.stack != spec.stack:
            both = [own[identity] for identity in own.keys() & _named(other, home).keys()]
            if both:
                sentences.append(_sentence(other, both))
    return sentences


def _named(spec: Spec, home: Home) -> dict[tuple[str, ...], ResourceSpec]:
    return {
        identity: resource
        for identity, resource in identities(spec, home).items()
        if resource.kind in _WORDS
        and isinstance(name := resource.request.get(resource.kind.traits.name), str)
        and name
    }


def _sentence(other: Spec, both: list[ResourceSpec]) -> str:
    names = sorted(f'{_WORDS[r.kind]} "{r.name}"' for r in both)
    listed = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return (
        f"the stack {other.stack} names the same {listed} in this account and region, so only one "
        'of the two can be awake; put a variable into the names (name = "api-${var.name}"), or, '
        f"if it is the same under another name: dormouse unpublish {other.stack}"
    )
