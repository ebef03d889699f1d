"""Names of features: in a frame whose columns are named by integers, names come first."""

import numpy as np
import pandas as pd
import pytest

from sklearn_revae import ColumnKinds, ReVAEClassifier
from sklearn_revae._data.names import feature_index

LABELS = np.array([0, 1] * 20)


@pytest.fixture(scope="module")
def numbered():
    """A frame with the columns 3, 2, 1, 0, whose positions are the other way round."""
    X = np.random.RandomState(0).normal(size=(40, 4)) + LABELS[:, None]
    return pd.DataFrame(X, columns=[3, 2, 1, 0])


@pytest.fixture(scope="module")
def model(numbered):
    return ReVAEClassifier(
        (8,), likelihood={3: "laplace", 1: "student_t"}, max_iter=20, random_state=0
    ).fit(numbered, LABELS)


def changed(new, X):
    """Names of the columns in which anything changed."""
    return [name for name in X if (new[name] != X[name]).any()]


def test_keep_means_the_column_with_that_name(model, numbered):
    new = model.intervene(numbered, 1 - LABELS, keep=[3])
    assert changed(new, numbered) == [2, 1, 0]
    new = model.swap(numbered, numbered[::-1], keep=[np.int64(0), 2])
    assert changed(new, numbered) == [3, 1]


def test_bounds_and_direction_mean_the_column_with_that_name(model, numbered):
    new = model.intervene(numbered, 1 - LABELS, bounds={3: (-0.1, 0.1)})
    assert new[3].abs().max() <= 0.1
    assert all(new[name].abs().max() > 0.1 for name in (2, 1, 0))
    new = model.intervene(numbered, 1 - LABELS, direction={0: 1})
    assert (new[0] >= numbered[0]).all()
    assert all((new[name] < numbered[name]).any() for name in (3, 2, 1))


def test_likelihood_and_column_kinds_mean_the_column_with_that_name(model):
    assert model.likelihood_.tolist() == ["laplace", "gaussian", "student_t", "gaussian"]
    kinds = model.column_kinds_
    assert kinds.names == [3, 2, 1, 0]
    assert dict(zip(kinds.names, kinds.likelihoods, strict=True))[3] == "laplace"


@pytest.mark.parametrize("column", [4, -1])
def test_an_integer_that_is_not_a_name_raises(column, model, numbered):
    message = rf"names {column}, which is not a column of X.*\[3, 2, 1, 0\]"
    for limits in ({"keep": [column]}, {"bounds": {column: (0, 1)}}):
        with pytest.raises(ValueError, match=message):
            model.intervene(numbered, 1 - LABELS, **limits)
    with pytest.raises(ValueError, match=message):
        ReVAEClassifier(likelihood={column: "laplace"}).fit(numbered, LABELS)
    with pytest.raises(ValueError, match=message):
        model.column_kinds_[column]


def test_some_names_that_are_integers_rule_out_positions():
    assert feature_index(2, ["a", 0, 2], 3, "keep") == 2
    with pytest.raises(ValueError, match="keep names 1"):
        feature_index(1, ["a", 0, 2], 3, "keep")


def test_positions_count_where_no_name_is_an_integer():
    assert feature_index(1, ["a", "b"], 2, "keep") == 1
    assert feature_index("b", ["a", "b"], 2, "keep") == 1
    assert feature_index(np.int8(1), None, 2, "keep") == 1
    assert feature_index(1, ["1", "b"], 2, "keep") == 1
    for column in (2, -1, True, 1.0, "c", None):
        with pytest.raises(ValueError, match="keep names"):
            feature_index(column, ["a", "b"], 2, "keep")


def test_a_mask_of_bools_does_not_name_the_columns_0_and_1():
    for value in (True, np.False_):
        with pytest.raises(ValueError, match="keep names"):
            feature_index(value, [0, 1], 2, "keep")
    assert feature_index(True, [False, True], 2, "keep") == 1


def test_kinds_are_indexed_by_name_and_position():
    def kinds(names):
        return ColumnKinds(names, ["real", "count"], ["gaussian", "poisson"], [0] * 2, [])

    assert [kinds("ab")[i] for i in ("b", 1, -1, 0)] == [
        "count",
        "count",
        "count",
        "real",
    ]
    assert [kinds(range(2))[i] for i in (1, -1, 0)] == ["count", "count", "real"]
    assert [kinds([1, 0])[i] for i in (1, 0)] == ["real", "count"]
    assert kinds([1, 0])[:1] == ["real"]
    with pytest.raises(ValueError, match=r"names 'c', which is not .*\['a', 'b'\]"):
        kinds("ab")["c"]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_messages_about_an_array_use_the_names_of_the_fitted_frame(quick_classifier):
    X = pd.DataFrame({"town": ["a", "b"] * 20, "size": np.arange(40.0)})
    model = quick_classifier().fit(X, LABELS)
    with pytest.warns(UserWarning, match="Column 'town' of X holds values .*'c'"):
        model.predict(np.array([["c", 1.0]], dtype=object))
    numbers = quick_classifier().fit(X[["size"]], LABELS)
    with pytest.raises(ValueError, match="infinity in column 'size'"):
        numbers.predict([[np.inf]])


@pytest.mark.parametrize(
    ("missing", "text"),
    [(0, ""), (1, "100%"), (0.995, "99.5%"), (0.9999, "99.9%"), (0.3, "30%")],
)
def test_a_fraction_of_missing_values_is_not_rounded_to_all(missing, text):
    kinds = ColumnKinds("a", ["real"], ["gaussian"], [0], [missing])
    assert kinds.rows()[0][-1] == text
