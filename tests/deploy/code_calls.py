"""
The AWS calls that are written in the code, found by reading it.

A call is seen where a method of boto3 is called on something named for its service
(`clients.ec2.describe_vpcs()`, `self._elbv2.create_listener()`, `clients.get("lambda").invoke()`)
or where a method's name stands as a text beside such a thing (`_pages(clients.ec2,
"describe_vpcs", …)`, `get_paginator`). A name that is put together while running is not seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import botocore.session
from botocore import xform_name

SERVICES = frozenset(
    {
        "acm",
        "application-autoscaling",
        "cloudwatch",
        "dynamodb",
        "ec2",
        "ecr",
        "ecs",
        "elbv2",
        "iam",
        "kms",
        "lambda",
        "logs",
        "pricing",
        "secretsmanager",
        "service-quotas",
        "servicediscovery",
        "sns",
        "sqs",
        "ssm",
        "sts",
    }
)

NAMED = {"autoscaling": "application-autoscaling", "service_quotas": "service-quotas"}
"""What a client is called where its service's name is none of Python's."""

Operation = tuple[str, str]
"""botocore's name of the service, the API's name of the operation."""


def find(paths: Iterable[Path]) -> set[Operation]:
    """All calls in the Python files under `paths`."""
    files = [f for p in paths for f in ([p] if p.is_file() else sorted(p.rglob("*.py")))]
    return {call for file in files for call in _in_module(ast.parse(file.read_text()))}


@lru_cache
def operations(service: str) -> dict[str, str]:
    """boto3's method names of a service to the API's operation names."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def _in_module(module: ast.Module) -> Iterator[Operation]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield from _in_call(node)


def _in_call(call: ast.Call) -> Iterator[Operation]:
    function = call.func
    near: list[ast.expr] = list(call.args)
    if isinstance(function, ast.Attribute):
        near.append(function.value)
        service = _service(function.value)
        if service and function.attr in operations(service):
            yield service, operations(service)[function.attr]
    services = {s for s in map(_service, near) if s}
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            for service in services:
                if argument.value in operations(service):
                    yield service, operations(service)[argument.value]


def _service(node: ast.expr) -> str | None:
    """The service that an expression is named for, if any."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            name = NAMED.get(name.strip("_"), name.strip("_"))
        case ast.Call(args=[ast.Constant(value=str(name)), *_]):
            pass
        case _:
            return None
    return name if name in SERVICES else None
