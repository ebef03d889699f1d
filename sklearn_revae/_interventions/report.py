"""Whether an intervention did what was asked, and what else it did."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_pandas_support

from sklearn_revae._data.chunks import chunk_bounds, dense
from sklearn_revae._data.codec import ScaledRows
from sklearn_revae._data.frames import is_frame
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.density import row_bounds
from sklearn_revae._interventions.requests import read_do
from sklearn_revae._typing import Do, Model, Rows

if TYPE_CHECKING:
    import pandas as pd

# Rows below this percentile of the training rows' scores count as unlike them.
_LOW_PERCENTILE = 1
_MOST_LINES = 6


@dataclass(frozen=True, eq=False, repr=False)
class InterventionReport:
    """What an intervention did to each row, by the model's own judgement.

    Made by :func:`intervention_report`, or by `intervene` with `report=True`. With
    several draws a row there are n = n_samples * n_draws rows here, those of one row of X
    next to each other.

    .. versionadded:: 0.2

    Parameters
    ----------
    label_names : list of str
        All L labels of the model.
    asked : dict of str to ndarray of shape (n,)
        The value asked of each row, for each of the A labels that were asked for.
    row : ndarray of int of shape (n,)
        Position in X of the row that was edited.
    index : pandas.Index or None
        The index of X, where it has one.
    probability_before, probability_after : ndarray of shape (n, A)
        Probability of the asked value, of X and of the edited row.
    achieved : ndarray of bool of shape (n, A)
        Whether the asked value is now the predicted one.
    changes : ndarray of shape (n, L)
        Change of every label's probabilities, from 0 to 1: half the sum of absolute
        differences over its values, for a label of two values the difference of either.
    other_change : ndarray of shape (n,)
        The largest of `changes` among labels not asked for; 0 where there is none.
    other_label : ndarray of str or None of shape (n,)
        The label that it is of.
    distance : ndarray of shape (n,)
        How far the row moved: root mean square over its columns, in the training rows'
        standard deviations: of the logarithm for positive columns, of log(1 + x) for
        counts. A category counts 1 if it changed, else 0. Missing values are left out.
    score_drop : ndarray of shape (n,)
        `score_samples` of X minus that of the edited row, in nats, over the values that
        neither of them misses.
    out_of_distribution : ndarray of bool of shape (n,)
        Whether the edited row's score is below those of 99 % of the training rows.

    See Also
    --------
    intervention_report : Makes one, for edits made elsewhere.

    Notes
    -----
    The model judges its own edits, with the latents it edited by: success here is
    necessary, not sufficient. A classifier trained apart from it is a stricter judge. And
    an edit goes along what the data associates with a label; whatever the report says,
    it is not the causal effect of changing it.

    Decoded rows have no noise, so their scores are often above those of real rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=100, random_state=0).fit(X, y)
    >>> X_new, report = model.intervene(X[:3], 2, report=True)
    >>> report.achieved[:, 0]
    array([ True,  True,  True])
    >>> report.summary()[["n_rows", "achieved"]]
                    n_rows  achieved
    label   value
    label_0 2            3       1.0
    """

    label_names: list[str]
    asked: dict[str, NDArray[Any]]
    row: NDArray[np.intp]
    index: Any
    probability_before: NDArray[np.float64]
    probability_after: NDArray[np.float64]
    achieved: NDArray[np.bool_]
    changes: NDArray[np.float64]
    other_change: NDArray[np.float64]
    other_label: NDArray[np.object_]
    distance: NDArray[np.float64]
    score_drop: NDArray[np.float64]
    out_of_distribution: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    def _groups(self):
        """Each asked label: its place, its name, a value asked of it, and which rows."""
        for a, (label, values) in enumerate(self.asked.items()):
            for value in np.unique(values):
                yield a, label, value.item(), values == value

    def __repr__(self) -> str:
        lines = [
            f"{label}={value!r}: {self.achieved[rows, a].mean():.0%} of {rows.sum()} rows"
            f" as asked, probability {self.probability_before[rows, a].mean():.2f} -> "
            f"{self.probability_after[rows, a].mean():.2f}"
            for a, label, value, rows in self._groups()
        ]
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = [f"... and {len(lines) - _MOST_LINES} more"]
        if len(self.asked) < len(self.label_names):
            change = self.other_change.mean()
            lines.append(f"other labels: largest change {change:.2f} on average")
        lines += [
            f"rows: median distance {np.median(self.distance):.2f}, mean drop of score "
            f"{self.score_drop.mean():.1f} nats, "
            f"{self.out_of_distribution.mean():.0%} out of distribution",
        ]
        return "\n  ".join([f"InterventionReport of {len(self)} rows", *lines])

    def summary(self) -> "pd.DataFrame":
        """Table with a row for each label and value that was asked for.

        .. versionadded:: 0.2

        Returns
        -------
        table : pandas.DataFrame
            Indexed by label and value: the number of rows, the share of them where it was
            achieved, means of its probability before and after, of the largest change
            among other labels and of the drop of score, the median distance, and the
            share of rows out of distribution.

        Raises
        ------
        ImportError
            Without pandas.

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
        rows = [
            {
                "n_rows": int(rows.sum()),
                "achieved": self.achieved[rows, a].mean(),
                "probability_before": self.probability_before[rows, a].mean(),
                "probability_after": self.probability_after[rows, a].mean(),
                "other_change": self.other_change[rows].mean(),
                "distance": np.median(self.distance[rows]),
                "score_drop": self.score_drop[rows].mean(),
                "out_of_distribution": self.out_of_distribution[rows].mean(),
            }
            for a, _, _, rows in self._groups()
        ]
        return check_pandas_support("summary").DataFrame(rows, index=self._group_index())

    def change_matrix(self) -> "pd.DataFrame":
        """Table of how much every label changed, with a row for each that was asked for.

        Labels that were asked for at once moved at once: to see what one does to the
        others ask for one at a time, and put the tables together by pandas.concat.

        .. versionadded:: 0.2

        Returns
        -------
        table : pandas.DataFrame
            Indexed by label and value asked for, a column for every label of the model:
            means of `changes`, from 0 to 1.

        Raises
        ------
        ImportError
            Without pandas.

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
        """Table with a row for each edited row.

        .. versionadded:: 0.2

        Returns
        -------
        table : pandas.DataFrame
            With the index of X, else the position in X; with several draws a row each
            stands as often. For each asked label `<label>_asked`, `<label>_before` and
            `<label>_after`, its probabilities, and `<label>_achieved`; then the changes
            of others, distance, drop of score and plausibility.

        Raises
        ------
        ImportError
            Without pandas.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X, 2, report=True)
        >>> report.to_frame().shape
        (150, 9)
        """
        columns = {}
        for a, (label, values) in enumerate(self.asked.items()):
            columns[f"{label}_asked"] = values
            columns[f"{label}_before"] = self.probability_before[:, a]
            columns[f"{label}_after"] = self.probability_after[:, a]
            columns[f"{label}_achieved"] = self.achieved[:, a]
        for name in (
            "other_change",
            "other_label",
            "distance",
            "score_drop",
            "out_of_distribution",
        ):
            columns[name] = getattr(self, name)
        index = self.row if self.index is None else self.index[self.row]
        return check_pandas_support("to_frame").DataFrame(columns, index=index)


def intervention_report(
    estimator: Model, X: Rows, X_new: Rows, do: Do, *, baseline: Rows | None = None
) -> InterventionReport:
    """What edits did to rows, judged by the model: success, side effects, plausibility.

    The model judges edits with the same latents it makes them by: an edit that fails
    here has failed, one that succeeds should still be shown to a classifier trained apart
    from it. And an edit goes along what the data associates with a label: none of this
    is a causal effect.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        A fitted model with labels.
    X : array-like of shape (n_samples, n_features)
        The rows before, in the units of the training data.
    X_new : array-like of shape (n_samples, n_features) \
            or (n_samples, n_draws, n_features)
        The rows after, whoever made them.
    do : dict, or a single value where there is one label
        What was asked for, as `intervene` takes it.
    baseline : array-like of shape (n_samples, n_features), default=None
        The rows that distances are measured from. None takes `reconstruct(X)`, so that
        what the decoder cannot draw is not counted; for edits that keep what it cannot
        draw, pass X itself.

    Returns
    -------
    report : InterventionReport
        Arrays with an entry a row, and tables of them.

    Raises
    ------
    ValueError
        For an unknown label or value, naming the known ones, and another number of rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier, intervention_report
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=100, random_state=0).fit(X, y)
    >>> larger = X[:50] * [1.3, 0.9, 4.0, 8.0]
    >>> report = intervention_report(model, X[:50], larger, 2)
    >>> bool(report.achieved.mean() > 0.5)
    True
    """
    x = estimator._scaled(X)
    targets = read_do(estimator._labels, do, len(x))
    x_new = _read_edited(estimator, X_new, len(x))
    origin = estimator.reconstruct(X) if baseline is None else baseline
    origin = estimator._scaled(origin)
    if len(x_new) % len(x) or origin.shape != x.shape:
        raise ValueError(
            f"X has {len(x)} rows, X_new {len(x_new)} and baseline {origin.shape[0]}: "
            "pass the edits of each row of X, in order."
        )
    row = np.repeat(np.arange(len(x)), len(x_new) // len(x))
    before = _probabilities(estimator, x)[row]
    after = _probabilities(estimator, x_new)
    asked = np.array(list(targets))
    codes = np.stack(list(targets.values()), axis=1)[row]
    entry = np.arange(len(row))[:, None], asked, codes
    changes = 0.5 * np.abs(after - before).sum(axis=-1)
    others = changes.copy()
    others[:, asked] = -np.inf
    names = estimator._labels.names_
    largest = others.argmax(axis=1)
    alone = len(asked) == len(names)
    new = dense(x_new.values)
    score, new_score = _scores(estimator, dense(x.values)[row], new)
    low = estimator.training_score_quantiles_[_LOW_PERCENTILE]
    return InterventionReport(
        label_names=list(names),
        asked={
            names[label]: estimator._labels.classes_[label][codes[:, a]]
            for a, label in enumerate(asked)
        },
        row=row,
        index=getattr(X, "index", None) if is_frame(X) else None,
        probability_before=before[entry],
        probability_after=after[entry],
        achieved=after.argmax(axis=-1)[:, asked] == codes,
        changes=changes,
        other_change=np.zeros(len(row)) if alone else others.max(axis=1),
        other_label=np.array([None if alone else names[i] for i in largest], object),
        distance=_distances(estimator._codec, new, dense(origin.values), row),
        score_drop=score - new_score,
        out_of_distribution=new_score < low,
    )


def _read_edited(estimator, X_new, n_rows):
    """Values and scaled rows of X_new, its draws one below another."""
    shape = np.shape(X_new)
    rows = [(estimator.n_features_in_,), estimator._codec.picture_shape_]
    if shape[1:] not in rows and shape[2:] in rows:
        if shape[0] != n_rows:
            raise ValueError(
                f"X_new has {shape[0]} rows, but X has {n_rows}: pass the edits of each "
                "row of X, in order."
            )
        X_new = np.reshape(X_new, (-1, *shape[2:]))
    with warnings.catch_warnings():
        # Draws from a frame are an array, which has no names to compare.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        return estimator._scaled(X_new)


def _probabilities(estimator, x):
    """Probabilities (n, L, K) of every label's values, 0 where it has fewer."""
    log_probability = apply(
        estimator.module_, lambda m, rows: m.log_class_probabilities(rows), x
    )
    return np.exp(log_probability)


def _scores(estimator, old, new):
    """Bounds on log p(x) of rows before and after, over what neither misses."""
    missing = np.isnan(old) | np.isnan(new)
    return [
        row_bounds(
            estimator.module_,
            ScaledRows(
                np.where(missing, np.nan, rows) if missing.any() else rows,
                estimator._codec.scaling_,
            ),
            estimator.unlabeled_bound,
        )
        for rows in (old, new)
    ]


def _distances(codec, new, origin, row):
    """Root mean square over columns of the way from `origin[row]` to `new`."""
    distances = np.zeros(len(new))
    for start, stop in chunk_bounds(new):
        part = slice(start, stop)
        way = _in_spreads(codec, new[part]) - _in_spreads(codec, origin[row[part]])
        levels = list(codec.levels_)
        # The sign of what is missing is missing as well.
        way[:, levels] = np.sign(way[:, levels])
        there = ~np.isnan(way)
        squares = np.square(np.where(there, way, 0.0)).sum(axis=1)
        distances[part] = np.sqrt(squares / np.maximum(there.sum(axis=1), 1))
    return distances


def _in_spreads(codec, values):
    """Values in units of the training rows' spread; codes where there are levels."""
    scaling = codec.scaling_
    spread = np.where(scaling.spread_ > 0, scaling.spread_, 1.0)
    scaled = scaling.transform(values, np.float64) / spread
    counts = scaling.counts
    scaled[:, counts] = np.log1p(scaled[:, counts]) / codec.count_spread_[counts]
    return scaled
