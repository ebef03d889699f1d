"""Projection of latent dimensions and of Gaussian priors onto a plane."""

import numpy as np


def plane(latents):
    """Directions (2, d) of the plane that latent codes (n, d) are projected onto.

    With one or two latent dimensions these are the axes themselves, otherwise the first
    two principal components.
    """
    n_latents = latents.shape[1]
    if n_latents <= 2:
        return np.eye(n_latents)
    centred = latents - latents.mean(axis=0)
    return np.linalg.svd(centred, full_matrices=False)[2][:2]


def ellipse(directions, scales):
    r"""One-standard-deviation ellipse of a projected Gaussian.

    For a Gaussian with covariance :math:`\mathrm{diag}(\sigma^2)` and the matrix
    :math:`D` of `directions`, the projection has the covariance
    :math:`D\,\mathrm{diag}(\sigma^2)\,D^\top`.

    Parameters
    ----------
    directions : ndarray of shape (2, d)
        Orthonormal directions of the plane.
    scales : ndarray of shape (d,)
        Standard deviations :math:`\sigma` of the latent dimensions.

    Returns
    -------
    half_axes : ndarray of shape (2,)
        Lengths of the semi-major and the semi-minor axis.
    angle : float
        Angle between the first direction and the major axis, in degrees.
    """
    covariance = (directions * np.square(scales)) @ directions.T
    variances, axes = np.linalg.eigh(covariance)
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    return np.sqrt(variances[::-1]), angle
