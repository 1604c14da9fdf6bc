"""
What happens to resources that depend on a sleeping load balancer, listener, group or service.

A table: one row for each Terraform type, with what AWS does and the remedy, and where that is known
from. Load balancers, listeners and target groups get another ARN, and load balancers another DNS
name, each time they are made; a service keeps its ARN and its name.

Marks in the sources: NLB guide, "Delete a Network Load Balancer"; TF #n, an issue of
hashicorp/terraform-provider-aws; what names no source follows from the ARN or the name being
another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from controller.domain.dataclass import dataclass
from controller.domain.problem import Level


@dataclass(frozen=True, slots=True)
class Hanger:
    """
    What happens to a resource of one type; both texts continue after a semicolon.

    `level` is an error where AWS refuses the deletion, or if no later wake repairs it.
    """

    happens: str
    remedy: str
    source: str = ""
    level: Level = Level.WARNING


OWN_COUNT = "give it the count of what it hangs on (var.awake ? 1 : 0)"
_USE_ADDRESS = (
    "use the Elastic IP's address (of an internal load balancer: a fixed private_ipv4_address)"
)
_ADDRESS_RECORD = f"make it an A record, and {_USE_ADDRESS}"
_STAYS = (
    "let this load balancer stay awake: declare the variable awake, and give count = var.awake ? "
    "1 : 0 only to the rest"
)
_STAYS_GROUP = "let this target group and its load balancer stay awake, or use an ECS service's"


def _refused(happens: str, remedy: str, source: str = "") -> Hanger:
    return Hanger(happens, remedy, source, Level.ERROR)


_ALIAS = Hanger(
    "the record answers nothing while asleep and never follows to the new name",
    _ADDRESS_RECORD,
    'NLB guide, "Delete": repoint the record before you delete',
)
_ALARM = Hanger(
    "its data end with the first sleep, and what comes after the next wake is never watched",
    "watch the service (ClusterName and ServiceName stay), or set treat_missing_data = "
    '"notBreaching"',
)
_SCALING = Hanger(
    "AWS removes it together with the service, and dormouse does not bring it back, since there is "
    "no aws_appautoscaling_target of the service's number of tasks among these files; terraform "
    'apply fails while asleep ("ECS service doesn\'t exist")',
    "put the service, its target and this into one root directory",
    "TF #14254, #10432, #5747; eagletmt/hako #69; provider, appautoscaling/target.go",
)
_DEPLOYMENTS = Hanger(
    "its listeners are dead ones after the first sleep, so the next deployment fails, and none "
    "must be under way when the stack goes to sleep",
    'deploy by deployment_controller type "ECS", or let the load balancer stay awake',
    "TF #12703",
)
_TARGETS = Hanger(
    "after each wake the target group is empty: this registers with the one before",
    _STAYS_GROUP,
    "AWS behaviour §3.3",
)
_TEXT = Hanger("it keeps the old value from the first sleep on", _USE_ADDRESS)
_TASK = Hanger(
    "the containers get the old value from the first sleep on",
    _USE_ADDRESS,
)
_POLICY = Hanger(
    "the policy names the old ARN from the first sleep on",
    "end the ARN with a pattern, such as loadbalancer/net/NAME/*",
)

SCALED_BY_ALARM = Hanger(
    "the policy goes with the service, and the one that the next wake makes has another ARN: from "
    "the first sleep on this scales nothing",
    'use policy_type = "TargetTrackingScaling", whose alarms AWS makes by itself',
    "Application Auto Scaling API, PutScalingPolicy: PolicyARN holds an id of its own",
)
"""For what calls a scaling policy by its ARN, as alarms do."""

RULES = _refused(
    "AWS lets only one load balancer forward to a target group, and takes rules for application "
    "load balancers alone",
    "give the application load balancer a target group of its own",
    "ELB API, CreateRule: ResourceAssociationLimit",
)
"""For a listener or rule of a load balancer that is kept and forwards to a group that sleeps."""

TABLE: Mapping[str, Hanger] = {
    # AWS refuses the deletion, or it cannot be pointed to the next one.
    "aws_api_gateway_vpc_link": _refused(
        'AWS refuses to delete the load balancer while it is named here ("currently associated '
        'with another service"), and the link cannot be pointed to another: the stack never sleeps',
        f"{_STAYS}; or use an HTTP API with aws_apigatewayv2_vpc_link and a Cloud Map service",
        "TF #7665, #2512, #12195",
    ),
    "aws_vpc_endpoint_service": _refused(
        'AWS refuses to delete the load balancer while it is named here ("currently associated '
        'with another service"): the stack never sleeps',
        _STAYS,
        'NLB guide, "Delete"; TF #5701',
    ),
    "aws_cloudfront_vpc_origin": _refused(
        "it cannot be pointed to another load balancer while a distribution uses it",
        f"{_STAYS}; or use a custom origin with a DNS name of the Elastic IP",
        "TF #40905; aws/aws-cdk #35765",
    ),
    "aws_verifiedaccess_endpoint": _refused(
        "it cannot be pointed to another load balancer in place", _STAYS
    ),
    "aws_ec2_traffic_mirror_target": _refused(
        "it cannot be pointed to another load balancer in place", _STAYS
    ),
    "aws_ecs_task_set": _refused(
        "its tasks end with the service, and the next one starts without them",
        'use deployment_controller type "ECS"',
    ),
    # Names in DNS.
    "aws_route53_record": _ALIAS,
    "aws_route53_health_check": Hanger(
        "it is red while asleep, and checks the old name after the next wake",
        f"{_USE_ADDRESS}, or leave it out",
    ),
    "aws_cloudfront_distribution": Hanger(
        "people get 502 while asleep, and the origin never follows to the new name",
        "give the origin a DNS name that is an A record of the Elastic IP",
    ),
    "aws_globalaccelerator_endpoint_group": Hanger(
        "the endpoint is a dead one after the first sleep, and the new load balancer is not added",
        "let clients use the Elastic IP",
        'Global Accelerator guide, "Endpoints"',
    ),
    # API Gateway.
    "aws_apigatewayv2_integration": Hanger(
        "requests end in 5xx from the first sleep on: the listener is looked up once, when the "
        "integration is made",
        "give integration_uri the ARN of a Cloud Map service, which API Gateway asks each time "
        "(service_registries of the ECS service)",
        "TF #22590",
    ),
    "aws_api_gateway_integration": Hanger(
        "requests end in 5xx from the first sleep on: the name changes",
        "use the Elastic IP's address, or a DNS name of it",
    ),
    # Alarms and boards.
    "aws_cloudwatch_metric_alarm": _ALARM,
    "aws_cloudwatch_composite_alarm": _ALARM,
    "aws_cloudwatch_dashboard": Hanger(
        "its graphs end with the first sleep", "use SEARCH expressions, or the service's metrics"
    ),
    # Scaling and deploying.
    "aws_appautoscaling_target": _SCALING,
    "aws_appautoscaling_policy": _SCALING,
    "aws_appautoscaling_scheduled_action": _SCALING,
    "aws_autoscaling_policy": _ALARM,
    "aws_codedeploy_deployment_group": _DEPLOYMENTS,
    "aws_codepipeline": Hanger(
        "a deployment that comes while asleep fails (ServiceNotFoundException)",
        "let the pipeline only register task definitions: each wake takes the latest",
    ),
    # What belongs to a listener.
    "aws_lb_listener_certificate": Hanger(
        "it goes with the listener, and from the next wake on clients of its names get the wrong "
        "certificate, the listener's own",
        "use one certificate with all names as certificate_arn of the listener",
    ),
    "aws_lb_listener_rule": Hanger(
        "AWS has rules for listeners of application load balancers only",
        "leave it out, and forward in the default_action",
        "ELB API, CreateRule",
    ),
    "aws_lb_trust_store_revocation": _TEXT,
    "aws_wafv2_web_acl_association": Hanger(
        "AWS takes no network load balancer here",
        "put the web ACL in front of something that speaks HTTP (CloudFront, an API)",
        "WAF API, AssociateWebACL",
    ),
    "aws_wafregional_web_acl_association": Hanger(
        "AWS takes no network load balancer here",
        "put the web ACL in front of something that speaks HTTP (CloudFront, an API)",
    ),
    "aws_shield_protection": Hanger(
        "the protection stays with a load balancer that is gone",
        "protect the Elastic IP (resource_arn of its ARN)",
        'Shield guide, "Protected resources"',
    ),
    # Targets that Terraform registers.
    "aws_lb_target_group_attachment": _TARGETS,
    "aws_autoscaling_attachment": _TARGETS,
    "aws_autoscaling_traffic_source_attachment": _TARGETS,
    "aws_autoscaling_group": _TARGETS,
    "aws_vpclattice_target_group_attachment": _TARGETS,
    # What keeps a value.
    "aws_ssm_parameter": _TEXT,
    "aws_secretsmanager_secret_version": _TEXT,
    "aws_ecs_task_definition": _TASK,
    "aws_lambda_function": _TASK,
    "aws_iam_policy": _POLICY,
    "aws_iam_role_policy": _POLICY,
    "aws_iam_user_policy": _POLICY,
    "aws_iam_group_policy": _POLICY,
    "aws_iam_role": _POLICY,
    "aws_kms_key": _POLICY,
    "aws_s3_bucket_policy": Hanger(
        "the policy names the old ARN from the first sleep on; where the bucket takes the access "
        'logs, the next wake is refused ("Access Denied for bucket")',
        "end the ARN with a pattern, such as loadbalancer/net/NAME/*",
    ),
    "aws_security_group_rule": Hanger(
        "the load balancer has other private addresses after each wake",
        "allow its security group or its subnet, or give its subnet_mapping a private_ipv4_address",
    ),
    "aws_resourcegroups_resource": _TEXT,
}
TABLE = {
    **TABLE,
    "aws_alb_listener_certificate": TABLE["aws_lb_listener_certificate"],
    "aws_alb_listener_rule": TABLE["aws_lb_listener_rule"],
    "aws_alb_target_group_attachment": TABLE["aws_lb_target_group_attachment"],
    "aws_security_group": TABLE["aws_security_group_rule"],
    "aws_vpc_security_group_ingress_rule": TABLE["aws_security_group_rule"],
    "aws_vpc_security_group_egress_rule": TABLE["aws_security_group_rule"],
}

UNKNOWN = Hanger(
    "dormouse does not know this type: whatever it does with that value is stale from the first "
    "sleep on",
    f"{_USE_ADDRESS}, or {OWN_COUNT}",
)
DATA = Hanger(
    "every plan and apply reads it, and fails while that is not there",
    "refer to the resource itself, or give it that one's count (var.awake ? 1 : 0)",
)
OUTPUT = Hanger(
    "who reads it has the old value from the first sleep on",
    _USE_ADDRESS,
)

# Records of other providers of DNS: cloudflare_record, google_dns_record_set, ns1_record, …
_RECORDS = re.compile(r"_(?:dns_\w*record\w*|record|records|record_set|zone_record|dns_record)$")

COMPUTED = frozenset(
    {
        "aws_arn",
        "aws_iam_policy_document",
        "cloudinit_config",
        "null_data_source",
        "template_cloudinit_config",
        "template_file",
    }
)
"""Data sources that ask nobody: what refers to them hangs on what they refer to."""


def hanger_of(type_: str) -> Hanger:
    """The row of a Terraform type, or what is true of any."""
    if type_ in TABLE:
        return TABLE[type_]
    is_record = not type_.startswith("aws_") and _RECORDS.search(type_)
    return _ALIAS if is_record else UNKNOWN
