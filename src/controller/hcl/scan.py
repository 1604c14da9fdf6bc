"""
Cutting a text into what python-hcl2's grammar reads well and what it does not.

The grammar takes a heredoc for one opaque token, misreads some templates, and minds line breaks
where Terraform does not (and the other way round). So strings and heredocs are lifted out, line
breaks inside brackets and all comments become blanks, and what Terraform's own scanner refuses is
refused here. The skeleton that is left has one character for each of the text's, so every offset
stays the user's (HCL semantics §3).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from controller.domain.dataclass import dataclass
from controller.hcl.errors import HclError
from controller.hcl.source import Code, Source, TemplateText
from controller.hcl.template_text import TemplateReader

_NAME = r"(?:[^\W\d]|_)(?:[\w-]|[^\x00-\x7f])*"
# Atomic: nothing that comes after a comment may begin inside it.
_COMMENT = r"(?>(?:\#|//)[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)"
_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t]+)
    | (?P<line_break>\r?\n)
    | (?P<comment>{_COMMENT})
    | (?P<heredoc><<-?(?P<word>{_NAME})\r?\n)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<name>{_NAME})
    | (?P<quote>")
    | (?P<splat>\[(?:\s|{_COMMENT})*\*(?:\s|{_COMMENT})*\]|\.[ \t]*\*)
    | (?P<open>[(\[{{])
    | (?P<close>[)\]}}]|~(?=\}}))
    | (?P<operator>\.\.\.|=>|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:=.,])
    """,
    re.VERBOSE,
)
_FOR = re.compile(rf"(?:\s|{_COMMENT})*for(?![\w-])", re.VERBOSE)
_NAMESPACES = re.compile(rf"(?:[ \t]*::[ \t]*{_NAME})+")
_DIGITS = re.compile(r"[0-9]+")
_OPENS = {")": "(", "]": "[", "}": "{"}
_GRAMMAR_WORDS = frozenset({"for", "in", "if", "else", "endif", "endfor", "for_each"})
_OPERAND_ENDS = frozenset({"operand", "close"})
_CANNOT_START_LINE = frozenset(
    [
        "+",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "&&",
        "||",
        "?",
        ":",
        "=",
        ".",
        "=>",
        "...",
        "splat",
    ]
)
_OUR_WAY = {
    "'": "text must be in double quotes",
    "`": "text must be in double quotes",
    ";": "a line break separates arguments",
    "&": "write && for a logical and",
    "|": "write || for a logical or",
    "^": "write pow(x, y) for a power",
    "~": "write ! for a logical not",
}


def scan_body(source: Source) -> Code:
    """
    The whole text as a body; fills `source` with what it lifts.

    Where it raises HclError, `source.partial` holds what had been read up to there.
    """
    stretch = _Scanner(source, 0, "body")
    try:
        return stretch.read()
    except HclError:
        source.partial = stretch.so_far()
        raise


def scan_template(source: Source) -> TemplateText:
    """The whole text as a template, the way `templatefile` and JSON strings are read."""
    return _reader(source).whole()


def _reader(source: Source) -> TemplateReader:
    def read_code(start: int) -> Code:
        return _Scanner(source, start, "value").read()

    return TemplateReader(source, read_code)


@dataclass(slots=True)
class _Level:
    """An open bracket; `kind` is body, object, for (braces), group ([ or parenthesis) or value."""

    kind: str
    bracket: str = ""
    offset: int = 0
    after_equals: bool = False
    # How far a `for` has been read: 1 its names, 2 after a name, 3 after `in`.
    loop: int = 0

    @property
    def minds_line_breaks(self) -> bool:
        return self.kind in ("body", "object")


class _Scanner:
    """
    One run of code: a body, or a value that ends at the brace which closes its sequence.

    Its size: one method for each token, over one position in the text.
    """

    def __init__(self, source: Source, start: int, kind: str) -> None:
        self._source = source
        self._text = source.text
        self._start = self._offset = start
        self._levels = [_Level(kind, offset=start)]
        self._skeleton: list[str] = []
        # What existed before: start, line break, operand, operator, open, close, comma, keyword.
        self._before = "start"
        self._before_text = ""
        self._unary_at: int | None = None
        self._templates = _reader(source)
        self._readers: dict[str, Callable[[re.Match[str]], None]] = {
            "space": self._blank,
            "comment": self._blank,
            "line_break": self._line_break,
            "heredoc": self._heredoc,
            "number": self._number,
            "name": self._name,
            "quote": self._quote,
            "splat": self._splat,
            "open": self._open,
            "close": self._close,
            "operator": self._operator,
        }

    def read(self) -> Code:
        while self._offset < len(self._text):
            match = _TOKEN.match(self._text, self._offset)
            if match is None or match.lastgroup is None:
                raise self._bad_character()
            if self._closes_sequence(match):
                break
            self._readers[match.lastgroup](match)
        else:
            self._check_closed()
        return self.so_far()

    def so_far(self) -> Code:
        return Code(self._start, "".join(self._skeleton))

    def _closes_sequence(self, match: re.Match[str]) -> bool:
        return len(self._levels) == 1 and self._levels[0].kind == "value" and match[0] in ("}", "~")

    def _check_closed(self) -> None:
        level = self._levels[-1]
        if level.kind == "value":
            raise self._source.error(level.offset, "the sequence is not closed with }")
        if level.bracket:
            raise self._source.error(level.offset, f'"{level.bracket}" is not closed')

    def _put(self, skeleton: str, length: int, before: str, text: str = "") -> None:
        self._skeleton.append(skeleton)
        self._offset += length
        self._before = before
        self._before_text = text
        self._unary_at = None

    def _blank(self, match: re.Match[str]) -> None:
        self._skeleton.append(" " * len(match[0]))
        self._offset = match.end()

    def _line_break(self, match: re.Match[str]) -> None:
        if not self._levels[-1].minds_line_breaks:
            self._blank(match)
            return
        if self._before == "operator":
            raise self._source.error(
                self._offset, f'the line ends with "{self._before_text}"; put it in parentheses'
            )
        self._levels[-1].after_equals = False
        self._put("\n".rjust(len(match[0])), len(match[0]), "line break")

    def _heredoc(self, match: re.Match[str]) -> None:
        end = self._templates.heredoc(
            match.start(), match.end(), match["word"], indented=match[0].startswith("<<-")
        )
        self._put_text(end)

    def _quote(self, match: re.Match[str]) -> None:
        self._put_text(self._templates.quoted(match.start()))

    def _put_text(self, end: int) -> None:
        length = end - self._offset
        self._put('"' + "x" * (length - 2) + '"', length, "operand")

    def _number(self, match: re.Match[str]) -> None:
        text = match[0]
        if self._before_text == ".":
            digits = _DIGITS.match(self._text, self._offset)
            text = digits[0] if digits else text
            if re.match(r"\.[0-9]", self._text[self._offset + len(text) :][:2]):
                raise self._source.error(self._offset, "write a[0][0] for an index of an index")
        after = self._text[self._offset + len(text) : self._offset + len(text) + 1]
        if after.isalpha() or after == "_":
            raise self._source.error(self._offset, f'"{text}{after}" is neither number nor name')
        self._put("1" * len(text), len(text), "operand")

    def _name(self, match: re.Match[str]) -> None:
        name = self._checked_name(match[0])
        namespaces = _NAMESPACES.match(self._text, self._offset + len(name))
        if namespaces:
            length = namespaces.end() - self._offset
            if not self._text[namespaces.end() :].lstrip(" \t").startswith("("):
                raise self._source.error(self._offset, 'found "::", which only function names have')
            self._put("x" * length, length, "operand")
        elif self._is_keyword(name):
            self._put(name, len(name), "keyword", name)
        elif name in _GRAMMAR_WORDS or not name.isascii():
            self._put("x" * len(name), len(name), "operand", name)
        else:
            self._put(name, len(name), "operand", name)

    def _checked_name(self, name: str) -> str:
        """The longest beginning that is a name: not every letter beyond ASCII may be in one."""
        if not name.isascii():
            while not name.replace("-", "_").isidentifier():
                name = name[:-1]
                if not name:
                    raise self._bad_character()
        return name

    def _is_keyword(self, name: str) -> bool:
        """Only where Terraform reads it as one; elsewhere `in` and `if` are names like others."""
        level = self._levels[-1]
        if self._before_text == ".":
            return False
        if level.loop == 0:
            if name == "for" and self._before == "open" and self._opens_for(level):
                level.loop = 1
                return True
        elif level.loop == 1:
            level.loop = 2
        elif level.loop == 2 and name == "in":
            level.loop = 3
            return True
        return name == "if" and level.loop == 3

    def _opens_for(self, level: _Level) -> bool:
        return level.kind == "for" or level.bracket == "["

    def _splat(self, match: re.Match[str]) -> None:
        self._check_line_start("splat")
        skeleton = "[*]" if match[0].startswith("[") else ".*"
        self._put(skeleton.ljust(len(match[0])), len(match[0]), "close")

    def _open(self, match: re.Match[str]) -> None:
        level = self._levels[-1]
        bracket = match[0]
        kind = "group"
        if bracket == "{":
            if level.kind == "body" and not level.after_equals:
                kind = "body"
                if self._before == "line break":
                    raise self._source.error(self._offset, "{ must be on the line of its block")
            else:
                kind = "for" if _FOR.match(self._text, self._offset + 1) else "object"
        self._levels.append(_Level(kind, bracket, self._offset))
        self._put(bracket, 1, "open", bracket)

    def _close(self, match: re.Match[str]) -> None:
        level = self._levels[-1]
        if level.bracket != _OPENS.get(match[0]):
            opened = f', which would close "{level.bracket}"' if level.bracket else ""
            raise self._source.error(
                self._offset, f'found "{match[0]}" where nothing is open for it{opened}'
            )
        self._levels.pop()
        self._put(match[0], 1, "close")

    def _operator(self, match: re.Match[str]) -> None:
        operator = match[0]
        if self._text.startswith("/*", self._offset):
            raise self._source.error(self._offset, "a comment /* is not closed with */")
        self._check_line_start(operator)
        if operator == ",":
            if self._levels[-1].loop == 2:
                self._levels[-1].loop = 1
            self._put(operator, 1, "comma", operator)
        elif operator in ("-", "!") and self._before not in _OPERAND_ENDS:
            self._unary(operator)
        else:
            if operator == "=" and self._levels[-1].kind == "body":
                self._levels[-1].after_equals = True
            self._put(operator, len(operator), "operator", operator)

    def _unary(self, operator: str) -> None:
        """The grammar takes one unary operator: of several, all but the last become blanks."""
        run = operator
        if self._before == "operator" and self._unary_at is not None:
            at = self._unary_at - self._start
            text = "".join(self._skeleton)
            self._skeleton = [text[:at], " ", text[at + 1 :]]
            run = self._source.unary.pop(self._unary_at) + operator
        self._source.unary[self._offset] = run
        offset = self._offset
        self._put(operator, 1, "operator", operator)
        self._unary_at = offset

    def _check_line_start(self, operator: str) -> None:
        if self._before == "line break" and operator in _CANNOT_START_LINE:
            raise self._source.error(
                self._offset,
                f'the line begins with "{operator}"; put the expression in parentheses',
            )

    def _bad_character(self) -> HclError:
        character = self._text[self._offset]
        hint = _OUR_WAY.get(character, "")
        name = character if character.isprintable() else f"U+{ord(character):04X}"
        return self._source.error(
            self._offset, f'found the character "{name}"' + (f"; {hint}" if hint else "")
        )
