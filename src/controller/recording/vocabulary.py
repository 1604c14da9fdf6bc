"""
AWS's own words: what may be in a recording as it is, as it identifies nobody.

Everything that is not here is masked, so a field that nobody thought of is masked too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_COMMON = """
arn aws aws-cn aws-us-gov amazonaws com cn elb dkr ecr public internal compute on lambda-url acm
application-autoscaling autoscaling cloudwatch ec2 ecs elasticloadbalancing elbv2 iam kms lambda
logs s3 secretsmanager sns ssm sts servicediscovery amazon assumed-role aws-service-role
attachment capacity-provider certificate cluster container-instance elastic-ip instance
internet-gateway listener listener-rule loadbalancer app net gwy log-group natgateway network-acl
network-interface parameter policy role route-table scalable-target scalingPolicy scheduledAction
secret security-group security-group-rule service service-deployment service-revision ecs-svc root
subnet targetgroup task task-definition user vpc vpc-endpoint topic ACTIVE DRAINING INACTIVE
PENDING RUNNING STOPPED STOPPING PROVISIONING DEPROVISIONING ACTIVATING DEACTIVATING PRECREATED
ATTACHING ATTACHED DETACHED DELETED CREATED PRIMARY MISSING MATCHED ElasticNetworkInterface
subnetId networkInterfaceId macAddress privateDnsName privateIPv4Address LATEST Linux X86_64 ARM64
unknown traffic-port default local all true false ipv4 null none TCP UDP HTTP HTTPS tcp udp
ela-attach ELB target-group Name dormouse stack
address dormouse:stack dormouse:address AWS NetworkELB ApplicationELB ECS ContainerInsights
ActiveFlowCount ActiveFlowCount_TCP ActiveFlowCount_UDP ActiveConnectionCount ConsumedLCUs
CPUUtilization MemoryUtilization HealthyHostCount UnHealthyHostCount NewFlowCount NewFlowCount_TCP
NewFlowCount_UDP ProcessedBytes ProcessedPackets RequestCount TCP_Client_Reset_Count
TCP_ELB_Reset_Count TCP_Target_Reset_Count ECSServiceAverageCPUUtilization
"""
COMMON = frozenset(_COMMON.split())
"""Parts of ARNs and host names, states that no model lists, and other words of the API."""

KEPT = frozenset(
    {
        ("Dimension", "Name"),
        ("DimensionFilter", "Name"),
        ("Failure", "reason"),
        ("Filter", "Name"),
        ("Limit", "Name"),
        ("LoadBalancerAttribute", "Key"),
        ("MetricStat", "Stat"),
        ("PutScheduledActionRequest", "Schedule"),
        ("PutScheduledActionRequest", "Timezone"),
        ("ScheduledAction", "Schedule"),
        ("ScheduledAction", "Timezone"),
        ("Setting", "name"),
        ("TargetGroupAttribute", "Key"),
        ("ListenerAttribute", "Key"),
    }
)
"""Members, by structure and name, whose values are AWS's words though the model lists none."""

MESSAGES = frozenset(
    {
        ("Container", "reason"),
        ("Deployment", "rolloutStateReason"),
        ("Failure", "detail"),
        ("LoadBalancerState", "Reason"),
        ("ServiceEvent", "message"),
        ("Task", "stoppedReason"),
        ("TargetHealth", "Description"),
    }
)
"""Members that hold AWS's sentences, in which only what identifies somebody is masked."""

WRITTEN = {("Task", "stoppedReason"): ("stopCode", "UserInitiated")}
"""Those of them that hold somebody's own words where another member has this value (StopTask)."""

OWN = frozenset(
    {
        ("Tag", "Key"),
        ("Tag", "Value"),
        ("Tag", "key"),
        ("Tag", "value"),
    }
)
"""Members that hold what somebody has thought out: a number there is a telephone's as well."""

HIDDEN = frozenset(
    {
        ("AssumeRoleRequest", "ExternalId"),
        ("AssumeRoleRequest", "TokenCode"),
        ("ContainerDefinition", "command"),
        ("ContainerDefinition", "dockerLabels"),
        ("ContainerDefinition", "entryPoint"),
        ("ContainerDefinition", "environmentFiles"),
        ("ContainerOverride", "command"),
        ("ContainerOverride", "environmentFiles"),
        ("Credentials", "SecretAccessKey"),
        ("Credentials", "SessionToken"),
        ("DockerVolumeConfiguration", "driverOpts"),
        ("DockerVolumeConfiguration", "labels"),
        ("FirelensConfiguration", "options"),
        ("HealthCheck", "command"),
        ("KeyValuePair", "value"),
        ("LogConfiguration", "options"),
        ("Secret", "valueFrom"),
    }
)
"""
Members of which not even that two are equal may be seen. So is all that the model calls sensitive.
"""


@lru_cache(maxsize=32)
def _words_of(name: str, model: Any) -> frozenset[str]:
    shapes = (model.shape_for(each) for each in model.shape_names)
    listed = (shape.enum for shape in shapes if shape.type_name == "string")
    return COMMON.union(model.operation_names, *listed)


def words_of(service: Any) -> frozenset[str]:
    """Operations and every value that botocore's `service` model lists, and the common words."""
    return _words_of(service.service_name, service)
