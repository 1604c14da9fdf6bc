"""Pictures of hours and money: what they show, what they say, and how large they are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from api import pictures
from api.pictures import Bar
from api.translations import TABLES, translations
from controller.domain.money import hour_strokes
from controller.domain.money.hour_log import HOUR
from controller.domain.money.hour_strokes import Size
from controller.domain.money.past_hours import Hours

TOKYO = ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 11, 23)
FIRST = datetime(2026, 10, 26, 15, tzinfo=UTC)
"""Midnight in Tokyo, four weeks of days before the end of today."""

MOST = 12_000
SMALL = Size(width=1, height=1, hours=4)
NAMES = {"svg": "{http://www.w3.org/2000/svg}"}


def hours(letters: str, first: datetime = FIRST) -> Hours:
    return Hours(first, letters)


def strip(letters: str, zone=TOKYO, today=TODAY, language="en", first=FIRST) -> str:
    words = translations(language, zone, datetime(2026, 11, 23, 12, tzinfo=UTC))
    return str(pictures.strip(hours(letters, first), zone, today, "A title", "What it is", words))


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def strokes(svg: str, kind: str) -> list[str]:
    """The strokes of a class: "M31.5 14v60" is column 0, from midnight, ten hours."""
    found = [each for each in read(svg).iter("path") if each.get("class") == kind]
    said, x, y = [], "", 0
    for move, to_x, to_y, length in re.findall(r"([Mm])(\S+) (\d+)v(\d+)", _d(found)):
        x, y = (to_x, int(to_y)) if move == "M" else (x, y + int(to_y))
        said.append(f"M{x} {y}v{length}")
        y += int(length)
    return said


def _d(found):
    return found[0].get("d") if found else ""


def test_a_day_is_a_column_and_what_is_alike_one_stroke():
    svg = strip("." * 9 + "p" + "u" * 3 + "q" * 2 + "p" + "." * 8)

    assert strokes(svg, "cu") == ["M31.5 74v18"]
    assert strokes(svg, "ca") == ["M31.5 92v12"]
    assert strokes(svg, "cp") == ["M31.5 68v6", "M31.5 104v6"]
    assert strokes(svg, "cs") == ["M31.5 14v54", "M31.5 110v48"]


def test_what_is_not_known_is_hatched_over_what_is():
    svg = strip("?" * 10 + "a" * 4 + "q")

    assert strokes(svg, "cxs") == ["M31.5 14v60"]
    assert strokes(svg, "cxa") == ["M31.5 74v24"]
    assert strokes(svg, "ca") == ["M31.5 74v30"]
    assert 'stroke="url(#hs)"' in svg
    assert 'id="ha"' in svg


def test_hours_that_have_not_come_are_left_out():
    assert strokes(strip("." * 30), "cs") == ["M31.5 14v144", "M42.5 14v36"]


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_of_another_length_fills_its_column(day, length):
    """In spring the hour that the clock leaves out stays empty; in autumn two share a place."""
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(day.year, day.month, day.day, tzinfo=berlin).astimezone(UTC)
    letters = ["."] * length
    letters[2] = "u"
    svg = strip("".join(letters), berlin, day, first=first)

    used = strokes(svg, "cu")
    assert used == (["M328.5 32v6"] if length == 23 else ["M328.5 26v6"])
    assert len(strokes(svg, "cs")) == 2


def test_the_worst_case_is_small_enough():
    """Every hour unlike the one before, and hatched: no stroke is longer than an hour."""
    for letters in ("ua", "a?", "?a", "uap.?q"):
        svg = strip("".join(islice(cycle(letters), 28 * 24)))
        assert len(svg.encode()) < MOST, letters


@pytest.mark.parametrize("language", TABLES)
def test_a_picture_is_described_in_words_and_runs_nothing(language):
    bars = str(pictures.bars([Bar("Nov", Decimal(3), Decimal(9), "3 of 9")], "Money", "Nov: 3"))
    for svg in (strip("u?a" * 200, language=language), bars):
        root = read(svg)
        assert root.get("role") == "img"
        named = [each.get("id") for each in root if each.tag in ("title", "desc")]
        assert root.get("aria-labelledby").split() == named
        assert all(each.text for each in root if each.tag in ("title", "desc"))
        for each in root.iter():
            assert each.tag in {"svg", "title", "desc", "path", "pattern", "text", "rect"}
            assert not {"style", "href", "onload"} & set(each.keys())


def test_text_from_outside_is_never_markup():
    bad = '<script>alert(1)</script>"'
    svg = str(pictures.bars([Bar(bad, Decimal(1), Decimal(2), bad)], bad, bad))

    assert "<script" not in svg
    assert read(svg).find("title").text == bad


def test_bars_share_one_scale_and_nothing_is_nothing():
    months = [
        Bar("Sep", Decimal(8), Decimal(32), ""),
        Bar("Oct", Decimal("0.01"), Decimal(16), ""),
        Bar("Nov", Decimal(0), Decimal(0), ""),
    ]
    found = [
        float(each.get("width")) for each in read(str(pictures.bars(months, "", "x"))).iter("rect")
    ]

    assert found == [256, 64, 128, 1, 0, 0]
    assert [
        float(each.get("width"))
        for each in read(str(pictures.bars(months[2:], "t", "x"))).iter("rect")
    ] == [0, 0]


def small(letters: str, late: int = 0, about: str = "", sort: bool = False) -> str:
    drawn = hour_strokes.small_strokes(hours(letters), TOKYO, TODAY, SMALL)
    svg = str(pictures.small_strip(dict(sorted(drawn.items())) if sort else drawn, late, about))
    return re.sub(r"=([a-z]+)(?=[ >])", r'="\1"', svg)  # HTML needs no quotes, and XML does


def small_paths(*args, **parts) -> dict[str, str]:
    return {each.get("class"): each.get("d") for each in read(small(*args, **parts)).iter("path")}


def test_a_cell_of_a_small_one_shows_what_says_most_in_four_hours():
    assert small_paths(
        ".pqu" + "." * 4 + "...p" + "..q." + "." * 8 + "pppq" + "." * 16 + "p..u"
    ) == {
        "cp": "M0 2v1",
        "ca": "M0 3v1M1 0v1",
        "cu": "M0 0v1M1 5v1",
    }


def test_what_is_not_known_is_hatched_in_a_small_one_whatever_order_the_record_has():
    letters = "?" * 48 + "?" * 8 + "aaaa" + "." * 12 + "?" * 4
    for sort in (False, True):
        found = small_paths(letters, sort=sort)
        assert next(iter(found)) == "ca"
        assert found == {"ca": "M2 2v1", "cxs": "M0 0v6M1 0v6M2 0v2M3 0v1", "cxa": "M2 2v1"}


def test_a_small_one_has_a_label_and_leaves_out_the_days_that_are_over():
    svg = small("u" * 24, 2, 'used "9 h"')

    assert read(svg).get("aria-label") == 'used "9 h"'
    assert read(svg).get("role") == "img"
    assert read(svg).get("viewBox") == "6 0 84 36"
    assert read(small("u")).get("viewBox") is None
    assert 'id="hs"' in str(pictures.hatches())


def test_days_that_are_alike_are_one_area():
    day = "." * 8 + "u" * 8 + "." * 8
    assert small_paths("." * 48 + day * 5 + "." * 48 + day * 2) == {"cfu": "M2 2h5v2H2M9 2h2v2H9"}


def test_the_page_shows_what_the_records_say(installation):
    installation.press("wake")
    installation.run()
    installation.aws.clock.advance(timedelta(hours=1).total_seconds())
    page = installation.page()

    (svg,) = re.findall(r'<svg class="strip".*?</svg>', page.body, re.S)
    assert strokes(svg, "ca")
    assert "awake in 2 and paid for in 2 of 2 hours" in page.body
    assert '<svg class="bars"' in page.body
    assert len(re.findall(r"<svg", page.body)) == 3


def test_a_stack_that_no_pass_has_seen_has_no_pictures(installation):
    body = installation.page().body
    assert "<svg class=" not in body
    assert '<section data-part="pictures">\n\n</section>' in body
    assert timedelta(hours=1) == HOUR
