"""The reference pages say what the code says."""

import re
from pathlib import Path

import pytest

from controller.cli.main import COMMANDS
from reference import policy
from reference.pages import FOLDER, PAGES, make

DOCS = Path(__file__).parents[2] / "docs"
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
COMMAND = re.compile(r"^dormouse ([a-z]+)", re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_the_code_makes_it(name):
    assert (FOLDER / name).read_text() == make(name), 'run "make docs"'


def test_every_setting_is_explained():
    assert set(policy.texts()) == policy.settings()


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page):
    targets = [found[0] for found in LINK.findall(page.read_text())]
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]

    assert missing == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_commands_that_pages_name_exist(page):
    assert set(COMMAND.findall(page.read_text())) <= COMMANDS.keys()
