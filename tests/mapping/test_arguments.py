"""What becomes of single arguments: honoured, dropped with a word, or refused with a way out."""

from dataclasses import replace

import pytest
from hand_made import (
    OTHER_SUBNET,
    SUBNET,
    B,
    Ref,
    compiled,
    instance,
    rules,
    spec_of,
    stack,
    to_value,
)

from controller.mapping.assemble import Compiled


def one_error(result: Compiled, rule: str):
    assert result.spec is None
    problems = [p for p in result.problems if str(p.level) == "error"]
    assert [p.rule for p in problems] == [rule], [str(p) for p in problems]
    return problems[0]


@pytest.mark.parametrize("type_", [None, "application", "gateway"])
def test_only_network_load_balancers_sleep(type_):
    result = compiled(stack(load_balancer={"load_balancer_type": type_}))
    problem = one_error(result, "load-balancer-type")
    assert 'expected "network"' in problem.message


def test_a_load_balancer_needs_subnets_one_way():
    both = {"subnets": [OTHER_SUBNET]}
    neither = {"subnet_mapping": None}
    for changes in (both, neither):
        one_error(compiled(stack(load_balancer=changes)), "subnets")


def test_access_logs_say_where_only_when_they_are_on():
    logs = {"bucket": "logs", "prefix": "api"}
    on = spec_of(stack(load_balancer={"access_logs": B(**logs, enabled=True)}))["aws_lb.nlb"]
    off = spec_of(stack(load_balancer={"access_logs": B(**logs)}))["aws_lb.nlb"]
    assert on.attributes["access_logs.s3.bucket"] == "logs"
    assert on.attributes["access_logs.s3.prefix"] == "api"
    assert [k for k in off.attributes if "access_logs" in k] == ["access_logs.s3.enabled"]


@pytest.mark.parametrize(("internal", "scheme"), [(True, "internal"), (False, "internet-facing")])
def test_internal_is_the_scheme(internal, scheme):
    mapping = B(subnet_id=SUBNET)
    changes = {"internal": internal, "subnet_mapping": mapping}
    assert spec_of(stack(load_balancer=changes))["aws_lb.nlb"].request["Scheme"] == scheme


def test_mappings_written_twice_count_once():
    """`subnet_mapping` is a set in the schema."""
    mapping = B(subnet_id=SUBNET, allocation_id="eipalloc-1")
    spec = spec_of(stack(load_balancer={"subnet_mapping": [mapping, mapping]}))
    assert len(spec["aws_lb.nlb"].request["SubnetMappings"]) == 1


@pytest.mark.parametrize(
    "name", ["enable_http2", "drop_invalid_header_fields", "preserve_host_header"]
)
def test_what_belongs_to_application_load_balancers_is_dropped_with_a_word(name):
    result = compiled(stack(load_balancer={name: True}))
    assert rules(result) == {"dropped"}
    assert name in result.problems[0].message


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        ("load_balancer", {"customer_owned_ipv4_pool": "x"}),
        ("load_balancer", {"minimum_load_balancer_capacity": B(capacity_units=1)}),
        ("target_group", {"slow_start": 30}),
        ("target_group", {"load_balancing_algorithm_type": "round_robin"}),
        ("listener", {"routing_http_response_server_enabled": True}),
        ("service", {"load_balancer": B(elb_name="x", container_name="api", container_port=5000)}),
    ],
)
def test_what_cannot_be_honoured_is_refused(where, arguments):
    result = compiled(stack(**{where: arguments}))
    assert result.spec is None
    assert "refused" in rules(result, "error")


def test_what_matters_behind_private_link_alone_is_said_and_left_out():
    """A popular module's example asks for it, and is valid."""
    name = "enforce_security_group_inbound_rules_on_private_link_traffic"
    result = compiled(stack(load_balancer={name: "off"}))
    assert result.spec
    assert rules(result) == {"dropped"}
    assert "PrivateLink" in result.problems[0].message


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (
            "load_balancer",
            {"enforce_security_group_inbound_rules_on_private_link_traffic": "on"},
        ),
        ("target_group", {"slow_start": 0, "lambda_multi_value_headers_enabled": False}),
        ("service", {"wait_for_steady_state": False, "force_new_deployment": False}),
    ],
)
def test_defaults_written_out_pass_without_a_word(where, arguments):
    assert compiled(stack(**{where: arguments})).problems == ()


def test_a_target_group_needs_port_protocol_and_vpc():
    for name in ("port", "protocol", "vpc_id"):
        result = compiled(stack(target_group={name: None}))
        assert "missing-argument" in rules(result, "error")


def test_a_target_group_of_an_application_load_balancer_is_refused():
    result = compiled(stack(target_group={"protocol": "HTTP"}))
    assert "protocol" in rules(result, "error")


def test_health_check_fields_stand_beside_the_others():
    check = B(protocol="http", path="/health", matcher="200-299", port="80", interval=10, timeout=5)
    request = spec_of(stack(target_group={"health_check": check}))["aws_lb_target_group.tg"].request
    assert request["HealthCheckProtocol"] == "HTTP"
    assert request["HealthCheckPath"] == "/health"
    assert request["Matcher"] == {"HttpCode": "200-299"}
    assert request["HealthCheckTimeoutSeconds"] == 5
    assert request["HealthCheckEnabled"] is True


def test_without_a_health_check_block_aws_decides():
    request = spec_of(stack())["aws_lb_target_group.tg"].request
    assert not any(key.startswith("Health") for key in request)


def test_a_tcp_health_check_has_no_path():
    check = B(protocol="TCP", path="/")
    problem = one_error(compiled(stack(target_group={"health_check": check})), "health-check")
    assert "path" in problem.message


def test_target_group_attributes_are_text():
    spec = spec_of(
        stack(
            target_group={
                "deregistration_delay": "0",
                "connection_termination": True,
                "preserve_client_ip": "true",
                "proxy_protocol_v2": True,
                "stickiness": B(type="source_ip"),
            }
        )
    )
    assert spec["aws_lb_target_group.tg"].attributes == {
        "deregistration_delay.timeout_seconds": "0",
        "deregistration_delay.connection_termination.enabled": "true",
        "preserve_client_ip.enabled": "true",
        "proxy_protocol_v2.enabled": "true",
        "stickiness.enabled": "true",
        "stickiness.type": "source_ip",
    }


@pytest.mark.parametrize("delay", ["3601", "ten", "-1", "1.5"])
def test_a_delay_that_is_none(delay):
    result = compiled(stack(target_group={"deregistration_delay": delay}))
    assert "value" in rules(result, "error")


def test_the_health_state_of_udp_groups_is_dropped_as_the_provider_does():
    changes = {
        "protocol": "UDP",
        "target_health_state": B(enable_unhealthy_connection_termination=False),
    }
    result = compiled(stack(target_group=changes, listener={"protocol": "UDP"}))
    assert rules(result) == {"dropped"}
    attributes = result.spec["aws_lb_target_group.tg"].attributes
    assert not any("health_state" in key for key in attributes)


def test_a_listener_needs_port_and_protocol():
    for name in ("port", "protocol"):
        assert "missing-argument" in rules(compiled(stack(listener={name: None})), "error")


def test_an_http_listener_is_refused():
    result = compiled(stack(listener={"protocol": "HTTP"}))
    assert "protocol" in rules(result, "error")


def test_a_tls_listener_has_its_certificate_in_a_list():
    tls = {
        "protocol": "TLS",
        "certificate_arn": "arn:aws:acm:us-east-1:1:certificate/x",
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "alpn_policy": "HTTP2Preferred",
    }
    request = spec_of(stack(listener=tls))["aws_lb_listener.l"].request
    assert request["Certificates"] == [{"CertificateArn": tls["certificate_arn"]}]
    assert request["AlpnPolicy"] == ["HTTP2Preferred"]
    one_error(compiled(stack(listener={**tls, "certificate_arn": None})), "missing-argument")


def test_an_idle_timeout_of_a_listener_is_an_attribute():
    spec = spec_of(stack(listener={"tcp_idle_timeout_seconds": 120}))
    assert spec["aws_lb_listener.l"].attributes == {"tcp.idle_timeout.seconds": "120"}


def test_an_action_forwards_one_way():
    arn = Ref("aws_lb_target_group.tg.arn")
    forward = B(target_group=B(arn=arn))
    spec = spec_of(stack(listener={"default_action": B(type="forward", forward=forward)}))
    (action,) = spec["aws_lb_listener.l"].request["DefaultActions"]
    assert action["ForwardConfig"] == {
        "TargetGroups": [{"TargetGroupArn": {"$ref": "aws_lb_target_group.tg.arn"}, "Weight": 1}],
    }
    both = B(type="forward", target_group_arn=arn, forward=forward)
    neither = B(type="forward")
    for block in (both, neither):
        result = compiled(stack(listener={"default_action": block}))
        assert "action" in rules(result, "error")


def test_an_action_that_only_application_load_balancers_take():
    action = B(type="redirect", redirect=B(status_code="HTTP_301"))
    result = compiled(stack(listener={"default_action": action}))
    assert rules(result, "error") == {"action"}


def test_a_service_with_a_capacity_provider_strategy():
    strategy = [
        B(capacity_provider="FARGATE_SPOT", weight=3),
        B(capacity_provider="FARGATE", weight=1, base=1),
    ]
    changes = {"launch_type": None, "capacity_provider_strategy": strategy}
    request = spec_of(stack(service=changes))["aws_ecs_service.svc"].request
    assert request["capacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
        {"base": 1, "capacityProvider": "FARGATE", "weight": 1},
    ]
    assert "launchType" not in request
    one_error(compiled(stack(service={**changes, "launch_type": "FARGATE"})), "launch-type")


def test_services_that_dormouse_could_not_wake():
    daemon = compiled(stack(service={"scheduling_strategy": "DAEMON"}))
    external = compiled(stack(service={"deployment_controller": B(type="EXTERNAL")}))
    idle = compiled(stack(service={"task_definition": None}))
    for result, rule in ((daemon, "value"), (external, "deployment-controller")):
        one_error(result, rule)
    one_error(idle, "missing-argument")


def test_words_that_the_api_does_not_know_are_refused_at_their_line():
    result = compiled(stack(service={"launch_type": "FARGAT"}))
    problem = one_error(result, "value")
    assert "FARGATE" in problem.message
    assert str(problem.place) == "main.tf:75"


def test_numbers_out_of_range_are_refused_at_their_line():
    result = compiled(stack(listener={"port": 65536}))
    problem = one_error(result, "value")
    assert str(problem.place) == "main.tf:52"


def test_numbers_too_small_are_refused_too():
    check = B(protocol="TCP", interval=10, timeout=5, healthy_threshold=1)
    problem = one_error(compiled(stack(target_group={"health_check": check})), "request")
    assert "HealthyThresholdCount" in problem.message


def test_a_protocol_that_does_not_exist_is_refused_at_its_line():
    result = compiled(stack(target_group={"protocol": "TCPP"}))
    problem = next(p for p in result.problems if p.rule == "value")
    assert str(problem.place) == "main.tf:34"


def test_a_name_that_is_not_known_is_refused():
    name = Ref("data.aws_ssm_parameter.n.value")
    parameter = instance("data.aws_ssm_parameter.n", {"name": "/x"})
    problem = one_error(compiled(stack(parameter, load_balancer={"name": name})), "unknown-value")
    assert "data.aws_ssm_parameter.n" in problem.message


def test_a_sensitive_value_in_the_spec_is_a_warning_that_does_not_show_it():
    secret = replace(to_value("hush"), sensitive=True)
    result = compiled(stack(load_balancer={"tags": {"A": secret}}))
    assert rules(result) == {"sensitive"}
    assert "hush" not in result.problems[0].message


def test_a_sensitive_value_that_is_wrong_is_not_shown_either():
    secret = replace(to_value("hush_hush"), sensitive=True)
    result = compiled(stack(load_balancer={"name": secret}))
    assert rules(result) == {"name", "sensitive"}
    assert "hush" not in " ".join(problem.message for problem in result.problems)
