"""
Board and page with a keyboard alone: Tab, Enter, Space and letters reach and use all of it.

At each stop the focus can be seen: it has an outline, is on the screen, and nothing covers it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from states import furnished

from api.translations import TABLES
from controller.domain.planning.plan import Target
from controller.links import Link, Scope
from factories import article_spec
from installation import STACK, Installation
from local.function_url import FunctionUrl

pytestmark = pytest.mark.slow

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from chromium import CHROMIUM, chromium  # noqa: E402 - it needs playwright

if CHROMIUM is None:
    pytest.skip("chromium is not installed (apt-get install chromium)", allow_module_level=True)
expect = playwright_api.expect
EN = TABLES["en"]

NAMED = """const words = (e) => [...e.childNodes].filter((n) => n.nodeType === 3)
    .map((n) => n.textContent.trim()).join("");
  const named = (e) => [e.localName, e.getAttribute("aria-label")
    ?? words(e.labels?.[0] ?? e)].join(" ");"""
ALL = f"""() => {{ {NAMED}
  const every = document.querySelectorAll("a[href],button,input:not([type=hidden]),select,summary");
  return [...every].filter((e) => e.checkVisibility()).map(named);
}}"""
FOCUS = f"""() => {{ {NAMED}
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + Math.min(box.height, 40) / 2;
  const over = document.elementFromPoint(x, y);
  return {{ name: e === document.body ? "" : named(e),
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    seen: box.width > 1 && (e.contains(over) || !!over?.contains(e) && over.matches("label")) }};
}}"""


class Team(Installation):
    """Stacks that a team's key covers, as passes leave them."""

    def __init__(self, count: int) -> None:
        super().__init__()
        for number in range(count):
            self.publish(article_spec(stack=f"pr-{number}"))
            self.controller.run_pass(f"pr-{number}", "test", timedelta(minutes=5))

    @property
    def board(self) -> str:
        end = self.now + timedelta(days=9)
        link = Link(stack="", team="pr-*", scope=Scope.ADMIN, expires_at=end, id="b0a2d000")
        return f"/?k={self.keys.sign(link, self.now)}"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser):
    """Open a path of an installation on a small screen."""
    opened = []

    def open_page(installation, path, **options):
        url = FunctionUrl(installation.handle)
        address = url.start().address
        size = {"width": 360, "height": 624}
        context = browser.new_context(**{"locale": "en-GB", "viewport": size, **options})
        opened.append((context, url))
        page = context.new_page()
        page.goto(address + path)
        return page

    yield open_page
    for context, url in opened:
        context.close()
        url.stop()


def stops(page, key: str = "Tab") -> list[str]:
    """The names of all stops of the key from here to the end of the page; each can be seen."""
    found = []
    while True:
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if found and focus["name"] == found[-1]:
            continue  # a moment has several parts
        if not focus["name"] or (found and focus["name"] == found[0]):
            return found
        assert focus["outline"] >= 2, focus
        assert focus["seen"], focus
        found.append(focus["name"])
        assert len(found) < 100


def go_to(page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS)["name"] == name:
            return
    raise AssertionError(f"no {name} by Tab")


def rows(count: int) -> list[str]:
    return [f"{tag} pr-{number}" for number in range(count) for tag in ("input", "button")]


BUTTONS = ["button Wake for 1 hour", "button Wake for 3 hours"]
ADMINS = ["button Sleep now", "button Keep for 14 days"]


def test_a_board_is_walked_from_its_first_link_to_its_last_button_and_back(visit):
    team = Team(6)
    page = visit(team, team.board)
    before = [f"a {EN['board.to_rows']}", f"a {EN['board.to_buttons']}"]
    before += ["input Name or owner", "select State", "select Order", "button Show"]
    every = f"input {EN['board.every']}"

    walked = stops(page)
    assert walked == [*before, every, *rows(6), *BUTTONS, *ADMINS]
    assert sorted(walked) == sorted(page.evaluate(ALL))
    page.locator("#every").focus()
    page.keyboard.press("Space")  # from now on the buttons stay in view, and cover no focus
    assert stops(page) == [*rows(6), *BUTTONS, *ADMINS]
    page.locator(".bar button").last.focus()
    back = [*before, every, *rows(6), *BUTTONS, *ADMINS[:-1]]
    assert stops(page, "Shift+Tab") == back[::-1]


def test_the_first_links_of_a_board_lead_past_what_comes_before(visit):
    team = Team(6)
    page = visit(team, team.board)
    for name, first in (("board.to_rows", EN["board.every"]), ("board.to_buttons", "Wake for 1 h")):
        page.locator("body").press("Home")
        page.goto(page.url.partition("#")[0])
        go_to(page, f"a {EN[name]}")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert first in page.evaluate(FOCUS)["name"]


def test_stacks_are_found_chosen_and_put_to_sleep_from_a_board(visit):
    team = Team(3)
    page = visit(team, team.board)
    go_to(page, "input Name or owner")
    page.keyboard.type("pr-1")
    page.keyboard.press("Enter")
    expect(page.locator(".rows li")).to_have_count(1)
    go_to(page, "input Name or owner")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    go_to(page, "select State")
    page.keyboard.type(EN["group.asleep"])
    go_to(page, "button Show")
    page.keyboard.press("Enter")
    expect(page.locator(".rows li")).to_have_count(3)
    for name in ("input pr-0", "input pr-2"):
        go_to(page, name)
        page.keyboard.press("Space")
    go_to(page, "button Sleep now")
    page.keyboard.press("Enter")
    expect(page.locator(".notice").filter(has_text="Sleep requested: 2.")).to_be_visible()
    holds = {f"pr-{n}": team.table.load(f"pr-{n}").hold for n in range(3)}
    assert [name for name, hold in holds.items() if hold] == ["pr-0", "pr-2"]
    assert holds["pr-0"].state is Target.ASLEEP

    go_to(page, "button pr-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("pr-1")


def test_a_stacks_page_is_walked_with_its_form_and_its_bookings(visit):
    """The first stop is what most people come for."""
    installation = furnished()
    page = visit(installation, f"/s/{STACK}?k={installation.key('admin')}")
    walked = stops(page)
    assert walked[0] == f"a {EN['open']}"
    assert walked[1:4] == ["button For 1 hour", "button For 3 hours", "button Sleep now"]
    assert any(name.startswith(f"button {EN['booking.cancel']}") for name in walked)
    assert walked[-2:] == [f"summary {EN['book']}", "button Keep for 14 days"]
    assert sorted(walked) == sorted(page.evaluate(ALL))

    page.locator("summary").focus()
    page.keyboard.press("Enter")
    form = [f"input {EN['book.at']}", f"select {EN['book.for']}"]
    form += [f"input {EN['book.reason']}", f"button {EN['book.do']}"]
    assert stops(page)[:4] == form


def test_a_booking_is_made_and_cancelled(visit):
    installation = Installation()
    installation.run()
    page = visit(installation, f"/s/{STACK}?k={installation.key()}")
    go_to(page, f"summary {EN['book']}")
    page.keyboard.press("Space")
    go_to(page, f"input {EN['book.at']}")
    page.keyboard.type("11272026")  # month, day and year, as this browser asks for them
    page.keyboard.press("ArrowRight")
    page.keyboard.type("0230PM")
    go_to(page, f"input {EN['book.reason']}")
    page.keyboard.type("a demo")
    page.keyboard.press("Enter")
    expect(page.get_by_text("a demo")).to_be_visible()
    (booking,) = installation.table.load(STACK).bookings
    assert f"{booking.opens_at:%m-%d %H:%M}" == "11-27 14:30"

    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS)["name"].startswith(f"button {EN['booking.cancel']}"):
            break
    page.keyboard.press("Space")
    expect(page.get_by_text("a demo")).to_be_hidden()
    (booking,) = installation.table.load(STACK).bookings
    assert booking.cancelled_at


def test_the_focus_stays_where_it_is_while_the_page_is_renewed(visit):
    """The script puts in what is new; whoever has just come to a button presses that one."""
    team = Team(3)
    page = visit(team, team.board)
    go_to(page, "input pr-1")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    team.aws.clock.advance(86_400)
    team.controller.run_pass("pr-2", "later", timedelta(minutes=5))
    before = page.locator("[data-part=rows]").inner_html()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function(
        "(before) => document.querySelector('[data-part=rows]').innerHTML !== before", arg=before
    )
    assert page.evaluate(FOCUS)["name"] == "button pr-1"
    assert page.locator("input[value=pr-1]").is_checked()
