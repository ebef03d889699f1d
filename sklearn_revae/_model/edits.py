"""Moves of a label's characteristic latents from one value to another."""

import torch

from sklearn_revae._model.draws import normal

METHODS = ("transport", "sample", "mean")
# How far a line goes on beyond the means of its ends, in prior scales.
SPAN = 4.0


def transport(label_model, label, block, source, target):
    """Carry a block by the affine map that takes p(z_l|source) onto p(z_l|target).

    How a row shows the label (its deviation from the prior's mean, in units of the
    prior's scale) stays. `block` is (..., n, d); `source` and `target` are codes (n,).
    """
    means, scales = label_model.means[label], label_model.scales[label]
    standardised = (block - means[source]) / scales[source]
    moved = means[target] + scales[target] * standardised
    # No move must be exactly none, not a rounding away from it.
    return torch.where((source == target).unsqueeze(-1), block, moved)


def sample(label_model, label, block, target, generator):
    """Draw a block of `block`'s shape from p(z_l|target)."""
    noise = normal(block.shape, block, generator)
    means, scales = label_model.means[label], label_model.scales[label]
    return means[target] + scales[target] * noise


def mean(label_model, label, block, target):
    """Return the mean of p(z_l|target) for every row of `block`."""
    return label_model.means[label][target].expand_as(block)


def traverse(label_model, label, block, source, ends, shares, span):
    """Blocks (n_steps, n, d) along the line through the means of two values.

    From `span` prior scales before the first to as many behind the second. Across the
    line a row stays where transport would carry it.

    Parameters
    ----------
    label_model : LabelModel
        The model.
    label : int
        The label.
    block : tensor (n, d)
        The rows' latents of it.
    source : long tensor (n,)
        Their values.
    ends : (int, int)
        The two values.
    shares : tensor (n_steps,)
        Where on the line: 0 at its start, 1 at its end.
    span : float
        How far beyond the means.
    """
    means, scales = label_model.means[label], label_model.scales[label]
    first, last = ends
    axis, before, distance, length = _line(means, scales, ends, span)
    along = shares * length - before
    passed = (along / distance.clamp(min=1e-12)).clamp(0, 1)[:, None, None]
    scale = (1 - passed) * scales[first] + passed * scales[last]
    deviation = scale * (block - means[source]) / scales[source]
    across = deviation - (deviation @ axis).unsqueeze(-1) * axis
    return means[first] + along[:, None, None] * axis + across


def locate(label_model, label, block, ends, span):
    """Shares (n,) of the line of :func:`traverse` at which blocks (n, d) are."""
    means, scales = label_model.means[label], label_model.scales[label]
    axis, before, _, length = _line(means, scales, ends, span)
    return ((block - means[ends[0]]) @ axis + before) / length.clamp(min=1e-12)


def _line(means, scales, ends, span):
    """Direction (d,), way to the first mean, from it to the last, and all of it."""
    gap = means[ends[1]] - means[ends[0]]
    distance = gap.norm()
    # Means that fell together leave any direction as good as another.
    axis = torch.where(distance > 0, gap, torch.ones_like(gap))
    axis = axis / axis.norm()
    before, behind = (span * (axis * scales[end]).norm() for end in ends)
    return axis, before, distance, before + distance + behind


def implied(label_model, codes, asked):
    """Codes (n, L) that follow from those `asked` of some labels, which are kept.

    A value that one asked for excludes gives way to what the labelled rows have in its
    place.

    Parameters
    ----------
    label_model : LabelModel
        With its `exclusions`: tuples of label, value, other label, its excluded value,
        and its value instead.
    codes : long tensor (n, L)
        What the rows show.
    asked : dict of int to long tensor (n,)
        Codes by the index of their label.
    """
    result = codes.clone()
    for label, target in asked.items():
        result[:, label] = target
    for label, value, other, excluded, instead in label_model.exclusions:
        if label in asked and other not in asked:
            gives_way = (asked[label] == value) & (codes[:, other] == excluded)
            result[:, other] = result[:, other].masked_fill(gives_way, instead)
    return result


def replace(z_blocks, label, block):
    """Blocks (..., n, L, d) with that of one label replaced."""
    result = z_blocks.clone()
    result[..., label, :] = block
    return result


def move(
    label_model, z_blocks, label, source, target, method, generator=None, strength=1.0
):
    """Blocks (..., n, L, d) with label `label` moved from codes `source` to `target`.

    `strength` is the share of the way: 0 none, 1 all, more beyond. `method` is one of
    METHODS, or the latents themselves, (n, d).
    """
    block = z_blocks[..., label, :]
    if isinstance(method, torch.Tensor):
        moved = method.expand_as(block)
    elif method == "transport":
        moved = transport(label_model, label, block, source, target)
    elif method == "sample":
        moved = sample(label_model, label, block, target, generator)
    else:
        moved = mean(label_model, label, block, target)
    if strength != 1.0:
        moved = block + strength * (moved - block)
    return replace(z_blocks, label, moved)
