"""
Functions on text.

Cutting and counting go by grapheme clusters, changing case by single code points with the simple
mappings of Unicode, because Go does so (`strings.ToUpper`).
"""

from __future__ import annotations

from urllib.parse import quote_plus

from controller.hcl.construct import concatenate
from controller.hcl.convert import boolean, elements_of, make_list, merge_unknown, string
from controller.hcl.errors import HclError
from controller.hcl.functions.definition import ArgumentError, Parameter, function, whole_number
from controller.hcl.types import BOOL, NUMBER, STRING, ListType
from controller.hcl.values import Unknown, Value

_STR = Parameter("str", STRING)
# `unicode.IsSpace` in Go: no \x1c-\x1f, which Python's `isspace` counts in.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def graphemes(text: str) -> list[str]:
    """The characters as a reader sees them."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    import regex  # slow to import, and seldom needed: most texts are ASCII

    # Unicode 15.0, which Terraform follows, ends a character before a letter behind a mark; newer
    # versions join some of them (rule GB9c). Two letters are marks in spite of their category.
    pieces = regex.split(r"(?V1)(?<=[\p{Mn}\u200d])(?=[\p{Lo}--[\u0e33\u0eb3]])", text)
    return [char for piece in pieces for char in regex.findall(r"\X", piece)]


@function(_STR, returns=STRING)
def lower(text: Value) -> Value:
    return string("".join(_lower(char) for char in text.data))


@function(_STR, returns=STRING)
def upper(text: Value) -> Value:
    return string("".join(_upper(char) for char in text.data))


@function(_STR, returns=STRING)
def title(text: Value) -> Value:
    """Upper case after every separator; an underscore, a letter or a digit is none."""
    result, previous = [], " "
    for char in text.data:
        result.append(_title(char) if _separates(previous) else char)
        previous = char
    return string("".join(result))


@function(_STR, Parameter("cutset", STRING), returns=STRING)
def trim(text: Value, cutset: Value) -> Value:
    return string(text.data.strip(cutset.data))


@function(_STR, Parameter("prefix", STRING), returns=STRING)
def trimprefix(text: Value, prefix: Value) -> Value:
    return string(text.data.removeprefix(prefix.data))


@function(_STR, Parameter("suffix", STRING), returns=STRING)
def trimsuffix(text: Value, suffix: Value) -> Value:
    return string(text.data.removesuffix(suffix.data))


@function(_STR, returns=STRING)
def trimspace(text: Value) -> Value:
    return string(text.data.strip(WHITE_SPACE))


@function(_STR, returns=STRING)
def chomp(text: Value) -> Value:
    return string(text.data.rstrip("\r\n"))


@function(Parameter("spaces", NUMBER), _STR, returns=STRING)
def indent(spaces: Value, text: Value) -> Value:
    count = whole_number(spaces, 0)
    if count < 0:
        raise ArgumentError(0, "must not be negative")
    return string(text.data.replace("\n", "\n" + " " * count))


@function(_STR, returns=STRING)
def strrev(text: Value) -> Value:
    return string("".join(reversed(graphemes(text.data))))


@function(_STR, Parameter("offset", NUMBER), Parameter("length", NUMBER), returns=STRING)
def substr(text: Value, offset: Value, length: Value) -> Value:
    """
    `length` characters from `offset` on, which counts from the end where it is negative.

    A negative length, or zero together with a negative offset, takes all the rest.
    """
    start, count = whole_number(offset, 1), whole_number(length, 2)
    if start >= 0 and count == 0:
        return string("")
    chars = graphemes(text.data)
    if start < 0:
        start = max(0, start + len(chars))
    end = None if count <= 0 else start + count
    return string("".join(chars[start:end]))


@function(
    Parameter("str", STRING, unknown=True), Parameter("prefix", STRING), returns=BOOL, whole=False
)
def startswith(text: Value, prefix: Value) -> Value:
    """Where only the beginning of the text is known, that much can decide it."""
    if not text.is_unknown:
        return boolean(text.data.startswith(prefix.data))
    known = _known_beginning(text.data)
    if known.startswith(prefix.data):
        return boolean(True)
    if len(known) >= len(prefix.data):
        return boolean(False)
    return Value(BOOL, merge_unknown(text))


@function(_STR, Parameter("suffix", STRING), returns=BOOL)
def endswith(text: Value, suffix: Value) -> Value:
    return boolean(text.data.endswith(suffix.data))


@function(_STR, Parameter("substr", STRING), returns=BOOL)
def strcontains(text: Value, part: Value) -> Value:
    return boolean(part.data in text.data)


@function(Parameter("separator", STRING), _STR, returns=ListType(STRING))
def split(separator: Value, text: Value) -> Value:
    """An empty separator splits into code points, as Go does."""
    pieces = text.data.split(separator.data) if separator.data else list(text.data)
    return make_list(STRING, (string(piece) for piece in pieces))


@function(
    Parameter("separator", STRING),
    variadic=Parameter("lists", ListType(STRING)),
    returns=STRING,
    whole=False,
)
def join(separator: Value, *lists: Value) -> Value:
    """Where elements are unknown, the text is known to be made of them (HCL semantics §21)."""
    if not lists:
        raise HclError("argument", "at least one list is needed")
    pieces: list[Value] = []
    for index, list_ in enumerate(lists):
        for position, element in enumerate(elements_of(list_)):
            if element.is_null:
                raise ArgumentError(index + 1, f"element {position} is null")
            pieces += [separator, element] if pieces else [element]
    return concatenate(pieces)


@function(_STR, returns=STRING)
def urlencode(text: Value) -> Value:
    return string(quote_plus(text.data, safe=""))


def _known_beginning(data: Unknown) -> str:
    return data.parts[0] if data.parts and isinstance(data.parts[0], str) else ""


def _upper(char: str) -> str:
    """The simple mapping: characters that would grow keep their place, with a title form if any."""
    upper_ = char.upper()
    return upper_ if len(upper_) == 1 else _title(char)


def _lower(char: str) -> str:
    # The one code point whose lower case grows: İ is i with a dot in full, plain i in Go.
    return "i" if char == "\u0130" else char.lower()


def _title(char: str) -> str:
    title_ = char.title()
    return title_ if len(title_) == 1 else char


def _separates(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return char in WHITE_SPACE


FUNCTIONS = (
    lower, upper, title, trim, trimprefix, trimsuffix, trimspace, chomp, indent, strrev, substr,
    startswith, endswith, strcontains, split, join, urlencode,
)  # fmt: skip
