"""Each trap fires on its mistake alone, at its line; the flawless stack is silent."""

import pytest
from hand_made import (
    ALLOCATION,
    LISTENER,
    LOAD_BALANCER,
    OTHER_SUBNET,
    SERVICE,
    SUBNET,
    TARGET_GROUP,
    VPC,
    B,
    Ref,
    compiled,
    instance,
    rules,
    stack,
)


def network(**changes):
    return {"network_configuration": B({**SERVICE["network_configuration"], **changes})}


def only_problem(world, rule, level):
    result = compiled(world)
    assert [(p.rule, str(p.level)) for p in result.problems] == [(rule, level)], [
        str(p) for p in result.problems
    ]
    assert (result.spec is None) == (level == "error")
    (problem,) = result.problems
    assert "\n" not in problem.message
    return problem


def test_a_retired_platform_version_is_replaced():
    """The article pins 1.3.0, on which AWS starts nothing any more (AWS behaviour §2.3)."""
    world = stack(service={"platform_version": "1.3.0"})
    problem = only_problem(world, "platform-version", "warning")
    assert str(problem.place) == "main.tf:79"
    service = compiled(world).spec["aws_ecs_service.svc"]
    assert service.request["platformVersion"] == "1.4.0"


def test_windows_has_platform_versions_of_its_own():
    windows = {"runtime_platform": B(operating_system_family="WINDOWS_SERVER_2022_CORE")}
    result = compiled(stack(service={"platform_version": "1.0.0"}, task=windows))
    assert result.problems == ()
    assert result.spec["aws_ecs_service.svc"].request["platformVersion"] == "1.0.0"


@pytest.mark.parametrize("version", ["1.4.0", "LATEST"])
def test_current_platform_versions_stay(version):
    result = compiled(stack(service={"platform_version": version}))
    assert result.problems == ()
    assert result.spec["aws_ecs_service.svc"].request["platformVersion"] == version


def test_deletion_protection():
    world = stack(load_balancer={"enable_deletion_protection": True})
    problem = only_problem(world, "deletion-protection", "error")
    assert str(problem.place) == "main.tf:14"


def test_an_idle_timeout_is_dropped_as_terraform_does():
    world = stack(load_balancer={"idle_timeout": 60})
    problem = only_problem(world, "idle-timeout", "warning")
    assert "tcp_idle_timeout_seconds" in problem.message
    attributes = compiled(world).spec["aws_lb.nlb"].attributes
    assert not any("idle" in key for key in attributes)


def test_a_container_that_the_task_does_not_have():
    entry = B({**SERVICE["load_balancer"], "container_name": "web"})
    problem = only_problem(stack(service={"load_balancer": entry}), "container-name", "warning")
    assert '"web"' in problem.message and "api" in problem.message


def test_a_port_that_the_container_does_not_map():
    entry = B({**SERVICE["load_balancer"], "container_port": 6000})
    result = compiled(stack(service={"load_balancer": entry}))
    assert rules(result, "warning") == {"container-port", "target-group-port"}
    assert result.spec is not None


def test_a_port_that_is_not_the_target_groups():
    only_problem(stack(target_group={"port": 80}), "target-group-port", "warning")


def test_container_definitions_are_read_in_any_case():
    """As AWS's JSON readers do: Terraform users write `Name` as well as `name`."""
    task = {"container_definitions": '[{"Name": "api", "PortMappings": [{"ContainerPort": 5000}]}]'}
    assert compiled(stack(task=task)).problems == ()


def test_container_definitions_that_are_no_json():
    task = {"container_definitions": "[{"}
    problem = only_problem(stack(task=task), "container-definitions", "error")
    assert str(problem.place) == "main.tf:113"


def test_container_definitions_that_are_not_known_are_not_judged():
    task = {"container_definitions": Ref("data.aws_x.y.text")}
    assert compiled(stack(task=task)).problems == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 33, "33 characters"),
        ("snake_case", "letters, digits and hyphens"),
        ("ends-", "begins or ends with a hyphen"),
        ("internal-api", "keeps for itself"),
    ],
)
def test_names_that_aws_does_not_take(name, words):
    problem = only_problem(stack(load_balancer={"name": name}), "name", "error")
    assert words in problem.message
    assert str(problem.place) == "main.tf:11"


def test_a_service_may_have_an_underscore():
    assert compiled(stack(service={"name": "nsfw_api_service"})).problems == ()


def test_two_of_one_name():
    mapping = B(subnet_id=SUBNET, allocation_id="eipalloc-2")
    twin = instance("aws_lb.twin", {**LOAD_BALANCER, "subnet_mapping": mapping}, line=300)
    problem = only_problem(stack(twin), "name", "error")
    assert problem.address == "aws_lb.twin"
    assert "aws_lb.nlb" in problem.message


def test_services_of_one_name_may_live_in_two_clusters():
    twin = {**SERVICE, "cluster": "other"}
    twin.pop("load_balancer")
    twin.pop("health_check_grace_period_seconds")
    assert compiled(stack(instance("aws_ecs_service.twin", twin, line=300))).problems == ()


def test_instances_as_targets_of_tasks_with_their_own_interfaces():
    problem = only_problem(stack(target_group={"target_type": None}), "target-type", "error")
    assert "Terraform's default" in problem.message
    assert problem.address == "aws_lb_target_group.tg"


def test_a_missing_grace_period():
    service = {"health_check_grace_period_seconds": None}
    only_problem(stack(service=service), "grace-period", "warning")


@pytest.mark.parametrize("delay", [None, "300", "61"])
def test_a_drain_delay_that_makes_every_sleep_longer(delay):
    world = stack(target_group={"deregistration_delay": delay})
    problem = only_problem(world, "drain-delay", "warning")
    assert (delay or "300") in problem.message


def test_a_health_check_without_protocol_is_http():
    world = stack(target_group={"health_check": B(interval=10, timeout=5)})
    problem = only_problem(world, "health-check-protocol", "warning")
    assert str(problem.place) == "main.tf:37"


@pytest.mark.parametrize(
    ("check", "fires"),
    [
        (B(protocol="TCP", interval=5), True),
        (B(protocol="TCP", interval=5, timeout=3), False),
        (B(protocol="HTTP", interval=5, timeout=5), True),
        (B(protocol="HTTP", interval=10), False),
        (B(protocol="TCP"), False),
    ],
)
def test_a_health_check_that_waits_longer_than_its_interval(check, fires):
    result = compiled(stack(target_group={"health_check": check}))
    assert rules(result) == ({"health-check-timeout"} if fires else set())


def test_a_desired_count_of_nothing():
    only_problem(stack(service={"desired_count": None}), "desired-count", "warning")


def test_protocols_that_do_not_go_together():
    problem = only_problem(stack(listener={"protocol": "UDP"}), "protocols", "error")
    assert "UDP or TCP_UDP" in problem.message


def test_a_protocol_that_no_network_load_balancer_has_is_reported_once():
    result = compiled(stack(target_group={"protocol": "HTTP"}))
    assert rules(result, "error") == {"protocol"}


def test_a_port_taken_twice():
    twin = instance("aws_lb_listener.twin", LISTENER, line=300)
    problem = only_problem(stack(twin), "port", "error")
    assert problem.address == "aws_lb_listener.twin"


def test_a_target_group_that_no_listener_forwards_to():
    other = instance("aws_lb_target_group.x", {**TARGET_GROUP, "name": "x"}, line=300)
    entry = B({**SERVICE["load_balancer"], "target_group_arn": Ref(f"{other.address}.arn")})
    problem = only_problem(stack(other, service={"load_balancer": entry}), "attachment", "error")
    assert problem.address == "aws_ecs_service.svc"


def test_a_target_group_behind_two_load_balancers():
    mapping = B(subnet_id=SUBNET, allocation_id="eipalloc-2")
    balancer = {**LOAD_BALANCER, "name": "two", "subnet_mapping": mapping}
    listener = {**LISTENER, "load_balancer_arn": Ref("aws_lb.two.arn")}
    others = (
        instance("aws_lb.two", balancer, line=300),
        instance("aws_lb_listener.two", listener, line=320),
    )
    problem = only_problem(stack(*others), "attachment", "error")
    assert problem.address == "aws_lb_target_group.tg"


def test_one_elastic_ip_for_two_subnets():
    mappings = [
        B(subnet_id=SUBNET, allocation_id=ALLOCATION),
        B(subnet_id=OTHER_SUBNET, allocation_id=ALLOCATION),
    ]
    problem = only_problem(stack(load_balancer={"subnet_mapping": mappings}), "elastic-ip", "error")
    assert "already" in problem.message


def test_an_internal_load_balancer_with_an_elastic_ip():
    only_problem(stack(load_balancer={"internal": True}), "elastic-ip", "error")


def test_a_public_load_balancer_without_elastic_ip():
    world = stack(load_balancer={"subnet_mapping": B(subnet_id=SUBNET)})
    only_problem(world, "elastic-ip", "warning")


def test_an_internal_load_balancer_needs_none():
    world = stack(load_balancer={"internal": True, "subnet_mapping": B(subnet_id=SUBNET)})
    assert compiled(world).problems == ()


def test_a_service_in_a_subnet_that_the_load_balancer_does_not_serve():
    """The article's own trap (AWS behaviour §1.11): offline the zones are not known."""
    problem = only_problem(
        stack(service=network(subnets=[SUBNET, OTHER_SUBNET])), "zones", "warning"
    )
    assert OTHER_SUBNET in problem.message and SUBNET not in problem.message
    assert "aws_lb.nlb" in problem.message


def subnets(*zones):
    return [
        instance(
            f"aws_subnet.s{n}",
            {"vpc_id": VPC, "cidr_block": f"10.0.{n}.0/24", "availability_zone": zone},
            line=300 + n,
        )
        for n, zone in enumerate(zones)
    ]


@pytest.mark.parametrize(
    ("zones", "level"),
    [(("us-east-1a", "us-east-1c"), "error"), (("us-east-1a", "us-east-1a"), "")],
)
def test_where_zones_are_written_down_they_decide(zones, level):
    mapping = B(subnet_id=Ref("aws_subnet.s0.id"), allocation_id=ALLOCATION)
    world = stack(
        *subnets(*zones),
        load_balancer={"subnet_mapping": mapping},
        service=network(subnets=[Ref("aws_subnet.s1.id")]),
    )
    result = compiled(world)
    assert [(p.rule, str(p.level)) for p in result.problems] == (
        [("zones", level)] if level else []
    )


def test_one_bad_zone_among_good_ones_is_a_warning():
    mapping = B(subnet_id=Ref("aws_subnet.s0.id"), allocation_id=ALLOCATION)
    both = [Ref("aws_subnet.s0.id"), Ref("aws_subnet.s1.id")]
    world = stack(
        *subnets("us-east-1a", "us-east-1c"),
        load_balancer={"subnet_mapping": mapping},
        service=network(subnets=both),
    )
    assert "aws_subnet.s1 is not" in only_problem(world, "zones", "warning").message


def test_a_load_balancer_by_subnets_serves_them():
    world = stack(
        load_balancer={"subnet_mapping": None, "subnets": [SUBNET, OTHER_SUBNET], "internal": True},
        service=network(subnets=[OTHER_SUBNET]),
    )
    assert compiled(world).problems == ()


def test_a_task_without_a_way_out():
    problem = only_problem(stack(service=network(assign_public_ip=False)), "route-out", "warning")
    assert "assign_public_ip" in problem.message


@pytest.mark.parametrize("type_", ["aws_nat_gateway", "aws_vpc_endpoint"])
def test_a_nat_gateway_or_an_endpoint_is_a_way_out(type_):
    world = stack(instance(f"{type_}.x", {}), service=network(assign_public_ip=False))
    assert compiled(world).problems == ()


GROUP = instance("aws_security_group.g", {"name": "g", "vpc_id": VPC}, line=400)
INLINE = instance(
    "aws_security_group.g",
    {"name": "g", "vpc_id": VPC, "ingress": B(cidr_blocks=["0.0.0.0/0"], from_port=5000)},
    line=400,
)
RULE = instance(
    "aws_security_group_rule.r",
    {
        "type": "ingress",
        "security_group_id": Ref("aws_security_group.g.id"),
        "cidr_blocks": ["::/0"],
    },
    line=420,
)
NEW_RULE = instance(
    "aws_vpc_security_group_ingress_rule.r",
    {"security_group_id": Ref("aws_security_group.g.id"), "cidr_ipv4": "0.0.0.0/0"},
    line=420,
)
EGRESS = instance(
    "aws_security_group_rule.e",
    {
        "type": "egress",
        "security_group_id": Ref("aws_security_group.g.id"),
        "cidr_blocks": ["0.0.0.0/0"],
    },
    line=420,
)
NARROW = instance(
    "aws_security_group_rule.n",
    {
        "type": "ingress",
        "security_group_id": Ref("aws_security_group.g.id"),
        "cidr_blocks": ["10.0.0.0/16"],
    },
    line=420,
)


@pytest.mark.parametrize("others", [(INLINE,), (GROUP, RULE), (GROUP, NEW_RULE)])
def test_a_security_group_that_lets_everybody_in(others):
    groups = network(security_groups=[Ref("aws_security_group.g.id")])
    problem = only_problem(stack(*others, service=groups), "open-security-group", "warning")
    assert "aws_security_group.g" in problem.message


def test_egress_and_narrow_rules_are_no_open_door():
    groups = network(security_groups=[Ref("aws_security_group.g.id")])
    assert compiled(stack(GROUP, EGRESS, NARROW, service=groups)).problems == ()
