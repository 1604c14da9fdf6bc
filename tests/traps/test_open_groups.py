"""Who has to be let in to the task: the load balancer, or its clients themselves."""

import pytest

from controller.domain.planning.client_addresses import sees_clients
from traps.stack_directory import SERVICE, SUBNET, compiled, stack_dir

OPEN = """
resource "aws_security_group" "t" {{
  name   = "garden-task"
  vpc_id = "vpc-0aaaa1111bbbb2222"
  ingress {{
    from_port   = {port}
    to_port     = {port}
    protocol    = "{protocol}"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
"""
NETWORK = SERVICE["network_configuration"].replace(
    '"sg-0aaaa1111bbbb2222"', "aws_security_group.t.id"
)


def advice(tmp_path, *, port=8080, protocol="tcp", **parts):
    more = OPEN.format(port=port, protocol=protocol)
    service = {"network_configuration": NETWORK}
    problems = compiled(stack_dir(tmp_path, service=service, more=more, **parts)).problems
    return [p.message for p in problems if p.rule == "open-security-group"]


def speaking(protocol, **group):
    return {
        "listener": {"protocol": f'"{protocol}"'},
        "group": {"protocol": f'"{protocol}"', **group},
    }


@pytest.mark.parametrize("parts", [{}, speaking("TCP", preserve_client_ip="false")])
def test_who_sees_the_load_balancer_alone_may_let_in_that_alone(tmp_path, parts):
    (message,) = advice(tmp_path, **parts)
    assert "load balancer's subnets or security group only" in message


@pytest.mark.parametrize(
    ("protocol", "parts"),
    [
        ("udp", speaking("UDP")),
        ("17", speaking("UDP")),
        ("-1", speaking("UDP")),
        ("udp", speaking("TCP_UDP")),
        ("tcp", speaking("TCP_UDP")),
        ("tcp", speaking("TCP", preserve_client_ip="true")),
        ("tcp", speaking("TCP", preserve_client_ip='"1"')),
    ],
)
def test_no_advice_shuts_the_clients_out(tmp_path, protocol, parts):
    assert advice(tmp_path, protocol=protocol, port=0 if protocol == "-1" else 8080, **parts) == []


@pytest.mark.parametrize(("protocol", "port"), [("tcp", 8080), ("udp", 22)])
def test_another_open_port_is_reported_beside_the_clients_own(tmp_path, protocol, port):
    assert len(advice(tmp_path, protocol=protocol, port=port, **speaking("UDP"))) == 1


def test_a_group_of_the_load_balancer_admits_its_clients(tmp_path):
    balancer = {"security_groups": '["sg-0cccc1111dddd2222"]'}
    (message,) = advice(tmp_path, protocol="udp", balancer=balancer, **speaking("UDP"))
    assert "security group only: its clients come by that" in message


def test_an_internal_load_balancer_has_clients_of_its_own(tmp_path):
    mapping = f'{{\n subnet_id = "{SUBNET}"\n}}'
    balancer = {"internal": "true", "subnet_mapping": mapping}
    (message,) = advice(tmp_path, protocol="udp", balancer=balancer, **speaking("UDP"))
    assert "the networks of its clients" in message


@pytest.mark.parametrize(
    ("type_", "protocol", "preserved", "seen"),
    [
        ("ip", "TCP", None, False),
        ("ip", "TLS", None, False),
        ("ip", "TCP", "true", True),
        ("ip", "UDP", None, True),
        ("ip", "TCP_UDP", "false", True),
        ("instance", "TCP", None, True),
        ("instance", "TCP", "false", False),
    ],
)
def test_whose_addresses_a_task_sees(type_, protocol, preserved, seen):
    assert sees_clients(type_, protocol, preserved) is seen
