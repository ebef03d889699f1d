"""How a report is computed: probabilities, distances and scores of edited samples."""

import warnings
from dataclasses import fields, replace

import numpy as np
import torch

from sklearn_revae._data.chunks import chunk_bounds, dense
from sklearn_revae._data.frames import is_frame
from sklearn_revae._data.scaling import ScaledRows
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.density import row_bounds
from sklearn_revae._inference.disagreement import averaged
from sklearn_revae._interventions.passage import check_classes
from sklearn_revae._interventions.report import InterventionReport
from sklearn_revae._typing import Do, Model, Rows

# Samples that score below this percentile of the training samples are flagged.
_LOW_PERCENTILE = 1


def intervention_report(
    estimator: Model, X: Rows, X_new: Rows, do: Do, *, baseline: Rows | None = None
) -> InterventionReport:
    """Assess edited samples: success, side effects and plausibility.

    All members of the ensemble assess the edited samples, and the members that made an
    edit are among them. A reported failure is reliable; a reported success should be
    confirmed with an independently trained classifier. An edit follows the associations
    in the data, so nothing in the report is a causal effect.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted model with labels.
    X : array-like of shape (n_samples, n_features)
        Samples before the edit, in the units of the training data.
    X_new : array-like of shape (n_samples, n_features) \
            or (n_samples, n_draws, n_features)
        Samples after the edit, which need not be made by this package.
    do : dict, or a single value if the model has one label
        The requested values, as `intervene` accepts them. Samples without any requested
        value are left out of the report.
    baseline : array-like of shape (n_samples, n_features), default=None
        Samples from which distances are measured. If None, X. Pass `reconstruct(X)` if
        the edits are decoded samples, as those with `residual=False` are, so that details
        that the decoder does not reproduce do not count.

    Returns
    -------
    report : InterventionReport
        Arrays with an entry per edited sample, and tables of them.

    Raises
    ------
    ValueError
        For an unknown label or value, naming the known ones, and if `X_new` or
        `baseline` does not have the same number of samples as X, or has the index of X
        in another order.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier, intervention_report
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
    >>> larger = X[:50] * [1.3, 0.9, 4.0, 8.0]
    >>> report = intervention_report(model, X[:50], larger, 2)
    >>> bool(report.achieved.mean() > 0.5)
    True
    """
    check_classes(estimator)
    baseline = X if baseline is None else baseline
    for name, rows in (("X_new", X_new), ("baseline", baseline)):
        _check_order(X, rows, name)
    x = estimator._scaled(X)
    requested, asked, _ = estimator._requests(do, x)
    return judge(estimator, X, x, X_new, requested, asked, baseline)


def judge(estimator, X, x, X_new, requested, asked, baseline, by_first=False):
    """Compute a report.

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted model with labels.
    X : array-like of shape (n_samples, n_features)
        Samples before the edit. Only their index is read.
    x : ScaledRows (n_samples, n_features)
        The same samples, scaled.
    X_new : array-like of shape (n_samples, n_features) \
            or (n_samples, n_draws, n_features)
        Samples after the edit.
    requested : dict of int to ndarray of int (n_samples,)
        Requested codes by the position of their label; the predicted ones where none is.
    asked : ndarray of int (n_samples, len(requested))
        The same codes, -1 where none is requested. Samples for which nothing is requested
        are left out.
    baseline : array-like of shape (n_samples, n_features)
        Samples from which distances are measured.
    by_first : bool, default=False
        Whether only the first member made the edits, so that the others judge them.

    Returns
    -------
    InterventionReport
    """
    x_new = _read_edited(estimator, X_new, len(x))
    origin = estimator._scaled(baseline)
    if len(x_new) % len(x) or origin.shape != x.shape:
        raise ValueError(
            f"X has {len(x)} rows, X_new {len(x_new)} and baseline {origin.shape[0]}: "
            "pass the edits of each sample of X, in the same order."
        )
    row = np.repeat(np.arange(len(x)), len(x_new) // len(x))
    before = _judged(estimator, x, by_first)[0][row]
    after, disagreement = _judged(estimator, x_new, by_first)
    edited = np.array(list(requested))
    codes = np.stack(list(requested.values()), axis=1)[row]
    entry = np.arange(len(row))[:, None], edited, codes
    is_requested = asked[row] >= 0
    changes = 0.5 * np.abs(after - before).sum(axis=-1)
    names = estimator._labels.names_
    new = dense(x_new.values)
    score, new_score = _scores(estimator, dense(x.values)[row], new)
    low = estimator.training_score_quantiles_[_LOW_PERCENTILE]
    other_change, other_label = _side_effects(changes, edited, is_requested, names)
    already = before.argmax(axis=-1)[:, edited] == codes
    moved = (is_requested & ~already).any(axis=1)
    distance, column_change = _changes(
        estimator._codec, new, dense(origin.values), row, moved
    )
    report = InterventionReport(
        label_names=list(names),
        requested={
            names[label]: _requested_values(
                estimator._labels.classes_[label][codes[:, a]], is_requested[:, a]
            )
            for a, label in enumerate(edited)
        },
        row=row,
        index=getattr(X, "index", None) if is_frame(X) else None,
        probability_before=before[entry],
        probability_after=after[entry],
        achieved=after.argmax(axis=-1)[:, edited] == codes,
        already=already,
        changes=changes,
        other_change=other_change,
        other_label=other_label,
        distance=distance,
        score_drop=score - new_score,
        out_of_distribution=new_score < low,
        disagreement=disagreement[:, edited].max(axis=1),
        column_names=estimator._codec.names or list(range(new.shape[1])),
        column_change=column_change,
    )
    return _of_rows(report, is_requested.any(axis=1))


def _check_order(X, rows, name):
    """Refuse a frame with the index of X in another order."""
    own, other = (getattr(part, "index", None) for part in (X, rows))
    if not is_frame(X) or not is_frame(rows) or own is None or other is None:
        return
    if len(own) == len(other) and not own.equals(other) and set(own) == set(other):
        raise ValueError(
            f"The index of {name} is that of X in another order, but the rows must be in "
            f"the same order: pass {name}.loc[X.index]."
        )


def _of_rows(report, chosen):
    """The same report of the rows of a mask."""
    of_all = {"label_names", "requested", "index", "column_names", "column_change"}
    of_rows = {field.name for field in fields(report)} - of_all
    requested = {label: values[chosen] for label, values in report.requested.items()}
    parts = {name: getattr(report, name)[chosen] for name in of_rows}
    return replace(report, requested=requested, **parts)


def _requested_values(values, is_requested):
    """Values of a label, None where none is requested."""
    if is_requested.all():
        return values
    return np.where(is_requested, values.astype(object), None)


def _read_edited(estimator, X_new, n_rows):
    """Scaled rows of `X_new`, in which the draws of a sample follow each other."""
    shape = np.shape(X_new)
    rows = [(estimator.n_features_in_,), estimator._codec.picture_shape_]
    if shape[1:] not in rows and shape[2:] in rows:
        if shape[0] != n_rows:
            raise ValueError(
                f"X_new has {shape[0]} rows, but X has {n_rows}: pass the edits of each "
                "sample of X, in the same order."
            )
        X_new = np.reshape(X_new, (-1, *shape[2:]))
    with warnings.catch_warnings():
        # The draws of a data frame are an array, which has no column names to compare.
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        return estimator._scaled(X_new)


def _judged(estimator, x, by_first):
    """Class probabilities (n, L, K) of every label, and the members' disagreement (n, L).

    All members judge, or, if `by_first`, all but the first. A label with fewer than K
    classes has probabilities of 0.
    """

    def judged(module, rows):
        log_members = module.member_predictions(rows)
        if by_first and len(log_members) > 1:
            log_members = log_members[1:]
        probabilities = module.label_model.log_mean(log_members).exp()
        disagreement = averaged(log_members)[1]
        return torch.cat([probabilities, disagreement[..., None]], dim=-1)

    found = apply(estimator.module_, judged, x)
    return found[..., :-1], found[..., -1]


def _side_effects(changes, edited, is_requested, names):
    """The largest change among labels without a request, and the name of the label.

    It is 0, and None, where every label has a request.
    """
    others = changes.copy()
    others[:, edited] = np.where(is_requested, -np.inf, others[:, edited])
    largest, label = others.max(axis=1), np.array(names, object)[others.argmax(axis=1)]
    none = np.isneginf(largest)
    return np.where(none, 0.0, largest), np.where(none, None, label)


def _scores(estimator, old, new):
    """Estimates of log p(x) before and after, from values that are observed in both."""
    missing = np.isnan(old) | np.isnan(new)
    return [
        row_bounds(
            estimator.module_,
            ScaledRows(
                np.where(missing, np.nan, rows) if missing.any() else rows,
                estimator._codec.scaling_,
            ),
            estimator._statistic("latent_density"),
        )
        for rows in (old, new)
    ]


def _changes(codec, new, origin, row, moved):
    """How much `new` differs from `origin[row]`, in units of the columns' spreads.

    Returns
    -------
    distances : ndarray (n,)
        Root mean square over columns.
    columns : ndarray (n_features,)
        Mean absolute change over the rows of the mask `moved`.
    """
    distances, total = np.zeros(len(new)), np.zeros(new.shape[1])
    for start, stop in chunk_bounds(new):
        part = slice(start, stop)
        change = _in_spreads(codec, new[part]) - _in_spreads(codec, origin[row[part]])
        levels = list(codec.levels_)
        # The sign of a missing value is missing as well.
        change[:, levels] = np.sign(change[:, levels])
        observed = ~np.isnan(change)
        change = np.where(observed, change, 0.0)
        squares = np.square(change).sum(axis=1)
        distances[part] = np.sqrt(squares / np.maximum(observed.sum(axis=1), 1))
        total += np.abs(change[moved[part]]).sum(axis=0)
    return distances, total / max(moved.sum(), 1)


def _in_spreads(codec, values):
    """Values in units of their spread in the training data; codes of categories."""
    scaling = codec.scaling_
    spread = np.where(scaling.spread_ > 0, scaling.spread_, 1.0)
    scaled = scaling.transform(values, np.float64) / spread
    # Far from the centre, differences of clipped values would hardly count.
    clipped = scaling.clipped
    scaled[:, clipped] = scaling._standardised(values, clipped)
    counts = scaling.counts
    scaled[:, counts] = np.log1p(scaled[:, counts]) / codec.count_spread_[counts]
    return scaled
