"""
The deployment of the demo as CloudFormation and Lambda show it, and how `dormouse destroy` ends it.

CloudFormation finds a deleted stack by its id, with the status DELETE_COMPLETE, not by its name. A
function whose reserved concurrency is 0 answers nobody: its Function URL says 429 (AWS behaviour
§5.7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.aws import LaptopAws
from local.errors import AwsError

Handle = Callable[[dict[str, Any], Any], dict[str, Any]]

FUNCTIONS = ("controller", "api", "door")


class Deployed:
    """One CloudFormation stack; `outputs` are what the command line reads of it."""

    def __init__(self, aws: LaptopAws, name: str, outputs: Mapping[str, str]) -> None:
        self._aws, self._name, self._outputs = aws, name, outputs
        self._created_at = aws.clock.now()
        self._deleted_at: datetime | None = None
        self._functions = _Concurrency(frozenset(f"{name}-{each}" for each in FUNCTIONS))
        where = f"arn:aws:cloudformation:{aws.region_name}:{aws.account}"
        self.id = f"{where}:stack/{name}/00000000-0000-0000-0000-000000000000"

    @property
    def is_deleted(self) -> bool:
        return self._deleted_at is not None

    def play(self) -> None:
        """Answer the calls about it from now on."""
        answers = {
            ("cloudformation", "DescribeStacks"): self._describe,
            ("cloudformation", "DescribeStackEvents"): self._events,
            ("cloudformation", "DeleteStack"): self._delete,
            ("lambda", "GetFunctionConcurrency"): self._functions.get,
            ("lambda", "PutFunctionConcurrency"): self._functions.put,
            ("lambda", "DeleteFunctionConcurrency"): self._functions.delete,
        }
        for (service, operation), answer in answers.items():
            self._aws.answer_with(service, operation, answer)

    def behind_url(self, function: str, handle: Handle) -> Handle:
        """The function as its URL calls it: not at all while it is closed, or once it is gone."""

        def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
            limit = self._functions.reserved.get(f"{self._name}-{function}")
            if self.is_deleted or limit == 0:
                return {"statusCode": 429, "body": '{"Reason":"ConcurrentInvocationLimitExceeded"}'}
            return handle(event, context)

        return answer

    def _describe(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._find(params)
        stack: dict[str, Any] = {
            "StackName": self._name,
            "StackId": self.id,
            "CreationTime": self._created_at,
            "StackStatus": "DELETE_COMPLETE" if self.is_deleted else "CREATE_COMPLETE",
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in self._outputs.items()],
        }
        return {"Stacks": [stack]}

    def _events(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The newest first."""
        self._find(params)
        if self._deleted_at is None:
            return {"StackEvents": []}
        parts = [("AWS::Lambda::Function", name.title()) for name in FUNCTIONS]
        return {"StackEvents": [self._event(kind, name) for kind, name in reversed(parts)]}

    def _event(self, kind: str, name: str) -> dict[str, Any]:
        return {
            "StackId": self.id,
            "StackName": self._name,
            "EventId": f"{name}-DELETE_COMPLETE",
            "LogicalResourceId": name,
            "ResourceType": kind,
            "ResourceStatus": "DELETE_COMPLETE",
            "Timestamp": self._deleted_at,
        }

    def _delete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """A stack that is not there is no error."""
        if params.get("StackName") in (self._name, self.id):
            self._deleted_at = self._deleted_at or self._aws.clock.now()
        return {}

    def _find(self, params: Mapping[str, Any]) -> None:
        name = params.get("StackName")
        if name != self.id and (name != self._name or self.is_deleted):
            raise AwsError("ValidationError", f"Stack with id {name} does not exist")


class _Concurrency:
    """What the functions have reserved, by their names."""

    def __init__(self, functions: frozenset[str]) -> None:
        self._functions = functions
        self.reserved: dict[str, int] = {}

    def get(self, params: Mapping[str, Any]) -> dict[str, Any]:
        limit = self.reserved.get(self._known(params))
        return {} if limit is None else {"ReservedConcurrentExecutions": limit}

    def put(self, params: Mapping[str, Any]) -> dict[str, Any]:
        limit = int(params["ReservedConcurrentExecutions"])
        self.reserved[self._known(params)] = limit
        return {"ReservedConcurrentExecutions": limit}

    def delete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.reserved.pop(self._known(params), None)
        return {}

    def _known(self, params: Mapping[str, Any]) -> str:
        name = str(params.get("FunctionName"))
        if name not in self._functions:
            raise AwsError("ResourceNotFoundException", f"Function not found: {name}", 404)
        return name
