"""Questions for any AWS: every operation that the simulated one plays, agreed to and refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

LONG = 600.0
"""Seconds after which everything that was begun is over, at the quickest pace."""


class Asker:
    """Asks and goes on, whatever the answer is; `wait` lets seconds pass, `now` tells the time."""

    def __init__(
        self, session: Any, wait: Callable[[float], None], now: Callable[[], datetime]
    ) -> None:
        self._session = session
        self.wait = wait
        self.now = now

    def ask(self, service: str, operation: str, /, **params: Any) -> Any:
        """The answer; where it is refused or not known, one whose every member is empty."""
        client = self._session.client(service)
        try:
            return _Found(getattr(client, operation)(**params))
        except Exception:  # a refusal, or whatever it is that an emulator breaks with
            return _Found({})


class _Found(dict[str, Any]):
    """An answer from which `first` takes what may not be there."""

    def first(self, *path: str | int) -> Any:
        value: Any = self
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError):
                return "none"
        return value


def ask_all(asker: Asker) -> None:
    """In an account that holds nothing, or only what AWS puts into it."""
    network = _network(asker)
    _security_groups(asker, network)
    _addresses(asker, network)
    _load_balancers(asker, network)
    _services(asker, network)
    _certificates_and_metrics(asker)
    _take_down(asker, network)


def _network(asker: Asker) -> dict[str, str]:
    def ec2(operation: str, /, **params: Any) -> Any:
        return asker.ask("ec2", operation, **params)

    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "ours"}]}]
    vpc = ec2("create_vpc", CidrBlock="10.7.0.0/16", TagSpecifications=tags).first("Vpc", "VpcId")
    gateway = ec2("create_internet_gateway").first("InternetGateway", "InternetGatewayId")
    ec2("attach_internet_gateway", InternetGatewayId=gateway, VpcId=vpc)
    ec2("attach_internet_gateway", InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2(
            "create_subnet", VpcId=vpc, CidrBlock=f"10.7.{n}.0/24", AvailabilityZone=f"us-east-1{z}"
        ).first("Subnet", "SubnetId")
        for n, z in ((1, "a"), (2, "b"))
    ]
    ec2("modify_subnet_attribute", SubnetId=subnets[0], MapPublicIpOnLaunch={"Value": True})
    ec2("modify_vpc_attribute", VpcId=vpc, EnableDnsHostnames={"Value": True})
    for name in ("enableDnsHostnames", "enableDnsSupport"):
        ec2("describe_vpc_attribute", VpcId=vpc, Attribute=name)
    table = ec2("create_route_table", VpcId=vpc).first("RouteTable", "RouteTableId")
    ec2("associate_route_table", RouteTableId=table, SubnetId=subnets[0])
    ec2("describe_vpcs", VpcIds=[vpc])
    ec2("describe_vpcs", Filters=[{"Name": "tag:Name", "Values": ["ours"]}])
    ec2("describe_vpcs", VpcIds=["vpc-0fffffffffffffff0"])
    ec2("describe_subnets", SubnetIds=subnets)
    ec2("describe_subnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    ec2("describe_subnets", SubnetIds=["subnet-0fffffffffffffff0"])
    ec2("describe_internet_gateways", InternetGatewayIds=[gateway])
    ec2("describe_internet_gateways", InternetGatewayIds=["igw-0fffffffffffffff0"])
    ec2("describe_route_tables", RouteTableIds=[table])
    ec2("describe_route_tables", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    ec2("describe_network_acls", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    ec2("describe_availability_zones", ZoneNames=["us-east-1a", "us-east-1b"])
    ec2("describe_vpc_endpoints", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    ec2("create_tags", Resources=[vpc], Tags=[{"Key": "Owner", "Value": "us"}])
    ec2("delete_tags", Resources=[vpc], Tags=[{"Key": "Owner"}])
    ec2("create_subnet", VpcId="vpc-0fffffffffffffff0", CidrBlock="10.7.9.0/24")
    return {
        "vpc": vpc,
        "gateway": gateway,
        "subnet": subnets[0],
        "other": subnets[1],
    }


def _security_groups(asker: Asker, network: dict[str, str]) -> None:
    def ec2(operation: str, /, **params: Any) -> Any:
        return asker.ask("ec2", operation, **params)

    request = {"GroupName": "web", "Description": "the web", "VpcId": network["vpc"]}
    group = ec2("create_security_group", **request).first("GroupId")
    ec2("create_security_group", **request)
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }
    ec2("authorize_security_group_ingress", GroupId=group, IpPermissions=[rule])
    ec2("authorize_security_group_ingress", GroupId=group, IpPermissions=[rule])
    inner = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2("authorize_security_group_egress", GroupId=group, IpPermissions=[inner])
    ec2("describe_security_groups", GroupIds=[group])
    ec2("describe_security_groups", Filters=[{"Name": "group-name", "Values": ["web"]}])
    ec2("describe_security_groups", GroupIds=["sg-0fffffffffffffff0"])
    ec2("describe_security_group_rules", Filters=[{"Name": "group-id", "Values": [group]}])
    ec2("revoke_security_group_egress", GroupId=group, IpPermissions=[inner])
    ec2("revoke_security_group_ingress", GroupId=group, IpPermissions=[rule])
    ec2("revoke_security_group_ingress", GroupId=group, IpPermissions=[rule])
    ec2("authorize_security_group_ingress", GroupId=group, IpPermissions=[rule])
    network["group"] = group


def _addresses(asker: Asker, network: dict[str, str]) -> None:
    def ec2(operation: str, /, **params: Any) -> Any:
        return asker.ask("ec2", operation, **params)

    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "web"}]}]
    made = ec2("allocate_address", Domain="vpc", TagSpecifications=tags)
    address = made.first("AllocationId")
    spare = ec2("allocate_address", Domain="vpc").first("AllocationId")
    ec2("describe_addresses", AllocationIds=[address])
    ec2("describe_addresses", Filters=[{"Name": "tag:Name", "Values": ["web"]}])
    ec2("describe_addresses", PublicIps=[made.first("PublicIp")])
    ec2("describe_addresses", AllocationIds=["eipalloc-0fffffffffffffff0"])
    ec2("describe_addresses_attribute", AllocationIds=[address], Attribute="domain-name")
    ec2("associate_address", AllocationId=spare, InstanceId="i-0fffffffffffffff0")
    ec2("release_address", AllocationId=spare)
    ec2("release_address", AllocationId=spare)
    ec2("disassociate_address", AssociationId="eipassoc-0fffffffffffffff0")
    network["address"] = address


def _load_balancers(asker: Asker, network: dict[str, str]) -> None:
    def elb(operation: str, /, **params: Any) -> Any:
        return asker.ask("elbv2", operation, **params)

    group_request = {
        "Name": "web",
        "Protocol": "TCP",
        "Port": 80,
        "VpcId": network["vpc"],
        "TargetType": "ip",
        "Tags": [{"Key": "Owner", "Value": "us"}],
    }
    group = elb("create_target_group", **group_request).first("TargetGroups", 0, "TargetGroupArn")
    elb("create_target_group", **group_request)
    elb("create_target_group", **{**group_request, "Port": 81})
    mapping = {"SubnetId": network["subnet"], "AllocationId": network["address"]}
    request: dict[str, Any] = {
        "Name": "web",
        "Type": "network",
        "SubnetMappings": [mapping],
        "Tags": [{"Key": "Owner", "Value": "us"}],
    }
    made = elb("create_load_balancer", **request)
    balancer = made.first("LoadBalancers", 0, "LoadBalancerArn")
    elb("create_load_balancer", **request)
    elb("create_load_balancer", **{**request, "Scheme": "internal"})
    elb("create_load_balancer", **{**request, "Name": "internal-web"})
    elb("create_load_balancer", Name="bare", Type="network")
    elb("create_load_balancer", **{**request, "Name": "second"})
    asker.wait(LONG)
    elb("describe_load_balancers", LoadBalancerArns=[balancer])
    elb("describe_load_balancers", Names=["web"])
    elb("describe_load_balancers", Names=["nobody"])
    elb("describe_load_balancer_attributes", LoadBalancerArn=balancer)
    cross = [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
    elb("modify_load_balancer_attributes", LoadBalancerArn=balancer, Attributes=cross)
    elb("describe_capacity_reservation", LoadBalancerArn=balancer)
    elb("describe_account_limits")
    network["listener"] = _listeners(elb, balancer, group)
    _target_groups(elb, group, network)
    asker.ask("ec2", "describe_addresses", AllocationIds=[network["address"]])
    asker.ask("ec2", "describe_network_interfaces", Filters=_in(network["subnet"]))
    asker.ask("ec2", "release_address", AllocationId=network["address"])
    elb("describe_tags", ResourceArns=[balancer, group])
    elb("add_tags", ResourceArns=[balancer], Tags=[{"Key": "Team", "Value": "web"}])
    elb("remove_tags", ResourceArns=[balancer], TagKeys=["Team"])
    elb("set_subnets", LoadBalancerArn=balancer, SubnetMappings=[mapping])
    elb("set_security_groups", LoadBalancerArn=balancer, SecurityGroups=[network["group"]])
    protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb("modify_load_balancer_attributes", LoadBalancerArn=balancer, Attributes=protected)
    elb("delete_load_balancer", LoadBalancerArn=balancer)
    protected[0]["Value"] = "false"
    elb("modify_load_balancer_attributes", LoadBalancerArn=balancer, Attributes=protected)
    network |= {"balancer": balancer, "target_group": group}


def _in(subnet: str) -> list[Mapping[str, Any]]:
    return [{"Name": "subnet-id", "Values": [subnet]}]


def _listeners(elb: Any, balancer: str, group: str) -> str:
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    request = {"LoadBalancerArn": balancer, "Protocol": "TCP", "DefaultActions": forward}
    made = elb("create_listener", Port=80, **request)
    listener = made.first("Listeners", 0, "ListenerArn")
    elb("create_listener", Port=80, **request)
    elb("create_listener", Port=81, **{**request, "LoadBalancerArn": _no(balancer)})
    elb("describe_listeners", LoadBalancerArn=balancer)
    elb("describe_listeners", ListenerArns=[_no(listener)])
    elb("modify_listener", ListenerArn=listener, Port=8080)
    elb("modify_listener", ListenerArn=listener, Port=80)
    elb("describe_listener_attributes", ListenerArn=listener)
    elb("describe_listener_certificates", ListenerArn=listener)
    idle = [{"Key": "tcp.idle_timeout.seconds", "Value": "400"}]
    elb("modify_listener_attributes", ListenerArn=listener, Attributes=idle)
    return str(listener)


def _no(arn: str) -> str:
    """An ARN of the same kind that names nothing."""
    return arn[:-16] + "f" * 16


def _target_groups(elb: Any, group: str, network: dict[str, str]) -> None:
    elb("describe_target_groups", TargetGroupArns=[group])
    elb("describe_target_groups", Names=["web"])
    elb("describe_target_groups", Names=["nobody"])
    elb("describe_target_group_attributes", TargetGroupArn=group)
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    elb("modify_target_group_attributes", TargetGroupArn=group, Attributes=delay)
    elb("modify_target_group", TargetGroupArn=group, HealthCheckIntervalSeconds=10)
    targets = [{"Id": "10.7.1.77", "Port": 80}]
    elb("register_targets", TargetGroupArn=group, Targets=targets)
    elb("describe_target_health", TargetGroupArn=group)
    elb("deregister_targets", TargetGroupArn=group, Targets=targets)
    elb("describe_target_health", TargetGroupArn=group)
    elb("describe_target_health", TargetGroupArn=_no(group))
    elb("delete_target_group", TargetGroupArn=group)


CONTAINER = {
    "name": "web",
    "image": "public.ecr.aws/web/web:1",
    "essential": True,
    "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
}


def _services(asker: Asker, network: dict[str, str]) -> None:
    def ecs(operation: str, /, **params: Any) -> Any:
        return asker.ask("ecs", operation, **params)

    tags = [{"key": "Owner", "value": "us"}]
    cluster = ecs("create_cluster", clusterName="web", tags=tags).first("cluster", "clusterArn")
    ecs("create_cluster", clusterName="web")
    providers = ["FARGATE", "FARGATE_SPOT"]
    ecs(
        "put_cluster_capacity_providers",
        cluster="web",
        capacityProviders=providers,
        defaultCapacityProviderStrategy=[],
    )
    insights = [{"name": "containerInsights", "value": "disabled"}]
    ecs("update_cluster_settings", cluster="web", settings=insights)
    ecs("describe_clusters", clusters=["web"], include=["TAGS", "SETTINGS"])
    ecs("describe_clusters", clusters=["nobody"])
    ecs("list_clusters")
    definition = {
        "family": "web",
        "containerDefinitions": [CONTAINER],
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
    }
    ecs("register_task_definition", **definition, tags=tags)
    ecs("register_task_definition", **{**definition, "family": "odd", "memory": "513"})
    made = ecs("register_task_definition", **definition)
    ecs("describe_task_definition", taskDefinition="web", include=["TAGS"])
    ecs("describe_task_definition", taskDefinition="nobody")
    ecs("list_task_definitions", familyPrefix="web")
    ecs("list_task_definition_families", familyPrefix="web")
    ecs(
        "deregister_task_definition",
        taskDefinition=made.first("taskDefinition", "taskDefinitionArn"),
    )
    awsvpc = {
        "subnets": [network["subnet"]],
        "securityGroups": [network["group"]],
        "assignPublicIp": "ENABLED",
    }
    target = {
        "targetGroupArn": network["target_group"],
        "containerName": "web",
        "containerPort": 80,
    }
    request: dict[str, Any] = {
        "cluster": "web",
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": 1,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": awsvpc},
        "loadBalancers": [target],
        "tags": tags,
    }
    service = ecs("create_service", **request).first("service", "serviceArn")
    ecs("create_service", **request)
    ecs("create_service", **{**request, "cluster": "nobody"})
    ecs("create_service", **{**request, "serviceName": "second", "taskDefinition": "nobody"})
    asker.wait(LONG)
    ecs("describe_services", cluster="web", services=["web"], include=["TAGS"])
    ecs("describe_services", cluster="web", services=["nobody"])
    ecs("describe_services", cluster="nobody", services=["web"])
    ecs("list_services", cluster="web")
    arns = ecs("list_tasks", cluster="web", serviceName="web").first("taskArns")
    ecs("describe_tasks", cluster="web", tasks=arns if arns and arns != "none" else ["0" * 32])
    asker.ask("elbv2", "describe_target_health", TargetGroupArn=network["target_group"])
    ecs("stop_task", cluster="web", task="0" * 32)
    ecs("update_cluster", cluster="web", settings=insights)
    ecs("list_tags_for_resource", resourceArn=cluster)
    ecs("tag_resource", resourceArn=service, tags=[{"key": "Team", "value": "web"}])
    ecs("untag_resource", resourceArn=service, tagKeys=["Team"])
    _autoscaling(asker)
    ecs("update_service", cluster="web", service="web", desiredCount=2)
    ecs("update_service", cluster="web", service="nobody", desiredCount=2)
    ecs("delete_service", cluster="web", service="web")
    ecs("update_service", cluster="web", service="web", desiredCount=0)
    ecs("delete_cluster", cluster="web")
    ecs("delete_service", cluster="web", service="web", force=True)
    asker.wait(LONG)
    ecs("describe_services", cluster="web", services=["web"])
    ecs("list_services", cluster="web")


def _autoscaling(asker: Asker) -> None:
    def scale(operation: str, /, **params: Any) -> Any:
        return asker.ask("application-autoscaling", operation, **params)

    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/web/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scale("register_scalable_target", **target, MinCapacity=1, MaxCapacity=3)
    found = scale("describe_scalable_targets", ServiceNamespace="ecs")
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    scale(
        "put_scaling_policy",
        **target,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": metric,
        },
    )
    scale("describe_scaling_policies", ServiceNamespace="ecs")
    scale(
        "put_scheduled_action",
        **target,
        ScheduledActionName="night",
        Schedule="cron(0 22 * * ? *)",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    scale("describe_scheduled_actions", ServiceNamespace="ecs")
    scale("delete_scheduled_action", **target, ScheduledActionName="night")
    scale("delete_scaling_policy", **target, PolicyName="cpu")
    scale("delete_scaling_policy", **target, PolicyName="cpu")
    named = found.first("ScalableTargets", 0, "ScalableTargetARN")
    scale("tag_resource", ResourceARN=named, Tags={"Team": "web"})
    scale("list_tags_for_resource", ResourceARN=named)
    scale("untag_resource", ResourceARN=named, TagKeys=["Team"])
    scale("deregister_scalable_target", **target)
    scale("deregister_scalable_target", **target)


def _certificates_and_metrics(asker: Asker) -> None:
    certificate = "arn:aws:acm:us-east-1:1:certificate/x"
    asker.ask("acm", "list_certificates")
    asker.ask("acm", "list_tags_for_certificate", CertificateArn=certificate)
    asker.ask("acm", "describe_certificate", CertificateArn=certificate)
    on_demand = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
    asker.ask("service-quotas", "get_service_quota", **on_demand)
    asker.ask("service-quotas", "get_service_quota", **{**on_demand, "QuotaCode": "L-0"})
    own = {"MetricName": "Visits", "Value": 3.0}
    asker.ask("cloudwatch", "put_metric_data", Namespace="Ours", MetricData=[own])
    asker.ask("cloudwatch", "list_metrics", Namespace="Ours")
    begin = asker.now()
    span = {"StartTime": begin - timedelta(hours=1), "EndTime": begin}
    flows = {"Namespace": "AWS/NetworkELB", "MetricName": "NewFlowCount"}
    stat = {"Metric": {**flows, "Dimensions": []}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "flows", "MetricStat": stat}]
    asker.ask("cloudwatch", "get_metric_data", MetricDataQueries=queries, **span)
    asker.ask("cloudwatch", "get_metric_statistics", **flows, **span, Period=60, Statistics=["Sum"])


def _take_down(asker: Asker, network: dict[str, str]) -> None:
    def ec2(operation: str, /, **params: Any) -> Any:
        return asker.ask("ec2", operation, **params)

    asker.ask("elbv2", "delete_listener", ListenerArn=network["listener"])
    asker.ask("elbv2", "delete_listener", ListenerArn=network["listener"])
    asker.ask("elbv2", "delete_load_balancer", LoadBalancerArn=network["balancer"])
    asker.wait(LONG)
    asker.ask("elbv2", "delete_load_balancer", LoadBalancerArn=network["balancer"])
    asker.ask("elbv2", "describe_load_balancers", LoadBalancerArns=[network["balancer"]])
    asker.ask("elbv2", "delete_target_group", TargetGroupArn=network["target_group"])
    asker.ask("elbv2", "delete_target_group", TargetGroupArn=network["target_group"])
    asker.ask("ecs", "delete_cluster", cluster="web")
    ec2("release_address", AllocationId=network["address"])
    ec2("delete_security_group", GroupId=network["group"])
    ec2("delete_security_group", GroupId=network["group"])
    for subnet in (network["subnet"], network["other"]):
        ec2("delete_subnet", SubnetId=subnet)
    ec2("delete_subnet", SubnetId=network["subnet"])
    ec2("delete_vpc", VpcId=network["vpc"])
    ec2("detach_internet_gateway", InternetGatewayId=network["gateway"], VpcId=network["vpc"])
    ec2("delete_internet_gateway", InternetGatewayId=network["gateway"])
    ec2("delete_vpc", VpcId=network["vpc"])
    ec2("delete_vpc", VpcId=network["vpc"])
