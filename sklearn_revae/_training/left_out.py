"""Labels that a member leaves out at first, to measure the noise of a target.

A member that has learned a label by heart says nothing about how far the labels of other
rows are from its predictions. Therefore each labelled row is left out by one member in
the first part of the training, and that member's error for it is measured at the end of
this part. After that all members learn from all labels.
"""

import math

import torch
from skorch.callbacks import Callback

from sklearn_revae._model.label_model import observed
from sklearn_revae._training.batches import Rows

# Fraction of the training in which labels are left out. On diabetes and on friedman1,
# each with 30 labels, R2 is then as high as if no label was ever left out.
LEFT_OUT_FRACTION = 0.6
# With fewer labels, a member would lack too many of them, and the noise would be a guess.
FEWEST_LABELS = 10
# Errors are measured for about as many rows.
_MEASURED_ROWS = 2000


def members_without(numbers, n_members):
    """Which member leaves out the labels of each row, (n,); -1 if none does.

    Neighbours in the order of the numbers are left out by different members, so that each
    member learns from numbers of all sizes. Without a seed, further training leaves out
    the same labels.

    Parameters
    ----------
    numbers : tensor (n, L)
        Standardised numbers, NaN where not observed.
    n_members : int
        Number of members.
    """
    labeled = observed(numbers).any(-1)
    position = torch.where(labeled, numbers.nanmean(-1), math.inf).argsort(stable=True)
    place = torch.empty_like(position)
    place[position] = torch.arange(len(position), device=position.device)
    return torch.where(labeled, place % n_members, -1)


def of_members(numbers, left_out, n_members):
    """The numbers that each member learns from, (M, n, L)."""
    members = torch.arange(n_members, device=numbers.device)
    is_left_out = left_out == members[:, None]
    return torch.where(is_left_out.unsqueeze(-1), math.nan, numbers)


def can_leave_out(module, rows):
    """Whether the noise of the targets can be measured, and has not been yet."""
    return (
        rows.codes.is_floating_point()
        and not rows.lazy
        and len(module.members) > 1
        and not bool((module.label_model.noise > 0).any())
        and int(observed(rows.codes).any(-1).sum()) >= FEWEST_LABELS
    )


def leave_out(module, rows, n_steps):
    """Return rows that know the member which leaves them out, and a callback.

    Parameters
    ----------
    module : Ensemble
        The members.
    rows : Rows
        Training rows.
    n_steps : int
        Number of steps of the training.

    Returns
    -------
    rows : Rows
        The same rows if nothing is left out.
    measured : MeasureNoise
        The callback, which then measures nothing.
    """
    if not can_leave_out(module, rows):
        return rows, MeasureNoise(rows, 0)
    left_out = members_without(rows.codes, len(module.members))
    rows = Rows(rows.x, rows.codes, rows.weight, left_out)
    return rows, MeasureNoise(rows, math.ceil(LEFT_OUT_FRACTION * n_steps))


class MeasureNoise(Callback):
    """Measure the noise of the targets once, after a number of steps.

    Parameters
    ----------
    rows : Rows
        Training rows, which know the member that leaves each of them out.
    n_steps : int
        Number of steps in which labels are left out; 0 if none is.

    Attributes
    ----------
    noise_ : tensor (L,) or None
        The variances, 0 for a target without a label that was left out. None if nothing
        was measured.
    """

    def __init__(self, rows, n_steps):
        self.rows = rows
        self.n_steps = n_steps
        self.noise_ = None

    def on_batch_end(self, net, training=False, **kwargs):
        """Measure it after the last step in which labels are left out."""
        if training and net.steps_ == self.n_steps:
            self.noise_ = noise_of(net.module_, self.rows)

    def on_train_end(self, net, **kwargs):
        """Measure it if training has stopped before."""
        if self.noise_ is None and self.n_steps > 0:
            self.noise_ = noise_of(net.module_, self.rows)


@torch.no_grad()
def noise_of(stacked, rows):
    r"""Variance of each target around the prediction of a member that left it out, (L,).

    .. math::

        \tau_l^2 = \frac{\sum_i w_i \left((y_{il} - E_m[y_{il}|x_i])^2
        - \operatorname{Var}_{q_m(z|x_i)}(E_m[y_{il}|z])\right)}{\sum_i w_i}

    Here :math:`m` is the member that leaves out row :math:`i`, and :math:`w_i` the
    weight of the row. The variance that the posterior of the latents brings is subtracted
    because the variance of a prediction has it already. The result is at least as large
    as the smallest variance :math:`v_l` of a member.

    Parameters
    ----------
    stacked : StackedReVAE
        The members.
    rows : Rows
        Training rows.
    """
    labeled = (rows.left_out >= 0).nonzero().squeeze(1)
    labeled = labeled[:: math.ceil(len(labeled) / _MEASURED_ROWS)]
    x, numbers, weight, left_out = rows[labeled]
    labels, was_training = stacked.label_model, stacked.training
    stacked.eval()
    features = stacked.likelihood.features(x)
    mean, scale = stacked.encoder(features.expand(stacked.n_members, *features.shape))
    stacked.train(was_training)
    predicted = labels.predictions(stacked.blocks(mean)).squeeze(-1)
    spread = labels.variance_of(stacked.blocks(scale)) - labels.variance
    own = left_out, torch.arange(len(left_out), device=left_out.device)
    excess = (numbers - predicted[own]).square() - spread[own]
    counted = observed(numbers) * weight[:, None]
    noise = (counted * excess.nan_to_num()).sum(0) / counted.sum(0)
    least = labels.variance.flatten(0, -2).amin(0)
    # A target without a label here has none of 0 / 0.
    return torch.maximum(noise, least).nan_to_num(0.0)
