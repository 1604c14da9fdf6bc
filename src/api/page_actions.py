"""What somebody can do on the page: wake, extend, give back, put to sleep, and book."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.page_subject import Subject
from api.reasons import capital
from controller.asking.requested_end import SAME
from controller.domain.dataclass import dataclass
from controller.domain.decision.asker import Asker
from controller.domain.planning.plan import Target
from controller.domain.text import LONGEST_REASON
from controller.links import Scope


@dataclass(frozen=True, slots=True)
class Actions(Subject):
    """Buttons and forms, as far as the link allows them."""

    @property
    def may_wake(self) -> bool:
        """A used up budget leaves that to an admin's link."""
        budget = self.report.budget
        is_used_up = budget is not None and budget.is_used_up
        return self.link.allows(Scope.ADMIN if is_used_up else Scope.WAKE)

    def actions(self) -> list[dict[str, Any]]:
        wanted = self.report.decision.state is Target.AWAKE
        actions = []
        if self.may_wake:
            actions.append(self._extend() if wanted else self._wake())
        if wanted and self._is_holder():
            actions.append(self._release())
        if wanted and self.may_wake and self.link.allows(Scope.ADMIN):
            actions.append(self._sleep())
        return actions

    def _wake(self) -> dict[str, Any]:
        return self._action("wake", show_title=False, buttons=self._times_to_choose("wake"))

    def _extend(self) -> dict[str, Any]:
        buttons = [{**b, "style": ""} for b in self._times_to_choose("extend")]
        return self._action("extend", show_title=True, buttons=buttons)

    def _is_holder(self) -> bool:
        """Whether this very link has asked for the stack, outside of any job of a program."""
        mine = Asker.of_link(self.link.id)
        leases = self.report.leases
        return self.link.allows(Scope.WAKE) and any(mine.is_of_this_job(one.id) for one in leases)

    def _release(self) -> dict[str, Any]:
        button = {"value": "", "text": self.words("release"), "style": "quiet"}
        note = self.words("release_note")
        return self._action("release", show_title=False, buttons=[button], note=note)

    def _sleep(self) -> dict[str, Any]:
        button = {"value": "", "text": self.words("sleep"), "style": "quiet"}
        note = self.words("sleep_note")
        return self._action("sleep", show_title=False, buttons=[button], note=note)

    def _action(
        self, name: str, *, show_title: bool, buttons: list[dict[str, str]], note: str = ""
    ) -> dict[str, Any]:
        return {
            "address": self.address(f"{self.link.stack}/{name}"),
            "title": self.words(name),
            "show_title": show_title,
            "buttons": buttons,
            "note": note,
        }

    def _times_to_choose(self, verb: str) -> list[dict[str, str]]:
        words, policy = self.words, self.view.policy
        hours = [n for n in (1, 3) if timedelta(hours=n) <= policy.max_awake]
        buttons = [
            (f"{n}h", words(f"{verb}_for", time=words("hours" if n > 1 else "hour", count=str(n))))
            for n in hours
        ]
        if not buttons:
            buttons = [("", words(verb))]
        closing = self.view.closing
        if closing and closing.closes_at and closing.closes_at - self.view.now > SAME:
            when = words.moment(closing.closes_at)
            buttons.append(("close", words(f"{verb}_until", when=when)))
        return [
            {"value": value, "text": text, "style": "" if i else "main"}
            for i, (value, text) in enumerate(buttons)
        ]

    def bookings(self) -> list[dict[str, Any]]:
        """Present and future bookings, each with a cancel button if the link may cancel it."""
        words, mine = self.words, Asker.of_link(self.link.id)
        rows = []
        for each in self.report.bookings:
            opens, closes = words.moment(each.opens_at), words.moment(each.closes_at)
            text = words("booking", by=self.name_of(each.by), opens=opens, closes=closes)
            may = self.link.allows(Scope.WAKE) and each.is_of(mine)
            rows.append(
                {
                    "text": capital(text),
                    "reason": each.reason,
                    "cancel": each.id if may or self.link.allows(Scope.ADMIN) else "",
                }
            )
        return rows

    def booking_form(self) -> dict[str, Any] | None:
        """A form that needs no script."""
        if not self.link.allows(Scope.WAKE):
            return None
        words, most = self.words, self.view.policy.max_awake
        lengths = [n for n in (1, 2, 3, 4, 6, 8, 12) if timedelta(hours=n) <= most]
        return {
            "address": self.address(f"{self.link.stack}/wake"),
            "release": self.address(f"{self.link.stack}/release"),
            "longest": LONGEST_REASON,
            "lengths": [
                (f"{n}h", words("hours" if n > 1 else "hour", count=str(n))) for n in lengths
            ]
            or [("", words.duration(min(self.view.policy.wake_for, most)))],
        }
