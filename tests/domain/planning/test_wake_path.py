"""How long a wake takes by what the spec asks for, and which settings make it longer."""

from dataclasses import replace

import pytest

from controller.domain.planning.spec import Kind
from controller.domain.planning.timing import TYPICAL, wake_chain
from controller.domain.planning.wake_path import Checks, KeptGroup, Step, slow_groups, wake_path
from factories import article_spec


def with_checks(spec, interval, threshold):
    requested = {"HealthCheckIntervalSeconds": interval, "HealthyThresholdCount": threshold}
    requested = {name: value for name, value in requested.items() if value is not None}
    resources = [
        replace(
            one,
            request={
                **{k: v for k, v in one.request.items() if not k.startswith("Health")},
                **requested,
            },
        )
        if one.kind is Kind.TARGET_GROUP
        else one
        for one in spec.resources
    ]
    return replace(spec, resources=tuple(resources))


@pytest.mark.parametrize(("interval", "threshold"), [(30, 3), (10, 2), (5, 2), (300, 10)])
def test_it_is_what_the_simulated_aws_takes(interval, threshold):
    spec = with_checks(article_spec(), interval, threshold)
    chain = wake_chain(TYPICAL, interval=interval, healthy_threshold=threshold)
    path = wake_path(spec)
    assert path.seconds == chain == sum(step.seconds for step in path.steps)


def test_the_articles_check_costs_70_of_its_240_seconds():
    spec = with_checks(article_spec(), 30, 3)
    saved, groups = slow_groups(spec)
    assert (wake_path(spec).seconds, saved) == (240, 70)
    assert groups == tuple(group.address for group in spec.of_kind(Kind.TARGET_GROUP))
    assert slow_groups(with_checks(article_spec(), 10, 2)) == (0, ())


def test_what_is_left_out_is_awss_default():
    assert wake_path(with_checks(article_spec(), None, None)).steps[1].seconds == 150


def test_a_slow_task_is_on_the_path_with_its_registration():
    slow = replace(TYPICAL, task_start=300)
    path = wake_path(with_checks(article_spec(), 10, 2), timing=slow)
    (service,) = article_spec().of_kind(Kind.SERVICE)
    assert path.steps == (
        Step(service.address, "task starting", 3 + 300 + 5),
        Step(service.address, "health check", 90 + 20),
    )


def test_a_service_alone_waits_for_its_task():
    spec = article_spec()
    (service,) = spec.of_kind(Kind.SERVICE)
    request = {k: v for k, v in service.request.items() if k != "loadBalancers"}
    alone = replace(spec, resources=(replace(service, request=request),))
    assert wake_path(alone).steps == (Step(service.address, "task starting", 50),)
    none = replace(service, request={**request, "desiredCount": 0})
    assert wake_path(replace(spec, resources=(none,))).seconds == 0


def second(spec):
    """The same once more, beside it."""
    import json

    text = json.dumps([one.to_json() for one in spec.resources]).replace("aws_", "module.b.aws_")
    more = tuple(type(spec.resources[0]).from_json(each) for each in json.loads(text))
    return replace(spec, resources=(*spec.resources, *more))


def test_of_two_slow_ones_both_have_to_change():
    spec = second(with_checks(article_spec(), 30, 3))
    saved, groups = slow_groups(spec)
    assert saved == 70
    assert len(groups) == 2


def test_one_that_is_never_waited_for_is_not_named():
    first = with_checks(article_spec(), 10, 2)
    quick = with_checks(article_spec(), 5, 2)
    assert slow_groups(second(first)) == (0, ())
    assert slow_groups(second(quick)) == (0, ())


def test_a_group_that_stands_is_waited_for_too():
    """Behind a load balancer that is active already, as that of an application is."""
    spec = with_checks(article_spec(), 10, 2)
    (service,) = spec.of_kind(Kind.SERVICE)
    web = KeptGroup("aws_lb_target_group.web", Checks(30, 5))
    stand = {service.address: (web,)}
    assert wake_path(spec, stand).steps == (
        Step(service.address, "task starting", 53),
        Step(service.address, "health check", 150),
    )
    assert slow_groups(spec, stand) == (33, (web.address,))
    behind_network = replace(web, is_network=True)
    assert wake_path(spec, {service.address: (behind_network,)}).seconds == 53 + 90 + 150
