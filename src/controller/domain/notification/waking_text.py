"""What people read of a wake: that it has begun, and that the stack is awake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from controller.domain.decision.sleep_rules import Rule
from controller.domain.formatting import say_duration
from controller.domain.money.bill import awake_hour
from controller.domain.notification.event_text import EventText, Text
from controller.domain.notification.invitation import say_money
from controller.domain.planning.endpoint import address_text

HOUR = timedelta(hours=1)


class WakingText(EventText):
    """A wake, its address, and what it costs."""

    def waking(self) -> Text:
        when = self.say(self.event.at)
        said = f"Dormouse began to wake {self.stack} at {when}."
        return "is being woken", iter([said, self.why()])

    def awake(self) -> Text:
        ends_at = self.moment("ends_at")
        again = " again" if self.facts.get("after") else ""
        until = f" until {self.say(ends_at)}" if ends_at else ""
        return f"is awake{again}{until}", self._awake_body(ends_at)

    def _awake_body(self, ends_at: datetime | None) -> Iterator[str]:
        where = address_text(self.facts.get("endpoint"))
        yield (
            f"{self.stack} is awake and answers at\n{where}" if where else f"{self.stack} is awake."
        )
        yield from self.over({"failed": "could not be woken", "blocked": "could not be woken"})
        yield f"{self.why()}\n{self._how_long_it_took()}"
        until = f"until {self.say(ends_at)}" if ends_at else "for as long as that holds"
        yield f"It stays awake {until}{self._unless_idle()}."
        yield "\n".join(self._money_awake())

    def _how_long_it_took(self) -> str:
        since = self.moment("waking_since")
        took = f", {say_duration(self.event.at - since)} after it was started" if since else ""
        return f"It was ready at {self.say(self.event.at)}{took}."

    def _unless_idle(self) -> str:
        timeout, rule = self.policy.idle_timeout, self.facts.get("rule")
        in_office_hours = rule in (Rule.OFFICE_HOURS, Rule.OPENING, Rule.BOOKING)
        if not timeout or rule == Rule.HOLD:
            return ""
        if in_office_hours and not self.policy.idle_during_office_hours:
            return ""
        return f", or until nobody has used it for {say_duration(timeout)}"

    def _money_awake(self) -> Iterator[str]:
        hour = awake_hour(self.spec)
        yield f"Awake it costs {say_money(hour)} an hour more than asleep."
        slept_at, woke_at = self.moment("slept_at"), self.moment("waking_since")
        if slept_at and woke_at and woke_at - slept_at >= HOUR:
            slept = woke_at - slept_at
            saved = say_money(hour * Decimal(slept / HOUR))
            yield f"It had slept for {say_duration(slept)}, which saved {saved}."
