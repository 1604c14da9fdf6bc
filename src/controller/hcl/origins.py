"""What kind of thing an unknown value comes from, told by its address."""

from __future__ import annotations

import re
from collections.abc import Iterable

from controller.hcl.convert import unknowns_in
from controller.hcl.values import Origin, Unknown, Value

_MODULES = re.compile(r'(?:module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?(?:\.|$))*')
PROVIDER_FUNCTION = "provider::"


def kind_of(origin: Origin) -> str:
    """
    "managed", "data", "ephemeral", "module" or "function".

    The last two are outputs of modules and results of functions that cannot be run here.
    """
    if origin.address.startswith(PROVIDER_FUNCTION):
        return "function"
    match = _MODULES.match(origin.address)
    rest = origin.address[match.end() :] if match else origin.address
    if not rest:
        return "module"
    mode = rest.partition(".")[0]
    return mode if mode in ("data", "ephemeral") else "managed"


def may_be_planned(unknown: Unknown) -> bool:
    """
    Whether Terraform might know it while planning, where only we do not.

    It asks data sources, it remembers what it made before, and some providers foretell what they
    will make. Only of its own resources, and of what comes from nowhere, is it surely unknown.
    """
    return bool(unknown.origins) and not any(_is_built_in(o) for o in unknown.origins)


def _is_built_in(origin: Origin) -> bool:
    return bool(re.search(r"(?:^|\.)terraform_data\.", origin.address))


def out_of_reach(value: Value) -> Origin | None:
    """The first origin in the value that nothing here, and nothing at wake time, can look up."""
    for unknown in unknowns_in(value):
        for origin in unknown.origins:
            if kind_of(origin) in ("module", "function"):
                return origin
    return None


def describe_origins(origins: Iterable[Origin]) -> str:
    return ", ".join(str(origin) for origin in origins) or "something"
