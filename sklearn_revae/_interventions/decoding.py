"""Samples encoded, edited in latent space and decoded: what all interventions share."""

import torch

from sklearn_revae._data.chunks import dense
from sklearn_revae._inference.chunked import apply
from sklearn_revae._model.objective import sample_posterior


def latents_of(blocks, style):
    """Latent codes (..., D) from those of the labels (..., L, d) and style (..., s)."""
    return torch.cat([blocks.flatten(-2), style.expand(*blocks.shape[:-2], -1)], dim=-1)


def decode_edits(
    module, x, edit, *arrays, n_edits=1, residual=True, noise=None, unedited=False
):
    """Edited samples in the units of X.

    Parameters
    ----------
    module : ReVAE
        The fitted module.
    x : ScaledRows (n, n_features)
        Scaled samples.
    edit : callable
        Takes the module, the characteristic latents of the posterior's mean, (n, L, d),
        those to edit, (1 or n_edits, n, L, d), and a tensor for each of `arrays`. Returns
        edited ones, (n_edits, n, L, d).
    *arrays : ndarray (n, ...)
        What `edit` needs to know about each sample.
    n_edits : int, default=1
        Number of edits per sample.
    residual : bool, default=True
        Add what the edit changes in the decoded sample to the sample itself, so that
        details that the decoder does not reproduce are kept.
    noise : torch.Generator, optional
        Draws `n_edits` latent codes per sample from q(z|x). Without it, the code to edit
        is the mean of q(z|x).
    unedited : bool, default=False
        Whether to return the second result as well.

    Returns
    -------
    edited : ndarray (n, n_edits, n_features)
        The edited samples.
    unedited : ndarray (n, 1, n_features) or None
        The same for the mean of q(z|x) without an edit: the sample itself if `residual`
        is True, except for its missing values; otherwise its reconstruction.
    """
    separately = unedited and (noise is not None or not residual)

    def run(module, rows, *tensors):
        mean, scale = module.encode(rows)
        z = mean[None]
        if noise is not None:
            z = sample_posterior(mean, scale, n_edits, noise)
        blocks = edit(module, module.blocks(mean), module.blocks(z), *tensors)
        z_new = latents_of(blocks, module.style(z))
        if residual:
            decoded = _decode_pairs(module, z, z_new)
        else:
            decoded = module.expected_row(z_new)
        if separately:
            decoded = torch.cat([module.expected_row(mean)[None], decoded])
        return decoded.transpose(0, 1)

    n_decoded = n_edits * (2 if residual else 1) + separately
    decoded = apply(module, run, x, *arrays, copies=n_decoded)
    decoded = x.scaling.inverse_transform(decoded)
    edited, mean = decoded[:, -n_edits:], decoded[:, :1]
    if residual:
        own = dense(x.values)[:, None]
        before = decoded[:, int(separately) : -n_edits]
        edited = x.scaling.add_change(own, before, edited)
        mean = x.scaling.add_change(own, mean, mean) if unedited else None
    return edited, mean if unedited else None


def _decode_pairs(module, z, z_new):
    """Samples decoded from the codes before an edit, and from those after it."""
    decoded = module.expected_row(torch.cat([z, z_new]))
    before, after = decoded[: len(z)], decoded[len(z) :]
    # The same code may be decoded to slightly different numbers at another position in
    # the batch, but where nothing is edited nothing must change.
    unchanged = (z == z_new).all(dim=-1, keepdim=True)
    return torch.cat([before, torch.where(unchanged, before, after)])
