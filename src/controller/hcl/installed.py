"""
Which modules `terraform init` has laid, and where: its manifest `modules/modules.json`.

The manifest is in Terraform's data directory (`.terraform`, or what TF_DATA_DIR names). It holds
each module call of the tree under a key: the names of the calls that lead there, joined with dots
and without instance keys. `Dir` is relative to the root directory. Measured with Terraform 1.11.4;
OpenTofu writes the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller.domain.dataclass import dataclass, field

_REGISTRIES = re.compile(r"^registry\.(?:terraform\.io|opentofu\.org)/")
_SCHEME = re.compile(r"^(?:git::|hg::)?(?:(?:https?|ssh|git|file)://)?(?:[\w.-]+@)?")


@dataclass(frozen=True, slots=True)
class Laid:
    """One module as it was laid; `version` is that of a registry, "" for other sources."""

    source: str
    version: str
    folder: str


@dataclass(frozen=True, slots=True)
class Installed:
    """
    The manifest's entries by key.

    `why_not` says what is wrong with a key that is not among them, "" where there is no manifest;
    `shown_as` is its path as the user knows it.
    """

    shown_as: str
    entries: Mapping[str, Laid] = field(default_factory=dict)
    why_not: str = ""


def read_installed(root: Path, data_dir: str | None) -> Installed:
    """
    The manifest of the root directory; without one, or with an empty one, nothing is laid.

    `data_dir` is TF_DATA_DIR, relative to the root unless absolute.
    """
    shown_as = f"{data_dir or '.terraform'}/modules/modules.json"
    try:
        text = (root / shown_as).read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return Installed(shown_as)
    except (OSError, UnicodeDecodeError) as error:
        return Installed(shown_as, why_not=f"{shown_as} cannot be read: {error}")
    if not text.strip():
        return Installed(shown_as)
    try:
        return Installed(shown_as, _entries(json.loads(text)), f"{shown_as} does not know it")
    except (ValueError, RecursionError) as error:
        return Installed(shown_as, why_not=f"{shown_as} cannot be read: {error}")


def same_source(written: str, laid: str) -> bool:
    """
    Whether the manifest's source is the one in the files, which Terraform writes out in full.

    A source that only Terraform could resolve (a host's own short form) is taken to be the same.
    """
    return _plain(written) == _plain(laid)


def _entries(data: Any) -> dict[str, Laid]:
    """Raises ValueError if it is no manifest."""
    if not isinstance(data, dict):
        raise ValueError("found no object")
    modules = data.get("Modules") or []
    if not isinstance(modules, list):
        raise ValueError('"Modules" is no list')
    entries: dict[str, Laid] = {}
    for module in modules:
        if not isinstance(module, dict):
            raise ValueError("an entry is no object")
        key, folder = module.get("Key"), module.get("Dir")
        if not isinstance(key, str) or not isinstance(folder, str):
            raise ValueError('an entry has no "Key" or no "Dir"')
        if key in entries:
            raise ValueError(f'it holds "{key}" twice')
        texts = [str(module.get(name) or "") for name in ("Source", "Version")]
        entries[key] = Laid(texts[0], texts[1], folder)
    return entries


def _plain(source: str) -> tuple[str, str, frozenset[str]]:
    """Host and path, the folder inside, and the options; of git's many spellings one."""
    address, _, options = source.partition("?")
    address = _SCHEME.sub("", _REGISTRIES.sub("", address))
    package, _, inside = address.partition("//")
    package = package.replace(":", "/", 1) if re.match(r"[\w.-]+:[^/\d]", package) else package
    package = package.removesuffix(".git").strip("/").lower()
    return package, inside.strip("/"), frozenset(filter(None, options.split("&")))
