"""What ECS says of a service in words: known, or told once in the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controller.aws.service_calls import ServiceAdapter
from controller.aws.service_events import unknown_events
from factories import NOON
from local.ecs import messages
from local.ecs.messages import write
from system.days import days

SAID = [
    "(service api) has started 1 tasks: (task 1).",
    "(service api) registered 1 targets in (target-group arn)",
    "(service api) deregistered 1 targets in (target-group arn)",
    "(service api) has stopped 1 running tasks: (task 1).",
    "(service api) has begun draining connections on 1 tasks.",
    "(service api) has reached a steady state.",
    "(service api) (deployment ecs-svc/1) deployment completed.",
    "(service api) (deployment ecs-svc/1) deployment failed: tasks failed to start.",
    "(service api) rolling back to deployment ecs-svc/1.",
    "(service api) was unable to place a task. Reason: Capacity is unavailable at this time.",
    "(service api) operations are being throttled on elb. Will try again later.",
    f"(service api) {messages.INCONSISTENT}",
]


def reported(*texts):
    return {"events": [{"createdAt": NOON, "message": text} for text in texts]}


def test_what_it_is_known_to_say_is_no_news():
    assert unknown_events(reported(*SAID)) == ()
    assert unknown_events({}) == ()


def test_other_words_are_shown_unchanged():
    said = "(service api) retired 1 task: (task 1)."
    assert unknown_events(reported(SAID[0], said)) == ((NOON, said),)


def test_a_simulated_day_knows_all_words_and_an_unknown_one_is_logged_once():
    day = days("Mon 06:00", "fast", idle_timeout="0")
    day.plan("Mon 07:00", lambda: day.wake(hours=3))
    day.live("Mon 07:30")
    assert not [each for each in day.results if "unknown_events" in each]

    (service,) = day.aws.peek().ecs.clusters["nsfw_api_cluster"].services.values()
    write(day.aws.peek(), service, "has retired 1 task")
    day.live("Mon 09:00")
    words = [each["unknown_events"] for each in day.results if "unknown_events" in each]
    assert words == [["(service nsfw_api_service) has retired 1 task"]]


@pytest.mark.parametrize("count", [99, 250])
def test_stopped_tasks_are_read_on_all_pages(count):
    """A service that cannot start stops more than a hundred of them within an hour."""

    class Ecs:
        def list_tasks(self, cluster, serviceName, desiredStatus, nextToken="0"):  # noqa: N803
            start = int(nextToken)
            arns = [f"arn/{number:03}" for number in range(start, min(start + 100, count))]
            more = {"nextToken": str(start + 100)} if start + 100 < count else {}
            return {"taskArns": arns, **more}

        def describe_tasks(self, cluster, tasks):
            assert len(tasks) <= 100
            made = {arn: NOON + timedelta(seconds=int(arn[4:])) for arn in tasks}
            return {"tasks": [{"taskArn": arn, "createdAt": at} for arn, at in made.items()]}

    found = ServiceAdapter(Ecs()).stopped_tasks("main", "api")
    assert len(found) == count
    assert found[0]["taskArn"] == f"arn/{count - 1:03}"
