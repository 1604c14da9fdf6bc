"""
Text to syntax tree: a body, an expression, or a template.

Everything that Terraform's parser refuses is refused here with HclError "syntax" and the place in
the text (HCL semantics §3); the meaning of names is resolved later.
"""

from __future__ import annotations

from lark import Tree
from lark.lexer import Token

from controller.hcl.build_expression import ExpressionBuilder
from controller.hcl.build_template import build_template
from controller.hcl.errors import HclError
from controller.hcl.grammar import parse as parse_grammar
from controller.hcl.grammar import stumbles_at
from controller.hcl.scan import scan_body, scan_template
from controller.hcl.source import BYTE_ORDER_MARK, Code, Piece, Source
from controller.hcl.syntax import Argument, BlockSyntax, Body, Expression, Parentheses


def parse_body(text: str, file: str) -> Body:
    """A whole file of arguments and blocks."""
    return _body_of(Source(_without_mark(text), file))


def parse_argument(text: str, file: str) -> Expression:
    """
    The text as if it followed `x = `: a line break ends it where it is bare.

    Raises HclError "syntax", also for anything after the expression.
    """
    source = Source("x = " + text, file)
    if not text.strip():
        raise source.error(0, "there is no expression")
    body = _body_of(source)
    if len(body.arguments) != 1 or body.blocks:
        raise source.error(0, "expected one expression and nothing after it")
    return body.arguments["x"].expression


def parse_template(text: str, file: str, first_line: int = 1) -> Expression:
    """A template without quotes around it: a template file, or a string of the JSON syntax."""
    source = Source(text, file, first_line=first_line)
    return build_template(source, scan_template(source), _Builder(source).expression)


def parse_embedded(text: str, file: str, first_line: int = 1) -> Expression:
    """An expression held by a string of the JSON syntax: a type, or a reference."""
    source = Source("(" + text + "\n)", file, first_line=first_line)
    code = Code(0, scan_body(source).skeleton)
    built = _Builder(source).expression(code)
    return built.inner if isinstance(built, Parentheses) else built


def _without_mark(text: str) -> str:
    return text.removeprefix(BYTE_ORDER_MARK)


def _body_of(source: Source) -> Body:
    try:
        return _Builder(source).body(scan_body(source))
    except HclError as error:
        raise _earlier(source, error) from None
    except RecursionError:
        raise source.error(0, "something in the text is nested too deeply") from None


def _earlier(source: Source, error: HclError) -> HclError:
    """A stray bracket is often the consequence of a mistake that the grammar sees before it."""
    if source.partial is None or stumbles_at(source.partial) is None:
        return error
    try:
        parse_grammar(source, source.partial, "start")
    except HclError as earlier:
        return earlier
    return error


class _Builder:
    def __init__(self, source: Source) -> None:
        self._source = source

    def expression(self, code: Code) -> Expression:
        tree = parse_grammar(self._source, code, "expression")
        return self._expressions(code).build(tree)

    def body(self, code: Code) -> Body:
        tree = parse_grammar(self._source, code, "start")
        builder = _BodyBuilder(self._source, code, self._expressions(code))
        return builder.build(_tree(tree.children[0]), code.offset)

    def _expressions(self, code: Code) -> ExpressionBuilder:
        return ExpressionBuilder(self._source, code, self._template)

    def _template(self, offset: int) -> Expression:
        return build_template(self._source, self._source.templates[offset], self.expression)


class _BodyBuilder:
    """Arguments and blocks, with the rules about lines that the grammar does not know."""

    def __init__(self, source: Source, code: Code, expressions: ExpressionBuilder) -> None:
        self._source = source
        self._code = code
        self._expressions = expressions

    def build(self, tree: Tree[Token], offset: int, *, one_line: bool = False) -> Body:
        arguments: dict[str, Argument] = {}
        blocks: list[BlockSyntax] = []
        for node in tree.children:
            child = _tree(node)
            if child.data == "new_line_or_comment":
                continue
            if not one_line:
                self._check_line_start(child)
            if child.data == "attribute":
                self._add(arguments, self._argument(child))
            else:
                blocks.append(self._block(child))
        if one_line and (blocks or len(arguments) > 1):
            raise self._source.error(offset, "a block on one line holds at most one argument")
        return Body(self._source.place(offset), arguments, tuple(blocks))

    def _add(self, arguments: dict[str, Argument], argument: Argument) -> None:
        if argument.name in arguments:
            raise HclError(
                "duplicate",
                f'"{argument.name}" was set already in line {arguments[argument.name].place.line}',
                place=argument.place,
                static=True,
            )
        arguments[argument.name] = argument

    def _argument(self, tree: Tree[Token]) -> Argument:
        name, _, value = tree.children
        place = self._expressions.place(name)
        return Argument(self._expressions.text(_tree(name)), self._expressions.build(value), place)

    def _block(self, tree: Tree[Token]) -> BlockSyntax:
        *header, opening, body, closing = tree.children
        type_, *labels = [_tree(node) for node in header]
        start = self._expressions.offset(type_)
        inside = self._code.skeleton[
            self._expressions.offset(opening) - self._code.offset + 1 : self._expressions.offset(
                closing
            )
            - self._code.offset
        ]
        one_line = "\n" not in inside
        if not one_line:
            if inside.lstrip(" \t\r")[:1] != "\n":
                raise self._source.error(start, "a block on one line is closed on that line")
            self._check_line_start(closing)
        return BlockSyntax(
            self._expressions.text(type_),
            tuple(self._label(label) for label in labels),
            # An empty body has no token: its place is the block's.
            self.build(_tree(body), start, one_line=one_line),
            self._source.place(start),
        )

    def _label(self, tree: Tree[Token]) -> str:
        if tree.data != "string":
            return self._expressions.text(tree)
        offset = self._expressions.offset(tree)
        pieces = self._source.templates[offset].pieces
        if not self._source.text.startswith('"', offset) or any(
            not isinstance(piece, Piece) for piece in pieces
        ):
            raise self._source.error(offset, "a label is a plain text, without ${ } or %{ }")
        return "".join(piece.text for piece in pieces if isinstance(piece, Piece))

    def _check_line_start(self, node: Tree[Token] | Token) -> None:
        """Arguments and blocks each begin on a line of their own (HCL semantics §3)."""
        at = self._expressions.offset(node)
        before = self._code.skeleton[: at - self._code.offset].rstrip(" \t\r")
        if before and before[-1] != "\n":
            raise self._source.error(
                at, "a line break is missing before this: found it on the line of what is before"
            )


def _tree(node: Tree[Token] | Token) -> Tree[Token]:
    if isinstance(node, Token):
        raise TypeError(f"the grammar gave a token where it has a rule: {node}")
    return node
