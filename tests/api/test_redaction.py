"""What the JSON keeps from those who only have a link."""

from __future__ import annotations

import pytest

from api.redaction import HIDDEN
from controller.store import items
from installation import STACK, Installation


@pytest.fixture
def installation():
    """Woken by two links, put to sleep over both, woken again; a record cannot be read."""
    installation = Installation()
    installation.press("wake", scope="wake")
    installation.press("wake", scope="admin")
    installation.press("sleep", scope="admin")
    installation.press("wake", scope="wake")
    installation.session.client("dynamodb").put_item(
        TableName="dormouse",
        Item={**items.request_key(STACK, "lease#x"), "body": {"S": "{"}},
    )
    return installation


def seen_by(installation, scope):
    """By each address and way to ask that gives JSON."""
    paths = (f"/s/{STACK}", f"/s/{STACK}/status", f"/s/{STACK}/status?wait=1")
    found = [installation.program("GET", path, scope).json for path in paths]
    assert found[0]["leases"] == found[1]["leases"] == found[2]["leases"]
    return found[0]


def test_an_admin_sees_the_warnings_and_whose_lease_it_is(installation):
    seen = seen_by(installation, "admin")
    (warning,) = seen["warnings"]
    assert warning.startswith('the record "lease#x" cannot be read')
    assert {each["id"][:8] for each in seen["leases"]} == {"wakeaaaa", "adminaaa"}
    assert seen["evidence"]["lease"][:8] in {"wakeaaaa", "adminaaa"}


@pytest.mark.parametrize("scope", ["view", "wake"])
def test_other_links_see_neither_warnings_nor_the_ids_of_others(installation, scope):
    seen = seen_by(installation, scope)
    assert seen["warnings"] == []
    own = {each["id"][:8] for each in seen["leases"]} - {HIDDEN}
    assert own == ({"wakeaaaa"} if scope == "wake" else set())
    assert "adminaaa" not in str(seen)
    answer = installation.program("POST", f"/s/{STACK}/wake", "wake", '{"for": "2h"}')
    assert answer.json["warnings"] == []
    assert "adminaaa" not in str(answer.json)


def test_the_leases_that_a_hold_was_put_over_are_those_of_links_too():
    installation = Installation()
    installation.press("wake", scope="admin")
    installation.press("sleep", scope="admin")
    assert seen_by(installation, "admin")["hold"]["over"][0].startswith("adminaaa")
    assert seen_by(installation, "view")["hold"]["over"] == [HIDDEN]
