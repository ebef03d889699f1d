"""The loss of a training step: the negative ELBO, and what is added to it."""

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.draws import normal
from sklearn_revae._model.edits import implied, move
from sklearn_revae._model.objective import aligned, consistency_loss, evidence_bound
from sklearn_revae._training.perturbation import Noise

# Weight of each label that an edit must leave unchanged, relative to the label that it
# changes. The former are in the majority.
UNCHANGED_LABEL_WEIGHT = 0.3


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
        self.weights = spread.new_tensor(
            [(m.label_weight, m.consistency_weight) for m in settings.members]
        )

    def forward(self, stacked, x, codes, weight):
        """Return the loss of a batch, a scalar, and the terms of its ELBO.

        Parameters
        ----------
        stacked : Stacked
            The members.
        x : tensor (n, n_features)
            Scaled rows.
        codes : long tensor (n, L)
            The code of each label, -1 where it is not observed.
        weight : tensor (n,)
            Sample weights.
        """
        inputs = stacked.likelihood.features(x)
        shape = (self.settings.n_mc_samples, len(x), stacked.latent_dim)
        losses, bound, z, log_probabilities = stacked.map(
            _member_loss,
            (
                normal((stacked.n_members, *shape), x, self.generator),
                self._views(stacked, x),
                self.weights,
            ),
            (x, inputs, codes, weight),
        )
        loss = losses.sum()
        if self.settings.edit_weight > 0 and stacked.label_model.n_labels > 0:
            edit_loss = self._edit_loss(
                stacked, x, inputs, codes, weight, z.detach(), log_probabilities.detach()
            )
            loss = loss + self.settings.edit_weight / x[0].numel() * edit_loss
        return loss, bound

    def _views(self, stacked, x):
        """Perturbed views (M, n, n_inputs) of rows; no rows if nothing compares them."""
        if stacked.label_model.n_labels > 0 and self.weights[:, 1].any():
            return self.noise.view(stacked.likelihood, x)
        return x.new_empty(stacked.n_members, 0, stacked.likelihood.n_inputs)

    def _edit_loss(self, stacked, x, inputs, codes, weight, z, log_probabilities):
        """Cross-entropy between the labels that edited rows should have and have.

        In some rows one label, the same for all of them, is set to a random value. The
        encoder of the next member has to recognise that value, through noise that hides
        changes which are mere traces, and the unchanged values of all other labels. The
        gradient reaches the decoder, but not the latent codes or that encoder.
        """
        labels, device = stacked.label_model, self.generator.device
        n_edits = min(self.settings.n_edits, len(x))
        rows = torch.randperm(len(x), generator=self.generator, device=device)
        rows = rows[:n_edits].to(x.device)
        label = int(self._randint(labels.n_labels, (1,)))
        shape = (stacked.n_members, n_edits)
        requested = self._randint(labels.n_values[label], shape).to(x.device)
        edited, expected = stacked.map(
            _edited_inputs,
            (z[:, rows], log_probabilities[:, rows], requested),
            (label, x[rows], inputs[rows], codes[rows]),
        )
        # Every member reads the edits of the member before it.
        edited, expected = edited.roll(1, 0), expected.roll(1, 0)
        seen = stacked.map(_classify, (self.noise.added_to(edited),), frozen=True)
        weights = torch.full_like(seen[0, 0, :, 0], UNCHANGED_LABEL_WEIGHT)
        weights[label] = 1.0
        missed = -(expected * seen).sum(-1) @ weights
        return (missed * weight[rows]).mean(1).sum()

    def _randint(self, high, shape):
        device = self.generator.device
        return torch.randint(high, shape, generator=self.generator, device=device)


def _member_loss(model, noise, views, weights, x, inputs, codes, weight):
    """Loss of one member without its edits, its ELBO, latents and log-probabilities."""
    labels, n_rows = model.label_model, len(x)
    mean, scale = model.encoder(torch.cat([inputs, views]))
    row_mean, row_scale = mean[:n_rows], scale[:n_rows]
    z = row_mean + row_scale * noise
    bound = evidence_bound(model, x, codes, row_mean, row_scale, z)
    label_weight, consistency_weight = weights
    gain = bound.value(label_weight)
    log_classifier = labels.log_classifier(model.blocks(mean))
    log_probabilities = log_classifier[:n_rows]
    if len(views):
        target = aligned(log_probabilities, labels.log_prior)
        gain = gain - consistency_weight * consistency_loss(
            target, log_classifier[n_rows:]
        )
    # The nats of a row grow with its features: per feature, one limit of the gradient
    # norm suits all data sets.
    loss = -(weight * gain).mean() / x[0].numel()
    return loss, bound, z[0], log_probabilities


def _classify(model, inputs):
    """Log-probabilities (n, L, K) of the labels of what the encoder reads."""
    mean, _ = model.encoder(inputs)
    return model.label_model.log_classifier(model.blocks(mean))


def _edited_inputs(model, z, log_probabilities, requested, label, x, inputs, codes):
    """What the encoder reads of edited rows, and the labels that they should have.

    The encoder reads the row plus the change that the edit makes to the decoded row. A
    decoder that is trained to make this change also decodes better than one that is
    trained on whole decoded rows.

    Returns
    -------
    edited : tensor (n, n_inputs)
        The inputs.
    expected : tensor (n, L, K)
        The probabilities of the labels' values.
    """
    labels = model.label_model
    source = torch.where(codes >= 0, codes, log_probabilities.argmax(-1))
    target = implied(labels, source, {label: requested})
    blocks = model.blocks(z)
    for other in range(labels.n_labels):
        blocks = move(
            labels, blocks, other, source[:, other], target[:, other], "transport"
        )
    edited_z = torch.cat([blocks.flatten(-2), model.style(z)], dim=-1).detach()
    decoded = model.decode(torch.stack([z, edited_z]))
    reconstruction, edited = model.likelihood.expected_features(decoded)
    # A change cannot be added to a missing value.
    complete = ~x.isnan().any(-1, keepdim=True)
    edited = torch.where(complete, inputs + edited - reconstruction, edited)
    is_label = torch.arange(labels.n_labels, device=z.device) == label
    changed = ((target != source) | is_label).unsqueeze(-1)
    wanted = F.one_hot(target, log_probabilities.shape[-1]).to(log_probabilities)
    return edited, torch.where(changed, wanted, log_probabilities.exp())
