"""What kind of thing an unknown value comes from, by its address."""

from __future__ import annotations

import re
from collections.abc import Iterable

from controller.hcl.construct import unknowns_in
from controller.hcl.errors import HclError
from controller.hcl.types import STRING
from controller.hcl.values import Origin, Unknown, Value

_MODULES = re.compile(r'(?:module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?(?:\.|$))*')
PROVIDER_FUNCTION = "provider::"


def kind_of(origin: Origin) -> str:
    """
    "managed", "data", "ephemeral", "module", "function", "run" or "file".

    A module's and a function's are results that cannot be had here; a run's is created again each
    time, and a file's is not there.
    """
    if changes_each_run(origin):
        return "run"
    if origin.address.startswith(_FILE):
        return "file"
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
    will make. Only of its own resources, and of what it makes again, is it surely unknown.
    """
    if not unknown.origins or lacking_file(unknown.origins):
        return False
    return not any(_is_built_in(o) or changes_each_run(o) for o in unknown.origins)


_ALWAYS_THERE = frozenset({"arn", "arn_suffix", "certificate_arn", "dns_name", "id"})


def is_there(data: object) -> bool:
    """
    Whether the data of a value is an attribute that is a text, and not empty, in all that exists.

    These texts have ASCII letters alone.
    """
    origin = data.origin if isinstance(data, Unknown) else None
    return (
        origin is not None
        and kind_of(origin) in ("managed", "data")
        and len(origin.path) == 1
        and origin.path[0] in _ALWAYS_THERE
    )


def value_of_each_run(call: str) -> Value:
    """A text that is another at every run: "timestamp()"."""
    return Value(STRING, Unknown((Origin(call, ()),)))


_FILE = "file: "


def missing_file(error: HclError) -> Origin:
    """Where a value comes from that a file was to hold."""
    return Origin(f"{_FILE}{error.message}", (error.kind,), error.place)


def lacking_file(origins: Iterable[Origin]) -> HclError | None:
    """The error of the first call among them whose file is not there, at the place of the call."""
    for origin in origins:
        if origin.address.startswith(_FILE):
            kind, message = str(origin.path[0]), origin.address.removeprefix(_FILE)
            return HclError(kind, message, place=origin.place)
    return None


def changes_each_run(origin: Origin) -> bool:
    return origin.address.endswith("()")


def _is_built_in(origin: Origin) -> bool:
    return bool(re.search(r"(?:^|\.)terraform_data\.", origin.address))


def out_of_reach(value: Value) -> Origin | None:
    """The first origin in the value that nothing here, and nothing at wake time, can look up."""
    for unknown in unknowns_in(value):
        for origin in unknown.origins:
            if kind_of(origin) in ("module", "function", "file"):
                return origin
    return None


def describe_origins(origins: Iterable[Origin]) -> str:
    """The first of them, with its place; once it is known, the next is reported."""
    return next((origin.described for origin in origins), "something")


def remedy_for(origin: Origin) -> str:
    """What makes an origin known that is out of reach."""
    if kind_of(origin) == "module":
        return 'run "terraform init -backend=false", which lays the module'
    return "give the value as a variable"
