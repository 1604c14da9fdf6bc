"""What the texts of all events are made of: the stack's name, local moments, the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from controller.domain.decision.history import Event
from controller.domain.formatting import say_moment
from controller.domain.notification.invitation import Invitation
from controller.domain.planning.spec import Json, Spec
from controller.domain.policy.policy import Policy
from controller.domain.reporting.report import policy_of
from controller.domain.timestamps import read_timestamp

Text = tuple[str, Iterator[str]]
"""A subject, without the stack's name, and paragraphs."""


class EventText:
    """One event of one stack; `link` can postpone its end."""

    def __init__(self, spec: Spec, event: Event, link: Invitation | None) -> None:
        self.spec = spec
        self.event = event
        self.facts: Mapping[str, Json] = event.facts
        self.policy: Policy = policy_of(spec)
        self.link = link

    def footer(self) -> str:
        where = f", {self.spec.region}" if self.spec.region else ""
        zone = self.policy.time_zone
        return f"-- \nDormouse ({self.stack}{where}). Times are in the time zone {zone}."

    @property
    def stack(self) -> str:
        return self.spec.stack

    def why(self) -> str:
        return f"Why: {self.event.reason}."

    def over(self, troubles: Mapping[str, str]) -> Iterator[str]:
        """The trouble that is over, said once."""
        after = self.facts.get("after") or ()
        said = dict.fromkeys(troubles[kind] for kind in after if kind in troubles)
        for what in said:
            yield f"An earlier message said that it {what}: that is over."

    def moment(self, fact: str) -> datetime | None:
        return read_timestamp(self.facts.get(fact))

    def say(self, moment: datetime) -> str:
        return say_moment(moment, self.policy.zone)
