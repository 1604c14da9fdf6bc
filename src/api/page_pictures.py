"""The pictures of one stack with their words: the hours of four weeks, and the money of months."""

from __future__ import annotations

from markupsafe import Markup

from api import pictures
from api.pictures import Bar
from api.translations import Translations
from controller.asking.stack_view import StackView
from controller.domain.dataclass import dataclass
from controller.domain.money.ledger import Statement
from controller.domain.money.past_hours import Hours, last_hours
from controller.domain.money.past_months import last_months
from controller.domain.money.prices import find_prices


@dataclass(frozen=True, slots=True)
class Pictures:
    """`said` is the strip in one line for people; both are empty before a pass has seen it."""

    strip: str = ""
    said: str = ""
    bars: str = ""


def pictures_of(view: StackView, words: Translations) -> Pictures:
    """From the records that the page has read anyway."""
    meter, lifecycle = view.report.status.meter, view.report.status.lifecycle
    if meter.opened_at is None:
        return Pictures()
    zone = view.policy.zone
    hours = last_hours(meter, lifecycle, view.now, zone)
    said = say_hours(hours, words)
    today = view.now.astimezone(zone).date()
    return Pictures(
        strip=pictures.strip(hours, zone, today, words("strip"), said, words),
        said=said,
        bars=_bars(
            last_months(meter, lifecycle, find_prices(view.report.spec.region), view.now), words
        ),
    )


def say_hours(hours: Hours, words: Translations) -> str:
    """The strip in words, for screen readers."""
    known = len(hours.letters) - hours.unknown
    text = words(
        "strip.said",
        used=str(hours.used),
        awake=str(hours.awake),
        paid=str(hours.paid),
        known=str(known),
    )
    if hours.unseen:
        text += words("strip.unseen", unseen=str(hours.unseen))
    if hours.unknown:
        text += words("strip.unknown", unknown=str(hours.unknown))
    return text


def _bars(months: list[Statement], words: Translations) -> Markup:
    shown = [_bar(account, words) for account in months]
    about = " ".join(words("bars.said", month=bar.name, text=bar.text) for bar in shown)
    return pictures.bars(shown, words("bars"), about) if shown else Markup()


def _bar(account: Statement, words: Translations) -> Bar:
    spent, always, _ = account.in_cents()
    text = words("bars.text", spent=str(spent), always=str(always))
    return Bar(words.month(account.used.month), spent, always, text)
