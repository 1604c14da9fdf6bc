"""What people read of what was found asleep: a wake would fail, or a record is damaged."""

from __future__ import annotations

from controller.domain.notification.event_text import EventText, Text


class FindingText(EventText):
    """Nothing has failed yet."""

    def could_not_wake(self) -> Text:
        return "could not be woken now", iter(
            [
                f"{self.stack} sleeps, and a wake would fail now. Nothing has failed yet: a check "
                "found this.",
                f"Findings, and what to do:\n{self.event.reason}",
                "Dormouse checks again once a day, and an hour before a planned wake. To check "
                f"now:\ndormouse rehearse {self.stack}",
            ]
        )

    def could_wake(self) -> Text:
        return "could be woken again", iter(
            [f"{self.stack} sleeps, and {self.event.reason}: the reported problem is over."]
        )

    def damaged(self) -> Text:
        return "has records that cannot be read", iter(
            [
                f"Records of {self.stack} in the table cannot be read. They are ignored; "
                "everything else continues.",
                f"Which, and what to do:\n{self.event.reason}",
                "They are not changed, and are reported once. They disappear when they expire, "
                "when a new record replaces them, or when you delete them from the table.",
            ]
        )
