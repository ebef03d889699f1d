import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal


@pytest.fixture
def ranks(benchmark_module):
    return benchmark_module("ranks")


def frame(rows):
    columns = ["method", "data", "budget", "seed", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


def test_ties_share_the_mean_of_their_ranks(ranks):
    accuracy = pd.DataFrame({"a": [0.9, 0.5], "b": [0.8, 0.5], "c": [0.9, 0.7]})
    assert_array_equal(ranks.ranks(accuracy), [[1.5, 3, 1.5], [2.5, 2.5, 1]])


def test_accuracies_that_differ_by_rounding_are_tied(ranks):
    accuracy = pd.DataFrame({"a": [0.1 + 0.2], "b": [0.3]})
    assert_array_equal(ranks.ranks(accuracy), [[1.5, 1.5]])
    comparison = ranks.compare(accuracy["a"], accuracy["b"])
    assert comparison["equal"] == 1


def test_methods_are_compared_on_seeds_for_which_all_have_results(ranks):
    results = frame(
        [
            ("a", "iris", 3, 0, 0.5),
            ("b", "iris", 3, 0, 0.7),
            ("a", "iris", 3, 1, 0.9),
            ("b", "iris", 3, 1, 0.9),
            ("a", "iris", 3, 2, 0.1),
            ("b", "iris", 3, 2, np.nan),
            ("a", "wine", 3, 0, 1.0),
            ("b", "iris", 10, 0, 1.0),
            ("c", "iris", 3, 0, 1.0),
        ]
    )
    accuracy = ranks.accuracies(results, ["b", "a"])
    assert list(accuracy.index) == [("iris", 3)]
    assert list(accuracy.columns) == ["b", "a"]
    assert_allclose(accuracy, [[0.8, 0.7]])
    assert ranks.accuracies(results, ["a", "missing"]).empty


def test_comparison_counts_cells_and_finds_the_extremes(ranks):
    comparison = ranks.compare(
        pd.Series([0.9, 0.5, 0.6, 0.7]), pd.Series([0.8, 0.5, 0.8, 0.6])
    )
    assert_allclose(
        comparison[["better", "equal", "worse", "mean", "min", "max"]],
        [0.5, 0.25, 0.25, 0, -0.2, 0.1],
        atol=1e-12,
    )


def test_calibration_error_of_small_cases(ranks):
    def error(confidence, correct):
        return ranks.calibration_error(ranks.calibration_bins(confidence, correct))

    assert error([1, 1], [True, True]) == 0
    assert error([1, 1], [True, False]) == 0.5
    # 0.75 and 0.79 share a bin, in which the accuracy is 0.5; 0.55 is in another bin.
    assert_allclose(error([0.75, 0.79, 0.55], [1, 0, 1]), (2 * 0.27 + 0.45) / 3)
    # Errors in opposite directions cancel in one bin, but not in two.
    assert_allclose(error([0.65, 0.65], [1, 0]), 0.15)
    assert_allclose(error([0.4, 0.6], [1, 0]), 0.6)
    assert np.isnan(error([], []))


def test_every_confidence_has_a_bin(ranks):
    bins = ranks.calibration_bins([0, 0.1, 0.1001, 1], [0, 1, 1, 1])
    assert_array_equal(bins[:, 0], [2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    assert_array_equal(bins[:, 2], [1, 1, 0, 0, 0, 0, 0, 0, 0, 1])


def test_calibration_errors_add_the_bins_of_all_seeds(ranks):
    # Each seed has an error of 0.5, and the two errors cancel.
    results = frame([("a", "iris", 3, 0, 1.0), ("a", "iris", 3, 1, 0.0)])
    results["bins"] = [
        ranks.calibration_bins([0.5], [True]),
        ranks.calibration_bins([0.5], [False]),
    ]
    assert ranks.calibration_errors(results).loc["a", 3] == 0


def test_critical_difference_is_that_of_demsar(ranks):
    # Demšar (2006), "Statistical comparisons of classifiers over multiple data sets",
    # has q = 2.569 for four classifiers, and 1.25 for them and 14 data sets.
    assert_allclose(ranks.critical_difference(4, 14), 1.25, atol=0.005)
    assert_allclose(ranks.critical_difference(2, 1), 1.960, atol=0.001)


def test_groups_are_maximal(ranks):
    mean_ranks = np.array([3.0, 1.0, 1.5, 2.2, 5.0])
    assert ranks.groups(mean_ranks, 1.0) == [(1.0, 1.5), (1.5, 2.2), (2.2, 3.0)]
    assert ranks.groups(mean_ranks, 1.6) == [(1.0, 2.2), (1.5, 3.0)]
    assert ranks.groups(mean_ranks, 0.4) == []
    assert ranks.groups(mean_ranks, 10) == [(1.0, 5.0)]


def test_picture_names_every_method(ranks):
    figure = pytest.importorskip(
        "matplotlib.figure", reason="requires pip install sklearn-revae[plot]"
    ).Figure()
    index = pd.MultiIndex.from_product([["iris", "wine"], [3, 10]], names=ranks.CELL)
    accuracy = pd.DataFrame({"a": [0.9] * 4, "b": [0.8, 0.95, 0.7, 0.7]}, index)
    axes = figure.subplots()
    ranks.draw_ranks(axes, accuracy, "Two methods")
    written = {text.get_text() for text in axes.texts}
    assert {"1.25  a", "1.75  b"} <= written
    assert "2 data sets" in axes.get_title(loc="left")
