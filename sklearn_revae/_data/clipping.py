r"""Smooth clipping of standardised values, and its inverse.

Far values must not dominate training, so the model sees

.. math:: s = z / \sqrt{1 + (z / 4)^2}

of a standardised value z. It hardly changes values within two scales of the centre and is
always within -4 and 4.
"""

import numpy as np

# Clipped values lie within this distance of zero.
LIMIT = 4.0
# Decoded values are this far from the limit, that is, at most 40 scales from the centre.
LARGEST_DECODED = 3.98


def clip(z):
    """The clipped values of standardised ones."""
    return z / np.hypot(1.0, z / LIMIT)


def unclip(s):
    """The standardised values of clipped ones, infinite beyond the limit."""
    room = np.maximum(1.0 - np.square(s / LIMIT), 0.0)
    with np.errstate(divide="ignore"):
        return s / np.sqrt(room)


def unclip_decoded(s):
    """The standardised values of decoder outputs, which are not bounded."""
    return unclip(np.clip(s, -LARGEST_DECODED, LARGEST_DECODED))


def log_slope(z):
    """Log of the derivative dz/ds at the standardised values z."""
    return 3.0 * np.log(np.hypot(1.0, z / LIMIT))
