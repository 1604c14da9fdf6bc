"""The spec as plain data: read back, told apart by its hash, and its references filled in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from controller.domain.errors import SpecError
from controller.domain.planning.endpoint import find_endpoint
from controller.domain.planning.observed import State
from controller.domain.planning.references import resolve
from controller.domain.planning.spec import Kind, ResourceSpec, Spec, references, split_reference
from factories import (
    LB,
    TG,
    article_spec,
    listener,
    load_balancer,
    observed,
    seen,
    service,
    target_group,
)

SPEC = article_spec(
    policy={"time_zone": "UTC"},
    role_arn="arn:aws:iam::1:role/x",
    source={"dir": "infra/nsfw-api"},
)


def read_back(spec: Spec) -> Spec:
    return Spec.from_json(json.loads(json.dumps(spec.to_json())))


def test_a_spec_is_read_back_as_it_was_written():
    whole = service(
        asleep={"desiredCount": 0}, ignore_changes=("desired_count",), size={"cpu": 256}
    )
    spec = replace(SPEC, resources=(*SPEC.resources, whole))
    assert read_back(spec) == spec
    assert list(spec.to_json()) == [
        "schema",
        "stack",
        "region",
        "role_arn",
        "policy",
        "endpoint",
        "hash",
        "source",
        "resources",
    ]
    assert spec.to_json()["hash"] == spec.hash


def test_what_a_resource_does_not_have_is_not_written():
    assert set(load_balancer().to_json()) == {
        "address",
        "kind",
        "source",
        "request",
        "attributes",
        "after",
    }
    assert service(asleep={}).to_json()["asleep"] == {}


def test_what_may_be_missing_is_as_if_there_were_none():
    bare = {"address": LB, "kind": "load_balancer", "request": {"Name": "ecs-nlb"}}
    read = Spec.from_json({"schema": 1, "stack": "s", "resources": [bare]})
    resource = ResourceSpec(
        address=LB, kind=Kind.LOAD_BALANCER, source="", request={"Name": "ecs-nlb"}
    )
    assert read == Spec(stack="s", region=None, resources=(resource,))


def test_the_hash_is_of_what_is_made_and_not_of_where_it_was_compiled():
    assert SPEC.hash == replace(SPEC, source={"dir": "elsewhere"}).hash
    assert SPEC.hash.startswith("sha256:") and len(SPEC.hash) == len("sha256:") + 64
    others = [
        replace(SPEC, stack="b"),
        replace(SPEC, region="eu-west-1"),
        replace(SPEC, role_arn=None),
        replace(SPEC, policy={}),
        replace(SPEC, endpoint={"port": 80}),
        replace(SPEC, resources=SPEC.resources[:3]),
    ]
    assert len({SPEC.hash, *(other.hash for other in others)}) == 7


def test_resources_are_found_by_address_and_kind():
    assert SPEC[LB] == load_balancer()
    with pytest.raises(KeyError, match="other"):
        SPEC["aws_lb.other"]
    assert SPEC.of_kind(Kind.SERVICE) == (service(),)


def test_a_resource_goes_by_its_name_in_aws():
    names = [one.name for one in (load_balancer(), target_group(), listener(), service())]
    assert names == ["ecs-nlb", "ecs-target-group", "port 5000", "nsfw_api_service"]


# references


def test_references_are_found_wherever_they_are():
    found = list(references(service().request))
    assert [one.get("$ref") or one["$look_up"] for one in found] == [
        "cluster",
        "task_definition",
        "security_group",
        f"{TG}.arn",
    ]
    nested = {"$look_up": "subnet", "vpc": {"$ref": "aws_vpc.a.id"}}
    assert list(references([({"a": nested},)])) == [nested, nested["vpc"]]


def test_a_reference_is_an_address_and_an_attribute():
    assert split_reference("module.a.aws_lb.nlb[0].arn") == ("module.a.aws_lb.nlb[0]", "arn")


def look_up(requested):
    return (
        [f"{requested['name']}-1", f"{requested['name']}-2"]
        if requested.get("many")
        else requested["name"]
    )


def fill(value):
    return resolve(value, {LB: {"arn": "arn:lb", "dns_name": "x.example"}}, look_up)


def test_references_are_filled_in_and_all_else_stays_as_it_is():
    ref = {"$ref": f"{LB}.arn"}
    one, many = {"$look_up": "cluster", "name": "c"}, {"$look_up": "s", "name": "s", "many": True}
    assert fill({"a": ref, "b": [1, None, "x", ref], "c": (True,)}) == {
        "a": "arn:lb",
        "b": [1, None, "x", "arn:lb"],
        "c": [True],
    }
    assert fill(one) == "c"
    assert fill({"$look_up": "cluster", "name": ref}) == "arn:lb"
    assert fill(["a", many, one]) == ["a", "s-1", "s-2", "c"]  # a list of texts, in its place
    assert fill({"subnets": many}) == {"subnets": ["s-1", "s-2"]}
    assert fill([["a"], ["b"]]) == [["a"], ["b"]]
    assert fill({"$join": ["a/", ref, 1]}) == "a/arn:lb1"


def test_what_is_not_known_yet_is_reported_with_what_is():
    with pytest.raises(SpecError) as refused:
        fill({"$ref": f"{LB}.id"})
    assert str(refused.value) == f'cannot fill in "{LB}.id": {LB} has arn, dns_name'
    with pytest.raises(SpecError, match="has nothing known yet"):
        fill({"$ref": f"{TG}.arn"})


# where it answers


def endpoint(world, **changes):
    found = find_endpoint(article_spec(**changes), world)
    return found.to_json() if found else None


def test_a_stack_answers_at_its_elastic_ip_or_else_at_its_load_balancers_name():
    balancer = seen(State.READY, attributes={"arn": "arn:lb", "dns_name": "nlb.example"})
    world = observed({TG: State.READY, LB: balancer})
    at_ip = {"ip": "203.0.113.10", "port": 5000, "url": "http://203.0.113.10:5000/"}
    assert endpoint(world) == at_ip

    no_ip = replace(world, addresses={})
    assert endpoint(no_ip)["url"] == "http://nlb.example:5000/"
    undelivered = replace(
        world, addresses={"eipalloc-1": replace(*world.addresses.values(), public_ip="")}
    )
    assert endpoint(undelivered)["ip"] == "nlb.example"
    assert endpoint(replace(no_ip, resources={})) is None


def test_the_page_opens_at_the_port_and_path_of_the_spec():
    world = observed({})
    assert endpoint(world, endpoint={})["url"] == "http://203.0.113.10/"
    assert endpoint(world, endpoint={"port": 80, "open_path": "/docs"})["url"] == (
        "http://203.0.113.10:80/docs"
    )
