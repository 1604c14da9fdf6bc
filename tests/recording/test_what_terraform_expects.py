"""
What the acceptance tests of Terraform's AWS provider expect of the real AWS, asked here.

HashiCorp runs them on AWS accounts; what they check is what AWS answered after a create that left
it out. Read in hashicorp/terraform-provider-aws, internal/service/{elbv2,ecs}/*_test.go, 2026-11,
and told in our own words. The tests of target groups state nearly every value, so the defaults of
health checks are those of the ELBv2 API reference, CreateTargetGroup.
"""

from __future__ import annotations

import re

import pytest

from deploy.cloud import INSTANT
from local.aws import LaptopAws
from local.furnish import ARTICLE_NETWORK

SUBNET = ARTICLE_NETWORK["subnets"][0]["id"]
VPC = ARTICLE_NETWORK["vpcs"][0]["id"]
ALLOCATION = ARTICLE_NETWORK["elastic_ips"][0]["allocation_id"]


@pytest.fixture(scope="module")
def session():
    aws = LaptopAws(INSTANT)
    aws.furnish_article()
    return aws.session()


@pytest.fixture(scope="module")
def balancer(session):
    made = session.client("elbv2").create_load_balancer(
        Name="expected",
        Type="network",
        SubnetMappings=[{"SubnetId": SUBNET, "AllocationId": ALLOCATION}],
    )
    return made["LoadBalancers"][0]


@pytest.fixture(scope="module")
def group(session):
    made = session.client("elbv2").create_target_group(
        Name="expected", Protocol="TCP", Port=8082, VpcId=VPC, TargetType="ip"
    )
    return made["TargetGroups"][0]


@pytest.fixture(scope="module")
def service(session, group, balancer):
    elbv2 = session.client("elbv2")
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TCP",
        Port=8082,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    network = {"awsvpcConfiguration": {"subnets": [SUBNET]}}
    return session.client("ecs").create_service(
        cluster="nsfw_api_cluster",
        serviceName="expected",
        taskDefinition="nsfw-api-container",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=network,
    )["service"]


def test_a_network_load_balancer(session, balancer):
    assert re.search(r":loadbalancer/net/expected/[0-9a-f]{16}$", balancer["LoadBalancerArn"])
    assert (balancer["Type"], balancer["IpAddressType"]) == ("network", "ipv4")
    assert balancer["Scheme"] == "internet-facing"
    assert balancer["DNSName"] and balancer["CanonicalHostedZoneId"]
    (zone,) = balancer["AvailabilityZones"]
    assert zone["LoadBalancerAddresses"][0]["AllocationId"] == ALLOCATION
    assert attributes(session, "load_balancer", balancer["LoadBalancerArn"]).items() >= {
        ("access_logs.s3.enabled", "false"),
        ("deletion_protection.enabled", "false"),
        ("dns_record.client_routing_policy", "any_availability_zone"),
        ("load_balancing.cross_zone.enabled", "false"),
    }


def test_a_target_group_for_tcp(session, group):
    health = {key: value for key, value in group.items() if "ealth" in key}
    assert health == {
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckPort": "traffic-port",
        "HealthCheckProtocol": "TCP",
        "HealthCheckTimeoutSeconds": 10,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
    }
    assert attributes(session, "target_group", group["TargetGroupArn"]).items() >= {
        ("deregistration_delay.connection_termination.enabled", "false"),
        ("deregistration_delay.timeout_seconds", "300"),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
        ("proxy_protocol_v2.enabled", "false"),
        ("stickiness.enabled", "false"),
    }


def test_a_service(service):
    assert service["serviceArn"].endswith(":service/nsfw_api_cluster/expected")
    assert service["availabilityZoneRebalancing"] == "ENABLED"
    assert (service["schedulingStrategy"], service["serviceRegistries"]) == ("REPLICA", [])
    assert service["taskDefinition"].endswith(":task-definition/nsfw-api-container:1")
    assert service["propagateTags"] == "NONE"


def attributes(session, of, arn):
    describe = getattr(session.client("elbv2"), f"describe_{of}_attributes")
    name = "LoadBalancerArn" if of == "load_balancer" else "TargetGroupArn"
    return {each["Key"]: each["Value"] for each in describe(**{name: arn})["Attributes"]}
