"""
Functions that read files, and templates.

Relative paths begin at the root module's folder (HCL semantics §16). A file that cannot be read is
the kind of error that `try` may catch.
"""

from __future__ import annotations

import base64
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.hcl.convert import boolean, convert, make_set, string
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import ArgumentError, CallContext, Parameter, function
from controller.hcl.types import BOOL, STRING, MapType, ObjectType, SetType
from controller.hcl.values import Value

_PATH = Parameter("path", STRING)
_NAME: Final = re.compile(r"[^\W\d][\w-]*")


def read_bytes(context: CallContext, path: Value, kind: str = "file") -> bytes:
    """What the file holds; raises ArgumentError of that kind for the first argument."""
    found = _resolve(context, path.data)
    if not found.exists():
        lacking = ArgumentError(0, f'there is no file "{_shown(path)}"', kind)
        lacking.missing_file = True
        raise lacking
    if not found.is_file():
        raise ArgumentError(0, f'"{_shown(path)}" is not a file', kind)
    try:
        return found.read_bytes()
    except OSError as error:
        raise ArgumentError(0, f'cannot read "{_shown(path)}": {error.strerror}', kind) from None


def read_text(context: CallContext, path: Value, kind: str = "file") -> str:
    try:
        return read_bytes(context, path, kind).decode()
    except UnicodeDecodeError:
        message = f'"{_shown(path)}" is not UTF-8 text; filebase64() can read it'
        raise ArgumentError(0, message, kind) from None


@function(_PATH, returns=STRING, context=True)
def file(context: CallContext, path: Value) -> Value:
    return string(read_text(context, path))


@function(_PATH, returns=STRING, context=True)
def filebase64(context: CallContext, path: Value) -> Value:
    return string(base64.b64encode(read_bytes(context, path)).decode())


@function(_PATH, returns=BOOL, context=True)
def fileexists(context: CallContext, path: Value) -> Value:
    found = _resolve(context, path.data)
    if found.exists() and not found.is_file():
        raise ArgumentError(0, f'"{_shown(path)}" is not a file', "file")
    return boolean(found.exists())


@function(_PATH, Parameter("pattern", STRING), returns=SetType(STRING), context=True)
def fileset(context: CallContext, path: Value, pattern: Value) -> Value:
    """Files only, named from `path` on; `*` and `?` stop at a slash, `**` does not."""
    folder, above = _resolve(context, path.data), ""
    wanted = posixpath.normpath(pattern.data).lstrip("/")
    while wanted.startswith("../"):
        folder, above, wanted = folder / "..", above + "../", wanted[3:]
    matches = _glob(wanted)
    found = (above + name for name in _files_below(folder) if matches.fullmatch(name))
    return make_set(STRING, (string(name) for name in found))


@function(_PATH, Parameter("vars"), context=True, whole=False)
def templatefile(context: CallContext, path: Value, variables: Value) -> Value:
    """The file as a template in which only the given variables exist."""
    _refuse_nested(context, "templatefile")
    text = read_text(context, path, "argument")
    return _render(context, text, variables, path.data)


@function(Parameter("template", STRING), Parameter("vars"), context=True, whole=False)
def templatestring(context: CallContext, template: Value, variables: Value) -> Value:
    _refuse_nested(context, "templatestring")
    return convert(_render(context, template.data, variables, "<template>"), STRING)


@function(_PATH, returns=STRING)
def basename(path: Value) -> Value:
    """As Go's `filepath.Base`: trailing slashes do not count."""
    trimmed = path.data.rstrip("/")
    if not trimmed:
        return string("/" if path.data else ".")
    return string(trimmed.rpartition("/")[2])


@function(_PATH, returns=STRING)
def dirname(path: Value) -> Value:
    """As Go's `filepath.Dir`: cleaned, and "." where there is no folder."""
    return string(_clean(path.data.rpartition("/")[0] or ("/" if path.data[:1] == "/" else "")))


@function(_PATH, returns=STRING, context=True)
def abspath(context: CallContext, path: Value) -> Value:
    return string(os.path.abspath(context.root / path.data))  # noqa: PTH100 (cleans without following links)


@function(_PATH, returns=STRING, context=True)
def pathexpand(context: CallContext, path: Value) -> Value:
    """A leading `~` becomes the home folder."""
    text = path.data
    if text != "~" and not text.startswith("~/"):
        if text.startswith("~"):
            raise ArgumentError(0, "cannot expand the home folder of another user")
        return string(text)
    if context.home is None:
        raise ArgumentError(0, "there is no home folder here; write the path in full")
    return string(_clean(f"{context.home}/{text[2:]}"))


def _resolve(context: CallContext, path: str) -> Path:
    if context.home is not None and (path == "~" or path.startswith("~/")):
        return context.home / path[2:]
    return context.root / path


def _shown(path: Value) -> str:
    return "(sensitive)" if path.sensitive else path.data


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path) if path else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("//") else cleaned


def _refuse_nested(context: CallContext, name: str) -> None:
    if context.in_template:
        raise HclError("argument", f"{name}() cannot be called from inside a template")


def _variables(given: Value) -> dict[str, Value]:
    if not isinstance(given.type, MapType | ObjectType) or given.is_unknown:
        raise ArgumentError(1, "must be a map or an object")
    for name in given.data:
        if not _NAME.fullmatch(name):
            raise ArgumentError(1, f'"{name}" cannot be the name of a template variable')
    variables: dict[str, Value] = given.data
    return variables


def _render(context: CallContext, text: str, variables: Value, name: str) -> Value:
    """
    What the template gives; whatever is wrong with it is an error of the call.

    Its place in the template goes into the message, the caller fills in the place of the call.
    """
    given = _variables(variables)
    try:
        rendered = context.render_template(text, given, name)
    except HclError as error:
        where = f"{error.place}: " if error.place is not None else ""
        raise HclError("argument", f"{where}{error.message}") from None
    if rendered.is_null:
        raise HclError("argument", f"{name}: the template's result is null")
    return rendered


def _files_below(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _glob(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression, with the meaning of Go's doublestar package."""
    result = ""
    for part in re.split(r"(/)", pattern):
        result += part if part == "/" else ".*" if part == "**" else _glob_part(part)
    # Between slashes, `**` represents any number of folders, none included.
    return re.compile(re.sub(r"(^|/)\.\*/", r"\1(?:.*/)?", result), re.DOTALL)


def _glob_part(part: str) -> str:
    """One name of the path: braces and brackets end in the part that they began in."""
    result, position, depth = "", 0, 0
    while position < len(part):
        char, size, piece = part[position], 1, ""
        if char == "[":
            size, piece = _glob_class(part[position:])
        elif char == "\\" and position + 1 < len(part):
            size, piece = 2, re.escape(part[position + 1])
        elif (char == "," and not depth) or (char == "}" and not depth) or char not in "*?{},":
            piece = re.escape(char)
        else:
            piece = {"*": "[^/]*", "?": "[^/]", "{": "(?:", ",": "|", "}": ")"}[char]
            depth += {"{": 1, "}": -1}.get(char, 0)
        result, position = result + piece, position + size
    if depth:
        raise ArgumentError(1, "has an unclosed {")
    return result


def _glob_class(text: str) -> tuple[int, str]:
    """`[abc]`, `[a-z]`, `[^a]`: how long it is, and the same as a regular expression."""
    match = re.match(r"\[(\^?)((?:\\.|[^\]\\])+)\]", text, re.DOTALL)
    if match is None:
        raise ArgumentError(1, "has an unclosed [")
    singles = re.findall(r"\\?(.)(?:-\\?(.))?", match[2], re.DOTALL)
    ranges = [f"{re.escape(a)}-{re.escape(b or a)}" for a, b in singles if a <= (b or a)]
    inside = f"[{match[1]}{''.join(ranges)}]" if ranges else "."
    return match.end(), f"(?!/){inside}" if ranges or match[1] else "(?!)"


FUNCTIONS = (
    file, filebase64, fileexists, fileset, templatefile, templatestring, basename, dirname,
    abspath, pathexpand,
)  # fmt: skip
