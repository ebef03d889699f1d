"""The loss of a training step: the negative ELBO, and what is added to it."""

import numpy as np
import torch
from torch import nn

from sklearn_revae._model.draws import normal
from sklearn_revae._model.objective import bound_of_samples
from sklearn_revae._training.edits import draw_edits, edited_inputs, missed_edits
from sklearn_revae._training.image_views import Views
from sklearn_revae._training.judges import NextMember, shown_labels
from sklearn_revae._training.left_out import of_members
from sklearn_revae._training.perturbation import Noise

# Weight of what the critic says of an edit, relative to what the judges see in it.
CRITIC_WEIGHT = 0.2


class SemiSupervisedLoss(nn.Module):
    r"""The negative ELBO of a batch and two penalties, in nats per feature.

    The loss is the sum over the members of

    .. math::

        -\frac{1}{n d} \sum_{i=1}^{n} w_i \left( B_i - \lambda_c C_i \right)
        + \frac{\lambda_e}{m d} \sum_{i=1}^{m} w_i E_i

    Here :math:`n` is the number of rows, :math:`d` that of features, :math:`w_i` the
    sample weight of row :math:`i`, and :math:`B_i` its ELBO. :math:`C_i` is the
    cross-entropy between the class probabilities of the row and of a perturbed view of
    it, and :math:`E_i` the cross-entropy between the labels that each of :math:`m`
    edited rows should have and has, according to the encoder of the next member or to
    the judges. With judges, :math:`E_i` also contains what their critic says of the edit
    and the fraction of the image that it changes, so that edits keep what does not show
    the label. What the judges and the critic have to learn is added. The
    :math:`\lambda` are weights of the settings; :math:`\lambda_c`, and the weight of
    :math:`\log q(y|x)` in :math:`B_i`, differ from member to member.

    Parameters
    ----------
    settings : Settings
        The weights of the terms, and how rows are perturbed.
    spread : tensor (n_inputs,)
        Standard deviation of each of the encoder's inputs, in which noise is measured.
    generator : torch.Generator
        Source of all randomness, on the device of the rows.
    n_steps : int
        Number of steps of the whole run.
    complete : bool, default=False
        Whether no value is missing, which saves time.
    n_left_out_steps : int, default=0
        Number of steps in which each member leaves out some labels.
    judges : ImageJudges, optional
        Who judges edits, in place of the next member. They are trained by the loss too.
    """

    def __init__(
        self,
        settings,
        spread,
        generator,
        n_steps,
        complete=False,
        n_left_out_steps=0,
        judges=None,
    ):
        super().__init__()
        self.n_left_out_steps = n_left_out_steps
        self.step, self.n_steps = 0, n_steps
        # The label that the next step edits, if `next_kind` has been asked for it.
        self.next_label = None
        self.settings = settings
        self.complete = complete
        self.generator = generator
        self.noise = (
            Noise(settings.members, spread, generator)
            if settings.views is None
            else Views(settings.views, settings.members, spread, generator)
        )
        self.judges = judges
        self.judge = NextMember(self.noise) if judges is None else judges
        members = settings.members
        self.label_weight, self.consistency_weight = (
            spread.new_tensor([getattr(member, name) for member in members])[:, None]
            for name in ("label_weight", "consistency_weight")
        )
        self._with_views = any(m.consistency_weight > 0 for m in members)

    def forward(self, stacked, x, codes, weight, left_out=None):
        """Return the loss of a batch, a scalar, and the terms of its ELBO.

        Parameters
        ----------
        stacked : StackedReVAE
            The members.
        x : tensor (n, n_features)
            Scaled rows.
        codes : long tensor (n, L)
            The code of each label, -1 where it is not observed; or a tensor of numbers,
            NaN where the label is not observed.
        weight : tensor (n,)
            Sample weights.
        left_out : long tensor (n,), optional
            The member that leaves out the labels of each row, -1 if none does.
        """
        if left_out is not None and self._are_labels_left_out():
            codes = of_members(codes, left_out, stacked.n_members)
        labels, n_rows = stacked.label_model, len(x)
        inputs = stacked.likelihood.features(x, self.complete)
        read = inputs.expand(stacked.n_members, *inputs.shape)
        with_views = self._with_views and labels.n_labels > 0
        if with_views:
            views = self.noise.views(stacked.likelihood, x, inputs)
            read = torch.cat([read, views], dim=1)
        mean, scale = stacked.encoder(read)
        # The number of operations, not their size, decides how long a step of a small
        # model takes. Hence one call each of the label model and of the decoder, and one
        # `split` in place of slices, whose gradients would each fill the whole tensor.
        means = mean.split(n_rows, dim=1)
        row_mean, row_scale = means[0], scale.split(n_rows, dim=1)[0]
        shape = (self.settings.n_mc_samples, *row_mean.shape)
        noise = normal(shape, x, self.generator)
        z = torch.addcmul(row_mean, row_scale, noise).unbind()
        beliefs = labels.beliefs(stacked.blocks(torch.cat([*z, *means], dim=1)))
        beliefs = beliefs.split(n_rows, dim=1)
        of_samples, of_means = torch.stack(beliefs[: len(z)]), beliefs[len(z) :]
        predictions = labels.predictions_of(of_means[0].detach())
        with_edits = self._are_edits_due() and labels.n_labels > 0
        if with_edits:
            edits = self._draw_edits(stacked, z[0], codes, predictions)
            decoded = stacked.decode(torch.cat([z[0], edits.z], dim=1))
            of_rows = decoded[:, :n_rows]
        else:
            of_rows = stacked.decode(z[0])
        self.step += 1
        bound = bound_of_samples(
            stacked,
            codes,
            row_mean,
            row_scale,
            noise,
            of_samples,
            stacked.likelihood.log_prob(of_rows, x, self.complete)[None],
        )
        gain = bound.value(self.label_weight)
        if with_views:
            target = labels.consistency_target(predictions)
            missed = labels.mismatch(target, labels.predictions_of(of_means[1])).sum(-1)
            gain = gain - self.consistency_weight * missed
        loss = -(weight * gain).mean(-1).sum()
        shown = None
        if self.judges is not None:
            shown = shown_labels(codes, predictions[0])
            loss = loss + self.judges.lesson(inputs, shown, weight)
        if with_edits:
            loss = loss + self._edit_loss(
                stacked, x, inputs, weight, decoded, edits, shown
            )
        # The nats of a row grow with its features: per feature, one limit of the gradient
        # norm suits all data sets.
        return loss / x.shape[1:].numel(), bound

    def next_kind(self, n_labels):
        """What Python decides about the next step: all else are numbers on the device."""
        with_edits = self._are_edits_due() and n_labels > 0
        self.next_label = self._draw_label(n_labels) if with_edits else None
        return self._are_labels_left_out(), self.next_label

    def _are_labels_left_out(self):
        return self.step < self.n_left_out_steps

    def _are_edits_due(self):
        """Whether edits are part of the loss in this step."""
        weight, start = self.settings.edit_weight, self.settings.edits_from
        return weight > 0 and self.step + 1 > start * self.n_steps

    def _draw_label(self, n_labels):
        """Draw the label to edit; a number on a GPU would have to be waited for."""
        if self.generator.device.type == "cpu":
            return int(torch.randint(n_labels, (1,), generator=self.generator))
        seed = [self.generator.initial_seed(), self.step]
        return int(np.random.default_rng(seed).integers(n_labels))

    def _draw_edits(self, stacked, z, codes, predictions):
        label, self.next_label = self.next_label, None
        if label is None:
            label = self._draw_label(stacked.label_model.n_labels)
        n_edits = self.settings.n_edits
        return draw_edits(stacked, z, codes, predictions, label, n_edits, self.generator)

    def _edit_loss(self, stacked, x, inputs, weight, decoded, edits, shown=None):
        edited = edited_inputs(stacked, x, inputs, decoded, edits, self.complete)
        missed = missed_edits(stacked, edited, edits, self.judge)
        own_weight, lesson = weight[edits.rows], 0.0
        if self.judges is not None:
            critic, edited, wanted = self.judges.critic, edited[0], edits.expected[0]
            missed = missed + CRITIC_WEIGHT * critic(edited, wanted)
            missed = missed + self.judges.views.change(edited, inputs[edits.rows])
            lesson = critic.lesson(inputs, shown, weight, edited, wanted, own_weight)
        missed = (own_weight * missed).mean(-1).sum()
        return self.settings.edit_weight * missed + lesson


class DecoderLoss(SemiSupervisedLoss):
    r"""What the decoder learns of edits when everything else has been trained.

    .. math::

        \frac{1}{d} \left( -\frac{1}{n} \sum_{i=1}^{n} w_i \log p(x_i|z_i)
        + \frac{\lambda_e}{m} \sum_{i=1}^{m} w_i E_i \right)

    The symbols are those of :class:`SemiSupervisedLoss`. Only the decoder gets a
    gradient, so that edits do not change predictions. Nor do they change the noise of
    the likelihood: with more noise the error of a reconstruction would count less.
    """

    def forward(self, stacked, x, codes, weight, left_out=None):
        """Return the loss of a batch, a scalar, and None in place of its ELBO."""
        with torch.no_grad():
            inputs = stacked.likelihood.features(x, self.complete)
            read = inputs.expand(stacked.n_members, *inputs.shape)
            mean, scale = stacked.encoder(read)
            predictions = stacked.label_model.predictions(stacked.blocks(mean))
            z = mean + scale * normal(mean.shape, x, self.generator)
        edits = self._draw_edits(stacked, z, codes, predictions)
        self.step += 1
        decoded = stacked.decode(torch.cat([z, edits.z], dim=1))
        (frozen,) = stacked.judges
        gain = frozen.likelihood.log_prob(decoded[:, : len(x)], x, self.complete)
        loss = -(weight * gain).mean(-1).sum()
        loss = loss + self._edit_loss(stacked, x, inputs, weight, decoded, edits)
        return loss / x.shape[1:].numel(), None

    def _are_edits_due(self):
        return True
