"""
Pictures of the page, in each state, as phones and desktops show it.

`make pictures` writes those of the READMEs into docs/pictures, and one sheet for each look into
docs/pictures/all: every state of a stack's page, and boards of 1, 12 and 100 stacks. With a folder
as its argument it leaves each picture there, for people to look at.
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator, Mapping
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
"""The simulated AWS's clock begins at 18:00 in Tokyo: office hours are just over."""

PHONE = {"viewport": {"width": 360, "height": 624}, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1200, "height": 800}}
Look = dict[str, Any]
LOOKS: dict[str, Look] = {
    f"{name}-{language}-{scheme}": {**size, "locale": locale, "color_scheme": scheme}
    for name, size in (("phone", PHONE), ("desktop", DESKTOP))
    for language, locale in (("en", "en-GB"), ("ja", "ja-JP"))
    for scheme in ("light", "dark")
}
COUNTS = (1, 12, 100)
"""Stacks of a board."""

TALLEST, ZOOM, QUALITY = 1250, {"phone": 0.6, "desktop": 0.45}, 40
"""Of a sheet: where a picture is cut off, how small each is, and what JPEG leaves of it."""

SHOWN, SCALE = ("asleep", "waking", "awake"), 1.25
STRIP = """<!DOCTYPE html><meta charset="utf-8"><style>
body{{margin:0;background:#e9e4db;display:flex;gap:20px;padding:20px;width:max-content}}
img{{width:360px;height:624px;object-fit:cover;object-position:top;border-radius:16px;
box-shadow:0 0 0 1px #cfc6b8}}
</style>{images}"""


SHEET = """<!DOCTYPE html><meta charset="utf-8"><style>
body{{margin:0;background:#777;display:flex;flex-wrap:wrap;gap:12px;padding:12px;width:{width}px}}
figure{{margin:0;font:14px sans-serif;color:#fff}}
div{{zoom:{zoom};max-height:{tallest}px;overflow:hidden;display:flex;justify-content:center}}
.page{{max-width:640px}}img{{flex:none;align-self:start}}
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


def take_all(browser: Browser, looks: Mapping[str, Look]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each page and board by its name, with its pictures by the look."""
    for state in STATES:
        yield state, take(browser, state, looks, "admin")
    for count in COUNTS:
        yield f"board-{count}", take_board(browser, count, looks)


def for_people_to_look_at(browser: Browser, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, taken in take_all(browser, LOOKS):
        for look, picture in taken.items():
            (folder / f"{name}-{look}.png").write_bytes(picture)


def sheets(browser: Browser) -> None:
    """A sheet for each look: small, for they are many, and large enough to read."""
    looks = {name: {**look, "device_scale_factor": 1} for name, look in LOOKS.items()}
    images: dict[str, str] = dict.fromkeys(looks, "")
    for name, taken in take_all(browser, looks):
        for look, picture in taken.items():
            code = base64.b64encode(picture).decode()
            kind = "page" if name in STATES else "board"
            image = f'<div class="{kind}"><img src="data:image/png;base64,{code}"></div>'
            images[look] += f"<figure>{image}<figcaption>{name}</figcaption></figure>"
    (DOCS / "all").mkdir(exist_ok=True)
    with closing(browser.new_context(viewport={"width": 1600, "height": 900})) as context:
        page = context.new_page()
        for look, shown in images.items():
            zoom = ZOOM[look.partition("-")[0]]
            page.set_content(SHEET.format(images=shown, zoom=zoom, tallest=TALLEST, width=1576))
            path = str(DOCS / "all" / f"{look}.jpg")
            page.screenshot(path=path, full_page=True, type="jpeg", quality=QUALITY)


def for_the_readmes(browser: Browser) -> None:
    """A strip of telephones for each language."""
    looks = {
        language: {**LOOKS[f"phone-{language}-light"], "device_scale_factor": SCALE}
        for language in ("en", "ja")
    }
    for language in looks:
        locale = looks[language]["locale"]
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
            sheets(browser)


if __name__ == "__main__":
    main(sys.argv[1:])
