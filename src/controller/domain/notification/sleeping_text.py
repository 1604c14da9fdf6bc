"""What people read of a sleep: that it is near, that it has begun, and the bill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from controller.domain.formatting import say_duration
from controller.domain.money.bill import add_up, asleep_hour, awake_hour
from controller.domain.notification.event_text import EventText, Text
from controller.domain.notification.invitation import say_money


class SleepingText(EventText):
    """A sleep, the bill of the time awake, and the month so far."""

    def sleeping_soon(self) -> Text:
        ends_at = self.moment("ends_at") or self.event.at
        return f"goes to sleep at {self.say(ends_at)}", self._soon_body(ends_at)

    def _soon_body(self, ends_at: datetime) -> Iterator[str]:
        left = say_duration(ends_at - self.event.at)
        yield f"{self.stack} goes to sleep in {left}, at {self.say(ends_at)}."
        yield f"Why then: {self.event.reason}."
        if not self.link:
            yield (
                "To keep it awake for longer, open its wake link and press a button, or run\n"
                f"dormouse extend {self.stack}"
            )
            return
        yield f"To keep it awake for longer, open this page and press a button:\n{self.link.url}"
        yield (
            f"Whoever has this address can do that until {self.say(self.link.expires_at)}, when "
            "it stops working: pass it on only to those who may."
        )

    def sleeping(self) -> Text:
        when = self.say(self.event.at)
        said = f"Dormouse began to put {self.stack} to sleep at {when}."
        return "is going to sleep", iter([said, self.why()])

    def asleep(self) -> Text:
        stay = add_up(self.spec, self.facts.get("spans") or ())
        cost = f"; this time awake cost {say_money(stay.cost)}" if stay else ""
        at_last = " at last" if "stuck" in (self.facts.get("after") or ()) else ""
        return f"is asleep{at_last}{cost}", self._asleep_body()

    def _asleep_body(self) -> Iterator[str]:
        yield f"{self.stack} has been asleep since {self.say(self.event.at)}."
        yield from self.over({"stuck": "did not get to sleep"})
        yield from self.over({"degraded": "did not run completely"})
        yield self.why()
        stay = add_up(self.spec, self.facts.get("spans") or ())
        if stay:
            plural = "" if stay.started_hours == 1 else "s"
            hours = f"{stay.started_hours} started hour{plural}"
            yield (
                f"It was up for {say_duration(stay.lasted)}, from {self.say(stay.start)} to "
                f"{self.say(stay.end)}.\n"
                f"That cost {say_money(stay.cost)}: the load balancer "
                f"{say_money(stay.load_balancers)} ({hours}), the tasks {say_money(stay.tasks)}."
            )
        awake, asleep = awake_hour(self.spec), asleep_hour(self.spec)
        what = f"{say_money(asleep)} an hour, its Elastic IP" if asleep else "nothing"
        yield f"Asleep it costs {what}. A day asleep saves {say_money(awake * 24)}."
        yield from self._month()

    def _month(self) -> Iterator[str]:
        month = self.facts.get("month")
        if not month:
            return
        spent, saved = (Decimal(str(month[name])) for name in ("spent", "saved"))
        balance = f"saved {say_money(saved)}" if saved >= 0 else f"cost {say_money(-saved)} more"
        yield (
            f"In {month['month']} so far: {say_money(spent)}, the Elastic IP included; that has "
            f"{balance} against leaving it on."
        )
