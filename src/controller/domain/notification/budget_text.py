"""What people read of a budget for the month."""

from __future__ import annotations

from decimal import Decimal

from controller.domain.notification.event_text import EventText, Text
from controller.domain.notification.invitation import say_money
from controller.domain.planning.spec import Json


class BudgetText(EventText):
    """It is nearly used up, or is used up."""

    def budget_near(self) -> Text:
        spent, limit, month = self._budget()
        used_up_at = self.moment("used_up_at")
        goes_on = (
            f"As office hours and bookings stand, it will be used up on {self.say(used_up_at)}."
            if used_up_at
            else "As office hours and bookings stand, it lasts until the end of the month."
        )
        return f"has spent {spent} of its budget of {limit}", iter(
            [f"{self.stack} has spent {spent} of {limit} in {month}. {goes_on}", self._then()]
        )

    def budget_used_up(self) -> Text:
        spent, limit, month = self._budget()
        return f"has used up its budget of {limit}", iter(
            [
                f"{self.stack} has spent {spent} in {month}; its budget is {limit}.",
                self._then(),
                "What to do: nothing, if that is meant. Else raise monthly_budget and publish the "
                f"stack, or wake it with an admin link or\ndormouse wake {self.stack} "
                "--over-budget",
            ]
        )

    def _budget(self) -> tuple[str, str, Json]:
        spent, limit = (Decimal(str(self.facts.get(name, 0))) for name in ("spent", "limit"))
        month = self.facts.get("month", f"{self.event.at:%Y-%m}")
        return say_money(spent), say_money(limit), month

    def _then(self) -> str:
        hours = "office hours end then too" if self.facts.get("stops") else "office hours go on"
        return (
            "Once it is used up, wake links that are no admin's wake it no more until the month is "
            f"over (UTC); {hours}. Asleep it costs its Elastic IP all the same."
        )
