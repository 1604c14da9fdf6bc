"""The OpenAPI description of the wake URL, made from the routes and the limits that they keep."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from api import fields
from api.methods import LONGEST_WAIT, METHODS
from api.openapi_board import board_paths
from api.problems import NOT_FOUND
from api.request import FORM, JSON
from controller.domain.planning.spec import Json
from controller.domain.reporting.report import State
from controller.domain.text import LONGEST_REASON
from controller.links import STACK_NAME, Scope

PROBLEM = "application/problem+json"

_SAYS = {
    "healthz": ("Whether the function lives", "Asks nothing of AWS."),
    "openapi": ("This description", "The same for everybody."),
    "page": ("The state of the stack", "A page for people, JSON for programs. Changes nothing."),
    "status": (
        "The state of the stack, as JSON",
        "With wait, once it is awake; so for three at a time, others at once, with Retry-After.",
    ),
    "wake": (
        "Wake the stack, now or from a moment ahead on",
        "Grants a lease, or makes the link's own longer; with at, books. Idempotent.",
    ),
    "extend": ("Keep the stack awake for longer", "409 unless it is awake or about to be."),
    "release": (
        "Release what this link requested",
        "Ends its leases, or the leases and bookings of one id; what others requested stays.",
    ),
    "sleep": (
        "Put the stack to sleep",
        "Until the next opening, or for as long as it says, or until somebody wakes it.",
    ),
    "prolong": ("Move the end of the stack", "To so long from now (14d), or later."),
}
_SCOPES = {
    "wake": Scope.WAKE,
    "extend": Scope.WAKE,
    "release": Scope.WAKE,
    "sleep": Scope.ADMIN,
    "prolong": Scope.WAKE,
}
_FIELDS = {
    "wake": fields.WAKE,
    "extend": fields.EXTEND,
    "release": fields.RELEASE,
    "sleep": fields.SLEEP,
    "prolong": fields.PROLONG,
}
_FIELD_SAYS = {
    "for": 'A time such as "1h" or "90m", or "close".',
    "at": "A booking: from then on, in place of now. An instant, or local to the stack, such as "
    '"2026-12-07 13:30". It is woken early enough, like for office hours.',
    "booking": "The id of a booking, which is cancelled: one of this link's, or with an admin link "
    "anybody's.",
    "id": "One of several jobs that share a link: each has a lease of its own.",
    "reason": f"Why, in one line of at most {LONGEST_REASON} characters.",
}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
_TEXT: Json = {"type": "string"}

_PROBLEMS = {
    "400": "Something cannot be read, or is not known here; detail names it",
    "403": "The link does not allow it, or no longer, as the month's budget is used up; or another "
    "site's page asked",
    "404": "No key, a bad one, or no such stack: always the same",
    "405": "Another method; see Allow",
    "409": "There is nothing to extend",
    "413": "The body is too large",
    "415": "A body of another type",
    "422": "Read, and not possible",
    "429": "The link has begun as many wakes as it may within a day; see Retry-After",
    "500": "A fault of ours",
    "503": "Records cannot be read or written; detail says what was recorded; see Retry-After",
}
_OF_EVERY_KEY = ("400", "404", "405", "413", "500", "503")
_OF_A_CHANGE = (*_OF_EVERY_KEY, "403", "415", "422", "429")


def describe() -> dict[str, Json]:
    """Build the document, OpenAPI 3.1."""
    paths: dict[str, Json] = {}
    for name, (path, methods) in METHODS.items():
        item = paths.setdefault(path.replace("<", "{").replace(">", "}"), {})
        for method in methods:
            item[method.lower()] = _operation(name, method)
    paths |= board_paths(_problem_answers())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dormouse wake URL",
            "version": _version(),
            "description": "Wakes a stack, keeps it awake, puts it to sleep, and tells how it is.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "link": {"type": "apiKey", "in": "query", "name": "k"},
            },
            "schemas": {"Status": _status(), "Problem": _problem()},
        },
    }


def _operation(name: str, method: str) -> dict[str, Json]:
    summary, description = _SAYS[name]
    operation: dict[str, Json] = {
        "operationId": name if method != "HEAD" else f"{name}_head",
        "summary": summary,
        "description": description,
        "responses": _responses(name, method),
    }
    if "<stack>" in METHODS[name][0]:
        operation["parameters"] = _parameters(name)
        operation["security"] = [{"bearer": []}, {"link": []}]
    if name in _SCOPES:
        operation["description"] += f' Needs the scope "{_SCOPES[name]}".'
        operation["requestBody"] = _body(name)
    return operation


def _parameters(name: str) -> list[Json]:
    stack = {"type": "string", "pattern": f"^{STACK_NAME.pattern}$"}
    found: list[Json] = [{"name": "stack", "in": "path", "required": True, "schema": stack}]
    if name == "status":
        wait = {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0}
        found.append({"name": "wait", "in": "query", "schema": wait})
    return found


def _body(name: str) -> dict[str, Json]:
    schema: Json = {
        "type": "object",
        "properties": {each: _field(each) for each in _FIELDS[name]},
        "additionalProperties": False,
    }
    return {"required": False, "content": {kind: {"schema": schema} for kind in (JSON, FORM)}}


def _field(name: str) -> dict[str, Json]:
    return {"type": "string", "description": _FIELD_SAYS[name]}


def _responses(name: str, method: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if name in ("healthz", "openapi"):
        kind = "text/plain" if name == "healthz" else JSON
        found["200"] = _response("It lives" if name == "healthz" else "The description", {kind: {}})
        codes: tuple[str, ...] = ("400", "405", "413")
    elif name in _SCOPES:
        found["200"] = _response("Nothing is left to be done", _as_status())
        found["202"] = _response("Under way; ask again after Retry-After", _as_status())
        found["303"] = _response("To the page, for people", {})
        codes = _OF_A_CHANGE + (("409",) if name == "extend" else ())
    else:
        page: Json = {"text/html": {}} if name == "page" else {}
        found["200"] = _response("Its state", {**_as_status(), **page})
        codes = _OF_EVERY_KEY + (("422",) if name == "status" else ())
    problems = _problem_answers()
    found |= {code: problems[code] for code in sorted(codes)}
    if method == "HEAD":
        return {code: {"description": each["description"]} for code, each in found.items()}
    return found


def _problem_answers() -> dict[str, Json]:
    schema: Json = {"$ref": "#/components/schemas/Problem"}
    content: Json = {PROBLEM: {"schema": schema}, "text/html": {}}
    return {code: _response(said, content) for code, said in _PROBLEMS.items()}


def _response(description: str, content: Json) -> dict[str, Json]:
    return {"description": description, **({"content": content} if content else {})}


def _as_status() -> dict[str, Json]:
    return {JSON: {"schema": {"$ref": "#/components/schemas/Status"}}}


def _status() -> dict[str, Json]:
    properties: dict[str, Json] = {
        "stack": _TEXT,
        "now": _MOMENT,
        "time_zone": _TEXT,
        "summary": _TEXT,
        "state": {"enum": [str(state) for state in State]},
        "phase": _TEXT,
        "cause": _TEXT,
        "degraded": {"type": ["object", "null"]},
        "reason": _TEXT,
        "rule": _TEXT,
        "evidence": {"type": "object"},
        "since": _MOMENT,
        "until": _MOMENT,
        "leases": {"type": "array", "items": {"type": "object"}},
        "hold": {"type": ["object", "null"]},
        "held": {"type": "array", "items": {"type": "object"}},
        "bookings": {"type": "array", "items": {"type": "object"}},
        "endpoint": {"type": ["object", "null"]},
        "steps": {"type": "array", "items": {"type": "object"}},
        "eta_seconds": {"type": ["number", "null"], "minimum": 0},
        "next": {"type": "array", "items": {"type": "object"}},
        "failure": {"type": ["object", "null"]},
        "stuck": {"type": ["object", "null"]},
        "saved": {"type": ["object", "null"]},
        "budget": {"type": ["object", "null"]},
        "proof": {"type": "object"},
        "owner": {"type": ["string", "null"]},
        "expires": _MOMENT,
        "updated_at": _MOMENT,
        "warnings": {"type": "array", "items": {"type": "string"}},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _problem() -> dict[str, Json]:
    names = list(NOT_FOUND.to_json())
    properties = {name: {"type": "integer"} if name == "status" else _TEXT for name in names}
    return {"type": "object", "required": names, "properties": properties}


def _version() -> str:
    try:
        return version("dormouse")
    except PackageNotFoundError:  # in Lambda the code is not installed
        return "deployed"
