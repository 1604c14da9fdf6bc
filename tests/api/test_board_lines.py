"""What is kept of a board's rows between two requests is what would be written anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from board_rows import rows

from api import board_lines
from api.board_lines import Lines
from api.translations import translations
from controller.domain.dataclass import replace
from controller.domain.decision.held import Held
from controller.domain.reporting.board_row import Row

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def written(found: list[Row], now: datetime, language: str = "en", *, boxes: bool = True) -> str:
    return str(Lines(translations(language, TOKYO, now), TOKYO, now, has_boxes=boxes).of(found))


def anew(found: list[Row], now: datetime, language: str = "en", *, boxes: bool = True) -> str:
    board_lines.around_money.cache_clear()
    return written(found, now, language, boxes=boxes)


def fleet() -> list[Row]:
    """Rows in every state, in two zones, with ends and openings near and far, one held."""
    found = list(rows(18, NOW))
    found[0] = replace(found[0], zone="Europe/Berlin")
    found[1] = replace(found[1], expires=NOW + timedelta(days=3, minutes=20))
    found[2] = replace(found[2], expires=NOW + timedelta(days=1, minutes=20))
    found[3] = replace(found[3], until=NOW + timedelta(minutes=20))
    waits = Held(id="h", who="bob", since=NOW, until=NOW + timedelta(minutes=40))
    found[9] = replace(found[9], state="asleep", held=(waits,))
    return found


@pytest.mark.parametrize(
    "later",
    [
        timedelta(seconds=20),
        timedelta(minutes=21),
        timedelta(minutes=41),
        timedelta(hours=6, minutes=1),  # the next day in Tokyo, the same one in Berlin
        timedelta(hours=14, minutes=1),  # and there too
        timedelta(days=4),
        -timedelta(days=1),
    ],
)
def test_a_row_that_was_written_before_says_what_one_written_now_says(later):
    found = fleet()
    expected = anew(found, NOW + later)
    before = anew(found, NOW)

    assert written(found, NOW + later) == expected
    assert written(found, NOW) == before


def test_a_kept_row_belongs_to_one_language_and_to_those_who_may_choose():
    found = fleet()
    expected = anew(found, NOW, "ja", boxes=False)
    anew(found, NOW)

    assert written(found, NOW, "ja", boxes=False) == expected


def test_a_row_that_a_pass_wrote_again_is_not_the_one_before():
    found = fleet()
    anew(found, NOW)
    again = [replace(row, owner="carol") for row in found]  # in the same second

    assert written(again, NOW) == anew(again, NOW)
    assert written(again, NOW).count("carol") == len(again)


def test_the_money_of_a_kept_row_goes_on():
    awake = replace(fleet()[0], rates=replace(fleet()[0].rates, hour_spent=1.0))
    anew([awake], NOW)
    spent = awake.rates.spent

    assert f">{spent:.2f} $" in written([awake], NOW)
    assert f">{spent + 2:.2f} $" in written([awake], NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("row", "later", "gone", "comes"),
    [
        (1, timedelta(minutes=21), "<p>wanted by ann", "<p class=late>wanted by ann"),
        (2, timedelta(minutes=21), "ends 24 Nov", "ends Tue 24 Nov 18:20"),
        (3, timedelta(minutes=21), "; wakes 18:20", "<p>"),
        (9, timedelta(minutes=41), "bob waits for it", "<p>"),
        (0, timedelta(hours=14, minutes=1), "<svg role=img", '<svg viewBox="3 0 84 36" role=img'),
    ],
)
def test_what_time_changes_in_a_kept_row(row, later, gone, comes):
    found = [fleet()[row]]
    before, after = anew(found, NOW), written(found, NOW + later)

    assert gone in before
    assert gone not in after
    assert comes in after


def test_only_those_who_may_choose_get_boxes():
    found = fleet()

    assert anew(found, NOW).count("type=checkbox") == len(found)
    assert "checkbox" not in written(found, NOW, boxes=False)
