"""What code and pages cite as "AWS behaviour §…" or "HCL semantics §…" can be looked up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    "AWS": ROOT / "docs" / "reference" / "aws-behaviour.md",
    "HCL": ROOT / "docs" / "reference" / "hcl-semantics.md",
}
READ = {".py", ".md", ".yaml", ".yml", ".toml", ".tf"}
PLAYED = ROOT / "src" / "local"
"""Where "§3.4" alone means the page of AWS."""

_NUMBER = r"\d+(?:\.\d+)?"
_NUMBERS = rf"{_NUMBER}(?:(?:,| and| to| or) {_NUMBER})*"
_CITED = re.compile(rf"(?:\b(AWS|HCL)(?: behaviour| semantics)?\s+)?§({_NUMBERS})")
_HEADING = re.compile(rf"^#+ ({_NUMBER})\.? ", re.MULTILINE)


def sections(page: Path) -> dict[str, str]:
    """Number to text, of each heading; a chapter's text ends where its first section begins."""
    pieces = _HEADING.split(page.read_text())
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = (ROOT / line for line in listed.stdout.splitlines())
    return [path for path in found if path.suffix in READ and path.exists()]


def cited(path: Path) -> list[tuple[str, str]]:
    """
    Page and number of each citation; a number without a page is of the one named last.

    Comments that break a line are read as one text.
    """
    text = re.sub(r"\n\s*(?:#|\*|-)?\s*", " ", path.read_text())
    page = "AWS" if path.is_relative_to(PLAYED) else "no page"
    found = []
    for name, numbers in _CITED.findall(text):
        page = name or page
        found += [(page, number) for number in re.findall(_NUMBER, numbers)]
    return found


def test_every_citation_is_of_a_section_that_exists():
    known = {name: sections(page).keys() for name, page in PAGES.items()}
    cites = [path for path in files() if path not in (*PAGES.values(), Path(__file__))]
    found = [(path, *one) for path in cites for one in cited(path)]
    strange = [
        f"{path.relative_to(ROOT)}: {name} §{number}"
        for path, name, number in found
        if number not in known.get(name, ())
    ]
    assert strange == []
    assert len(found) > 200  # or nothing was read


@pytest.mark.parametrize("name", PAGES)
def test_every_section_has_a_source(name):
    found = sections(PAGES[name])
    assert [number for number, text in found.items() if "Sources:" not in text] == []
    assert len(found) > 20


def test_the_pages_refer_to_sections_of_their_own():
    for page in PAGES.values():
        text = page.read_text()
        assert set(re.findall(rf"§({_NUMBER})", text)) <= sections(page).keys()


def test_links_of_the_page_are_defined_and_used():
    text = PAGES["AWS"].read_text()
    defined = set(re.findall(r"(?m)^\[([^\]]+)\]: https://\S+$", text))
    assert set(re.findall(r"\]\[([^\]]+)\]", text)) == defined
