"""Requests that nobody thought of, over HTTP: to each the door has an answer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from controller.door_links import DoorLink, sign_door
from door.handler import make_handler
from doorstep.service import Service, answer
from doorstep.world import STACK, World
from installation import ENVIRONMENT
from local.function_url import FunctionUrl

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

TEXT = {"type": "string", "maxLength": 300}
HEADERS = ("Prefer", "Referer", "Via", "Cookie", "X-Forwarded-For", "Content-Encoding", "Range")


def describe():
    """Both addresses of the door; the key is filled in."""
    path = {"name": "path", "in": "path", "required": True, "schema": TEXT}
    more = [{"name": name, "in": "header", "schema": TEXT} for name in HEADERS]
    query = {"name": "q", "in": "query", "schema": TEXT}
    body = {"content": {kind: {"schema": {}} for kind in ("text/plain", "application/json")}}
    replies = {"responses": {"default": {"description": "any"}}}
    door = {
        method: {"parameters": [path, query, *more], **replies} for method in ("get", "options")
    }
    door |= {
        method: {"parameters": [path, query, *more], "requestBody": body, **replies}
        for method in ("post", "patch")
    }
    key = {"name": "k", "in": "query", "schema": TEXT}
    status = {"get": {"parameters": [key, *more], **replies}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "door", "version": "1"},
        "paths": {"/{path}": door, f"/s/{STACK}/status": status},
    }


@pytest.fixture(scope="module")
def door():
    """The door of an awake stack over HTTP; its base address, and the service behind it."""
    with Service(lambda _: answer(b"hello")) as service:
        world = World(service.port)
        world.wake()
        link = DoorLink(
            stack=STACK, expires_at=world.now.replace(year=2030), id="d00rd00r", name="fuzz"
        )
        key = sign_door(world.keys, link, world.now)
        handle = make_handler(ENVIRONMENT, session=world.aws.session(), clock=world.work.clock)
        with FunctionUrl(handle, seconds=345, clock=world.work.clock) as url:
            yield url.address, f"{url.address}/d/{STACK}/{key}", service


OPERATIONS = [
    found.ok() for found in schemathesis.openapi.from_dict(describe()).get_all_operations()
]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_no_request_is_answered_with_a_fault_of_ours(door, operation, mode):
    """And whatever is sent reaches the service once at most."""
    address, base, service = door
    seen = set()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def fuzz(case):
        before = len(service.received)
        reply = case.call(base_url=address if "status" in operation.path else base)
        assert reply.status_code < 500 or reply.status_code in (501, 508), reply.content
        assert len(service.received) - before <= 1
        seen.add(reply.status_code)

    fuzz()
    assert seen & ({404} if "status" in operation.path else {200})
