"""
Pictures of the page, in each state, as phones and desktops show it.

`make pictures` writes those of the READMEs into docs/pictures; with a folder as its argument it
leaves all of them there, for people to look at.
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import board_rows
from chromium import chromium
from playwright.sync_api import Browser
from states import STATES

from api.handler import logger
from controller.links import Link, Scope
from controller.store.board import Board
from factories import article_spec
from installation import STACK, Installation
from local.function_url import FunctionUrl

DOCS = Path(__file__).parents[2] / "docs" / "pictures"
POLICY = {
    "time_zone": "Asia/Tokyo",
    "office_hours": [[["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]],
}
"""The laptop's clock begins at 18:00 in Tokyo: office hours are just over."""

PHONE = {"viewport": {"width": 360, "height": 624}, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1000, "height": 720}}
Look = dict[str, Any]
LOOKS: dict[str, Look] = {
    "phone-en": {**PHONE, "locale": "en-GB"},
    "phone-ja": {**PHONE, "locale": "ja-JP"},
    "phone-en-dark": {**PHONE, "locale": "en-GB", "color_scheme": "dark"},
    "phone-ja-dark": {**PHONE, "locale": "ja-JP", "color_scheme": "dark"},
    "desktop-en": {**DESKTOP, "locale": "en-GB"},
    "desktop-ja-dark": {**DESKTOP, "locale": "ja-JP", "color_scheme": "dark"},
}


SHOWN, SCALE = ("asleep", "waking", "awake"), 1.25
STRIP = """<!DOCTYPE html><meta charset="utf-8"><style>
body{{margin:0;background:#e9e4db;display:flex;gap:20px;padding:20px;width:max-content}}
img{{width:360px;height:624px;object-fit:cover;object-position:top;border-radius:16px;
box-shadow:0 0 0 1px #cfc6b8}}
</style>{images}"""


def take(browser: Browser, state: str, looks: Mapping[str, Look], scope: str) -> dict[str, bytes]:
    """The page of one state, by the name of the look."""
    installation, taken = Installation(), {}
    installation.publish(article_spec(policy=POLICY))
    STATES[state](installation)
    with FunctionUrl(installation.handle) as url:
        for name, look in looks.items():
            with closing(browser.new_context(**look)) as context:
                page = context.new_page()
                page.goto(f"{url.address}/s/{STACK}?k={installation.key(scope)}")
                taken[name] = page.screenshot(full_page=True)
    return taken


def take_board(
    browser: Browser, count: int, looks: Mapping[str, Look], *, full_page: bool = True
) -> dict[str, bytes]:
    """A board of so many stacks in every state, by the name of the look."""
    taken = {}
    installation, key = board_of(count)
    with FunctionUrl(installation.handle) as url:
        for name, look in looks.items():
            with closing(browser.new_context(**look)) as context:
                page = context.new_page()
                page.goto(f"{url.address}/?k={key}")
                taken[name] = page.screenshot(full_page=full_page)
    return taken


def board_of(count: int) -> tuple[Installation, str]:
    """So many stacks in every state, and the key of a team that may do everything with them."""
    installation = Installation()
    board = Board(installation.session.client("dynamodb"), "dormouse")
    for row in board_rows.rows(count, installation.now):
        board.put_row(row)
    end = installation.now + timedelta(days=9)
    link = Link(stack="", team="pr-*", scope=Scope.ADMIN, expires_at=end, id="b0a2d000")
    return installation, installation.keys.sign(link, installation.now)


def for_people_to_look_at(browser: Browser, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for count in (1, 12, 100):
        for name, picture in take_board(browser, count, LOOKS).items():
            (folder / f"board-{count}-{name}.png").write_bytes(picture)
    for state in STATES:
        for name, picture in take(browser, state, LOOKS, "admin").items():
            (folder / f"{state}-{name}.png").write_bytes(picture)


def for_the_readmes(browser: Browser) -> None:
    """A strip of telephones for each language."""
    looks = {
        language: {**LOOKS[f"phone-{language}"], "device_scale_factor": SCALE}
        for language in ("en", "ja")
    }
    for language in looks:
        locale = LOOKS[f"phone-{language}"]["locale"]
        look = {"viewport": {"width": 1080, "height": 760}, "locale": locale}
        taken_board = take_board(browser, 5, {"": look}, full_page=False)
        (DOCS / f"board.{language}.png").write_bytes(taken_board[""])
    taken = {state: take(browser, state, looks, "wake") for state in SHOWN}
    with closing(browser.new_context(device_scale_factor=SCALE)) as context:
        page = context.new_page()
        for language in looks:
            codes = (base64.b64encode(taken[state][language]).decode() for state in SHOWN)
            images = "".join(f'<img src="data:image/png;base64,{code}">' for code in codes)
            page.set_content(STRIP.format(images=images))
            path = DOCS / f"page.{language}.png"
            page.locator("body").screenshot(path=str(path))


def main(arguments: list[str]) -> None:
    with Path(os.devnull).open("w") as nowhere, chromium() as browser:
        logger.registered_handler.setStream(nowhere)
        if arguments:
            for_people_to_look_at(browser, Path(arguments[0]))
        else:
            for_the_readmes(browser)


if __name__ == "__main__":
    main(sys.argv[1:])
