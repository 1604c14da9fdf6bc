"""
How an expression refers to what may be absent (facts tried with Terraform 1.6, 1.11 and 1.15).

| the expression is in  | `r.a` becomes                                                       |
|---------------------------|---------------------------------------------------------------------|
| something that sleeps too | `r[0].a`: nobody evaluates it asleep                                |
| what is kept, bare        | `one(r[*].a)`: null asleep                                          |
| the same, in more         | `var.awake ? (… r[0].a …) : null`: the branch is not evaluated      |
| `try`, `can`              | `r[0].a`: they catch its absence                                    |
| a heredoc                 | `${join("", r[*].a)}`: null in a template would be an error         |

What survives is named instead of it where it can be: the address of the Elastic IP for a load
balancer's name, and what the block itself says of its name or port.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from controller.adopt.edits import Edit, insert
from controller.adopt.layout import Layout, Token, depths
from controller.adopt.references import Key, Reference, references
from controller.domain.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """
    A resource that exists only awake from now on.

    `repetition` is "", "count" or "for_each", as it was. `address` is what gives the Elastic IP's
    address, `said` the text of arguments that outlive it, by name.
    """

    key: Key
    repetition: str = ""
    address: str = ""
    said: Mapping[str, str] = field(default_factory=dict)


Targets = Mapping[Key, Target]
_ABSENT = {"value": '""', "if": "false", "for": "[]"}
"""What `${ }`, `%{ if }` and `%{ for }` of a text are while asleep."""


def index(layout: Layout, tokens: Sequence[Token], targets: Targets) -> list[Edit]:
    """For what sleeps itself, and for branches that are evaluated only awake."""
    return [
        insert(found.name_end, "[0]")
        for found in references(layout, tokens, targets)
        if not targets[found.key].repetition and not found.splat
    ]


def survive(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str = "null"
) -> list[Edit]:
    """For what is evaluated asleep too; `otherwise` is its value then, where it must have one."""
    tokens = _trimmed(tokens)
    if not any(_breaks(found, targets) for found in references(layout, tokens, targets)):
        return []
    for way in (_bare, _in_brackets, _in_elements, _in_one_value, _in_sequences):
        edits = way(layout, tokens, targets, otherwise)
        if edits is not None:
            return edits
    if all(
        found.tolerant for found in references(layout, tokens, targets) if _breaks(found, targets)
    ):
        return index(layout, tokens, targets)
    return _conditional(layout, tokens, targets, otherwise)


def substitute(
    layout: Layout, tokens: Sequence[Token], targets: Targets
) -> tuple[list[Edit], list[Reference]]:
    """
    For expressions that must keep their value: an output, a local or an argument; and for those
    that have no such form.
    """
    edits: list[Edit] = []
    without: list[Reference] = []
    for found in references(layout, tokens, targets):
        said = targets[found.key].said.get(found.attribute)
        if said is None:
            without.append(found)
        else:
            edits.append(_said(layout, found, said))
    return edits, without


def _breaks(found: Reference, targets: Targets) -> bool:
    """Whether it means something else, or nothing, once the resource may be absent."""
    after = found.steps[1:] if found.splat else found.steps
    if found.splat:
        return "element" in found.calls or any(_is_index(step) for step in after)
    return not targets[found.key].repetition or found.indexed


def _is_index(step: str) -> bool:
    return (step.startswith("[") and step != "[*]") or step[1:].isdigit()


def _conditional(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str
) -> list[Edit]:
    start, end = tokens[0].start, tokens[-1].end
    opening, closing = "(", ")"
    if len(tokens) == 1 and tokens[0].kind == "string":
        opening = closing = ""
    if tokens[-1].text.startswith("<<"):
        # Its closing word stands alone on a line; in parentheses the expression may go on below.
        opening, closing = "(", f"{_line_end(layout)})"
    return [
        insert(start, f"var.awake ? {opening}"),
        *index(layout, tokens, targets),
        insert(end, f"{closing} : {otherwise}"),
    ]


def _line_end(layout: Layout) -> str:
    return "\r\n" if "\r\n" in layout.text else "\n"


def _bare(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str
) -> list[Edit] | None:
    """The whole of it is one reference."""
    found = next(iter(references(layout, tokens, targets)), None)
    if found is None or (found.start, found.end) != (tokens[0].start, tokens[-1].end):
        return None
    target = targets[found.key]
    name = layout.text[found.start : found.name_end]
    rest = layout.text[found.name_end : found.end]
    said = target.said.get(found.attribute)
    if said is not None:
        return [_said(layout, found, said)]
    if _has_address(found, target):
        text = f"var.awake ? {name}[0]{rest} : {target.address}"
    elif found.splat:
        text = f"one({name}[*]{_without_index(found)})"
    elif target.repetition:
        text = f"try({name}{rest}, {otherwise})"
    elif otherwise != "null":
        text = f"var.awake ? {name}[0]{rest} : {otherwise}"
    else:
        text = f"one({name}[*]{rest})"
    return [Edit(found.start, found.end, text)]


def _has_address(found: Reference, target: Target) -> bool:
    return bool(target.address) and found.steps == (".dns_name",) and not target.repetition


def _without_index(found: Reference) -> str:
    """The steps behind a splat but for the index of its first element."""
    steps = list(found.steps[1:])
    position = next(i for i, step in enumerate(steps) if _is_index(step))
    return "".join(steps[:position] + steps[position + 1 :])


def _in_brackets(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str
) -> list[Edit] | None:
    if tokens[0].text != "(" or not _is_one_bracket(tokens):
        return None
    return survive(layout, tokens[1:-1], targets, otherwise)


def _in_elements(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str
) -> list[Edit] | None:
    """Each element of a list or object that is written out, for itself."""
    if tokens[0].text not in ("[", "{") or not _is_one_bracket(tokens):
        return None
    inside = tokens[1:-1]
    first = next((token for token in inside if token.kind != "newline"), None)
    if first is None or first.text == "for":
        return None
    edits = []
    for element in _elements(inside):
        value = _value_of(element) if tokens[0].text == "{" else element
        edits += survive(layout, value, targets)
    return edits


def _elements(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    element: list[Token] = []
    for token, depth in depths(tokens):
        if depth == 0 and (token.text == "," or token.kind == "newline"):
            if element:
                yield element
            element = []
        else:
            element.append(token)
    if element:
        yield element


def _value_of(item: Sequence[Token]) -> Sequence[Token]:
    for position, (token, depth) in enumerate(depths(item)):
        if depth == 0 and token.text in ("=", ":"):
            return item[position + 1 :]
    return item


def _in_one_value(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str
) -> list[Edit] | None:
    """`"${ … }"`: what is inside is the value itself."""
    if len(tokens) != 1 or tokens[0].kind != "string" or not layout.is_one_value(tokens[0]):
        return None
    return survive(layout, layout.inside(tokens[0])[0], targets, otherwise)


def _in_sequences(
    layout: Layout, tokens: Sequence[Token], targets: Targets, otherwise: str
) -> list[Edit] | None:
    """A text whose every `${ }` can be answered asleep; a heredoc always keeps its lines."""
    if len(tokens) != 1 or tokens[0].kind != "string":
        return None
    heredoc = tokens[0].text.startswith("<<")
    edits = []
    pairs = zip(layout.sequences(tokens[0]), layout.inside(tokens[0]), strict=True)
    for sequence, inside in pairs:
        broken = [f for f in references(layout, inside, targets) if _breaks(f, targets)]
        if not broken:
            continue
        code = _trimmed(inside)
        found = _in_text(layout, code, broken[0], targets, heredoc=heredoc)
        if found is None and not heredoc:
            return None
        edits += found or _in_lines(layout, code, broken, targets, _ABSENT[sequence.kind])
    return edits


def _in_lines(
    layout: Layout,
    code: Sequence[Token],
    broken: Sequence[Reference],
    targets: Targets,
    otherwise: str,
) -> list[Edit]:
    if all(found.tolerant for found in broken):
        return index(layout, code, targets)
    return _conditional(layout, code, targets, otherwise)


def _in_text(
    layout: Layout, inside: Sequence[Token], found: Reference, targets: Targets, *, heredoc: bool
) -> list[Edit] | None:
    if (found.start, found.end) != (inside[0].start, inside[-1].end):
        return None
    target = targets[found.key]
    name = layout.text[found.start : found.name_end]
    rest = layout.text[found.name_end : found.end]
    said = target.said.get(found.attribute)
    if said is not None:
        return [_said(layout, found, said)]
    if _has_address(found, target):
        text = f"var.awake ? {name}[0]{rest} : {target.address}"
    elif heredoc and not target.repetition and not found.splat:
        text = f'join("", {name}[*]{rest})'
    else:
        return None
    return [Edit(found.start, found.end, text)]


def _said(layout: Layout, found: Reference, said: str) -> Edit:
    """In place of the reference what is said; around a text no `${ }` is left."""
    text, start, end = layout.text, found.start, found.end
    plain = said.startswith('"') and "${" not in said and "%{" not in said
    before, after = text[:start].rstrip(" "), text[end:].lstrip(" ")
    if plain and before.endswith("${") and after.startswith("}"):
        return Edit(len(before) - 2, len(text) - len(after) + 1, said[1:-1])
    return Edit(start, end, said)


def _is_one_bracket(tokens: Sequence[Token]) -> bool:
    """Whether the first bracket is closed by the last token."""
    return len(tokens) > 1 and all(depth > 0 for _, depth in list(depths(tokens))[1:-1])


def _trimmed(tokens: Sequence[Token]) -> Sequence[Token]:
    first, last = 0, len(tokens)
    while first < last and tokens[first].kind == "newline":
        first += 1
    while last > first and tokens[last - 1].kind == "newline":
        last -= 1
    return tokens[first:last]
