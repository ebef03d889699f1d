"""M2, an early semi-supervised variational autoencoder, for images with binary labels.

In M2 the label is an input of the decoder and has no latent dimensions of its own:

    p(x, y, z) = p(x | y, z) N(z; 0, I) p(y),   q(z | x, y),   q(y | x),

where x is an image, y its labels and z the latent code. With several binary labels, y is
a vector, and p(y) and q(y|x) are products of Bernoulli distributions. For unlabelled
samples, the published bound sums over all values of y. With 16 labels there are 2**16 of
them, too many to decode. Instead, the probabilities q(y|x) are passed to the encoder and
the decoder. This common relaxation is not a bound, but is tight where the classifier is
certain.

Everything that is not specific to M2 is taken from the package, so that the two models
differ only in their structure: the convolutional networks, a shared Gaussian noise scale
that is learned, batches that are one quarter labelled, the weight of log q(y|x), and the
learning rate schedule. q(z|x, y) and q(y|x) share their convolutional layers. The
dimension of z is chosen so that the decoder has the same size as that of the ReVAE.

References
----------
D. P. Kingma, D. J. Rezende, S. Mohamed, M. Welling, "Semi-Supervised Learning with Deep
Generative Models", NeurIPS 2014, arXiv:1406.5298, section 3.1 (M2).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.families import Column, SharedGaussian
from sklearn_revae._model.images import ImageShape
from sklearn_revae._model.networks import GaussianEncoder, make_layer
from sklearn_revae._model.published import published_decoder, published_encoder_body
from sklearn_revae._training.batches import MixedBatches, Rows
from sklearn_revae._training.net import NOISE_LEARNING_RATE_FACTOR, warmup_and_decay

_CHUNK = 500
_MAX_GRADIENT_NORM = 10.0


def _kl_of_labels(logits, prior):
    """Return KL(q(y|x) || p(y)) of each sample (n,), summed over the labels."""
    q = torch.sigmoid(logits)
    of_ones = q * (F.logsigmoid(logits) - prior.log())
    of_zeros = (1 - q) * (F.logsigmoid(-logits) - (1 - prior).log())
    return (of_ones + of_zeros).sum(-1)


class M2(nn.Module):
    """M2 for images with several binary labels.

    Parameters
    ----------
    shape : tuple of int
        Height, width and channels of an image of integers up to 255.
    n_labels : int
        Number of labels.
    latent_dim : int, default=48
        Dimension of z.
    random_state : int, default=0
        Seed of the initial weights.
    """

    def __init__(self, shape, n_labels, *, latent_dim=48, random_state=0):
        super().__init__()
        generator = torch.Generator().manual_seed(random_state)
        layout = ImageShape(*shape, channels_last=True)
        self.shape = shape
        self.body, width = published_encoder_body(layout, generator)
        self.label_head = make_layer(nn.Linear, width, n_labels, generator=generator)
        self.latent_head = GaussianEncoder(
            nn.Identity(), width + n_labels, latent_dim, generator
        )
        self.decoder = published_decoder(latent_dim + n_labels, layout, generator)
        self.noise = SharedGaussian([Column("shared_gaussian")] * layout.n_features)
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("prior", torch.full((n_labels,), 0.5))

    def rows(self, images):
        """Flatten images (n, height, width, channels) and scale them to unit variance."""
        rows = torch.as_tensor(images).flatten(1).float()
        return (rows - self.centre) / self.spread

    def images(self, rows):
        """Invert `rows`; returns an array of integers."""
        values = (rows * self.spread + self.centre).round().clamp(0, 255)
        return values.to(torch.uint8).unflatten(-1, self.shape).numpy()

    def encode(self, features, y):
        """Return mean and scale of q(z|x, y)."""
        return self.latent_head(torch.cat([features, y], dim=-1))

    def decode(self, z, y):
        """Return the mean of p(x|y, z), as scaled rows."""
        return self.decoder(torch.cat([z, y], dim=-1))

    def loss(self, x, codes, label_weight, generator):
        """Return the loss: the mean negative ELBO of a batch, in nats per feature.

        Parameters
        ----------
        x : tensor (n, n_features)
            Images, as returned by `rows`.
        codes : tensor (n, n_labels)
            Labels; -1 for unlabelled samples.
        label_weight : float
            Weight of log q(y|x) for labelled samples.
        generator : torch.Generator
            Generator of the random numbers.
        """
        features = self.body(x)
        logits = self.label_head(features)
        labelled = (codes >= 0).all(-1)
        y = torch.where(codes >= 0, codes.to(x), torch.sigmoid(logits))
        mean, scale = self.encode(features, y)
        z = mean + scale * torch.randn(mean.shape, generator=generator)
        kl = 0.5 * (mean.square() + scale.square() - 1).sum(-1) - scale.log().sum(-1)
        log_likelihood = self.noise.log_prob(self.decode(z, y)[..., None], x).sum(-1)
        known = codes.clamp(min=0).to(x)
        cross_entropy = F.binary_cross_entropy_with_logits(
            logits, known, reduction="none"
        )
        label_terms = torch.where(
            labelled,
            label_weight * cross_entropy.sum(-1),
            _kl_of_labels(logits, self.prior),
        )
        return (kl - log_likelihood + label_terms).mean() / x.shape[1]

    def fit(self, X, y, *, n_epochs=16, learning_rate=2e-3, random_state=0):
        """Train on images X and labels y (n, n_labels), -1 for unlabelled samples."""
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
                # The default label weight of the ReVAE: half the number of features.
                loss = self.loss(self.rows(x), known, 0.5 * x.shape[1], generator)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.parameters(), _MAX_GRADIENT_NORM)
                optimizer.step()
                schedule.step()
        return self.eval()

    @torch.no_grad()
    def _edited(self, images, do, n_samples, generator):
        features = self.body(self.rows(images))
        y = (self.label_head(features) > 0).float()
        mean, scale = self.encode(features, y)
        for label, value in do.items():
            y[:, label] = value.to(y)
        if n_samples is None:
            return self.images(self.decode(mean, y))
        noise = torch.randn((n_samples, *mean.shape), generator=generator)
        z = (mean + scale * noise).flatten(0, 1)
        decoded = self.decode(z, y.repeat(n_samples, 1)).unflatten(0, (n_samples, -1))
        return self.images(decoded.transpose(0, 1))

    def intervene(self, X, do, *, n_samples=None, random_state=0):
        """Edit labels: decode z of the image with its predicted labels, changed by `do`.

        Parameters
        ----------
        X : array (n, height, width, channels)
            Images.
        do : dict
            ``{index: value}``, where the value is 0, 1, or an array with one value per
            image.
        n_samples : int, default=None
            Number of draws of z from q(z|x, y) per image. If None, its mean is used.
        random_state : int, default=0
            Seed of the draws.

        Returns
        -------
        array (n, height, width, channels) or (n, n_samples, height, width, channels)
            Images of integers.
        """
        generator = torch.Generator().manual_seed(random_state)
        values = {label: np.broadcast_to(value, len(X)) for label, value in do.items()}
        edited = []
        for start in range(0, len(X), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            requests = {
                label: torch.tensor(value[chunk]) for label, value in values.items()
            }
            edited.append(self._edited(X[chunk], requests, n_samples, generator))
        return np.concatenate(edited)

    def reconstruct(self, X):
        """Reconstruct images, using their predicted labels."""
        return self.intervene(X, {})

    @torch.no_grad()
    def predict(self, X):
        """Return the predicted labels (n, n_labels), 0 or 1."""
        chunks = torch.as_tensor(X).split(_CHUNK)
        logits = [self.label_head(self.body(self.rows(chunk))) for chunk in chunks]
        return (torch.cat(logits) > 0).long().numpy()
