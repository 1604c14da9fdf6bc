"""The notes of a release: its section of the changelog."""

from __future__ import annotations

UNRELEASED = "Unreleased"


def notes(changelog: str, version: str) -> str:
    """
    The text under the heading of `version`, or under "Unreleased" before that is renamed.

    Raises ValueError where neither stands there or nothing is under it.
    """
    sections = dict(_sections(changelog))
    text = sections.get(version) or sections.get(UNRELEASED)
    if not text:
        raise ValueError(f"CHANGELOG.md says nothing under '## {version}' or '## {UNRELEASED}'")
    return f"# Dormouse {version}\n\n{text}\n"


def _sections(changelog: str) -> list[tuple[str, str]]:
    """Heading (its first word: a date may follow) and text of each section."""
    parts = changelog.split("\n## ")[1:]
    cut = [part.partition("\n") for part in parts]
    return [(heading.split()[0], text.strip()) for heading, _, text in cut]
