"""y as people write it: every way gives the same model and the same kind of answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning

NAMES = np.array(["ant", "bee", "cat"])


def _objects(y, values, unknown):
    """Object array of `values[y]`, `unknown` where y is -1."""
    result = np.empty(len(y), dtype=object)
    result[:] = [unknown if code < 0 else values[code] for code in y]
    return result


# How to write codes 0, 1, 2 with -1 for unlabelled; the classes; the marker.
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
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_y_trains_the_same_model(way, few_blobs, quick_classifier):
    X, y = few_blobs
    write, classes, marker = WAYS[way]
    plain = quick_classifier().fit(X, y)
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
    ],
    ids=["array", "list with None", "nullable Series"],
)
def test_bools_come_back_as_bools(y, blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier().fit(X, y)
    np.testing.assert_array_equal(model.classes_, [False, True])
    assert model.predict(X).dtype == bool


def test_false_is_a_class_even_where_zero_marks_unlabelled(blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier(unlabeled_value=0).fit(X, [True, False, None] * 3 + [True])
    np.testing.assert_array_equal(model.classes_, [False, True])


def test_minus_one_is_a_class_where_none_marks_unlabelled(blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier(unlabeled_value=None).fit(X, [-1, 1] * 5)
    np.testing.assert_array_equal(model.classes_, [-1, 1])
    assert set(model.predict(X)) <= {-1, 1}


def test_a_string_minus_one_is_a_class_where_none_marks_unlabelled(
    blobs, quick_classifier
):
    X = blobs[0][:10]
    model = quick_classifier(unlabeled_value=None).fit(X, ["-1", "1"] * 5)
    np.testing.assert_array_equal(model.classes_, ["-1", "1"])


@pytest.mark.parametrize(
    "y",
    [["a", "b", -1] * 3, np.array(["a", "b", -1] * 3), pd.Series(["a", "b", "-1"] * 3)],
    ids=["list", "array", "Series"],
)
def test_a_marker_turned_into_a_string_raises_and_says_what_to_write(
    y, blobs, quick_classifier
):
    with pytest.raises(ValueError, match="dtype=object"):
        quick_classifier().fit(blobs[0][:9], y)


def test_strings_beside_numbers_raise(blobs, quick_classifier):
    y = np.array(["a", 1, None] * 3, dtype=object)
    with pytest.raises(ValueError, match="both strings and other values"):
        quick_classifier().fit(blobs[0][:9], y)


def test_labels_are_named_by_the_columns_of_a_frame(two_labels, quick_classifier):
    X, y = two_labels
    frame = pd.DataFrame(y, columns=["place", "size"])
    assert quick_classifier().fit(X, frame).label_names_ == ["place", "size"]


def test_a_label_is_named_by_its_series(few_blobs, quick_classifier):
    X, y = few_blobs
    assert quick_classifier().fit(X, pd.Series(y, name="kind")).label_names_ == ["kind"]


def test_labels_without_names_are_numbered(two_labels_model):
    assert two_labels_model.label_names_ == ["label_0", "label_1"]


def test_a_frame_trains_the_model_its_cells_do(two_labels, quick_classifier):
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


def test_words_and_numbers_come_back_as_they_are(two_labels, two_labels_model):
    predicted = two_labels_model.predict(two_labels[0])
    assert predicted.shape == (60, 2)
    assert {type(value) for value in predicted[:, 0]} == {str}
    assert all(isinstance(value, (int, np.integer)) for value in predicted[:, 1])


def test_words_and_numbers_in_nested_lists_come_back_as_they_are(blobs, quick_classifier):
    X = blobs[0][:10]
    model = quick_classifier().fit(X, [["a", 1], ["b", 2]] * 5)
    assert model.classes_[1].tolist() == [1, 2]


def test_several_labels_of_ints_are_predicted_as_ints(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier().fit(X, np.stack([y, y == 1], axis=1))
    assert model.predict(X).dtype.kind == "i"


def test_any_cell_may_be_unknown(blobs, quick_classifier):
    X, y = blobs
    labels = np.stack([y, y == 1], axis=1)
    labels[0, 0] = labels[1, 1] = -1
    labels[2] = -1
    first, second = quick_classifier().fit(X, labels).classes_
    np.testing.assert_array_equal(first, [0, 1, 2])
    np.testing.assert_array_equal(second, [0, 1])


def test_a_single_column_is_one_label_with_a_warning(few_blobs, quick_classifier):
    X, y = few_blobs
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = quick_classifier().fit(X, y[:, None])
    assert model.predict(X).shape == (60,)


def test_no_labelled_row_at_all_raises(blobs, quick_classifier):
    X, y = blobs
    with pytest.raises(ValueError, match=r"no labelled sample.*ReVAETransformer"):
        quick_classifier().fit(X, np.full_like(y, -1))


def test_a_label_without_any_value_raises_and_is_named(two_labels, quick_classifier):
    X, y = two_labels
    y = y.copy()
    y[:, 1] = None
    with pytest.raises(ValueError, match=r"no labelled sample.*label_1"):
        quick_classifier().fit(X, y)


def test_a_transformer_told_no_label_is_one_fitted_without_y(blobs, quick_transformer):
    X, y = blobs
    without = quick_transformer().fit(X).transform(X)
    unlabelled = quick_transformer().fit(X, np.full_like(y, -1)).transform(X)
    np.testing.assert_array_equal(unlabelled, without)


def test_a_transformer_refuses_one_empty_label_among_several(
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
    with pytest.raises(ValueError, match="Unknown label type"):
        quick_classifier().fit(X, y)


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


def test_a_class_of_one_row_is_a_class(few_blobs, quick_classifier):
    X, y = few_blobs
    y = y.copy()
    y[5] = 7
    model = quick_classifier().fit(X, y)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2, 7])
    assert model.predict_proba(X).shape == (60, 4)


def test_every_row_may_be_labelled(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier(max_iter=20, batch_size=10, learning_rate_init=0.01).fit(
        X, y
    )
    assert model.score(X, y) > 0.9


def test_fewer_rows_than_a_batch(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(batch_size=500).fit(X[:7], y[:7])
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.loss_curve_).all()


def test_a_transformer_of_one_row_gives_one_row(blobs, quick_transformer):
    X = blobs[0][:1]
    Z = quick_transformer().fit_transform(X)
    assert Z.shape == (1, 2)
    assert np.isfinite(Z).all()


def test_masked_labels_and_dates_that_are_none_are_unlabelled(blobs, quick_classifier):
    X = blobs[0][:12]
    y = np.ma.masked_array([0, 1, 5] * 4, mask=[False, False, True] * 4)
    np.testing.assert_array_equal(quick_classifier().fit(X, y).classes_, [0, 1])
    days = np.array(["2000-01-01", "NaT", "2001-01-01"] * 4, dtype="M8[D]")
    assert len(quick_classifier().fit(X, days).classes_) == 2


def test_two_labels_of_one_name_raise(blobs, quick_classifier):
    X, y = blobs
    with pytest.raises(ValueError, match=r"y has several columns named .'a'."):
        quick_classifier().fit(
            X, pd.DataFrame({"a": y, "b": y}).set_axis(["a"] * 2, axis=1)
        )
