"""Seeds and generators of random numbers, for any device."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch


def generator(seed, device="cpu"):
    """Make a generator of torch on `device`, apart from torch's global generators."""
    source = torch.Generator(device)
    source.manual_seed(seed)
    return source


def spawn_seeds(seed, n):
    """Derive the seeds of `n` independent streams of random numbers from a seed.

    Parameters
    ----------
    seed : int or sequence of int
        The seed; together with a counter, where there are several calls with one seed.
    n : int
        Number of streams.

    Returns
    -------
    list of int
        Seeds for :func:`generator`, for NumPy and for scikit-learn.
    """
    streams = np.random.SeedSequence(seed).spawn(n)
    return [int(stream.generate_state(1)[0]) for stream in streams]


class FitSeeds(NamedTuple):
    """Seeds of what an estimator draws in its fits, all derived from one seed.

    Parameters
    ----------
    weights : int
        For the initial weights.
    held_out : int
        For the choice of the samples that early stopping watches.
    training : int
        For the order of the samples and all noise.
    statistics : int
        For the statistics of the training samples.
    """

    weights: int
    held_out: int
    training: int
    statistics: int

    @classmethod
    @lru_cache
    def of(cls, seed):
        """Derive the seeds from `seed`."""
        return cls(*spawn_seeds(seed, len(cls._fields)))


def draw_seed(random_state):
    """Draw a seed from a NumPy RandomState, which advances: draw only what is used."""
    return int(random_state.randint(np.iinfo(np.int32).max))
