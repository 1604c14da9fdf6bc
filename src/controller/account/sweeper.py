"""
Everything in one region that carries our stack tag, and its delete.

Listed from the services themselves and not from an index of tags, which lags behind.
"""

from __future__ import annotations

from typing import Any

from controller.account.owned_kinds import OWNED_KINDS
from controller.aws.clients import Clients
from controller.aws.errors import gone_is_fine, translate
from controller.aws.tagging import tagging_of
from controller.domain.guards.sweeping import OwnedResource
from controller.domain.money.prices import find_prices
from controller.domain.planning.owner_tags import ADDRESS, STACK
from controller.domain.planning.spec import Kind


class Sweeper:
    """One region; its role is taken on with the first call."""

    def __init__(self, clients: Clients, region: str, role_arn: str | None = None) -> None:
        self._clients = clients
        self.region = region
        self._role_arn = role_arn

    def find(self) -> list[OwnedResource]:
        """All resources of the kinds in `OWNED_KINDS` that carry both our tags."""
        prices = find_prices(self.region)
        try:
            return [
                self._owned(kind, fields)
                for kind, owned_kind in OWNED_KINDS.items()
                for fields in owned_kind.find(self._clients, prices)
            ]
        except Exception as error:
            raise translate(error, self._action()) from error

    def _owned(self, kind: Kind, fields: dict[str, Any]) -> OwnedResource:
        return OwnedResource(kind=kind, region=self.region, role_arn=self._role_arn, **fields)

    def _action(self) -> str:
        where = f"look for leftovers in {self.region}"
        return f"{where} as {self._role_arn}" if self._role_arn else where

    def delete(self, owned: OwnedResource) -> None:
        """
        Delete a resource, after a last read of its tags; a missing one counts as deleted.

        Returns at once. Raises the domain's errors; RetryError for a delete that takes time.
        """
        try:
            with gone_is_fine():
                if self._is_ours(owned):
                    OWNED_KINDS[owned.kind].delete(self._clients, owned)
        except Exception as error:
            kind = str(owned.kind).replace("_", " ")
            raise translate(error, f'delete {kind} "{owned.name}"') from error

    def _is_ours(self, owned: OwnedResource) -> bool:
        """The tags that it was shown with: somebody may have taken it over since."""
        tags = tagging_of(owned.kind, self._clients).read(owned.arn) or {}
        return (tags.get(STACK), tags.get(ADDRESS)) == (owned.stack, owned.address)
