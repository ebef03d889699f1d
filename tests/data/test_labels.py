"""Ways to write y: all of them give the same model, and classes of their own type."""

import enum

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.exceptions import DataConversionWarning

from sklearn_revae import ReVAEClassifier
from sklearn_revae._data.labels import LabelCodes
from sklearn_revae.datasets import mask_labels
from sklearn_revae.persistence import load, save

NAMES = np.array(["ant", "bee", "cat"])


def _listed(y, values, unlabeled):
    """List of `values[y]`, with `unlabeled` where y is -1."""
    return [unlabeled if code < 0 else values[code] for code in y]


def _objects(y, values, unlabeled):
    """The same list as an array of objects."""
    result = np.empty(len(y), dtype=object)
    result[:] = _listed(y, values, unlabeled)
    return result


# For each way to write the codes 0, 1, 2 and -1 for unlabelled: a function that does it,
# the classes, and `unlabeled_value`.
WAYS = {
    "floats with -1": (lambda y: y.astype(float), [0.0, 1.0, 2.0], -1),
    "floats with NaN": (lambda y: np.where(y < 0, np.nan, y), [0.0, 1.0, 2.0], -1),
    "small ints": (lambda y: y.astype(np.int8), [0, 1, 2], -1),
    "list of ints": (lambda y: y.tolist(), [0, 1, 2], -1),
    "list of ints with None": (
        lambda y: [None if code < 0 else int(code) for code in y],
        [0, 1, 2],
        -1,
    ),
    "other unlabelled int": (lambda y: np.where(y < 0, 0, y + 1), [1, 2, 3], 0),
    "ints below zero": (lambda y: np.where(y < 0, 99, y - 1), [-1, 0, 1], 99),
    "strings marked ?": (lambda y: np.where(y < 0, "?", NAMES[y]), NAMES, "?"),
    "objects with None": (lambda y: _objects(y, NAMES.tolist(), None), NAMES, -1),
    "objects with NaN": (lambda y: _objects(y, NAMES.tolist(), np.nan), NAMES, -1),
    "objects with -1": (lambda y: _objects(y, NAMES.tolist(), -1), NAMES, -1),
    "objects of ints": (lambda y: _objects(y, [4, 5, 6], None), [4, 5, 6], None),
    "list of strings with None": (
        lambda y: _objects(y, NAMES.tolist(), None).tolist(),
        NAMES,
        -1,
    ),
    "list of strings with NaN": (
        lambda y: _objects(y, NAMES.tolist(), float("nan")).tolist(),
        NAMES,
        -1,
    ),
    "Series of strings": (
        lambda y: pd.Series(_objects(y, NAMES.tolist(), None)),
        NAMES,
        -1,
    ),
    "Series of pandas strings": (
        lambda y: pd.Series(_objects(y, NAMES.tolist(), None), dtype="string"),
        NAMES,
        -1,
    ),
    "Series of categories": (
        lambda y: pd.Series(_objects(y, NAMES.tolist(), None), dtype="category"),
        NAMES,
        -1,
    ),
    "Categorical": (
        lambda y: pd.Categorical(_objects(y, NAMES.tolist(), None)),
        NAMES,
        -1,
    ),
    "Series of nullable ints": (
        lambda y: pd.Series(_objects(y, [0, 1, 2], pd.NA), dtype="Int64"),
        [0, 1, 2],
        -1,
    ),
    "Series of nullable ints with -1": (
        lambda y: pd.Series(y, dtype="Int64"),
        [0, 1, 2],
        -1,
    ),
    "pandas array of nullable ints": (
        lambda y: pd.array(_listed(y, [0, 1, 2], None), dtype="Int64"),
        [0, 1, 2],
        -1,
    ),
    "Index of nullable ints": (
        lambda y: pd.Index(_listed(y, [0, 1, 2], None), dtype="Int64"),
        [0, 1, 2],
        -1,
    ),
    "Series of int categories": (
        lambda y: pd.Series(pd.Categorical(_listed(y, [0, 1, 2], None))),
        [0, 1, 2],
        -1,
    ),
    "Categorical of ints": (
        lambda y: pd.Categorical(_listed(y, [0, 1, 2], None)),
        [0, 1, 2],
        -1,
    ),
    "list of ints with NaN": (
        lambda y: _listed(y, [0, 1, 2], float("nan")),
        [0, 1, 2],
        -1,
    ),
    "polars ints with nulls": (
        lambda y: pl.Series(_listed(y, [0, 1, 2], None)),
        [0, 1, 2],
        -1,
    ),
    "polars ints of 128 bits": (
        lambda y: pl.Series(y.tolist(), dtype=pl.Int128),
        [0, 1, 2],
        -1,
    ),
    "polars strings with nulls": (
        lambda y: pl.Series(_listed(y, NAMES.tolist(), None)),
        NAMES,
        -1,
    ),
    "polars categories with nulls": (
        lambda y: pl.Series(_listed(y, NAMES.tolist(), None), dtype=pl.Categorical),
        NAMES,
        -1,
    ),
    "tensor": (lambda y: torch.tensor(y), [0, 1, 2], -1),
    "tensor of bfloat16 with a gradient": (
        lambda y: torch.tensor(y, dtype=torch.bfloat16, requires_grad=True),
        [0.0, 1.0, 2.0],
        -1,
    ),
    "list of tensors": (lambda y: list(torch.tensor(y)), [0, 1, 2], -1),
}


@pytest.fixture(scope="module")
def plain(few_blobs, quick_classifier):
    return quick_classifier().fit(*few_blobs)


@pytest.mark.parametrize("marker", [[-1], {-1, -2}, np.array([-1, 9]), True, object()])
def test_what_cannot_mark_an_entry_is_refused(marker, few_blobs, quick_classifier):
    message = "unlabeled_value=.* must be a number, a string or None"
    with pytest.raises(ValueError, match=message):
        quick_classifier(unlabeled_value=marker).fit(*few_blobs)
    with pytest.raises(ValueError, match=message):
        mask_labels(few_blobs[1], 1, unlabeled_value=marker)


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_to_write_y_train_the_same_model(
    way, plain, few_blobs, quick_classifier
):
    X, y = few_blobs
    write, classes, marker = WAYS[way]
    model = quick_classifier(unlabeled_value=marker).fit(X, write(y))
    np.testing.assert_array_equal(model.classes_, classes)
    assert model.classes_.dtype.kind == np.asarray(classes).dtype.kind
    np.testing.assert_array_equal(model.predict(X), model.classes_[plain.predict(X)])
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    "y",
    [
        np.array([True, False] * 5),
        [True, False, None, True, False] * 2,
        pd.Series([True, False, pd.NA, True, False] * 2, dtype="boolean"),
        [True, False, float("nan"), True, False] * 2,
        pl.Series([True, False, None, True, False] * 2),
        torch.tensor([True, False] * 5),
    ],
    ids=["array", "None", "nullable Series", "NaN", "polars", "tensor"],
)
def test_bools_are_predicted_as_bools(y, blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier().fit(X, y)
    np.testing.assert_array_equal(model.classes_, [False, True])
    assert model.predict(X).dtype == bool


@pytest.mark.parametrize("cell", [bool, np.bool_])
def test_false_is_a_class_even_if_zero_marks_unlabelled(cell, blobs, quick_classifier):
    X = blobs[0][:10]
    y = [cell(True), cell(False), None] * 3 + [cell(True)]
    model = quick_classifier(unlabeled_value=0).fit(X, y)
    np.testing.assert_array_equal(model.classes_, [False, True])


def test_minus_one_is_a_class_if_none_marks_unlabelled(blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier(unlabeled_value=None).fit(X, [-1, 1] * 5)
    np.testing.assert_array_equal(model.classes_, [-1, 1])
    assert set(model.predict(X)) <= {-1, 1}


def test_a_string_minus_one_is_a_class_if_none_marks_unlabelled(blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier(unlabeled_value=None).fit(X, ["-1", "1"] * 5)
    np.testing.assert_array_equal(model.classes_, ["-1", "1"])


@pytest.mark.parametrize(
    "y",
    [
        ["a", "b", -1] * 3,
        ["a", "b", -1.0] * 3,
        np.array(["a", "b", -1] * 3),
        pd.Series(["a", "b", "-1"] * 3),
        pd.Series(["a", "b", -1.0] * 3).astype(str),
    ],
    ids=["list", "list of floats", "array", "Series", "Series of floats"],
)
def test_a_marker_that_became_a_string_raises_and_says_what_to_write(
    y, blobs, quick_classifier
):
    with pytest.raises(ValueError, match="dtype=object"):
        quick_classifier().fit(blobs[0][:9], y)


@pytest.mark.parametrize(
    "y", [[0, 1, -1], [0, None, -1], np.array([[0, 1, -1], [1, 0, 1]], float).T]
)
def test_a_marker_that_should_be_a_number_raises_and_says_what_to_write(y):
    with pytest.raises(ValueError, match=r"holds the number -1.*unlabeled_value=-1"):
        LabelCodes("-1").fit(y)
    assert len(LabelCodes("none").fit(y).classes_[0]) > 1


def test_strings_beside_numbers_raise(blobs, quick_classifier):
    y = np.array(["a", 1, None] * 3, dtype=object)
    with pytest.raises(ValueError, match="both strings and other values"):
        quick_classifier().fit(blobs[0][:9], y)


def test_the_columns_of_a_frame_name_the_labels(two_labels, quick_classifier):
    X, y = two_labels
    frame = pd.DataFrame(y, columns=["place", "size"])
    assert quick_classifier().fit(X, frame).label_names_ == ["place", "size"]


def test_the_name_of_a_series_names_the_label(few_blobs, quick_classifier):
    X, y = few_blobs
    assert quick_classifier().fit(X, pd.Series(y, name="kind")).label_names_ == ["kind"]


def test_labels_without_names_are_numbered(two_labels_model):
    assert two_labels_model.label_names_ == ["label_0", "label_1"]


def test_a_frame_trains_the_same_model_as_its_cells(two_labels, quick_classifier):
    X, y = two_labels
    frame = pd.DataFrame(
        {
            "place": pd.Categorical(np.where(y[:, 0] == -1, None, y[:, 0])),
            "size": pd.Series(y[:, 1].astype(int)).replace(-1, pd.NA).astype("Int64"),
        }
    )
    by_frame = quick_classifier().fit(X, frame)
    by_array = quick_classifier().fit(X, y)
    for classes, expected in zip(by_frame.classes_, by_array.classes_, strict=True):
        np.testing.assert_array_equal(classes, expected)
    np.testing.assert_array_equal(by_frame.transform(X), by_array.transform(X))


def test_several_labels_have_a_list_of_classes(two_labels_model):
    words, numbers = two_labels_model.classes_
    np.testing.assert_array_equal(words, ["left", "middle", "right"])
    np.testing.assert_array_equal(numbers, [5, 6])


def test_strings_and_integers_are_predicted_as_such(two_labels, two_labels_model):
    predicted = two_labels_model.predict(two_labels[0])
    assert predicted.shape == (60, 2)
    assert {type(value) for value in predicted[:, 0]} == {str}
    assert all(isinstance(value, (int, np.integer)) for value in predicted[:, 1])


INTEGERS = [3, 4, None, 3]
# For each way to write several labels: y, and the expected types of the classes.
SEVERAL = {
    "nested lists": ([["a", 1], ["b", 2], [None, 1], ["a", None]], "Ui"),
    "nested lists of ints and bools": (
        [[1, True], [2, False], [1, None], [2, True]],
        "ib",
    ),
    "nested lists with NaN": ([[1, 3], [2, float("nan")], [1, 4], [2, 3]], "ii"),
    "frame of ints and floats": (
        pd.DataFrame({"u": [1, 2, 1, 2], "v": [0.0, np.nan, 1.0, 1.0]}),
        "if",
    ),
    "frame of ints and nullable ints": (
        pd.DataFrame({"u": [1, 2, 1, 2], "v": pd.array(INTEGERS, dtype="Int64")}),
        "ii",
    ),
    "frame of ints and bools": (
        pd.DataFrame({"u": [1, 2, 1, 2], "v": [True, False, True, True]}),
        "ib",
    ),
    "frame of int categories": (
        pd.DataFrame({"u": pd.Categorical(INTEGERS), "v": ["x", "y", None, "x"]}),
        "iU",
    ),
    "polars ints": (pl.DataFrame({"u": INTEGERS, "v": [1, 2, 1, None]}), "ii"),
    "polars ints, bools and floats": (
        pl.DataFrame(
            {"u": INTEGERS, "v": [True, None, False, True], "w": [0.0, 1, 0, 1]}
        ),
        "ibf",
    ),
    "masked array": (
        np.ma.masked_equal([[1, 3], [2, 9], [1, 4], [2, 3]], 9),
        "ii",
    ),
    "array of objects": (np.array([[1, True], [2, None]] * 2 + [[1, False]], "O"), "ib"),
    "tensor": (torch.tensor([[1, 3], [2, -1], [1, 4]]), "ii"),
}


@pytest.mark.parametrize("way", SEVERAL)
def test_every_label_keeps_its_own_type(way, blobs, quick_classifier):
    y, kinds = SEVERAL[way]
    X = blobs[0][: len(y)]
    model = quick_classifier().fit(X, y)
    assert "".join(classes.dtype.kind for classes in model.classes_) == kinds
    assert [len(classes) for classes in model.classes_] == [2] * len(kinds)
    assert 0 <= model.score(X, y) <= 1


def test_several_labels_of_integers_are_predicted_as_integers(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier().fit(X, np.stack([y, y == 1], axis=1))
    assert model.predict(X).dtype.kind == "i"


@pytest.mark.parametrize(
    ("other", "kind"), [(np.array([2**63, 1], np.uint64), "O"), ([0.0, 1.0], "O")]
)
def test_large_integers_beside_other_numbers_stay_exact(other, kind):
    y = pd.DataFrame({"large": [2**53 + 1, 5], "other": other})
    labels = LabelCodes().fit(y)
    decoded = labels.decode(labels.encode(y))
    assert decoded.dtype.kind == kind
    assert decoded.tolist() == [[2**53 + 1, other[0]], [5, other[1]]]
    small = y.assign(large=[3, 5], other=[0.0, 1.0])
    assert LabelCodes().fit(small).decode(np.zeros((1, 2), int)).dtype == np.float64


@pytest.mark.parametrize("way", [list, lambda y: np.array(y, dtype=object), pd.Series])
def test_members_of_a_string_enumeration_are_strings(way):
    class Size(str, enum.Enum):  # noqa: UP042
        SMALL = "s"
        LARGE = "large"

    y = way([Size.LARGE, Size.SMALL, Size.LARGE])
    labels = LabelCodes().fit(y)
    assert labels.classes_[0].tolist() == ["large", "s"]
    assert labels.encode(y).ravel().tolist() == [0, 1, 0]


def test_any_cell_may_be_unlabelled(blobs, quick_classifier):
    X, y = blobs
    labels = np.stack([y, y == 1], axis=1)
    labels[0, 0] = labels[1, 1] = -1
    labels[2] = -1
    first, second = quick_classifier().fit(X, labels).classes_
    np.testing.assert_array_equal(first, [0, 1, 2])
    np.testing.assert_array_equal(second, [0, 1])


def test_a_single_column_is_one_label_and_causes_a_warning(few_blobs, quick_classifier):
    X, y = few_blobs
    with pytest.warns(DataConversionWarning, match="column-vector") as caught:
        model = quick_classifier().fit(X, y[:, None])
    assert [w.filename for w in caught if w.category is DataConversionWarning] == [
        __file__
    ]
    assert model.predict(X).shape == (60,)


def test_y_without_any_label_raises(blobs, quick_classifier):
    X, y = blobs
    with pytest.raises(ValueError, match=r"no labelled sample.*ReVAETransformer"):
        quick_classifier().fit(X, np.full_like(y, -1))


def test_a_label_without_any_class_raises_and_is_named(two_labels, quick_classifier):
    X, y = two_labels
    y = y.copy()
    y[:, 1] = None
    with pytest.raises(ValueError, match=r"no labelled sample.*label_1"):
        quick_classifier().fit(X, y)


def test_a_transformer_treats_y_without_any_label_as_none(blobs, quick_transformer):
    X, y = blobs
    without = quick_transformer().fit(X).transform(X)
    unlabelled = quick_transformer().fit(X, np.full_like(y, -1)).transform(X)
    np.testing.assert_array_equal(unlabelled, without)


def test_a_transformer_refuses_a_label_without_any_class_among_several(
    two_labels, quick_transformer
):
    X, y = two_labels
    y = y.copy()
    y[:, 1] = None
    with pytest.raises(ValueError, match=r"label_1.*leave that column of y out"):
        quick_transformer().fit(X, y)


def test_a_classifier_needs_y(blobs, quick_classifier):
    with pytest.raises(ValueError, match="requires y to be passed"):
        quick_classifier().fit(blobs[0], None)


def test_infinite_y_raises(blobs, quick_classifier):
    X, y = blobs
    y = y.astype(float)
    y[3] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        quick_classifier().fit(X, y)


@pytest.mark.parametrize("unknown", [-1, None])
def test_continuous_y_raises(unknown, blobs, quick_classifier):
    X = blobs[0]
    y = X[:, 0].astype(object)
    y[0] = unknown
    with pytest.raises(ValueError, match=r"Unknown label type.*ReVAERegressor learns"):
        quick_classifier().fit(X, y)


def test_a_warning_of_many_classes_points_at_the_line_of_the_user(
    blobs, quick_classifier
):
    with pytest.warns(UserWarning, match="unique classes is greater") as caught:
        quick_classifier().fit(blobs[0], np.arange(60) * 2 // 3)
    assert {w.filename for w in caught if "unique" in str(w.message)} == {__file__}


def test_y_of_three_dimensions_raises(blobs, quick_classifier):
    with pytest.raises(ValueError, match="shape"):
        quick_classifier().fit(blobs[0], np.zeros((60, 2, 2), dtype=int))


def test_y_of_another_length_raises(few_blobs, quick_classifier):
    X, y = few_blobs
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quick_classifier().fit(X, y[:-1])


def test_a_single_class_is_always_predicted(blobs, quick_classifier):
    X = blobs[0]
    model = quick_classifier().fit(X, ["only"] * 60)
    assert set(model.predict(X)) == {"only"}
    np.testing.assert_allclose(model.predict_proba(X), np.ones((60, 1)))


def test_a_class_may_have_a_single_sample(few_blobs, quick_classifier):
    X, y = few_blobs
    y = y.copy()
    y[5] = 7
    model = quick_classifier().fit(X, y)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2, 7])
    assert model.predict_proba(X).shape == (60, 4)


def test_all_samples_may_be_labelled(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier(max_iter=20, batch_size=20, learning_rate_init=0.02).fit(
        X, y
    )
    assert model.score(X, y) > 0.9


def test_fewer_samples_than_the_batch_size(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(batch_size=500).fit(X[:7], y[:7])
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.loss_curve_).all()


def test_a_transformer_can_be_fitted_on_one_sample(blobs, quick_transformer):
    X = blobs[0][:1]
    Z = quick_transformer().fit_transform(X)
    assert Z.shape == (1, 2)
    assert np.isfinite(Z).all()


def test_masked_labels_and_missing_dates_are_unlabelled(blobs, quick_classifier):
    X = blobs[0][:12]
    y = np.ma.masked_array([0, 1, 5] * 4, mask=[False, False, True] * 4)
    np.testing.assert_array_equal(quick_classifier().fit(X, y).classes_, [0, 1])
    days = np.array(["2000-01-01", "NaT", "2001-01-01"] * 4, dtype="M8[D]")
    assert len(quick_classifier().fit(X, days).classes_) == 2


def test_two_labels_of_the_same_name_raise(blobs, quick_classifier):
    X, y = blobs
    with pytest.raises(ValueError, match=r"y has several columns named .'a'."):
        quick_classifier().fit(
            X, pd.DataFrame({"a": y, "b": y}).set_axis(["a"] * 2, axis=1)
        )


# Labels that are named by integers


@pytest.fixture(scope="module")
def named_by_integers(two_labels, quick_classifier):
    """Samples, y with the columns 1 and 0, and the model."""
    X, y = two_labels
    y = pd.DataFrame(y, columns=[1, 0])
    return X, y, quick_classifier(max_iter=10).fit(X, y)


def test_an_integer_is_a_name_where_labels_are_named_by_integers(named_by_integers):
    X, _, model = named_by_integers
    assert model.label_names_ == ["1", "0"]
    by_integer = model.intervene(X, {1: "left"})
    np.testing.assert_array_equal(by_integer, model.intervene(X, {"1": "left"}))
    np.testing.assert_array_equal(by_integer, model.intervene(X, {np.int64(1): "left"}))
    with pytest.raises(ValueError, match="'left' is not a value of 0"):
        model.intervene(X, {0: "left"})


def test_an_integer_that_is_not_a_name_raises(named_by_integers):
    X, y, _ = named_by_integers
    model = ReVAEClassifier((8,), max_iter=1).fit(X, y.set_axis([3, 2], axis=1))
    with pytest.raises(
        ValueError, match=r"1 is not a label\. Pass one of \['3', '2'\]\."
    ):
        model.intervene(X, {1: 5})


def test_partial_fit_and_files_keep_integer_names(named_by_integers, tmp_path):
    X, y, model = named_by_integers
    save(model, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    edited = model.intervene(X, {1: "left"})
    np.testing.assert_array_equal(loaded.intervene(X, {1: "left"}), edited)
    part = ReVAEClassifier((8,), random_state=0)
    part.partial_fit(X, y, classes=[["left", "middle", "right"], [5, 6]])
    assert part.partial_fit(X, y)._labels.index(1, "do") == 0


def test_an_integer_is_a_position_where_names_are_strings(two_labels, two_labels_model):
    X = two_labels[0]
    np.testing.assert_array_equal(
        two_labels_model.intervene(X, {1: 5}),
        two_labels_model.intervene(X, {"label_1": 5}),
    )
