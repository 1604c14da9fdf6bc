"""Where the text of an expression refers to resources (`aws_lb.nlb.arn`), and in what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from controller.adopt.layout import Layout, Token
from controller.domain.dataclass import dataclass

Key = tuple[str, str, str]
"""Mode ("managed" or "data"), type and name of a resource, within its module."""


@dataclass(frozen=True, slots=True)
class Reference:
    """
    One mention of a resource.

    `start` is the offset of its first word, `name_end` that behind its name, `end` that behind its
    last step. `steps` are the texts of the steps: ".arn", "[0]", "[*]", ".*". `tolerant` says that
    it is in `try` or `can`, `calls` are the functions around it, the innermost last.
    """

    key: Key
    start: int
    name_end: int
    end: int
    steps: tuple[str, ...]
    calls: tuple[str, ...] = ()

    @property
    def tolerant(self) -> bool:
        return "try" in self.calls or "can" in self.calls

    @property
    def splat(self) -> bool:
        """Whether a splat follows the name at once."""
        return bool(self.steps) and self.steps[0] in ("[*]", ".*")

    @property
    def indexed(self) -> bool:
        """Whether an index follows the name at once: `[0]`, `["a"]`, or `.0` of old."""
        step = self.steps[0] if self.steps else ""
        return (step.startswith("[") and not self.splat) or step[1:].isdigit()

    @property
    def attribute(self) -> str:
        """The attribute, if one of the one instance is all that it takes."""
        steps = self.steps[1:] if self.indexed else self.steps
        is_one = len(steps) == 1 and steps[0].startswith(".") and steps[0] != ".*"
        return steps[0][1:] if is_one else ""


def references(
    layout: Layout,
    tokens: Sequence[Token],
    wanted: Mapping[Key, object],
    bound: frozenset[str] = frozenset(),
    calls: tuple[str, ...] = (),
) -> Iterator[Reference]:
    """All mentions of what is wanted, inside strings and heredocs too, in the order of the text."""
    walk = _Walk(layout, tuple(token for token in tokens if token.kind != "newline"), wanted)
    yield from walk.run(bound, calls)


@dataclass(slots=True)
class _Level:
    """An open bracket: the names that a `for` right behind it binds, and the function it is of."""

    bound: frozenset[str]
    call: str
    loop: str = ""  # "names" while between `for` and `in`


class _Walk:
    def __init__(
        self, layout: Layout, tokens: tuple[Token, ...], wanted: Mapping[Key, object]
    ) -> None:
        self._layout = layout
        self._tokens = tokens
        self._wanted = wanted

    def run(self, bound: frozenset[str], calls: tuple[str, ...]) -> Iterator[Reference]:
        levels = [_Level(bound, "")]
        for at, token in enumerate(self._tokens):
            level = levels[-1]
            around = (*calls, *(each.call for each in levels if each.call))
            if token.kind == "string":
                yield from self._in_string(token, level.bound, around)
            elif token.kind == "sign" and token.text in ("(", "[", "{"):
                levels.append(_Level(level.bound, self._function(at)))
            elif token.kind == "sign" and token.text in (")", "]", "}") and len(levels) > 1:
                levels.pop()
            elif token.kind == "name":
                if self._is_loop(at, level):
                    continue
                found = self._reference(at, level.bound, around)
                if found:
                    yield found

    def _function(self, at: int) -> str:
        before = self._tokens[at - 1] if at else None
        is_call = self._tokens[at].text == "(" and before is not None and before.kind == "name"
        return before.text if is_call and before else ""

    def _is_loop(self, at: int, level: _Level) -> bool:
        token = self._tokens[at]
        before = self._tokens[at - 1].text if at else ""
        if token.text == "for" and before in ("[", "{"):
            level.loop = "names"
            return True
        if level.loop == "names":
            if token.text == "in":
                level.loop = ""
            else:
                level.bound = level.bound | {token.text}
            return True
        return False

    def _in_string(
        self, token: Token, bound: frozenset[str], calls: tuple[str, ...]
    ) -> Iterator[Reference]:
        depth: list[frozenset[str]] = [bound]
        inside = self._layout.inside(token)
        for sequence, tokens in zip(self._layout.sequences(token), inside, strict=True):
            if sequence.kind == "endfor" and len(depth) > 1:
                depth.pop()
            yield from references(self._layout, tokens, self._wanted, depth[-1], calls)
            if sequence.kind == "for":
                depth.append(depth[-1] | set(sequence.names))

    def _reference(
        self, at: int, bound: frozenset[str], calls: tuple[str, ...]
    ) -> Reference | None:
        if at and self._tokens[at - 1].text == ".":
            return None
        words, first = self._words(at), at
        if words and words[0] in ("data", "resource"):
            mode = "data" if words[0] == "data" else "managed"
            key, last = (mode, *words[1:3]), at + 4
        else:
            key, last = ("managed", *words[:2]), at + 2
        if len(key) != 3 or words[0] in bound or key not in self._wanted:
            return None
        steps, end = self._steps(last + 1)
        token = self._tokens[first]
        return Reference(
            (key[0], key[1], key[2]), token.start, self._tokens[last].end, end, steps, calls
        )

    def _words(self, at: int) -> list[str]:
        """Up to three names with points between them."""
        words = [self._tokens[at].text]
        while len(words) < 3 and at + 2 < len(self._tokens):
            if self._tokens[at + 1].text != "." or self._tokens[at + 2].kind != "name":
                break
            words.append(self._tokens[at + 2].text)
            at += 2
        return words

    def _steps(self, at: int) -> tuple[tuple[str, ...], int]:
        steps: list[str] = []
        end = self._tokens[at - 1].end
        while at < len(self._tokens):
            token = self._tokens[at]
            after = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
            if token.kind == "splat":
                steps.append("[*]" if token.text.startswith("[") else ".*")
                end, at = token.end, at + 1
            elif token.text == "." and after and after.kind in ("name", "number"):
                steps.append(f".{after.text}")
                end, at = after.end, at + 2
            elif token.text == "[":
                close = self._closing(at)
                end = self._tokens[close].end
                steps.append(self._layout.text[token.start : end])
                at = close + 1
            else:
                break
        return tuple(steps), end

    def _closing(self, at: int) -> int:
        depth = 0
        for position in range(at, len(self._tokens)):
            if self._tokens[position].kind == "sign":
                depth += self._tokens[position].text in ("(", "[", "{")
                depth -= self._tokens[position].text in (")", "]", "}")
            if depth == 0:
                return position
        return len(self._tokens) - 1
