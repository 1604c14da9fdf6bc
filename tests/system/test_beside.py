"""A service behind a load balancer that Terraform keeps, beside the one that sleeps."""

from dataclasses import replace

import pytest

from controller.domain.planning.spec import Kind
from controller.domain.planning.timing import TYPICAL
from controller.domain.planning.wake_path import Checks, KeptGroup, wake_path
from controller.reconcile.outcome import Result
from factories import article_spec
from local.aws import LaptopAws
from local.furnish_spec import furnish_for
from system.stack_under_test import StackUnderTest

WEB = {
    "$look_up": "target_group",
    "name": "web",
    "attribute": "arn",
    "of": "aws_lb_target_group.web",
}


def behind(*, alone: bool):
    """The article's service behind an application load balancer too, or behind that alone."""
    spec = article_spec()
    (service,) = spec.of_kind(Kind.SERVICE)
    (own,) = service.request["loadBalancers"]
    web = {**own, "targetGroupArn": WEB}
    request = {**service.request, "loadBalancers": [web] if alone else [web, own]}
    changed = replace(service, request=request, after=() if alone else service.after)
    others = () if alone else tuple(r for r in spec.resources if r.kind is not Kind.SERVICE)
    return replace(spec, resources=(*others, changed)), changed


@pytest.mark.parametrize("alone", [False, True])
def test_it_wakes_and_sleeps_and_the_others_group_stays(alone):
    spec, service = behind(alone=alone)
    aws = LaptopAws("typical")
    aws.furnish(**furnish_for(spec))
    sut = StackUnderTest(aws, spec)
    began = aws.clock.now()

    assert sut.wake().result is Result.CONVERGED
    seconds = (aws.clock.now() - began).total_seconds()
    web = KeptGroup("aws_lb_target_group.web", Checks(30, 5))
    foreseen = wake_path(spec, {service.address: (web,)}, TYPICAL).seconds
    assert foreseen == (200 if alone else 203)
    assert foreseen <= seconds < foreseen + 15

    assert sut.sleep().result is Result.CONVERGED
    assert sut.standing() == {"load_balancers": 0, "target_groups": 1, "services": 0}


def test_a_group_that_terraform_named_is_found_by_its_prefix():
    spec, service = behind(alone=True)
    prefixed = {**{k: v for k, v in WEB.items() if k != "name"}, "name_prefix": "web-"}
    (entry,) = service.request["loadBalancers"]
    request = {**service.request, "loadBalancers": [{**entry, "targetGroupArn": prefixed}]}
    spec = replace(spec, resources=(replace(service, request=request),))
    aws = LaptopAws("fast")
    things = furnish_for(spec)
    (group,) = things["target_groups"]
    generated = "web-20261130120000123400000001"
    names = ("web-other", generated, "web-20261130-not-ours")
    things["target_groups"] = [{**group, "name": name} for name in names]
    arns = aws.furnish(**things)["target_groups"]

    assert StackUnderTest(aws, spec).wake().result is Result.CONVERGED
    ecs = aws.session().client("ecs")
    (found,) = ecs.describe_services(cluster="nsfw_api_cluster", services=["nsfw_api_service"])[
        "services"
    ]
    assert found["loadBalancers"][0]["targetGroupArn"] == arns[generated]
