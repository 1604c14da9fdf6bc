"""What a deployment leaves in an account, and how to remove it; each step may be repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click
from botocore.exceptions import ClientError

from controller.aws.errors import code_of
from controller.aws.listing import list_all
from controller.cli.deployment import Deployment
from controller.domain.dataclass import dataclass, field
from controller.domain.errors import PermanentError

MANAGED_STACK = "aws-sam-cli-managed-default"
"""Where `sam deploy --resolve-s3` uploads to: one bucket of the account for all projects."""

FUNCTIONS = ("controller", "api", "door")
"""By the ends of their names, as template.yaml gives them."""

POLL_SECONDS = 5.0
PATIENCE = timedelta(minutes=20)
_ABSENT = {"ParameterNotFound", "ResourceNotFoundException", "ValidationError", "NoSuchBucket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """
    What of a deployment is there. `stack`: its CloudFormation stack's id, or "".

    `code` is what sam uploaded for it: keys with their versions, all below its own prefix.
    """

    stack: str
    tables: tuple[str, ...] = ()
    parameter: str = ""
    log_groups: tuple[str, ...] = ()
    bucket: str = ""
    code: tuple[dict[str, str], ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return any((self.stack, self.tables, self.parameter, self.log_groups, self.code))

    def lines(self) -> Iterator[str]:
        """One for each part, for people."""
        if self.stack:
            yield f"CloudFormation stack {self.stack.split('/')[1]}, with functions and schedule"
        yield from (f"table {name}, with all records" for name in self.tables)
        if self.parameter:
            yield f"parameter {self.parameter}, with the keys: every link ends"
        yield from (f"log group {name}" for name in self.log_groups)
        if self.code:
            yield f"{len(self.code)} uploaded files in bucket {self.bucket}"


def find_remains(deployment: Deployment, prefix: str) -> Remains:
    """Find everything; change nothing. `prefix` is where sam uploads, "" if unknown."""
    name, clients = deployment.name, deployment.clients
    bucket = _managed_bucket(clients.cloudformation) if prefix else ""
    return Remains(
        stack=_stack_id(clients.cloudformation, name),
        tables=tuple(_tables(clients.dynamodb, name)),
        parameter=_parameter(clients.ssm, deployment.keys_parameter),
        log_groups=tuple(_log_groups(clients.logs, name)),
        bucket=bucket,
        code=tuple(_uploaded(clients.s3, bucket, prefix)) if bucket else (),
    )


def remove(deployment: Deployment, remains: Remains) -> None:
    """
    Take it all out, the running parts first: after them nothing writes to the others.

    What is gone already is passed over. Raises PermanentError if CloudFormation cannot.
    """
    clients = deployment.clients
    if remains.stack:
        _delete_stack(deployment, remains.stack)
    for table in remains.tables:
        with _unless_gone(f"table {table}"):
            clients.dynamodb.delete_table(TableName=table)
    if remains.parameter:
        with _unless_gone(f"parameter {remains.parameter}"):
            clients.ssm.delete_parameter(Name=remains.parameter)
    for group in remains.log_groups:
        with _unless_gone(f"log group {group}"):
            clients.logs.delete_log_group(logGroupName=group)
    if remains.code:
        with _unless_gone(f"{len(remains.code)} uploaded files"):
            _delete_code(clients.s3, remains)


class _unless_gone:  # noqa: N801  # named like contextlib.suppress
    """Print what was removed; a missing part is no error."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if error is None:
            click.echo(f"removed {self._what}", err=True)
            return False
        return isinstance(error, ClientError) and code_of(error) in _ABSENT


# finding


def _stack_id(cloudformation: Any, name: str) -> str:
    try:
        stacks = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        return ""
    standing = (s for s in stacks if s["StackStatus"] != "DELETE_COMPLETE")
    return next((str(stack["StackId"]) for stack in standing), "")


def _tables(dynamodb: Any, name: str) -> list[str]:
    """By the names that CloudFormation gives: those of deleted stacks are kept, and found."""
    ours = re.compile(rf"{re.escape(name)}-Table-[A-Z0-9]+")
    found = list_all(dynamodb, "list_tables", "TableNames")
    return [table for table in found if ours.fullmatch(table)]


def _parameter(ssm: Any, name: str) -> str:
    try:
        ssm.get_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return ""
    return name


def _log_groups(logs: Any, name: str) -> list[str]:
    ours = {f"/aws/lambda/{name}-{function}" for function in FUNCTIONS}
    prefix = f"/aws/lambda/{name}-"
    groups = list_all(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
    return [g["logGroupName"] for g in groups if g["logGroupName"] in ours]


def _managed_bucket(cloudformation: Any) -> str:
    try:
        (stack,) = cloudformation.describe_stacks(StackName=MANAGED_STACK)["Stacks"]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        return ""
    outputs: dict[str, str] = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", ())}
    return outputs.get("SourceBucket", "")


def _uploaded(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    """Every version of every object: the bucket keeps them, and each is paid for."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    for page in pages:
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": one["Key"], "VersionId": one["VersionId"]}


# removing


def _delete_stack(deployment: Deployment, stack_id: str) -> None:
    cloudformation, clock = deployment.clients.cloudformation, deployment.clock
    cloudformation.delete_stack(StackName=stack_id)
    end = clock.now() + PATIENCE
    reported: set[str] = set()
    while True:
        (stack,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        for event in _new_events(cloudformation, stack_id, reported):
            click.echo(f"removed {event['LogicalResourceId']} ({event['ResourceType']})", err=True)
        match stack["StackStatus"]:
            case "DELETE_COMPLETE":
                return
            case "DELETE_FAILED":
                raise PermanentError(
                    "CloudFormation could not delete the stack: "
                    f"{stack.get('StackStatusReason', 'it does not say why')}; put that right and "
                    "repeat this"
                )
        if clock.now() >= end:
            raise PermanentError(
                f"CloudFormation has not deleted the stack within {PATIENCE.seconds // 60} "
                "minutes; see its events, and repeat this"
            )
        clock.sleep(POLL_SECONDS)


def _new_events(cloudformation: Any, stack_id: str, reported: set[str]) -> list[dict[str, Any]]:
    """Deletions not yet reported, in their order."""
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
    fresh = [
        event
        for event in reversed(events)
        if event["ResourceStatus"] == "DELETE_COMPLETE" and event["EventId"] not in reported
    ]
    reported |= {event["EventId"] for event in fresh}
    return fresh


def _delete_code(s3: Any, remains: Remains) -> None:
    for start in range(0, len(remains.code), 1000):  # the most of one request
        objects = list(remains.code[start : start + 1000])
        reply = s3.delete_objects(Bucket=remains.bucket, Delete={"Objects": objects, "Quiet": True})
        if reply.get("Errors"):
            first = reply["Errors"][0]
            raise PermanentError(
                f"S3 did not delete {first['Key']} in {remains.bucket}: {first['Message']}"
            )
