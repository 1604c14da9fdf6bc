"""The description says what is answered, whatever is sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.board import BOARD_METHODS
from api.methods import METHODS
from api.openapi import describe
from api.problems import NOT_FOUND
from installation import STACK, Installation
from local.function_url import FunctionUrl

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")


def test_every_route_is_described(installation):
    described = installation.ask("GET", "/openapi.json").json
    found = {(path, method.upper()) for path, item in described["paths"].items() for method in item}
    assert found == {
        (path.replace("<stack>", "{stack}"), method)
        for path, methods in (*METHODS.values(), *BOARD_METHODS.values())
        for method in methods
    }


def test_what_is_answered_has_the_fields_that_are_described(installation):
    schemas = describe()["components"]["schemas"]
    assert set(installation.status()) == set(schemas["Status"]["properties"])
    assert set(NOT_FOUND.to_json()) == set(schemas["Problem"]["properties"])


def test_the_description_is_the_same_for_everybody(installation):
    assert installation.ask("GET", "/openapi.json").body == json.dumps(
        describe(), ensure_ascii=False, separators=(",", ":")
    )


@pytest.fixture(scope="module")
def served():
    installation = Installation()
    with FunctionUrl(installation.handle) as url:
        installation.address = url.address
        yield installation


# A missing key is a 404 here and not a 401, so that nobody learns which stacks there are: what
# the library thinks of authorization is left out.
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]
OPERATIONS = {
    operation.label: operation
    for operation in (
        found.ok() for found in schemathesis.openapi.from_dict(describe()).get_all_operations()
    )
}
CASES = [
    (label, mode)
    for label in OPERATIONS
    for mode in schemathesis.GenerationMode
    if "stack" in label or mode is schemathesis.GenerationMode.POSITIVE
]
"""What the description allows, and what it does not; the rest takes nothing that could be wrong."""


@pytest.mark.slow
@pytest.mark.parametrize(("label", "mode"), CASES)
def test_whatever_is_sent_the_answer_is_one_that_is_described(label, mode, served):
    operation = OPERATIONS[label]
    seen = set()

    @given(case=operation.as_strategy(generation_mode=mode), scope=st.sampled_from(SCOPES))
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    def fuzz(case, scope):
        if scope and "stack" in (case.path_parameters or {}):
            case.path_parameters["stack"] = STACK
        headers = {"Accept": "application/json"}
        if scope:
            headers["Authorization"] = f"Bearer {served.key(scope)}"
        response = case.call(base_url=served.address, headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)
        seen.add(response.status_code)

    fuzz()
    assert {404} < seen or "stack" not in label


SCOPES = ["", "view", "wake", "admin"]
