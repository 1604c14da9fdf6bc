"""Evaluating a resource's body: its arguments, its blocks, and dynamic ones expanded (HCL §17)."""

from __future__ import annotations

from collections.abc import Callable

from controller.domain.dataclass import dataclass, field
from controller.domain.problem import Place
from controller.hcl.access import carry
from controller.hcl.convert import describe, is_wholly_known, make_object, unknowns_in
from controller.hcl.errors import HclError
from controller.hcl.evaluate import evaluate
from controller.hcl.foreseen import are_apart, foreseen
from controller.hcl.loops import iterate
from controller.hcl.mistakes import late_errors
from controller.hcl.origins import describe_origins, lacking_file
from controller.hcl.references import iterator_name
from controller.hcl.scope import Bindings, Scope, UpstreamError
from controller.hcl.syntax import BlockSyntax, Body, Expression
from controller.hcl.types import ListType, MapType, ObjectType, SetType, TupleType
from controller.hcl.values import Origin, Value
from controller.hcl.world import Attribute, Block


@dataclass(slots=True)
class BodyEvaluator:
    """
    Evaluates bodies in one scope and keeps what goes wrong, argument by argument.

    `wrong` are expressions that are known to be mistaken: they are not evaluated again. `broken`
    collects the top-level names that have no value because of an error, `undecided` those of
    dynamic blocks whose number is not known.
    """

    wrong: frozenset[Expression]
    report: Callable[[HclError], None]
    # Whether blocks whose number is not known are an error.
    strict: bool = False
    broken: set[str] = field(default_factory=set)
    undecided: dict[str, tuple[Origin, ...]] = field(default_factory=dict)

    def body(self, body: Body, scope: Scope) -> Block:
        return self._body(body, scope, "")

    def _body(self, body: Body, scope: Scope, top: str) -> Block:
        attributes = {}
        for name, argument in body.arguments.items():
            value = self.value(argument.expression, scope, argument.place)
            if value is None:
                self.broken.add(top or name)
            else:
                attributes[name] = Attribute(self._settled(value), argument.place)
        blocks: list[tuple[str, Block]] = []
        for block in body.blocks:
            if block.type == "dynamic":
                blocks += self._dynamic(block, scope, top)
            else:
                inner = self._body(block.body, scope, top or block.type)
                blocks.append((block.type, inner))
        return Block(place=body.place, attributes=attributes, blocks=tuple(blocks))

    def _settled(self, value: Value) -> Value:
        """An argument of what sleeps, known where that can be said; else as AWS will say it."""
        known = foreseen(value) if self.strict else value
        return known if is_wholly_known(known) else value

    def value(self, expression: Expression, scope: Scope, place: Place) -> Value | None:
        """None where it fails; the error is reported, unless it was before."""
        if expression in self.wrong:
            for late in late_errors(self.wrong, expression):
                self.report(late)
            return None
        try:
            return evaluate(expression, scope)
        except HclError as error:
            self.report(error.at(place))
        except RecursionError:
            self.report(HclError("value", "the expression is nested too deeply", place=place))
        except UpstreamError:
            pass
        return None

    def _dynamic(self, block: BlockSyntax, scope: Scope, top: str) -> list[tuple[str, Block]]:
        type_ = block.labels[0]
        argument = block.body.arguments.get("for_each")
        contents = block.body.of_type("content")
        if argument is None or not contents:
            self.broken.add(top or type_)
            return []
        collection = self.value(argument.expression, scope, argument.place)
        collection = collection and foreseen(collection)
        try:
            if collection is None or not self._decided(collection, type_, top):
                self.broken.add(top or type_)
                return []
            return self._expanded(block, contents[0], collection, scope, top)
        except HclError as error:
            self.report(error.at(argument.expression.place))
            self.broken.add(top or type_)
            return []

    def _decided(self, collection: Value, type_: str, top: str) -> bool:
        if collection.is_null:
            raise HclError("for-each", f"the for_each of the dynamic {type_} is null")
        unknowns = iter(unknowns_in(collection))
        if isinstance(collection.type, SetType):
            unknown = None if _is_countable(collection, type_) else next(unknowns)
        else:
            unknown = collection.data if collection.is_unknown else None
        if unknown is None:
            return True
        if self.strict:
            raise lacking_file(unknown.origins) or HclError(
                "for-each",
                f"how many {type_} blocks there are depends on "
                f"{describe_origins(unknown.origins)}, which is known only after a read of AWS",
                origins=unknown.origins,
            )
        self.undecided[top or type_] = unknown.origins
        return False

    def _expanded(
        self, block: BlockSyntax, content: BlockSyntax, collection: Value, scope: Scope, top: str
    ) -> list[tuple[str, Block]]:
        if not isinstance(collection.type, ListType | SetType | TupleType | MapType | ObjectType):
            raise HclError(
                "for-each",
                f"the for_each of a dynamic block is a {describe(collection.type)}, expected a "
                "list, set, map or object",
            )
        type_ = block.labels[0]
        name = iterator_name(block)
        blocks = []
        for key, value in iterate(collection, "for_each"):
            element = make_object(
                {"key": carry(key, collection), "value": carry(value, collection)}
            )
            inner = Bindings(scope, {name: element})
            blocks.append((type_, self._body(content.body, inner, top or type_)))
        return blocks


_WITHOUT_ORDER = frozenset({"load_balancer", "subnet_mapping"})


def _is_countable(collection: Value, type_: str) -> bool:
    """Whether the elements of a set are as many once all are known; they have no order before."""
    if collection.is_unknown:
        return False
    elements = collection.data
    return (
        len(elements) < 2
        or next(iter(unknowns_in(collection)), None) is None
        or (type_ in _WITHOUT_ORDER and are_apart(elements))
    )
