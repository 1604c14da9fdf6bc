"""boto3 clients, made on first use, all with the same time-outs and retries."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from botocore.config import Config

from controller.aws.errors import translate
from controller.aws.session_policy import session_policy

# Retries are explicit, because the default differs between botocore releases (AWS behaviour §5.3).
# CloudTrail shows the user agent of each call; botocore composes its own one twice for each
# request, an eighth of the time that a call takes.
CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=3,
    read_timeout=10,
    user_agent="dormouse",
)

Client = Any
"""A boto3 client. Requests come from compiled specs, so static request types would say nothing."""


class Session(Protocol):
    """What `boto3.Session` offers and the simulated AWS offers too."""

    def client(self, service_name: str, **options: Any) -> Client: ...


class Clients:
    """
    The clients of one region and role.

    With `role_arn` every call is made in that role, whose credentials last an hour: a pass is
    much shorter, and the next pass builds its own.
    """

    def __init__(self, session: Session, region: str | None, role_arn: str | None = None) -> None:
        self._session = session
        self._region = region
        self._role_arn = role_arn
        self._made: dict[str, Client] = {}
        self._credentials: dict[str, str] | None = None
        self._elsewhere: dict[str | None, Clients] = {}
        self._lock = threading.RLock()

    def in_region(self, region: str | None) -> Clients:
        """The clients of another region under the same role; these for None or their own."""
        if region in (None, self._region):
            return self
        with self._lock:
            if region not in self._elsewhere:
                self._elsewhere[region] = Clients(self._session, region, self._role_arn)
            return self._elsewhere[region]

    def get(self, service: str) -> Client:
        """The client of one service, by boto3's name for it."""
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def __getattr__(self, service: str) -> Client:
        if service.startswith("_"):
            raise AttributeError(service)
        found = self.__dict__[service] = self.get(service)  # next time it is a plain attribute
        return found

    def _make(self, service: str) -> Client:
        options: dict[str, Any] = {"config": CONFIG, **self._role()}
        if self._region:
            options["region_name"] = self._region
        return self._session.client(service, **options)

    def _role(self) -> dict[str, str]:
        if self._role_arn is None:
            return {}
        if self._credentials is None:
            found = self._assume(self._role_arn)
            self._credentials = {
                "aws_access_key_id": found["AccessKeyId"],
                "aws_secret_access_key": found["SecretAccessKey"],
                "aws_session_token": found["SessionToken"],
            }
        return self._credentials

    def _assume(self, role_arn: str) -> dict[str, str]:
        """Credentials of the role. Raises the domain's errors."""
        try:
            sts = self._session.client("sts", config=CONFIG)
            reply = sts.assume_role(
                RoleArn=role_arn, RoleSessionName="dormouse", Policy=session_policy()
            )
        except Exception as error:
            raise translate(error, f"take on the role {role_arn}") from error
        found: dict[str, str] = reply["Credentials"]
        return found
