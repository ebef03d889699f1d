"""The loss of a training step: the negative ELBO, and what is added to it."""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.draws import normal, uniform
from sklearn_revae._model.edits import implied, move
from sklearn_revae._model.objective import (
    consistency_loss,
    dependence,
    evidence_bound,
    sample_posterior,
)

# Weight of each label that an edit must leave unchanged, relative to the label that it
# changes. The former are in the majority.
UNCHANGED_LABEL_WEIGHT = 0.3
# Fraction of the discrete values of a perturbed view that are replaced by another row's
# value, because no small noise can be added to them.
CORRUPTED_FRACTION = 0.15


def _call_frozen(module, *inputs):
    """Return `module(*inputs)`; gradients reach the inputs, but not the parameters."""
    state = module.state_dict(keep_vars=True)
    fixed = {name: value.detach() for name, value in state.items()}
    return torch.func.functional_call(module, fixed, inputs)


class SemiSupervisedLoss(nn.Module):
    r"""The negative ELBO of a batch and four penalties, in nats per feature.

    .. math::

        -\frac{1}{n d} \sum_{i=1}^{n} w_i \left( B_i - \lambda_c C_i - \lambda_e E_i
        - \lambda_d D \right) + \frac{\alpha}{2} \lVert W \rVert^2

    Here :math:`n` is the number of rows, :math:`d` that of features, :math:`w_i` the
    sample weight of row :math:`i`, and :math:`B_i` its ELBO. :math:`C_i` is the
    cross-entropy between the class probabilities of the row and of a perturbed view of
    it, :math:`E_i` that between the labels that an edited row should have and has,
    :math:`D` the dependence of the style latents on the labels, and :math:`W` the
    weights of the encoder. The :math:`\lambda` and :math:`\alpha` are weights of the
    settings.

    The rows and their perturbed views share one pass of the encoder; edited rows need a
    second one.

    Parameters
    ----------
    settings : Settings
        The weights of the terms, and how rows are perturbed.
    noise_scale : tensor (n_inputs,)
        Standard deviation of the noise in a perturbed view, for each of the encoder's
        inputs.
    generator : torch.Generator
        Source of all randomness, on the device of the rows.
    """

    def __init__(self, settings, noise_scale, generator):
        super().__init__()
        self.settings = settings
        self.noise_scale = noise_scale
        self.generator = generator

    def forward(self, model, x, codes, weight):
        """Return the loss of a batch, a scalar, and the terms of its ELBO.

        Parameters
        ----------
        model : ReVAE
            The model.
        x : tensor (n, n_features)
            Scaled rows.
        codes : long tensor (n, L)
            The code of each label, -1 where it is not observed.
        weight : tensor (n,)
            Sample weights.
        """
        settings, labels = self.settings, model.label_model
        n_rows, n_features = len(x), x[0].numel()
        has_labels = labels.n_labels > 0
        with_consistency = settings.consistency_weight > 0 and has_labels
        inputs = model.likelihood.features(x)
        if with_consistency:
            mixup = self._mixup(x)
            perturbed = self._perturb(mixup(self._corrupted_features(model, x)))
            mean, scale = model.encoder(torch.cat([inputs, perturbed]))
        else:
            mean, scale = model.encoder(inputs)
        row_mean, row_scale = mean[:n_rows], scale[:n_rows]
        z = sample_posterior(row_mean, row_scale, settings.n_mc_samples, self.generator)
        bound = evidence_bound(
            model,
            x,
            codes,
            row_mean,
            row_scale,
            z,
            unlabeled_bound=settings.unlabeled_bound,
        )
        gain = bound.value(settings.label_weight)
        if with_consistency:
            log_classifier = labels.log_classifier(model.blocks(mean))
            gain = gain - settings.consistency_weight * consistency_loss(
                mixup(log_classifier[:n_rows].exp()), log_classifier[n_rows:]
            )
        if settings.edit_weight > 0 and has_labels:
            edit_loss = self._edit_loss(model, x, inputs, z[0], codes)
            gain = gain - settings.edit_weight * edit_loss
        if settings.independence_weight > 0 and has_labels and model.style_dim > 0:
            probabilities = labels.log_classifier(model.blocks(row_mean)).exp()
            gain = gain - settings.independence_weight * dependence(
                model.style(row_mean), probabilities
            )
        # The nats of a row grow with its features: per feature, one limit of the gradient
        # norm suits all data sets.
        loss = -(weight * gain).mean() / n_features
        if settings.alpha > 0:
            # Biases are not penalised, as scikit-learn leaves intercepts out.
            loss = loss + 0.5 * settings.alpha * sum(
                p.square().sum() for p in model.encoder.parameters() if p.ndim > 1
            )
        return loss, bound

    def _randint(self, high, n):
        device = self.generator.device
        return torch.randint(high, (n,), generator=self.generator, device=device)

    def _mixup(self, x):
        """Return a function that mixes each row of a tensor with another row.

        The function takes any tensor with a row for each row of `x`, and mixes the same
        rows in the same proportions whenever it is called.
        """
        largest = self.settings.mixup_fraction
        if largest == 0:
            return lambda rows: rows
        n_rows, device = len(x), self.generator.device
        partner = torch.randperm(n_rows, generator=self.generator, device=device)
        fraction = largest * uniform((n_rows,), x, self.generator)

        def mix(rows):
            fractions = fraction.to(rows).view(-1, *[1] * (rows.ndim - 1))
            return rows.lerp(rows[partner], fractions)

        return mix

    def _corrupted_features(self, model, x):
        """What the encoder reads of `x` after some discrete values have been replaced."""
        discrete = model.likelihood.discrete
        if discrete.any():
            drawn = uniform(x.shape, x, self.generator) < CORRUPTED_FRACTION
            x = torch.where(discrete & drawn, x.roll(1, 0), x)
        return model.likelihood.features(x)

    def _perturb(self, features):
        """Add noise to what the encoder reads."""
        return features + self.noise_scale * self._noise(features.detach())

    def _noise(self, features):
        """Noise of the shape of `features`: independent, or with their covariance.

        Independent noise on many pixels averages out, so that the encoder hardly feels
        it.
        """
        if not self.settings.correlated_noise:
            return normal(features.shape, features, self.generator)
        n_rows = len(features)
        mixtures = normal((n_rows, n_rows), features, self.generator)
        # Random linear combinations of the centred rows have the covariance of the rows.
        return mixtures @ (features - features.mean(0)) / math.sqrt(n_rows)

    def _edit_loss(self, model, x, inputs, z, codes):
        """Cross-entropy (n,) between the labels that edited rows should have and have.

        In every row one label, the same for the whole batch, is set to a random value.
        Labels that the edit does not change should keep their probabilities. No gradient
        reaches the latent codes.
        """
        labels = model.label_model
        label = int(self._randint(labels.n_labels, 1))
        z = z.detach()
        blocks = model.blocks(z)
        before = labels.log_classifier(blocks).detach()
        source = torch.where(codes >= 0, codes, before.argmax(-1))
        requested = self._randint(labels.n_values[label], len(z))
        target = implied(labels, source, {label: requested})
        for other in range(labels.n_labels):
            blocks = move(
                labels, blocks, other, source[:, other], target[:, other], "transport"
            )
        edited_z = torch.cat([blocks.flatten(-2), model.style(z)], dim=-1).detach()
        after = self._classify_edited(model, x, inputs, z, edited_z)
        changed = (target != source).unsqueeze(-1)
        changed[:, label] = True
        requested = F.one_hot(target, before.shape[-1]).to(before)
        expected = torch.where(changed, requested, before.exp())
        weights = torch.full_like(after[0, :, 0], UNCHANGED_LABEL_WEIGHT)
        weights[label] = 1.0
        return -(expected * after).sum(-1) @ weights

    def _classify_edited(self, model, x, inputs, z, edited_z):
        """Log-probabilities (n, L, K) of the labels of rows that were edited.

        The encoder reads the row plus the change that the edit makes to the decoded row.
        A decoder that is trained to make this change also decodes better than one that
        is trained on whole decoded rows. The noise hides changes that are mere traces.
        """
        decoded = model.decode(torch.stack([z, edited_z]))
        reconstruction, edited = model.likelihood.expected_features(decoded)
        # A change cannot be added to a missing value.
        complete = ~x.isnan().any(-1, keepdim=True)
        edited = torch.where(complete, inputs + edited - reconstruction, edited)
        encode = model.encoder
        if not self.settings.edits_train_encoder:
            encode = partial(_call_frozen, model.encoder)
        mean, _ = encode(self._perturb(edited))
        return model.label_model.log_classifier(model.blocks(mean))
