"""Keys of links: what is signed is what is read, and nothing else is."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.keyring import FRESH, RETRY, STALE, KeyRing, KeysUnreadableError
from controller.domain.errors import PermanentError
from controller.links import Keys, Link, Scope, make_secret

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def fresh(now: datetime = NOW):
    return make_secret(now, secrets.token_hex)


def link(**changes) -> Link:
    defaults = {"stack": "nsfw-api", "scope": Scope.WAKE, "expires_at": NOW + DAY, "id": "aabbccdd"}
    return Link(**(defaults | changes))


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys(secrets=(fresh(),))


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("name", ["", "営業部", "a" * 40])
def test_a_key_gives_back_its_link(keys, scope, name):
    made = link(scope=scope, name=name)
    assert keys.read(keys.sign(made, NOW), NOW) == made


def test_a_scope_allows_what_the_lesser_ones_do():
    assert [link(scope=Scope.WAKE).allows(s) for s in Scope] == [True, True, False]


def test_a_link_is_good_up_to_its_end_and_not_at_it(keys):
    key = keys.sign(link(), NOW)
    assert keys.read(key, NOW + DAY - timedelta(seconds=1))
    assert keys.read(key, NOW + DAY) is None


def test_no_character_of_a_key_can_be_changed(keys):
    """The last one of base64 carries spare bits, which a lax decoder would pass over."""
    key = keys.sign(link(), NOW)
    for at, old in enumerate(key):
        for new in "ABCDEFGHabcdef0123456789-_.~ %\n":
            if new != old:
                assert keys.read(key[:at] + new + key[at + 1 :], NOW) is None, (at, new)


@given(st.text(max_size=600))
def test_no_text_is_a_key_by_chance(keys, text):
    assert keys.read(text, NOW) is None


def test_a_key_of_other_keys_is_none_of_ours(keys):
    assert keys.read(Keys(secrets=(fresh(),)).sign(link(), NOW), NOW) is None


def test_old_links_last_through_the_overlap_of_a_rotation(keys):
    old = keys.sign(link(expires_at=NOW + 90 * DAY), NOW)
    later = NOW + DAY
    rotated = keys.rotated(fresh(later), overlap=7 * DAY)
    new = rotated.sign(link(expires_at=NOW + 90 * DAY), later)

    assert new[:8] != old[:8]
    assert [bool(rotated.read(key, later + 6 * DAY)) for key in (old, new)] == [True, True]
    assert [bool(rotated.read(key, later + 7 * DAY)) for key in (old, new)] == [False, True]


def test_a_second_rotation_does_not_put_off_the_end_of_the_first(keys):
    first = keys.rotated(fresh(NOW), overlap=2 * DAY)
    second = first.rotated(fresh(NOW + DAY), overlap=7 * DAY)
    ends = [secret.retires_at for secret in second.secrets]
    assert ends == [NOW + 2 * DAY, NOW + 8 * DAY, None]


def test_a_rotation_without_overlap_ends_all_links_at_once(keys):
    old = keys.sign(link(), NOW)
    assert keys.rotated(fresh(), overlap=timedelta(0)).read(old, NOW) is None


def test_keys_are_the_same_after_they_were_stored(keys):
    stored = keys.rotated(fresh(), overlap=DAY)
    assert Keys.from_text(json.dumps(stored.to_json())) == stored


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version":1,"keys":[{"id":"x"}]}', "x"])
def test_a_parameter_that_holds_something_else_is_refused_without_quoting_it(text):
    with pytest.raises(PermanentError, match="--rotate --overlap 0"):
        Keys.from_text(text)


def test_without_keys_nothing_can_be_signed():
    with pytest.raises(PermanentError, match="dormouse link --rotate"):
        Keys().sign(link(), NOW)


class Parameter:
    """A parameter on a clock of its own, which may stop answering."""

    def __init__(self, keys: Keys | None) -> None:
        self.now = NOW
        self.reads = 0
        self.broken = False
        self.keys = keys
        self.withdrawn: set[str] = set()
        self.ring = KeyRing(self.fetch, lambda: frozenset(self.withdrawn), lambda: self.now)

    def fetch(self) -> str | None:
        self.reads += 1
        if self.broken:
            raise OSError
        return json.dumps(self.keys.to_json()) if self.keys else None


def test_a_flood_of_bad_keys_reads_the_parameter_once_a_minute(keys):
    parameter = Parameter(keys)
    bad = Keys(secrets=(fresh(),)).sign(link(), NOW)
    assert [parameter.ring.read(bad, "nsfw-api") for _ in range(100)] == [None] * 100
    assert parameter.reads == 1
    parameter.now += FRESH
    parameter.ring.read(bad, "nsfw-api")
    assert parameter.reads == 2


def test_a_withdrawal_is_known_after_a_minute(keys):
    parameter = Parameter(keys)
    key = keys.sign(link(), NOW)
    assert parameter.ring.read(key, "nsfw-api")
    parameter.withdrawn.add(link().id)
    parameter.now += FRESH
    assert parameter.ring.read(key, "nsfw-api") is None
    assert parameter.ring.read(keys.sign(link(id="22222222"), NOW), "nsfw-api")


def test_keys_whose_withdrawn_links_cannot_be_read_are_those_of_a_silent_ssm(keys):
    """As long as nobody knows who was withdrawn, what was known a moment ago counts."""
    parameter = Parameter(keys)
    key, gone = keys.sign(link(), NOW), keys.sign(link(id="22222222"), NOW)
    parameter.withdrawn.add("22222222")
    assert (bool(parameter.ring.read(key, "nsfw-api")), parameter.ring.read(gone, "nsfw-api")) == (
        True,
        None,
    )

    parameter.withdrawn = None
    parameter.now += FRESH
    assert (bool(parameter.ring.read(key, "nsfw-api")), parameter.ring.read(gone, "nsfw-api")) == (
        True,
        None,
    )
    parameter.now += STALE
    with pytest.raises(KeysUnreadableError):
        parameter.ring.read(key, "nsfw-api")


def test_no_parameter_means_no_good_key(keys):
    assert Parameter(None).ring.read(keys.sign(link(), NOW), "nsfw-api") is None


def test_keys_outlast_a_short_silence_of_ssm_and_not_a_long_one(keys):
    parameter = Parameter(keys)
    key = keys.sign(link(expires_at=NOW + DAY), NOW)
    parameter.ring.read(key, "nsfw-api")
    parameter.broken = True
    parameter.now += FRESH
    assert [bool(parameter.ring.read(key, "nsfw-api")) for _ in range(5)] == [True] * 5
    assert parameter.reads == 2
    parameter.now += STALE
    with pytest.raises(KeysUnreadableError):
        parameter.ring.read(key, "nsfw-api")
    parameter.broken = False
    parameter.now += FRESH
    assert parameter.ring.read(key, "nsfw-api")


def test_ssm_that_never_answered_is_not_taken_for_a_bad_key(keys):
    parameter = Parameter(keys)
    parameter.broken = True
    with pytest.raises(KeysUnreadableError):
        parameter.ring.read(keys.sign(link(), NOW), "nsfw-api")


def test_a_flood_calls_a_silent_ssm_once_in_five_seconds(keys):
    parameter = Parameter(keys)
    parameter.broken = True
    for _ in range(100):
        with pytest.raises(KeysUnreadableError):
            parameter.ring.read("x", "nsfw-api")
    assert parameter.reads == 1
    parameter.broken = False
    parameter.now += RETRY
    assert parameter.ring.read(keys.sign(link(), NOW), "nsfw-api")


def test_keys_that_are_not_ours_are_unreadable_and_no_bad_key():
    parameter = Parameter(None)
    parameter.ring = KeyRing(lambda: "{}", frozenset, lambda: NOW)
    with pytest.raises(KeysUnreadableError):
        parameter.ring.read("x", "nsfw-api")
