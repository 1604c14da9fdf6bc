"""What each request carries."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from controller.aws.clients import Clients


def test_a_call_says_that_dormouse_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ecs = Clients(boto3.Session(), "eu-west-1").ecs
    agents: list[str] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        agent = request.headers["User-Agent"]
        agents.append(agent.decode() if isinstance(agent, bytes) else agent)
        return AWSResponse(request.url, 200, {}, _Body(b'{"clusterArns": []}'))

    ecs.meta.events.register("before-send.ecs", answer)
    ecs.list_clusters()
    assert agents[0].split()[0] == "dormouse"


class _Body:
    """A response's body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> list[bytes]:
        return [self._content]
