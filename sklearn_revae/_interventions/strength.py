"""How far each sample has to move until the requested values are recognised."""

import numpy as np

from sklearn_revae._data.scaling import ScaledRows
from sklearn_revae._data.storage import sample_rows
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.disagreement import averaged
from sklearn_revae._model.label_model import LabelModel

# The strengths that are tried, from weak to strong.
_STRENGTHS = (
    *(0.05 * i for i in range(6, 25)),
    *(0.1 * i for i in range(13, 23)),
    *(0.2 * i for i in range(12, 18)),
)
# No value has to be more probable than this.
_ENOUGH = 0.99
# Certainty is learned from at most so many samples.
_MOST_ROWS = 1000
# Several strengths are tried at once if there are few samples: with at most so many
# edits, this takes little longer than to try one strength.
_MOST_EDITS = 512
_MOST_STRENGTHS = 8


def typical_certainty(module, values, scaling, seed):
    """How probable a value is in a typical training sample that is predicted to have it.

    Parameters
    ----------
    module : Ensemble
        The trained module.
    values : ndarray, sparse matrix or stored rows (n, n_features)
        Training samples in the units of X.
    scaling : Scaling
        Their scaling.
    seed : int
        Decides which samples are used.

    Returns
    -------
    ndarray (L, K) or None
        The median of the probabilities of value k of label l, at most 0.99, which it is
        if no sample is predicted to have the value. None if there are no classes.
    """
    if not isinstance(module.label_model, LabelModel) or not module.label_model.n_labels:
        return None
    x = ScaledRows(sample_rows(values, _MOST_ROWS, seed), scaling)
    probability = _probability(module, x)
    predicted = probability.argmax(axis=-1)
    certainty = np.full(probability.shape[1:], _ENOUGH)
    for label, value in np.ndindex(certainty.shape):
        own = probability[predicted[:, label] == value, label, value]
        if len(own):
            certainty[label, value] = min(np.median(own), _ENOUGH)
    return certainty


def needed_strength(edit, module, scaling, labels, codes, certainty):
    """Return the smallest strength (n,) with which the edit of each sample succeeds.

    It succeeds if every requested value is as probable as in a typical training sample.
    Where no strength does, it is the one that comes closest.

    Parameters
    ----------
    edit : callable
        Takes the positions of samples, (m,), and their strengths, (m,). Returns edited
        samples, (m, n_features), in the units of X.
    module : Ensemble
        Predicts the probabilities.
    scaling : Scaling
        Scales samples.
    labels : list of int
        Positions of the requested labels.
    codes : ndarray of int (n, len(labels))
        Their requested values, -1 where there is none.
    certainty : ndarray (L, K) or None
        The result of :func:`typical_certainty`. With None, values have to be as probable
        as its largest entry can be.

    Returns
    -------
    ndarray (n,)
    """
    enough = _ENOUGH if certainty is None else certainty[labels, codes]
    enough = np.broadcast_to(enough, codes.shape)
    best, found = np.zeros(len(codes)), np.ones(len(codes))
    rows, untried = np.arange(len(codes)), np.array(_STRENGTHS)
    while len(rows) and len(untried):
        n_strengths = max(1, min(_MOST_STRENGTHS, _MOST_EDITS // len(rows)))
        strengths, untried = untried[:n_strengths], untried[n_strengths:]
        tried = np.tile(rows, len(strengths))
        edited = edit(tried, np.repeat(strengths, len(rows)))
        probability = _probability(module, ScaledRows(edited, scaling))
        own = np.arange(len(tried))[:, None], labels, codes[tried]
        reached = probability[own] / enough[tried]
        reached = np.where(codes[tried] < 0, 1.0, reached).min(axis=1)
        reached = reached.reshape(len(strengths), len(rows))
        for strength, values in zip(strengths, reached, strict=True):
            better = (best[rows] < 1) & (values > best[rows])
            best[rows[better]], found[rows[better]] = values[better], strength
        rows = rows[best[rows] < 1]
    return found


def _probability(module, x):
    """Mean (n, L, K) of the members' probabilities.

    Without their temperature: it would bring certain predictions below the limit, so that
    samples would move further.
    """
    return apply(module, lambda m, part: averaged(m.member_predictions(part))[0], x)
