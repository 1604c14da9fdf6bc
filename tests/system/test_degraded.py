"""
Degraded is not failed: what has been ready is not taken down while a target of it is healthy.

Each story ends with what stands and what people were told.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.decision.lease import Lease
from controller.domain.notification.messages import Level, write_message
from controller.domain.planning.owner_tags import ADDRESS, STACK
from direct import DirectSession
from factories import article_spec, listener, load_balancer, service, target_group
from installation import Installation
from local.ecs.mishaps import interrupt
from local.faults import Fault

CONTAINER = "nsfw-api-container"
CLUSTER = "nsfw_api_cluster"
MINUTE = timedelta(minutes=1)


class Quick(DirectSession):
    """The stack's own calls spend no time in botocore."""

    def client(self, name, region_name=None, **others):
        if name in ("elbv2", "ecs", "ec2"):
            return super().client(name, region_name, **others)
        return self.aws.session().client(name, region_name=region_name, **others)


class Home(Installation):
    """A house with a stack of several tasks that somebody wants for ten hours."""

    def __init__(self, spec=None, tasks=2, wakes=True):
        super().__init__()
        self.publish(spec or of_tasks(tasks))
        self.want(hours=10)
        self.start = self.now
        if not wakes:
            return
        self.run(840)
        assert self.status()["state"] == "awake"
        self.aws.clock.advance(3600)
        self.live(1)

    def want(self, hours):
        until = self.now + timedelta(hours=hours)
        self.table.grant(
            Lease(
                stack="nsfw-api",
                id=f"ann-{hours}",
                holder="ann",
                reason="",
                granted_at=self.now,
                expires_at=until,
            )
        )

    @property
    def session(self):
        return Quick(self.aws)

    def live(self, minutes, until=lambda: False):
        """Let the heartbeat look for so long, or until something is so."""
        end = self.now + minutes * MINUTE
        while self.now < end and not until():
            if self.controller.hand_on_due():
                self.run(840)
            else:
                self.aws.clock.advance(60)

    def tasks(self, name="nsfw_api_service"):
        ecs = self.session.client("ecs")
        return ecs.list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]

    def healthy(self):
        elb = self.session.client("elbv2")
        groups = elb.describe_target_groups()["TargetGroups"]
        found = [elb.describe_target_health(TargetGroupArn=g["TargetGroupArn"]) for g in groups]
        states = [x["TargetHealth"]["State"] for h in found for x in h["TargetHealthDescriptions"]]
        return states.count("healthy")

    def deletions(self):
        return [c.operation for c in self.aws.calls.of("DeleteLoadBalancer", "DeleteService")]

    def events(self, kind=None):
        found = self.table.events("nsfw-api", self.start, self.now + MINUTE)
        return [event for event in found if kind is None or event.kind == kind]

    def replace_one(self, behaviour):
        """Fargate retires a task, and the one that comes in its place behaves so."""
        self.aws.conditions.containers(CONTAINER, behaviour)
        interrupt(self.aws, self.tasks()[0], "TerminationNotice")


def of_tasks(count, **changes):
    resources = (
        target_group(),
        load_balancer(),
        listener(),
        service(request={"desiredCount": count}),
    )
    return article_spec(**{"resources": resources, "policy": {"idle_timeout": "0"}, **changes})


@pytest.mark.parametrize(
    ("behaviour", "tasks"), [("exits_at_once", 2), ("unhealthy", 2), ("image_pull_error", 3)]
)
def test_one_of_several_tasks_that_cannot_be_replaced_takes_nothing_down(behaviour, tasks):
    home = Home(tasks=tasks)
    home.replace_one(behaviour)
    home.live(50)

    assert home.deletions() == []
    assert home.healthy() == tasks - 1
    reported = home.events("degraded")
    assert len(reported) == 1
    assert reported[0].reason.startswith(f"runs with {tasks - 1} of {tasks} tasks")
    assert home.events("failed") == []
    status = home.status()
    assert (status["state"], status["phase"]) == ("awake", "degraded")
    assert status["endpoint"]
    assert status["degraded"]["services"][0]["serving"] == tasks - 1
    assert f"runs with {tasks - 1} of {tasks} tasks" in status["cause"]
    page = home.page().body
    assert "Awake, but not completely" in page
    assert f"{tasks - 1} of {tasks} containers work" in page
    assert "Open the service" in page


def test_a_task_that_is_replaced_in_its_usual_time_is_reported_to_nobody():
    home = Home()
    interrupt(home.aws, home.tasks()[0], "TerminationNotice")
    home.live(30)
    assert (home.healthy(), home.deletions()) == (2, [])
    assert [str(e.kind) for e in home.events() if e.kind.is_notified] == ["waking", "awake"]


def test_what_recovers_is_reported_as_running_in_full_again():
    home = Home()
    home.replace_one("exits_at_once")
    home.live(30, until=lambda: home.events("degraded"))
    home.aws.conditions.containers(CONTAINER, "healthy")
    home.live(40, until=lambda: home.events("restored"))

    assert home.healthy() == 2
    restored = home.events("restored")
    assert [event.facts["after"] for event in restored] == [["degraded"]]
    status = home.status()
    assert (status["state"], status["phase"], status["cause"]) == ("awake", "awake", "")
    assert status["degraded"] is None

    home.replace_one("exits_at_once")
    home.live(30, until=lambda: len(home.events("degraded")) > 1)
    assert len(home.events("degraded")) == 2
    assert home.deletions() == []


def test_it_is_given_up_once_no_target_has_been_healthy_for_as_long_as_a_wake_may_take():
    home = Home()
    home.replace_one("exits_at_once")
    home.live(30, until=lambda: home.events("degraded"))
    for arn in home.tasks():
        interrupt(home.aws, arn, "TerminationNotice")
    began = home.now
    home.live(15)
    assert home.deletions() == []
    assert home.status()["state"] == "waking"

    home.live(30, until=lambda: home.events("failed"))
    given_up = home.events("failed")[0]
    lost = given_up.at - began
    assert timedelta(minutes=20) <= lost <= timedelta(minutes=26)
    assert given_up.reason.startswith("no target was healthy for 20 min: ")
    assert "exited with" in given_up.reason
    home.live(15)
    assert sorted(home.deletions()) == ["DeleteLoadBalancer", "DeleteService"]


def test_one_task_that_crashes_now_and_then_and_comes_back_is_left_alone():
    home = Home(tasks=1)
    for _ in range(5):
        home.aws.conditions.containers(CONTAINER, "exits_at_once")
        interrupt(home.aws, home.tasks()[0], "TerminationNotice")
        home.aws.clock.advance(90)
        home.aws.conditions.containers(CONTAINER, "healthy")
        home.live(10)
        assert home.status()["state"] == "awake"
    assert home.deletions() == []
    assert home.events("failed") == []


def test_a_deployment_of_more_tasks_of_which_one_fails_takes_nothing_down():
    home = Home(tasks=1)
    home.aws.conditions.containers(CONTAINER, "exits_at_once")
    home.publish(of_tasks(3))
    home.live(60)
    assert (home.healthy(), home.deletions()) == (1, [])
    assert "runs with 1 of 3 tasks" in home.events("degraded")[0].reason

    # What a person publishes to put it right is done, although the service is not as it should be.
    home.publish(of_tasks(1))
    home.live(10)
    assert home.status()["phase"] == "awake"
    assert len(home.events("restored")) == 1


def test_a_degraded_stack_goes_to_sleep_when_its_time_is_over_and_wakes_afresh():
    home = Home()
    home.replace_one("exits_at_once")
    home.live(30, until=lambda: home.events("degraded"))
    home.press("sleep", "", scope="admin")
    home.live(15)
    assert home.status()["state"] == "asleep"
    assert [event.facts["after"] for event in home.events("asleep")] == [["degraded"]]
    assert home.events("failed") == []

    home.aws.conditions.containers(CONTAINER, "healthy")
    home.want(hours=2)
    home.live(10)
    status = home.status()
    assert (status["state"], status["phase"], status["degraded"]) == ("awake", "awake", None)
    assert home.events("restored") == []


def test_a_wake_of_which_one_task_never_comes_up_still_fails():
    """It has served nobody yet: a wake that cannot finish is torn down."""
    home = Home(wakes=False)
    home.aws.conditions.containers(CONTAINER, "exits_at_once")
    home.live(30)
    assert [str(e.kind) for e in home.events() if e.kind.is_notified][:2] == ["waking", "failed"]
    assert home.events("degraded") == []


# several services


WORKER = "aws_ecs_service.worker[0]"


def of_two_services():
    """A second service, behind nothing, that runs beside the first."""
    changed = {"serviceName": "worker", "taskDefinition": "worker:1"}
    behind = ("loadBalancers", "healthCheckGracePeriodSeconds")
    usual = {key: value for key, value in service().request.items() if key not in behind}
    worker = replace(service(), address=WORKER, after=(), request=usual | changed)
    return of_tasks(1, resources=(target_group(), load_balancer(), listener(), service(), worker))


def register_worker(home):
    home.session.client("ecs").register_task_definition(
        family="worker",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "worker", "image": "worker:1", "essential": True}],
    )


@pytest.mark.parametrize("behaviour", ["image_pull_error", "exits_at_once"])
def test_one_of_two_services_that_fails_does_not_take_the_other_down(behaviour):
    """One that exits at once runs for a moment each time: that is no service that works."""
    home = Home(of_two_services(), wakes=False)
    register_worker(home)
    home.live(10)
    assert home.status()["state"] == "awake"

    home.aws.conditions.containers("worker", behaviour)
    for arn in home.tasks("worker"):
        interrupt(home.aws, arn, "TerminationNotice")
    home.live(60)
    assert (home.healthy(), home.deletions()) == (1, [])
    assert "runs with 0 of 1 task" in home.events("degraded")[0].reason


def test_a_second_service_that_runs_keeps_up_no_stack_that_nobody_can_reach():
    """Only targets count: it is given up once none has been healthy for as long as a wake takes."""
    home = Home(of_two_services(), wakes=False)
    register_worker(home)
    home.live(10)
    home.replace_one("image_pull_error")
    home.live(40, until=lambda: home.deletions())
    assert "no target was healthy for 20 min" in home.events("failed")[0].reason


# settings, messages, records, and strangers


def untag(home, arn):
    if ":ecs:" in arn:
        home.session.client("ecs").untag_resource(resourceArn=arn, tagKeys=[STACK, ADDRESS])
    else:
        home.session.client("elbv2").remove_tags(ResourceArns=[arn], TagKeys=[STACK, ADDRESS])


@pytest.mark.parametrize("kind", ["load_balancer", "target_group", "listener", "service"])
def test_what_loses_our_tags_while_it_serves_people_is_reported_and_left_alone(kind):
    home = Home()
    elb, ecs = home.session.client("elbv2"), home.session.client("ecs")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    arns = {
        "load_balancer": balancer,
        "target_group": elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"],
        "listener": elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"],
        "service": ecs.list_services(cluster=CLUSTER)["serviceArns"][0],
    }
    untag(home, arns[kind])
    home.live(60)
    assert (home.healthy(), home.deletions()) == (2, [])
    assert "not ours" in home.events("degraded")[0].reason
    assert home.events("blocked") == []


@pytest.mark.parametrize("operation", ["DescribeLoadBalancers", "DescribeTargetHealth"])
def test_a_right_to_read_that_is_taken_away_takes_nothing_down(operation):
    home = Home()
    home.aws.faults.add(Fault(operation=operation, code="AccessDenied", times=math.inf))
    home.live(40)
    assert home.deletions() == []
    assert "AccessDenied" in home.events("degraded")[0].reason
    home.aws.faults.clear()
    home.live(30)
    assert home.status()["phase"] == "awake"
    assert len(home.events("restored")) == 1


def test_a_listener_that_may_not_be_made_again_is_waited_for_and_then_given_up():
    home = Home()
    elb = home.session.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    arn = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    home.aws.faults.add(Fault(operation="CreateListener", code="AccessDenied", times=math.inf))
    elb.delete_listener(ListenerArn=arn)
    home.live(20)
    assert home.deletions() == []
    home.aws.faults.clear()
    home.live(10)
    assert home.status()["phase"] == "awake"
    assert home.healthy() == 2


def test_a_setting_published_while_it_is_degraded_does_not_replace_its_load_balancer():
    """What only a new load balancer can have waits for the next wake."""
    home = Home()
    home.replace_one("exits_at_once")
    home.live(30, until=lambda: home.events("degraded"))
    changed = load_balancer(request={"Scheme": "internal"})
    home.publish(
        of_tasks(
            2,
            resources=(
                target_group(),
                changed,
                listener(),
                service(request={"desiredCount": 2}),
            ),
        )
    )
    home.live(30)
    assert (home.healthy(), home.deletions()) == (1, [])


def test_a_service_renamed_to_one_that_never_comes_up_leaves_the_old_one_to_serve():
    """Both are in one target group: of the new one no task runs, and yet somebody is served."""
    home = Home()
    home.aws.conditions.containers(CONTAINER, "exits_at_once")
    renamed = service(request={"desiredCount": 2, "serviceName": "renamed"})
    home.publish(replace(of_tasks(2), resources=(*of_tasks(2).resources[:3], renamed)))
    home.live(20)
    loads = home.aws.calls.of("DescribeServices")
    home.live(30)

    assert home.deletions() == []
    assert home.healthy() == 2
    assert (home.events("failed"), len(home.events("degraded"))) == ([], 1)
    assert home.status()["state"] == "awake"
    more = len(home.aws.calls.of("DescribeServices")) - len(loads)
    assert more <= 2 * 30 / 5  # mended slowly, with what is left behind looked at as slowly


def test_a_status_that_is_lost_while_it_is_degraded_takes_nothing_down():
    home = Home()
    home.replace_one("exits_at_once")
    home.live(30, until=lambda: home.events("degraded"))
    key = {"pk": {"S": "stack#nsfw-api"}, "sk": {"S": "status"}}
    home.session.client("dynamodb").delete_item(TableName="dormouse", Key=key)
    home.run(840)
    home.live(60)
    assert (home.healthy(), home.deletions()) == (1, [])
    assert home.status()["phase"] == "degraded"


def test_a_service_that_something_else_scales_is_as_large_as_that_wants_it():
    scaled = replace(service(request={"desiredCount": 2}), ignore_changes=("desired_count",))
    home = Home(of_tasks(2, resources=(target_group(), load_balancer(), listener(), scaled)))
    ecs = home.session.client("ecs")
    ecs.update_service(cluster=CLUSTER, service="nsfw_api_service", desiredCount=1)
    home.live(60)
    assert home.deletions() == []
    assert home.status()["phase"] == "awake"
    assert home.events("degraded") == []


def test_a_message_says_what_runs_and_what_to_do():
    home = Home()
    home.replace_one("exits_at_once")
    home.live(30, until=lambda: home.events("degraded"))
    message = write_message(of_tasks(2), home.events("degraded")[0])
    assert message.subject == "nsfw-api runs with 1 of 2 tasks"
    assert message.level is Level.TROUBLE
    assert '"nsfw_api_service" runs with 1 of 2 tasks' in message.body
    assert "exited with" in message.body
    assert "not taken down for this" in message.body


# what ECS and AWS have given up


def test_a_deployment_that_ecs_has_given_up_is_begun_anew_slowly():
    """Its circuit breaker starts no task any more, also when the image is put right."""
    home = Home(tasks=2)
    home.aws.conditions.containers(CONTAINER, "image_pull_error")
    home.session.client("ecs").update_service(
        cluster=CLUSTER,
        service="nsfw_api_service",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
        forceNewDeployment=True,
    )
    home.live(15)
    interrupt(home.aws, home.tasks()[0], "TerminationNotice")
    start = len(home.aws.calls)
    home.live(90)
    calls = list(home.aws.calls)[start:]
    forced = [each for each in calls if each.params.get("forceNewDeployment")]
    assert 1 <= len(forced) <= 3
    assert home.deletions() == []
    assert home.status()["phase"] == "degraded"

    home.aws.conditions.containers(CONTAINER, "healthy")
    home.live(60)
    assert home.status()["phase"] == "awake"
    assert len(home.events("restored")) == 1
