"""The report of an intervention: diagnostics per sample, and tables of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import (
    check_matplotlib_support,
    check_pandas_support,
)

from sklearn_revae._interventions.report_views import (
    MOST_BARS,
    draw_changes,
    html_of,
    n_samples,
    summaries,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST_LINES = 6
# Features that the text names.
_MOST_COLUMNS = 5


@dataclass(frozen=True, eq=False, repr=False)
class InterventionReport:
    r"""Diagnostics of an intervention per sample, computed by the model itself.

    Reports are made by :func:`intervention_report`, and by `intervene` with
    `report=True`. They have a row for each sample for which a value is requested. If each
    sample has several draws, there is a row for each draw, and the draws of a sample
    follow each other.

    .. versionadded:: 0.2

    Parameters
    ----------
    label_names : list of str
        Names of all L labels of the model.
    requested : dict of str to ndarray of shape (n,)
        For each of the A requested labels, the requested value of each row; None where
        a row has a request for other labels only. The predicted value then takes its
        place in the arrays below.
    row : ndarray of int of shape (n,)
        Position in X of the sample that was edited.
    index : pandas.Index or None
        The index of X, if it has one.
    probability_before, probability_after : ndarray of shape (n, A)
        Probability of the requested value for the sample and for the edited sample.
    achieved : ndarray of bool of shape (n, A)
        Whether the requested value is predicted for the edited sample.
    already : ndarray of bool of shape (n, A)
        Whether the requested value was predicted for the sample before the edit, so that
        nothing had to change.
    changes : ndarray of shape (n, L)
        Total variation distance between the probabilities of each label before and after
        the edit, from 0 to 1. For a binary label, it is the change of either probability.
    other_change : ndarray of shape (n,)
        The largest of `changes` among the labels without a request in this row; 0 if all
        labels have one.
    other_label : ndarray of str or None of shape (n,)
        The label with that change.
    distance : ndarray of shape (n,)
        Distance between the edited sample and the baseline, see Notes.
    score_drop : ndarray of shape (n,)
        `score_samples` of the sample minus that of the edited sample, in nats, computed
        from the values that are observed in both.
    out_of_distribution : ndarray of bool of shape (n,)
        Whether the score of the edited sample is below those of 99 % of the training
        samples.
    disagreement : ndarray of shape (n,)
        Disagreement of the ensemble members about the edited sample, in nats, the largest
        among the requested labels. See
        :meth:`~sklearn_revae.ReVAEClassifier.predict_disagreement`.
    column_names : list
        Names of the features, or their positions.
    column_change : ndarray of shape (n_features,)
        Mean absolute change of each feature, in the units of `distance`, over the rows
        that did not have all requested values already; 0 if there are none.

    See Also
    --------
    intervention_report : Report on edits that were made elsewhere.

    Notes
    -----
    The distance of an edited sample x' from its baseline b is

    .. math::

        \sqrt{\frac{1}{|O|} \sum_{j \in O} \left(
        \frac{t_j(x'_j) - t_j(b_j)}{s_j} \right)^2}

    where O is the set of features that are observed in both, t is the logarithm for
    positive features, log(1 + x) for counts and the identity otherwise, and s is the
    spread of t in the training data: for real and positive features the root mean square
    deviation from the median, without far values, otherwise the standard deviation. It is
    pooled over features that share one scale, such as pixels. A categorical feature
    contributes 1 to the sum if it changed and 0 otherwise. The baseline of `intervene` is
    what the same call returns if no latent code is moved; that of
    :func:`intervention_report` is an argument.

    All members of the ensemble edit samples of features, and the mean of their
    probabilities assesses the result. Images, and samples whose new latents were passed
    to `intervene`, are edited by the first member and assessed by the others, if there
    are others. A reported failure is reliable; a reported success should be confirmed
    with an independently trained classifier. An edit follows the associations in the
    data, so nothing in the report is the causal effect of changing a label.

    Decoded samples contain no noise, so they often score higher than real samples.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
    >>> X_new, report = model.intervene(X[:3], 2, report=True)
    >>> report.achieved[:, 0]
    array([ True,  True,  True])
    >>> report.summary()[["n_rows", "already", "changed", "failed"]]
                    n_rows  already  changed  failed
    label   value
    label_0 2            3        0        3       0
    """

    label_names: list[str]
    requested: dict[str, NDArray[Any]]
    row: NDArray[np.intp]
    index: Any
    probability_before: NDArray[np.float64]
    probability_after: NDArray[np.float64]
    achieved: NDArray[np.bool_]
    already: NDArray[np.bool_]
    changes: NDArray[np.float64]
    other_change: NDArray[np.float64]
    other_label: NDArray[np.object_]
    distance: NDArray[np.float64]
    score_drop: NDArray[np.float64]
    out_of_distribution: NDArray[np.bool_]
    disagreement: NDArray[np.float64]
    column_names: list[Any]
    column_change: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row)

    def _groups(self):
        """Yield each requested label's position and name, each value, and its rows."""
        for a, (label, values) in enumerate(self.requested.items()):
            # Where nothing is requested, there is None.
            for value in np.unique([v for v in values.tolist() if v is not None]):
                yield a, label, value.item(), values == value

    def _outcomes(self, a, rows):
        """How many of the mask `rows` had a value already, changed to it, and failed."""
        already = int((self.already[rows, a] & self.achieved[rows, a]).sum())
        failed = int((~self.achieved[rows, a]).sum())
        return already, int(rows.sum()) - already - failed, failed

    def __repr__(self) -> str:
        if not len(self):
            return "InterventionReport of 0 rows: no value is requested for any sample"
        lines = []
        for a, label, value, rows in self._groups():
            already, changed, failed = self._outcomes(a, rows)
            lines.append(
                f"{label}={value!r}: {changed} of {n_samples(rows.sum())} changed to "
                f"it, {already} had it already, {failed} failed; mean probability "
                f"{self.probability_before[rows, a].mean():.2f} -> "
                f"{self.probability_after[rows, a].mean():.2f}"
            )
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = [f"... and {len(lines) - _MOST_LINES} more"]
        if any(label is not None for label in self.other_label):
            change = self.other_change.mean()
            lines.append(f"other labels: mean of the largest change {change:.2f}")
        lines += [
            f"samples: median distance {np.median(self.distance):.2f}, mean drop of the "
            f"score {self.score_drop.mean():.1f} nats, "
            f"{self.out_of_distribution.mean():.0%} out of distribution",
        ]
        most = self.most_changed()[:_MOST_COLUMNS]
        if most:
            named = ", ".join(f"{name} ({change:.2f})" for name, change in most)
            lines.append(f"most changed: {named}")
        return "\n  ".join([f"InterventionReport of {n_samples(len(self))}", *lines])

    def most_changed(self) -> list[tuple[Any, float]]:
        """List the features that changed, beginning with the largest mean change.

        .. versionadded:: 0.2

        Returns
        -------
        columns : list of (name, change)
            Names and entries of `column_change` that are not 0.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> model = ReVAEClassifier(max_iter=40, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X[:50], 2, report=True)
        >>> name, change = report.most_changed()[0]
        >>> name
        'petal width (cm)'
        """
        order = np.argsort(-self.column_change, kind="stable")
        return [
            (self.column_names[j], float(self.column_change[j]))
            for j in order
            if self.column_change[j] > 0
        ]

    def _repr_html_(self) -> str:
        """Tables of the outcomes and of the features that changed most, for notebooks."""
        return html_of(self)

    def plot(self, *, ax: "Axes | None" = None, max_columns: int = MOST_BARS) -> "Axes":
        """Draw the features that changed most, with the outcomes as the title.

        :class:`~sklearn_revae.inspection.InterventionReportDisplay` draws how much each
        label changed.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        max_columns : int, default=10
            The largest number of features to draw.

        Returns
        -------
        ax : matplotlib Axes
            The Axes with a bar for each feature.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is neither Axes nor None, or `max_columns` is not an integer.
        ValueError
            If `max_columns` is less than 1.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X[:50], 2, report=True)
        >>> report.plot().get_xlabel()
        'mean change'
        """
        check_matplotlib_support("plot")
        return draw_changes(self, ax, max_columns)

    def summary(self) -> "pd.DataFrame":
        """Summarise the report in a table with a row for each requested value.

        .. versionadded:: 0.2

        Returns
        -------
        table : pandas.DataFrame
            Indexed by label and value. The columns are the number of rows of the report,
            how many had the value already, changed to it and failed, the fraction in
            which the value was achieved, the means of its probability before and after,
            of `other_change` and of `score_drop`, the median distance, and the fraction
            that is out of distribution.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X, 2 - y, report=True)
        >>> report.summary()["n_rows"].tolist()
        [50, 50, 50]
        """
        rows = summaries(self)
        return check_pandas_support("summary").DataFrame(rows, index=self._group_index())

    def change_matrix(self) -> "pd.DataFrame":
        """Tabulate how much every label changed for each requested value.

        Labels that are requested together are edited together. To see the effect of each
        one on the others, make one report per label and combine the tables with
        :func:`pandas.concat`.

        .. versionadded:: 0.2

        Returns
        -------
        table : pandas.DataFrame
            Means of `changes`, from 0 to 1. Indexed by requested label and value, with a
            column for each label of the model.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X, 2, report=True)
        >>> report.change_matrix().shape
        (1, 1)
        """
        return check_pandas_support("change_matrix").DataFrame(
            [self.changes[rows].mean(axis=0) for _, _, _, rows in self._groups()],
            index=self._group_index(),
            columns=self.label_names,
        )

    def _group_index(self):
        groups = [(label, value) for _, label, value, _ in self._groups()]
        pandas = check_pandas_support("summary")
        return pandas.MultiIndex.from_tuples(groups, names=["label", "value"])

    def to_frame(self) -> "pd.DataFrame":
        """Return the report as a table with a row for each edited sample.

        .. versionadded:: 0.2

        Returns
        -------
        table : pandas.DataFrame
            Indexed by the index of X, or by the position in X; with several draws, an
            entry of the index is repeated. The columns are, for each requested label,
            `<label>_requested`, the probabilities `<label>_before` and `<label>_after`,
            `<label>_achieved` and `<label>_already`, and then `other_change`,
            `other_label`, `distance`, `score_drop`, `out_of_distribution` and
            `disagreement`.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X, 2, report=True)
        >>> report.to_frame().shape
        (150, 11)
        """
        columns = {}
        for a, (label, values) in enumerate(self.requested.items()):
            columns[f"{label}_requested"] = values
            columns[f"{label}_before"] = self.probability_before[:, a]
            columns[f"{label}_after"] = self.probability_after[:, a]
            columns[f"{label}_achieved"] = self.achieved[:, a]
            columns[f"{label}_already"] = self.already[:, a]
        for name in (
            "other_change",
            "other_label",
            "distance",
            "score_drop",
            "out_of_distribution",
            "disagreement",
        ):
            columns[name] = getattr(self, name)
        index = self.row if self.index is None else self.index[self.row]
        return check_pandas_support("to_frame").DataFrame(columns, index=index)
