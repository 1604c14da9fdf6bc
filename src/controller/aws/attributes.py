"""The attributes of ELBv2 objects: read, compare, correct. No create call accepts them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from controller.aws.clients import Client
from controller.domain.dataclass import dataclass
from controller.domain.planning.observed import AT_FIRST, ATTRIBUTES
from controller.domain.planning.spec import ResourceSpec

_UNKNOWN = re.compile(r"""attribute key ['"]?([^'" ]+)['"]? is not (?:recognized|supported)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeCalls:
    """
    How the attributes of one kind are read and written.

    `call` is the part of the operations' names behind describe_ and modify_, `parameter` the field
    that takes the ARN. `defaults` is what a fresh object has without being asked: nothing of it
    needs a call. Not every partition and region knows every attribute of a `varied` kind. Those of
    a kind that is `eased` may be left changed by a sleep that a wake overtook.
    """

    call: str
    parameter: str
    defaults: Mapping[str, str]
    varied: bool = False
    eased: bool = False

    def wanted(self, resource: ResourceSpec) -> dict[str, str]:
        """The attributes that a fresh object does not have by itself."""
        return {k: v for k, v in resource.attributes.items() if self.defaults.get(k) != v}

    def read(self, elbv2: Client, arn: str) -> dict[str, str]:
        reply = getattr(elbv2, f"describe_{self.call}")(**{self.parameter: arn})
        return {a["Key"]: a.get("Value", "") for a in reply["Attributes"]}

    def write(self, elbv2: Client, arn: str, attributes: Mapping[str, str]) -> None:
        """
        Set them all in one call.

        One that AWS names as unknown is left out where kinds vary, as the provider 5.100 does
        (load_balancer.go).
        """
        left = dict(attributes)
        while left:
            pairs = [{"Key": k, "Value": v} for k, v in sorted(left.items())]
            try:
                request = {self.parameter: arn, "Attributes": pairs}
                getattr(elbv2, f"modify_{self.call}")(**request)
                return
            except Exception as error:
                unknown = _UNKNOWN.search(str(error))
                key = unknown.group(1) if unknown and self.varied else ""
                if key not in left:
                    raise
                del left[key]


def to_write(resource: ResourceSpec, lacks: Collection[str]) -> dict[str, str]:
    """The attributes for one call that gives an object what it lacks."""
    return {
        key: value
        for key, value in resource.attributes.items()
        if AT_FIRST in lacks or not resource.ignores(key)
    }


def left_to_set(
    resource: ResourceSpec,
    calls: AttributeCalls | None,
    found: Mapping[str, str],
    *,
    fresh: bool,
) -> tuple[str, ...]:
    """
    Whether ATTRIBUTES are to be set for the object to be what the spec says, and those AT_FIRST.

    `fresh` is one that we made and that was never seen with all that it was to have: it wants also
    those attributes whose later changes are to be ignored.
    """
    differs = {key for key, value in resource.attributes.items() if found.get(key) != value}
    if calls and calls.varied and not fresh:
        differs &= found.keys()  # what AWS does not list is unknown there
    ignored = {key for key in differs if resource.ignores(key)}
    if ignored and fresh:
        return (ATTRIBUTES, AT_FIRST)
    return (ATTRIBUTES,) if differs - ignored else ()
