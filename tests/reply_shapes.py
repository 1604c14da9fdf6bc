"""Whether a reply is one that botocore's model of the service allows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

KINDS = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
}

UNLISTED = {("AttachmentStatus", "available")}
"""What AWS says although its model does not list it: internet gateways are "available"."""


def check_reply(value: Any, shape: Any, path: str = "") -> None:
    """
    Raise AssertionError at the first place that the model does not allow.

    That is a member that it does not know, one that it requires and that is missing, a value of
    another type, or a word that it does not list.
    """
    if shape is None:
        assert value in ({}, None), f"{path}: nothing expected, got {value!r}"
    elif shape.type_name == "structure":
        missing = set(shape.required_members) - value.keys()
        assert not missing, f"{path}: {missing} of {shape.name} are missing"
        for name, member in value.items():
            assert name in shape.members, f"{path}.{name} is not in {shape.name}"
            check_reply(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), f"{path}: a list expected, got {value!r}"
        for number, member in enumerate(value):
            check_reply(member, shape.member, f"{path}[{number}]")
    elif shape.type_name == "map":
        for key, member in value.items():
            check_reply(member, shape.value, f"{path}.{key}")
    else:
        kind = KINDS[shape.type_name]
        assert isinstance(value, kind), f"{path}: {shape.type_name} expected, got {value!r}"
        if getattr(shape, "enum", None):
            listed = value in shape.enum or (shape.name, value) in UNLISTED
            assert listed, f"{path}: one of {shape.enum} expected, got {value!r}"
        if shape.type_name in ("integer", "long"):
            assert not isinstance(value, bool), f"{path}: {shape.type_name}, got {value!r}"


def watch(session: Any) -> None:
    """Check every reply to the clients that `session` makes from now on."""

    def check(model: Any, parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        if http_response.status_code == 200:
            body = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
            check_reply(body, model.output_shape, model.name)

    session.events.register("after-call", check)
