"""What a training step minimises: minus the bound, plus consistency under noise."""

import torch
from torch import nn

from sklearn_revae.model.objective import (
    consistency_loss,
    evidence_bound,
    sample_posterior,
)


class SemiSupervisedLoss(nn.Module):
    """Minus the mean bound of a batch, in nats a column.

    Parameters
    ----------
    label_weight : float
        Weight of log q(y|x) of the labelled rows.
    consistency_weight : float
        Weight of the cross-entropy between a row's labels and its noisy copy's.
    noise_scale : float
        Standard deviation of that noise, in units of the scaled columns.
    n_mc_samples : int
        Samples of z a row.
    unlabeled_bound : {"marginal", "classifier"}
        See :func:`~sklearn_revae.model.objective.evidence_bound`.
    generator : torch.Generator
        On the rows' device; source of all noise.
    """

    def __init__(
        self,
        label_weight,
        consistency_weight,
        noise_scale,
        n_mc_samples,
        unlabeled_bound,
        generator,
    ):
        super().__init__()
        self.label_weight = label_weight
        self.consistency_weight = consistency_weight
        self.noise_scale = noise_scale
        self.n_mc_samples = n_mc_samples
        self.unlabeled_bound = unlabeled_bound
        self.generator = generator

    def forward(self, model, x, codes, weight):
        """Return the loss, a scalar, and the terms of the bound."""
        n_rows, n_features = len(x), x[0].numel()
        labels = model.label_model
        with_consistency = self.consistency_weight > 0 and labels.n_labels > 0
        inputs = x
        if with_consistency:
            noise = torch.randn(
                x.shape, generator=self.generator, device=x.device, dtype=x.dtype
            )
            # Rows and their noisy copies share one pass of the encoder.
            inputs = torch.cat([x, x + self.noise_scale * noise])
        mean, scale = model.encode(inputs)
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
                log_classifier[:n_rows], log_classifier[n_rows:]
            )
        # A row's nats grow with its columns: per column, one clipping norm fits all data.
        return -(weight * gain).mean() / n_features, bound
