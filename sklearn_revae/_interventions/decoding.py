"""Rows encoded, moved among the latents and decoded: what all interventions share."""

import torch

from sklearn_revae._data.chunks import dense
from sklearn_revae._inference.chunked import apply


def latents_of(module, blocks, style):
    """Latents (..., latent_dim) from blocks (..., L, d) and style (..., style_dim)."""
    return torch.cat([blocks.flatten(-2), style.expand(*blocks.shape[:-2], -1)], dim=-1)


def decode_edits(module, x, edit, *arrays, copies=1, residual=False):
    """Edited rows in X's units.

    Parameters
    ----------
    module : ReVAE
        The fitted module.
    x : ScaledRows (n, n_features)
        Scaled rows.
    edit : callable
        Takes the module, rows and a tensor for each of `arrays`; returns latents before,
        (1 or copies, n, latent_dim), and after, (copies, n, latent_dim).
    *arrays : ndarray (n, ...)
        What `edit` needs of each row.
    copies : int, default=1
        How many edits a row gets.
    residual : bool, default=False
        Add what the edit changes in the decoded row to the row itself. So what the
        decoder cannot draw is not lost.

    Returns
    -------
    ndarray (n, copies, n_features)
    """

    def run(module, rows, *tensors):
        before, after = edit(module, rows, *tensors)
        z = torch.cat([before, after]) if residual else after
        return module.expected_row(z).transpose(0, 1)

    n_decoded = 2 * copies if residual else copies
    decoded = apply(module, run, x, *arrays, copies=n_decoded)
    decoded = x.scaling.inverse_transform(decoded)
    if not residual:
        return decoded
    before, after = decoded[:, :-copies], decoded[:, -copies:]
    return x.scaling.add_change(dense(x.values)[:, None], before, after)
