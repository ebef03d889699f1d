"""Values of different labels that never hold together, told from the labelled rows."""

import math
from itertools import combinations

import numpy as np

# So few false pairs are expected among all that are looked at.
_FALSE_PAIRS = 0.1
# The table of pairs grows with the square of all labels' values.
_MOST_VALUES = 1000


def count_pairs(codes, n_values):
    """How many rows show each pair of values, both observed.

    Parameters
    ----------
    codes : ndarray of int (n, L)
        -1 where not observed.
    n_values : sequence of int
        K_l, the number of values of each label.

    Returns
    -------
    ndarray (sum K_l, sum K_l) or None
        None for fewer than two labels, or too many values for a table.
    """
    if len(n_values) < 2 or sum(n_values) > _MOST_VALUES:
        return None
    there = [codes[:, [label]] == np.arange(n) for label, n in enumerate(n_values)]
    there = np.concatenate(there, axis=1).astype(np.float64)
    return there.T @ there


def find_exclusions(pairs, n_values):
    """Pairs of values that exclude each other.

    Those never seen together, though so many were to be expected of independent labels
    that chance would hardly pass them all over.

    Parameters
    ----------
    pairs : ndarray (sum K_l, sum K_l) or 0.0
        What :func:`count_pairs` returned, summed; 0.0 if there was no table.
    n_values : sequence of int
        K_l, the number of values of each label.

    Returns
    -------
    tuple of (label, value, other, excluded, instead)
        Indices and codes: where `label` has `value`, `other` cannot have `excluded`;
        most often it has `instead` then.
    """
    if np.ndim(pairs) == 0:
        return ()
    ends = np.cumsum(n_values)
    spans = [slice(end - n, end) for end, n in zip(ends, n_values, strict=True)]
    both = list(combinations(range(len(n_values)), 2))
    n_looked_at = sum(n_values[first] * n_values[second] for first, second in both)
    enough = math.log(max(n_looked_at, 1) / _FALSE_PAIRS)
    found = []
    for first, second in both:
        table = pairs[spans[first], spans[second]]
        total = max(table.sum(), 1.0)
        expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / total
        for value, other in np.argwhere((table == 0) & (expected > enough)).tolist():
            found.append((first, value, second, other, int(table[value].argmax())))
            found.append((second, other, first, value, int(table[:, other].argmax())))
    return tuple(sorted(found))
