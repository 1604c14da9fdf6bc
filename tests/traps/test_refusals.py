"""
Each refusal of AWS that the files show: told at `check`, at its line, and met at the wake.

Every row of the tables has a case here, or the last test fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from controller.domain.problem import Level
from controller.mapping import assemble
from controller.mapping.refusals import LISTENERS, LOAD_BALANCERS, SERVICES, TARGET_GROUPS
from controller.mapping.refusals.row import UNKNOWN
from controller.mapping.refusals.views import BalancerView, ListenerView, ServiceView, Task, View
from controller.reconcile.outcome import Result
from traps.stack_directory import (
    EIP,
    GROUP,
    HEAD,
    SERVICE,
    SUBNET,
    L,
    compiled,
    problems_of,
    stack_dir,
    sut_for,
)

ROWS = (*LISTENERS, *LOAD_BALANCERS, *SERVICES, *TARGET_GROUPS)
CERTIFICATE = '"arn:aws:acm:eu-central-1:123456789012:certificate/0a"'
TLS = {"protocol": '"TLS"', "certificate_arn": CERTIFICATE}
FORWARD = (
    '{\n type = "forward"\n forward {\n target_group {\n arn = aws_lb_target_group.g[0].arn\n }\n'
    " stickiness {\n duration = 10\n }\n }\n}"
)
OTHER = "subnet-0bbbb1111cccc2222"
UDP = {"listener": {"protocol": '"UDP"'}, "group": {"protocol": '"UDP"'}}
MACHINES = {"launch_type": '"EC2"', "network_configuration": None, "target": None}
BRIDGE = {"network_mode": '"bridge"', "requires_compatibilities": '["EC2"]'}
PUBLIC = SERVICE["network_configuration"]
PRIVATE = str(PUBLIC).replace("true", "false")
VOLUME = (
    '{{\n name = "data"\n managed_ebs_volume {{\n'
    '  role_arn = "arn:aws:iam::123456789012:role/ebs"\n {} }}\n}}'
)
AT_LAUNCH = '{\n name = "data"\n configure_at_launch = true\n}'
CONNECT = "{{\n enabled = true\n {} }}"
PORTS = (
    'jsonencode([{ name = "web", image = "x", '
    'portMappings = [{ containerPort = 8080, name = "http" }] }])'
)
ZONE = "attribute:ecs.availability-zone"
REGISTRY = (
    'resource "aws_service_discovery_private_dns_namespace" "n" {\n name = "x"\n vpc = "vpc-1"\n}\n'
    'resource "aws_service_discovery_service" "r" {\n name = "r"\n dns_config {\n'
    "  namespace_id = aws_service_discovery_private_dns_namespace.n.id\n"
    '  dns_records {\n ttl = 10\n type = "A"\n }\n }\n}\n'
)


SUBNETS = "".join(
    f'resource "aws_subnet" "{name}" {{\n vpc_id = "vpc-0aaaa1111bbbb2222"\n'
    f' cidr_block = "10.0.{number}.0/24"\n availability_zone = "eu-central-1a"\n}}\n'
    for number, name in enumerate("ab", 5)
)


VPCS = "".join(
    f'resource "aws_vpc" "{name}" {{\n cidr_block = "10.{number}.0.0/16"\n'
    f' tags = {{ Name = "{name}" }}\n}}\n'
    f'resource "aws_subnet" "{name}" {{\n vpc_id = aws_vpc.{name}.id\n'
    f' cidr_block = "10.{number}.0.0/24"\n availability_zone = "eu-central-1{name}"\n}}\n'
    f'resource "aws_security_group" "{name}" {{\n name = "{name}"\n'
    f" vpc_id = aws_vpc.{name}.id\n}}\n"
    for number, name in enumerate("ab")
)
ALONE = {"load_balancer": None, "health_check_grace_period_seconds": None}


def mapping(*lines: str) -> str:
    return "{\n" + "\n".join(lines) + "\n}"


@dataclass
class Case:
    """Changes to the directory that AWS refuses; `met`: whether a simulated wake meets it."""

    rule: str
    file: str
    level: str = "error"
    met: bool = True
    more: str = ""
    parts: dict[str, Any] = field(default_factory=dict)

    def write(self, tmp_path):
        return stack_dir(tmp_path, more=self.more, **self.parts)


def listener(rule: str, changes: dict[str, Any], **others: Any) -> Case:
    met, more = others.pop("met", True), others.pop("more", "")
    return Case(rule, "listener.tf", met=met, more=more, parts={"listener": changes, **others})


def group(rule: str, changes: dict[str, Any], **options: Any) -> Case:
    return Case(rule, "group.tf", parts={"group": changes, **options})


def balancer(
    rule: str, changes: dict[str, Any], *, met: bool = True, more: str = "", **parts: Any
) -> Case:
    return Case(rule, "balancer.tf", met=met, more=more, parts={"balancer": changes, **parts})


def service(
    rule: str,
    changes: dict[str, Any],
    *,
    level="error",
    met=True,
    more="",
    file="service.tf",
    **parts,
) -> Case:
    return Case(rule, file, level, met, more, {"service": changes, **parts})


def health(*lines):
    return {"health_check": mapping(*lines)}


def targets_health(*lines):
    return {"target_group_health": mapping(*lines)}


def strategy(*entries):
    blocks = [
        mapping(f'capacity_provider = "{name}"', *(f"{k} = {v}" for k, v in options.items()))
        for name, options in entries
    ]
    return {"launch_type": None, "capacity_provider_strategy": blocks}


def udp_listener():
    return {"protocol": '"UDP"'}


CASES = [
    listener("certificate-without-tls", {"certificate_arn": CERTIFICATE}),
    listener("ssl-policy-without-tls", {"ssl_policy": '"ELBSecurityPolicy-2016-08"'}),
    listener("ssl-policy", {**TLS, "ssl_policy": '"Modern"'}),
    listener("alpn-without-tls", {"alpn_policy": '"HTTP2Preferred"'}),
    listener(
        "mutual-authentication-without-tls",
        {"mutual_authentication": '{\n mode = "passthrough"\n}'},
    ),
    listener("forward-stickiness", {"default_action": FORWARD}),
    listener(
        "certificate-region",
        {**TLS, "certificate_arn": CERTIFICATE.replace("eu-central", "us-east")},
    ),
    listener("ipv6-group", {}, group={"ip_address_type": '"ipv6"'}),
    listener(
        "udp-on-dualstack",
        udp_listener(),
        group={"protocol": '"UDP"'},
        balancer={"ip_address_type": '"dualstack"'},
    ),
    listener(
        "alb-group",
        TLS,
        group={"target_type": '"alb"', "deregistration_delay": None},
        service={"load_balancer": None, "health_check_grace_period_seconds": None},
        met=False,
    ),
    group("health-check-disabled", health('protocol = "TCP"', "enabled = false")),
    group("stickiness-cookie", {"stickiness": mapping('type = "lb_cookie"', "enabled = false")}),
    group("stickiness-cookie", {"stickiness": mapping('type = "app_cookie"')}),
    group(
        "stickiness-tls",
        {"stickiness": mapping('type = "source_ip"'), "protocol": '"TLS"'},
        listener=TLS,
    ),
    group(
        "preserve-client-ip",
        {"protocol": '"UDP"', "preserve_client_ip": "false"},
        listener=udp_listener(),
    ),
    group(
        "healthy-targets-count",
        targets_health("unhealthy_state_routing {\n minimum_healthy_targets_count = 0\n}"),
    ),
    group(
        "failover-threshold",
        targets_health(
            'dns_failover {\n minimum_healthy_targets_count = "1"\n}',
            "unhealthy_state_routing {\n minimum_healthy_targets_count = 2\n}",
        ),
    ),
    group(
        "unhealthy-draining",
        {
            "target_health_state": mapping(
                "enable_unhealthy_connection_termination = true", "unhealthy_draining_interval = 60"
            )
        },
    ),
    group("matcher", health('protocol = "HTTP"', 'path = "/"', 'matcher = "200,600"')),
    balancer("no-subnets", {"subnet_mapping": None, "subnets": "[]"}),
    balancer(
        "private-address",
        {
            "subnet_mapping": mapping(
                f'subnet_id = "{SUBNET}"',
                'private_ipv4_address = "10.0.1.9"',
                f'allocation_id = "{EIP}"',
            )
        },
    ),
    balancer(
        "subnet-twice",
        {
            "subnet_mapping": [
                mapping(f'subnet_id = "{SUBNET}"', f'allocation_id = "{EIP}"'),
                mapping(f'subnet_id = "{SUBNET}"', 'allocation_id = "eipalloc-0bbbb1111cccc2222"'),
            ]
        },
    ),
    balancer(
        "one-zone-twice",
        {
            "subnet_mapping": [
                mapping("subnet_id = aws_subnet.a.id", f'allocation_id = "{EIP}"'),
                mapping(
                    "subnet_id = aws_subnet.b.id", 'allocation_id = "eipalloc-0bbbb1111cccc2222"'
                ),
            ]
        },
        more=SUBNETS,
        met=False,
        service={"load_balancer": None, "health_check_grace_period_seconds": None},
    ),
    balancer("address-type", {"ip_address_type": '"dualstack-without-public-ipv4"'}),
    balancer("log-bucket", {"access_logs": mapping('bucket = ""', "enabled = true")}),
    service(
        "other-vpc",
        {
            **ALONE,
            "network_configuration": mapping(
                "assign_public_ip = true", "subnets = [aws_subnet.a.id, aws_subnet.b.id]"
            ),
        },
        more=VPCS,
        met=False,
    ),
    service(
        "other-vpc",
        {
            **ALONE,
            "network_configuration": mapping(
                "assign_public_ip = true",
                "subnets = [aws_subnet.a.id]",
                "security_groups = [aws_security_group.b.id]",
            ),
        },
        more=VPCS,
        met=False,
    ),
    balancer(
        "other-vpc",
        {"subnet_mapping": None, "subnets": "[aws_subnet.a.id, aws_subnet.b.id]"},
        more=VPCS,
        met=False,
        service=ALONE,
    ),
    balancer(
        "other-vpc",
        {
            "subnet_mapping": None,
            "subnets": "[aws_subnet.a.id]",
            "security_groups": "[aws_security_group.b.id]",
        },
        more=VPCS,
        met=False,
        service=ALONE,
    ),
    listener(
        "other-vpc",
        {},
        more=VPCS,
        balancer={
            "subnet_mapping": mapping("subnet_id = aws_subnet.a.id", f'allocation_id = "{EIP}"')
        },
        group={"vpc_id": "aws_vpc.b.id"},
        service=ALONE,
        met=False,
    ),
    service("no-network", {"network_configuration": None}),
    service("no-subnets", {"network_configuration": PUBLIC.replace(f'"{SUBNET}"', "")}),
    service(
        "network-without-awsvpc",
        {"launch_type": '"EC2"', "network_configuration": PRIVATE},
        task=BRIDGE,
        met=False,
    ),
    service("not-for-fargate", {}, task={"requires_compatibilities": '["EC2"]'}, met=False),
    service("not-for-fargate", {}, task={"requires_compatibilities": "[]"}, met=False),
    service(
        "fargate-network-mode",
        {},
        task={"network_mode": '"bridge"', "requires_compatibilities": None},
        met=False,
    ),
    service(
        "fargate-network-mode",
        {},
        task={"network_mode": None, "requires_compatibilities": None},
        met=False,
        level="warning",
    ),
    service("iam-role", {"iam_role": '"ecs"'}),
    service(
        "iam-role",
        {
            "iam_role": '"ecs"',
            "launch_type": '"EC2"',
            "network_configuration": None,
            "load_balancer": None,
            "health_check_grace_period_seconds": None,
        },
        task=BRIDGE,
        met=False,
    ),
    service("grace-without-load-balancer", {"load_balancer": None}, level="warning"),
    service(
        "placement-strategy",
        {"ordered_placement_strategy": mapping('type = "spread"', f'field = "{ZONE}"')},
    ),
    service(
        "placement-strategy",
        {
            **strategy(("FARGATE", {"weight": 1})),
            "ordered_placement_strategy": mapping('type = "random"'),
        },
        level="warning",
        met=False,
    ),
    service(
        "placement-constraints", {"placement_constraints": mapping('type = "distinctInstance"')}
    ),
    service(
        "placement-constraints",
        {
            **strategy(("FARGATE", {"weight": 1})),
            "placement_constraints": mapping('type = "distinctInstance"'),
        },
        level="warning",
        met=False,
    ),
    service("execute-command-role", {"enable_execute_command": "true"}, level="warning", met=False),
    service(
        "capacity-provider",
        strategy(("machines", {"weight": 1})),
        task=BRIDGE | {"network_mode": '"awsvpc"'},
        more='resource "aws_ecs_cluster_capacity_providers" "p" {\n'
        " cluster_name = aws_ecs_cluster.c.name\n"
        ' capacity_providers = ["FARGATE"]\n}\n',
    ),
    service("capacity-weight", strategy(("FARGATE", {}), ("FARGATE_SPOT", {}))),
    service("capacity-weight", strategy(("FARGATE", {})), level="warning", met=False),
    service(
        "capacity-base",
        strategy(("FARGATE", {"base": 1, "weight": 1}), ("FARGATE_SPOT", {"base": 1})),
    ),
    service(
        "capacity-mixed",
        strategy(("FARGATE", {"weight": 1}), ("machines", {"weight": 1})),
        met=False,
    ),
    service(
        "zone-rebalancing",
        {
            "availability_zone_rebalancing": '"ENABLED"',
            "deployment_maximum_percent": "100",
            "deployment_minimum_healthy_percent": "50",
        },
    ),
    service(
        "zone-rebalancing",
        {
            **strategy(("machines", {"weight": 1})),
            "availability_zone_rebalancing": '"ENABLED"',
            "ordered_placement_strategy": mapping('type = "binpack"', 'field = "cpu"'),
        },
        met=False,
    ),
    service("deployment-percent", {"deployment_maximum_percent": "100"}),
    service("deployment-percent", {"deployment_minimum_healthy_percent": "150"}),
    service(
        "deployment-percent",
        {"deployment_maximum_percent": "50", "deployment_minimum_healthy_percent": "0"},
    ),
    service(
        "platform-of-ec2",
        {"launch_type": '"EC2"', "platform_version": '"1.4.0"', "network_configuration": PRIVATE},
    ),
    service("public-address-of-ec2", {"launch_type": '"EC2"'}),
    service(
        "code-deploy",
        {
            "deployment_controller": mapping('type = "CODE_DEPLOY"'),
            "load_balancer": None,
            "health_check_grace_period_seconds": None,
        },
    ),
    service(
        "circuit-breaker",
        {
            "deployment_controller": mapping('type = "CODE_DEPLOY"'),
            "deployment_circuit_breaker": mapping("enable = true", "rollback = true"),
        },
    ),
    service("connect-namespace", {"service_connect_configuration": CONNECT.format("")}, met=False),
    service(
        "connect-alias",
        {
            "service_connect_configuration": CONNECT.format(
                'namespace = "x"\n service {\n port_name = "http"\n }\n'
            )
        },
        task={"container_definitions": PORTS},
    ),
    service(
        "connect-alias",
        {
            "service_connect_configuration": CONNECT.format(
                'namespace = "x"\n service {\n port_name = "http"\n'
                ' client_alias {\n port = 80\n dns_name = "Web"\n }\n }\n'
            )
        },
        task={"container_definitions": PORTS},
    ),
    service(
        "port-name",
        {
            "service_connect_configuration": CONNECT.format(
                'namespace = "x"\n service {\n port_name = "web"\n'
                " client_alias {\n port = 80\n }\n }\n"
            )
        },
        task={"container_definitions": PORTS},
        met=False,
    ),
    service(
        "registry-port",
        {
            "service_registries": mapping(
                "registry_arn = aws_service_discovery_service.r.arn",
                "container_port = 8080",
                'container_name = "web"',
            )
        },
        more=REGISTRY,
        met=False,
    ),
    service(
        "registry-port",
        {
            "service_registries": mapping(
                'registry_arn = "arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-x"',
                "container_port = 8080",
                "port = 8080",
            )
        },
    ),
    service("volume-name", {"volume_configuration": VOLUME.format("size_in_gb = 1\n")}, met=False),
    service(
        "volume-name",
        {"volume_configuration": VOLUME.format("size_in_gb = 1\n").replace('"data"', '"other"')},
        task={"volume": AT_LAUNCH},
        met=False,
    ),
    service(
        "volume-size",
        {"volume_configuration": VOLUME.format("")},
        task={"volume": AT_LAUNCH},
        met=False,
    ),
    service(
        "volume-speed",
        {
            "volume_configuration": VOLUME.format(
                'size_in_gb = 1\n volume_type = "gp2"\n iops = 3000\n'
            )
        },
        task={"volume": AT_LAUNCH},
        met=False,
    ),
    service(
        "volume-speed",
        {
            "volume_configuration": VOLUME.format(
                'size_in_gb = 1\n volume_type = "io1"\n throughput = 125\n'
            )
        },
        task={"volume": AT_LAUNCH},
        met=False,
    ),
    service(
        "placement-field",
        {
            **strategy(("machines", {"weight": 1})),
            "ordered_placement_strategy": mapping('type = "binpack"', 'field = "disk"'),
        },
        met=False,
    ),
    service(
        "placement-field",
        {
            **strategy(("machines", {"weight": 1})),
            "ordered_placement_strategy": mapping('type = "random"', 'field = "cpu"'),
        },
        met=False,
    ),
    service(
        "placement-field",
        {
            **strategy(("machines", {"weight": 1})),
            "placement_constraints": mapping(
                'type = "distinctInstance"', 'expression = "attribute:x == y"'
            ),
        },
        met=False,
    ),
    service(
        "too-many",
        {
            "network_configuration": PUBLIC.replace(
                f'["{GROUP}"]', '[for n in range(6) : "sg-0aaaa1111bbbb222${n}"]'
            )
        },
    ),
    service("service-name", {"name": '"my service"'}),
    service("desired-count", {"desired_count": "-1"}, met=False),
]
IDS = [f"{case.rule}-{number}" for number, case in enumerate(CASES)]
NOT_IN_PROVIDER_5 = {
    "quic",
    "source-nat-prefix",
    "secondary-addresses",
    "target-control-port",
    "deployment-strategy",
}
"""Arguments of provider 6; their conditions are tried on requests below."""
REPORTED_BY_TRAPS = {
    "instance-targets",
    "launch-type",
    "daemon",
    "internal-elastic-ip",
    "alb-targets",
}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_check_tells_it_once_at_its_line(case, tmp_path):
    directory = case.write(tmp_path)
    found = [p for p in compiled(directory).problems if p.rule != "elastic-ip"]
    assert [(p.rule, str(p.level)) for p in found] == [(case.rule, case.level)], [
        str(p) for p in found
    ]
    (problem,) = found
    assert problem.place.file == case.file
    assert "{" not in problem.message.replace("${", "")
    texts = [row.text for row in ROWS if row.rule == case.rule]
    assert any(not text or "AWS refuses it: " in problem.message for text in texts)


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.met], ids=[i for c, i in zip(CASES, IDS, strict=True) if c.met]
)
def test_the_simulated_aws_refuses_the_same_at_the_wake(case, tmp_path, monkeypatch):
    directory = case.write(tmp_path)
    monkeypatch.setattr(assemble, "check_refusals", lambda *_: None)
    spec = compiled(directory).spec
    assert spec is not None
    outcome = sut_for(spec).wake(minutes=3)
    assert outcome.result is Result.FAILED
    rows = [row for row in ROWS if row.rule == case.rule and row.refused]
    words = [(row.text or row.advice).split("{")[0].split("'")[0] for row in rows]
    assert any(text in outcome.cause for text in words), outcome.cause


def test_every_row_has_a_case_here():
    reported = {case.rule for case in CASES} | NOT_IN_PROVIDER_5 | REPORTED_BY_TRAPS
    assert {row.rule for row in ROWS} <= reported
    assert {row.rule for row in ROWS if row.by_trap} <= REPORTED_BY_TRAPS


def test_every_row_says_where_it_was_read():
    assert all(row.source and row.advice and row.level in Level for row in ROWS)


def test_the_unchanged_directory_has_no_problem(tmp_path):
    assert problems_of(stack_dir(tmp_path)) == []


def test_what_is_not_known_is_no_refusal():
    """It is neither equal nor unequal, neither less nor more, and holds nothing."""
    assert not UNKNOWN
    for same in (UNKNOWN == 1, UNKNOWN != 1, UNKNOWN < 1, UNKNOWN >= 1, 1 in UNKNOWN):
        assert not same
    assert list(UNKNOWN) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"deregistration_delay": "data.aws_ssm_parameter.x.value"},
        {"protocol": "data.aws_ssm_parameter.x.value"},
    ],
)
def test_values_that_are_looked_up_make_no_false_alarm(tmp_path, changes):
    more = 'data "aws_ssm_parameter" "x" {\n name = "/x"\n}\n'
    directory = stack_dir(tmp_path, group=changes, more=more)
    rules = {p.rule for p in compiled(directory).problems}
    assert not rules & {row.rule for row in ROWS}


@pytest.mark.parametrize("lifecycle", ["task_definition", "all"])
def test_what_another_revision_could_mend_is_a_warning(tmp_path, lifecycle):
    entries = "all" if lifecycle == "all" else f"[{lifecycle}]"
    changes = {"lifecycle": f"{{\n ignore_changes = {entries}\n}}"}
    task = {"requires_compatibilities": '["EC2"]'}
    assert problems_of(stack_dir(tmp_path, service=changes, task=task)) == [
        ("not-for-fargate", "warning")
    ]


def test_mutual_authentication_of_a_tls_listener_reaches_aws(tmp_path):
    """Network load balancers have it since 2026-11-19."""
    block = mapping(
        'mode = "verify"',
        'trust_store_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:truststore/x/1"',
        "ignore_client_certificate_expiry = true",
    )
    directory = stack_dir(tmp_path, listener={**TLS, "mutual_authentication": block})
    assert compiled(directory).problems == ()
    sut = sut_for(compiled(directory).spec)
    assert sut.wake().result is Result.CONVERGED
    elbv2 = sut.session.client("elbv2")
    (one,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (found,) = elbv2.describe_listeners(LoadBalancerArn=one["LoadBalancerArn"])["Listeners"]
    assert found["MutualAuthentication"]["Mode"] == "verify"
    assert found["MutualAuthentication"]["IgnoreClientCertificateExpiry"] is True


@pytest.mark.parametrize("mode", ["off", "passthrough"])
def test_other_modes_say_their_name_alone(tmp_path, mode):
    listener_ = {**TLS, "mutual_authentication": mapping(f'mode = "{mode}"')}
    spec = compiled(stack_dir(tmp_path, listener=listener_)).spec
    assert spec[L].request["MutualAuthentication"] == {"Mode": mode}


def found_in(rows, view):
    return [row.rule for row in rows if row.find(view) is not None]


def test_conditions_on_what_only_provider_6_can_say():
    quic = View(request={"SecurityGroups": ["sg-1"]})
    listener_ = ListenerView(request={"Protocol": "QUIC"}, balancer=quic)
    assert found_in(LISTENERS, listener_) == ["quic"]
    assert found_in(LISTENERS, ListenerView(request={"Protocol": "QUIC"})) == []

    request = {"Subnets": ["a"], "EnablePrefixForIpv6SourceNat": "on"}
    assert found_in(LOAD_BALANCERS, BalancerView(request=request)) == ["source-nat-prefix"]
    dual = {**request, "IpAddressType": "dualstack"}
    attributes = {"secondary_ips.auto_assigned.per_subnet": "8"}
    assert found_in(LOAD_BALANCERS, BalancerView(request=dual, attributes=attributes)) == [
        "secondary-addresses"
    ]

    port = {"Protocol": "TCP", "TargetControlPort": 1}
    assert found_in(TARGET_GROUPS, View(request=port)) == ["target-control-port"]

    blue = {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}
    assert found_in(SERVICES, ServiceView(request=blue)) == ["deployment-strategy"]
    ready = {**blue, "loadBalancers": [{"advancedConfiguration": {}}]}
    assert found_in(SERVICES, ServiceView(request=ready)) == []


def test_conditions_that_traps_explain_better_at_check():
    alb = {"TargetType": "alb", "Protocol": "UDP"}
    assert found_in(TARGET_GROUPS, View(request=alb)) == ["alb-targets"]
    both = {
        "launchType": "EC2",
        "capacityProviderStrategy": [{"capacityProvider": "x", "weight": 1}],
    }
    assert found_in(SERVICES, ServiceView(request=both)) == ["launch-type"]
    daemon = {"schedulingStrategy": "DAEMON", "desiredCount": 0}
    assert found_in(SERVICES, ServiceView(request=daemon)) == ["daemon"]
    awsvpc = ServiceView(
        request={"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}},
        task=Task(network_mode="awsvpc"),
        groups=(View(request={"Protocol": "TCP"}),),
    )
    assert found_in(SERVICES, awsvpc) == ["instance-targets"]
    internal = {"Scheme": "internal", "SubnetMappings": [{"SubnetId": "a", "AllocationId": "e"}]}
    assert found_in(LOAD_BALANCERS, BalancerView(request=internal)) == ["internal-elastic-ip"]


def test_one_vpc_is_one_whichever_way_it_is_written(tmp_path):
    """By id and by resource it may be the same; of a data source nobody knows."""
    more = VPCS + 'data "aws_vpc" "d" {\n default = true\n}\n'
    for vpc in ('"vpc-0aaaa1111bbbb2222"', "data.aws_vpc.d.id", "aws_vpc.a.id"):
        mapped = mapping("subnet_id = aws_subnet.a.id", f'allocation_id = "{EIP}"')
        directory = stack_dir(
            tmp_path,
            more=more,
            balancer={"subnet_mapping": mapped},
            group={"vpc_id": vpc},
            service=ALONE,
        )
        assert "other-vpc" not in {rule for rule, _ in problems_of(directory)}


def test_a_network_mode_that_is_left_out_is_a_warning(tmp_path):
    machines = {"launch_type": '"EC2"', "network_configuration": PRIVATE, **ALONE}
    task = {"network_mode": None, "requires_compatibilities": None}
    assert problems_of(stack_dir(tmp_path, service=machines, task=task)) == [
        ("network-without-awsvpc", "warning")
    ]


def test_the_region_of_the_shell_decides_nothing(tmp_path):
    """Only one that the provider block names is sure to be the stack's."""
    abroad = {**TLS, "certificate_arn": CERTIFICATE.replace("eu-central", "us-east")}
    head = HEAD.replace('  region                      = "eu-central-1"\n', "")
    assert problems_of(stack_dir(tmp_path, head=head, listener=abroad)) == []
