"""Labels that a member leaves out at first, to measure how wrong its predictions are.

A member that has learned a label by heart says nothing about its errors for other rows.
Therefore each labelled row is left out by one member in the first part of the training,
and what this member predicts for it is recorded at the end of this part. It determines
the noise of numbers, and the temperature of class probabilities. After that all members
learn from all labels.
"""

import math

import torch
from skorch.callbacks import Callback

from sklearn_revae._model.label_model import certain, observed, pick
from sklearn_revae._training.batches import Rows

# Fraction of the training in which labels are left out. On diabetes and on friedman1,
# each with 30 labels, R2 is then as high as if no label was ever left out.
LEFT_OUT_FRACTION = 0.6
# With fewer numbers, a member would lack too many, and their noise would be a guess.
FEWEST_LABELS = 10
# A class with fewer labelled rows keeps them: without one of them, a member would learn
# another class.
FEWEST_PER_CLASS = 3
# At least three members: with two, each would train without half of the labels.
FEWEST_MEMBERS = 3
# Errors are measured for about as many rows.
_MEASURED_ROWS = 2000
# Fewer unlabelled samples do not suffice to measure the members' confidence.
FEWEST_UNLABELED = 20
# The power of a member's temperature that the mean of all members gets. On 40 fits of
# ``choose`` with 10 labels per class, a power of 0 has an expected calibration error of
# 0.072, 0.4 of 0.048, 0.5 of 0.053 and 0.75 of 0.062.
OF_THE_MEAN = 0.4
# The temperatures that are tried.
_TEMPERATURES = torch.linspace(-2, 4, 121).exp()
# So many log-probabilities at several temperatures are computed at once.
_MOST_NUMBERS = 100_000


def members_without(labels, n_members):
    """Which member leaves out the labels of each row, (n,); -1 if none does.

    Neighbours in the order of the numbers or classes are left out by different members,
    so that each member learns from numbers of all sizes, and from all classes. Without a
    seed, further training leaves out the same labels.

    Parameters
    ----------
    labels : tensor (n, L)
        Standardised numbers, NaN where not observed; or the codes of classes.
    n_members : int
        Number of members.
    """
    numbers = labels
    if not labels.is_floating_point():
        numbers = labels.float().masked_fill(~_can_be_left_out(labels), math.nan)
    labeled = observed(numbers).any(-1)
    position = torch.where(labeled, numbers.nanmean(-1), math.inf).argsort(stable=True)
    place = torch.empty_like(position)
    place[position] = torch.arange(len(position), device=position.device)
    return torch.where(labeled, place % n_members, -1)


def _can_be_left_out(codes):
    """Which codes (n, L) are certain, in rows without a label of a rare class."""
    known = certain(codes)
    places = torch.where(known, codes + 1, 0)
    counts = [of_label.bincount()[of_label] for of_label in places.unbind(1)]
    is_rare = known & (torch.stack(counts, dim=1) < FEWEST_PER_CLASS)
    return known & ~is_rare.any(-1, keepdim=True)


def of_members(labels, left_out, n_members):
    """The numbers, or the codes of classes, that each member learns from, (M, n, L)."""
    members = torch.arange(n_members, device=labels.device)
    is_left_out = (left_out == members[:, None]).unsqueeze(-1)
    return labels.masked_fill(is_left_out, math.nan if labels.is_floating_point() else -1)


def can_leave_out(module, rows, is_whole):
    """Whether errors can be measured, and have not been yet; see :func:`leave_out`."""
    n_members = len(module.members)
    if n_members == 1 or module.label_model.n_labels == 0:
        return False
    if not rows.codes.is_floating_point():
        enough = n_members >= FEWEST_MEMBERS
        return is_whole and enough and bool(_can_be_left_out(rows.codes).any())
    n_labeled = int(observed(rows.codes).any(-1).sum())
    measured = bool((module.label_model.noise > 0).any())
    return n_labeled >= FEWEST_LABELS and not rows.lazy and not measured


def leave_out(module, rows, n_steps, is_whole):
    """Return rows that know the member which leaves them out, and a callback.

    Parameters
    ----------
    module : Ensemble
        The members.
    rows : Rows
        Training rows.
    n_steps : int
        Number of steps of the training.
    is_whole : bool
        Whether this is all of the training. Members that were trained before have learned
        all classes by heart, and after one epoch nobody is as confident as at the end.

    Returns
    -------
    rows : Rows
        The same rows if nothing is left out.
    measured : MeasureErrors
        The callback; it measures nothing if no label is left out.
    """
    if not can_leave_out(module, rows, is_whole):
        return rows, MeasureErrors(rows, 0)
    left_out = members_without(rows.codes, len(module.members))
    rows = Rows(rows.x, rows.codes, rows.weight, left_out)
    return rows, MeasureErrors(rows, math.ceil(LEFT_OUT_FRACTION * n_steps))


class MeasureErrors(Callback):
    """Measure the noise of numbers or temperatures once, after a number of steps.

    Parameters
    ----------
    rows : Rows
        Training rows, which know the member that leaves each of them out.
    n_steps : int
        Number of steps in which labels are left out; 0 if none is.

    Attributes
    ----------
    values_ : tensor (L,) or None
        See :func:`noise_of` and :func:`temperature_of`. None if nothing was measured.
    """

    def __init__(self, rows, n_steps):
        self.rows = rows
        self.n_steps = n_steps
        self.values_ = None

    def on_batch_end(self, net, training=False, **kwargs):
        """Measure it after the last step in which labels are left out."""
        if training and net.steps_ == self.n_steps:
            self._measure(net.module_)

    def on_train_end(self, net, **kwargs):
        """Measure it if training has stopped before."""
        if self.values_ is None and self.n_steps > 0:
            self._measure(net.module_)

    def _measure(self, stacked):
        numbers = self.rows.codes.is_floating_point()
        measure = noise_of if numbers else temperature_of
        was_training = stacked.training
        self.values_ = measure(stacked.eval(), self.rows)
        stacked.train(was_training)


@torch.no_grad()
def noise_of(stacked, rows):
    r"""Variance of each target around the prediction of a member that left it out, (L,).

    .. math::

        \tau_l^2 = \frac{\sum_i w_i \left((y_{il} - E_m[y_{il}|x_i])^2
        - \operatorname{Var}_{q_m(z|x_i)}(E_m[y_{il}|z])\right)}{\sum_i w_i}

    Here :math:`m` is the member that leaves out row :math:`i`, and :math:`w_i` the
    weight of the row. The variance that the posterior of the latents brings is subtracted
    because the variance of a prediction has it already. The result is at least as large
    as the smallest variance :math:`v_l` of a member, and 0 for a target without a label
    that was left out.

    Parameters
    ----------
    stacked : StackedReVAE
        The members, in evaluation mode.
    rows : Rows
        Training rows, which know the member that leaves each of them out.
    """
    x, numbers, weight, left_out = _some(rows, rows.left_out >= 0)
    labels = stacked.label_model
    features = stacked.likelihood.features(x)
    mean, scale = stacked.encoder(features.expand(stacked.n_members, *features.shape))
    predicted = labels.predictions(stacked.blocks(mean)).squeeze(-1)
    spread = labels.variance_of(stacked.blocks(scale)) - labels.variance
    own = left_out, torch.arange(len(left_out), device=left_out.device)
    excess = (numbers - predicted[own]).square() - spread[own]
    counted = observed(numbers) * weight[:, None]
    noise = (counted * excess.nan_to_num()).sum(0) / counted.sum(0)
    least = labels.variance.flatten(0, -2).amin(0)
    # A target without a label here has none of 0 / 0.
    return torch.maximum(noise, least).nan_to_num(0.0)


@torch.no_grad()
def temperature_of(stacked, rows):
    r"""Temperature of each label for the mean of the members, (L,).

    .. math::

        T_l = t_l^{0.4}, \quad
        t_l = \arg\min_t \, \frac{(\log t)^2}{2} - \sum_i w_i
        \log \frac{q_m(y_{il} | x_i)^{1 / (s t)}}{\sum_k q_m(y_l = k | x_i)^{1 / (s t)}}

    Here :math:`m` is the member that leaves out row :math:`i`, and :math:`w_i` the weight
    of the row. Members see labelled rows more often than others, and are more confident
    about them: :math:`s` makes them as confident as they are about unlabelled rows. With
    the temperature :math:`t_l` they explain best the labels that they leave out. The
    prior keeps it close to 1 if these are few. The mean of all members, trained with all
    labels, is less overconfident than one of them. It is also at least as accurate: so
    its mean confidence about unlabelled rows is not reduced below the fraction of the
    labels left out that these members predict.

    Parameters
    ----------
    stacked, rows
        As for :func:`noise_of`, with classes in place of numbers.
    """
    x, codes, weight, left_out = _some(rows, rows.left_out >= 0)
    own = left_out, torch.arange(len(left_out), device=left_out.device)
    predictions = stacked.member_predictions(x)[own]
    counted = certain(codes) * weight[:, None]
    tried = _TEMPERATURES.to(predictions)
    confidence, cost = [], []
    for log_probabilities in _tempered(predictions, tried):
        confidence.append((counted * log_probabilities.amax(-1).exp()).sum(1))
        cost.append(-(counted * pick(log_probabilities, codes)).sum(1))
    usual, most = torch.ones_like(counted[0]), tried[-1]
    unlabeled = ~observed(rows.codes).any(-1)
    if int(unlabeled.sum()) >= FEWEST_UNLABELED:
        others = stacked.member_predictions(_some(rows, unlabeled)[0])
        difference = torch.cat(confidence) / counted.sum(0)
        difference = difference - others.amax(-1).exp().mean((0, 1))
        usual = tried[difference.abs().argmin(0)]
        right = predictions.argmax(-1) == codes
        accuracy = (counted * right).sum(0) / counted.sum(0)
        most = _least_confident(others.logsumexp(0), accuracy, tried)
    prior = 0.5 * (tried[:, None] / usual).log().square()
    measured = tried[(torch.cat(cost) + prior).argmin(0)] / usual
    return torch.minimum(measured**OF_THE_MEAN, most)


def _tempered(log_values, tried):
    """Yield log-probabilities (t, n, L, K) at some of the temperatures at a time."""
    for part in tried.split(max(1, _MOST_NUMBERS // max(1, log_values.numel()))):
        yield (log_values / part.view(-1, 1, 1, 1)).log_softmax(-1)


def _least_confident(log_mean, accuracy, tried):
    """The largest temperature (L,), at least 1, at which confidence reaches an accuracy.

    `log_mean` (n, L, K) is what all members predict, up to a constant.
    """
    confidence = torch.cat(
        [part.amax(-1).exp().mean(1) for part in _tempered(log_mean, tried)]
    )
    reached = (confidence >= accuracy).sum(0)
    return tried[(reached - 1).clamp(min=0)].clamp(min=1.0)


def _some(rows, chosen):
    """What is known of rows that a mask chooses, or of some of them if they are many."""
    index = chosen.nonzero().squeeze(1)
    return rows[index[:: math.ceil(len(index) / _MEASURED_ROWS)]]
