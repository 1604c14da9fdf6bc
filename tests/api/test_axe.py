"""
axe over board and page: every state, both languages, light and dark, telephone and desktop.

What only the look changes is asked again for each look; the rest once for each language.
"""

from __future__ import annotations

from importlib.resources import files

import pytest
from states import STATES, furnished

from factories import article_spec
from installation import STACK, Installation
from local.function_url import FunctionUrl

pytestmark = pytest.mark.slow

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from chromium import CHROMIUM, chromium  # noqa: E402 - it needs playwright
from pictures import DESKTOP, PHONE, POLICY, board_of  # noqa: E402

if CHROMIUM is None:
    pytest.skip("chromium is not installed (apt-get install chromium)", allow_module_level=True)

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
BY_LOOK = ["color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable"]
"""The rules whose answer depends on colours and sizes."""

SIZES = {
    name: {**look["viewport"], "height": 4000}  # so that the bar of a board covers no row
    for name, look in (("phone", PHONE), ("desktop", DESKTOP))
}
LOOKS = {
    "en": [("phone", "light"), ("desktop", "light"), ("phone", "dark"), ("desktop", "dark")],
    "ja": [("phone", "light"), ("desktop", "dark")],  # the colours are the same
}
RUN = """async (rules) => {
  const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const brief = { resultTypes: ["violations", "incomplete"], preload: false };
  const found = await axe.run({ ...only, ...brief });
  const nodes = (kind) => found[kind].flatMap((each) => each.nodes.map((node) => [each.id, node]));
  const unsure = nodes("incomplete").filter(([, node]) => !node.html.startsWith("<text "));
  const told = ([rule, node]) => `${rule}: ${node.html} ${node.failureSummary}`;
  return [...nodes("violations"), ...unsure].map(told);
}"""
"""What is wrong, and what axe cannot tell; but for text in SVG, whose colours others have too."""


@pytest.fixture(scope="module")
def pages():
    """A page for each language; the keys of the page's policy do not keep axe out."""
    with chromium() as browser:
        contexts = {
            language: browser.new_context(locale=locale, bypass_csp=True)
            for language, locale in (("en", "en-GB"), ("ja", "ja-JP"))
        }
        yield {language: context.new_page() for language, context in contexts.items()}


def findings(page, address: str) -> list[str]:
    page.goto(address)
    page.evaluate(AXE)
    found, rules = [], None
    for size, scheme in LOOKS[page.evaluate("document.documentElement.lang")]:
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme=scheme)
        found += [f"{size}, {scheme}: {each}" for each in page.evaluate(RUN, rules)]
        rules = BY_LOOK
    return found


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_wrong_with_a_stacks_page(pages, state):
    installation = Installation()
    installation.publish(article_spec(policy=POLICY))
    STATES[state](installation)
    with FunctionUrl(installation.handle) as url:
        for page in pages.values():
            address = f"{url.address}/s/{STACK}?k={installation.key('admin')}"
            assert findings(page, address) == []


def test_nothing_is_wrong_with_a_page_that_has_everything(pages):
    """Bookings to cancel, a budget, a term, the pictures, and a finding of a rehearsal."""
    installation = furnished()
    with FunctionUrl(installation.handle) as url:
        for scope in ("admin", "view"):
            for page in pages.values():
                address = f"{url.address}/s/{STACK}?k={installation.key(scope)}"
                assert findings(page, address) == []


@pytest.mark.parametrize("query", ["", "&q=nobody", "&did=wake.2&not=over_budget.pr-101"])
def test_nothing_is_wrong_with_a_board(pages, query):
    """A row in each state; one that nothing matches; and after a press."""
    installation, key = board_of(12)
    with FunctionUrl(installation.handle) as url:
        for page in pages.values():
            assert findings(page, f"{url.address}/?k={key}{query}") == []


def test_nothing_is_wrong_where_a_link_does_not_work(pages):
    with FunctionUrl(Installation().handle) as url:
        for page in pages.values():
            assert findings(page, f"{url.address}/s/{STACK}?k=none") == []


def test_it_would_be_found(pages):
    """A button without a name, and text in the colour of its ground."""
    page = pages["en"]
    with FunctionUrl(Installation().handle) as url:
        page.goto(f"{url.address}/s/{STACK}?k=none")
    page.evaluate(
        """() => {
          document.querySelector("main").append(document.createElement("button"));
          document.querySelector("h1").style.color = "var(--line)";
        }"""
    )
    page.evaluate(AXE)
    found = " ".join(page.evaluate(RUN, None))
    assert "button-name" in found and "color-contrast" in found
