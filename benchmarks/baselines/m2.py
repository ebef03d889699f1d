"""M2, the conditional VAE that semi-supervised learning began with, for pictures.

The label is an input of the decoder, not a place in its latents:

    p(x, y, z) = p(x | y, z) N(z; 0, I) p(y),   q(z | x, y),   q(y | x).

With several binary labels y is a vector, p(y) and q(y|x) products of Bernoullis. Where y
is not known the published bound sums over its values. 2**16 of them are too many to
decode: their mean field, the probabilities q(y|x) themselves, goes into encoder and
decoder in their place. That is no bound any more, but the usual relaxation, and tight
where the classifier is sure.

What is not the published model's own is taken from the package, so that the models differ
in what they are about alone: the convolutional networks, a shared Gaussian noise that is
learned, batches a quarter of which is labelled, the weight of log q(y|x), the decaying
rate. q(z|x, y) and q(y|x) share their convolutions, and z is as wide as makes the decoder
as large as the ReVAE's.

References
----------
D. P. Kingma, D. J. Rezende, S. Mohamed, M. Welling, "Semi-Supervised Learning with Deep
Generative Models", NeurIPS 2014, arXiv:1406.5298, section 3.1 (M2).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.convolutions import (
    ImageShape,
    conv_decoder,
    conv_encoder_body,
)
from sklearn_revae._model.families import Column, SharedGaussian
from sklearn_revae._model.networks import GaussianEncoder, linear
from sklearn_revae._training.batches import MixedBatches, Rows
from sklearn_revae._training.net import NOISE_LEARNING_RATE_FACTOR, warmup_and_decay

_CHUNK = 500
_MAX_GRADIENT_NORM = 10.0


def _kl_of_labels(logits, prior):
    """KL(q(y|x) || p(y)) of rows (n,), Bernoulli by Bernoulli."""
    q = torch.sigmoid(logits)
    of_ones = q * (F.logsigmoid(logits) - prior.log())
    of_zeros = (1 - q) * (F.logsigmoid(-logits) - (1 - prior).log())
    return (of_ones + of_zeros).sum(-1)


class M2(nn.Module):
    """M2 of pictures with several binary labels.

    Parameters
    ----------
    shape : tuple of int
        Height, width and channels of a picture of whole numbers up to 255.
    n_labels : int
        Number of labels.
    latent_dim : int, default=48
        Width of z.
    random_state : int, default=0
        Decides the starting weights.
    """

    def __init__(self, shape, n_labels, *, latent_dim=48, random_state=0):
        super().__init__()
        generator = torch.Generator().manual_seed(random_state)
        layout = ImageShape(*shape, channels_last=True)
        self.shape = shape
        self.body, width = conv_encoder_body(layout, generator)
        self.label_head = linear(width, n_labels, generator)
        self.latent_head = GaussianEncoder(
            nn.Identity(), width + n_labels, latent_dim, generator
        )
        self.decoder = conv_decoder(latent_dim + n_labels, layout, generator)
        self.noise = SharedGaussian([Column("shared_gaussian")] * layout.n_features)
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("prior", torch.full((n_labels,), 0.5))

    def rows(self, pictures):
        """Flat rows of unit variance of pictures (n, height, width, channels)."""
        rows = torch.as_tensor(pictures).flatten(1).float()
        return (rows - self.centre) / self.spread

    def pictures(self, rows):
        """Undo `rows`: whole numbers, as an array."""
        values = (rows * self.spread + self.centre).round().clamp(0, 255)
        return values.to(torch.uint8).unflatten(-1, self.shape).numpy()

    def encode(self, features, y):
        """Mean and scale of q(z|x, y)."""
        return self.latent_head(torch.cat([features, y], dim=-1))

    def decode(self, z, y):
        """Mean of p(x|y, z): rows."""
        return self.decoder(torch.cat([z, y], dim=-1))

    def loss(self, x, codes, label_weight, generator):
        """Return minus the mean bound of a batch, in nats a column.

        Parameters
        ----------
        x : tensor (n, n_features)
            Rows of unit variance.
        codes : tensor (n, n_labels)
            Labels; -1 in the rows that have none.
        label_weight : float
            Weight of log q(y|x) of the labelled rows.
        generator : torch.Generator
            Source of the noise.
        """
        features = self.body(x)
        logits = self.label_head(features)
        labelled = (codes >= 0).all(-1)
        y = torch.where(codes >= 0, codes.to(x), torch.sigmoid(logits))
        mean, scale = self.encode(features, y)
        z = mean + scale * torch.randn(mean.shape, generator=generator)
        kl = 0.5 * (mean.square() + scale.square() - 1).sum(-1) - scale.log().sum(-1)
        fit = self.noise.log_prob(self.decode(z, y)[..., None], x).sum(-1)
        known = codes.clamp(min=0).to(x)
        missed = F.binary_cross_entropy_with_logits(logits, known, reduction="none")
        of_labels = torch.where(
            labelled, label_weight * missed.sum(-1), _kl_of_labels(logits, self.prior)
        )
        return (kl - fit + of_labels).mean() / x.shape[1]

    def fit(self, X, y, *, n_epochs=16, learning_rate=2e-3, random_state=0):
        """Train on pictures X and labels y (n, n_labels), -1 where a row has none."""
        rows = torch.as_tensor(X).flatten(1)
        codes = torch.as_tensor(y)
        self.centre = rows.float().mean()
        self.spread = rows.float().std()
        self.prior = codes[(codes >= 0).all(-1)].float().mean(0).clamp(0.01, 0.99)
        data = Rows(rows, codes, torch.ones(len(rows)))
        batches = MixedBatches(data, 200, torch.Generator().manual_seed(random_state))
        generator = torch.Generator().manual_seed(random_state)
        noise = list(self.noise.parameters())
        networks = [p for name, p in self.named_parameters() if "noise" not in name]
        rates = [learning_rate, NOISE_LEARNING_RATE_FACTOR * learning_rate]
        groups = zip([networks, noise], rates, strict=True)
        optimizer = torch.optim.Adam([{"params": p, "lr": r} for p, r in groups])
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, warmup_and_decay(n_epochs * len(batches))
        )
        for _ in range(n_epochs):
            for x, known, _ in batches:
                # Half a nat a column: the ReVAE's own default.
                loss = self.loss(self.rows(x), known, 0.5 * x.shape[1], generator)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.parameters(), _MAX_GRADIENT_NORM)
                optimizer.step()
                schedule.step()
        return self.eval()

    @torch.no_grad()
    def _edited(self, pictures, do, n_samples, generator):
        features = self.body(self.rows(pictures))
        y = (self.label_head(features) > 0).float()
        mean, scale = self.encode(features, y)
        for label, value in do.items():
            y[:, label] = value.to(y)
        if n_samples is None:
            return self.pictures(self.decode(mean, y))
        noise = torch.randn((n_samples, *mean.shape), generator=generator)
        z = (mean + scale * noise).flatten(0, 1)
        decoded = self.decode(z, y.repeat(n_samples, 1)).unflatten(0, (n_samples, -1))
        return self.pictures(decoded.transpose(0, 1))

    def intervene(self, X, do, *, n_samples=None, random_state=0):
        """Pictures with other labels: y is changed, and z of the row and its own y kept.

        Parameters
        ----------
        X : array (n, height, width, channels)
            Pictures.
        do : dict
            ``{index: value}``, a value 0 or 1, or an array of one for each row.
        n_samples : int, default=None
            Draws a row: z is then drawn from q(z|x, y), else its mean.
        random_state : int, default=0
            Decides the draws.

        Returns
        -------
        array (n, height, width, channels) or (n, n_samples, height, width, channels)
            Pictures of whole numbers.
        """
        generator = torch.Generator().manual_seed(random_state)
        values = {label: np.broadcast_to(value, len(X)) for label, value in do.items()}
        edited = []
        for start in range(0, len(X), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            asked = {label: torch.tensor(value[chunk]) for label, value in values.items()}
            edited.append(self._edited(X[chunk], asked, n_samples, generator))
        return np.concatenate(edited)

    def reconstruct(self, X):
        """Pictures encoded and decoded again, with the labels predicted."""
        return self.intervene(X, {})

    @torch.no_grad()
    def predict(self, X):
        """Labels (n, n_labels), 0 or 1."""
        chunks = torch.as_tensor(X).split(_CHUNK)
        logits = [self.label_head(self.body(self.rows(chunk))) for chunk in chunks]
        return (torch.cat(logits) > 0).long().numpy()
