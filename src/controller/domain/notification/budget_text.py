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
            "With the present office hours and bookings, it will be used up on "
            f"{self.say(used_up_at)}."
            if used_up_at
            else "With the present office hours and bookings, it lasts until the end of the month."
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
                "What to do: nothing, if that is intended. Else raise monthly_budget and publish "
                f"the stack, or wake it with an admin link or\ndormouse wake {self.stack} "
                "--over-budget",
            ]
        )

    def _budget(self) -> tuple[str, str, Json]:
        spent, limit = (Decimal(str(self.facts.get(name, 0))) for name in ("spent", "limit"))
        month = self.facts.get("month", f"{self.event.at:%Y-%m}")
        return say_money(spent), say_money(limit), month

    def _then(self) -> str:
        hours = "office hours end then too" if self.facts.get("stops") else "office hours continue"
        return (
            "Once it is used up, only admin links wake it until the month is over (UTC); "
            f"{hours}. Asleep it still costs its Elastic IP."
        )
