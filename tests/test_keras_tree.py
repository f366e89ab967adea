"""Nested structures: Keras's answers, written down from Keras 3.15 with optree."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from neurona import tree
from neurona.errors import ArgumentError, DtypeError

Point = namedtuple("Point", "x y")
Place = namedtuple("Place", "x y")


def test_leaves_and_paths():
    assert tree.flatten([[1, 2, 3], [4, [5], [[6]]]]) == [1, 2, 3, 4, 5, 6]
    assert tree.flatten(None) == [None]
    assert tree.flatten(1) == [1]
    assert tree.flatten({100: "world!", 6: "Hello"}) == ["Hello", "world!"]
    assert tree.flatten(OrderedDict([("b", 1), ("a", 2)])) == [1, 2]
    assert tree.flatten(Point(1, deque([2, 3]))) == [1, 2, 3]
    assert tree.flatten_with_path({"a": (1, [None])}) == [(("a", 0), 1), (("a", 1, 0), None)]
    with pytest.raises(ArgumentError, match="keys of a dict must be sortable"):
        tree.flatten({1: 1, "a": 2})


def test_packing_keeps_the_kinds():
    structure = {"key3": {"c": ("alpha", "beta"), "a": "gamma"}, "key1": {"e": 1, "d": 2}}
    assert tree.pack_sequence_as(structure, ["val2", "val1", 3.0, 1.0, 2.0]) == {
        "key3": {"c": (1.0, 2.0), "a": 3.0},
        "key1": {"e": "val1", "d": "val2"},
    }
    assert tree.pack_sequence_as(Point(0, [0]), [1, 2]) == Point(1, [2])
    packed = tree.pack_sequence_as(defaultdict(list, a=1), [5])
    assert (type(packed), packed["missing"]) == (defaultdict, [])
    assert tree.pack_sequence_as(0, [7]) == 7
    with pytest.raises(ArgumentError, match=r"number of leaves. Got 1; expected 2"):
        tree.pack_sequence_as([0, 0], [1])
    with pytest.raises(DtypeError, match="takes a sequence"):
        tree.pack_sequence_as([0], 1)


def test_maps():
    assert tree.map_structure(lambda v: v**2, [[1], [2], (3,)]) == [[1], [4], (9,)]
    assert tree.map_structure(lambda x, y: x * y, {"a": 2}, {"a": 3}) == {"a": 6}
    assert tree.map_structure(lambda v: v, [None, 1], none_is_leaf=False) == [None, 1]
    assert tree.map_structure(lambda v: v is None, [None, 1]) == [True, False]
    assert tree.map_structure(str, Point(1, 2)) == Point("1", "2")
    assert list(tree.map_structure(str, {"b": 1, "a": 2})) == ["b", "a"]
    assert tree.map_structure_up_to([None, None], len, [[1, 1], [2, 2]]) == [2, 2]
    deep = tree.map_structure_up_to([None, [None, None]], str, [[1, 1], [2, 2]])
    assert deep == ["[1, 1]", ["2", "2"]]
    assert tree.map_shape_structure(list, [(1, None), {"a": [2]}]) == [[1, None], {"a": [2]}]
    with pytest.raises(ArgumentError, match="don't have the same nested structure"):
        tree.map_structure(max, [1], (1,))
    with pytest.raises(ArgumentError, match="same nested structure"):
        tree.map_structure_up_to([None, [None]], str, [1, 2])
    for wrong in (
        lambda: tree.map_structure(3, [1]), lambda: tree.map_structure(str),
        lambda: tree.map_structure_up_to([None], 3, [1]), lambda: tree.traverse(3, [1]),
        lambda: tree.map_shape_structure(3, [1]), lambda: tree.map_shape_structure(str, "x"),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            wrong()


def test_what_is_the_same():
    tree.assert_same_structure({"a": (1, 2)}, {"a": (3, "x")})
    tree.assert_same_structure(OrderedDict(a=1), {"a": 2})
    tree.assert_same_paths([0, 1], (2, 3))
    tree.assert_same_paths(Point(0, 1), Place(2, 3))
    for a, b in (
        ([1], (1,)), ([1], [1, 2]), ({"a": 1}, {"b": 1}), ([1], 1), (Point(0, 1), Place(0, 1)),
        ([deque([1])], [[1]]),
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match="same nested structure"):
            tree.assert_same_structure(a, b)
    with pytest.raises(ArgumentError, match=r"at \['a', 0\]"):
        tree.assert_same_structure({"a": [[1]]}, {"a": [1]})
    with pytest.raises(ArgumentError, match="same nested structure"):
        tree.assert_same_paths([0, 1], {"a": 0, "b": 1})


def test_traversing():
    seen = []
    whole = [(1, 2), [3], {"a": 4}]
    assert tree.traverse(seen.append, whole, top_down=True) == whole
    assert seen == [whole, (1, 2), 1, 2, [3], 3, {"a": 4}, 4]
    seen.clear()
    assert tree.traverse(seen.append, whole, top_down=False) == whole
    assert seen == [1, 2, (1, 2), 3, [3], 4, {"a": 4}, whole]
    cut = tree.traverse(lambda x: "cut" if isinstance(x, tuple) else None, whole)
    assert cut == ["cut", [3], {"a": 4}]
    gone = tree.traverse(lambda x: tree.MAP_TO_NONE if x == 3 else None, whole)
    assert gone == [(1, 2), [None], {"a": 4}]
    assert tree.lists_to_tuples([[1], {"a": [2]}, Point([3], 4)]) == (
        (1,),
        {"a": (2,)},
        Point((3,), 4),
    )
    assert tree.is_nested({"a": 1})
    assert not tree.is_nested(42)
