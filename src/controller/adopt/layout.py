"""
A file of Terraform as text: its tokens, blocks and arguments, each with where it begins and ends.

The syntax tree keeps only lines. Who changes a file in place needs offsets, so here the scanner's
skeleton (`hcl/scan.py`) is cut into tokens: it has one character for each of the text's, with
strings, heredocs and comments already out of the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from controller.domain.dataclass import dataclass, field
from controller.hcl.scan import scan_body, scan_template
from controller.hcl.source import Code, Source
from controller.hcl.source import Sequence as Inserted

_TOKEN = re.compile(
    r"""
      (?P<newline>\n)
    | (?P<name>[^\W\d][\w-]*)
    | (?P<number>[0-9]+)
    | (?P<string>"x*")
    | (?P<splat>\[\*\]|\.\*)
    | (?P<sign>\.\.\.|=>|==|!=|<=|>=|&&|\|\||[^\s\w])
    """,
    re.VERBOSE,
)
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is newline, name, number, string, splat or sign; `text` is as the user wrote it."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Argument:
    """`name = value`; `tokens` are the value's, without comments and the line break after it."""

    name: str
    start: int
    tokens: tuple[Token, ...]

    @property
    def value_start(self) -> int:
        return self.tokens[0].start

    @property
    def value_end(self) -> int:
        return self.tokens[-1].end


@dataclass(frozen=True, slots=True)
class Block:
    """`opening` and `closing` are the offsets of its braces."""

    type: str
    labels: tuple[str, ...]
    start: int
    opening: int
    closing: int
    arguments: tuple[Argument, ...]
    blocks: tuple[Block, ...]

    def argument(self, name: str) -> Argument | None:
        return next((one for one in self.arguments if one.name == name), None)

    def of_type(self, name: str) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.type == name)


@dataclass(slots=True)
class Layout:
    """A whole file, or one template (`template_layout`), ready to be looked at."""

    source: Source
    blocks: tuple[Block, ...] = ()
    _inner: dict[int, tuple[tuple[Token, ...], ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.source.text

    def line(self, offset: int) -> int:
        return self.source.line(offset)

    def sequences(self, string: Token) -> tuple[Inserted, ...]:
        """What is inserted into a string or heredoc by `${ }` and `%{ }`."""
        template = self.source.templates.get(string.start)
        pieces = template.pieces if template else ()
        return tuple(piece for piece in pieces if isinstance(piece, Inserted))

    def is_one_value(self, string: Token) -> bool:
        """Whether it is `"${ … }"` and nothing else, which is the value itself."""
        template = self.source.templates.get(string.start)
        pieces = template.pieces if template else ()
        return len(pieces) == 1 and isinstance(pieces[0], Inserted) and pieces[0].kind == "value"

    def inside(self, string: Token) -> tuple[tuple[Token, ...], ...]:
        """The tokens of each sequence in it."""
        if string.start not in self._inner:
            self._inner[string.start] = tuple(
                tokens_of(self.source, sequence.code) for sequence in self.sequences(string)
            )
        return self._inner[string.start]


def read_layout(text: str, file: str) -> Layout:
    """The text of a `.tf` file without its byte-order mark. Raises HclError "syntax"."""
    source = Source(text, file)
    tokens = tokens_of(source, scan_body(source))
    blocks, _ = _Bodies(tokens).read(0)
    return Layout(source, tuple(one for one in blocks if isinstance(one, Block)))


def template_layout(text: str, file: str) -> tuple[Layout, tuple[tuple[Token, ...], ...]]:
    """A template without quotes (a string of the JSON syntax), and the tokens of its sequences."""
    source = Source(text, file)
    pieces = scan_template(source).pieces
    inserted = [piece for piece in pieces if isinstance(piece, Inserted)]
    return Layout(source), tuple(tokens_of(source, one.code) for one in inserted)


def tokens_of(source: Source, code: Code) -> tuple[Token, ...]:
    found = []
    for match in _TOKEN.finditer(code.skeleton):
        start, end = code.offset + match.start(), code.offset + match.end()
        text = source.text[start:end]
        found.append(Token(str(match.lastgroup), start, end, text))
    return tuple(found)


def depths(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Each token with the number of brackets that are open around it."""
    depth = 0
    for token in tokens:
        if token.kind == "sign" and token.text in _CLOSE:
            depth -= 1
        yield token, depth
        if token.kind == "sign" and token.text in _OPEN:
            depth += 1


class _Bodies:
    """Cuts tokens into arguments and blocks; the text has been found to be in order before."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens

    def read(self, at: int) -> tuple[list[Argument | Block], int]:
        """The body that begins at a token, and the position of the brace that ends it."""
        found: list[Argument | Block] = []
        while at < len(self._tokens) and self._tokens[at].text != "}":
            if self._tokens[at].kind == "newline":
                at += 1
            elif at + 1 < len(self._tokens) and self._tokens[at + 1].text == "=":
                argument, at = self._argument(at)
                found.append(argument)
            else:
                block, at = self._block(at)
                found.append(block)
        return found, at

    def _argument(self, at: int) -> tuple[Argument, int]:
        name, depth, end = self._tokens[at], 0, at + 2
        while end < len(self._tokens):
            token = self._tokens[end]
            if depth == 0 and (token.kind == "newline" or token.text == "}"):
                break
            if token.kind == "sign":
                depth += (token.text in _OPEN) - (token.text in _CLOSE)
            end += 1
        return Argument(name.text, name.start, self._tokens[at + 2 : end]), end

    def _block(self, at: int) -> tuple[Block, int]:
        type_, labels = self._tokens[at], []
        at += 1
        while at < len(self._tokens) and self._tokens[at].text != "{":
            labels.append(self._tokens[at].text.strip('"'))
            at += 1
        opening = self._tokens[at] if at < len(self._tokens) else type_
        inside, at = self.read(at + 1)
        closing = self._tokens[at] if at < len(self._tokens) else self._tokens[-1]
        arguments = tuple(one for one in inside if isinstance(one, Argument))
        blocks = tuple(one for one in inside if isinstance(one, Block))
        block = Block(
            type_.text,
            tuple(labels),
            type_.start,
            opening.start,
            closing.start,
            arguments,
            blocks,
        )
        return block, at + 1
