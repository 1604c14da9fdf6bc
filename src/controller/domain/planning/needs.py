"""What a resource of a spec needs before it can be made."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.planning.spec import Spec, cached_on_spec, references, split_reference


@cached_on_spec
def needs_of(spec: Spec) -> Mapping[str, tuple[str, ...]]:
    """By address: what of the spec a resource refers to, or is to come after."""
    known = {resource.address for resource in spec.resources}
    needs: dict[str, tuple[str, ...]] = {}
    for resource in spec.resources:
        named = (r["$ref"] for r in references(resource.request) if "$ref" in r)
        wanted = dict.fromkeys([*(split_reference(name)[0] for name in named), *resource.after])
        needs[resource.address] = tuple(address for address in wanted if address in known)
    return needs
