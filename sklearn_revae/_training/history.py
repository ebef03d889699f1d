"""What was written of each epoch, one dict an epoch, as arrays: a pickle keeps those."""

from itertools import groupby

import numpy as np


def by_quantity(history):
    """Return a dict of each quantity's values for every stretch of like epochs.

    Numbers that are all floats become an array, which has 8 bytes for each.
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
    """Undo :func:`by_quantity`."""
    return [
        dict(zip(stretch, values, strict=True))
        for stretch in stretches
        for values in zip(*map(_as_list, stretch.values()), strict=True)
    ]


def _as_list(values):
    return values.tolist() if isinstance(values, np.ndarray) else values
