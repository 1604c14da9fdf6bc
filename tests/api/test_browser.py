"""The page in Debian's Chromium: a press, the steps, and the way to the awake service."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from threading import Thread

import pytest

from api.page_words import EN, JA
from installation import STACK, Installation
from local.aws import LaptopAws
from local.clock import ScaledClock
from local.function_url import FunctionUrl

pytestmark = pytest.mark.slow

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from chromium import CHROMIUM, chromium  # noqa: E402 - it needs playwright

if CHROMIUM is None:
    pytest.skip("chromium is not installed (apt-get install chromium)", allow_module_level=True)
expect = playwright_api.expect

SERVICE = "http://203.0.113.25:5000/"
PATIENCE = 30_000


class LiveInstallation(Installation):
    """A house whose clock runs, and whose controller starts when it is called."""

    def __init__(self, speed: float) -> None:
        clock = ScaledClock(speed, datetime(2026, 11, 23, 9, tzinfo=UTC))
        self.passes: list[Thread] = []
        super().__init__(LaptopAws(profile="typical", clock=clock))

    def _nudged(self, params):
        stack = json.loads(params["Payload"])["stack"]
        self.passes.append(Thread(target=self._work, args=(stack,), daemon=True))
        self.passes[-1].start()
        return {"StatusCode": 202}

    def _work(self, stack):
        while self.run(3600)["result"] in ("busy", "unfinished"):
            self.aws.clock.sleep(5)

    def close(self):
        for one in self.passes:
            one.join(timeout=20)


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def live():
    installation = LiveInstallation(speed=40)
    with FunctionUrl(installation.handle) as url:
        installation.address = url.address
        yield installation
        installation.close()


@pytest.fixture
def visit(browser, live):
    """Open the page of a link as somebody would; every message of the console is kept."""
    contexts = []

    def open_page(scope: str = "wake", path: str | None = None, **options):
        context = browser.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        context.route(f"{SERVICE}**", lambda route: route.fulfill(body="the service"))
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(live.address + (path or f"/s/{STACK}?k={live.key(scope)}"))
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_a_press_moves_the_steps_and_leads_to_the_awake_service(visit):
    page = visit()
    expect(page.get_by_role("status")).to_have_text(EN["asleep"])
    page.get_by_role("button", name="Wake for 1 hour").click()

    status = page.get_by_role("status")
    expect(status).to_contain_text(EN["waking"])
    expect(page.locator(".running").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.wait_for_url(SERVICE, timeout=PATIENCE)
    expect(page.locator("body")).to_have_text("the service")
    assert page.said == []

    page.go_back()
    expect(page.get_by_role("status")).to_have_text(EN["awake"])
    expect(page.get_by_role("link", name=EN["open"])).to_have_attribute("href", SERVICE)
    page.wait_for_timeout(2500)
    assert page.url.startswith("http://127.0.0.1")


def test_the_steps_move_without_the_page_being_loaded_again(visit):
    page = visit()
    page.get_by_role("button", name="Wake for 3 hours").click()
    page.evaluate("window.kept = true")
    expect(page.locator(".done").first).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("window.kept") is True


def test_without_javascript_the_page_loads_itself_again_and_goes_on(visit):
    page = visit(java_script_enabled=False)
    page.get_by_role("button", name="Wake for 1 hour").click()
    expect(page.get_by_role("status")).to_contain_text(EN["waking"])
    page.wait_for_url(SERVICE, timeout=PATIENCE)


def test_a_telephone_shows_everything_without_scrolling_sideways(visit):
    for scheme in ("light", "dark"):
        page = visit(
            "admin", viewport={"width": 320, "height": 640}, color_scheme=scheme, locale="ja-JP"
        )
        expect(page.get_by_role("status")).to_have_text(JA["asleep"])
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        for button in page.get_by_role("button").all():
            assert button.bounding_box()["height"] >= 44


def test_in_japanese_a_press_leads_to_the_service_too(visit):
    page = visit(locale="ja-JP")
    page.get_by_role("button", name="1時間起こす").click()
    expect(page.get_by_role("status")).to_contain_text(JA["waking"])
    assert page.evaluate("document.documentElement.lang") == "ja"
    page.wait_for_url(SERVICE, timeout=PATIENCE)


def test_sleep_now_is_watched_until_it_sleeps(visit, live):
    live.press("wake", scope="admin")
    page = visit("admin")
    status = page.get_by_role("status")
    expect(status).to_have_text(EN["awake"], timeout=PATIENCE)
    page.get_by_role("button", name=EN["sleep"]).click()
    expect(status).to_have_text(EN["sleeping"])
    expect(page.get_by_role("link", name=EN["open"])).to_be_hidden()
    expect(status).to_have_text(EN["held"], timeout=PATIENCE)
    expect(page.get_by_role("button", name="Wake for 1 hour")).to_be_visible()


def test_a_view_link_has_no_buttons_and_follows_what_others_do(visit, live):
    page = visit("view")
    expect(page.get_by_text(EN["view_only"])).to_be_visible()
    assert page.get_by_role("button").count() == 0
    live.press("wake")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text(EN["waking"])
    expect(page.get_by_role("status")).to_have_text(EN["awake"], timeout=PATIENCE)
    page.wait_for_timeout(2000)
    assert page.url.startswith("http://127.0.0.1")  # it has not pressed, so it is not sent away


def test_keys_alone_are_enough(visit, live):
    page = visit()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Wake for 3 hours":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(EN["waking"])
    assert (live.leases()[0].expires_at - live.leases()[0].granted_at).total_seconds() == 3 * 3600


def test_a_double_click_is_one_wake(visit, live):
    page = visit()
    page.get_by_role("button", name="Wake for 1 hour").dblclick()
    expect(page.get_by_role("status")).to_contain_text(EN["waking"])
    assert len(live.leases()) == 1


def test_a_link_that_has_run_out_says_what_to_do(visit, live):
    page = visit(path=f"/s/{STACK}?k={live.key(expires_at=live.now)}")
    expect(page.get_by_role("heading")).to_have_text(EN["not_found"])
    expect(page.get_by_role("alert")).to_contain_text("Ask whoever gave it to you")


def test_a_failed_wake_says_why_and_offers_another_try(visit, live):
    live.aws.conditions.containers("nsfw-api-container", "image_pull_error")
    page = visit()
    page.get_by_role("button", name="Wake for 1 hour").click()
    status = page.get_by_role("status")
    expect(status).to_have_text(EN["failed"], timeout=2 * PATIENCE)
    expect(page.locator(".cause")).to_contain_text("CannotPullContainerError")
    expect(page.get_by_role("button", name="Wake for 1 hour")).to_be_visible()


def test_a_page_of_another_site_cannot_press_even_with_the_key(visit, live):
    page = visit()
    here = f"{live.address}/s/{STACK}/wake?k={live.key()}"
    other = f'<form method="post" action="{here}"><button>go</button></form>'
    page.route(
        "http://other.example/", lambda route: route.fulfill(body=other, content_type="text/html")
    )
    page.goto("http://other.example/")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading")).to_have_text(EN["from_elsewhere"])
    assert live.leases() == []


def test_a_lost_connection_is_said_and_gets_over(visit, live):
    page = visit()
    page.get_by_role("button", name="Wake for 1 hour").click()
    page.wait_for_load_state()
    page.route(re.compile(r"/s/"), lambda route: route.abort())
    expect(page.get_by_text(EN["lost"])).to_be_visible(timeout=PATIENCE)
    page.unroute(re.compile(r"/s/"))
    expect(page.get_by_text(EN["lost"])).to_be_hidden(timeout=PATIENCE)


def test_what_is_read_aloud_is_named(visit):
    """Every control has a name, there is one main heading, and the state is a live region."""
    page = visit("admin")
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("main").count() == 1
    assert all(button.inner_text().strip() for button in page.get_by_role("button").all())
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(visit, scheme):
    """WCAG 2.2, 1.4.3: a ratio of 4.5 at least."""
    page = visit("admin", color_scheme=scheme)
    page.get_by_role("button", name="Wake for 1 hour").click()
    expect(page.locator(".steps li").first).to_be_visible(timeout=PATIENCE)
    assert page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll("main *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.textContent.trim()} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
