"""
The services that need no time of their own, answered by moto in process.

moto keeps its data in module-wide tables. Each simulated account has its own: whoever asks has its
tables put in place first. Its clock is the simulated one as far as moto asks its one clock
function.
"""

from __future__ import annotations

import copy
import datetime as real
import json
from collections.abc import Mapping
from functools import lru_cache
from threading import RLock
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch
from urllib.parse import urlsplit

import moto.core.config
import moto.core.utils
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends
from moto.settings import load_iam_aws_managed_policies

from local.clock import Clock

_TABLES: list[Any] = vars(BackendDict)["_instances"]
"""Every table of moto that holds anything; moto keeps and empties this list itself."""


class MotoSide:
    """moto's part of one account."""

    _lock: ClassVar[RLock] = RLock()
    _present: ClassVar[MotoSide | None] = None

    def __init__(self, account: str, clock: Clock) -> None:
        self._account = account
        self._time = _time_of(clock)
        self._stubber = BotocoreStubber()
        self._tables: list[tuple[Any, dict[str, Any]]] = []
        self._knows_policies = False

    def clear(self) -> None:
        with self._lock:
            self._tables = []
            self._knows_policies = False
            if MotoSide._present is self:
                MotoSide._present = None

    def answer_prepared(self, request: AWSPreparedRequest) -> AWSResponse:
        status, headers, body = self.answer(
            request.method, request.url, request.headers, request.body
        )
        return AWSResponse(request.url, status, headers, MockRawResponse(body))

    def answer(
        self, method: str, url: str, headers: Mapping[str, Any], body: Any
    ) -> tuple[int, dict[str, str], str | bytes]:
        """Answer one HTTP request to an AWS host; 404 for a service that moto does not know."""
        held = HTTPHeaders()
        for key, value in headers.items():
            held[key] = value
        held["x-moto-account-id"] = self._account
        request = AWSPreparedRequest(method, url, held, body, stream_output=False)
        with self._lock:
            self._move_in()
            if not self._knows_policies and urlsplit(url).netloc.startswith("iam."):
                self._learn_policies()
            with (
                patch.dict(moto.core.config.default_user_config, self._settings()),
                patch.object(moto.core.utils, "datetime", self._time),
                patch.object(IAMBackend, "_init_aws_policies", _own_policies),
            ):
                answer = self._stubber.process_request(request)
        return answer if answer else (404, {}, f"the simulated AWS does not know {url}")

    def _settings(self) -> dict[str, dict[str, Any]]:
        policies = {"load_aws_managed_policies": self._knows_policies}
        return {"iam": policies, "lambda": {"use_docker": False}}

    def _learn_policies(self) -> None:
        """
        Let moto make this account's IAM again, with AWS's own policies in it.

        moto makes it at the first call of any service. Before its own first call nothing is in it.
        """
        self._knows_policies = True
        iam_backends.pop(self._account, None)

    def _move_in(self) -> None:
        """Put this account's tables where moto looks, and keep those of the one before."""
        before = MotoSide._present
        if before is self:
            return
        if before:
            before._tables = [(table, dict(table)) for table in _TABLES]
        for table in _TABLES:
            table.clear()
        for table, rows in self._tables:
            table.update(rows)
            if table not in _TABLES:
                _TABLES.append(table)
        MotoSide._present = self


def _own_policies(iam: IAMBackend) -> list[ManagedPolicy]:
    """
    AWS's own policies for one account, if it knows them.

    To read the thousand policies takes half a second, so it is done once for all accounts. What
    moto changes of one is how often it is attached.
    """
    if not load_iam_aws_managed_policies():
        return []
    return [copy.copy(policy) for policy in _read_policies(iam.account_id, iam.region_name)]


@lru_cache(maxsize=8)
def _read_policies(account: str, region: str) -> list[ManagedPolicy]:
    policies = json.loads(aws_managed_policies_data)
    return [AWSManagedPolicy.from_data(name, account, region, policies[name]) for name in policies]


def _time_of(clock: Clock) -> SimpleNamespace:
    """The datetime module as moto shall see it: its now is the laptop's."""

    class LaptopDatetime(real.datetime):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> Any:
            return clock.now().astimezone(tz)

    return SimpleNamespace(**{**vars(real), "datetime": LaptopDatetime})
