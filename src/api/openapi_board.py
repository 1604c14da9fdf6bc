"""The part of the description that is the board: many stacks by one key."""

from __future__ import annotations

from api.board import BOARD_METHODS
from api.request import FORM, JSON
from api.selection import GROUPS, MOST_AT_ONCE, SORTS
from controller.domain.planning.spec import Json
from controller.domain.reporting.report import State
from controller.links import STACK_NAME, Scope

_SAYS = {
    "board": (
        "The stacks that a team's key covers",
        "A page for people, JSON for programs. `more` is the name after which it goes on. "
        "Changes nothing.",
    ),
    "wake": ("Wake several stacks", "Each as its own page would; says what became of each."),
    "extend": ("Keep several stacks awake for longer", "409 where none of them is awake."),
    "sleep": ("Put several stacks to sleep", "Each until its next opening."),
    "prolong": ("Move the ends of several stacks", "To so long from now (14d), or later."),
}
_SCOPES = {"wake": Scope.WAKE, "extend": Scope.WAKE, "sleep": Scope.ADMIN, "prolong": Scope.WAKE}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
_TEXT: Json = {"type": "string"}
_MAYBE: Json = {"type": ["string", "null"]}
_NAME: Json = {"type": "string", "pattern": f"^{STACK_NAME.pattern}$"}
CODES = ("400", "404", "405", "413", "422", "500", "503")
CHANGE_CODES = (*CODES, "403", "409", "415", "429")


def board_paths(problems: Json) -> dict[str, Json]:
    """Its paths; `problems` are the answers that are one, by code."""
    paths: dict[str, Json] = {}
    for name, (path, methods) in BOARD_METHODS.items():
        paths[path] = {m.lower(): _operation(name, m, problems) for m in methods}
    return paths


def _operation(name: str, method: str, problems: Json) -> dict[str, Json]:
    summary, description = _SAYS[name]
    is_change = name in _SCOPES
    found: dict[str, Json] = {
        "operationId": f"board_{name}" if method != "HEAD" else f"board_{name}_head",
        "summary": summary,
        "description": description,
        "security": [{"bearer": []}, {"link": []}],
        "parameters": _parameters(),
    }
    answers: dict[str, Json] = {"202": _results()} if is_change else {"200": _rows()}
    if is_change:
        answers["303"] = {"description": "To the board, for people"}
        found["description"] += f' Needs the scope "{_SCOPES[name]}".'
        found["requestBody"] = _body()
    answers |= {code: problems[code] for code in sorted(CHANGE_CODES if is_change else CODES)}
    if method == "HEAD":
        answers = {code: {"description": each["description"]} for code, each in answers.items()}
    return {**found, "responses": answers}


def _parameters() -> list[Json]:
    chosen = {"state": [*GROUPS], "sort": [*SORTS]}
    found: list[Json] = [
        {"name": name, "in": "query", "schema": {"enum": values}} for name, values in chosen.items()
    ]
    found.append({"name": "q", "in": "query", "schema": {**_TEXT, "maxLength": 40}})
    return [*found, {"name": "after", "in": "query", "schema": _NAME}]


def _body() -> dict[str, Json]:
    names: Json = {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_AT_ONCE}
    length: Json = {"type": "string", "description": 'A time such as "1h" or "90m", or "close".'}
    as_json: Json = {
        "type": "object",
        "properties": {"stacks": names, "for": length},
        "required": ["stacks"],
        "additionalProperties": False,
    }
    as_form: Json = {
        "type": "object",
        "properties": {"stack": names, "for": length},
        "required": ["stack"],
        "additionalProperties": False,
    }
    content: Json = {JSON: {"schema": as_json}, FORM: {"schema": as_form}}
    return {"required": True, "content": content}


def _results() -> dict[str, Json]:
    properties: Json = {"stack": _TEXT, "result": _TEXT, "status": {"type": "integer"}}
    each: Json = {"type": "object", "required": list(properties), "properties": properties}
    return _list_of(each, "What became of each; look again after Retry-After")


def _rows() -> dict[str, Json]:
    properties: Json = {
        "stack": _TEXT,
        "state": {"enum": [str(state) for state in State]},
        "until": _MOMENT,
        "reason": _TEXT,
        "who": _MAYBE,
        "held": {"type": "array", "items": {"type": "object"}},
        "owner": _MAYBE,
        "expires": _MOMENT,
        "month": {
            "type": "object",
            "required": ["spent", "saved"],
            "properties": {"spent": {"type": "number"}, "saved": {"type": "number"}},
        },
        "proof": {"type": "object"},
        "face": _TEXT,
        "cause": _TEXT,
        "updated_at": _MOMENT,
    }
    each: Json = {"type": "object", "required": list(properties), "properties": properties}
    rows = _list_of(each, "The stacks")
    rows["content"]["text/html"] = {}
    return rows


def _list_of(each: Json, description: str) -> dict[str, Json]:
    schema: Json = {
        "type": "object",
        "required": ["stacks"],
        "properties": {"stacks": {"type": "array", "items": each}, "more": _TEXT},
    }
    return {"description": description, "content": {JSON: {"schema": schema}}}
