"""The history of a fit: the loss of an epoch, and arrays in which a pickle stores it."""

import math
from itertools import groupby

import numpy as np


def loss_of(epoch):
    """Return the loss of an epoch; earlier versions recorded the ELBO only."""
    return epoch.get("loss", -epoch.get("bound", math.nan))


def by_quantity(history):
    """Convert a history, one dict per epoch, to a few dicts of arrays.

    Consecutive epochs with the same quantities become one dict, which holds the values of
    each quantity. Values that are all floats become an array, with 8 bytes per number.
    """
    stretches = []
    for quantities, epochs in groupby(history, key=tuple):
        values = zip(*(epoch.values() for epoch in epochs), strict=True)
        stretches.append(
            {
                quantity: np.array(of_epochs)
                if {type(value) for value in of_epochs} == {float}
                else list(of_epochs)
                for quantity, of_epochs in zip(quantities, values, strict=True)
            }
        )
    return stretches


def by_epoch(stretches):
    """Invert :func:`by_quantity`."""
    return [
        dict(zip(stretch, values, strict=True))
        for stretch in stretches
        for values in zip(*map(_as_list, stretch.values()), strict=True)
    ]


def _as_list(values):
    return values.tolist() if isinstance(values, np.ndarray) else values
