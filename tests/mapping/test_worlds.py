from dataclasses import replace

from hand_made import (
    LISTENER,
    LOAD_BALANCER,
    SERVICE,
    TARGET_GROUP,
    B,
    Ref,
    compiled,
    instance,
    rules,
    spec_of,
    stack,
    world,
)

from controller.domain.problem import Level


def without(found, *addresses):
    return replace(
        found, resources={a: i for a, i in found.resources.items() if a not in addresses}
    )


def changed(found, address, **arguments):
    old = found.resources[address]
    new = instance(address, {**_arguments(address), **arguments}, line=old.place.line)
    return replace(found, resources={**found.resources, address: new})


def _arguments(address):
    type_ = address.split(".")[0]
    return {
        "aws_lb": LOAD_BALANCER,
        "aws_lb_target_group": TARGET_GROUP,
        "aws_lb_listener": LISTENER,
        "aws_ecs_service": SERVICE,
    }[type_]


ALL = ("aws_lb.nlb", "aws_lb_target_group.tg", "aws_lb_listener.l", "aws_ecs_service.svc")


def test_what_exists_only_awake_is_made():
    spec = spec_of(stack(), without(stack(), *ALL))
    assert {r.address for r in spec.resources} == set(ALL)
    assert all(r.asleep is None for r in spec.resources)


def test_what_stands_in_both_is_terraforms_and_is_looked_up():
    """A target group costs nothing and may stay (AWS behaviour §1.8)."""
    asleep = without(stack(), "aws_lb.nlb", "aws_lb_listener.l", "aws_ecs_service.svc")
    spec = spec_of(stack(), asleep)
    assert {r.address for r in spec.resources} == set(ALL) - {"aws_lb_target_group.tg"}
    (action,) = spec["aws_lb_listener.l"].request["DefaultActions"]
    assert action["TargetGroupArn"] == {
        "$look_up": "target_group",
        "name": "api-tg",
        "attribute": "arn",
        "of": "aws_lb_target_group.tg",
    }


def test_a_service_that_only_changes_its_count_is_updated():
    tags = {"dormouse:stack": "api", "dormouse:address": "aws_ecs_service.svc"}
    awake = changed(stack(), "aws_ecs_service.svc", tags=tags)
    rest = without(awake, "aws_lb.nlb", "aws_lb_listener.l")
    asleep = changed(rest, "aws_ecs_service.svc", tags=tags, desired_count=0)
    result = compiled(awake, asleep)
    assert result.problems == ()
    service = result.spec["aws_ecs_service.svc"]
    assert service.asleep == {"desiredCount": 0}
    assert service.request["desiredCount"] == 1
    assert {"key": "dormouse:stack", "value": "api"} in service.request["tags"]


def test_a_kept_service_without_our_tag_is_a_warning_with_the_remedy():
    """Dormouse touches only what carries its tag."""
    asleep = changed(
        without(stack(), "aws_lb.nlb", "aws_lb_listener.l"), "aws_ecs_service.svc", desired_count=0
    )
    result = compiled(stack(), asleep)
    assert rules(result) == {"owner-tag"}
    (problem,) = result.problems
    assert '"dormouse:stack" = "api"' in problem.message
    assert '"dormouse:address" = "aws_ecs_service.svc"' in problem.message


def test_any_other_difference_is_an_error_at_its_line():
    asleep = changed(stack(), "aws_lb_target_group.tg", port=6000)
    result = compiled(stack(), asleep)
    (problem,) = [p for p in result.problems if p.level is Level.ERROR]
    assert problem.rule == "differs"
    assert "port" in problem.message
    assert str(problem.place) == "main.tf:33"
    assert result.spec is None


def test_what_exists_only_asleep_is_an_error():
    result = compiled(without(stack(), *ALL), stack())
    assert rules(result, "error") == {"only-asleep"}


def test_other_resources_that_exist_only_awake_are_a_warning():
    record = instance("aws_route53_record.r", {"name": "api"}, line=200)
    result = compiled(stack(record), without(stack(), *ALL))
    assert rules(result) == {"awake-only"}
    assert result.problems[0].address == "aws_route53_record.r"


def test_other_resources_that_differ_are_a_warning():
    one, two = (
        instance("aws_appautoscaling_target.t", {"min_capacity": n}, line=200) for n in (1, 0)
    )
    result = compiled(stack(one), without(stack(two), *ALL))
    assert rules(result) == {"awake-only"}
    assert "min_capacity" in result.problems[0].message


def test_a_reference_to_what_exists_only_awake_is_an_error():
    group = instance("aws_security_group.g", {"name": "g", "vpc_id": "vpc-1"}, line=200)
    network = B(
        {**SERVICE["network_configuration"], "security_groups": [Ref(f"{group.address}.id")]}
    )
    awake = stack(group, service={"network_configuration": network})
    result = compiled(awake, without(awake, *ALL, group.address))
    assert rules(result, "error") == {"look-up"}


def test_kept_resources_are_found_as_they_are_while_asleep():
    one, two = (instance("aws_ecs_cluster.main", {"name": n}) for n in ("awake", "asleep"))
    result = compiled(stack(one), without(stack(two), *ALL))
    cluster = result.spec["aws_ecs_service.svc"].request["cluster"]
    assert cluster["name"] == "asleep"


def test_the_same_value_in_another_order_of_attributes_is_no_difference():
    one = instance("aws_lb.nlb", LOAD_BALANCER, line=10)
    two = instance("aws_lb.nlb", dict(reversed(LOAD_BALANCER.items())), line=10)
    result = compiled(world(one), world(two))
    assert rules(result) == {"nothing-sleeps"}


def test_null_and_left_out_are_no_difference():
    one = instance("aws_lb.nlb", LOAD_BALANCER, line=10)
    two = instance("aws_lb.nlb", {**LOAD_BALANCER, "internal": None}, line=10)
    assert rules(compiled(world(one), world(two))) == {"nothing-sleeps"}
