"""Both functions as Lambda runs them: the built artifact under AWS's Runtime Interface Client."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from deploy import others
from deploy.artifact import build
from deploy.cloud import STACK, running, start
from deploy.lambda_function import FunctionError
from door.request import MOST_BODY
from doorstep.service import Service, answer
from system.stack_under_test import FORBIDDEN

pytestmark = pytest.mark.slow

HALF = 128 * 1024 * 1024
"""Half of what the functions have: the other half is for a stack with many more sleepers."""


@pytest.fixture(scope="module")
def runtime():
    return others.runtime()


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    place = tmp_path_factory.mktemp("artifact") / "Controller"
    build("Controller", place)
    return place


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def cloud(artifact, runtime, logs):
    with running(artifact, runtime, logs) as found:
        yield found


def status(cloud, wait=25):
    """What a program is told that waits so many seconds for the stack to be awake."""
    event = cloud.event("url_get_status", "view")
    reply = cloud.api.invoke({**event, "rawQueryString": f"wait={wait}"})
    assert reply["statusCode"] == 200
    return json.loads(reply["body"])


def test_a_day_of_events_wakes_the_stack_and_puts_it_to_sleep(cloud):
    """The heartbeat, a press of the form's button, a program that waits, and "sleep now"."""
    assert cloud.controller.invoke(cloud.event("scheduler")) == {"due": [STACK]}
    assert [pass_["result"] for pass_ in cloud.finish()] == ["converged"]
    assert cloud.controller.invoke(cloud.event("scheduler")) == {"due": []}

    pressed = cloud.api.invoke(cloud.event("url_post_form"))
    assert pressed["statusCode"] == 303
    assert pressed["headers"]["Location"].startswith(f"../{STACK}?go=1&k=")
    assert status(cloud)["state"] == "awake"
    assert cloud.finish()[-1]["decision"]["state"] == "awake"
    (balancer,) = cloud.session.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert balancer["State"]["Code"] == "active"

    reported = cloud.api.invoke(cloud.event("url_post_sleep", "admin"))
    assert reported["statusCode"] in (200, 202)
    assert cloud.finish()[-1]["decision"]["state"] == "asleep"
    assert status(cloud, wait=0)["phase"] == "asleep"
    assert cloud.session.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert not {call.operation for call in cloud.server.aws.calls} & FORBIDDEN

    assert cloud.controller.peak_memory() < HALF
    assert cloud.api.peak_memory() < HALF
    lines = cloud.controller.logged() + cloud.api.logged()
    assert {line["level"] for line in lines} == {"INFO"}
    assert cloud.key("wake") not in cloud.api.log.read_text()
    reported = [line["event"].partition("#")[2] for line in lines if line["message"] == "delivered"]
    assert reported == ["awake", "asleep"]
    pressed_by = {line["correlation_id"] for line in cloud.api.logged()}
    passes = [line["correlation_id"] for line in cloud.controller.logged() if "decision" in line]
    assert len(passes) == 3  # the heartbeat's, and those of the two presses
    assert len(pressed_by & set(passes)) == 2


def test_the_page_is_text_and_its_head_is_empty(cloud):
    page = cloud.api.invoke(cloud.event("url_get_page"))
    head = cloud.api.invoke(cloud.event("url_head_page"))

    assert page["statusCode"] == head["statusCode"] == 200
    assert page["isBase64Encoded"] is False
    assert "<!doctype html>" in page["body"].lower()
    assert head["body"] == ""
    assert cloud.service.later == []


def test_a_held_request_wakes_the_stack_and_comes_back_whole(artifact, runtime, logs):
    """With the largest body that the door takes, both ways; the function has 256 MiB."""
    body = b"\xff" * MOST_BODY
    with Service(echo) as service, running(artifact, runtime, logs, service.port) as cloud:
        reply = cloud.door.invoke(cloud.door_event("POST", body, content_type="image/png"))
        cloud.finish()

        assert (reply["statusCode"], base64.b64decode(reply["body"]) == body) == (200, True)
        assert int(reply["headers"]["Dormouse-Held"]) > 0
        assert [len(each.body) for each in service.received] == [MOST_BODY]
        assert cloud.door.peak_memory() < HALF
        assert cloud.door_key() not in cloud.door.log.read_text()
        (line,) = cloud.door.logged()
        assert (line["level"], line["status"], line["stack"]) == ("INFO", 200, STACK)


def echo(received):
    return answer(received.body, "Content-Type: image/png")


def test_a_pass_ends_before_lambda_ends_it(cloud, artifact, runtime, logs):
    """The time that is left comes from Lambda's own deadline; what is not done is due at once."""
    due_at = cloud.controller.invoke(cloud.event("async_pass"))["due_at"]
    assert datetime.fromisoformat(due_at) > datetime.now(UTC) + timedelta(hours=20)  # a rehearsal
    cloud.grant()
    with ExitStack() as stack:
        hurried = start(stack, cloud.server, cloud.service, "Controller", artifact, runtime, logs)
        hurried.timeout = 29.0
        ended = hurried.invoke(cloud.event("async_pass"))
    assert ended["result"] == "unfinished"
    assert datetime.fromisoformat(ended["due_at"]) <= datetime.now(UTC)


def test_a_stack_that_is_not_published_fails_the_invocation_with_a_sentence(cloud):
    """Lambda then tries again, and tells the topic."""
    with pytest.raises(FunctionError, match='stack "other" is not published') as error:
        cloud.controller.invoke({"stack": "other"})
    assert error.value.kind == "NotPublishedError"
