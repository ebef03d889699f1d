"""Labels, columns and values can be given in any container of the right shape."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae._interventions.pipeline import intervene, swap, traverse


@pytest.fixture(scope="module")
def frame(blobs):
    return pd.DataFrame(blobs[0], columns=list("wxyz"))


@pytest.fixture(scope="module")
def labels(blobs):
    """Two labels: integers, and strings."""
    X, y = blobs
    return pd.DataFrame({"a": y, "b": np.array(["u", "v"])[(X[:, 0] > 0).astype(int)]})


@pytest.fixture(scope="module")
def model(frame, labels, quick_classifier):
    return quick_classifier().fit(frame, labels)


@pytest.fixture(scope="module")
def pipeline(frame, labels, quick_classifier):
    return make_pipeline(StandardScaler(), quick_classifier()).fit(frame, labels)


# labels


PAIRS_OF_LABELS = {
    "names": np.array(["a", "b"]),
    "indices": np.array([0, 1]),
    "objects": np.array(["a", 1], dtype=object),
    "list of NumPy's integers": [np.int64(0), np.int32(1)],
    "Index": pd.Index(["a", "b"]),
    "Series": pd.Series(["a", "b"], index=[7, 5]),
    "polars": pl.Series(["a", "b"]),
    "tensor": torch.tensor([0, 1]),
}


@pytest.mark.parametrize("label", PAIRS_OF_LABELS.values(), ids=PAIRS_OF_LABELS)
def test_a_grid_accepts_labels_in_any_sequence(label, model, pipeline, frame):
    X = frame[:4]
    expected = model.traverse(X, ["a", "b"], steps=2)
    np.testing.assert_array_equal(model.traverse(X, label, steps=2), expected)
    assert traverse(pipeline, X, label, steps=2).shape == expected.shape


@pytest.mark.parametrize(
    "label", [np.array("a"), np.array(0), np.str_("a"), np.int64(0), torch.tensor(0)]
)
def test_one_label_may_be_a_scalar_of_numpy(label, model, frame):
    X = frame[:4]
    expected = model.traverse(X, "a", steps=2)
    np.testing.assert_array_equal(model.traverse(X, label, steps=2), expected)
    pd.testing.assert_frame_equal(
        model.swap(X, X[::-1], label), model.swap(X, X[::-1], "a")
    )


@pytest.mark.parametrize(
    "chosen", [np.array(["a"]), np.array([0]), pd.Index(["a"]), ("a",), {"a"}, ["a", "a"]]
)
def test_swap_accepts_labels_in_any_collection(chosen, model, pipeline, frame):
    donors = frame[::-1]
    expected = model.swap(frame, donors, "a")
    pd.testing.assert_frame_equal(model.swap(frame, donors, chosen), expected)
    assert swap(pipeline, frame, donors, chosen).shape == expected.shape


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"a", "b"}, "label must be one label, or a list of two"),
        (["a", "b", "a"], "label must be one label, or a list of two"),
        (np.array([]), "label must be one label, or a list of two"),
        (np.array([["a", "b"]]), "label must be a name or an index, or a flat list"),
        ({"a": 0, "b": 1}, "label must be a name or an index, or a flat list"),
        ([True, False], "label is a mask of bools"),
        (None, "None is not a label"),
        (0.5, r"0\.5 is not a label"),
        (["a", 0], "label names the same label twice"),
    ],
)
def test_labels_that_do_not_define_a_line_or_a_grid_are_refused(
    label, message, model, frame
):
    with pytest.raises(ValueError, match=message):
        model.traverse(frame, label)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (np.array([[0]]), "labels must be a name or an index, or a flat list"),
        (np.array([], dtype=int), "labels is empty"),
        (1.0, r"1\.0 is not a label"),
        ([True, False], "labels is a mask of bools"),
    ],
)
def test_swap_refuses_everything_else(chosen, message, model, frame):
    with pytest.raises(ValueError, match=message):
        model.swap(frame, frame, chosen)


def test_integers_are_names_first(blobs, quick_classifier):
    X, y = blobs
    binary = (X[:, 0] > 0).astype(int) + 5
    model = quick_classifier().fit(X, pd.DataFrame({1: y, 0: binary}))
    assert model.label_names_ == ["1", "0"]
    first, second = model.intervene(X, {"1": 2}), model.intervene(X, {"0": 5})
    for label in (1, np.int64(1)):
        np.testing.assert_array_equal(model.intervene(X, {label: 2}), first)
    np.testing.assert_array_equal(model.intervene(X, {0: 5}), second)
    methods = {0: "mean", 1: "transport"}
    np.testing.assert_array_equal(
        model.intervene(X, {1: 2, 0: 5}, method=methods),
        model.intervene(X, {"1": 2, "0": 5}, method={"0": "mean", "1": "transport"}),
    )
    np.testing.assert_array_equal(model.swap(X, X[::-1], 1), model.swap(X, X[::-1], "1"))
    np.testing.assert_array_equal(
        model.traverse(X, [1, 0], steps=2), model.traverse(X, ["1", "0"], steps=2)
    )
    with pytest.raises(ValueError, match="5 is not a value of 1"):
        model.intervene(X, {1: 5})


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_the_only_label_needs_no_name_even_if_it_is_an_integer(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier().fit(X, pd.DataFrame({3: y}))
    np.testing.assert_array_equal(model.intervene(X, 2), model.intervene(X, {3: 2}))
    with pytest.raises(ValueError, match="0 is not a label"):
        model.intervene(X, {0: 2})


# values of a traversal


@pytest.mark.parametrize(
    "values",
    [np.array([2, 0]), pd.Series([2, 0], index=[9, 3]), pl.Series([2, 0]), [2, 0]],
)
def test_both_ends_may_be_given_in_any_sequence(values, model, frame):
    np.testing.assert_array_equal(
        model.traverse(frame, "a", values=values, steps=2),
        model.traverse(frame, "a", values=(2, 0), steps=2),
    )


GRIDS = {
    "array": np.array([[2, 1], ["u", "v"]], dtype=object),
    "arrays": (np.array([2, 1]), np.array(["u", "v"])),
    "frame": pd.DataFrame([[2, 1], ["u", "v"]]),
    "None for one label": [(2, 1), None],
}


@pytest.mark.parametrize("values", GRIDS.values(), ids=GRIDS)
def test_the_ends_of_a_grid_may_be_given_in_any_sequence(values, model, frame):
    np.testing.assert_array_equal(
        model.traverse(frame[:4], ["a", "b"], values=values, steps=2),
        model.traverse(frame[:4], ["a", "b"], values=[(2, 1), ("u", "v")], steps=2),
    )


def test_an_array_of_numbers_gives_the_ends_of_a_grid(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier().fit(X, np.column_stack([y, y % 2]))
    np.testing.assert_array_equal(
        model.traverse(X[:4], [0, 1], values=np.array([[2, 0], [1, 0]]), steps=2),
        model.traverse(X[:4], [0, 1], values=[(2, 0), (1, 0)], steps=2),
    )


@pytest.mark.parametrize(
    ("label", "values", "message"),
    [
        ("b", {"u", "v"}, "values must be a pair of values of 'b'"),
        ("b", "uv", "values must be a pair of values of 'b', got 'uv'"),
        ("a", np.array([[0, 1]]), "values must be a pair of values of 'a'"),
        ("a", [[0], [1]], "values must be a pair of values of 'a'"),
        ("a", np.array(0), "values must be a pair of values of 'a'"),
        (["a", "b"], np.array([0, 1]), "values must be a pair of values of 'a', got"),
        (["a", "b"], {"a": (0, 1), "b": ("u", "v")}, "values must be two pairs"),
        (["a", "b"], np.zeros((3, 2)), "values must be two pairs"),
    ],
)
def test_values_that_are_not_pairs_are_refused(label, values, message, model, frame):
    with pytest.raises(ValueError, match=re.escape(message)):
        model.traverse(frame, label, values=values)


# columns


COLUMNS = {
    "array": np.array(["w", "x"]),
    "positions": np.array([0, 1]),
    "range": range(2),
    "Index": pd.Index(["w", "x"]),
    "tuple": ("w", "x"),
    "set": {"w", "x"},
    "frozenset": frozenset(["w", "x"]),
    "keys": {"w": 0, "x": 0}.keys(),
    "Series": pd.Series(["w", "x"], index=[3, 8]),
    "mixed": np.array(["w", 1], dtype=object),
}


@pytest.mark.parametrize("keep", COLUMNS.values(), ids=COLUMNS)
def test_columns_are_kept_in_any_collection(keep, model, pipeline, frame):
    for new in (
        model.intervene(frame, {"a": 1}, keep=keep, strength=1),
        intervene(pipeline, frame, {"a": 1}, keep=keep, strength=1),
        model.swap(frame, frame[::-1], keep=keep),
    ):
        assert (new[["w", "x"]] == frame[["w", "x"]]).all(axis=None)
        assert (new["y"] != frame["y"]).any()


@pytest.mark.parametrize("keep", [np.array("w"), np.array(0), np.str_("w"), np.int8(0)])
def test_a_scalar_of_numpy_keeps_one_column(keep, model, frame):
    new = model.intervene(frame, {"a": 1}, keep=keep)
    assert (new["w"] == frame["w"]).all()
    assert (new["x"] != frame["x"]).any()


def test_a_tuple_that_is_the_name_of_a_column_is_one_name(
    frame, labels, quick_classifier
):
    names = pd.MultiIndex.from_tuples([("p", "q"), ("p", "r"), ("q", "p"), ("q", "q")])
    X = frame.set_axis(names, axis=1)
    new = quick_classifier().fit(X, labels["a"]).intervene(X, 1, keep=("p", "q"))
    changed = (new.to_numpy() != X.to_numpy()).any(axis=0)
    assert changed.tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (np.array([True, False, False, False]), "keep is a mask of bools"),
        ({"w": 1}, "keep must be a name or an index, or a flat list"),
        ([["w", "x"]], "keep must be a name or an index, or a flat list"),
        (np.array([["w"]]), "keep must be a name or an index, or a flat list"),
        (np.array([0.0]), "keep names"),
    ],
)
def test_other_columns_to_keep_are_refused(keep, message, model, frame):
    with pytest.raises(ValueError, match=message):
        model.intervene(frame, {"a": 1}, keep=keep)


@pytest.mark.parametrize(
    "pair",
    [
        np.array([-1, 1]),
        pd.Series([-1, 1], index=[5, 6]),
        (np.float32(-1), np.int8(1)),
        (np.array(-1), np.array(1)),
        np.array([-1, 1], dtype=object),
        torch.tensor([-1.0, 1.0]),
    ],
)
@pytest.mark.parametrize("column", ["w", np.str_("w"), np.int64(0)])
def test_bounds_may_be_arrays(column, pair, model, frame):
    new = model.intervene(frame, {"a": 1}, bounds={column: pair})
    assert new["w"].between(-1, 1).all()


@pytest.mark.parametrize(
    "pair", [{0, 1}, "01", ((0, 1), 2), np.zeros((1, 2)), (0, 10**400), (0, np.nan), (0,)]
)
def test_bounds_that_are_not_pairs_of_numbers_are_refused(pair, model, frame):
    with pytest.raises(ValueError, match="must give a pair"):
        model.intervene(frame, {"a": 1}, bounds={"w": pair})


@pytest.mark.parametrize("sign", [np.int64(1), np.array(1), 1.0])
def test_a_direction_may_be_a_scalar_of_numpy(sign, model, frame):
    new = model.intervene(frame, {"a": 1}, direction={np.str_("w"): sign})
    assert (new["w"] >= frame["w"]).all()


@pytest.mark.parametrize(
    "sign", [np.array([1]), np.array([1, 1]), [[1], [1, 1]], None, 2]
)
def test_other_directions_are_refused(sign, model, frame):
    with pytest.raises(ValueError, match="must be 1, if the column may only increase"):
        model.intervene(frame, {"a": 1}, direction={"w": sign})


@pytest.mark.parametrize(
    "limits", [{"bounds": {"w": (0, 1), 0: (0, 2)}}, {"direction": {"w": 1, 0: -1}}]
)
def test_limits_of_one_column_given_twice_are_refused(limits, model, frame):
    with pytest.raises(ValueError, match="names column 'w' twice"):
        model.intervene(frame, {"a": 1}, **limits)


@pytest.mark.parametrize("argument", ["bounds", "direction"])
def test_limits_that_are_not_dicts_are_refused_in_one_line(argument, model, frame):
    with pytest.raises(ValueError, match=f"{argument} must be a dict") as error:
        model.intervene(frame, {"a": 1}, **{argument: frame})
    assert "\n" not in str(error.value)


# requested values


VALUES = {
    "shuffled index": lambda y: y.set_axis(y.index[::-1]),
    "Int64": lambda y: y.astype("Int64"),
    "categories": lambda y: y.astype("category"),
    "Categorical": lambda y: pd.Categorical(y),
    "polars": lambda y: pl.Series(y.tolist()),
    "tuple": tuple,
    "objects": lambda y: y.to_numpy(dtype=object),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("label", ["a", np.str_("a"), np.int64(0)])
def test_values_may_be_given_in_any_sequence(label, values, model, frame, labels):
    y = labels["a"]
    pd.testing.assert_frame_equal(
        model.intervene(frame, {label: values(y)}, strength=1),
        model.intervene(frame, {"a": y.to_numpy()}, strength=1),
    )


@pytest.mark.parametrize("value", [np.array(1), np.int8(1), 1.0])
def test_one_value_may_be_a_scalar_of_numpy(value, model, frame):
    pd.testing.assert_frame_equal(
        model.intervene(frame, {"a": value}), model.intervene(frame, {"a": 1})
    )


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2], [3]],
        [[1]] * 60,
        {1},
        [{}] * 60,
        [1, 2],
        np.zeros((60, 1)),
        pd.DataFrame(),
    ],
)
def test_values_that_are_neither_one_nor_one_per_sample_are_refused(value, model, frame):
    with pytest.raises(ValueError, match="do must give one value of 'a', or one for"):
        model.intervene(frame, {"a": value})


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, "1", b"1", -1])
def test_values_that_the_label_does_not_have_are_refused(value, model, frame):
    with pytest.raises(ValueError, match=r"is not a value of a.*\[0, 1, 2\]"):
        model.intervene(frame, {"a": value})


def test_a_table_of_values_is_refused_in_one_line(model, frame, labels):
    with pytest.raises(ValueError, match=r"do must be a dict \{label: value\}") as error:
        model.intervene(frame, labels)
    assert "\n" not in str(error.value)


# methods


@pytest.mark.parametrize(
    "method",
    [
        {np.str_("a"): np.str_("mean"), np.int64(1): "transport"},
        {"a": np.array("mean"), "b": "transport"},
    ],
)
def test_methods_may_be_scalars_of_numpy(method, model, frame):
    do = {"a": 1, "b": "u"}
    pd.testing.assert_frame_equal(
        model.intervene(frame, do, method=method),
        model.intervene(frame, do, method={"a": "mean", "b": "transport"}),
    )


@pytest.mark.parametrize("position", [np.float32(0.5), np.array(0.5)])
def test_a_position_may_be_a_scalar_of_numpy(position, model, frame):
    pd.testing.assert_frame_equal(
        model.intervene(frame, {"a": 1}, method={"a": position}),
        model.intervene(frame, {"a": 1}, method={"a": 0.5}),
    )


@pytest.mark.parametrize("kind", [pd.Series, pl.Series, list, tuple])
def test_latents_may_be_given_in_any_sequence(kind, model, frame):
    latents = [0.5] * model.label_dim_
    pd.testing.assert_frame_equal(
        model.intervene(frame, {"a": 1}, method={"a": kind(latents)}),
        model.intervene(frame, {"a": 1}, method={"a": np.array(latents)}),
    )


@pytest.mark.parametrize(
    "latents", [["x", "y", "z"], [[1], [1, 2]], np.zeros(3, complex), None, {1.0}]
)
def test_everything_else_that_is_not_latents_is_refused(latents, model, frame):
    with pytest.raises(ValueError, match="method for 'a' must hold finite latents"):
        model.intervene(frame, {"a": 1}, method={"a": latents})


def test_two_methods_for_one_label_are_refused(model, frame):
    with pytest.raises(ValueError, match="method names the label 'a' twice"):
        model.intervene(frame, {"a": 1}, method={"a": "mean", 0: "sample"})


# numbers, and draws


@pytest.mark.parametrize("strength", [np.float32(0.5), np.float64(0.5), 1 / 2])
def test_a_strength_may_be_any_number(strength, model, frame):
    pd.testing.assert_frame_equal(
        model.intervene(frame, {"a": 1}, strength=strength),
        model.intervene(frame, {"a": 1}, strength=0.5),
    )


@pytest.mark.parametrize("strength", [-0.5, np.inf, np.nan, True, "1", None, [0.5]])
def test_other_strengths_are_refused(strength, model, frame):
    message = f"'strength' parameter of intervene must be a float.*Got {strength!r}"
    with pytest.raises(ValueError, match=re.escape(message).replace(r"\.\*", ".*")):
        model.intervene(frame, {"a": 1}, strength=strength)


def test_a_bad_random_state_is_refused_even_if_nothing_is_drawn(model, frame):
    with pytest.raises(ValueError, match="cannot be used to seed"):
        model.intervene(frame, {"a": 1}, random_state="zero")
