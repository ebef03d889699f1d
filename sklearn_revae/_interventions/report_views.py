"""How a report is shown: as tables in a notebook, and as a figure."""

from html import escape
from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from sklearn_revae._data.names import short_name

# Features that tables and figures name.
MOST_BARS = 10


def n_samples(n):
    """A number of samples in words."""
    return f"{n} sample" if n == 1 else f"{n} samples"


def summaries(report):
    """The values of each row of ``report.summary()``, a list of dict."""
    return [
        {
            "n_rows": int(rows.sum()),
            **dict(
                zip(
                    ("already", "changed", "failed"),
                    report._outcomes(a, rows),
                    strict=True,
                )
            ),
            "achieved": report.achieved[rows, a].mean(),
            "probability_before": report.probability_before[rows, a].mean(),
            "probability_after": report.probability_after[rows, a].mean(),
            "other_change": report.other_change[rows].mean(),
            "distance": np.median(report.distance[rows]),
            "score_drop": report.score_drop[rows].mean(),
            "out_of_distribution": report.out_of_distribution[rows].mean(),
        }
        for a, _, _, rows in report._groups()
    ]


def html_of(report):
    """HTML of a report: its outcomes, and the features that changed most."""
    if not len(report):
        return f"<p>{escape(repr(report))}</p>"
    head = ["label", "value", "rows", "had it already", "changed", "failed"]
    outcomes = [
        [label, value, int(rows.sum()), *report._outcomes(a, rows)]
        for a, label, value, rows in report._groups()
    ]
    columns = [[name, f"{c:.2f}"] for name, c in report.most_changed()[:MOST_BARS]]
    return (
        f"<p><b>InterventionReport</b> of {n_samples(len(report))}; median distance "
        f"{np.median(report.distance):.2f}, "
        f"{report.out_of_distribution.mean():.0%} out of distribution</p>"
        + _table(head, outcomes)
        + _table(["feature", "mean change"], columns)
    )


def _table(head, rows):
    """HTML of a table, empty if it has no rows."""
    if not rows:
        return ""
    lines = ["".join(f"<th>{escape(str(name))}</th>" for name in head)]
    lines += ["".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def draw_changes(report, ax, max_columns):
    """Draw a bar for each feature that changed most; return the Axes."""
    import matplotlib.pyplot as plt

    check_scalar(max_columns, "max_columns", Integral, min_val=1)
    check_axes(ax)
    most = report.most_changed()[:max_columns][::-1]
    if ax is None:
        height = max(0.3 * len(most) + 1.2, 2.0)
        ax = plt.subplots(figsize=(5.0, height), layout="constrained")[1]
    positions = range(len(most))
    ax.barh(positions, [change for _, change in most])
    ax.set_yticks(positions, [short_name(name) for name, _ in most])
    found = [report._outcomes(a, rows) for a, _, _, rows in report._groups()]
    # Without any request there is none.
    already, changed, failed = np.sum([(0, 0, 0), *found], axis=0)
    ax.set(xlabel="mean change")
    title = f"{changed} changed, {already} had it already, {failed} failed"
    if len(report.requested) > 1:
        title += f"\nof {already + changed + failed} requests"
    ax.set_title(title)
    return ax


def check_axes(ax):
    """Refuse what cannot be drawn on.

    Raises
    ------
    TypeError
        If `ax` is neither Axes nor None, for example an array of Axes.
    """
    if ax is not None and not hasattr(ax, "barh"):
        raise TypeError(
            f"ax must be matplotlib Axes or None, got a {type(ax).__name__}. Of several "
            "Axes, pass one."
        )
