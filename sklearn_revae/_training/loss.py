"""The loss of a training step: the negative ELBO, and what is added to it."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.draws import normal
from sklearn_revae._model.edits import implied, move
from sklearn_revae._model.objective import aligned, bound_of_samples, consistency_loss
from sklearn_revae._training.perturbation import Noise

# Weight of each label that an edit must leave unchanged, relative to the label that it
# changes. The former are in the majority.
UNCHANGED_LABEL_WEIGHT = 0.3


class _Edits(NamedTuple):
    """Edited rows: one label is set to another value in some rows of every member.

    Attributes
    ----------
    rows : their positions in the batch, (m,).
    z : their latent codes after the edit, (M, m, latent_dim), without a gradient.
    expected : the probabilities that their labels should have, (M, m, L, K).
    label_weight : weight of each label in the loss, (L,).
    """

    rows: torch.Tensor
    z: torch.Tensor
    expected: torch.Tensor
    label_weight: torch.Tensor


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
    edited rows should have and has, according to the encoder of the next member. The
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
    """

    def __init__(self, settings, spread, generator):
        super().__init__()
        self.settings = settings
        self.generator = generator
        self.noise = Noise(settings.members, spread, generator)
        members = settings.members
        self.label_weight, self.consistency_weight = (
            spread.new_tensor([getattr(member, name) for member in members])[:, None]
            for name in ("label_weight", "consistency_weight")
        )
        self._with_views = any(m.consistency_weight > 0 for m in members)

    def forward(self, stacked, x, codes, weight):
        """Return the loss of a batch, a scalar, and the terms of its ELBO.

        Parameters
        ----------
        stacked : StackedReVAE
            The members.
        x : tensor (n, n_features)
            Scaled rows.
        codes : long tensor (n, L)
            The code of each label, -1 where it is not observed.
        weight : tensor (n,)
            Sample weights.
        """
        labels, n_rows = stacked.label_model, len(x)
        inputs = stacked.likelihood.features(x)
        read = inputs.expand(stacked.n_members, *inputs.shape)
        with_views = self._with_views and labels.n_labels > 0
        if with_views:
            read = torch.cat([read, self.noise.views(stacked.likelihood, x)], dim=1)
        mean, scale = stacked.encoder(read)
        row_mean, row_scale = mean[:, :n_rows], scale[:, :n_rows]
        shape = (self.settings.n_mc_samples, *row_mean.shape)
        noise = normal(shape, x, self.generator)
        z = row_mean + row_scale * noise
        # One call each of the label model and of the decoder: the number of operations,
        # not their size, decides how long a step of a small model takes.
        log_joint = labels.log_joint(stacked.blocks(torch.cat([*z, mean], dim=1)))
        of_samples = log_joint[:, : -mean.shape[1]].unflatten(1, (len(z), n_rows))
        log_classifier = log_joint[:, -mean.shape[1] :].log_softmax(-1)
        decoded = z[0]
        with_edits = self.settings.edit_weight > 0 and labels.n_labels > 0
        if with_edits:
            edits = self._edits(stacked, z[0], codes, log_classifier[:, :n_rows])
            decoded = torch.cat([decoded, edits.z], dim=1)
        decoded = stacked.decode(decoded)
        likelihood, complete = stacked.likelihood, not stacked.likelihood.masked
        bound = bound_of_samples(
            stacked,
            codes,
            row_mean,
            row_scale,
            noise,
            of_samples.movedim(1, 0),
            likelihood.log_prob(decoded[:, :n_rows], x, complete)[None],
        )
        gain = bound.value(self.label_weight)
        if with_views:
            target = aligned(log_classifier[:, :n_rows], labels.log_prior)
            missed = consistency_loss(target, log_classifier[:, n_rows:])
            gain = gain - self.consistency_weight * missed
        loss = -(weight * gain).mean(-1).sum()
        if with_edits:
            missed = self._missed(stacked, x, inputs, decoded, edits)
            missed = (weight[edits.rows] * missed).mean(-1).sum()
            loss = loss + self.settings.edit_weight * missed
        # The nats of a row grow with its features: per feature, one limit of the gradient
        # norm suits all data sets.
        return loss / x[0].numel(), bound

    def _randint(self, high, shape):
        device = self.generator.device
        return torch.randint(high, shape, generator=self.generator, device=device)

    def _edits(self, stacked, z, codes, log_probabilities):
        """Set one label, the same in all rows, to a random value in each row.

        All other labels should keep their probabilities, unless the new value excludes
        theirs.
        """
        labels, generator = stacked.label_model, self.generator
        label = int(self._randint(labels.n_labels, (1,)))
        order = torch.randperm(len(codes), generator=generator, device=generator.device)
        rows = order[: self.settings.n_edits].to(z.device)
        z, before = z.detach()[:, rows], log_probabilities.detach()[:, rows]
        requested = self._randint(labels.n_values[label], z.shape[:2]).to(z.device)
        source = torch.where(codes[rows] >= 0, codes[rows], before.argmax(-1))
        target = implied(labels, source, {label: requested})
        blocks = stacked.blocks(z)
        for other in range(labels.n_labels):
            blocks = move(
                labels, blocks, other, source[..., other], target[..., other], "transport"
            )
        edited = torch.cat([blocks.flatten(-2), stacked.style(z)], dim=-1).detach()
        weights = torch.full_like(before[0, 0, :, 0], UNCHANGED_LABEL_WEIGHT)
        weights[label] = 1.0
        changed = ((target != source) | (weights == 1.0)).unsqueeze(-1)
        wanted = F.one_hot(target, before.shape[-1]).to(before)
        expected = torch.where(changed, wanted, before.exp())
        return _Edits(rows, edited, expected, weights)

    def _missed(self, stacked, x, inputs, decoded, edits):
        """Cross-entropy (M, m) between the labels that edited rows should have and have.

        The encoder of the next member reads the row plus the change that the edit makes
        to the decoded row, through noise that hides changes which are mere traces. It
        gets no gradient. A decoder that is trained to make this change also decodes
        better than one that is trained on whole decoded rows.
        """
        likelihood, rows = stacked.likelihood, edits.rows
        before = likelihood.expected_features(decoded[:, rows])
        edited = likelihood.expected_features(decoded[:, len(x) :])
        added = inputs[rows] + edited - before
        if likelihood.masked:
            # A change cannot be added to a missing value.
            complete = ~x[rows].isnan().any(-1, keepdim=True)
            added = torch.where(complete, added, edited)
        (judge,) = stacked.judges
        noise = self.noise.draw(inputs, len(rows))
        mean, _ = judge.encoder(added.roll(1, 0) + noise)
        seen = judge.label_model.log_classifier(judge.blocks(mean))
        return -(edits.expected.roll(1, 0) * seen).sum(-1) @ edits.label_weight
