"""What people read when paid resources remain: of a sleep, or of a replaced spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from controller.domain.money.bill import hour_of
from controller.domain.notification.event_text import EventText, Text
from controller.domain.notification.invitation import say_money


class StuckText(EventText):
    """What still exists, what it costs, and what to do."""

    def stuck(self) -> Text:
        if self.facts.get("replaced"):
            return self._replaced()
        standing = [str(address) for address in self.facts.get("standing") or ()]
        billed = self.facts.get("billed") or ()
        prices = {a: hour_of(self.spec, a) if a in billed else Decimal(0) for a in standing}
        hour = sum(prices.values(), Decimal(0))
        costs = f"costs {say_money(hour)} an hour" if hour else "costs nothing meanwhile"
        return f"does not get to sleep and {costs}", self._stuck_body(prices, hour)

    def _stuck_body(self, prices: Mapping[str, Decimal], hour: Decimal) -> Iterator[str]:
        since = self.moment("since") or self.event.at
        yield f"{self.stack} was to go to sleep at {self.say(since)}, but something still exists."
        yield f"Cause:\n{self.event.reason}"
        if prices:
            each = (
                f"  {a}: {f'{say_money(p)} an hour' if p else 'free'}" for a, p in prices.items()
            )
            yield "\n".join(["Still there:", *each])
        if hour:
            day = say_money(hour * 24)
            yield f"That is {say_money(hour)} an hour, {day} a day, until it is gone."
        yield (
            "What to do: Dormouse retries every 15 minutes, and another message says when it is "
            "asleep. If the cause stays, fix it, or delete what still exists in the AWS console; "
            "leave the Elastic IP alone."
        )

    def _replaced(self) -> Text:
        """Resources of an earlier configuration are in a place that cannot be reached."""
        hours = {a: Decimal(text) for a, text in (self.facts.get("hours") or {}).items()}
        hour = sum(hours.values(), Decimal(0))
        what = f"costs {say_money(hour)} an hour" if hour else "costs nothing"
        return f"has left something behind that {what}", self._replaced_body(hours, hour)

    def _replaced_body(self, hours: Mapping[str, Decimal], hour: Decimal) -> Iterator[str]:
        yield (
            f"The configuration of {self.stack} was changed, and resources of the earlier one "
            f"cannot be deleted. {self.stack} itself continues with the new one."
        )
        yield f"What it is, why, and what to do:\n{self.event.reason}."
        if hour:
            each = (f"  {address}: {say_money(p)} an hour" for address, p in hours.items())
            yield "\n".join(["What still exists costs:", *each])
            yield f"That is {say_money(hour * 24)} a day, until it is gone."
        yield "Dormouse retries every 15 minutes; page and status show it until then."
