"""Tables a column at a time: numbers, categories, what is missing."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from sklearn_revae.inspection._tabular import (
    change_text,
    column_change,
    columns_of,
    differs,
    mean_change,
    mean_paths,
    names_for,
    scales_for,
)

CELLS = {
    "size": [1.5, None, 3.0],
    "town": ["Ulm", "Jena", None],
    "wet": [True, None, False],
}


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(CELLS),
        pd.DataFrame(CELLS).astype({"town": "category", "wet": "boolean"}),
        pl.DataFrame(CELLS),
        np.array(list(zip(*CELLS.values(), strict=True)), dtype=object),
    ],
    ids=["pandas", "nullable", "polars", "objects"],
)
def test_columns_are_the_same_in_every_container(table):
    size, town, wet = columns_of(table)
    np.testing.assert_array_equal(size, [1.5, np.nan, 3.0])
    assert list(town) == ["Ulm", "Jena", None]
    assert list(wet) == [True, None, False]


@pytest.mark.parametrize(
    "table", [np.eye(3, dtype=int), scipy.sparse.eye(3, format="csr")]
)
def test_columns_of_numbers_are_floats(table):
    np.testing.assert_array_equal(columns_of(table), np.eye(3))


def test_words_that_look_like_numbers_stay_words():
    (column,) = columns_of(np.array([["1"], ["2"]], dtype=object))
    assert list(column) == ["1", "2"]


def test_numbers_change_by_their_scale_and_categories_by_one():
    change = column_change(np.array([1.0, np.nan]), np.array([4.0, 4.0]), 2.0)
    np.testing.assert_array_equal(change, [1.5, np.nan])
    before = np.array(["a", "b", None], dtype=object)
    after = np.array(["b", "b", "b"], dtype=object)
    np.testing.assert_array_equal(column_change(before, after, 1.0), [1.0, 0.0, np.nan])


def test_the_mean_change_leaves_out_what_is_not_known():
    assert mean_change(np.array([1.0, np.nan]), np.array([4.0, 4.0]), 2.0) == 1.5
    assert np.isnan(mean_change(np.array([np.nan]), np.array([4.0]), 2.0))


def test_a_gap_that_is_filled_differs():
    gap, filled = np.array([1.0, np.nan]), np.array([1.0, 2.0])
    assert differs(gap, filled)
    assert not differs(gap, gap)


def test_cells_tell_means_or_the_most_frequent_of_rows_known_before():
    gap = np.array([1.0, 2.0, np.nan])
    assert change_text(gap, np.array([3.0, 4.0, 99.0])) == "1.5 → 3.5"
    words = np.array(["a", "b", "b", None], dtype=object)
    assert change_text(words, np.array(["c", "a", "a", "d"], dtype=object)) == "b → a"
    assert change_text(gap[2:], np.array([4.0])) == "missing → 4"


def test_paths_begin_at_zero_and_tell_shares_of_categories():
    numbers = np.array([0.0, 2.0, 4.0, 1.0, 1.0, 1.0])
    words = np.array(["a", "a", "b", "c", "d", "d"], dtype=object)
    paths = mean_paths([numbers, words], 3, [2.0, 1.0])
    np.testing.assert_array_equal(paths, [[0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])


@pytest.mark.parametrize("scales", [[1.0], [1.0, 0.0], [1.0, np.nan]])
def test_scales_that_do_not_fit_are_refused(scales):
    with pytest.raises(ValueError, match=r"scales=.*2 numbers above zero"):
        scales_for(scales, 2)


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"feature_names has 1.*2 columns"):
        names_for(["a"], 2)
