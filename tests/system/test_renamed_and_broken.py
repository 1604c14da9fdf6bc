"""
A publish that renames what never comes up: the old one, which serves people, stays.

On a laptop AWS at its usual pace; each story ends with what serves, and what people were told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from factories import SERVICE, TG, article_spec, service, target_group
from system.test_degraded import CONTAINER, Home

FACTORIES = {SERVICE: service, TG: target_group}
SECOND = timedelta(seconds=1)


def renamed(address, **request):
    """The article's stack with another name for one resource."""
    spec = article_spec(policy={"idle_timeout": "0"})
    resources = [
        FACTORIES[address](request=request) if each.address == address else each
        for each in spec.resources
    ]
    return replace(spec, resources=tuple(resources))


def serves(home):
    """A healthy target is in a target group that the listener sends people to."""
    elbv2 = home.session.client("elbv2")
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        found = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        for arn in (arn for each in found for arn in forwards_to(each)):
            health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            if any(each["TargetHealth"]["State"] == "healthy" for each in health):
                return True
    return False


def forwards_to(listener):
    """The target groups that get any traffic."""
    (action,) = listener["DefaultActions"]
    weighted = action.get("ForwardConfig", {}).get("TargetGroups")
    if weighted is None:
        return [action["TargetGroupArn"]]
    return [each["TargetGroupArn"] for each in weighted if each.get("Weight", 1)]


def published(behaviour, spec, minutes=40):
    """One that is awake for hours, and what serves in the half minutes after a publish."""
    home = Home(tasks=1)
    assert home.healthy() == 1
    home.aws.conditions.containers(CONTAINER, behaviour)
    served = []

    def look():
        served.append(serves(home))

    for half in range(2 * minutes):
        home.aws.at(home.now + half * 30 * SECOND, look)
    home.publish(spec)
    home.live(minutes)
    return home, served


@pytest.mark.parametrize("behaviour", ["exits_at_once", "unhealthy", "image_pull_error"])
def test_a_renamed_service_that_never_comes_up_leaves_the_old_one_serving(behaviour):
    """Both have the same target group: a healthy target of the old one is none of the new one."""
    home, served = published(behaviour, renamed(SERVICE, serviceName="api"))

    assert all(served)
    assert "DeleteService" not in home.deletions()
    assert len(home.tasks()) == 1
    (event,) = home.events("degraded")
    assert "runs with 0 of 1 task:" in event.reason
    assert home.status()["phase"] == "degraded"


def test_a_renamed_service_that_comes_up_takes_the_place_of_the_old_one():
    home, served = published("healthy", renamed(SERVICE, serviceName="api"), minutes=15)

    assert all(served)
    assert home.deletions() == ["DeleteService"]
    assert len(home.tasks("api")) == 1
    assert home.table.load("nsfw-api").leftovers == ()
    assert home.events("degraded") == []


@pytest.mark.parametrize("behaviour", ["exits_at_once", "unhealthy", "image_pull_error"])
def test_a_renamed_target_group_whose_tasks_never_come_up_gets_no_connection(behaviour):
    """The listener goes on to the old group, whose task serves, until the new one can."""
    home, served = published(behaviour, renamed(TG, Name="targets"))

    assert all(served)
    assert home.deletions() == []
    assert len(home.events("degraded")) == 1
    home.aws.conditions.containers(CONTAINER, "healthy")
    home.live(60)
    assert serves(home)
    assert home.status()["phase"] == "awake"
    assert home.table.load("nsfw-api").leftovers == ()


def test_a_renamed_target_group_takes_over_once_it_serves():
    home, served = published("healthy", renamed(TG, Name="targets"), minutes=15)

    assert served.count(False) <= 1
    (group,) = home.session.client("elbv2").describe_target_groups()["TargetGroups"]
    assert group["TargetGroupName"] == "targets"
    assert home.healthy() == 1
    assert home.table.load("nsfw-api").leftovers == ()
