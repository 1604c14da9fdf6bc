"""The prices that money is shown in: those of AWS, read once a day, or those of the dated table."""

from __future__ import annotations

from datetime import UTC, datetime

from controller.cli.session import on_laptop
from controller.domain.errors import DormouseError
from controller.domain.money.prices import Prices, find_prices


def prices_of(region: str) -> tuple[Prices, str]:
    """The prices of a region, and why they are not today's, or ""."""
    if on_laptop():
        return find_prices(region), ""  # it knows no prices
    from controller.hcl import disk_cache

    today = datetime.now(UTC).date()
    place = disk_cache.place_of("prices", region, today.isoformat())
    found = disk_cache.load(place) if place else None
    if isinstance(found, Prices):
        return found, ""
    try:
        prices = _fetch(region)
    except DormouseError as error:
        return find_prices(region), str(error)
    if place:
        disk_cache.save(place, prices)
    return prices, ""


def _fetch(region: str) -> Prices:
    from botocore.exceptions import BotoCoreError

    from controller.aws.clients import Clients
    from controller.aws.errors import translate
    from controller.aws.prices import ENDPOINT_REGION, ask_prices
    from controller.cli.session import open_session

    try:
        pricing = Clients(open_session(), ENDPOINT_REGION).get("pricing")
    except BotoCoreError as error:
        raise translate(error, "ask AWS for prices") from None
    return ask_prices(pricing, region, datetime.now(UTC).date())
