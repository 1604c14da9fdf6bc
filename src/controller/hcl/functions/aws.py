"""
The functions of the AWS provider, which need nothing but their arguments.

Held against provider 5.100; a provider's functions are called `provider::aws::NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping

from controller.hcl.convert import make_object, string
from controller.hcl.functions.definition import ArgumentError, Function, Parameter, function
from controller.hcl.types import STRING, ObjectType
from controller.hcl.values import Value

_PARTS = ("partition", "service", "region", "account_id", "resource")
_ARN = ObjectType(tuple((name, STRING) for name in sorted(_PARTS)))
_PREFIX = "provider::aws::"


@function(Parameter("arn", STRING), returns=_ARN, name=f"{_PREFIX}arn_parse")
def _arn_parse(arn: Value) -> Value:
    return make_object({name: string(text) for name, text in sorted(_parsed(arn).items())})


@function(*(Parameter(name, STRING) for name in _PARTS), returns=STRING, name=f"{_PREFIX}arn_build")
def _arn_build(*parts: Value) -> Value:
    return string(":".join(("arn", *(part.data for part in parts))))


@function(Parameter("arn", STRING), returns=STRING, name=f"{_PREFIX}trim_iam_role_path")
def _trim_iam_role_path(arn: Value) -> Value:
    """The ARN of a role with its name alone behind `role/`."""
    parts = _parsed(arn)
    kind, _, path = parts["resource"].partition("/")
    if parts["service"] != "iam" or kind != "role" or not path:
        raise ArgumentError(0, f'"{arn.data}" is not the ARN of an IAM role')
    resource = f"role/{path.rpartition('/')[2]}"
    return string(":".join(("arn", *({**parts, "resource": resource}[name] for name in _PARTS))))


def _parsed(arn: Value) -> Mapping[str, str]:
    prefix, *parts = arn.data.split(":", 5)
    if prefix != "arn" or len(parts) != len(_PARTS):
        raise ArgumentError(0, f'"{arn.data}" is not an ARN')
    return dict(zip(_PARTS, parts, strict=True))


FUNCTIONS: tuple[Function, ...] = (_arn_parse, _arn_build, _trim_iam_role_path)
