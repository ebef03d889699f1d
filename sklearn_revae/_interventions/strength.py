"""How far each sample has to move until the requested values are recognised."""

import numpy as np

from sklearn_revae._data.scaling import ScaledRows
from sklearn_revae._inference.chunked import apply

# The strengths that are tried, from weak to strong, and the probability that every
# requested value has to reach. On breast_cancer with all samples labelled, a gradient
# boosting recognises all of 40 edits (five seeds). They change a feature by 0.67 standard
# deviations, and by 0.71 with strengths from 0.5 in steps of 0.1.
_STRENGTHS = (
    *(0.05 * i for i in range(6, 25)),
    *(0.1 * i for i in range(13, 23)),
)
_ENOUGH = 0.95


def needed_strength(edit, module, scaling, requested):
    """Return the smallest strength (n,) with which the edit of each sample succeeds.

    Where none does, it is the one that makes the requested values most probable.

    Parameters
    ----------
    edit : callable
        Takes the positions of samples, (m,), and their strengths, (m,). Returns edited
        samples, (m, n_features), in the units of X.
    module : Ensemble
        Predicts the probabilities.
    scaling : Scaling
        Scales samples.
    requested : dict of int to ndarray of int (n,)
        Requested codes by the position of their label.

    Returns
    -------
    ndarray (n,)
    """
    labels = list(requested)
    codes = np.stack(list(requested.values()), axis=1)
    best, found = np.zeros(len(codes)), np.ones(len(codes))
    rows = np.arange(len(codes))
    for strength in _STRENGTHS:
        edited = edit(rows, np.full(len(rows), strength))
        log_probability = apply(
            module,
            lambda m, part: m.log_class_probabilities(part),
            ScaledRows(edited, scaling),
        )
        own = np.arange(len(rows))[:, None], labels, codes[rows]
        reached = np.exp(log_probability[own]).min(axis=1)
        better = reached > best[rows]
        best[rows[better]], found[rows[better]] = reached[better], strength
        rows = rows[reached < _ENOUGH]
        if len(rows) == 0:
            break
    return found
