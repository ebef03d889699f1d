"""Moves of a label's characteristic latents from one value to another."""

import torch

METHODS = ("transport", "sample", "mean")


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
    noise = torch.randn(
        block.shape, generator=generator, device=block.device, dtype=block.dtype
    )
    means, scales = label_model.means[label], label_model.scales[label]
    return means[target] + scales[target] * noise


def mean(label_model, label, block, target):
    """Return the mean of p(z_l|target) for every row of `block`."""
    return label_model.means[label][target].expand_as(block)


def move(label_model, z_blocks, label, source, target, method, generator):
    """Blocks (..., n, L, d) with label `label` moved from codes `source` to `target`."""
    block = z_blocks[..., label, :]
    if method == "transport":
        moved = transport(label_model, label, block, source, target)
    elif method == "sample":
        moved = sample(label_model, label, block, target, generator)
    else:
        moved = mean(label_model, label, block, target)
    result = z_blocks.clone()
    result[..., label, :] = moved
    return result
