"""Each thing that keeps a stack from waking is found before that, and told with a way out."""

import pytest

from controller.account.survey import Survey
from controller.aws.clients import Clients
from controller.domain.diagnostics.account import LINKED_ROLES
from controller.domain.diagnostics.finding import Level
from controller.domain.errors import PermanentError
from controller.reconcile.side_by_side import one_by_one
from diagnostics.exam import FAMILY, ROLE, VPC, said
from factories import (
    EIP,
    LB,
    SERVICE,
    SUBNET,
    TG,
    article_spec,
    listener,
    load_balancer,
    service,
    target_group,
)
from local.faults import FOREVER, Fault

OK, WARNING, PROBLEM = Level.OK, Level.WARNING, Level.PROBLEM


def network(**changes):
    given = service().request["networkConfiguration"]["awsvpcConfiguration"]
    request = {"networkConfiguration": {"awsvpcConfiguration": {**given, **changes}}}
    return spec_with(service(request=request))


def spec_with(*changed):
    parts = {r.address: r for r in (target_group(), load_balancer(), listener(), service())}
    return article_spec(resources=tuple((parts | {r.address: r for r in changed}).values()))


def test_an_account_that_fits_has_nothing_but_good_news(exam):
    findings = exam.findings()

    assert {f.level for f in findings} == {OK}
    assert {f.check for f in findings} == {
        "credentials",
        "elastic-ip",
        "subnets",
        "zones",
        "route-out",
        "security-groups",
        "image",
        "cluster",
        "task-definition",
        "execution-role",
        "service-roles",
        "names",
        "quotas",
    }
    assert "account 123456789012" in said(findings, "credentials", OK)


def test_an_examination_changes_nothing(exam):
    start = len(exam.sut.aws.calls)
    exam.findings()

    assert not [c for c in list(exam.sut.aws.calls)[start:] if not c.is_read]


def test_awake_it_fits_too(exam):
    """What is ours is neither a stranger nor in the way."""
    exam.sut.wake()
    findings = exam.findings()

    assert {f.level for f in findings} == {OK}
    assert "held by this stack's load balancer" in said(findings, "elastic-ip", OK)
    assert f'{LB}: "ecs-nlb": ours stands' in said(findings, "names", OK)


# Elastic IP


def test_an_elastic_ip_that_is_gone(exam):
    exam.client("ec2").release_address(AllocationId=EIP)

    assert "no such Elastic IP in us-east-1" in said(exam.findings(), "elastic-ip", PROBLEM)


def test_an_elastic_ip_that_something_else_holds_is_reported_with_its_holder(exam):
    mapping = {"SubnetId": SUBNET, "AllocationId": EIP}
    exam.client("elbv2").create_load_balancer(
        Name="theirs", Type="network", SubnetMappings=[mapping]
    )
    exam.sut.aws.clock.advance(300)

    reported = said(exam.findings(), "elastic-ip", PROBLEM)
    assert "203.0.113.25 " in reported and "held by ELB net/theirs/" in reported


def test_an_elastic_ip_by_a_tag_that_nothing_carries(exam):
    wanted = {"$look_up": "elastic_ip", "tags": {"Name": "api"}, "attribute": "allocation_id"}
    mapping = {"SubnetId": SUBNET, "AllocationId": wanted | {"of": "data.aws_eip.api"}}
    findings = exam.findings(spec_with(load_balancer(request={"SubnetMappings": [mapping]})))

    assert "data.aws_eip.api: found 0 of kind elastic_ip" in said(findings, "look-ups", PROBLEM)
    assert not [f for f in findings if f.check == "elastic-ip"]


# subnets, zones, routes


def test_a_subnet_that_does_not_exist(exam):
    mapping = {"SubnetId": "subnet-0bad", "AllocationId": EIP}
    findings = exam.findings(spec_with(load_balancer(request={"SubnetMappings": [mapping]})))

    assert f"{LB} subnet-0bad: there is no such subnet" in said(findings, "subnets", PROBLEM)


@pytest.mark.parametrize(("free", "level"), [(8, OK), (7, PROBLEM)])
def test_a_load_balancer_wants_eight_free_addresses(exam_of, free, level):
    """AWS behaviour §1.3, F15."""
    full = {"id": SUBNET, "vpc": VPC, "az": "us-east-1a", "free_addresses": free}
    findings = exam_of(subnets=[full]).findings()

    assert f"{LB} {SUBNET}: " in said(findings, "subnets", level)


def test_an_awake_stack_does_not_count_the_addresses_that_it_has(exam_of):
    full = {"id": SUBNET, "vpc": VPC, "az": "us-east-1a", "free_addresses": 9}
    exam = exam_of(subnets=[full])
    exam.sut.wake()

    assert said(exam.findings(), "subnets", OK)


def test_a_load_balancer_that_faces_the_internet_in_a_private_subnet(exam):
    mapping = {"SubnetId": exam.subnet(nat=True), "AllocationId": EIP}
    findings = exam.findings(spec_with(load_balancer(request={"SubnetMappings": [mapping]})))

    reported = said(findings, "subnets", PROBLEM)
    assert "default route leads to a NAT gateway, expected an internet gateway" in reported


def test_a_service_in_a_zone_that_the_load_balancer_does_not_serve(exam):
    """AWS behaviour §1.11, F32."""
    findings = exam.findings(network(subnets=[SUBNET, exam.subnet()]))

    reported = said(findings, "zones", PROBLEM)
    assert "it is in us-east-1b, but the load balancer serves us-east-1a" in reported
    assert SUBNET in said(findings, "zones", OK)


def test_a_zone_in_which_fargate_runs_nothing(exam):
    """Tokyo's third zone (AWS behaviour §1.3)."""
    from dataclasses import replace

    facts = exam.facts()
    tokyo = replace(facts.subnets[SUBNET], zone_id="apne1-az3")
    facts = replace(facts, region="ap-northeast-1", subnets={SUBNET: tokyo})

    from controller.domain.diagnostics.examine import examine

    assert "apne1-az3, where Fargate runs nothing" in said(examine(facts), "zones", PROBLEM)


def test_a_task_without_any_way_to_its_image(exam):
    """AWS behaviour §2.3, F29."""
    findings = exam.findings(network(assignPublicIp="DISABLED"))

    reported = said(findings, "route-out", PROBLEM)
    assert "no public address" in reported and "endpoint ecr.api" in reported
    assert "set assign_public_ip = true" in reported


def test_a_public_address_is_no_way_out_of_a_subnet_without_a_route(exam):
    findings = exam.findings(network(subnets=[exam.dead_end()]))

    assert "add a NAT gateway, or add the VPC endpoints" in said(findings, "route-out", PROBLEM)


def test_a_nat_gateway_is_a_way_out(exam):
    inside = exam.subnet(nat=True, az="us-east-1a")
    findings = exam.findings(network(subnets=[inside], assignPublicIp="DISABLED"))

    assert "a route to a NAT gateway" in said(findings, "route-out", OK)


def test_endpoints_are_a_way_to_an_image_in_ecr(exam):
    services = ("ecr.api", "ecr.dkr", "s3", "logs")
    exam.sut.aws.furnish(vpc_endpoints=[{"vpc": VPC, "service": each} for each in services])
    spec = network(assignPublicIp="DISABLED")

    assert "by VPC endpoints" in said(exam.findings(spec), "route-out", OK)
    exam.define(container={"image": "docker.io/library/nginx"})
    assert "no route to docker.io" in said(exam.findings(spec), "route-out", PROBLEM)


# security groups


def groups(exam, *ingress):
    made = exam.sut.aws.furnish(
        security_groups=[{"name": "other", "vpc": VPC, "ingress": list(ingress)}]
    )
    return network(securityGroups=[made["security_groups"]["other"]])


def test_a_security_group_that_does_not_exist(exam):
    findings = exam.findings(network(securityGroups=["sg-0bad"]))

    assert "sg-0bad: there is no such security group" in said(findings, "security-groups", PROBLEM)


def test_a_security_group_of_another_vpc(exam):
    exam.sut.aws.furnish(
        vpcs=[{"id": "vpc-0other"}],
        security_groups=[{"id": "sg-0x", "name": "x", "vpc": "vpc-0other"}],
    )
    findings = exam.findings(network(securityGroups=["sg-0x"]))

    assert "it belongs to vpc-0other, expected" in said(findings, "security-groups", PROBLEM)


@pytest.mark.parametrize(
    ("ingress", "level"),
    [
        ([{"port": 5000, "cidr": "10.0.1.0/24"}], OK),
        ([{"port": 5000, "cidr": "10.0.0.0/8"}], OK),
        ([{"port": 5000, "protocol": "-1", "cidr": "0.0.0.0/0"}], OK),
        ([{"port": 80, "cidr": "10.0.1.0/24"}], PROBLEM),
        ([{"port": 5000, "protocol": "udp", "cidr": "10.0.1.0/24"}], PROBLEM),
        ([{"port": 5000, "cidr": "198.51.100.0/24"}], PROBLEM),  # the clients, whom nobody sees
        ([{"port": 5000, "cidr": "10.0.1.0/25"}], PROBLEM),
        ([{"port": 5000, "cidr": "::/0"}], PROBLEM),
        ([], PROBLEM),
    ],
)
def test_the_load_balancers_own_addresses_have_to_get_in(exam, ingress, level):
    """AWS behaviour §1.2: by default the task sees the load balancer, not the clients."""
    findings = exam.findings(groups(exam, *ingress))

    assert f"{SERVICE} port 5000" in said(findings, "security-groups", level)


def test_with_client_addresses_the_clients_have_to_get_in(exam):
    seen = target_group(attributes={"preserve_client_ip.enabled": "true"})
    near = groups(exam, {"port": 5000, "cidr": "10.0.1.0/24"})
    spec = article_spec(resources=(seen, *(r for r in near.resources if r.address != TG)))

    reported = said(exam.findings(spec), "security-groups", PROBLEM)
    assert "from 0.0.0.0/0, where the clients' traffic comes from" in reported


def test_the_load_balancers_security_group_may_be_let_in_by_name(exam):
    ids = exam.sut.aws.furnish(
        security_groups=[{"name": "front", "vpc": VPC}, {"name": "back", "vpc": VPC}]
    )["security_groups"]
    exam.client("ec2").authorize_security_group_ingress(
        GroupId=ids["back"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5000,
                "ToPort": 5000,
                "UserIdGroupPairs": [{"GroupId": ids["front"]}],
            }
        ],
    )
    back = next(r for r in network(securityGroups=[ids["back"]]).resources if r.address == SERVICE)
    with_front = spec_with(load_balancer(request={"SecurityGroups": [ids["front"]]}), back)

    assert said(exam.findings(with_front), "security-groups", OK)
    assert said(exam.findings(spec_with(back)), "security-groups", PROBLEM)

    seen = target_group(attributes={"preserve_client_ip.enabled": "true"})
    others = (r for r in with_front.resources if r.address != TG)
    clients = article_spec(resources=(seen, *others))
    assert "clients may reach" in said(exam.findings(clients), "security-groups", OK)


# cluster, task definition, roles


def test_a_cluster_that_is_gone(exam):
    exam.client("ecs").delete_cluster(cluster="nsfw_api_cluster")

    reported = said(exam.findings(), "look-ups", PROBLEM)
    assert "aws_ecs_cluster.nsfw_cluster: found 0 of kind cluster" in reported
    assert "run terraform apply" in reported


def test_a_cluster_by_a_name_that_there_is_not(exam):
    findings = exam.findings(spec_with(service(request={"cluster": "other"})))

    assert "other: there is no such cluster" in said(findings, "cluster", PROBLEM)


def test_a_family_without_an_active_revision(exam):
    ecs = exam.client("ecs")
    for arn in ecs.list_task_definitions(familyPrefix=FAMILY)["taskDefinitionArns"]:
        ecs.deregister_task_definition(taskDefinition=arn)

    reported = said(exam.findings(), "look-ups", PROBLEM)
    assert "aws_ecs_task_definition.nsfw_task" in reported


def test_a_revision_that_is_inactive(exam):
    exam.client("ecs").deregister_task_definition(taskDefinition=f"{FAMILY}:1")
    findings = exam.findings(spec_with(service(request={"taskDefinition": f"{FAMILY}:1"})))

    assert "INACTIVE, and starts no new service" in said(findings, "task-definition", PROBLEM)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"container": {"name": "web"}}, f'it has no container "{FAMILY}"'),
        ({"container": {"portMappings": [{"containerPort": 80}]}}, "has no port 5000; found 80"),
        ({"container": {"portMappings": []}}, "has no port 5000; found none"),
        ({"requiresCompatibilities": ["EC2"]}, "not made for Fargate"),
        (
            {"requiresCompatibilities": ["EC2"], "networkMode": "bridge"},
            'network mode is "bridge"',
        ),
    ],
)
def test_a_task_definition_that_does_not_fit(exam, definition, expected):
    exam.define(**definition)

    assert expected in said(exam.findings(), "task-definition", PROBLEM)


def test_a_platform_version_that_starts_nothing_any_more(exam):
    """AWS behaviour §2.3, F26."""
    findings = exam.findings(spec_with(service(request={"platformVersion": "1.3.0"})))

    assert "platform version 1.3.0 starts no tasks" in said(findings, "task-definition", PROBLEM)


def test_the_architecture_is_reported(exam):
    exam.define(runtimePlatform={"cpuArchitecture": "ARM64"})

    assert "for ARM64" in said(exam.findings(), "task-definition", OK)


def test_an_execution_role_that_is_gone(exam):
    exam.client("iam").delete_role(RoleName=ROLE)

    assert f"{ROLE}: there is no such role" in said(exam.findings(), "execution-role", PROBLEM)


def test_an_execution_role_that_another_service_may_take_on(exam):
    arn = exam.role("lambdas", "lambda.amazonaws.com")
    exam.define(executionRoleArn=arn)

    reported = said(exam.findings(), "execution-role", PROBLEM)
    assert "lambda.amazonaws.com may assume it, expected ecs-tasks.amazonaws.com" in reported


def test_an_image_in_ecr_without_an_execution_role(exam):
    exam.define(executionRoleArn="")

    assert "in ECR needs one" in said(exam.findings(), "execution-role", PROBLEM)
    exam.define(executionRoleArn="", container={"image": "nginx"})
    assert not [f for f in exam.findings() if f.check == "execution-role"]


def test_linked_roles_that_aws_has_not_made_yet(exam):
    """AWS behaviour §1.13, §2.13."""
    for name in LINKED_ROLES:
        exam.client("iam").delete_role(RoleName=name)

    reported = said(exam.findings(), "service-roles", WARNING)
    assert "create-service-linked-role --aws-service-name ecs.amazonaws.com" in reported


# strangers, quotas


def test_a_load_balancer_that_terraform_has_made_is_to_be_handed_over(exam):
    request = load_balancer().request
    exam.client("elbv2").create_load_balancer(**request)
    exam.sut.aws.clock.advance(300)

    reported = said(exam.findings(), "names", PROBLEM)
    assert f'{LB}: load balancer "ecs-nlb" is not ours: tag "dormouse:stack" is missing' in reported
    assert "if Terraform made it, hand it over without a pause: dormouse adopt DIR" in reported


def test_what_another_stack_has_is_named_with_its_stack(exam):
    exam.sut.wake()
    findings = exam.findings(article_spec(stack="other"))

    reported = said(findings, "names", PROBLEM)
    assert 'tag "dormouse:stack" is "nsfw-api"' in reported
    assert {LB, TG, SERVICE} <= {line.partition(": ")[0] for line in reported.splitlines()}
    assert "held by ELB net/ecs-nlb/" in said(findings, "elastic-ip", PROBLEM)


def test_what_the_files_named_before_is_reported_with_its_remedy(exam):
    exam.sut.wake()
    findings = exam.findings(spec_with(load_balancer(request={"Name": "renamed"})))

    assert "dormouse sweep --delete" in said(findings, "elastic-ip", PROBLEM)
    reported = said(findings, "leftovers", WARNING)
    assert reported.startswith('aws_lb.nlb/0: load balancer "ecs-nlb"')
    assert len(reported.splitlines()) == 1  # the service is ours, and the spec names it


def test_a_region_that_is_full_of_load_balancers(exam):
    """AWS behaviour F16."""
    for number in range(50):
        exam.client("elbv2").create_load_balancer(
            Name=f"n{number}", Type="network", Subnets=[SUBNET], Scheme="internal"
        )

    assert "50 of 50 are in use" in said(exam.findings(), "quotas", PROBLEM)


def test_an_account_without_vcpus_for_the_tasks_of_a_wake(exam):
    """AWS behaviour F31; of an account that runs nothing else, the stack's own need counts."""
    conditions = exam.sut.aws.conditions
    assert "a wake starts 0.25 of 4000; AWS reports no usage" in said(exam.findings(), "quotas", OK)
    conditions.vcpu_quota, conditions.vcpus_of_others = 6.0, 5.75
    assert "5.75 of 6 in use, and a wake starts 0.25" in said(exam.findings(), "quotas", OK)
    conditions.vcpus_of_others = 5.8
    reported = said(exam.findings(), "quotas", PROBLEM)
    assert (
        "Fargate vCPUs on demand: 5.8 of 6 in use, and a wake starts 0.25; stop other" in reported
    )
    assert "--service-code fargate --quota-code L-3032A538 --desired-value 8" in reported
    conditions.vcpu_quota, conditions.vcpus_of_others = 0.2, 0.0
    assert "a wake starts 0.25 of 0.2" in said(exam.findings(), "quotas", PROBLEM)


def test_a_stack_that_stands_has_its_vcpus(exam):
    exam.sut.wake()
    exam.sut.aws.conditions.vcpu_quota = 0.25
    assert not [f for f in exam.findings() if f.level is PROBLEM]


def test_tasks_count_where_their_capacity_provider_runs_them(exam):
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    mixed = {"launchType": None, "capacityProviderStrategy": strategy, "desiredCount": 9}
    exam.sut.aws.conditions.vcpu_quota = 0.5
    reported = said(exam.findings(spec_with(service(request=mixed))), "quotas", PROBLEM)
    assert "Fargate vCPUs on demand: a wake starts 0.75 of 0.5" in reported
    assert "Fargate Spot vCPUs: a wake starts 1.5 of 0.5" in reported


LISTENERS = "listeners-per-network-load-balancer"
ZONE = "targets-per-availability-zone-per-network-load-balancer"
GROUPS = "target-groups-per-action-on-network-load-balancer"
OTHER = "aws_lb_target_group.other"


def spec_with_two_listeners(tasks, subnets=(SUBNET,), crosses=False):
    """The second listener forwards to both target groups, and the service is in both."""
    other = target_group(address=OTHER, request={"Name": "other"})
    groups = [{"TargetGroupArn": {"$ref": f"{each}.arn"}} for each in (TG, OTHER)]
    second = listener(
        address="aws_lb_listener.second",
        request={
            "Port": 5001,
            "DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        },
    )
    given = service().request
    network = {**given["networkConfiguration"]["awsvpcConfiguration"], "subnets": list(subnets)}
    behind = [{**given["loadBalancers"][0], "targetGroupArn": {"$ref": f"{OTHER}.arn"}}]
    request = {
        "desiredCount": tasks,
        "loadBalancers": [*given["loadBalancers"], *behind],
        "networkConfiguration": {"awsvpcConfiguration": network},
    }
    attributes = {"load_balancing.cross_zone.enabled": str(crosses).lower()}
    return spec_with(other, load_balancer(attributes=attributes), second, service(request=request))


def problems(findings):
    return [each for each in findings if each.level is PROBLEM]


def limited(exam, **limits):
    found = [{"Name": name, "Max": str(most)} for name, most in limits.items()]
    exam.sut.aws.answer_with("elbv2", "DescribeAccountLimits", lambda _: {"Limits": found})


def test_what_each_load_balancer_gets_is_compared_with_what_it_may_have(exam):
    assert "1 of 50 listeners, 1 of 3000 targets, 1 of 500 targets in one zone" in said(
        exam.findings(), "quotas", OK
    )


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        (LISTENERS, 1, "a wake gives it 2 listeners, and the account allows 1"),
        (
            "targets-per-network-load-balancer",
            5,
            "a wake gives it 6 targets, and the account allows",
        ),
        (ZONE, 5, "a wake gives it 6 targets in one zone, and the account allows 5"),
        (GROUPS, 1, "a wake gives it 2 target groups of one listener, and the account allows 1"),
    ],
)
def test_a_load_balancer_that_would_get_more_than_it_may_have(exam, name, most, expected):
    spec = spec_with_two_listeners(tasks=3)
    limited(exam, **{name: most})
    reported = said(exam.findings(spec), "quotas", PROBLEM)
    assert f"aws_lb.nlb[0]: {expected}" in reported and name in reported
    limited(exam, **{name: most * 6})
    assert problems(exam.findings(spec)) == []


def test_a_zone_counts_its_own_targets_unless_zones_are_crossed(exam):
    subnets = [SUBNET, exam.subnet()]
    limited(exam, **{ZONE: 4})
    spec = spec_with_two_listeners(tasks=4, subnets=subnets)
    assert "4 of 4 targets in one zone" in said(exam.findings(spec), "quotas", OK)
    crossed = spec_with_two_listeners(tasks=4, subnets=subnets, crosses=True)
    assert "a wake gives it 8 targets in one zone" in said(
        exam.findings(crossed), "quotas", PROBLEM
    )


def test_a_quota_that_nobody_has_ever_raised_is_the_one_of_every_account(exam):
    fault(exam, "service-quotas", "GetServiceQuota", "NoSuchResourceException", status=400)
    usual = {"Quota": {"ServiceCode": "fargate", "QuotaCode": "L-3032A538", "Value": 6.0}}
    aws = exam.sut.aws
    aws.answer_with("service-quotas", "GetAWSDefaultServiceQuota", lambda _: usual)
    assert "a wake starts 0.25 of 6" in said(exam.findings(), "quotas", OK)


@pytest.mark.parametrize(
    ("service_name", "operation", "right"),
    [
        ("service-quotas", "GetServiceQuota", "servicequotas:GetServiceQuota"),
        ("cloudwatch", "GetMetricData", "cloudwatch:GetMetricData"),
    ],
)
def test_vcpus_that_may_not_be_read_are_not_called_enough(exam, service_name, operation, right):
    fault(exam, service_name, operation, "AccessDeniedException", status=403)
    findings = exam.findings()
    reported = said(findings, "quotas", WARNING)
    assert reported.startswith("vCPUs of FARGATE: could not check: missing right ")
    assert right in reported
    assert "vCPU" not in said(findings, "quotas", OK)


# rights


def fault(exam, service_name, operation, code, status):
    exam.sut.aws.faults.add(
        Fault(
            operation=operation,
            service=service_name,
            code=code,
            message="no",
            status=status,
            times=FOREVER,
        )
    )


READS = {
    ("ec2", "DescribeSubnets"): ("subnets", "ec2:DescribeSubnets"),
    ("ec2", "DescribeSecurityGroups"): ("look-ups", "ec2:DescribeSecurityGroups"),
    ("ec2", "DescribeRouteTables"): ("route-out", "ec2:DescribeRouteTables"),
    ("ec2", "DescribeVpcEndpoints"): ("route-out", "ec2:DescribeVpcEndpoints"),
    ("ec2", "DescribeAddresses"): ("elastic-ip", "ec2:DescribeAddresses"),
    ("ecs", "DescribeClusters"): ("look-ups", "ecs:DescribeClusters"),
    ("ecs", "DescribeTaskDefinition"): ("look-ups", "ecs:DescribeTaskDefinition"),
    ("ecs", "DescribeServices"): ("names", "ecs:DescribeServices"),
    ("elbv2", "DescribeLoadBalancers"): ("names", "elasticloadbalancing:DescribeLoadBalancers"),
    ("elbv2", "DescribeTargetGroups"): ("names", "elasticloadbalancing:DescribeTargetGroups"),
    ("elbv2", "DescribeAccountLimits"): ("quotas", "elasticloadbalancing:DescribeAccountLimits"),
    ("iam", "GetRole"): ("roles", "iam:GetRole"),
}


@pytest.mark.parametrize("operation", READS, ids=lambda pair: "-".join(pair))
def test_a_read_that_is_denied_is_a_warning_and_hides_nothing_else(exam, operation):
    code = "UnauthorizedOperation" if operation[0] == "ec2" else "AccessDeniedException"
    fault(exam, *operation, code, status=403)
    findings = exam.findings()

    check, right = READS[operation]
    assert f"could not check: missing right {right}" in said(findings, check, WARNING)
    assert not [f for f in findings if f.level is PROBLEM]
    assert said(findings, "credentials", OK)
    assert len({f.check for f in findings if f.level is OK}) >= 5


def test_a_read_that_is_throttled_is_a_warning_too(exam):
    fault(exam, "ec2", "DescribeSubnets", "RequestLimitExceeded", status=503)

    reported = said(exam.findings(), "subnets", WARNING)
    assert "could not check: cannot read subnets right now: RequestLimitExceeded" in reported


def test_without_credentials_nothing_is_looked_at(exam):
    fault(exam, "sts", "GetCallerIdentity", "InvalidClientTokenId", status=403)

    with pytest.raises(PermanentError, match="find out whose account this is"):
        Survey(exam.sut.spec, Clients(exam.sut.session, None), one_by_one).gather(
            exam.sut.aws.clock.now()
        )
