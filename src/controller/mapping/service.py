"""
`aws_ecs_service` -> create_service.

As the provider sends it, 5.100 and 6 (internal/service/ecs/service.go): the deployment percentages,
the scheduling strategy, the desired count (0 when left out) and, up to 6.11, the zone rebalancing
are always said, the rest where it is configured.
"""

from __future__ import annotations

from controller.domain.planning.spec import Json, Kind
from controller.hcl.provider_version import LEAVES_ZONES_ALONE, AwsProvider
from controller.hcl.world import Block, ResourceInstance
from controller.mapping.fill import Filling, given
from controller.mapping.go_words import read_document, read_minutes
from controller.mapping.kind import KindMapping
from controller.mapping.naming import lower_tags, write_lower_tags
from controller.mapping.table import (
    Dropped,
    Handled,
    Nested,
    ReadOnly,
    Refused,
    Sent,
    Table,
)
from controller.mapping.task_definition import pin_latest

_UPDATES = "it says how Terraform changes a service in place; dormouse creates it again"


def _public_ip(value: Json) -> Json:
    return "ENABLED" if value else "DISABLED"


_CAPACITY: Table = {
    "base": Sent("base", unset=("", 0)),
    "capacity_provider": Sent("capacityProvider"),
    "weight": Sent("weight", unset=("", 0)),
}

_ADVANCED: Table = {
    "alternate_target_group_arn": Sent("alternateTargetGroupArn"),
    "production_listener_rule": Sent("productionListenerRule"),
    "role_arn": Sent("roleArn"),
    "test_listener_rule": Sent("testListenerRule"),
}

_LOAD_BALANCER: Table = {
    "advanced_configuration": Nested(_ADVANCED, to="advancedConfiguration"),
    "container_name": Sent("containerName"),
    "container_port": Sent("containerPort"),
    "elb_name": Refused("it names a classic load balancer; give target_group_arn", harmless=("",)),
    "target_group_arn": Sent("targetGroupArn"),
}

_NETWORK: Table = {
    "assign_public_ip": Sent("assignPublicIp", default="DISABLED", read=_public_ip),
    "security_groups": Sent("securityGroups", unset=([],)),
    "subnets": Sent("subnets"),
}

_LOG_CONFIGURATION: Table = {
    "log_driver": Sent("logDriver"),
    "options": Sent("options", unset=({},)),
    "secret_option": Nested(
        {"name": Sent("name"), "value_from": Sent("valueFrom")}, to="secretOptions", many=True
    ),
}

_CONNECT_TLS: Table = {
    "issuer_cert_authority": Nested(
        {"aws_pca_authority_arn": Sent("awsPcaAuthorityArn")}, to="issuerCertificateAuthority"
    ),
    "kms_key": Sent("kmsKey"),
    "role_arn": Sent("roleArn"),
}

_TEST_HEADER: Table = {
    "name": Sent("name"),
    "value": Nested({"exact": Sent("exact")}, to="value"),
}

_CONNECT_SERVICE: Table = {
    "client_alias": Nested(
        {
            "dns_name": Sent("dnsName"),
            "port": Sent("port"),
            "test_traffic_rules": Nested(
                {"header": Nested(_TEST_HEADER, to="header")}, to="testTrafficRules"
            ),
        },
        to="clientAliases",
        wrap=True,
    ),
    "discovery_name": Sent("discoveryName"),
    "ingress_port_override": Sent("ingressPortOverride", unset=("", 0)),
    "port_name": Sent("portName"),
    "timeout": Nested(
        {
            "idle_timeout_seconds": Sent("idleTimeoutSeconds", default=0),
            "per_request_timeout_seconds": Sent("perRequestTimeoutSeconds", default=0),
        },
        to="timeout",
    ),
    "tls": Nested(_CONNECT_TLS, to="tls"),
}

_CONNECT: Table = {
    "access_log_configuration": Nested(
        {
            "format": Sent("format"),
            "include_query_parameters": Sent("includeQueryParameters"),
        },
        to="accessLogConfiguration",
    ),
    "enabled": Sent("enabled"),
    "log_configuration": Nested(_LOG_CONFIGURATION, to="logConfiguration"),
    "namespace": Sent("namespace"),
    "service": Nested(_CONNECT_SERVICE, to="services", many=True),
}

_EBS: Table = {
    "encrypted": Sent("encrypted", default=True),
    "file_system_type": Sent("filesystemType", default="xfs"),
    "iops": Sent("iops", unset=("", 0)),
    "kms_key_id": Sent("kmsKeyId"),
    "role_arn": Sent("roleArn"),
    "size_in_gb": Sent("sizeInGiB", unset=("", 0)),
    "snapshot_id": Sent("snapshotId"),
    "tag_specifications": Nested(
        {
            "propagate_tags": Sent("propagateTags"),
            "resource_type": Sent("resourceType"),
            "tags": Sent("tags", read=lower_tags, unset=({},), known=True),
        },
        to="tagSpecifications",
        many=True,
    ),
    "throughput": Sent("throughput", unset=("", 0)),
    "volume_initialization_rate": Sent("volumeInitializationRate", unset=("", 0)),
    "volume_type": Sent("volumeType"),
}

_HOOK: Table = {
    "hook_details": Sent("hookDetails", read=read_document, known=True),
    "hook_target_arn": Sent("hookTargetArn"),
    "lifecycle_stages": Sent("lifecycleStages"),
    "role_arn": Sent("roleArn"),
    "target_type": Sent("targetType"),
    "timeout_configuration": Nested(
        {
            "action": Sent("action"),
            "timeout_in_minutes": Sent("timeoutInMinutes", unset=("", 0)),
        },
        to="timeoutConfiguration",
    ),
}

_DEPLOYMENT: Table = {
    "bake_time_in_minutes": Sent("deploymentConfiguration.bakeTimeInMinutes", read=read_minutes),
    "canary_configuration": Nested(
        {
            "canary_bake_time_in_minutes": Sent("canaryBakeTimeInMinutes", read=read_minutes),
            "canary_percent": Sent("canaryPercent", unset=("", 0)),
        },
        to="deploymentConfiguration.canaryConfiguration",
    ),
    "lifecycle_hook": Nested(
        _HOOK, to="deploymentConfiguration.lifecycleHooks", many=True, unordered=True
    ),
    "linear_configuration": Nested(
        {
            "step_bake_time_in_minutes": Sent("stepBakeTimeInMinutes", read=read_minutes),
            "step_percent": Sent("stepPercent", unset=("", 0)),
        },
        to="deploymentConfiguration.linearConfiguration",
    ),
    "strategy": Sent("deploymentConfiguration.strategy"),
}

TABLE: Table = {
    "arn": ReadOnly(),
    "alarms": Nested(
        {
            "alarm_names": Sent("alarmNames"),
            "enable": Sent("enable"),
            "rollback": Sent("rollback"),
        },
        to="deploymentConfiguration.alarms",
    ),
    "availability_zone_rebalancing": Sent("availabilityZoneRebalancing", default="DISABLED"),
    "capacity_provider_strategy": Nested(
        _CAPACITY, to="capacityProviderStrategy", many=True, unordered=True
    ),
    "cluster": Sent("cluster"),
    "deployment_circuit_breaker": Nested(
        {"enable": Sent("enable"), "rollback": Sent("rollback")},
        to="deploymentConfiguration.deploymentCircuitBreaker",
    ),
    "deployment_configuration": Nested(_DEPLOYMENT),
    "deployment_controller": Nested(
        {"type": Sent("type", default="ECS")}, to="deploymentController"
    ),
    "deployment_maximum_percent": Sent("deploymentConfiguration.maximumPercent", default=200),
    "deployment_minimum_healthy_percent": Sent(
        "deploymentConfiguration.minimumHealthyPercent", default=100
    ),
    "desired_count": Sent("desiredCount", default=0),
    "enable_ecs_managed_tags": Sent("enableECSManagedTags", default=False),
    "enable_execute_command": Sent("enableExecuteCommand", default=False),
    "force_delete": Dropped(
        "dormouse always deletes with force (AWS behaviour §2.6)", harmless=(True, False)
    ),
    "force_new_deployment": Dropped(_UPDATES, harmless=(False,)),
    "health_check_grace_period_seconds": Sent("healthCheckGracePeriodSeconds", unset=("", 0)),
    "iam_role": Sent("role"),
    "id": ReadOnly(),
    "launch_type": Sent("launchType"),
    "load_balancer": Nested(_LOAD_BALANCER, to="loadBalancers", many=True, unordered=True),
    # It is found by its name, which must be the same in every pass.
    "name": Sent("serviceName", known=True),
    "network_configuration": Nested(_NETWORK, to="networkConfiguration.awsvpcConfiguration"),
    "ordered_placement_strategy": Nested(
        {"field": Sent("field"), "type": Sent("type")}, to="placementStrategy", many=True
    ),
    "placement_constraints": Nested(
        {"expression": Sent("expression"), "type": Sent("type")},
        to="placementConstraints",
        many=True,
        unordered=True,
    ),
    "platform_version": Sent("platformVersion"),
    "propagate_tags": Sent("propagateTags"),
    "region": Handled("provider.find_home"),
    "scheduling_strategy": Sent("schedulingStrategy", default="REPLICA"),
    "service_connect_configuration": Nested(_CONNECT, to="serviceConnectConfiguration"),
    "service_registries": Nested(
        {
            "container_name": Sent("containerName"),
            "container_port": Sent("containerPort", unset=("", 0)),
            "port": Sent("port", unset=("", 0)),
            "registry_arn": Sent("registryArn"),
        },
        to="serviceRegistries",
        wrap=True,
    ),
    "sigint_rollback": Dropped(
        "it says what Terraform does when it is interrupted; dormouse finishes what it began",
        harmless=(False,),
    ),
    "tags": Handled("naming.tags"),
    "tags_all": Dropped("it follows from tags and the provider's default_tags"),
    "task_definition": Sent("taskDefinition"),
    "timeouts": Dropped("dormouse does not wait as Terraform does; see wake_timeout"),
    "triggers": Dropped(_UPDATES),
    "volume_configuration": Nested(
        {
            "managed_ebs_volume": Nested(_EBS, to="managedEBSVolume"),
            "name": Sent("name"),
        },
        to="volumeConfigurations",
        wrap=True,
    ),
    "vpc_lattice_configurations": Nested(
        {
            "port_name": Sent("portName"),
            "role_arn": Sent("roleArn"),
            "target_group_arn": Sent("targetGroupArn"),
        },
        to="vpcLatticeConfigurations",
        many=True,
        unordered=True,
    ),
    "wait_for_steady_state": Dropped(
        "dormouse calls a stack awake only when its targets are healthy", harmless=(False,)
    ),
}


def adjust(instance: ResourceInstance, filling: Filling, provider: AwsProvider) -> None:
    """
    Take the latest revision where changes of it are to be ignored.

    From 6.12 on the provider says nothing of zone rebalancing where the files do not.
    """
    pin_latest(instance, filling)
    is_silent = given(instance.body, "availability_zone_rebalancing") is None
    if is_silent and provider.surely_has(LEAVES_ZONES_ALONE):
        del filling.request["availabilityZoneRebalancing"]


def check(body: Block, filling: Filling) -> None:
    """What the provider or AWS would refuse, and what one table row cannot say."""
    _only(
        filling,
        "schedulingStrategy",
        "scheduling_strategy",
        ("REPLICA",),
        "a DAEMON service has no desired count to wake to; let it stay awake: declare the variable "
        "awake, and give count = var.awake ? 1 : 0 only to what sleeps",
    )
    controller = filling.request.get("deploymentController", {})
    if controller.get("type") == "EXTERNAL":
        filling.error(
            "deployment-controller",
            'deployment_controller.type: found "EXTERNAL", expected "ECS"; with an external '
            "controller dormouse would wake a service without tasks",
            filling.place_of("deploymentController.type"),
        )
    if given(body, "task_definition") is None:
        filling.error("missing-argument", "task_definition is missing; there is nothing to run")
    if "launchType" in filling.request and "capacityProviderStrategy" in filling.request:
        filling.error(
            "launch-type",
            "found both launch_type and capacity_provider_strategy, expected one of them",
            filling.place_of("launchType"),
        )
    for index, block in enumerate(body.of_type("load_balancer")):
        if given(block, "target_group_arn") is None:
            filling.error(
                "missing-argument",
                "load_balancer.target_group_arn is missing",
                filling.place_of(f"loadBalancers[{index}]"),
            )


def _only(filling: Filling, key: str, name: str, allowed: tuple[str, ...], reason: str) -> None:
    found = filling.request.get(key)
    if found not in allowed:
        filling.error(
            "value",
            f'{name}: found "{found}", expected {" or ".join(allowed)}; {reason}',
            filling.place_of(key),
        )


MAPPING = KindMapping(
    kind=Kind.SERVICE,
    types=("aws_ecs_service",),
    table=TABLE,
    check=check,
    adjust=adjust,
    operation=("ecs", "CreateService"),
    attributes=frozenset({"arn", "id"}),
    write_tags=write_lower_tags,
)
