"""Iterative stratification: folds with equal fractions of every class of every label."""

import numpy as np


def stratify(codes, groups, n_folds):
    """Assign labelled samples to folds, all samples of a group to the same one.

    The groups with the rarest class are distributed first, as in Sechidis et al., "On the
    Stratification of Multi-Label Data", ECML PKDD 2011.

    Parameters
    ----------
    codes : ndarray of int (n, L)
        Class of each label, -1 where it is not observed.
    groups : ndarray of int (n,)
        Group of each sample. Groups are distributed in the order of their numbers.
    n_folds : int
        Number of folds.

    Returns
    -------
    fold : ndarray of int (n,)
        The fold of each sample.
    """
    _, group = np.unique(groups, return_inverse=True)
    # Column j says which samples have the j-th pair of a label and one of its classes.
    has_class = np.hstack([column[:, None] == _classes(column) for column in codes.T])
    counts = np.zeros((group.max() + 1, has_class.shape[1]))
    np.add.at(counts, group, has_class)
    size = np.bincount(group)
    desired_samples = np.full(n_folds, len(codes) / n_folds)
    desired_of_class = np.tile(counts.sum(axis=0) / n_folds, (n_folds, 1))
    fold = np.full(len(size), -1)
    while (fold < 0).any():
        remaining = counts[fold < 0].sum(axis=0)
        rarest = np.argmin(np.where(remaining > 0, remaining, np.inf))
        members = np.flatnonzero((fold < 0) & (counts[:, rarest] > 0))
        # Large groups first, because small ones can even out what these have left.
        for member in members[np.argsort(-counts[members, rarest], kind="stable")]:
            # The fold that lacks most samples of this class, then most samples at all.
            chosen = np.lexsort((-desired_samples, -desired_of_class[:, rarest]))[0]
            fold[member] = chosen
            desired_of_class[chosen] -= counts[member]
            desired_samples[chosen] -= size[member]
    return fold[group]


def shuffled(groups, random):
    """Number the groups (n,) anew, in random order."""
    names, group = np.unique(groups, return_inverse=True)
    return random.permutation(len(names))[group]


def _classes(column):
    return np.unique(column[column >= 0])
