"""Measures of edits of images, each a function of arrays.

Images are arrays (n, height, width, channels) of integers up to 255. Distances are mean
absolute differences of pixels in [0, 1]. `seen` are the codes of the labels (n, L) that a
judge predicts.
"""

import numpy as np

# Weights of the two parts of the counterfactual latent divergence, those of the code
# published with arXiv:2403.20287.
REQUESTED_WEIGHT, OWN_WEIGHT = 0.8, 0.2


def success(seen, label, value):
    """Return the fraction of edits in which the judge sees the requested value."""
    return np.mean(seen[:, label] == value)


def leakage(seen, expected, label):
    """Return the fraction of the other labels that differ from those of drawn edits.

    A label that has to change together with the edited one does not count, unless it
    fails to change.
    """
    others = np.arange(seen.shape[1]) != label
    return np.mean((seen != expected)[:, others])


def pixel_distances(images, others):
    """Return the difference at each pixel (n, height, width)."""
    return np.abs(np.subtract(images, others, dtype=np.float32)).mean(-1) / 255


def distance(images, others):
    """Return the mean difference over all pixels of all images.

    Between images and their null edits it is the measure of composition; between images
    and images that were edited and edited back, that of reversibility.
    """
    return pixel_distances(images, others).mean()


def changed_region(drawn, images):
    """Return which pixels (n, height, width) the drawn edits change."""
    return (drawn != images).any(-1)


def ratio(numerator, denominator):
    """Return a ratio, NaN if the denominator is 0."""
    return numerator / denominator if denominator > 0 else np.nan


def error_inside(edits, drawn, images):
    """Return the error of edits where the drawn edits differ from the images.

    It is the distance to the drawn edits, relative to that of the unedited images: 0 for
    the drawn edits, 1 for edits that do nothing.
    """
    inside = changed_region(drawn, images)
    error = pixel_distances(edits, drawn)[inside].sum()
    return ratio(error, pixel_distances(images, drawn)[inside].sum())


def error_outside(edits, drawn, images, reconstructions):
    """Return the error of edits where the drawn edits equal the images.

    It is the distance to the drawn edits, relative to that of the model's
    reconstructions: 0 for edits that keep these pixels, 1 for edits that redraw them as
    the reconstructions do.
    """
    outside = ~changed_region(drawn, images)
    error = pixel_distances(edits, drawn)[outside].sum()
    return ratio(error, pixel_distances(reconstructions, images)[outside].sum())


def nearest(edits, drawn):
    """Return, for each edit, the closest of its drawn edits (n, m, h, w, channels)."""
    distances = np.stack(
        [
            pixel_distances(edits, drawn[:, draw]).mean(axis=(1, 2))
            for draw in range(drawn.shape[1])
        ]
    )
    return drawn[np.arange(len(drawn)), distances.argmin(axis=0)]


def latent_divergence(moved, to_requested, to_own):
    """Return the counterfactual latent divergence of an edit; smaller is more minimal.

    An edit should be nearer to the image than other images with the requested value are,
    and further away than other images with the image's own value are: ::

        log(0.8 exp P(to_requested <= moved) + 0.2 exp P(to_own >= moved))

    Distances are those of pixels here, and of latent codes in the published version. An
    edit that does nothing has 0.295, because the second probability is 1. The value lies
    between 0 and 1; an edit further away than all other images has 0.865.

    Parameters
    ----------
    moved : float
        Distance of the edit to the image.
    to_requested, to_own : arrays
        Distances of the image to other images with the requested value, and to those with
        the image's own value.

    References
    ----------
    T. Melistas et al., "Benchmarking Counterfactual Image Generation", NeurIPS 2024,
    arXiv:2403.20287. P. Sanchez, S. A. Tsaftaris, "Diffusion Causal Models for
    Counterfactual Estimation", CLeaR 2022.
    """
    nearer, further = np.mean(to_requested <= moved), np.mean(to_own >= moved)
    return np.log(REQUESTED_WEIGHT * np.exp(nearer) + OWN_WEIGHT * np.exp(further))
