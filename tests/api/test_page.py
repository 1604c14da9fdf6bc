"""The page for people, in each state of a stack and in both languages."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from states import STATES, awake, waking

from api import page_rendering
from api.page_words import EN, JA
from api.translations import TABLES, translations
from factories import article_spec
from installation import STACK
from local.faults import FOREVER, Fault

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEKDAYS = [["mon", "tue", "wed", "thu", "fri"], "09:00", "18:00"]
MOST_BYTES = 30_000


class Page(HTMLParser):
    """What is on a page: texts, elements, buttons and where their forms go."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "circle", "ellipse", "path"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data.strip())
            if self.open[-1] == "button":
                form = next(a for t, a in reversed(self.elements) if t == "form")
                self.buttons.append((form["action"].partition("?")[0].split("/")[-1], data))

    @property
    def text(self) -> str:
        return " ".join(text for text in self.texts if text)

    def attribute(self, tag: str, name: str) -> list[str | None]:
        return [attrs.get(name) for t, attrs in self.elements if t == tag]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("face", STATES)
def test_the_page_says_how_it_stands(installation, face, language):
    STATES[face](installation)
    reply = installation.page("admin", language)
    page = Page(reply.body)

    table = TABLES[language]
    assert ("body", {"class": face}) in page.elements
    assert table[face] in page.text
    assert page.open == []
    assert page.attribute("html", "lang") == [language]
    assert reply.headers["content-language"] == language
    assert len(reply.body.encode()) < MOST_BYTES


@pytest.mark.parametrize("face", STATES)
def test_a_page_in_japanese_has_no_english_of_ours(installation, face):
    """What AWS said, names and addresses stay as they are."""
    STATES[face](installation)
    html = re.sub(r'<p class="cause".*?</p>', "", installation.page("admin", "ja").body)
    left = re.sub(r"https?://\S+|nsfw-api|UTC|lost", "", Page(html).text)
    assert re.findall(r"[A-Za-z]{3,}", left.replace("AWS", "")) == []


def test_what_cannot_be_deleted_is_not_reported_as_a_wake_that_failed(installation):
    """Whoever pays learns that it still costs, and why; no step of the tries looks done."""
    STATES["stuck"](installation)
    text = Page(installation.page("view").body).text
    assert "It cannot go to sleep" in text and "still costs money" in text
    assert "currently associated with another service" in text
    assert "could not wake" not in text and "done" not in text


BUTTONS = {
    "asleep": ["wake", "wake"],
    "waking": ["extend", "extend", "sleep"],
    "awake": ["extend", "extend", "sleep"],
    "degraded": ["extend", "extend", "sleep"],
    "sleeping": ["wake", "wake"],
    "failed": ["wake", "wake"],
    "blocked": ["wake", "wake"],
    "held": ["wake", "wake"],
    "stuck": ["wake", "wake"],
}


@pytest.mark.parametrize("face", STATES)
def test_the_buttons_are_those_that_make_sense_and_that_the_link_allows(installation, face):
    STATES[face](installation)
    found = {scope: [b for b, _ in Page(installation.page(scope).body).buttons] for scope in SCOPES}
    book = ["wake"]  # the form that books
    assert found["admin"] == BUTTONS[face] + book
    mine = {"sleep": "release"}  # the link that woke it gives it back, and puts nobody's to sleep
    assert found["wake"] == [mine.get(b, b) for b in BUTTONS[face]] + book
    assert found["view"] == []


SCOPES = ("view", "wake", "admin")


def test_what_a_button_sends_is_what_the_server_takes(installation):
    """Each button of a page, pressed as a browser would, ends at the page again."""
    installation.publish(article_spec(policy={"office_hours": [WEEKDAYS], "idle_timeout": "10m"}))
    installation.press("sleep", scope="admin")
    forms = re.findall(r'<form method="post" action="([^"]+)"', installation.page("admin").body)
    values = re.findall(r'name="for" value="([^"]+)"', installation.page("admin").body)
    assert values == ["1h", "3h", "close"]
    for value in values:
        reply = installation.ask(
            "POST",
            f"/s/{forms[0].replace('&amp;', '&')}",
            f"for={value}",
            content_type="application/x-www-form-urlencoded",
        )
        assert reply.status == 303
        back = reply.headers["location"]
        assert back.startswith(f"../{STACK}?go=1&k=")
        assert installation.ask("GET", f"/s/{back.removeprefix('../')}").status == 200


def test_addresses_are_relative_and_nothing_comes_from_elsewhere(installation):
    awake(installation)
    page = Page(installation.page("admin").body)
    outside = "http://203.0.113.25:5000/"
    for tag, attrs in page.elements:
        for name in ("src", "href", "action"):
            address = attrs.get(name)
            if address and tag != "use":
                relative = not re.match(r"[a-z]+:|//|/", address)
                assert relative or address in (outside, "data:,"), (tag, address)


def test_scripts_and_styles_are_those_whose_hashes_the_policy_names(installation):
    reply = installation.page()
    policy = reply.headers["content-security-policy"]
    for tag in ("script", "style"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", reply.body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert " style=" not in reply.body
    assert not re.search(r"\son[a-z]+=", reply.body)


def test_a_browser_without_javascript_reloads_only_during_a_transition(installation):
    assert "http-equiv" not in installation.page().body
    waking(installation)
    assert (
        '<noscript><meta http-equiv="refresh" content="5"></noscript>' in installation.page().body
    )


def test_who_pressed_is_redirected_once_it_is_awake_and_a_viewer_is_not(installation):
    waking(installation)
    assert "203.0.113.25" not in installation.page(query="&go=1").body
    installation.run()
    assert 'data-go="http://203.0.113.25:5000/"' in installation.page(query="&go=1").body
    assert 'content="3;url=http://203.0.113.25:5000/"' in installation.page(query="&go=1").body
    assert "data-go" not in installation.page().body


def test_words_of_others_are_text_and_never_markup(installation):
    installation.press("wake")
    (lease,) = installation.leases()
    installation.table.grant(replace(lease, id="x", holder="<script>alert(1)</script>{{7*7}}"))
    body = installation.page().body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in body
    assert body.count("<script>") == 1


def test_a_wake_that_nobody_works_on_says_so_instead_of_spinning(installation):
    waking(installation)
    assert EN["stale"][:12] not in installation.page().body
    installation.aws.clock.advance(600)
    assert "No news for 10 min" in installation.page().body


def test_times_are_those_of_the_stack(installation):
    installation.publish(
        article_spec(policy={"time_zone": "Asia/Tokyo", "office_hours": [WEEKDAYS]})
    )
    assert "Wakes Tue 24 Nov 08:" in Page(installation.page().body).text
    assert "11月24日(火) 08:" in Page(installation.page(language="ja").body).text


def test_the_page_of_a_bad_key_is_for_people_too(installation):
    reply = installation.ask(
        "GET", f"/s/{STACK}", accept="text/html", accept_language="ja,en;q=0.5"
    )
    assert JA["not_found"] in Page(reply.body).text
    assert reply.status == 404
    assert "http-equiv" not in reply.body


def test_a_refused_press_leads_back_to_the_page(installation):
    reply = installation.press("wake", scope="view")
    assert (reply.status, Page(reply.body).attribute("a", "href")) == (
        403,
        [f"../{STACK}?k={installation.key('view')}"],
    )


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("fr,ja;q=0.5,en;q=0.4", "ja"),
        ("fr", "en"),
        ("", "en"),
        ("ja;q=0", "en"),
        (";;;q=,,ja;q=x", "ja"),
    ],
)
def test_the_language_is_what_the_reader_prefers(installation, accept, language):
    assert installation.page(language=accept).headers["content-language"] == language


# words


def test_both_languages_say_everything():
    en, ja = TABLES["en"], TABLES["ja"]
    assert set(en) == set(ja)
    for key in en:
        fields = [set(re.findall(r"\{(\w+)\}", table[key])) for table in (en, ja)]
        assert fields[0] == fields[1], key


def test_every_problem_has_its_words():
    from api import problems

    codes = re.findall(r'^    "([a-z_]+)",$|HTTPStatus\.\w+, "([a-z_]+)"', problems_text(), re.M)
    found = {one or other for one, other in codes}
    assert len(found) >= 6
    assert {f"{code}.text" for code in found} | found <= set(EN)
    assert problems.NOT_FOUND.code in found


def problems_text() -> str:
    from pathlib import Path

    from api import problems

    return Path(problems.__file__).read_text()


def test_every_rule_of_a_decision_has_its_words():
    from controller.domain.decision.sleep_rules import Rule

    assert {f"rule.{rule}" for rule in Rule} - set(EN) == {"rule.slept"}


@pytest.mark.parametrize(
    ("seconds", "en", "ja"),
    [
        (0, "0 s", "0秒"),
        (59, "59 s", "59秒"),
        (80, "1 min 20 s", "1分20秒"),
        (600, "10 min", "10分"),
        (660, "11 min", "11分"),
        (3600, "1 h", "1時間"),
        (5400, "1 h 30 min", "1時間30分"),
    ],
)
def test_durations_read_as_people_say_them(seconds, en, ja):
    said = [
        translations(lang, UTC, NOW).duration(timedelta(seconds=seconds)) for lang in ("en", "ja")
    ]
    assert said == [en, ja]


def test_assets_cannot_end_their_element():
    for name in ("script.js", "style.css", "board.css", "stack.css"):
        assert "</" not in (page_rendering.PAGES / name).read_text()


def test_the_page_says_what_the_month_has_saved_with_the_running_hour(installation):
    """By the very numbers of the status, and from the two reads that the page makes anyway."""
    installation.run()  # the first pass opens the account
    installation.aws.clock.advance(20 * 3600)
    installation.press("wake")
    installation.run()
    installation.aws.clock.advance(600)
    saved = installation.status()["saved"]
    start = len(list(installation.aws.calls))
    pages = {
        language: Page(installation.page("view", language).body).text for language in ("en", "ja")
    }

    assert saved["month"] == f"{installation.now:%Y-%m}"
    assert saved["saved"] > 0.5
    spent, always = (f"{saved[name]:.2f}" for name in ("spent", "always_on"))
    assert f"it cost {spent} $ and would have cost {always} $ always on" in pages["en"]
    assert f"{spent}ドル、ずっと動かしていれば{always}ドル" in pages["ja"]
    assert [call.operation for call in list(installation.aws.calls)[start:]].count("Query") == 4


def test_before_the_first_pass_nothing_is_said_of_money(installation):
    assert installation.status()["saved"] is None
    assert EN["saved"] not in Page(installation.page("view").body).text


def test_account_numbers_in_what_aws_said_do_not_reach_those_with_a_link(installation):
    """Neither by the page nor by its JSON; the records, which take rights to read, keep them."""
    said = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized (210987654321.dkr.ecr)"
    installation.aws.faults.add(
        Fault(
            operation="CreateLoadBalancer",
            code="AccessDenied",
            message=said,
            status=403,
            times=FOREVER,
        )
    )
    installation.press("wake")
    installation.run(3600)

    status, page = (
        installation.program("GET", f"/s/{STACK}/status", "admin"),
        installation.page("admin"),
    )
    for reported in (status.body, page.body):
        assert "arn:aws:sts::************:assumed-role/x" in reported
        assert not re.search("123456789012|210987654321", reported)
    assert "123456789012" in installation.table.load(STACK).status.lifecycle.failure.cause


@pytest.mark.parametrize(("scope", "seen"), [("admin", True), ("wake", False), ("view", False)])
def test_what_the_files_have_outgrown_is_shown_to_those_who_run_it(installation, scope, seen):
    """Whoever only uses the stack can do nothing about it."""
    dates = {"closed_on": ["holidays:JP"], "holidays": {"JP": ["2026-11-23"]}}
    installation.publish(article_spec(policy=dates))
    assert ("holidays:JP" in Page(installation.page(scope, "ja").body).text) is seen


def test_a_service_behind_tls_is_opened_by_https(installation):
    installation.publish(article_spec(endpoint={"port": 443, "protocol": "TLS", "open_path": "/"}))
    awake(installation)
    assert 'href="https://203.0.113.25:443/"' in installation.page().body
    assert 'data-go="https://203.0.113.25:443/"' in installation.page(query="&go=1").body


def test_udp_is_shown_as_text_without_a_link(installation):
    installation.publish(
        article_spec(endpoint={"port": 27015, "protocol": "UDP", "open_path": "/"})
    )
    awake(installation)
    for body in (installation.page().body, installation.page(query="&go=1").body):
        assert '<p class="address">203.0.113.25:27015 (UDP)</p>' in body
        assert "data-go" not in body
        assert "http://203" not in body
