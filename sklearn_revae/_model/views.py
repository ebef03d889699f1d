"""Random views of images: the same thing, seen from slightly elsewhere.

Functions of tensors and a generator. Images have the shape (n, channels, height, width)
and no missing values. Nothing depends on their units, nor on other images of the batch.
No view is mirrored: a mirrored letter is another letter.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from sklearn_revae._model.draws import normal, uniform


@dataclass(frozen=True)
class ViewStrength:
    """How far random views may be from the image.

    Parameters
    ----------
    shift : float
        Largest shift in each direction, relative to the side.
    rotation : float
        Largest rotation to either side, in radians.
    scale : float
        Largest relative change of the size.
    cutout : float, default=0.0
        Side of the square that is cut out, relative to the side of the image.
    contrast : float, default=0.0
        Standard deviation of the relative changes of the contrast, and of the changes of
        the brightness in standard deviations of the image's values.
    """

    shift: float
    rotation: float
    scale: float
    cutout: float = 0.0
    contrast: float = 0.0


STRONG = ViewStrength(shift=2 / 28, rotation=0.25, scale=0.1, cutout=0.5, contrast=0.4)


def random_view(images, strength, generator):
    """Return a random view of each image.

    Parameters
    ----------
    images : tensor (n, channels, height, width)
        The images.
    strength : ViewStrength
        How far the views may be from the images, such as :data:`STRONG`.
    generator : torch.Generator
        Source of all randomness.

    Returns
    -------
    tensor (n, channels, height, width)
        The views.
    """
    views = _moved(images, strength, generator)
    if strength.cutout > 0:
        views = _cut_out(views, strength.cutout, generator)
    if strength.contrast > 0:
        views = _relit(views, strength.contrast, generator)
    return views


def strong_view(images, generator):
    """Return a random view of each image, of the strength that training uses."""
    return random_view(images, STRONG, generator)


def own_view(function, limits, images, generator):
    """Return the views that a function of the user's own makes of images.

    Parameters
    ----------
    function : callable
        Takes and returns images (n, channels, height, width).
    limits : tuple of two arrays
        Smallest and largest value of each pixel, beyond which rounding must not lead.
    images : tensor (n, channels, height, width)
        The images.
    generator : torch.Generator
        Not used, because `function` does not take one.

    Raises
    ------
    ValueError
        If the function returns anything but a tensor of the shape of the images, or
        numbers that are not real and finite.
    """
    low, high = limits
    images = images.clamp(float(low.min()), float(high.max()))
    views = function(images)
    if not isinstance(views, torch.Tensor) or views.shape != images.shape:
        shape = getattr(views, "shape", None)
        of_shape = "" if shape is None else f" of shape {tuple(shape)}"
        raise ValueError(
            f"views={function!r} returned {type(views).__name__}{of_shape} for images of "
            f"shape {tuple(images.shape)}; expected a torch.Tensor of the same shape."
        )
    if views.is_complex() or not views.isfinite().all():
        raise ValueError(
            f"views={function!r} returned NaN, infinite or complex numbers for images "
            f"with values from {images.min():.4g} to {images.max():.4g}; expected finite "
            "real numbers."
        )
    return views.to(images)


def _symmetric(shape, like, generator):
    """Draw uniformly from [-1, 1)."""
    return 2 * uniform(shape, like, generator) - 1


def _mean_and_scale(images):
    """Mean of each channel and standard deviation of each image, with axes for pixels."""
    mean = images.mean((2, 3), keepdim=True)
    return mean, (images - mean).square().mean((1, 2, 3), keepdim=True).sqrt()


def _moved(images, strength, generator):
    """Rotate, scale and shift; the pixels at the border continue beyond it."""
    n, _, height, width = images.shape
    draws = _symmetric((n, 4), images, generator)
    angle = strength.rotation * draws[:, 0]
    size = 1 + strength.scale * draws[:, 1]
    cosine, sine = size * angle.cos(), size * angle.sin()
    # Coordinates run from -1 to 1 along either side, so that a rotation of pixels is one
    # of coordinates only after their ratio has been undone.
    ratio = height / width
    shift = 2 * strength.shift * draws[:, 2:]
    horizontal = torch.stack([cosine, -ratio * sine, shift[:, 0]], dim=1)
    vertical = torch.stack([sine / ratio, cosine, shift[:, 1]], dim=1)
    transforms = torch.stack([horizontal, vertical], dim=1)
    places = F.affine_grid(transforms, list(images.shape), align_corners=False)
    return F.grid_sample(images, places, padding_mode="border", align_corners=False)


def _cut_out(images, fraction, generator):
    """Replace a square, anywhere in each image, by the mean of the image's channels."""
    n, _, height, width = images.shape
    centres = uniform((n, 2), images, generator)
    half = fraction * min(height, width) / 2
    inside = []
    for axis, side in enumerate((height, width)):
        places = torch.arange(side, device=images.device) + 0.5
        distance = (places - side * centres[:, axis, None]).abs()
        inside.append(distance < half)
    square = (inside[0][:, :, None] & inside[1][:, None, :])[:, None]
    mean, _ = _mean_and_scale(images)
    return torch.where(square, mean, images)


def _relit(images, contrast, generator):
    """Change the contrast and the brightness of each image."""
    mean, scale = _mean_and_scale(images)
    draws = contrast * normal((2, len(images), 1, 1, 1), images, generator)
    return mean + (images - mean) * (1 + draws[0]) + scale * draws[1]
