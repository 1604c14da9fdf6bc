"""What a resource is, whatever the files call it; and what one spec leaves behind of another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.planning.spec import Kind, references
from controller.domain.planning.spec_identity import (
    Home,
    find_by_arn,
    identities,
    is_replaced,
    left_behind,
    may_share_place,
)
from factories import LB, LISTENER, SERVICE, TG, article_spec, load_balancer, service, target_group

HOME = Home(region="us-east-1", account="111111111111")
ROLE_A = "arn:aws:iam::111111111111:role/dormouse"
ROLE_B = "arn:aws:iam::222222222222:role/dormouse"
PARTS = {LB: load_balancer, TG: target_group, SERVICE: service}
CLUSTER = article_spec()[SERVICE].request["cluster"]


def changed(address, **request):
    resources = [
        PARTS[address](request=request) if each.address == address else each
        for each in article_spec().resources
    ]
    return article_spec(resources=tuple(resources))


def moved(new_addresses):
    resources = []
    for each in article_spec().resources:
        address = new_addresses.get(each.address, each.address)
        resources.append(replace(each, address=address, source="other.tf:99"))
    return article_spec(resources=tuple(resources))


BY_TAG = {"$look_up": "cluster", "tags": {"Name": "api"}, "attribute": "arn", "of": "one"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (article_spec(), article_spec(region=None)),
        (article_spec(region=None), article_spec()),
        (article_spec(), moved({LB: "module.front.aws_lb.this", SERVICE: "aws_ecs_service.x"})),
        (article_spec(), changed(SERVICE, cluster={**CLUSTER, "of": "aws_ecs_cluster.main"})),
        (changed(SERVICE, cluster=BY_TAG), changed(SERVICE, cluster={**BY_TAG, "of": "other"})),
        (
            changed(SERVICE, cluster={"$join": ["a-", BY_TAG]}),
            changed(SERVICE, cluster={"$join": ["a-", {**BY_TAG, "of": "other"}]}),
        ),
        (article_spec(), changed(SERVICE, cluster="nsfw_api_cluster")),
        (
            changed(SERVICE, cluster="arn:aws:ecs:us-east-1:111111111111:cluster/nsfw_api_cluster"),
            article_spec(),
        ),
        (article_spec(), changed(SERVICE, desiredCount=3)),
        (article_spec(), article_spec(role_arn=ROLE_A)),
        (article_spec(role_arn=ROLE_A), article_spec(role_arn=ROLE_A.replace("dor", "other"))),
    ],
    ids=[
        "region left out",
        "region written out",
        "other addresses",
        "the cluster's address",
        "the address of a cluster that is not found by name",
        "an address inside a computed name",
        "the cluster by name",
        "the cluster by ARN",
        "count",
        "a role of the same account",
        "another role of the same account",
    ],
)
def test_what_is_written_otherwise_is_the_same(old, new):
    assert identities(old, HOME).keys() == identities(new, HOME).keys()
    assert left_behind(old, new, HOME) is None


@pytest.mark.parametrize(
    ("new", "names"),
    [
        (changed(LB, Name="front"), ["ecs-nlb", "port 5000"]),
        (changed(TG, Name="targets"), ["ecs-target-group"]),
        (changed(SERVICE, serviceName="api"), ["nsfw_api_service"]),
        (changed(SERVICE, cluster={**CLUSTER, "name": "other"}), ["nsfw_api_service"]),
        (article_spec(resources=article_spec().resources[:3]), ["nsfw_api_service"]),
    ],
    ids=["load balancer", "target group", "service", "cluster", "taken out"],
)
def test_only_what_has_another_name_is_left_behind(new, names):
    left = left_behind(article_spec(), new, HOME)
    assert [each.name for each in left.resources] == names
    assert all(is_replaced(each.address) for each in left.resources)
    known = {each.address for each in left.resources}
    assert all(address in known for each in left.resources for address in each.after)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"region": "eu-west-1"}, " in us-east-1"),
        ({"role_arn": ROLE_B}, " of account 111111111111"),
        (
            {"role_arn": ROLE_B, "region": "eu-west-1"},
            " in us-east-1 of account 111111111111",
        ),
    ],
    ids=["region", "account", "both"],
)
def test_all_of_it_is_left_behind_elsewhere(change, where):
    left = left_behind(article_spec(region=None), article_spec(**change), HOME)
    assert len(left.resources) == 4
    assert (left.region, left.role_arn) == ("us-east-1", None)
    assert left.of_kind(Kind.LOAD_BALANCER)[0].address == f"{LB} (replaced: ecs-nlb{where})"


def test_in_doubt_about_the_account_it_is_another():
    """What is asked to sleep in vain costs nothing."""
    left = left_behind(article_spec(), article_spec(role_arn=ROLE_A), Home(region="us-east-1"))
    assert len(left.resources) == 4


def test_what_is_left_in_the_same_account_is_looked_at_in_the_role_given_now():
    new = replace(changed(LB, Name="front"), role_arn=ROLE_A)
    assert left_behind(article_spec(), new, HOME).role_arn == ROLE_A
    other = article_spec(role_arn=ROLE_B)
    assert left_behind(article_spec(role_arn=ROLE_A), other, HOME).role_arn == ROLE_A


def test_references_follow_the_addresses():
    left = left_behind(article_spec(), article_spec(region="eu-west-1"), HOME)
    known = {each.address for each in left.resources}
    named = {
        reference["$ref"].rpartition(".")[0]
        for each in left.resources
        for reference in references(each.request)
        if "$ref" in reference
    }
    assert named <= known
    assert len(named) == 2


def test_what_was_left_before_keeps_its_addresses():
    left = left_behind(article_spec(), changed(LB, Name="front"), HOME)
    assert left_behind(left, changed(LB, Name="third"), HOME) == left
    assert left_behind(left, article_spec(), HOME) is None


ELB = "arn:aws:elasticloadbalancing:us-east-1:111111111111"
ECS = "arn:aws:ecs:us-east-1:111111111111"


@pytest.mark.parametrize(
    ("arn", "address"),
    [
        (f"{ELB}:loadbalancer/net/ecs-nlb/50dc6c49", LB),
        (f"{ELB}:loadbalancer/net/ecs/50dc6c49", None),
        (f"{ELB}:loadbalancer/app/ecs-nlb/50dc6c49", None),
        (f"{ELB}:targetgroup/ecs-target-group/50dc6c49", TG),
        (f"{ECS}:service/nsfw_api_cluster/nsfw_api_service", SERVICE),
        (f"{ECS}:service/nsfw_api_service", SERVICE),
        (f"{ECS}:service/other/nsfw_api_service", None),
        (f"{ELB.replace('us-east-1', 'eu-west-1')}:loadbalancer/net/ecs-nlb/50dc6c49", None),
        ("arn:aws:ec2:us-east-1:111111111111:vpc/vpc-1", None),
    ],
)
def test_an_arn_is_found_by_name_and_place(arn, address):
    found = find_by_arn([article_spec()], arn)
    assert (found and found.address) == address


def test_an_arn_of_another_account_is_not_found():
    arn = f"{ELB}:loadbalancer/net/ecs-nlb/50dc6c49"
    assert find_by_arn([article_spec(role_arn=ROLE_B)], arn) is None
    assert find_by_arn([article_spec(role_arn=ROLE_A)], arn).address == LB


def test_a_listener_is_none_of_them():
    assert LISTENER not in {each.address for each in identities(article_spec(), HOME).values()}


def test_specs_share_a_place_unless_that_is_known_to_be_untrue():
    here = article_spec()
    assert may_share_place(here, article_spec(region=None))
    assert not may_share_place(here, article_spec(role_arn=ROLE_A))
    assert not may_share_place(here, article_spec(region="eu-west-1"))
    assert not may_share_place(article_spec(role_arn=ROLE_A), article_spec(role_arn=ROLE_B))
