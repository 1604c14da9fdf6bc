"""
Answer a spec's look-ups: find what Terraform keeps by what the configuration says of it.

The kinds, their keys and attributes are those of `domain/planning/look_up_kinds.py`. Each finder
returns every thing that matches, as attribute to value; exactly one may match. Answers are kept
for the length of one pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from controller.aws.clients import Clients
from controller.aws.errors import translate
from controller.aws.look_ups import ec2, ecs, elbv2, others
from controller.aws.look_ups.finder import Finder, Keys
from controller.domain.errors import DormouseError, PermanentError
from controller.domain.planning.look_up_kinds import ATTRIBUTES
from controller.domain.planning.spec import Json

FINDERS: Mapping[str, Finder] = {
    **ec2.FINDERS,
    **ecs.FINDERS,
    **elbv2.FINDERS,
    **others.FINDERS,
}

_OF_THE_ANSWER = ("$look_up", "attribute", "take", "index", "of")


class LookUps:
    """Resolves look-ups with one region's clients."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._answers: dict[str, Mapping[str, Any]] = {}

    def __call__(self, look_up: Mapping[str, Json]) -> Json:
        """
        Return the attribute requested; keys must be resolved already.

        Raises PermanentError when nothing or more than one thing matches, or AWS's refusal
        translated.
        """
        kind = str(look_up["$look_up"])
        name = str(look_up.get("take") or look_up.get("attribute") or "id")
        is_known = name in ATTRIBUTES.get(kind, {name})
        thing = self._find(kind, look_up) if is_known else {}
        if name not in thing:
            raise PermanentError(f'{_named(look_up)}: there is no attribute "{name}" to look up')
        return _element(thing[name], look_up)

    def _find(self, kind: str, look_up: Mapping[str, Json]) -> Mapping[str, Any]:
        keys = {k: v for k, v in look_up.items() if k not in _OF_THE_ANSWER}
        question = json.dumps([kind, keys], sort_keys=True)
        if question not in self._answers:
            self._answers[question] = self._query(kind, keys, look_up)
        return self._answers[question]

    def _query(self, kind: str, keys: Keys, look_up: Mapping[str, Json]) -> Mapping[str, Any]:
        finder = FINDERS.get(kind)
        if finder is None:
            raise PermanentError(f'{_named(look_up)}: cannot look up a "{kind}"')
        try:
            found = finder(self._clients, keys)
        except DormouseError:
            raise
        except Exception as error:
            raise translate(error, f"look up {_named(look_up)}") from error
        if len(found) != 1:
            having = ", ".join(f"{k} = {json.dumps(v)}" for k, v in keys.items()) or "anything"
            raise PermanentError(
                f"{_named(look_up)}: found {len(found)} of kind {kind} with {having}, expected "
                f"one; run terraform apply, or make the name or the tags unique"
            )
        return found[0]


def _named(look_up: Mapping[str, Json]) -> str:
    return str(look_up.get("of") or look_up["$look_up"])


def _element(value: Any, look_up: Mapping[str, Json]) -> Json:
    if "index" not in look_up:
        return value
    index = look_up["index"]
    try:
        return value[index]
    except (IndexError, KeyError, TypeError):
        raise PermanentError(
            f"{_named(look_up)}: there is no element {index!r} among {len(value)}"
        ) from None
