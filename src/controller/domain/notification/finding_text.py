"""What people read of what was found asleep: a wake would fail, or a record is damaged."""

from __future__ import annotations

from controller.domain.notification.event_text import EventText, Text


class FindingText(EventText):
    """Nothing has failed yet."""

    def could_not_wake(self) -> Text:
        return "could not be woken as things are", iter(
            [
                f"{self.stack} sleeps, and a wake would fail as things are. Nothing has failed "
                "yet: this was found by looking.",
                f"What was found, and what to do:\n{self.event.reason}",
                "Dormouse looks again once a day, and an hour before a wake that it foresees. To "
                f"look now:\ndormouse rehearse {self.stack}",
            ]
        )

    def could_wake(self) -> Text:
        return "could be woken again", iter(
            [f"{self.stack} sleeps, and {self.event.reason}: what you were told of is over."]
        )

    def damaged(self) -> Text:
        return "has records that cannot be read", iter(
            [
                f"Records of {self.stack} in the table cannot be read. They count as if they were "
                "not there; everything else goes on.",
                f"Which, and what to do:\n{self.event.reason}",
                "They stay as they are, and are told of once. They go with the time for which such "
                "records are kept, when something is written in their place, or when you delete "
                "them from the table.",
            ]
        )
