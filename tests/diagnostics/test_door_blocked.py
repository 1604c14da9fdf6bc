"""Whether the door reaches a stack: it comes from the internet, under addresses that change."""

from __future__ import annotations

import pytest

from controller.domain.diagnostics.deployment import Room
from diagnostics.exam import VPC
from factories import LB, SERVICE, article_spec, listener, load_balancer, service, target_group

ANYWHERE = {"port": 5000, "cidr": "0.0.0.0/0"}
OFFICE = {"port": 5000, "cidr": "198.51.100.0/24"}


def blocked(exam, spec):
    """Address to message of each thing that keeps the door out."""
    found = [each for each in exam.findings(spec) if each.check == "door-blocked"]
    assert {str(each.level) for each in found} <= {"warning"}
    return {each.subject: each.message for each in found}


def group(exam, name, *ingress):
    thing = {"name": name, "vpc": VPC, "ingress": list(ingress)}
    return exam.sut.aws.furnish(security_groups=[thing])["security_groups"][name]


def spec_of(*, balancer=None, tasks=None, sees_clients=False, port=5000, scheme=None):
    """The article's stack with these security groups."""
    network = {"awsvpcConfiguration": {"subnets": [SUBNET], "assignPublicIp": "ENABLED"}}
    if tasks:
        network["awsvpcConfiguration"]["securityGroups"] = [tasks]
    requested = {"SecurityGroups": [balancer]} if balancer else {}
    if scheme:
        requested["Scheme"] = scheme
    attributes = {"preserve_client_ip.enabled": str(sees_clients).lower()}
    return article_spec(
        resources=(
            target_group(attributes=attributes),
            load_balancer(request=requested),
            listener(request={"Port": port}),
            service(request={"networkConfiguration": network}),
        ),
        endpoint={"port": port, "open_path": "/"},
    )


SUBNET = "subnet-0a1b2c3d4e5f60718"


def test_a_stack_that_admits_everybody_is_open_to_the_door(exam):
    balancer, tasks = group(exam, "front", ANYWHERE), group(exam, "back", ANYWHERE)
    assert blocked(exam, spec_of(balancer=balancer, tasks=tasks, sees_clients=True)) == {}
    assert blocked(exam, spec_of()) == {}


@pytest.mark.parametrize(
    ("ingress", "words"),
    [
        ([OFFICE], "admits tcp 5000 from 198.51.100.0/24 alone"),
        ([], "admits tcp 5000 from nowhere"),
        ([{"port": 80, "cidr": "0.0.0.0/0"}], "from nowhere"),
        ([{"port": 5000, "protocol": "udp", "cidr": "0.0.0.0/0"}], "from nowhere"),
        ([{"port": 5000, "cidr": "::/0"}], "from ::/0 alone"),
    ],
)
def test_the_load_balancers_group_may_keep_the_door_out(exam, ingress, words):
    found = blocked(exam, spec_of(balancer=group(exam, "front", *ingress)))
    assert list(found) == [LB]
    assert words in found[LB]
    assert "Admit 0.0.0.0/0" in found[LB]


def test_it_is_the_listeners_port_that_counts_at_the_load_balancer(exam):
    balancer = group(exam, "front", {"port": 80, "cidr": "0.0.0.0/0"})
    assert blocked(exam, spec_of(balancer=balancer, port=80)) == {}


def test_the_tasks_group_counts_where_tasks_see_their_clients(exam):
    tasks = group(exam, "back", OFFICE)
    assert list(blocked(exam, spec_of(tasks=tasks, sees_clients=True))) == [SERVICE]
    assert blocked(exam, spec_of(tasks=tasks, sees_clients=False)) == {}


def test_an_internal_load_balancer_has_no_way_in_from_the_internet(exam):
    found = blocked(exam, spec_of(scheme="internal"))
    assert "the load balancer is internal" in found[LB]


@pytest.mark.parametrize(("free", "held"), [(1000, 500), (980, 490), (10, 5), (1, 1), (0, 1)])
def test_the_door_holds_half_of_what_is_free_and_one_at_least(free, held):
    assert Room(most=1000, free=free).held == held
