"""An event as a message: who receives it, its text, and its fields for programs. Pure."""

from __future__ import annotations

from enum import StrEnum

from controller.domain.dataclass import dataclass
from controller.domain.decision.history import ENDED_BY, Event, EventKind
from controller.domain.notification.invitation import Invitation
from controller.domain.planning.spec import Json, Spec
from controller.domain.text import clean_lines, cleaned

TERM = (EventKind.ENDING, EventKind.ENDED, EventKind.UNPUBLISHED)
OF_MONEY = (EventKind.BUDGET_NEAR, EventKind.BUDGET_USED_UP)

LONGEST_SUBJECT = 99
"""SNS takes fewer than 100 characters, ASCII alone (SNS API, Publish)."""

LONGEST_BODY = 200_000
"""Bytes; SNS takes 256 KB with everything (SNS API, Publish)."""

LONGEST_PLAIN = 2000


class Level(StrEnum):
    """What a message is; somebody who wants one of the first three gets those before it too."""

    TROUBLE = "trouble"  # also that it is over
    NEWS = "news"
    DETAIL = "detail"
    DIGEST = "digest"  # a week of a stack, for those who ask for it beside the others


@dataclass(frozen=True, slots=True)
class NotifyAbout:
    """Which events are sent: levels up to `most`, and weekly digests or not."""

    most: Level = Level.NEWS
    digest: bool = False

    @staticmethod
    def choices() -> dict[str, NotifyAbout]:
        """Each as the setting writes it: "news", or "news,digest"."""
        levels = [level for level in Level if level is not Level.DIGEST]
        alone = {str(level): NotifyAbout(level) for level in levels}
        with_weeks = {f"{level},{Level.DIGEST}": NotifyAbout(level, True) for level in levels}
        return {**alone, **with_weeks}

    def includes(self, event: Event) -> bool:
        level, levels = level_of(event), list(Level)
        if level is Level.DIGEST:
            return self.digest
        return levels.index(level) <= levels.index(self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`subject` is one line of at most 99 ASCII characters; `link` is also in the body, if any."""

    event: Event
    level: Level
    subject: str
    body: str
    link: str = ""

    def to_json(self) -> dict[str, Json]:
        """The event's own fields beside the text, for programs."""
        event: dict[str, Json] = cleaned(self.event.to_json())
        parts = {"level": str(self.level), "subject": self.subject, "body": self.body}
        return {"id": self.event.id, **event, **parts, "link": self.link or None}


def level_of(event: Event) -> Level:
    """A failed wake has its own event, so its teardown is only a detail."""
    all_clear = {EventKind.RESTORED, EventKind.COULD_WAKE}
    trouble = {*ENDED_BY, *all_clear, EventKind.DAMAGED, *OF_MONEY, *TERM}
    if event.kind in trouble or event.facts.get("after"):
        return Level.TROUBLE
    if event.kind is EventKind.DIGEST:
        return Level.DIGEST
    if event.kind in (EventKind.WAKING, EventKind.SLEEPING) or event.facts.get("rule") == "failed":
        return Level.DETAIL
    return Level.NEWS


def write_message(spec: Spec, event: Event, link: Invitation | None = None) -> Message:
    """Write the message of an event; `spec` is the present one, which may differ from its own."""
    # Few passes send anything: the texts are not imported at each cold start.
    from controller.domain.notification.notification_text import footer, write_text

    subject, paragraphs = write_text(spec, event, link)
    return Message(
        event=event,
        level=level_of(event),
        subject=_as_subject(f"{spec.stack} {subject}"),
        body=_as_body(clean_lines("\n\n".join([*paragraphs, footer(spec, event)])) + "\n"),
        link=link.url if link else "",
    )


def plain_message(spec: Spec, event: Event) -> Message:
    """What is left of a message whose full text cannot be written or sent; it always can be."""
    reason = str(event.reason)
    shown = "".join(c if c.isprintable() else " " for c in reason)[:LONGEST_PLAIN]
    said = (
        f"{spec.stack}: {event.kind} at {event.at:%Y-%m-%d %H:%M:%S %Z}.",
        shown,
        "The full text of this message could not be written; the controller's log says why.",
    )
    return Message(
        event=event,
        level=Level.TROUBLE,
        subject=_as_subject(f"{spec.stack}: {event.kind}"),
        body=_as_body("\n\n".join(said) + "\n"),
    )


def _as_body(text: str) -> str:
    """As UTF-8 can carry it, and no longer than SNS takes."""
    known = text.encode("utf-8", "replace")[:LONGEST_BODY]
    return known.decode("utf-8", "ignore")


def _as_subject(text: str) -> str:
    known = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(known.encode("ascii", "replace").decode().split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 3] + "..."
