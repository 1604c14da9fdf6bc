"""
From the grammar's tree to our expressions.

The tree says how things nest; what they say is read from the user's own text, because names,
numbers and strings are placeholders in what the grammar saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lark import Tree
from lark.lexer import Token

from controller.domain.problem import Place
from controller.hcl import numbers
from controller.hcl.construct import boolean, string
from controller.hcl.errors import HclError
from controller.hcl.source import Code, Source
from controller.hcl.syntax import (
    Attribute,
    AttributeStep,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    KeyStep,
    Literal,
    Object,
    Parentheses,
    Reference,
    Splat,
    SplatItem,
    Tuple,
    Unary,
    Word,
)
from controller.hcl.types import NUMBER
from controller.hcl.values import NULL, Value

Node = Tree[Token] | Token
_CONSTANTS = {"true": boolean(True), "false": boolean(False), "null": NULL}
_CHAIN = {
    "index_expr_term",
    "get_attr_expr_term",
    "attr_splat_expr_term",
    "full_splat_expr_term",
}


class ExpressionBuilder:
    """
    Builds the expressions of one stretch of code.

    `read_template` makes an expression of the string or heredoc lifted out at an offset.

    Its size: one method for each rule of the grammar.
    """

    def __init__(
        self, source: Source, code: Code, read_template: Callable[[int], Expression]
    ) -> None:
        self._source = source
        self._skeleton = code.skeleton
        self._base = code.offset
        self._read_template = read_template
        self._builders: dict[str, Callable[[Tree[Token]], Expression]] = {
            "expr_term": self._term,
            "conditional": self._conditional,
            "binary_op": self._binary,
            "unary_op": self._unary,
            "int_lit": self._number,
            "float_lit": self._number,
            "string": self._string,
            "identifier": self._name,
            "literal_value": self._constant,
            "tuple": self._tuple,
            "object": self._object,
            "function_call": self._call,
            "for_tuple_expr": self._for_tuple,
            "for_object_expr": self._for_object,
            **dict.fromkeys(_CHAIN, self._chain),
        }

    def build(self, node: Node) -> Expression:
        if isinstance(node, Token):
            raise self._source.error(self.offset(node), f'found "{node}", expected an expression')
        return self._builders[str(node.data)](node)

    def offset(self, node: Node) -> int:
        """Where a node begins in the user's text; some tokens begin with blanks."""
        first = node
        while not isinstance(first, Token):
            first = first.children[0]
        start = first.start_pos or 0
        return self._base + start + len(first) - len(first.lstrip(" \t\r"))

    def place(self, node: Node) -> Place:
        return self._source.place(self.offset(node))

    def text(self, node: Tree[Token]) -> str:
        """The user's own spelling of a node that is one token."""
        token = node.children[0]
        start = self.offset(node)
        return self._source.text[start : start + len(str(token).strip(" \t\r"))]

    def _term(self, tree: Tree[Token]) -> Expression:
        inner = _without_breaks(tree.children)
        if isinstance(inner[0], Token):
            return Parentheses(self.place(tree), self.build(inner[1]))
        return self.build(inner[0])

    def _conditional(self, tree: Tree[Token]) -> Expression:
        condition, _, if_true, _, if_false = _without_breaks(tree.children)
        built = (self.build(condition), self.build(if_true), self.build(if_false))
        return Conditional(built[0].place, *built)

    def _binary(self, tree: Tree[Token]) -> Expression:
        # A chain of equal strength leans to the left as deep as it is long: go down in a loop.
        terms: list[Tree[Token]] = []
        node: Node = tree
        while isinstance(node, Tree) and node.data == "binary_op":
            node, term = _without_breaks(node.children)
            terms.append(_as_tree(term))
        result = self.build(node)
        for term in reversed(terms):
            operator, right = _without_breaks(term.children)
            sign = str(_as_tree(operator).children[0]).strip()
            result = Binary(result.place, sign, result, self.build(right))
        return result

    def _unary(self, tree: Tree[Token]) -> Expression:
        operators = self._source.unary[self.offset(tree)]
        return self._with_signs(tree, operators, self.build(tree.children[1]))

    def _with_signs(self, tree: Tree[Token], operators: str, operand: Expression) -> Expression:
        for operator in reversed(operators):
            operand = Unary(self.place(tree), operator, operand)
        return operand

    def _number(self, tree: Tree[Token]) -> Expression:
        spelling = self.text(tree)
        start = self.offset(tree)
        literal = Literal(self.place(tree), self._parsed(start, spelling.lstrip("-")))
        # The grammar takes a minus before two digits or more into the number.
        operators = self._source.unary[start] if spelling.startswith("-") else ""
        return self._with_signs(tree, operators, literal)

    def _parsed(self, start: int, digits: str) -> Value:
        # In the skeleton a number is as long as in the text, so the spelling is complete.
        try:
            return Value(NUMBER, numbers.parse_number(digits))
        except (HclError, ValueError):
            raise self._source.error(start, f'"{digits}" is not a number') from None

    def _string(self, tree: Tree[Token]) -> Expression:
        return self._read_template(self.offset(tree))

    def _name(self, tree: Tree[Token]) -> Expression:
        return Reference(self.place(tree), self.text(tree))

    def _constant(self, tree: Tree[Token]) -> Expression:
        return Literal(self.place(tree), _CONSTANTS[self.text(tree)])

    def _tuple(self, tree: Tree[Token]) -> Expression:
        elements = [child for child in _without_breaks(tree.children) if isinstance(child, Tree)]
        return Tuple(self.place(tree), tuple(self.build(element) for element in elements))

    def _call(self, tree: Tree[Token]) -> Expression:
        children = _without_breaks(tree.children)
        name = "".join(self.text(_as_tree(children[0])).split())
        arguments: list[Node] = []
        for child in children[1:]:
            if isinstance(child, Tree):
                arguments = _without_breaks(child.children)
        return Call(
            self.place(tree),
            name.removeprefix("core::"),
            tuple(self.build(argument) for argument in arguments if isinstance(argument, Tree)),
            spread=any(isinstance(a, Token) and a.type == "ELLIPSIS" for a in arguments),
        )

    def _object(self, tree: Tree[Token]) -> Expression:
        items = []
        for child in tree.children:
            if isinstance(child, Token) and child.type == "COMMA":
                self._check_before(child, ",{\n", expected=False)
            elif isinstance(child, Tree) and child.data == "object_elem":
                self._check_before(child, ",{\n", expected=True)
                key, _, value = child.children
                items.append((self._key(_as_tree(key)), self.build(value)))
        return Object(self.place(tree), tuple(items))

    def _check_before(self, node: Node, characters: str, *, expected: bool) -> None:
        before = self._skeleton[: self.offset(node) - self._base].rstrip(" \t\r")[-1:]
        if (before in characters) != expected:
            missing = "a comma or a line break between" if expected else "an element before"
            raise self._source.error(self.offset(node), f"expected {missing} elements of an object")

    def _key(self, tree: Tree[Token]) -> Expression:
        """
        A bare word represents itself, never something of that name.

        A bare reference is kept: it is a key only where no value is meant, as in the map of
        providers that a module is given (`aws.east = aws.west`).
        """
        node = tree.children[0]
        if isinstance(node, Tree) and node.data == "keyword":
            # Right behind the brace Terraform reads "for" as the beginning of a for expression.
            raise self._source.error(self.offset(node), 'expected a name after "for"')
        key = self.build(node)
        if isinstance(key, Reference) and not key.steps:
            return Word(key.place, string(key.root))
        if isinstance(key, Literal) and not isinstance(key.value.data, str):
            return Literal(key.place, string(_as_text(key.value)))
        return key

    def _for_tuple(self, tree: Tree[Token]) -> Expression:
        _, intro, value, *rest = _without_breaks(tree.children)
        loop = self._loop(_as_tree(intro), self.place(tree), self.build(value))
        return replace(loop, condition=self._condition(rest))

    def _for_object(self, tree: Tree[Token]) -> Expression:
        _, intro, key, _, value, *rest = _without_breaks(tree.children)
        loop = self._loop(_as_tree(intro), self.place(tree), self.build(value))
        group = any(isinstance(node, Token) and node.type == "ELLIPSIS" for node in rest)
        return replace(loop, key=self.build(key), condition=self._condition(rest), group=group)

    def _loop(self, intro: Tree[Token], place: Place, value: Expression) -> For:
        nodes = [node for node in _without_breaks(intro.children) if isinstance(node, Tree)]
        *names, collection = nodes
        spelled = [self.text(name) for name in names]
        key_name = spelled[0] if len(spelled) == 2 else None
        return For(place, key_name, spelled[-1], self.build(collection), None, value, None)

    def _condition(self, nodes: Sequence[Node]) -> Expression | None:
        for node in nodes:
            if isinstance(node, Tree):
                return self.build(_without_breaks(node.children)[1])
        return None

    def _chain(self, tree: Tree[Token]) -> Expression:
        """Everything after a term in order: the tree nests a splat after a splat wrongly."""
        links: list[Tree[Token]] = []
        node: Node = tree
        while isinstance(node, Tree):
            if node.data == "expr_term":
                inner = _without_breaks(node.children)
                if isinstance(inner[0], Token) or inner[0].data not in _CHAIN:
                    break
                node = inner[0]
            elif node.data in _CHAIN:
                node, link = _without_breaks(node.children)
                links[:0] = self._links(_as_tree(link))
            else:
                break
        return self._linked(self.build(node), links)

    def _links(self, link: Tree[Token]) -> list[Tree[Token]]:
        if link.data not in ("attr_splat", "full_splat"):
            return [link]
        marker, *rest = link.children
        return [Tree(link.data, [marker]), *(_as_tree(node) for node in rest)]

    def _linked(self, base: Expression, links: list[Tree[Token]]) -> Expression:
        for position, link in enumerate(links):
            if link.data == "full_splat":
                rest = links[position + 1 :]
                return Splat(base.place, base, self._linked(SplatItem(self.place(link)), rest))
            if link.data == "attr_splat":
                count = _attributes_at_start(links[position + 1 :])
                after = links[position + 1 + count :]
                if after and after[0].data == "attr_splat":
                    raise self._source.error(
                        self.offset(after[0]), "a splat .* cannot be inside another one"
                    )
                inner = links[position + 1 : position + 1 + count]
                splat = Splat(base.place, base, self._linked(SplatItem(self.place(link)), inner))
                return self._linked(splat, after)
            base = self._step(base, link)
        return base

    def _step(self, base: Expression, link: Tree[Token]) -> Expression:
        place = self.place(link)
        if link.data == "get_attr":
            name = self.text(_as_tree(link.children[1]))
            if isinstance(base, Reference):
                return replace(base, steps=(*base.steps, AttributeStep(name, place)))
            return Attribute(place, base, name)
        if link.data == "short_index":
            start = self.offset(link.children[1])
            length = len(str(link.children[1]))
            digits = self._source.text[start : start + length]
            key: Expression = Literal(place, self._parsed(start, digits))
        else:
            key = self.build(_without_breaks(link.children)[1])
        if isinstance(base, Reference) and isinstance(key, Literal):
            return replace(base, steps=(*base.steps, KeyStep(key.value, place)))
        return Index(place, base, key)


def _without_breaks(nodes: Sequence[Node]) -> list[Node]:
    """The children that mean something; where one is optional and absent the tree holds None."""
    return [
        node
        for node in nodes
        if isinstance(node, Token) or (node is not None and node.data != "new_line_or_comment")
    ]


def _as_tree(node: Node) -> Tree[Token]:
    if isinstance(node, Token):
        raise TypeError(f"the grammar gave a token where it has a rule: {node}")
    return node


def _attributes_at_start(links: Sequence[Tree[Token]]) -> int:
    """How many of the links an attribute-only splat applies to each element."""
    for count, link in enumerate(links):
        if link.data not in ("get_attr", "short_index"):
            return count
    return len(links)


def _as_text(constant: Value) -> str:
    """How a number, true, false or null reads as a key."""
    if constant.type == NUMBER:
        return numbers.format_number(constant.data)
    return {True: "true", False: "false"}.get(constant.data, "null")
