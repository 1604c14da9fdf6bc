"""The board: all stacks that a team's key covers, for people and for programs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from board_rows import rows

from api.board import Shown
from api.board_page import board_page
from api.request import Request
from api.selection import Choice
from api.translations import TABLES
from controller.domain.decision.term import Term
from controller.domain.errors import PermanentError
from controller.domain.timestamps import format_timestamp
from controller.links import Link, Scope
from controller.store import board_keeper
from controller.store.board import Board
from controller.store.board_keeper import BoardKeeper
from factories import article_spec
from installation import BROWSER, Installation
from local.aws import LaptopAws
from local.faults import FOREVER, throttled
from tables.tables import Tables

FIELDS = {"stack", "state", "until", "reason", "who", "owner", "expires", "month", "proof"}
FORM = "application/x-www-form-urlencoded"


def quick() -> LaptopAws:
    """With tables that are as fast as a dictionary."""
    aws = LaptopAws(profile="typical")
    Tables().play(aws)
    return aws


class Team:
    """Three previews and another stack behind one wake URL, and the key of whoever has previews."""

    def __init__(self) -> None:
        self.installation = Installation(aws=quick())
        for stack in ("pr-1", "pr-2", "pr-30", "shop"):
            self.installation.publish(article_spec(stack=stack))
            self.installation.controller.run_pass(stack, "test", timedelta(minutes=5))

    def key(self, scope: str = "wake", team: str = "pr-*", **changes) -> str:
        parts = {
            "stack": "",
            "team": team,
            "scope": Scope.named(scope),
            "expires_at": self.installation.now + timedelta(days=9),
            "id": f"{scope:b<8}"[:8],
        }
        return self.installation.keys.sign(Link(**(parts | changes)), self.installation.now)

    def rows(self, query: str = "", **parts):
        reply = self.installation.ask(
            "GET", f"/?k={self.key(**parts)}{query}", accept="application/json"
        )
        assert reply.status == 200, reply.body
        return reply.json["stacks"]

    def page(self, query: str = "", language: str = "en", **parts):
        target = f"/?k={self.key(**parts)}{query}"
        return self.installation.ask("GET", target, accept=BROWSER, accept_language=language)

    def program(self, verb: str, body: str, scope: str = "wake"):
        headers = {"authorization": f"Bearer {self.key(scope)}", "accept": "application/json"}
        return self.installation.ask(
            "POST", f"/{verb}", body, content_type="application/json", **headers
        )

    def press(self, verb: str, fields: str, query: str = "", scope: str = "wake", **headers):
        target = f"/{verb}?k={self.key(scope)}{query}"
        sent = {"accept": BROWSER, "content_type": FORM, "origin": "null"}
        sent |= {"sec_fetch_site": "same-origin"} | headers
        return self.installation.ask("POST", target, fields, **sent)

    def holders(self, stack: str) -> list[str]:
        return [lease.holder for lease in self.installation.table.load(stack).leases]


@pytest.fixture
def team():
    return Team()


@pytest.fixture(scope="module")
def seen():
    """The same for those who only look, or may not do what they try."""
    return Team()


def test_a_row_says_what_programs_request(seen):
    rows = seen.rows()

    assert [row["stack"] for row in rows] == ["pr-1", "pr-2", "pr-30"]
    for row in rows:
        assert row.keys() >= FIELDS
        assert (row["state"], row["who"], row["owner"], row["expires"]) == (
            "asleep",
            None,
            None,
            None,
        )
        assert row["month"].keys() == {"spent", "saved"}
        assert row["proof"]["result"] == "not looked at"


def test_the_money_of_a_row_is_that_of_its_page(team):
    team.installation.aws.clock.advance(86_400 * 3)
    (row,) = team.rows(team="pr-1")
    page = team.installation.ask("GET", f"/s/pr-1?k={team.key()}", accept="application/json").json[
        "saved"
    ]

    assert row["month"]["spent"] == pytest.approx(page["spent"], abs=1e-3)
    assert row["month"]["saved"] == pytest.approx(page["saved"], abs=1e-3)


def test_one_read_of_the_table_gives_all_rows(seen):
    seen.rows()
    before = len(seen.installation.aws.calls)
    seen.rows()

    calls = [
        c.operation for c in list(seen.installation.aws.calls)[before:] if c.service == "dynamodb"
    ]
    assert calls == ["Query"]


def test_a_stack_published_later_is_covered_and_one_taken_out_is_not(team):
    team.installation.publish(article_spec(stack="pr-4"))
    assert [row["stack"] for row in team.rows()] == ["pr-1", "pr-2", "pr-30", "pr-4"]

    assert team.installation.table.take_out("pr-2", team.installation.table.request_version("pr-2"))
    assert [row["stack"] for row in team.rows()] == ["pr-1", "pr-30", "pr-4"]


# who may come in


def test_the_key_opens_the_page_of_each_stack_that_it_covers(team):
    assert team.installation.ask("GET", f"/s/pr-1?k={team.key()}", accept=BROWSER).status == 200
    reply = team.installation.ask(
        "POST", f"/s/pr-1/wake?k={team.key()}", "for=1h", content_type=FORM, origin="null"
    )
    assert reply.status == 303
    assert team.holders("pr-1") == ["wake link"]


def test_what_it_does_not_cover_is_not_there(seen):
    """The stack of others, one that nobody has, and what has no good key: the same, to the byte."""
    single = seen.installation.key("admin")
    gone = seen.key(expires_at=seen.installation.now - timedelta(seconds=1))
    targets = [
        f"/s/shop?k={seen.key()}",
        f"/s/pr-99?k={seen.key()}",
        f"/?k={single}",
        f"/?k={gone}",
        f"/?k={seen.key()[:-2]}AA",
        "/",
        "/?k=",
    ]
    for kind in (BROWSER, "application/json"):
        replies = [seen.installation.ask("GET", target, accept=kind) for target in targets]
        assert {reply.status for reply in replies} == {404}
        assert len({reply.body for reply in replies}) == 1


def test_a_key_that_was_withdrawn_opens_nothing(team):
    from controller.store.withdrawals import Withdrawals

    assert team.page().status == 200
    dynamodb = team.installation.session.client("dynamodb")
    Withdrawals(dynamodb, "dormouse").withdraw(
        "wakebbbb", team.installation.now + timedelta(days=9)
    )
    team.installation.aws.clock.advance(61)
    assert team.page().status == 404
    assert team.program("wake", '{"stacks": ["pr-1"]}').status == 404


@pytest.mark.parametrize(
    ("scope", "verb", "status"),
    [
        ("view", "wake", 403),
        ("wake", "sleep", 403),
        ("wake", "extend", 409),
        ("admin", "sleep", 202),
    ],
)
def test_scopes_are_those_of_a_link(team, scope, verb, status):
    assert team.program(verb, '{"stacks": ["pr-1", "pr-2"]}', scope).status == status


# several at once


def test_several_are_woken_by_one_press(team):
    reply = team.press("wake", "stack=pr-1&stack=pr-30&for=1h", "&sort=spent")

    assert reply.status == 303
    assert sorted(team.installation.started_passes) == ["pr-1", "pr-30"]
    assert [len(team.holders(stack)) for stack in ("pr-1", "pr-2", "pr-30")] == [1, 0, 1]
    to = urlsplit(reply.headers["location"])
    assert to.path == "./"
    assert parse_qs(to.query)["did"] == ["wake.2"]
    assert parse_qs(to.query)["sort"] == ["spent"]
    assert (
        "Wake requested: 2." in team.installation.ask("GET", f"/?{to.query}", accept=BROWSER).body
    )


@pytest.mark.parametrize("read", range(4, 8))
def test_a_read_that_fails_in_the_middle_is_reported_for_its_stack_alone(team, read):
    """What was recorded by then wakes: it is not to be called unchanged."""
    aws = team.installation.aws
    aws.faults.add(throttled("dynamodb", "Query", nth=read))
    reply = team.program("wake", '{"stacks": ["pr-1", "pr-2", "pr-30"], "for": "2h"}')
    aws.faults.clear()
    assert reply.status == 202
    found = {each["stack"]: each["result"] for each in reply.json["stacks"]}
    assert sorted(found.values()) == ["recorded", "recorded", "unavailable"]
    for stack, result in found.items():
        assert len(team.holders(stack)) == (result == "recorded"), stack


def test_a_press_whose_stack_cannot_be_read_says_which(team):
    team.installation.aws.faults.add(throttled("dynamodb", "Query", nth=4, times=FOREVER))
    to = urlsplit(team.press("wake", "stack=pr-1&stack=pr-2&for=1h").headers["location"])
    team.installation.aws.faults.clear()
    page = team.installation.ask("GET", f"/?{to.query}", accept=BROWSER).body
    assert "Wake requested: 1." in page
    assert "pr-2: its records cannot be read now, and nothing was changed." in page


def test_a_program_hears_what_became_of_each(team):
    reply = team.program("wake", '{"stacks": ["pr-1", "shop", "pr-77", "PR"], "for": "2h"}')

    assert reply.status == 202
    assert reply.headers["retry-after"] == "5"
    found = {each["stack"]: each["result"] for each in reply.json["stacks"]}
    assert found == {
        "pr-1": "recorded",
        "shop": "not_found",
        "pr-77": "not_found",
        "PR": "not_found",
    }
    assert team.holders("shop") == []
    said = {each["detail"] for each in reply.json["stacks"] if each["result"] == "not_found"}
    assert len(said) == 1


def test_json_names_its_stacks_in_a_list_alone(team):
    reply = team.program("wake", '{"stack": "pr-1"}')
    assert (reply.status, team.holders("pr-1")) == (422, [])
    assert reply.json["detail"] == 'There is no field "stack" in JSON; expected "stacks", a list.'


def test_nothing_but_the_uncovered_is_the_404_of_all(seen):
    reply = seen.program("wake", '{"stacks": ["shop"]}')
    assert (reply.status, reply.json) == (404, seen.program("wake", '{"stacks": ["pr-88"]}').json)


def test_each_stack_has_the_budget_of_the_link(team):
    day = timedelta(minutes=20)
    for _ in range(24):
        assert team.program("wake", '{"stacks": ["pr-1"], "for": "1m"}').status == 202
        team.installation.aws.clock.advance(day.total_seconds())
    reply = team.program("wake", '{"stacks": ["pr-1"], "for": "1m"}')
    assert reply.status == 429
    assert int(reply.headers["retry-after"]) > 0
    both = team.program("wake", '{"stacks": ["pr-1", "pr-2"], "for": "1m"}')
    assert (both.status, [each["status"] for each in both.json["stacks"]]) == (202, [429, 202])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{}", 422),
        ('{"stacks": []}', 422),
        ('{"stacks": "pr-1", "until": "x"}', 422),
        ('{"stacks": [1]}', 422),
        ("[]", 422),
        ("[1]", 422),
        ("[null]", 422),
        ('[["stacks"]]', 422),
        ('[["stacks", "pr-1"]]', 422),
        ('"pr-1"', 422),
        ("{", 400),
        ('{"stacks": ["pr-1"], "for": "1h", "for": "2h"}', 400),
        ('{"stacks": ["pr-1"], "for": "forever"}', 422),
        ('{"stacks": [' + ",".join(f'"pr-{n}"' for n in range(101)) + "]}", 422),
        (" " * 9000, 413),
    ],
)
def test_what_cannot_be_meant_changes_nothing(seen, body, status):
    assert seen.program("wake", body).status == status
    assert seen.installation.started_passes == []


def test_a_page_of_another_site_presses_nothing(seen):
    reply = seen.press("wake", "stack=pr-1", sec_fetch_site="cross-site")
    assert reply.status == 403
    assert seen.press("wake", "stack=pr-1", sec_fetch_site="same-site").status == 403
    assert seen.holders("pr-1") == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_other_methods_are_refused_by_name(seen, method):
    reply = seen.installation.ask(method, f"/?k={seen.key()}", accept="application/json")
    assert reply.status == 405
    assert reply.headers["allow"] == "GET, HEAD"
    assert seen.installation.ask("GET", f"/wake?k={seen.key()}").headers["allow"] == "POST"


# owners and ends


def ending(team, **parts):
    now = team.installation.now
    term = Term(stack="pr-1", owner="ann", expires_at=now + timedelta(days=2), set_at=now)
    team.installation.table.change_term("pr-1", lambda _: replace(term, **parts))
    team.installation.controller.run_pass("pr-1", "test", timedelta(minutes=5))


def test_a_row_says_whose_it_is_and_when_it_ends(team):
    ending(team)
    (row, *others) = team.rows("&sort=expires")

    assert (row["stack"], row["owner"]) == ("pr-1", "ann")
    assert row["expires"] == format_timestamp(team.installation.now + timedelta(days=2))
    assert [each["owner"] for each in others] == [None, None]
    assert [each["stack"] for each in team.rows("&q=ann")] == ["pr-1"]
    assert "owner ann" in team.page().body
    target = f"/s/pr-1?k={team.key()}"
    status = team.installation.ask("GET", target, accept="application/json").json
    assert (status["owner"], status["expires"]) == ("ann", row["expires"])


def test_ends_are_put_off_from_the_board_and_from_the_page(team):
    ending(team)
    assert team.program("prolong", '{"stacks": ["pr-1", "shop"], "for": "14d"}').status == 202
    table, now = team.installation.table, team.installation.now
    assert table.load("pr-1").term.expires_at == now + timedelta(days=14)
    assert table.load("pr-1").term.owner == "ann"
    assert table.load("shop").term is None

    page = team.installation.ask("GET", f"/s/pr-1?k={team.key()}", accept=BROWSER).body
    assert "Keep for 14 days" in page
    assert "Owner: ann" in page
    reply = team.installation.ask(
        "POST", f"/s/pr-1/prolong?k={team.key()}", "for=30d", content_type=FORM, origin="null"
    )
    assert reply.status == 303
    assert table.load("pr-1").term.expires_at == now + timedelta(days=30)
    assert team.program("prolong", '{"stacks": ["pr-1"], "for": "1d"}').status == 202
    assert table.load("pr-1").term.expires_at == now + timedelta(days=30)  # never shortened
    assert team.program("prolong", '{"stacks": ["pr-1"], "for": "9000d"}').status == 422
    assert team.program("prolong", '{"stacks": ["pr-1"]}', "view").status == 403


def test_a_stack_without_an_end_gets_none_by_being_prolonged(team):
    """Whoever selects all and keeps them for two weeks must not have the others taken out."""
    ending(team)
    table, now = team.installation.table, team.installation.now
    selected = '{"stacks": ["pr-1", "pr-2"], "for": "14d"}'
    told = {one["stack"]: one for one in team.program("prolong", selected).json["stacks"]}
    assert "no end" in str(told["pr-2"])
    assert "no end" not in str(told["pr-1"])
    assert table.load("pr-2").term is None

    table.change_term("pr-2", lambda _: Term(stack="pr-2", owner="bob", set_at=now))
    reply = team.installation.ask(
        "POST", f"/s/pr-2/prolong?k={team.key()}", "for=30d", content_type=FORM, origin="null"
    )
    assert reply.status == 422
    assert table.load("pr-2").term.expires_at is None


# filter and order, without a script


def test_rows_are_filtered_and_ordered_by_the_address(team):
    team.program("wake", '{"stacks": ["pr-2"]}')
    team.installation.controller.run_pass("pr-2", "test", timedelta(minutes=10))

    assert [row["stack"] for row in team.rows("&state=awake")] == ["pr-2"]
    assert [row["stack"] for row in team.rows("&state=asleep")] == ["pr-1", "pr-30"]
    assert [row["stack"] for row in team.rows("&q=pr-3")] == ["pr-30"]
    assert [row["stack"] for row in team.rows("&sort=state")] == ["pr-2", "pr-1", "pr-30"]
    assert team.rows("&sort=spent")[0]["stack"] == "pr-2"
    assert team.rows("&state=trouble") == []
    (row,) = team.rows("&q=pr-2")
    assert (row["state"], row["who"]) == ("awake", "wake link")


@pytest.mark.parametrize("query", ["&sort=colour", "&state=happy", "&after=../x"])
def test_an_order_that_there_is_not_is_refused(seen, query):
    reply = seen.installation.ask("GET", f"/?k={seen.key()}{query}", accept="application/json")
    assert reply.status == 422


def test_a_misspelt_parameter_of_the_board_is_refused_by_its_name(seen):
    target = f"/?k={seen.key()}&sate=awake"
    reply = seen.installation.ask("GET", target, accept="application/json")
    assert reply.status == 400
    assert '"sate"' in reply.json["detail"]
    assert len(seen.rows("&utm_source=mail&state=asleep&did=wake.1&not=not_found.pr-9")) == 3


def test_more_than_fit_go_on_after_the_last(seen, monkeypatch):
    monkeypatch.setattr("controller.store.board.Board.rows.__defaults__", ("", 2))
    key = seen.key()
    first = seen.installation.ask("GET", f"/?k={key}", accept="application/json").json
    assert ([row["stack"] for row in first["stacks"]], first["more"]) == (["pr-1", "pr-2"], "pr-2")
    rest = seen.installation.ask("GET", f"/?k={key}&after=pr-2", accept="application/json").json
    assert [row["stack"] for row in rest["stacks"]] == ["pr-30"]
    assert "after=pr-2" in seen.page().body


# for people


@pytest.mark.parametrize("language", TABLES)
def test_the_page_has_a_row_a_stack_and_a_form_for_several(seen, language):
    body = seen.page(language=language, scope="admin").body

    assert len(re.findall(r"<li class=", body)) == 3
    assert re.findall(r"name=stack value=([^ >]+)", body) == ["pr-1", "pr-2", "pr-30"]
    assert set(re.findall(r'formaction="(\w+)\?', body)) == {"wake", "sleep", "prolong"}
    assert "formaction=s/pr-1>" in body
    assert f'lang="{language}"' in body
    assert '<meta http-equiv="refresh"' in body
    assert "shop" not in body
    for number in re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"([^\"]*)\"", body):
        assert number == "data:,"


def test_the_page_of_a_hundred_that_were_in_use_is_small():
    """The page's own bound; each strip is a picture, and told in words."""
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    link = Link(
        stack="", team="pr-*", scope=Scope.ADMIN, expires_at=now + timedelta(days=9), id="b0a2d000"
    )
    request = Request(
        method="GET",
        path="/",
        key="k" * 120,
        has_bearer=False,
        query={},
        headers={},
        body="",
        is_base64=False,
    )
    for seed in range(3):
        shown = Shown(rows=list(rows(100, now, seed)), choice=Choice(), more="", now=now)
        body, _ = board_page(shown, link, request)
        assert len(re.findall(r"<svg role=img aria-label=\"\d+ h used", body)) == 100
        assert all(f"class=c{kind} " in body for kind in ("u", "a", "p", "fu", "fxs"))
        assert len(body.encode()) <= 60_000


def test_a_view_key_has_no_boxes(seen):
    body = seen.page(scope="view").body
    assert "name=stack" not in body
    assert TABLES["en"]["view_only"] in body


def test_what_the_address_says_became_of_a_press_is_shown_only_as_we_say_it(seen):
    query = "&did=wake.2&not=not_awake.pr-1,evil.<script>,not_found.<b>,nonsense"
    body = seen.page(query).body
    assert "pr-1: it is not awake." in body
    assert "<script>," not in body
    assert "evil" not in body.split("<section")[1].split("</section>")[0]
    assert "notice" not in seen.page("&did=explode.999").body.split("data-part")[1]


def test_a_row_that_cannot_be_read_is_shown_as_that(team):
    key = {"pk": {"S": "board"}, "sk": {"S": "pr-1"}}
    team.installation.session.client("dynamodb").put_item(
        TableName="dormouse", Item={**key, "body": {"S": "{"}}
    )
    assert "first check comes in a moment" in team.page().body
    team.installation.controller.run_pass("pr-1", "test", timedelta(minutes=5))
    assert team.rows()[0]["reason"] == "nobody has asked for it"


def test_a_row_that_cannot_be_written_fails_no_pass(team, monkeypatch):
    def refuse(self, row):
        raise PermanentError("the table does not want it")

    monkeypatch.setattr("controller.store.board.Board.put_row", refuse)
    team.program("wake", '{"stacks": ["pr-1"]}')
    result = team.installation.controller.run_pass("pr-1", "test", timedelta(minutes=10))
    assert result["result"] == "converged"


def test_money_and_hours_are_computed_only_for_rows_that_are_written(team, monkeypatch):
    shown, computed, written = [], [], []

    def noting(where, name, notes):
        old = getattr(where, name)

        def noted(*args, **kwargs):
            notes.append(name)
            return old(*args, **kwargs)

        monkeypatch.setattr(where, name, noted)

    noting(BoardKeeper, "show", shown)
    noting(board_keeper, "with_hours", computed)
    noting(Board, "put_row", written)
    team.program("wake", '{"stacks": ["pr-1"]}')
    team.installation.controller.run_pass("pr-1", "test", timedelta(minutes=10))
    assert 0 < len(computed) == len(written) < len(shown)


@pytest.mark.parametrize("pattern", ["*", "*-3*", "pr-?", "pr-**0"])
def test_patterns_are_read_from_what_they_begin_with(seen, pattern):
    found = [row["stack"] for row in seen.rows(team=pattern)]
    expected = {"*": ["nsfw-api", "pr-1", "pr-2", "pr-30", "shop"], "*-3*": ["pr-30"], "pr-?": []}
    assert found == expected.get(pattern, ["pr-30"])


def test_a_row_holds_no_id_of_a_lease(team):
    team.program("wake", '{"stacks": ["pr-1"]}')
    team.installation.controller.run_pass("pr-1", "test", timedelta(minutes=10))
    (lease,) = team.installation.table.load("pr-1").leases
    assert lease.id not in str(team.rows())
    assert lease.id not in team.page(scope="view").body
    assert replace(lease, holder="x").id == lease.id


def test_one_whose_budget_is_used_up_holds_up_no_other(team):
    spent = article_spec(stack="pr-1", policy={"monthly_budget": 0.01, "idle_timeout": "0"})
    team.installation.publish(spec=spent)
    team.installation.controller.run_pass("pr-1", "test", timedelta(minutes=5))
    team.installation.aws.clock.advance(4 * 3600)
    reply = team.program("wake", '{"stacks": ["pr-1", "pr-2"], "for": "1h"}')
    assert reply.status == 202, reply.body
    reported = {each["stack"]: each for each in reply.json["stacks"]}
    assert (reported["pr-1"]["status"], reported["pr-2"]["status"]) == (403, 202)
    assert "is used up" in reported["pr-1"]["detail"]
    assert team.holders("pr-1") == [] and len(team.holders("pr-2")) == 1


def test_a_sleep_lasts_for_as_long_as_it_says(team):
    team.program("sleep", '{"stacks": ["pr-1"], "for": "3h"}', "admin")
    hold = team.installation.table.load("pr-1").hold
    assert hold.until == team.installation.now + timedelta(hours=3)
    refused = team.program("sleep", '{"stacks": ["pr-2"], "for": "close"}', "admin")
    assert refused.status == 422 and team.installation.table.load("pr-2").hold is None
