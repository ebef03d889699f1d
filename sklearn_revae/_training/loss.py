"""What a training step minimises: minus the bound, and what edits must show."""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.edits import implied, move
from sklearn_revae._model.objective import (
    consistency_loss,
    dependence,
    evidence_bound,
    sample_posterior,
)

# What an edit must leave alone counts less than what it must change: there is more of it.
OTHER_LABELS_SHARE = 0.3
# Of levels no noisy copy is near: some are taken over from another row.
SWAPPED_SHARE = 0.15


def _call_frozen(module, *inputs):
    """`module(*inputs)`, its parameters taken as given: gradients reach inputs alone."""
    state = module.state_dict(keep_vars=True)
    fixed = {name: value.detach() for name, value in state.items()}
    return torch.func.functional_call(module, fixed, inputs)


class SemiSupervisedLoss(nn.Module):
    """Minus the mean bound of a batch, and two terms beside it, in nats a column.

    The bound and the noisy copies take one pass of the encoder; edited rows another.

    Parameters
    ----------
    label_weight : float
        Weight of log q(y|x) of the labelled rows.
    consistency_weight : float
        Weight of the cross-entropy between a row's labels and its noisy copy's.
    noise_scale : tensor (n_inputs,)
        Standard deviation of that noise, of what the encoder reads.
    correlated_noise : bool
        Whether the noise has the rows' own covariance, scaled by `noise_scale`.
        Independent noise on many pixels averages out before it is felt.
    mixed_share : float
        Largest share of another row in a noisy copy, whose labels are mixed alike.
    n_mc_samples : int
        Samples of z a row.
    unlabeled_bound : {"marginal", "classifier"}
        See :func:`~sklearn_revae._model.objective.evidence_bound`.
    edit_weight : float
        Weight of the edits: rows moved to another value of a label, drawn, and encoded
        again, should be recognised as that value.
    edits_teach_encoder : bool
        Whether they train the encoder too, not the decoder alone. A perceptron then tells
        labels better; a convolutional encoder agrees with the decoder on traces that
        nobody else sees.
    independence_weight : float
        Weight of how much the style latents tell of the labels.
    alpha : float
        Weight of half the encoder's squared weights, beside the loss in nats a column.
    generator : torch.Generator
        On the rows' device; source of all noise.
    """

    def __init__(
        self,
        label_weight,
        consistency_weight,
        noise_scale,
        correlated_noise,
        mixed_share,
        n_mc_samples,
        unlabeled_bound,
        edit_weight,
        edits_teach_encoder,
        independence_weight,
        alpha,
        generator,
    ):
        super().__init__()
        self.label_weight = label_weight
        self.consistency_weight = consistency_weight
        self.noise_scale = noise_scale
        self.correlated_noise = correlated_noise
        self.mixed_share = mixed_share
        self.n_mc_samples = n_mc_samples
        self.unlabeled_bound = unlabeled_bound
        self.edit_weight = edit_weight
        self.edits_teach_encoder = edits_teach_encoder
        self.independence_weight = independence_weight
        self.alpha = alpha
        self.generator = generator

    def _randn(self, shape, like):
        return torch.randn(
            shape, generator=self.generator, device=like.device, dtype=like.dtype
        )

    def _chosen(self, like, share):
        """Random cells of `like`, a share of them."""
        device = self.generator.device
        return torch.rand(like.shape, generator=self.generator, device=device) < share

    def _noise(self, features):
        """Noise like `features`: independent, of unit scale, or of their covariance."""
        if not self.correlated_noise:
            return self._randn(features.shape, features)
        n_rows = len(features)
        mixtures = self._randn((n_rows, n_rows), features)
        # Random mixtures of the batch's centred rows.
        return mixtures @ (features - features.mean(0)) / math.sqrt(n_rows)

    def _mixing(self, n_rows):
        """Function that mixes each of `n_rows` with another, the same at each call."""
        if self.mixed_share == 0:
            return lambda rows: rows
        device = self.generator.device
        other = torch.randperm(n_rows, generator=self.generator, device=device)
        share = torch.rand(n_rows, generator=self.generator, device=device)
        share = self.mixed_share * share

        def mix(rows):
            shares = share.to(rows).view(-1, *[1] * (rows.ndim - 1))
            return rows.lerp(rows[other], shares)

        return mix

    def _swapped(self, model, x):
        """`x` with some levels taken from the row above."""
        discrete = model.likelihood.discrete
        if not discrete.any():
            return x
        swapped = discrete & self._chosen(x, SWAPPED_SHARE)
        return torch.where(swapped, x.roll(1, 0), x)

    def _edit_loss(self, model, x, inputs, z, codes):
        """How badly rows moved to another value of one label are recognised as it.

        Seen are the rows themselves with the decoder's change added to them. Asked to
        make that change, it draws better rows too than when it is asked for whole ones.

        They are seen under noise, through which a mere trace of the label is not seen.
        The latents are given.
        """
        labels = model.label_model
        label = int(self._randint(labels.n_labels, 1))
        z = z.detach()
        blocks = model.blocks(z)
        before = labels.log_classifier(blocks).detach()
        source = torch.where(codes >= 0, codes, before.argmax(-1))
        asked = self._randint(labels.n_values[label], len(z))
        target = implied(labels, source, {label: asked})
        for other in range(labels.n_labels):
            blocks = move(
                labels, blocks, other, source[:, other], target[:, other], "transport"
            )
        latents = torch.cat([blocks.flatten(-2), model.style(z)], dim=-1).detach()
        decoded = model.decode(torch.stack([z, latents]))
        rebuilt, edited = model.likelihood.expected_features(decoded)
        # What is missing of a row has nothing to be added to.
        whole = ~x.isnan().any(-1, keepdim=True)
        edited = torch.where(whole, inputs + edited - rebuilt, edited)
        edited = edited + self.noise_scale * self._noise(edited.detach())
        encode = model.encoder
        if not self.edits_teach_encoder:
            encode = partial(_call_frozen, model.encoder)
        mean, _ = encode(edited)
        after = labels.log_classifier(model.blocks(mean))
        settled = F.one_hot(target, before.shape[-1]).to(before)
        moved = (target != source).unsqueeze(-1)
        moved[:, label] = True
        expected = torch.where(moved, settled, before.exp())
        missed = -(expected * after).sum(-1)
        share = torch.full_like(missed[0], OTHER_LABELS_SHARE)
        share[label] = 1.0
        return missed @ share

    def _randint(self, high, n):
        device = self.generator.device
        return torch.randint(high, (n,), generator=self.generator, device=device)

    def forward(self, model, x, codes, weight):
        """Return the loss, a scalar, and the terms of the bound."""
        n_rows, n_features = len(x), x[0].numel()
        labels = model.label_model
        with_consistency = self.consistency_weight > 0 and labels.n_labels > 0
        inputs = model.likelihood.features(x)
        if with_consistency:
            # Rows and their noisy copies share one pass of the encoder.
            mix = self._mixing(n_rows)
            noisy = mix(model.likelihood.features(self._swapped(model, x)))
            noisy = noisy + self.noise_scale * self._noise(noisy)
            inputs = torch.cat([inputs, noisy])
        mean, scale = model.encoder(inputs)
        row_mean, row_scale = mean[:n_rows], scale[:n_rows]
        z = sample_posterior(row_mean, row_scale, self.n_mc_samples, self.generator)
        bound = evidence_bound(
            model,
            x,
            codes,
            row_mean,
            row_scale,
            z,
            unlabeled_bound=self.unlabeled_bound,
        )
        gain = bound.value(self.label_weight)
        if with_consistency:
            log_classifier = labels.log_classifier(model.blocks(mean))
            gain = gain - self.consistency_weight * consistency_loss(
                mix(log_classifier[:n_rows].exp()), log_classifier[n_rows:]
            )
        if self.edit_weight > 0 and labels.n_labels > 0:
            gain = gain - self.edit_weight * self._edit_loss(
                model, x, inputs[:n_rows], z[0], codes
            )
        if self.independence_weight > 0 and labels.n_labels > 0 and model.style_dim > 0:
            told = labels.log_classifier(model.blocks(row_mean)).exp()
            gain = gain - self.independence_weight * dependence(
                model.style(row_mean), told
            )
        # A row's nats grow with its columns: per column, one clipping norm fits all data.
        loss = -(weight * gain).mean() / n_features
        if self.alpha > 0:
            # Biases are free, as scikit-learn leaves intercepts.
            loss = loss + 0.5 * self.alpha * sum(
                p.square().sum() for p in model.encoder.parameters() if p.ndim > 1
            )
        return loss, bound
