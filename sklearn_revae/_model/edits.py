"""Edits: the characteristic latents of a label are moved from one value to another."""

import torch

from sklearn_revae._model.draws import normal

METHODS = ("transport", "sample", "mean")
# How far a line extends beyond the means at its ends, in scales of the prior.
SPAN = 4.0


def sample(label_model, label, block, target, generator):
    """Draw latents from p(z_l|target), of the shape of `block`."""
    noise = normal(block.shape, block, generator)
    means, scales = label_model.means[label], label_model.scales[label]
    return means[target] + scales[target] * noise


def mean(label_model, label, block, target):
    """Return the mean of p(z_l|target), in the shape of `block`."""
    return label_model.means[label][target].expand_as(block)


def traverse(label_model, label, block, source, ends, positions, span):
    """Return latents (n_steps, n, d) along the line through the means of two values.

    The line begins `span` scales of the prior before the first mean, and ends as many
    after the second. Perpendicular to the line, a row keeps the deviation that
    :func:`transport` would give it.

    Parameters
    ----------
    label_model : LabelModel
        The priors.
    label : int
        The label.
    block : tensor (n, d)
        Characteristic latents of the label.
    source : long tensor (n,)
        The present code of each row.
    ends : (int, int)
        The codes of the two values.
    positions : tensor (n_steps,)
        Positions on the line, from 0 at its start to 1 at its end.
    span : float
        How far the line extends beyond the means.
    """
    means, scales = label_model.means[label], label_model.scales[label]
    first, last = ends
    axis, before, distance, length = _line(means, scales, ends, span)
    along = positions * length - before
    passed = (along / distance.clamp(min=1e-12)).clamp(0, 1)[:, None, None]
    scale = (1 - passed) * scales[first] + passed * scales[last]
    deviation = scale * (block - means[source]) / scales[source]
    across = deviation - (deviation @ axis).unsqueeze(-1) * axis
    return means[first] + along[:, None, None] * axis + across


def locate(label_model, label, block, ends, span):
    """Positions (n,) of latents (n, d) on the line of :func:`traverse`."""
    means, scales = label_model.means[label], label_model.scales[label]
    axis, before, _, length = _line(means, scales, ends, span)
    return ((block - means[ends[0]]) @ axis + before) / length.clamp(min=1e-12)


def positions_around(label_model, label, ends, span, reach):
    """Positions (2,) on the line of :func:`traverse`, outside of the two means.

    They are `reach` scales of the prior before the first mean and after the second.
    """
    means, scales = label_model.means[label], label_model.scales[label]
    _, before, distance, length = _line(means, scales, ends, span)
    behind = length - before - distance
    inner = torch.stack(
        [before * (1 - reach / span), length - behind * (1 - reach / span)]
    )
    return inner / length.clamp(min=1e-12)


def _line(means, scales, ends, span):
    """Direction (d,) of the line, and the lengths of three parts of it.

    They are the distance from its start to the first mean, the distance between the
    means, and the length of the whole line.
    """
    gap = means[ends[1]] - means[ends[0]]
    distance = gap.norm()
    # If the means coincide, any direction will do.
    axis = torch.where(distance > 0, gap, torch.ones_like(gap))
    axis = axis / axis.norm()
    before, behind = (span * (axis * scales[end]).norm() for end in ends)
    return axis, before, distance, before + distance + behind


def unrequested(codes):
    """Where no value is requested: the code is -1, the number NaN."""
    return codes.isnan() if codes.is_floating_point() else codes < 0


def implied(label_model, codes, requested):
    """Return the codes (n, L) of all labels after some of them were set.

    If a requested value excludes the value of another label, that label gets the value
    that labelled rows have instead. Requested values are always kept.

    Parameters
    ----------
    label_model : LabelModel
        Its `exclusions` are tuples of a label, its value, another label, the excluded
        value of that label, and the value that replaces it.
    codes : long tensor (..., n, L)
        The present codes of the rows.
    requested : dict of int to long tensor (..., n)
        The requested codes, by the index of their label; -1 requests none.
    """
    result = codes.clone()
    for label, target in requested.items():
        present = codes[..., label]
        result[..., label] = torch.where(unrequested(target), present, target)
    for label, value, other, excluded, instead in label_model.exclusions:
        if label in requested:
            excludes = (requested[label] == value) & (codes[..., other] == excluded)
            if other in requested:
                excludes = excludes & unrequested(requested[other])
            result[..., other] = result[..., other].masked_fill(excludes, instead)
    return result


def replace(z_blocks, label, block):
    """Return latents (..., n, L, d) in which those of one label are replaced."""
    result = z_blocks.clone()
    result[..., label, :] = block
    return result


def move(
    label_model, z_blocks, label, source, target, method, generator=None, strength=1.0
):
    """Return latents in which one label is moved to another value.

    Parameters
    ----------
    label_model : LabelModel
        The priors.
    z_blocks : tensor (..., n, L, d)
        Characteristic latents of all labels.
    label : int
        The label to move.
    source, target : long tensors (n,)
        The present code and the new code of each row.
    method : str or tensor (n, d)
        One of :data:`METHODS`, or the new latents of the label.
    generator : torch.Generator, optional
        Source of the draws of the method "sample".
    strength : float or tensor (n, 1), default=1.0
        How far to move: 0 leaves the latents as they are, 1 reaches the new ones, and
        more goes beyond them.
    """
    block = z_blocks[..., label, :]
    if isinstance(method, torch.Tensor):
        moved = method.expand_as(block)
    elif method == "transport":
        moved = label_model.transport(label, block, source, target)
    elif method == "sample":
        moved = sample(label_model, label, block, target, generator)
    else:
        moved = mean(label_model, label, block, target)
    if isinstance(strength, torch.Tensor) or strength != 1.0:
        moved = block + strength * (moved - block)
    return replace(z_blocks, label, moved)
