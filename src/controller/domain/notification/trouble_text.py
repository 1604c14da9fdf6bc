"""What people read when a wake fails, is blocked, or does not run completely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controller.domain.formatting import say_duration
from controller.domain.notification.event_text import EventText, Text
from controller.domain.planning.endpoint import address_text
from controller.domain.planning.serving import Shortfall, say_shortfalls


class TroubleText(EventText):
    """What happened, and what to do."""

    def failed(self) -> Text:
        if self.facts.get("ready_at"):
            return self._lost()
        return "could not be woken", iter(
            [
                f"{self.stack} could not be woken at {self.say(self.event.at)}. What had been "
                "created for it is deleted again, so that it costs nothing; if that fails, "
                "another message says so.",
                f"What happened:\n{self.event.reason}",
                f"What to do: fix that, then wake {self.stack} again with its wake link "
                f"or\ndormouse wake {self.stack}",
                "Dormouse does not retry until somebody requests it again, the next office "
                "hours begin, or a changed configuration is published.",
            ]
        )

    def _lost(self) -> Text:
        """It had been ready, but had no healthy target any more, so nothing keeps it awake."""
        return "served nobody any more and is taken down", iter(
            [
                f"{self.stack} was awake, but served nobody any more. At "
                f"{self.say(self.event.at)} it was given up and is taken down, so that it costs "
                "nothing; if that fails, another message says so.",
                f"What happened:\n{self.event.reason}",
                f"What to do: fix that, then wake {self.stack} again with its wake link "
                f"or\ndormouse wake {self.stack}",
            ]
        )

    def degraded(self) -> Text:
        services = tuple(Shortfall(**each) for each in self.facts.get("services") or ())
        said = say_shortfalls(services) if len(services) == 1 else ""
        return said or "is awake, but does not run completely", self._degraded_body(services)

    def _degraded_body(self, services: Sequence[Shortfall]) -> Iterator[str]:
        since = self.moment("since") or self.event.at
        address = address_text(self.facts.get("endpoint"))
        where = f" at\n{address}" if address else "."
        yield (
            f"{self.stack} is awake but has not run completely since {self.say(since)}. It serves "
            f"people and is not taken down for this; it answers{where}"
        )
        if services:
            yield "\n".join(["What runs:", *(f"  {each}" for each in services)])
        yield f"What happened:\n{self.facts.get('cause') or self.event.reason}"
        yield (
            "What to do: often nothing. AWS restarts tasks itself, and Dormouse checks every few "
            "minutes; another message says when it runs completely again. If the cause stays, "
            "fix it. It is given up only when no target has been healthy for "
            f"{say_duration(self.policy.wake_timeout)}."
        )

    def restored(self) -> Text:
        since = self.moment("since")
        lasted = f", after {say_duration(self.event.at - since)}" if since else ""
        said = f"{self.stack} runs completely again{lasted}."
        return "runs completely again", iter([said, f"Why it is awake: {self.event.reason}."])

    def blocked(self) -> Text:
        verb = "put to sleep" if self.facts.get("target") == "asleep" else "woken"
        return f"cannot be {verb}: something foreign is in the way", iter(
            [
                f"{self.stack} cannot be {verb}: a resource that Dormouse did not create is in "
                "its way. Dormouse never changes or deletes such resources.",
                f"What it is:\n{self.event.reason}",
                "What to do: delete or rename it if it is yours, or give ours another name in the "
                f"Terraform files and publish them. Then wake {self.stack} again with its wake "
                f"link or\ndormouse wake {self.stack}",
            ]
        )
