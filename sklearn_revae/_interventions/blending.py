"""Edits of images: the decoded image where the edit changes it, the sample elsewhere.

If the decoder's change were added to the sample, what the decoder cannot draw, such as
the outline of a beard, would stay after the beard has gone. Small edits, such as the
first steps of a slider, are added nevertheless, because they would be hidden otherwise.
"""

import torch
from torch.nn import functional as F

from sklearn_revae._model.images import ImagesToRows
from sklearn_revae._training.judge_views import LARGE_CHANGE

# Where the change of the decoded image is below the first, the sample is shown, and where
# it is above the second, the decoded image. In standard deviations of the pixels.
LIMITS = 0.18, LARGE_CHANGE


def blended_layout(module):
    """How rows hold images whose edits are blended; None if edits are not blended.

    An own decoder does not say how its rows hold images, and levels cannot be blended.
    """
    if bool(module.likelihood.discrete.any()):
        return None
    parts = module.members[0].decoder.modules()
    return next((p.image_shape for p in parts if isinstance(p, ImagesToRows)), None)


def blended(own, before, after, layout, unit):
    r"""What has to be decoded after an edit so that images are blended.

    .. math::

        x + (d'' - d) = x + m(c) \, (d' - x) + (m(c / t) - m(c)) \, (d' - d), \quad
        m(c) = \operatorname{clip}\left(\frac{c - c_0}{c_1 - c_0}, 0, 1\right) , \quad
        t = \min(1, \max c / c_1) ,

    where :math:`x` is the sample, :math:`d` and :math:`d'` are the decoded images before
    and after the edit, and :math:`d''` is the result. :math:`c` is :math:`|d' - d|` of
    the channel in which it is largest, averaged over 3 x 3 pixels. Where the change is
    large, the decoded image replaces the sample. If it is large nowhere in the image,
    :math:`t` is less than one, and the changes that are large for this image are added.

    Parameters
    ----------
    own, before, after : tensor (n, n_features)
        The samples and the decoded images, in the units of X.
    layout : ImageShape
        How rows hold images.
    unit : tensor (n_features,)
        Standard deviation of the pixels.

    Returns
    -------
    tensor (n, n_features)
        The images :math:`d''`. They are `before` where the edit changes the decoded
        image much less than elsewhere, and `after` where the samples miss values.
    """
    # In single precision, as ONNX Runtime has pooling in no other.
    change = layout.images(((after - before).abs() / unit).float())
    change = change.amax(1, keepdim=True)
    change = F.avg_pool2d(change, 3, 1, 1, count_include_pad=False).to(after)
    largest = change.amax((-2, -1), keepdim=True)
    scale = (largest / LIMITS[1]).clamp(1e-9, 1)
    replaced, shown = (
        layout.rows(_ramp(values).expand(-1, layout.channels, -1, -1))
        for values in (change, change / scale)
    )
    target = before + replaced * (after - own) + (shown - replaced) * (after - before)
    return torch.where(own.isnan(), after, target)


def _ramp(change):
    """Zero below the first limit, one above the second, and linear between them."""
    low, high = LIMITS
    return ((change - low) / (high - low)).clamp(0, 1)
