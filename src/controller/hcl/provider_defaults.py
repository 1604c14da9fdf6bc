"""
What the AWS provider plans for arguments that are left out, or null.

The provider's schema does not say it. Source of those of kept resources: `terraform plan` of the
smallest resource of each type in `schema/aws.jsonl`, with the provider 5.100.0; a type that is not
here has no such argument. HCL semantics §18 has those of the sleepers.
"""

from __future__ import annotations

from collections.abc import Mapping

from controller.hcl.convert import boolean, number, string
from controller.hcl.provider_version import LEAVES_ZONES_ALONE, UNKNOWN, AwsProvider
from controller.hcl.schema import SLEEPERS
from controller.hcl.values import Value

Plain = bool | int | str


def planned_defaults(type_: str, provider: AwsProvider = UNKNOWN) -> Mapping[str, Value]:
    """The defaults of one type of resource by argument; empty where there are none."""
    if type_ in SLEEPERS:
        return _of_sleeper(type_, provider)
    return {name: _value(plain) for name, plain in _OF_KEPT.get(type_, {}).items()}


def _value(plain: Plain) -> Value:
    if isinstance(plain, bool):
        return boolean(plain)
    return string(plain) if isinstance(plain, str) else number(plain)


def _of_sleeper(type_: str, provider: AwsProvider) -> Mapping[str, Value]:
    """What the provider plans for arguments of a sleeper that are left out (HCL semantics §18)."""
    defaults = _OF_SLEEPERS.get(type_.replace("aws_alb", "aws_lb", 1), {})
    if provider.surely_has(LEAVES_ZONES_ALONE):
        return {n: v for n, v in defaults.items() if n != "availability_zone_rebalancing"}
    return defaults


_OF_SLEEPERS: Mapping[str, Mapping[str, Value]] = {
    "aws_lb": {
        "dns_record_client_routing_policy": string("any_availability_zone"),
        "enable_cross_zone_load_balancing": boolean(False),
        "enable_deletion_protection": boolean(False),
        "enable_zonal_shift": boolean(False),
    },
    "aws_lb_target_group": {
        "deregistration_delay": string("300"),
        "lambda_multi_value_headers_enabled": boolean(False),
        "proxy_protocol_v2": boolean(False),
        "slow_start": number(0),
        "target_type": string("instance"),
    },
    "aws_ecs_service": {
        "availability_zone_rebalancing": string("DISABLED"),
        "deployment_maximum_percent": number(200),
        "deployment_minimum_healthy_percent": number(100),
        "enable_ecs_managed_tags": boolean(False),
        "enable_execute_command": boolean(False),
        "scheduling_strategy": string("REPLICA"),
        "wait_for_steady_state": boolean(False),
    },
}

_OF_KEPT: Mapping[str, Mapping[str, Plain]] = {
    "aws_appautoscaling_policy": {"policy_type": "StepScaling"},
    "aws_appautoscaling_scheduled_action": {"timezone": "UTC"},
    "aws_autoscaling_group": {
        "force_delete": False,
        "force_delete_warm_pool": False,
        "health_check_grace_period": 300,
        "ignore_failed_scaling_activities": False,
        "metrics_granularity": "1Minute",
        "protect_from_scale_in": False,
        "wait_for_capacity_timeout": "10m",
    },
    "aws_cloudwatch_event_rule": {"event_bus_name": "default", "force_destroy": False},
    "aws_cloudwatch_event_target": {"event_bus_name": "default", "force_destroy": False},
    "aws_cloudwatch_log_group": {"retention_in_days": 0, "skip_destroy": False},
    "aws_cloudwatch_metric_alarm": {"actions_enabled": True, "treat_missing_data": "missing"},
    "aws_db_instance": {
        "apply_immediately": False,
        "auto_minor_version_upgrade": True,
        "copy_tags_to_snapshot": False,
        "dedicated_log_volume": False,
        "delete_automated_backups": True,
        "monitoring_interval": 0,
        "performance_insights_enabled": False,
        "publicly_accessible": False,
        "skip_final_snapshot": False,
    },
    "aws_db_subnet_group": {"description": "Managed by Terraform"},
    "aws_default_security_group": {"revoke_rules_on_delete": False},
    "aws_default_subnet": {
        "assign_ipv6_address_on_creation": False,
        "enable_dns64": False,
        "enable_resource_name_dns_a_record_on_launch": False,
        "enable_resource_name_dns_aaaa_record_on_launch": False,
        "force_destroy": False,
        "ipv6_native": False,
        "map_public_ip_on_launch": True,
    },
    "aws_default_vpc": {
        "enable_dns_hostnames": True,
        "enable_dns_support": True,
        "force_destroy": False,
    },
    "aws_ecr_repository": {"image_tag_mutability": "MUTABLE"},
    "aws_ecs_task_definition": {"skip_destroy": False, "track_latest": False},
    "aws_ecs_task_set": {"wait_until_stable": False, "wait_until_stable_timeout": "10m"},
    "aws_efs_file_system": {"throughput_mode": "bursting"},
    "aws_elasticache_cluster": {"auto_minor_version_upgrade": "true"},
    "aws_elasticache_subnet_group": {"description": "Managed by Terraform"},
    "aws_flow_log": {"max_aggregation_interval": 600},
    "aws_iam_group": {"path": "/"},
    "aws_iam_instance_profile": {"path": "/"},
    "aws_iam_policy": {"path": "/"},
    "aws_iam_role": {"force_detach_policies": False, "max_session_duration": 3600, "path": "/"},
    "aws_iam_user": {"force_destroy": False, "path": "/"},
    "aws_instance": {
        "get_password_data": False,
        "source_dest_check": True,
        "user_data_replace_on_change": False,
    },
    "aws_kms_key": {
        "bypass_policy_lockout_safety_check": False,
        "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "enable_key_rotation": False,
        "is_enabled": True,
        "key_usage": "ENCRYPT_DECRYPT",
    },
    "aws_lambda_function": {
        "memory_size": 128,
        "publish": False,
        "reserved_concurrent_executions": -1,
        "skip_destroy": False,
        "timeout": 3,
    },
    "aws_nat_gateway": {"connectivity_type": "public"},
    "aws_network_acl_rule": {"egress": False},
    "aws_network_interface": {
        "ipv6_address_list_enabled": False,
        "private_ip_list_enabled": False,
        "source_dest_check": True,
    },
    "aws_rds_cluster": {
        "copy_tags_to_snapshot": False,
        "delete_automated_backups": True,
        "enable_global_write_forwarding": False,
        "enable_http_endpoint": False,
        "enable_local_write_forwarding": False,
        "engine_mode": "provisioned",
        "skip_final_snapshot": False,
    },
    "aws_route53_zone": {"comment": "Managed by Terraform", "force_destroy": False},
    "aws_s3_bucket": {"force_destroy": False},
    "aws_s3_object": {"force_destroy": False},
    "aws_secretsmanager_secret": {
        "force_overwrite_replica_secret": False,
        "recovery_window_in_days": 30,
    },
    "aws_security_group": {"description": "Managed by Terraform", "revoke_rules_on_delete": False},
    "aws_security_group_rule": {"self": False},
    "aws_service_discovery_service": {"force_destroy": False},
    "aws_sns_topic": {"content_based_deduplication": False, "fifo_topic": False},
    "aws_sqs_queue": {
        "content_based_deduplication": False,
        "delay_seconds": 0,
        "fifo_queue": False,
        "max_message_size": 262144,
        "message_retention_seconds": 345600,
        "receive_wait_time_seconds": 0,
        "visibility_timeout_seconds": 30,
    },
    "aws_subnet": {
        "assign_ipv6_address_on_creation": False,
        "enable_dns64": False,
        "enable_resource_name_dns_a_record_on_launch": False,
        "enable_resource_name_dns_aaaa_record_on_launch": False,
        "ipv6_native": False,
        "map_public_ip_on_launch": False,
    },
    "aws_vpc": {"enable_dns_support": True, "instance_tenancy": "default"},
    "aws_vpc_endpoint": {"vpc_endpoint_type": "Gateway"},
}
