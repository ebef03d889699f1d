"""Ranks of methods over many data sets, a picture of them, and calibration errors.

The functions depend only on their arguments. Results are a DataFrame with one row per
fit: the columns ``method``, ``data``, ``budget`` and ``seed`` name it, and ``accuracy``,
``seconds`` and ``bins`` (of `calibration_bins`) are what was measured, or NaN if the fit
failed or was stopped.
"""

import numpy as np
import pandas as pd
from scipy.stats import rankdata, studentized_range

CELL = ["data", "budget"]
N_BINS = 10


def calibration_bins(confidence, correct, n_bins=N_BINS):
    """Sum up predictions by confidence, so that the sums of several fits can be added.

    Parameters
    ----------
    confidence : array-like of shape (n,)
        Probability of the predicted class.
    correct : array-like of shape (n,)
        Whether the predicted class is the true one.
    n_bins : int, default=10
        Number of bins of equal width in (0, 1].

    Returns
    -------
    bins : ndarray of shape (n_bins, 3)
        Number of predictions, sum of their confidences, number of correct ones.
    """
    confidence = np.asarray(confidence, dtype=float)
    # The right edge belongs to a bin, so that a confidence of 1 needs none of its own.
    index = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    columns = (np.ones_like(confidence), confidence, np.asarray(correct, dtype=float))
    return np.stack([np.bincount(index, c, minlength=n_bins) for c in columns], axis=1)


def calibration_error(bins):
    """Return the expected calibration error of `calibration_bins`, NaN without any.

    It is the mean over the predictions of the difference between the mean confidence and
    the accuracy in their bin.
    """
    count, confidence, correct = np.asarray(bins, dtype=float).T
    return np.abs(confidence - correct).sum() / count.sum() if count.any() else np.nan


def accuracies(results, methods):
    """Return the accuracies (data and budget, method), averaged over seeds.

    Only seeds with a result of every method count, so that all methods are compared on
    the same splits. A data set and budget without such a seed is left out.
    """
    rows = results[results["method"].isin(methods)]
    table = rows.pivot_table("accuracy", [*CELL, "seed"], "method").reindex(
        columns=methods
    )
    return table.dropna().groupby(level=CELL, sort=False).mean()


def ranks(accuracy):
    """Return the rank of each method in each row; 1 is the best, ties share a mean rank.

    Accuracies that differ by rounding errors only are tied.
    """
    values = rankdata(-accuracy.round(9), axis=1)
    return pd.DataFrame(values, accuracy.index, accuracy.columns)


def compare(accuracy, other):
    """Compare two Series of accuracies: fractions that are better, equal and worse.

    Returns
    -------
    comparison : Series
        With the mean, the smallest and the largest difference as well.
    """
    gain = (accuracy - other).round(9)
    return pd.Series(
        {
            "better": (gain > 0).mean(),
            "equal": (gain == 0).mean(),
            "worse": (gain < 0).mean(),
            "mean": gain.mean(),
            "min": gain.min(),
            "max": gain.max(),
        }
    )


def calibration_errors(results):
    """Return the calibration error (method, budget), averaged over data sets.

    The bins of all seeds are added first: with few test samples per bin, the error of a
    single seed consists of chance, even if the probabilities are exact.
    """
    bins = results.dropna(subset=["bins"]).groupby(["method", "budget", "data"])["bins"]
    errors = bins.agg(lambda parts: calibration_error(np.sum(list(parts), axis=0)))
    return errors.groupby(level=["method", "budget"]).mean().unstack()


def critical_difference(n_methods, n_data, level=0.05):
    """Return the difference between mean ranks that is significant (Nemenyi's test)."""
    q = studentized_range.ppf(1 - level, n_methods, np.inf) / np.sqrt(2)
    return q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_data))


def groups(mean_ranks, difference):
    """Return (first, last) mean ranks of the groups without significant difference.

    A group has at least two members, and none is part of another group.
    """
    values, found = np.sort(mean_ranks), []
    for first in values:
        last = values[values < first + difference].max()
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def draw_ranks(axes, accuracy, title):
    """Draw mean ranks, and bars that join methods without significant difference.

    The budgets of a data set are not independent, so the ranks are averaged over the
    budgets first, and the number of data sets determines the critical difference.
    """
    by_data = ranks(accuracy).groupby(level="data").mean()
    mean = by_data.mean().sort_values()
    n_methods = len(mean)
    difference = critical_difference(n_methods, len(by_data))
    bars = groups(mean, difference)
    for height, (method, rank) in enumerate(mean.items()):
        axes.plot(
            [rank, rank, n_methods + 0.2], [0, -height - 1, -height - 1], "k", lw=0.8
        )
        axes.text(n_methods + 0.3, -height - 1, f"{rank:.2f}  {method}", va="center")
    for height, bar in enumerate(bars):
        y = 1.5 + 0.5 * height
        axes.plot(bar, [y, y], "C0", lw=4, solid_capstyle="butt")
    axes.hlines(0, 1, n_methods, "k")
    axes.vlines(range(1, n_methods + 1), 0, 0.2, "k")
    for rank in range(1, n_methods + 1):
        axes.text(rank, 0.3, str(rank), ha="center", va="bottom", color="grey", size=8)
    axes.set_xlim(0.8, n_methods * 1.6)
    axes.set_ylim(-n_methods - 1, 2 + 0.5 * len(bars))
    axes.axis("off")
    axes.set_title(
        f"{title}\nmean ranks over {len(by_data)} data sets; bars: no significant "
        f"difference (< {difference:.2f}, Nemenyi, 5 %)",
        size=9,
        loc="left",
    )
