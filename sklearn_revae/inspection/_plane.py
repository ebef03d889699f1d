"""A plane to look at latents in, and what priors look like there."""

import numpy as np


def plane(latents):
    """Two directions (2, d) to look at latents (n, d) along.

    The axes themselves where there are at most two, else the principal directions.
    """
    n_latents = latents.shape[1]
    if n_latents <= 2:
        return np.eye(n_latents)
    centred = latents - latents.mean(axis=0)
    return np.linalg.svd(centred, full_matrices=False)[2][:2]


def ellipse(directions, scales):
    """Half axes (2,) and angle in degrees of N(., diag scales²) seen in a plane."""
    covariance = (directions * np.square(scales)) @ directions.T
    variances, axes = np.linalg.eigh(covariance)
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    return np.sqrt(variances[::-1]), angle
