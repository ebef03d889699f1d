"""Accuracy over the cells of y that are known."""

import numpy as np


def cell_accuracy(predicted, codes, weight=None):
    """Weighted share of the observed cells predicted right.

    Parameters
    ----------
    predicted, codes : ndarray of int (n, L)
        Codes; -1 in `codes` marks what is not observed and not counted.
    weight : ndarray (n,), optional
        Weight of each row.

    Raises
    ------
    ValueError
        If no cell is observed, or none of positive weight.
    """
    observed = codes >= 0
    weights = observed * (1.0 if weight is None else np.asarray(weight)[:, None])
    total = weights.sum()
    if not total > 0:
        raise ValueError(
            "score needs at least one labelled row of positive weight: every cell of y "
            "is marked as unlabelled."
        )
    return float((weights * (predicted == codes)).sum() / total)
