"""Tables one column at a time: numbers, categories and missing values."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from sklearn_revae.inspection._tabular import (
    change_text,
    column_change,
    column_names,
    column_scales,
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
def test_columns_are_the_same_for_every_container(table):
    size, town, wet = columns_of(table)
    np.testing.assert_array_equal(size, [1.5, np.nan, 3.0])
    assert list(town) == ["Ulm", "Jena", None]
    assert list(wet) == [True, None, False]


@pytest.mark.parametrize(
    "table", [np.eye(3, dtype=int), scipy.sparse.eye(3, format="csr")]
)
def test_numeric_columns_are_floats(table):
    np.testing.assert_array_equal(columns_of(table), np.eye(3))


def test_strings_that_look_like_numbers_stay_strings():
    (column,) = columns_of(np.array([["1"], ["2"]], dtype=object))
    assert list(column) == ["1", "2"]


def test_numeric_changes_are_scaled_and_categorical_changes_are_one():
    change = column_change(np.array([1.0, np.nan]), np.array([4.0, 4.0]), 2.0)
    np.testing.assert_array_equal(change, [1.5, np.nan])
    before = np.array(["a", "b", None], dtype=object)
    after = np.array(["b", "b", "b"], dtype=object)
    np.testing.assert_array_equal(column_change(before, after, 1.0), [1.0, 0.0, np.nan])


def test_the_mean_change_ignores_missing_values():
    assert mean_change(np.array([1.0, np.nan]), np.array([4.0, 4.0]), 2.0) == 1.5
    assert np.isnan(mean_change(np.array([np.nan]), np.array([4.0]), 2.0))


def test_a_missing_value_that_is_filled_in_differs():
    incomplete, filled = np.array([1.0, np.nan]), np.array([1.0, 2.0])
    assert differs(incomplete, filled)
    assert not differs(incomplete, incomplete)


def test_change_text_has_means_or_modes_of_values_observed_before():
    incomplete = np.array([1.0, 2.0, np.nan])
    assert change_text(incomplete, np.array([3.0, 4.0, 99.0])) == "1.5 → 3.5"
    categories = np.array(["a", "b", "b", None], dtype=object)
    assert (
        change_text(categories, np.array(["c", "a", "a", "d"], dtype=object)) == "b → a"
    )
    assert change_text(incomplete[2:], np.array([4.0])) == "missing → 4"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00068154, "0.000682"), (912.7, "913"), (1461.2, "1461"), (3.2e9, "3.2e+09")],
)
def test_change_text_has_three_digits_and_all_before_the_point(value, text):
    assert change_text(np.array([value]), np.array([0.0])) == f"{text} → 0"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (1.7e9, 1.7e9 + 86400, "1.7e+09 → 1.7001e+09"),
        (0.9962, 0.9964, "0.9962 → 0.9964"),
        (2024.1, 2024.2, "2024.1 → 2024.2"),
        (1.0, 1.0 + 1e-12, "1 → 1"),
    ],
)
def test_change_text_has_as_many_digits_as_show_the_change(before, after, text):
    assert change_text(np.array([before]), np.array([after])) == text


def test_names_are_those_of_the_report(blobs, quick_classifier):
    X, y = blobs
    columns = pd.MultiIndex.from_product([["blood", "urine"], ["K", "Na"]])
    model = quick_classifier().fit(pd.DataFrame(X, columns=columns), y)
    _, report = model.intervene(pd.DataFrame(X, columns=columns), 1, report=True)
    assert column_names(model) == [str(name) for name in report.column_names]
    assert column_names(model)[0] == "('blood', 'K')"


def test_figures_shorten_long_names_in_the_middle():
    long = "serum concentration of the enzyme that is measured after the night [mmol]"
    (short, other), name = names_for([long, "age"], 2), "serum concentration"
    assert (short[: len(name)], short[-6:], len(short)) == (name, "[mmol]", 30)
    assert other == "age"


def test_paths_start_at_zero_and_are_fractions_for_categories():
    numbers = np.array([0.0, 2.0, 4.0, 1.0, 1.0, 1.0])
    categories = np.array(["a", "a", "b", "c", "d", "d"], dtype=object)
    paths = mean_paths([numbers, categories], 3, [2.0, 1.0])
    np.testing.assert_array_equal(paths, [[0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])


@pytest.mark.parametrize("scales", [[1.0], [1.0, 0.0], [1.0, np.nan]])
def test_scales_that_do_not_match_the_features_raise(scales):
    with pytest.raises(
        ValueError, match=r"scales must hold one positive number per feature \(2\)"
    ):
        scales_for(scales, 2)


def test_feature_names_of_another_length_raise():
    with pytest.raises(
        ValueError, match=r"feature_names.*per feature \(2\), but it has 1"
    ):
        names_for(["a"], 2)


def test_scales_are_the_standard_deviations_of_drawn_samples(table):
    samples, _ = table.model.sample(1000, random_state=0)
    scales = column_scales(table.model)
    columns = columns_of(samples)
    assert scales[0] == columns[0].std()
    assert list(scales[1:3]) == [1.0, 1.0]
