"""
Signed links: who may do what with one stack, and until when, in a key that nobody can make up.

A key is `<key id>.<claims>.<signature>`; the claims are stack, scope, end, the link's own id, and
the name of whoever it was made for. A team's key has a pattern of names in place of the stack.

All links are signed by one of a few secrets; to rotate is to sign with a new one while the old
ones still count until they retire. A single link is withdrawn by its id, which stands elsewhere;
all of them by retiring every secret.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TypeVar

from itsdangerous import BadData, URLSafeSerializer

from controller.domain.dataclass import dataclass, replace
from controller.domain.errors import PermanentError
from controller.domain.planning.spec import Json
from controller.domain.policy.name_pattern import NamePattern
from controller.domain.stack_name import STACK_NAME as STACK_NAME
from controller.domain.timestamps import (
    format_timestamp,
    parse_timestamp,
    read_timestamp,
    write_timestamp,
)

T = TypeVar("T")

LONGEST_KEY = 512
LONGEST_NAME = 40
LONGEST_LIFE = timedelta(days=3650)
VERSION = 1

_SHAPE = re.compile(
    r"([0-9a-f]{8})\.(\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])", re.ASCII
)
"""
Key id, claims (the serializer compresses long ones and marks that by a leading dot), SHA-256. The
last character of a signature carries two spare bits, so that others would decode to the same.
"""
_SALT = b"dormouse wake link"
_TEAM = "team:"
"""Before the pattern of a team's key; no stack has a name with a colon."""


class Scope(IntEnum):
    """What a link allows; each one allows what those before it do."""

    VIEW = 1
    WAKE = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()

    @staticmethod
    def named(name: str) -> Scope:
        return Scope[name.upper()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    What a key represents. `name` says whom it was made for, and may be empty; `team` is the pattern
    of a team's key, "" for any other, and then `stack` the one that it was narrowed to.
    """

    stack: str
    scope: Scope
    expires_at: datetime
    id: str
    name: str = ""
    team: str = ""

    def allows(self, scope: Scope) -> bool:
        return self.scope >= scope

    def narrowed(self, stack: str) -> Link | None:
        """The same link to one stack; None where it does not cover that."""
        if not self.team:
            return self if self.stack == stack else None
        return replace(self, stack=stack) if NamePattern(self.team).covers(stack) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One signing secret. From `retires_at` on (None: never) what it signed does not count."""

    id: str
    secret: str
    created_at: datetime
    retires_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.retires_at is None or now < self.retires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secrets that sign links, the newest last."""

    secrets: tuple[Secret, ...] = ()

    def sign(self, link: Link, now: datetime) -> str:
        """The key of a link, by the newest secret. Raises PermanentError without one."""
        stack = f"{_TEAM}{link.team}" if link.team else link.stack
        claims: list[Json] = [stack, int(link.scope), _epoch(link.expires_at), link.id]
        if link.name:
            claims.append(link.name)
        return self.sign_claims(claims, _SALT, now)

    def read(self, key: str, now: datetime) -> Link | None:
        """The link that a key represents; None for one that is not good, for whatever reason."""
        link = self.authentic(key)
        if link is None or link.expires_at <= now:
            return None
        return link if self.is_in_force(key, now) else None

    def authentic(self, key: str) -> Link | None:
        """The link of a key that we signed, be it over or withdrawn; None for any other."""
        return self.read_claims(key, _SALT, _link)

    def sign_claims(self, claims: Json, salt: bytes, now: datetime) -> str:
        """
        The key of these claims, by the newest secret. Raises PermanentError without one.

        A key that was signed with one salt is none with another.
        """
        good = [secret for secret in self.secrets if secret.is_good(now)]
        if not good:
            raise PermanentError("no key signs links yet; run dormouse link --rotate")
        return f"{good[-1].id}.{_serializer(good[-1], salt).dumps(claims)}"

    def read_claims(
        self, key: str, salt: bytes, parse: Callable[[Json], T], longest: int = LONGEST_KEY
    ) -> T | None:
        """What `parse` makes of the claims of a key that we signed; None for any other key."""
        shape = _shape(key, longest)
        secret = self._find(shape[1]) if shape else None
        if shape is None or secret is None:
            return None
        try:
            return parse(_serializer(secret, salt).loads(shape[2]))
        except (BadData, LookupError, ValueError, TypeError, OverflowError):
            return None

    def is_in_force(self, key: str, now: datetime) -> bool:
        """Whether the secret that a key names still counts."""
        secret = self._find(key[:8])
        return secret is not None and secret.is_good(now)

    def rotated(self, fresh: Secret, overlap: timedelta) -> Keys:
        """`fresh` signs from now on; the others count for `overlap` longer, or less if they did."""
        end = fresh.created_at + overlap
        kept = [
            replace(old, retires_at=min(end, old.retires_at or end))
            for old in self.secrets
            if old.is_good(fresh.created_at) and overlap
        ]
        return Keys(secrets=(*kept, fresh))

    def to_json(self) -> dict[str, Json]:
        return {
            "version": VERSION,
            "keys": [
                {
                    "id": secret.id,
                    "secret": secret.secret,
                    "created_at": format_timestamp(secret.created_at),
                    "retires_at": write_timestamp(secret.retires_at),
                }
                for secret in self.secrets
            ],
        }

    @staticmethod
    def from_text(text: str) -> Keys:
        """Read the JSON that `to_json` gave. Raises PermanentError, which quotes none of it."""
        try:
            data = json.loads(text)
            if data["version"] > VERSION:
                raise PermanentError(
                    f"cannot read the keys of the links: found version {data['version']}, "
                    f"expected {VERSION} at most; deploy the release that wrote them"
                )
            return Keys(secrets=tuple(_secret(each) for each in data["keys"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PermanentError(
                "cannot read the keys of the links: the parameter does not hold what "
                "dormouse link writes; run dormouse link --rotate --overlap 0 to begin anew"
            ) from None

    def _find(self, id_: str) -> Secret | None:
        return next((secret for secret in self.secrets if secret.id == id_), None)


def is_shaped(key: str, longest: int = LONGEST_KEY) -> bool:
    """Return whether a text could be a key at all; no secret is needed to say so."""
    return _shape(key, longest) is not None


def _shape(key: str, longest: int) -> re.Match[str] | None:
    return _SHAPE.fullmatch(key) if len(key) <= longest else None


def make_secret(now: datetime, draw: Callable[[int], str]) -> Secret:
    """A new secret; `draw` gives so many random bytes as hex (`secrets.token_hex`)."""
    return Secret(id=draw(4), secret=draw(32), created_at=now)


def _serializer(secret: Secret, salt: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret.secret,
        salt=salt,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _link(claims: Json) -> Link:
    stack, scope, expires, id_, *name = claims
    team = stack.removeprefix(_TEAM) if stack.startswith(_TEAM) else ""
    return Link(
        stack="" if team else stack,
        team=team,
        scope=Scope(scope),
        expires_at=datetime.fromtimestamp(expires, UTC),
        id=id_,
        name=name[0] if name else "",
    )


def _secret(data: Mapping[str, Json]) -> Secret:
    return Secret(
        id=data["id"],
        secret=data["secret"],
        created_at=parse_timestamp(data["created_at"]),
        retires_at=read_timestamp(data["retires_at"]),
    )


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
