"""AWS behaviour §1.5."""

import pytest
from simulated_stack import missing, refused


@pytest.fixture
def front(stack):
    return stack.create_balancer(), stack.create_group()


def test_a_listener_can_be_made_while_the_balancer_is_provisioning(stack, front):
    """§1.8: only the ARNs are needed."""
    balancer, group = front
    arn = stack.create_listener(balancer, group)
    name = balancer.partition(":loadbalancer/")[2]
    assert f":listener/{name}/" in arn
    stack.pass_time(2)
    found = stack.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]
    assert found["DefaultActions"][0]["TargetGroupArn"] == group
    assert found["DefaultActions"][0]["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": group}
    ]
    assert "SslPolicy" not in found


def test_a_fresh_listener_is_read_late(stack, front):
    """F13."""
    stack.pass_time(2)
    arn = stack.create_listener(*front)
    with refused("ListenerNotFound"):
        stack.elbv2.describe_listeners(ListenerArns=[arn])
    assert stack.elbv2.describe_listeners(LoadBalancerArn=front[0])["Listeners"] == []
    stack.pass_time(2)
    assert len(stack.elbv2.describe_listeners(ListenerArns=[arn])["Listeners"]) == 1


def test_the_same_listener_again_is_the_same(stack, front):
    """F12."""
    arn = stack.create_listener(*front)
    assert stack.create_listener(*front) == arn
    other = stack.create_group(Name="other")
    text = "A listener already exists on this port for this load balancer"
    with refused("DuplicateListener", f"{text} '{front[0]}'"):
        stack.create_listener(front[0], other)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Protocol": "HTTP"}, "UnsupportedProtocol"),
        ({"Protocol": "UDP"}, "IncompatibleProtocols"),
        ({"Protocol": "TLS"}, "ValidationError"),
        ({"Protocol": None}, "ValidationError"),
        ({"DefaultActions": []}, "ValidationError"),
        ({"DefaultActions": [{"Type": "fixed-response"}]}, "InvalidLoadBalancerAction"),
    ],
)
def test_what_does_not_fit_a_network_load_balancer_is_refused(stack, front, changes, code):
    with refused(code):
        stack.create_listener(*front, **changes)


def test_it_needs_both_ends(stack, front):
    balancer, group = front
    with refused("LoadBalancerNotFound"):
        stack.create_listener(missing(balancer), group)
    with refused("TargetGroupNotFound"):
        stack.create_listener(balancer, missing(group))


def test_deleting_the_balancer_takes_its_listeners_along(stack, front):
    arn = stack.create_listener(*front)
    stack.pass_time(2)
    stack.elbv2.delete_load_balancer(LoadBalancerArn=front[0])
    with refused("ListenerNotFound"):
        stack.elbv2.describe_listeners(ListenerArns=[arn])
    with refused("ListenerNotFound"):
        stack.elbv2.delete_listener(ListenerArn=arn)


def test_a_listener_can_move_to_another_port_and_group(stack, front):
    arn = stack.create_listener(*front)
    stack.create_listener(front[0], front[1], Port=5001)
    with refused("DuplicateListener"):
        stack.elbv2.modify_listener(ListenerArn=arn, Port=5001)
    other = stack.create_group(Name="other")
    forward = [{"Type": "forward", "TargetGroupArn": other}]
    found = stack.elbv2.modify_listener(ListenerArn=arn, Port=80, DefaultActions=forward)
    assert found["Listeners"][0]["Port"] == 80
    assert found["Listeners"][0]["DefaultActions"][0]["TargetGroupArn"] == other


def test_its_idle_timeout_is_a_listeners_attribute(stack, front):
    """§1.3: not the load balancer's."""
    arn = stack.create_listener(*front)
    wanted = [{"Key": "tcp.idle_timeout.seconds", "Value": "60"}]
    stack.elbv2.modify_listener_attributes(ListenerArn=arn, Attributes=wanted)
    stack.pass_time(2)
    assert stack.elbv2.describe_listener_attributes(ListenerArn=arn)["Attributes"] == wanted
    with refused("ValidationError", "between '60' and '6000'"):
        stack.elbv2.modify_listener_attributes(
            ListenerArn=arn, Attributes=[{"Key": "tcp.idle_timeout.seconds", "Value": "59"}]
        )


def test_certificates_make_a_tls_listener(stack, front):
    certificate = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}
    arn = stack.create_listener(*front, Protocol="TLS", Port=443, Certificates=[certificate])
    found = stack.elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    assert found == [{**certificate, "IsDefault": True}]
