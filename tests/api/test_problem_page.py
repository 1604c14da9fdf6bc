"""The error page: without a template engine, in the frame of the other pages."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined

from api import problems
from api.page_assets import PAGES, style_of
from api.problem_page import problem_page
from api.problems import Problem
from api.request import Request
from api.translations import translations

FRAMED = """\
{% extends "page.html.j2" %}
{% block main %}
<header>{% include "dormouse.svg.j2" %}
<div><h1>{{ title }}</h1></div></header>
<section><p role="alert">{{ text }}</p>
{% if back %}<p><a class="button" href="{{ back }}">{{ link }}</a></p>{% endif %}
</section>
{% endblock %}
"""


def request(language: str, path: str, key: str = 'a.b<&"c') -> Request:
    headers = {"accept": "text/html", "accept-language": language}
    return Request(
        method="POST",
        path=path,
        key=key,
        has_bearer=False,
        query={"k": key},
        headers=headers,
        body="",
        is_base64=False,
    )


def framed(problem: Problem, language: str, back: str) -> str:
    pages = ChoiceLoader([DictLoader({"framed": FRAMED}), FileSystemLoader(PAGES)])
    engine = Environment(loader=pages, autoescape=True, undefined=StrictUndefined)
    words = translations(language, UTC, datetime(2000, 1, 1, tzinfo=UTC))
    return engine.get_template("framed").render(
        language=language,
        title=words(problem.code),
        text=words(f"{problem.code}.text"),
        link=words("back"),
        back=back,
        style=style_of("problem"),
        face="problem",
        eyes="shut",
        refresh=None,
        poll=None,
        go=None,
        script="",
    )


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("problem", "path", "back"),
    [
        (problems.NOT_FOUND, "/s/api/wake", ""),
        (problems.NOT_AWAKE, "/s/api/extend", "../api?k=a.b%3C%26%22c"),
        (problems.NOT_AWAKE, "/extend", ""),
        (problems.BROKEN, "/s/<b>/wake", ""),
    ],
)
def test_it_is_what_a_template_in_the_frame_of_all_pages_would_say(problem, language, path, back):
    page, _ = problem_page(problem, request(language, path))

    assert page == framed(problem, language, back)


def test_a_stranger_is_answered_without_a_template_engine_and_without_the_sdk():
    script = """
import sys
from api.handler import make_handler
from local.function_url import Context, make_event
names = "DORMOUSE_TABLE", "DORMOUSE_CONTROLLER", "DORMOUSE_KEYS_PARAMETER"
environment = dict.fromkeys(names, "x")
before = set(sys.modules)
event = make_event("GET", "/s/api?k=nothing", {"accept": "text/html"})
reply = make_handler(environment)(event, Context())
assert reply["statusCode"] == 404 and reply["body"].startswith("<!DOCTYPE html>"), reply
print(*set(sys.modules) - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    imported = done.stdout.splitlines()[-1].split() if not done.returncode else []

    assert "api.problem_page" in imported, done.stderr
    assert not {"jinja2", "botocore", "api.views", "api.board_page"} & set(imported)
