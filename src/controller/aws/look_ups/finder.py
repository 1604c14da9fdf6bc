"""What a finder is: keys in, every thing that matches out, as attribute to value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from controller.aws.clients import Clients

Keys = Mapping[str, Any]
Found = Sequence[Mapping[str, Any]]
Finder = Callable[[Clients, Keys], Found]
