"""Each class is made twice, by the standard library and by ours: both must do the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property
from typing import ClassVar

import pytest

from controller.domain import dataclass as ours

FORMS = [
    {},
    {"frozen": True},
    {"slots": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "kw_only": True},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "slots": True, "order": True},
    {"slots": True, "eq": False},
]


class Plain:
    """Every kind of field."""

    shared: ClassVar[int] = 3
    name: str
    size: int = 1
    tags: list[str] = ours.field(default_factory=list)
    place: str = ours.field(default="", compare=False)
    secret: str = ours.field(default="", repr=False)
    seen: int = ours.field(default=0, init=False)
    kept: list[str] = ours.field(default_factory=list, init=False, compare=False)

    def doubled(self) -> int:
        return 2 * self.size


class Late:
    """Each name that the compiled text uses itself is a field, too."""

    MISSING: int
    name: int
    default_name: list[int] = ours.field(default_factory=list)
    set_name: int = ours.field(default=2, kw_only=True)
    after: int = ours.field(default=5)

    def __post_init__(self) -> None:
        object.__setattr__(self, "after", self.after + 1)


class Own:
    """What a class defines itself stays."""

    left: int
    right: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.left == other.left

    def __repr__(self) -> str:
        return f"<{self.left}>"


class Nothing:
    """No field at all."""


class One:
    value: tuple[int, ...]


def made(decorate, body, form):
    """A class of the same name and text, as `decorate` makes it."""
    names = {k: v for k, v in vars(body).items() if k not in ("__dict__", "__weakref__")}
    return decorate(**form)(type(body.__name__, (), names))


@pytest.fixture(params=FORMS, ids=lambda form: " ".join(form) or "bare")
def both(request):
    """A function that makes a class in both ways."""
    makers = (dataclasses.dataclass, ours.dataclass)
    return lambda body: [made(maker, body, request.param) for maker in makers]


def said(act) -> str:
    """What came out of it, an error with its kind and text."""
    try:
        return repr(act())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def on_each(classes, act) -> str:
    """The answer, when it is the same for the standard library's class and ours."""
    theirs, own = (said(lambda one=one: act(one)) for one in classes)
    assert own == theirs
    return own


def test_fields_are_set_shown_and_required_alike(both):
    classes = both(Plain)

    assert "tags=['x']" in on_each(classes, lambda one: one(name="a", tags=["x"], secret="s"))
    assert "missing" in on_each(classes, lambda one: one())
    assert "unexpected" in on_each(classes, lambda one: one(name="a", seen=2))
    on_each(classes, lambda one: one("a", 2))
    on_each(classes, lambda one: one("a", 2, [], "", "", 7))
    on_each(classes, lambda one: one(name="a").doubled())
    on_each(classes, lambda one: (one.shared, one.__match_args__, one.__doc__, one.__name__))


def test_a_default_that_is_made_is_made_for_each(both):
    for one in both(Plain):
        first, second = one(name="a"), one(name="b")
        first.tags.append("x")
        first.kept.append("y")
        assert (second.tags, second.kept) == ([], [])


def test_comparing_is_alike(both):
    pairs = [
        ({"name": "a"}, {"name": "a"}),
        ({"name": "a"}, {"name": "b"}),
        ({"name": "a", "place": "x"}, {"name": "a", "place": "y"}),
        ({"name": "a", "secret": "x"}, {"name": "a", "secret": "y"}),
        ({"name": "a", "size": 1}, {"name": "a", "size": 2}),
    ]
    for left, right in pairs:
        on_each(both(Plain), lambda one, a=left, b=right: one(**a) == one(**b))
        on_each(both(Plain), lambda one, a=left, b=right: one(**a) != one(**b))
        on_each(both(Plain), lambda one, a=left, b=right: one(**a) < one(**b))
        on_each(both(Plain), lambda one, a=left, b=right: one(**a) >= one(**b))
    on_each(both(Plain), lambda one: one(name="a") == "a")
    on_each(both(Plain), lambda one: one(name="a") < "a")


@pytest.mark.parametrize("body", [One, Own, Nothing])
def test_hashing_is_alike(both, body):
    given = {One: {"value": (1, 2)}, Own: {"left": 1}, Nothing: {}}[body]
    classes = both(body)
    theirs, own = (said(lambda one=one: hash(one(**given)) and "hashed") for one in classes)

    assert own == theirs
    on_each(classes, lambda one: len({one(**given), one(**given)}))
    on_each(classes, lambda one: one.__hash__ is None)
    on_each(classes, lambda one: (one(**given), one(**given) == one(**given)))


def test_what_cannot_be_hashed_says_so(both):
    on_each(both(Plain), lambda one: {one(name="a", tags=["x"]): 1} and "hashed")


def test_a_frozen_one_refuses_every_change(both):
    classes = both(Plain)

    def change(one, act):
        thing = one(name="a")
        act(thing)
        return thing

    on_each(classes, lambda one: change(one, lambda thing: setattr(thing, "size", 9)))
    on_each(classes, lambda one: change(one, lambda thing: delattr(thing, "size")).name)


def test_copies_are_alike(both):
    for act in (copy.copy, copy.deepcopy, dataclasses.asdict, dataclasses.astuple):
        shown = on_each(both(Plain), lambda one, act=act: act(one(name="a", tags=["x"], size=4)))
        assert "'x'" in shown
    on_each(both(Plain), lambda one: ours.replace(one(name="a"), size=4))
    on_each(both(Plain), lambda one: ours.replace(one(name="a"), seen=4))
    on_each(both(Plain), lambda one: [each.name for each in ours.fields(one)])


def test_names_of_fields_do_not_meet_those_of_the_compiled_text(both):
    shown = on_each(both(Late), lambda one: one(MISSING=1, name=2, set_name=3, after=6))

    assert shown == "Late(MISSING=1, name=2, default_name=[], set_name=3, after=7)"


@ours.dataclass(frozen=True, slots=True)
class Kept:
    a: int
    b: tuple[int, ...] = ()


def test_a_frozen_one_survives_a_pickle():
    assert pickle.loads(pickle.dumps(Kept(1, (2,)))) == Kept(1, (2,))


@ours.dataclass(frozen=True)
class Base:
    a: int


@ours.dataclass(frozen=True)
class Child(Base):
    b: int = 2

    @cached_property
    def total(self) -> int:
        return self.a + self.b


def test_a_child_has_the_fields_of_its_parent_first():
    child = Child(1, b=3)

    assert (repr(child), child.total) == ("Child(a=1, b=3)", 4)
    assert child != Base(1)
    assert Base(1) != child


@ours.dataclass
class Node:
    next: Node | None = None


def test_what_holds_itself_is_shown_all_the_same():
    node = Node()
    node.next = node

    assert repr(node) == "Node(next=...)"


def test_a_class_without_slots_fills_those_that_it_inherits():
    @ours.dataclass(frozen=True, slots=True)
    class Parent:
        a: int = 1
        b: int = 2

    @ours.dataclass(frozen=True)
    class Child(Parent):
        b: int = 3

    assert (Child().a, Child().b) == (1, 3)
    changed = ours.replace(Child(), a=5, b=6)
    assert (changed.a, changed.b) == (5, 6)
