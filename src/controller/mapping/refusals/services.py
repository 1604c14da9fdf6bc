"""CreateService: what ECS refuses of a service itself; the rows of its parts are in files of their own."""

from __future__ import annotations

import re

from controller.domain.problem import Level
from controller.mapping.refusals.deployments import DEPLOYMENTS
from controller.mapping.refusals.placement import PLACEMENT
from controller.mapping.refusals.row import API, PREFLIGHT, PROVIDER, Found, Refusal
from controller.mapping.refusals.service_network import NETWORK
from controller.mapping.refusals.service_parts import PARTS
from controller.mapping.refusals.views import ServiceView


def _role_is_of_no_use(service: ServiceView) -> Found:
    linked = service.is_awsvpc or service.has("serviceRegistries")
    return service.has("role") and (linked or len(service.get("loadBalancers", [])) > 1)


def _name(service: ServiceView) -> Found:
    name = service.get("serviceName")
    wrong = isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name)
    return {"name": name} if wrong else None


_OWN: tuple[Refusal, ...] = (
    Refusal(
        rule="iam-role",
        when=_role_is_of_no_use,
        at="role",
        text="You cannot specify an IAM role for services that require a service linked role.",
        advice="iam_role: remove it; ECS takes its service-linked role for tasks with a network "
        "interface of their own, for several target groups and for service discovery",
        source=f"{PREFLIGHT}; {PROVIDER} #4657",
    ),
    Refusal(
        rule="iam-role",
        when=lambda service: service.has("role") and not service.has("loadBalancers"),
        at="role",
        text="IAM roles are only valid for services configured to use load balancers.",
        advice="iam_role: remove it; this service has no load balancer",
        source=PREFLIGHT,
    ),
    Refusal(
        rule="grace-without-load-balancer",
        when=lambda service: (
            service.has("healthCheckGracePeriodSeconds")
            and service.get("healthCheckGracePeriodSeconds") != 0
            and not service.has("loadBalancers")
        ),
        at="healthCheckGracePeriodSeconds",
        text="Health check grace period is only valid for services configured to use load balancers",
        advice="health_check_grace_period_seconds: remove it; this service has no load balancer",
        source=f"{PROVIDER} #31104; cfn-lint #3612",
        level=Level.WARNING,
    ),
    Refusal(
        rule="execute-command-role",
        by_task=True,
        when=lambda service: (
            service.get("enableExecuteCommand") is True and service.task.role is False
        ),
        at="enableExecuteCommand",
        text="The service couldn't be created because a valid taskRoleArn is not being used.",
        advice="enable_execute_command: found true, but the task definition has no task_role_arn; "
        "give it one",
        # Read of updates; of creates it is only said.
        source="docker/compose-cli #2120; aws-toolkit-jetbrains #3649",
        level=Level.WARNING,
    ),
    Refusal(
        rule="service-name",
        when=_name,
        at="serviceName",
        text="",
        advice='name: found "{name}", expected up to 255 letters, digits, hyphens and underscores',
        source=f"{PREFLIGHT}; {API}",
    ),
)

SERVICES: tuple[Refusal, ...] = (*NETWORK, *PLACEMENT, *_OWN, *DEPLOYMENTS, *PARTS)
