"""The pages under docs/reference: name to how each is made."""

from collections.abc import Callable, Mapping
from pathlib import Path

from reference import api, cli, emulators, policy, records, traps

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
NOTE = "<!-- Made from the code: make docs -->\n\n"

PAGES: Mapping[str, Callable[[], str]] = {
    "policy.md": policy.page,
    "cli.md": cli.page,
    "api.md": api.page,
    "records.md": records.page,
    "traps.md": traps.page,
    "emulators.md": emulators.page,
}


def make(name: str) -> str:
    return NOTE + PAGES[name]()
