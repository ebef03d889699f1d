"""Values of different labels that never occur together, found in the labelled samples."""

import math
from itertools import combinations

import numpy as np

# Expected number of pairs, among all that are tested, that are found by chance.
_FALSE_PAIRS = 0.1
# The table of pairs grows with the square of the number of values of all labels.
_MOST_VALUES = 1000
# Samples are counted a few at a time, which bounds the memory.
_CHUNK_CELLS = 2_000_000


def count_pairs(codes, n_values, weight=None):
    """Total weight of the samples with each pair of values, both observed.

    Parameters
    ----------
    codes : ndarray of int (n, L)
        -1 where not observed.
    n_values : sequence of int
        K_l, the number of values of each label.
    weight : ndarray (n,), optional
        Weight of each sample; 1 for all if None. A sample of weight 2 counts as much as
        two samples.

    Returns
    -------
    ndarray (sum K_l, sum K_l) or 0.0
        0.0 for fewer than two labels, or too many values for a table.
    """
    if len(n_values) < 2 or sum(n_values) > _MOST_VALUES:
        return 0.0
    n_all = sum(n_values)
    pairs, step = np.zeros((n_all, n_all)), math.ceil(_CHUNK_CELLS / n_all)
    for start in range(0, len(codes), step):
        part = slice(start, start + step)
        shows = [
            codes[part, label, None] == np.arange(n) for label, n in enumerate(n_values)
        ]
        shows = np.concatenate(shows, axis=1).astype(np.float64)
        pairs += shows.T @ (shows if weight is None else weight[part, None] * shows)
    return pairs


def find_exclusions(counts, weights, n_values):
    r"""Find pairs of values that exclude each other.

    Two values exclude each other if no sample shows both although, if the labels were
    independent, enough samples would be expected to show both. The number of samples that
    show both is then about Poisson distributed, and it is zero by chance with probability

    .. math:: p = \exp(-n \, q_1 q_2)

    where n is the number of samples for which both labels are observed, and
    :math:`q_1, q_2` are the fractions of them with the first and the second value. The
    pair is accepted if p is below 0.1 divided by the number of pairs, so that 0.1 pairs
    are expected to be found by chance.

    With sample weights, :math:`n q_1 q_2` is the smaller of two numbers: the one that
    counts every sample once, and the one that counts every sample by its weight, relative
    to a mean of 1. Small weights therefore make few samples of many, but large weights do
    not make many samples of a few: with weights that balance the classes, two samples of
    a rare class would otherwise be evidence of what that class never shows.

    Parameters
    ----------
    counts, weights : ndarray (sum K_l, sum K_l) or 0.0
        What :func:`count_pairs` returns without and with the weights of the samples.
    n_values : sequence of int
        K_l, the number of values of each label.

    Returns
    -------
    tuple of (label, value, other, excluded, instead)
        Positions of labels and codes of values: where `label` has `value`, `other` cannot
        have `excluded`; the value of `other` that is most frequent then is `instead`.
    """
    if np.ndim(counts) == 0:
        return ()
    ends = np.cumsum(n_values)
    spans = [slice(end - n, end) for end, n in zip(ends, n_values, strict=True)]
    both = list(combinations(range(len(n_values)), 2))
    n_tested = sum(n_values[first] * n_values[second] for first, second in both)
    enough = math.log(max(n_tested, 1) / _FALSE_PAIRS)
    found = []
    for first, second in both:
        block = spans[first], spans[second]
        table = weights[block]
        expected = np.minimum(_expected(counts[block]), _expected(table))
        for value, other in np.argwhere((table == 0) & (expected > enough)).tolist():
            found.append((first, value, second, other, int(table[value].argmax())))
            found.append((second, other, first, value, int(table[:, other].argmax())))
    return tuple(sorted(found))


def _expected(table):
    """How much of a table (K_1, K_2) would be in each cell if labels were independent."""
    total = table.sum()
    if total == 0:
        return np.zeros_like(table)
    return table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
