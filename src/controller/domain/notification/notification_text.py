"""
The text of an event: what happened, why, what it costs, and what to do.

Pure text, for mail. Moments are local to the stack's time zone, money is USD at list prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from controller.domain.decision.history import Event, EventKind
from controller.domain.decision.sleep_rules import Rule
from controller.domain.formatting import say_duration, say_moment
from controller.domain.money.bill import add_up, asleep_hour, awake_hour, hour_of
from controller.domain.notification.invitation import Invitation, say_money
from controller.domain.notification.term_text import say_term
from controller.domain.notification.week_text import say_week
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.serving import Shortfall, say_shortfalls
from controller.domain.planning.spec import Json, Spec
from controller.domain.policy.policy import Policy
from controller.domain.reporting.report import policy_of
from controller.domain.timestamps import read_timestamp

HOUR = timedelta(hours=1)

TERM = (EventKind.ENDING, EventKind.ENDED, EventKind.UNPUBLISHED)
Text = tuple[str, Iterator[str]]


class NotificationText:
    """`link` is for what can be put off by it."""

    def __init__(self, spec: Spec, event: Event, link: Invitation | None) -> None:
        self._spec = spec
        self._event = event
        self._facts: Mapping[str, Json] = event.facts
        self._policy: Policy = policy_of(spec)
        self._link = link

    def write(self) -> Text:
        """Write the subject, without the stack's name, and the paragraphs."""
        of_term = partial(say_term, self._spec, self._event, self._link)
        writers: Mapping[EventKind, Callable[[], Text]] = {
            EventKind.WAKING: self._waking,
            EventKind.AWAKE: self._awake,
            EventKind.SLEEPING_SOON: self._sleeping_soon,
            EventKind.SLEEPING: self._sleeping,
            EventKind.ASLEEP: self._asleep,
            EventKind.FAILED: self._failed,
            EventKind.STUCK: self._stuck,
            EventKind.BLOCKED: self._blocked,
            EventKind.DEGRADED: self._degraded,
            EventKind.RESTORED: self._restored,
            EventKind.BUDGET_NEAR: self._budget_near,
            EventKind.BUDGET_USED_UP: self._budget_used_up,
            EventKind.COULD_NOT_WAKE: self._could_not_wake,
            EventKind.COULD_WAKE: self._could_wake,
            EventKind.DAMAGED: self._damaged,
            EventKind.DIGEST: partial(say_week, self._spec, self._event),
            **dict.fromkeys(TERM, of_term),
        }
        return writers[self._event.kind]()

    def footer(self) -> str:
        where = f", {self._spec.region}" if self._spec.region else ""
        return f"-- \nDormouse ({self._stack}{where}). Times are those of {self._policy.time_zone}."

    # in transition, and reached

    def _waking(self) -> Text:
        when = self._say(self._event.at)
        said = f"Dormouse began to wake {self._stack} at {when}."
        return "is being woken", iter([said, self._why()])

    def _awake(self) -> Text:
        ends_at = self._moment("ends_at")
        again = " again" if self._facts.get("after") else ""
        until = f" until {self._say(ends_at)}" if ends_at else ""
        return f"is awake{again}{until}", self._awake_body(ends_at)

    def _awake_body(self, ends_at: datetime | None) -> Iterator[str]:
        where = address_text(self._facts.get("endpoint"))
        yield (
            f"{self._stack} is awake and answers at\n{where}"
            if where
            else f"{self._stack} is awake."
        )
        yield from self._over({"failed": "could not be woken", "blocked": "could not be woken"})
        yield f"{self._why()}\n{self._how_long_it_took()}"
        until = f"until {self._say(ends_at)}" if ends_at else "for as long as that holds"
        yield f"It stays awake {until}{self._unless_idle()}."
        yield "\n".join(self._money_awake())

    def _how_long_it_took(self) -> str:
        since = self._moment("waking_since")
        took = f", {say_duration(self._event.at - since)} after it was started" if since else ""
        return f"It was ready at {self._say(self._event.at)}{took}."

    def _unless_idle(self) -> str:
        timeout, rule = self._policy.idle_timeout, self._facts.get("rule")
        in_office_hours = rule in (Rule.OFFICE_HOURS, Rule.OPENING, Rule.BOOKING)
        if not timeout or rule == Rule.HOLD:
            return ""
        if in_office_hours and not self._policy.idle_during_office_hours:
            return ""
        return f", or until nobody has used it for {say_duration(timeout)}"

    def _money_awake(self) -> Iterator[str]:
        hour = awake_hour(self._spec)
        yield f"Awake it costs {say_money(hour)} an hour more than asleep."
        slept_at, woke_at = self._moment("slept_at"), self._moment("waking_since")
        if slept_at and woke_at and woke_at - slept_at >= HOUR:
            slept = woke_at - slept_at
            saved = say_money(hour * Decimal(slept / HOUR))
            yield f"It had slept for {say_duration(slept)}, which saved {saved}."

    def _sleeping_soon(self) -> Text:
        ends_at = self._moment("ends_at") or self._event.at
        return f"goes to sleep at {self._say(ends_at)}", self._soon_body(ends_at)

    def _soon_body(self, ends_at: datetime) -> Iterator[str]:
        left = say_duration(ends_at - self._event.at)
        yield f"{self._stack} goes to sleep in {left}, at {self._say(ends_at)}."
        yield f"Why then: {self._event.reason}."
        if not self._link:
            yield (
                "To keep it awake for longer, open its wake link and press a button, or run\n"
                f"dormouse extend {self._stack}"
            )
            return
        yield f"To keep it awake for longer, open this page and press a button:\n{self._link.url}"
        yield (
            f"Whoever has this address can do that until {self._say(self._link.expires_at)}, when "
            "it stops working: pass it on only to those who may."
        )

    def _sleeping(self) -> Text:
        when = self._say(self._event.at)
        said = f"Dormouse began to put {self._stack} to sleep at {when}."
        return "is going to sleep", iter([said, self._why()])

    def _asleep(self) -> Text:
        stay = add_up(self._spec, self._facts.get("spans") or ())
        cost = f"; this time awake cost {say_money(stay.cost)}" if stay else ""
        at_last = " at last" if "stuck" in (self._facts.get("after") or ()) else ""
        return f"is asleep{at_last}{cost}", self._asleep_body()

    def _asleep_body(self) -> Iterator[str]:
        yield f"{self._stack} has been asleep since {self._say(self._event.at)}."
        yield from self._over({"stuck": "did not get to sleep"})
        yield from self._over({"degraded": "did not run in full"})
        yield self._why()
        stay = add_up(self._spec, self._facts.get("spans") or ())
        if stay:
            plural = "" if stay.started_hours == 1 else "s"
            hours = f"{stay.started_hours} started hour{plural}"
            yield (
                f"It was up for {say_duration(stay.lasted)}, from {self._say(stay.start)} to "
                f"{self._say(stay.end)}.\n"
                f"That cost {say_money(stay.cost)}: the load balancer "
                f"{say_money(stay.load_balancers)} ({hours}), the tasks {say_money(stay.tasks)}."
            )
        awake, asleep = awake_hour(self._spec), asleep_hour(self._spec)
        what = f"{say_money(asleep)} an hour, its Elastic IP" if asleep else "nothing"
        yield f"Asleep it costs {what}. A day asleep saves {say_money(awake * 24)}."
        yield from self._month()

    def _month(self) -> Iterator[str]:
        month = self._facts.get("month")
        if not month:
            return
        spent, saved = (Decimal(str(month[name])) for name in ("spent", "saved"))
        told = f"saved {say_money(saved)}" if saved >= 0 else f"cost {say_money(-saved)} more"
        yield (
            f"In {month['month']} so far: {say_money(spent)}, the Elastic IP included; that has "
            f"{told} against leaving it on."
        )

    # trouble

    def _failed(self) -> Text:
        if self._facts.get("ready_at"):
            return self._lost()
        return "could not be woken", iter(
            [
                f"{self._stack} could not be woken at {self._say(self._event.at)}. What had been "
                "made for it is taken down again, so that it costs nothing; if that does not "
                "succeed, another message says so.",
                f"What happened:\n{self._event.reason}",
                f"What to do: put that right, then wake {self._stack} again with its wake link "
                f"or\ndormouse wake {self._stack}",
                "Dormouse does not try again by itself before somebody asks anew, the next office "
                "hours begin, or a changed configuration is published.",
            ]
        )

    def _lost(self) -> Text:
        """It had been ready, but had no healthy target any more, so nothing keeps it awake."""
        return "served nobody any more and is taken down", iter(
            [
                f"{self._stack} was awake, but served nobody any more. At "
                f"{self._say(self._event.at)} it was given up and is taken down, so that it costs "
                "nothing; if that does not succeed, another message says so.",
                f"What happened:\n{self._event.reason}",
                f"What to do: put that right, then wake {self._stack} again with its wake link "
                f"or\ndormouse wake {self._stack}",
            ]
        )

    def _degraded(self) -> Text:
        services = tuple(Shortfall(**each) for each in self._facts.get("services") or ())
        said = say_shortfalls(services) if len(services) == 1 else ""
        return said or "is awake, but does not run in full", self._degraded_body(services)

    def _degraded_body(self, services: Sequence[Shortfall]) -> Iterator[str]:
        since = self._moment("since") or self._event.at
        address = address_text(self._facts.get("endpoint"))
        where = f" at\n{address}" if address else "."
        yield (
            f"{self._stack} is awake but has not run in full since {self._say(since)}. It serves "
            f"people and is not taken down for this; it answers{where}"
        )
        if services:
            yield "\n".join(["What runs:", *(f"  {each}" for each in services)])
        yield f"What happened:\n{self._facts.get('cause') or self._event.reason}"
        yield (
            "What to do: often nothing. AWS starts tasks anew by itself, and Dormouse looks every "
            "few minutes; another message says when it runs in full again. If the cause stays, "
            "put it right. It is given up only when no target has been healthy for "
            f"{say_duration(self._policy.wake_timeout)}."
        )

    def _restored(self) -> Text:
        since = self._moment("since")
        lasted = f", after {say_duration(self._event.at - since)}" if since else ""
        said = f"{self._stack} runs in full again{lasted}."
        return "runs in full again", iter([said, f"Why it is awake: {self._event.reason}."])

    def _stuck(self) -> Text:
        if self._facts.get("replaced"):
            return self._replaced()
        standing = [str(address) for address in self._facts.get("standing") or ()]
        billed = self._facts.get("billed") or ()
        prices = {a: hour_of(self._spec, a) if a in billed else Decimal(0) for a in standing}
        hour = sum(prices.values(), Decimal(0))
        costs = f"costs {say_money(hour)} an hour" if hour else "costs nothing meanwhile"
        return f"does not get to sleep and {costs}", self._stuck_body(prices, hour)

    def _stuck_body(self, prices: Mapping[str, Decimal], hour: Decimal) -> Iterator[str]:
        since = self._moment("since") or self._event.at
        yield f"{self._stack} was to go to sleep at {self._say(since)}, but something still stands."
        yield f"What holds it up:\n{self._event.reason}"
        if prices:
            each = (
                f"  {a}: {f'{say_money(p)} an hour' if p else 'free'}" for a, p in prices.items()
            )
            yield "\n".join(["Still standing:", *each])
        if hour:
            day = say_money(hour * 24)
            yield f"That is {say_money(hour)} an hour, {day} a day, until it is gone."
        yield (
            "What to do: Dormouse goes on trying every 15 minutes, and another message says when "
            "it is asleep. If the cause stays, put it right, or delete what is still standing in "
            "the AWS console; leave the Elastic IP alone."
        )

    def _replaced(self) -> Text:
        """Resources of an earlier configuration are in a place that cannot be reached."""
        hours = {a: Decimal(text) for a, text in (self._facts.get("hours") or {}).items()}
        hour = sum(hours.values(), Decimal(0))
        what = f"costs {say_money(hour)} an hour" if hour else "costs nothing"
        return f"has left something behind that {what}", self._replaced_body(hours, hour)

    def _replaced_body(self, hours: Mapping[str, Decimal], hour: Decimal) -> Iterator[str]:
        yield (
            f"The configuration of {self._stack} was changed, and what the earlier one made cannot "
            f"be taken down. {self._stack} itself goes on by the new one."
        )
        yield f"What it is, why, and what to do:\n{self._event.reason}."
        if hour:
            each = (f"  {address}: {say_money(p)} an hour" for address, p in hours.items())
            yield "\n".join(["As far as it still stands, it costs:", *each])
            yield f"That is {say_money(hour * 24)} a day, until it is gone."
        yield "Dormouse goes on trying every 15 minutes; its page and status say so until then."

    def _blocked(self) -> Text:
        verb = "put to sleep" if self._facts.get("target") == "asleep" else "woken"
        return f"cannot be {verb}: something foreign is in the way", iter(
            [
                f"{self._stack} cannot be {verb}: something that Dormouse did not make stands in "
                "its way. Dormouse never changes or deletes such things.",
                f"What it is:\n{self._event.reason}",
                "What to do: delete or rename it if it is yours, or give ours another name in the "
                f"Terraform files and publish them. Then wake {self._stack} again with its wake "
                f"link or\ndormouse wake {self._stack}",
            ]
        )

    def _budget_near(self) -> Text:
        spent, limit, month = self._budget()
        used_up_at = self._moment("used_up_at")
        goes_on = (
            f"As office hours and bookings stand, it will be used up on {self._say(used_up_at)}."
            if used_up_at
            else "As office hours and bookings stand, it lasts until the end of the month."
        )
        return f"has spent {spent} of its budget of {limit}", iter(
            [f"{self._stack} has spent {spent} of {limit} in {month}. {goes_on}", self._then()]
        )

    def _budget_used_up(self) -> Text:
        spent, limit, month = self._budget()
        return f"has used up its budget of {limit}", iter(
            [
                f"{self._stack} has spent {spent} in {month}; its budget is {limit}.",
                self._then(),
                "What to do: nothing, if that is meant. Else raise monthly_budget and publish the "
                f"stack, or wake it with an admin link or\ndormouse wake {self._stack} "
                "--over-budget",
            ]
        )

    def _budget(self) -> tuple[str, str, Json]:
        spent, limit = (Decimal(str(self._facts.get(name, 0))) for name in ("spent", "limit"))
        month = self._facts.get("month", f"{self._event.at:%Y-%m}")
        return say_money(spent), say_money(limit), month

    def _then(self) -> str:
        hours = "office hours end then too" if self._facts.get("stops") else "office hours go on"
        return (
            "Once it is used up, wake links that are no admin's wake it no more until the month is "
            f"over (UTC); {hours}. Asleep it costs its Elastic IP all the same."
        )

    def _could_not_wake(self) -> Text:
        return "could not be woken as things are", iter(
            [
                f"{self._stack} sleeps, and a wake would fail as things are. Nothing has failed "
                "yet: this was found by looking.",
                f"What was found, and what to do:\n{self._event.reason}",
                "Dormouse looks again once a day, and an hour before a wake that it foresees. To "
                f"look now:\ndormouse rehearse {self._stack}",
            ]
        )

    def _could_wake(self) -> Text:
        return "could be woken again", iter(
            [f"{self._stack} sleeps, and {self._event.reason}: what you were told of is over."]
        )

    def _damaged(self) -> Text:
        return "has records that cannot be read", iter(
            [
                f"Records of {self._stack} in the table cannot be read. They count as if they were "
                "not there; everything else goes on.",
                f"Which, and what to do:\n{self._event.reason}",
                "They stay as they are, and are told of once. They go with the time for which such "
                "records are kept, when something is written in their place, or when you delete "
                "them from the table.",
            ]
        )

    # pieces

    @property
    def _stack(self) -> str:
        return self._spec.stack

    def _why(self) -> str:
        return f"Why: {self._event.reason}."

    def _over(self, troubles: Mapping[str, str]) -> Iterator[str]:
        """The trouble that is over, said once."""
        after = self._facts.get("after") or ()
        said = dict.fromkeys(troubles[kind] for kind in after if kind in troubles)
        for what in said:
            yield f"You were told that it {what}: that is over."

    def _moment(self, fact: str) -> datetime | None:
        return read_timestamp(self._facts.get(fact))

    def _say(self, moment: datetime) -> str:
        return say_moment(moment, self._policy.zone)
