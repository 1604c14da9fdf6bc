"""What a wake waits for, and what comes after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from controller.domain.planning.waits import assumed_seconds, waits_of
from factories import LB, SERVICE, article_spec, listener, load_balancer, service, target_group


def seconds(number):
    return timedelta(seconds=number)


def spec(*others, **check):
    return article_spec(resources=(target_group(**check), load_balancer(), *others))


def test_a_health_check_comes_after_a_load_balancer_and_after_a_task():
    waits = waits_of(spec(listener(), service()))
    assert (waits[LB].first_check, waits[SERVICE].first_check) == (seconds(10), seconds(10))
    assert (waits[LB].behind, waits[SERVICE].behind) == (frozenset(), {LB})


def test_the_typical_pace_is_assumed_where_none_is_learned():
    assert assumed_seconds("load balancer starting") == 150
    assert assumed_seconds("task starting") == 3 + 45 + 5
    assert assumed_seconds("health check") is None


def test_an_interval_that_is_not_given_is_that_of_aws_and_an_unknown_one_its_shortest():
    bare = {k: v for k, v in target_group().request.items() if "Interval" not in k}
    group = replace(target_group(), request=bare)
    made = article_spec(resources=(group, load_balancer(), listener(), service()))
    assert waits_of(made)[LB].first_check == seconds(30)
    unknown = {"HealthCheckIntervalSeconds": {"$call": "max", "args": [10, 20]}}
    made = spec(listener(), service(), request=unknown)
    assert waits_of(made)[SERVICE].first_check == seconds(5)


def test_nothing_comes_after_what_no_target_group_hangs_on():
    alone = waits_of(spec(listener(), service(request={"loadBalancers": []})))
    assert alone[LB].first_check == alone[SERVICE].first_check == seconds(0)
    assert alone[SERVICE].behind == frozenset()
    assert waits_of(spec(service()))[SERVICE].behind == frozenset()


def test_a_service_without_tasks_is_not_waited_for():
    waits = waits_of(spec(listener(), service(request={"desiredCount": 0})))
    assert SERVICE not in waits
    assert waits[LB].first_check == seconds(0)
