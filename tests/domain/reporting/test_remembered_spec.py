"""What a status knows of a spec that nobody can read."""

from __future__ import annotations

from dataclasses import replace

from controller.domain.decision.lifecycle import BilledResource, Lifecycle
from controller.domain.money.usage import UsageProfile, tasks_of
from controller.domain.planning.observed import Leftover
from controller.domain.planning.spec import Kind
from controller.domain.reporting.remembered_spec import last_spec, remembered_spec, tagged_spec
from controller.domain.reporting.status import Status
from factories import LB, NOON, SERVICE, article_spec, service

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/ecs-nlb/8f462ad2"
ECS = "arn:aws:ecs:us-east-1:123456789012:service"


def billed(address: str, arn: str) -> BilledResource:
    return BilledResource(address=address, arn=arn, since=NOON)


def status_of(*resources: BilledResource) -> Status:
    spec = article_spec(role_arn="arn:aws:iam::222222222222:role/x", policy={"min_awake": "5m"})
    status = Status(lifecycle=Lifecycle(billed=resources), last_spec=last_spec(spec))
    sized = replace(service(), size={"cpu": 1024, "memory": 2048, "arm": True})
    use = UsageProfile.of(replace(spec, resources=(*spec.resources[:3], sized)))
    return replace(status, meter=replace(status.meter, use=use))


def test_place_and_policy_are_those_of_the_last_spec():
    spec = remembered_spec("nsfw-api", Status.from_json(status_of().to_json()))
    assert (spec.region, spec.role_arn) == ("us-east-1", "arn:aws:iam::222222222222:role/x")
    assert spec.policy == {"min_awake": "5m"}
    assert spec.is_remembered
    assert spec.resources == ()


def test_a_status_that_knows_nothing_gives_a_spec_of_nothing():
    spec = remembered_spec("nsfw-api", Status())
    assert (spec.region, spec.role_arn, spec.policy, spec.resources) == (None, None, {}, ())


def test_what_is_billed_has_the_names_of_its_arn_and_its_tasks_their_price():
    balancer = billed(LB, BALANCER)
    tasks = billed(SERVICE, f"{ECS}/nsfw_api_cluster/nsfw_api_service")
    spec = remembered_spec("nsfw-api", status_of(balancer, tasks))
    assert [(each.address, each.kind, each.name) for each in spec.resources] == [
        (LB, Kind.LOAD_BALANCER, "ecs-nlb"),
        (SERVICE, Kind.SERVICE, "nsfw_api_service"),
    ]
    assert spec[SERVICE].request["cluster"] == "nsfw_api_cluster"
    assert tasks_of(spec[SERVICE]) == status_of().meter.use.tasks[SERVICE]
    assert tasks_of(spec[SERVICE]).public_ip


def test_a_short_arn_means_the_default_cluster_and_what_is_neither_is_left_out():
    short = billed(SERVICE, f"{ECS}/api")
    other = billed("aws_instance.x", "arn:aws:ec2:us-east-1:123456789012:instance/i-1")
    (found,) = remembered_spec("nsfw-api", status_of(short, other)).resources
    assert (found.request["cluster"], found.name) == ("default", "api")


def test_what_a_publish_has_replaced_is_left_to_its_own_record():
    replaced = billed(f"{LB} (replaced: ecs-nlb)", BALANCER)
    assert remembered_spec("nsfw-api", status_of(replaced)).resources == ()


def test_tags_add_what_no_memory_knows_and_change_nothing_else():
    known = remembered_spec("nsfw-api", status_of(billed(LB, BALANCER)))
    arn = f"{ECS}/nsfw_api_cluster/worker"
    found = [
        Leftover(kind=Kind.LOAD_BALANCER, name="other", arn=BALANCER, address=LB),
        Leftover(kind=Kind.SERVICE, name="worker", arn=arn, address="aws_ecs_service.worker[0]"),
    ]
    spec = tagged_spec(known, found)
    assert [each.name for each in spec.resources] == ["ecs-nlb", "worker"]
    assert (spec.region, spec.role_arn, spec.policy) == (known.region, known.role_arn, known.policy)
    assert spec.is_remembered
