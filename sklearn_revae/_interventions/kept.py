"""The style of an edited sample, inferred again so that it agrees with kept columns.

If some columns are kept, the others should be those of a sample of the new class that has
these values in the kept ones. The characteristic latents of the edit stay as they are, so
that the edit is not undone; the style latents move so that the decoder returns for the
kept columns what it returned before the edit.
"""

import torch

from sklearn_revae._model.images import convolves

# In wider tables the style is not inferred again, which would take minutes.
_MOST_COLUMNS = 256
# Steps of the Gauss-Newton method, and the difference with which it computes slopes.
_STEPS, _DIFFERENCE = 3, 1e-3


def agreeing_style(member, z, z_new, scale, kept):
    r"""Edited latent codes whose style agrees with the kept columns.

    The style of an edit is

    .. math::

        \operatorname{argmax}_{s'} \; \log p(m_k | z_c', s') - g^\top o(z_c', s')
        + \log N(s'; s, \sigma^2)

    where :math:`m_k` are the expected values of the kept columns before the edit,
    :math:`z_c'` are the edited characteristic latents, and o is what is decoded. The
    style s of the sample and its scale :math:`\sigma` are those of q(z|x). It has read
    the kept values already, so that without an edit the style must not move: g is the
    gradient of :math:`\log p(m_k | o)` before the edit. It is zero for normal noise.

    Parameters
    ----------
    member : ReVAE
        The member that edits.
    z : tensor (1 or m, n, D)
        Latent codes before the edit.
    z_new : tensor (m, n, D)
        Edited latent codes, with the style of `z`.
    scale : tensor (n, D)
        Scale of q(z|x).
    kept : tensor of bool (n, n_features)
        Which values are kept, and are observed.

    Returns
    -------
    tensor (m, n, D)
    """
    likelihood, output = member.likelihood, member.decode(z)
    values = torch.where(kept, likelihood.mean(output), torch.nan)
    before = _score(likelihood, output, values)
    precision = member.style(scale).square().reciprocal()

    def objective(code):
        output, change = member.decode(code), member.style(code - z_new)
        evidence = likelihood.log_prob(output, values).sum() - (before * output).sum()
        return evidence - 0.5 * (precision * change.square()).sum()

    code = z_new
    for _ in range(_STEPS):
        gradient = member.style(torch.func.grad(objective)(code))
        hessian = _curvature(member, code, kept) + torch.diag_embed(precision)
        step, _ = torch.linalg.solve_ex(hessian, gradient)
        # A code that is decoded to infinite numbers has no better style.
        step = torch.where(step.isfinite().all(-1, keepdim=True), step, 0.0)
        code = torch.cat([code[..., : -member.style_dim], member.style(code) + step], -1)
    # The code of a sample that is not edited stays exactly as it is.
    return torch.where((z_new == z).all(-1, keepdim=True), z_new, code)


def _curvature(member, code, kept):
    """Negative Hessian (m, n, s, s) of log p(x|z) with respect to the style of codes.

    The decoder is linearised, and x is the expected value given the code, so that no
    curvature is negative.
    """
    steps = code.new_zeros(member.style_dim + 1, 1, 1, code.shape[-1])
    member.style(steps)[1:, 0, 0].fill_diagonal_(_DIFFERENCE)
    outputs = member.decode(code + steps)
    values = torch.where(kept, member.likelihood.mean(outputs[0]), torch.nan)
    scores = _score(member.likelihood, outputs, values)
    slopes = (outputs[1:] - outputs[0]) / _DIFFERENCE
    changes = (scores[0] - scores[1:]) / _DIFFERENCE
    return torch.einsum("kmno,lmno->mnkl", slopes, changes)


def infers_style(module):
    """Whether the style of a module's edits is inferred again if columns are kept.

    Images have the style of the edited image.
    """
    few = len(module.likelihood.discrete) <= _MOST_COLUMNS
    return few and module.style_dim > 0 and not convolves(module.encoder)


def decodings_of_style(module):
    """How many rows :func:`agreeing_style` holds in memory for each edit."""
    return 3 * (module.style_dim + 1)


def _score(likelihood, output, x):
    """Gradient of log p(x|z) with respect to `output`, which is decoded."""

    def total(output):
        return likelihood.log_prob(output, x).sum()

    return torch.func.grad(total)(output)
