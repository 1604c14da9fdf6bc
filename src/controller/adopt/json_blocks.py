"""What changes in a `.tf.json` file, once some resources exist only awake."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from controller.adopt.edits import Edit, apply, insert
from controller.adopt.folders import File, Folder
from controller.adopt.insertions import CONDITION
from controller.adopt.json_layout import Node, read_json
from controller.adopt.layout import Layout, Token, template_layout
from controller.adopt.references import Key, references
from controller.adopt.refuser import RULE
from controller.adopt.rewrite import index, substitute, survive
from controller.domain.problem import Level, Place, Problem

Inside = Sequence[Sequence[Token]]
Rewriter = Callable[[Folder, Layout, Inside, str], "str | None"]
"""The new text of a string with the tokens of its sequences; None where it has no such form."""

_PLAIN = ("depends_on", "provider", "source", "version", "providers", "//")


class JsonEditor:
    """Collects the edits of one file, and what has no such form."""

    def __init__(self, folder: Folder, file: File) -> None:
        self._folder = folder
        self._file = file
        self.edits: list[Edit] = []
        self.refusals: list[Problem] = []

    def run(self) -> None:
        top = read_json(self._file.text)
        for kind, node in top.entries():
            if kind in ("resource", "data"):
                self._resources("managed" if kind == "resource" else "data", node)
            elif kind in ("output", "module"):
                for name, block in node.entries():
                    for body in block.objects():
                        self._open(kind, name, body)
            elif kind == "locals":
                for body in node.objects():
                    self._survive(body)

    def _resources(self, mode: str, node: Node) -> None:
        for type_, named in node.entries():
            for name, block in named.entries():
                for body in block.objects():
                    if (mode, type_, name) in self._folder.targets:
                        self._sleeping(body, (mode, type_, name))
                    else:
                        self._keep(body, f"{type_}.{name}")

    def _open(self, kind: str, name: str, body: Node) -> None:
        for argument, node in body.members:
            if argument not in _PLAIN and (kind == "module" or argument == "value"):
                self._survive(node)
        if kind == "module" and name in self._folder.switches:
            self._refuse(
                body,
                f"module.{name}",
                "holds what would sleep, and this file is JSON; "
                "give the module its switch (create = ${var.awake}) by hand",
            )
        elif kind == "module" and name in self._folder.calls and body.get("awake") is None:
            self._put_first(body, '"awake": "${var.awake}"')

    def _sleeping(self, body: Node, key: Key) -> None:
        repeated = [body.get("count"), body.get("for_each")]
        for name, node in body.members:
            if name not in (*_PLAIN, "count", "for_each"):
                for text in _strings(node):
                    self._rewrite(text, _all_indexed)
        if repeated[0] is not None:
            self._replace(repeated[0], f"${{var.awake ? ({_expression(repeated[0])}) : 0}}")
        elif repeated[1] is not None:
            self._for_each(repeated[1], key)
        else:
            self._put_first(body, f'"count": "${{{CONDITION}}}"')

    def _for_each(self, node: Node, key: Key) -> None:
        chained = any(
            f"${{{type_}.{name}}}" == node.text.strip() for _, type_, name in self._folder.targets
        )
        if not chained:
            inner = _expression(node)
            self._replace(node, f"${{{{ for k, v in {inner} : k => v if var.awake }}}}")

    def _keep(self, body: Node, address: str) -> None:
        for name, node in body.members:
            if name in _PLAIN:
                continue
            for text in _strings(node):
                if self._rewrite(text, _substituted):
                    self._refuse(
                        text,
                        address,
                        f"{name} needs what has no value while asleep; let it name what stays "
                        "instead, or give it count = var.awake ? 1 : 0",
                    )

    def _survive(self, node: Node) -> None:
        for text in _strings(node):
            if self._rewrite(text, _survived):
                self._refuse(
                    text,
                    "",
                    "a text in JSON with quotes in it cannot be left out while "
                    "asleep; write it in a .tf file",
                )

    def _rewrite(self, node: Node, how: Rewriter) -> bool:
        """Whether it has no such form."""
        layout, inside = template_layout(node.text, self._file.shown_as)
        if not any(
            True for tokens in inside for _ in references(layout, tokens, self._folder.targets)
        ):
            return False
        text = how(self._folder, layout, inside, node.text)
        if text is None:
            return True
        self._replace(node, text)
        return False

    def _replace(self, node: Node, text: str) -> None:
        if text != node.text or node.kind != "string":
            written = json.dumps(text, ensure_ascii=False)
            self.edits.append(Edit(node.start, node.end, written))

    def _put_first(self, body: Node, member: str) -> None:
        """On a line of its own where the others have one; a new line ends as the file's do."""
        after = self._file.text[body.start + 1 : body.end]
        blank = after[: len(after) - len(after.lstrip())] if body.members else ""
        self.edits.append(insert(body.start + 1, f"{blank}{member}{',' if body.members else ''}"))
        if body.members and not blank:
            self.edits.append(insert(body.start + 1, " "))

    def _refuse(self, node: Node, address: str, message: str) -> None:
        line = self._file.text.count("\n", 0, node.start) + 1
        place = Place(self._file.shown_as, line)
        self.refusals.append(
            Problem(level=Level.ERROR, rule=RULE, message=message, place=place, address=address)
        )


def _strings(node: Node) -> Iterator[Node]:
    if node.kind == "string":
        yield node
    for name, inner in node.members:
        if name not in _PLAIN:
            yield from _strings(inner)
    for inner in node.elements:
        yield from _strings(inner)


def _expression(node: Node) -> str:
    """What a string that is one `${ }` holds; of anything else what is written."""
    text = node.text.strip()
    if node.kind == "string" and text.startswith("${") and text.endswith("}"):
        return text[2:-1].strip()
    return node.text


def _all_indexed(folder: Folder, layout: Layout, inside: Inside, text: str) -> str | None:
    return apply(text, [e for tokens in inside for e in index(layout, tokens, folder.targets)])


def _substituted(folder: Folder, layout: Layout, inside: Inside, text: str) -> str | None:
    edits = []
    for tokens in inside:
        found, without = substitute(layout, tokens, folder.targets)
        if without:
            return None
        edits += found
    return apply(text, edits)


def _survived(folder: Folder, layout: Layout, inside: Inside, text: str) -> str | None:
    edits = [e for tokens in inside for e in survive(layout, tokens, folder.targets)]
    if not edits or _is_one(text, inside):
        return apply(text, edits)
    if any(sign in text for sign in '"\\\n'):
        return None
    indexed = _all_indexed(folder, layout, inside, text)
    return f'${{var.awake ? "{indexed}" : null}}'


def _is_one(text: str, inside: Inside) -> bool:
    """Whether it is `${ … }` and nothing else."""
    written = text.strip()
    return (
        len(inside) == 1
        and written.startswith("${")
        and written.count("${") == 1
        and (written.endswith("}") and inside[0][-1].end >= len(text.rstrip()) - 2)
    )
