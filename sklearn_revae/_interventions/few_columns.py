"""Edits that change only a few columns, those that matter for the requested values."""

import numpy as np
import torch

from sklearn_revae._data.scaling import ScaledRows
from sklearn_revae._inference.chunked import apply

# The columns are chosen among so many that an edit changes most.
_MOST_CANDIDATES = 64
# Number of values that are tried at once.
_MOST_CELLS = 4_000_000
# Columns are chosen by an edit that is stronger by this factor: a weaker one may not have
# any effect in a few columns. On breast_cancer, with six columns and all samples
# labelled, a gradient boosting recognises 0.93 of the edits (160 samples, five seeds),
# 0.86 with a factor of 1.5, and 0.90 with 4.
_SELECTING = 3.0
# The chosen columns are edited by the first factor of the strength, and by one that is
# larger by the step, until every requested value is this probable. Each time, the sample
# itself is edited: a category does not change in small steps.
_FIRST, _STEP, _ENOUGH, _MOST_PASSES = 0.8, 0.2, 0.5, 15


def edit_few_columns(edit, module, scaling, own, labels, codes, n_columns, free):
    """Edit at most `n_columns` of each sample.

    A column is chosen by how much its edited value raises the log-odds of the requested
    values, according to the mean of the members. This is measured twice: if only this
    column is edited, and if all columns are, compared with all others. The first alone
    ignores what a column contributes together with others, and the second what one of
    several similar columns contributes.

    Parameters
    ----------
    edit : callable
        Takes the positions of samples, (m,), factors of the strength, (m,), and their
        present values, (m, n_features). Returns edited values.
    module : Ensemble
        Predicts the probabilities.
    scaling : Scaling
        Scales samples.
    own : ndarray (n, n_features)
        The samples, in the units of X.
    labels : list of int
        Positions of the requested labels.
    codes : ndarray of int (n, len(labels))
        Their requested values, -1 where there is none.
    n_columns : int
        How many columns may change.
    free : ndarray of bool (n_features,)
        Which columns may change.

    Returns
    -------
    ndarray (n, n_features)
    """

    def log_odds(rows, values):
        """Log-odds (m,) of the requested values of samples `rows`."""
        return apply(
            module,
            lambda module, x, wanted: _log_odds(module, x, labels, wanted),
            ScaledRows(values, scaling),
            codes[rows],
        )

    def probability(rows, values):
        """Probability (m,) of the least probable requested value of samples `rows`."""
        found = apply(
            module,
            lambda module, x: module.log_class_probabilities(x),
            ScaledRows(values, scaling),
        )
        wanted = found[np.arange(len(rows))[:, None], labels, codes[rows]]
        return np.exp(np.where(codes[rows] < 0, 0.0, wanted).min(axis=1))

    edited = edit(np.arange(len(own)), np.full(len(own), _SELECTING), own)
    order, usable = _candidates(scaling, own, edited, free, n_columns)
    chosen = np.zeros(own.shape, dtype=bool)
    step = max(1, _MOST_CELLS // (order.shape[1] * own.shape[1]))
    for start in range(0, len(own), step):
        rows = np.arange(start, min(start + step, len(own)))
        part = own[rows], edited[rows], order[rows], usable[rows]
        chosen[rows] = _choose(log_odds, rows, *part, n_columns)
    result, rows = own.copy(), np.arange(len(own))
    for later in range(_MOST_PASSES):
        rows = rows[probability(rows, result[rows]) < _ENOUGH]
        if len(rows) == 0:
            break
        new = edit(rows, np.full(len(rows), _FIRST + _STEP * later), own[rows])
        result[rows] = np.where(chosen[rows], new, result[rows])
    return result


def _log_odds(module, x, labels, codes):
    """Log-odds (n,), summed over labels, of the mean of the members' predictions."""
    log_members = module.member_predictions(x)[:, :, labels]
    is_requested = codes >= 0
    codes = codes.clamp(min=0).expand(len(log_members), -1, -1)[..., None]
    wanted = log_members.gather(-1, codes)[..., 0]
    # Probabilities close to one would have no precise log-odds.
    others = log_members.scatter(-1, codes, -torch.inf).logsumexp(-1)
    return ((wanted - others).mean(0) * is_requested).sum(-1)


def _candidates(scaling, own, edited, free, n_columns):
    """The columns that an edit changes most, (n, m), and which of them it changes."""
    spread = np.where(scaling.spread_ > 0, scaling.spread_, 1.0)
    before, after = (scaling.transform(rows, np.float64) for rows in (own, edited))
    change = np.abs(after - before) / spread
    levels = list(scaling.levels)
    change[:, levels] = np.sign(change[:, levels])
    change = np.where(np.isnan(change), 1.0, change)
    change[:, ~free] = 0.0
    change[(edited == own)] = 0.0
    order = np.argsort(-change, axis=1, kind="stable")
    order = order[:, : max(_MOST_CANDIDATES, n_columns)]
    return order, np.take_along_axis(change, order, axis=1) > 0


def _choose(log_odds, rows, own, edited, order, usable, n_columns):
    """Mask (n, n_features) of at most `n_columns` columns of each sample."""
    n, m = order.shape
    sample, candidate = np.arange(n)[:, None], np.arange(m)
    everything = own.copy()
    before, after = own[sample, order], edited[sample, order]
    everything[sample, order] = np.where(usable, after, before)

    def odds_with(values, replaced):
        """Log-odds (n, m) if one candidate column is replaced in `values`."""
        tried = np.repeat(values[:, None], m, axis=1)
        tried[sample, candidate, order] = replaced[sample, order]
        return log_odds(np.repeat(rows, m), tried.reshape(n * m, -1)).reshape(n, m)

    gain = odds_with(own, edited) - odds_with(everything, own)
    best = np.argsort(np.where(usable, -gain, np.inf), axis=1, kind="stable")
    best = best[:, :n_columns]
    chosen = np.zeros(own.shape, dtype=bool)
    chosen[sample, order[sample, best]] = usable[sample, best]
    return chosen
