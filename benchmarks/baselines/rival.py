"""What the rival models share: networks, scaling of images, training and edits.

A rival is a subclass of :class:`Rival`. The networks for images, the Gaussian noise of
one learned scale, the batches and the schedule of the learning rate are those of the
package, so that the models differ in their structure and in their loss only.
"""

from itertools import chain, islice, repeat

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._interventions.blending import blended
from sklearn_revae._model.convolutions import image_decoder, image_encoder_body
from sklearn_revae._model.families import Column, SharedGaussian
from sklearn_revae._model.images import ImageShape
from sklearn_revae._model.networks import make_layer
from sklearn_revae._training.batches import MixedBatches, Rows
from sklearn_revae._training.net import (
    MAX_GRADIENT_NORM,
    NOISE_LEARNING_RATE_FACTOR,
    warmup_and_decay,
)

BATCH_SIZE = 128
LEARNING_RATE = 2e-3
_CHUNK = 500
# Finite, so that 0 * log 0 is 0 for values that a label does not have.
_LOG_ZERO = -1e9


def log_normal(z, mean, scale):
    """Log-density of N(mean, scale^2), for each entry of z."""
    return torch.distributions.Normal(mean, scale, validate_args=False).log_prob(z)


def at(values, codes):
    """Entries of `values` (..., L, K) at the code of each label, 0 where it is -1."""
    shape = torch.broadcast_shapes(values.shape[:-1], codes.shape)
    codes = codes.expand(shape)
    values = values.expand(*shape, values.shape[-1])
    found = values.gather(-1, codes.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return torch.where(codes >= 0, found, 0.0)


class Rival(nn.Module):
    """Base class of rivals.

    A subclass has to define `losses`, `log_classifier` and `code`.

    Parameters
    ----------
    shape : tuple of int
        Height, width and channels of an image of integers up to 255.
    n_values : sequence of int
        Number of values of each label.
    code_dim : int
        Number of inputs of the decoder.
    generator : torch.Generator
        Source of the initial weights.
    label_weight : float
        Weight of the term that trains the classifier, in nats per labelled image.
    """

    def __init__(self, shape, n_values, code_dim, generator, label_weight):
        super().__init__()
        self.shape, self.n_values = tuple(shape), tuple(n_values)
        self.label_weight = label_weight
        self.layout = ImageShape(*shape, channels_last=True)
        self.body, self.width = image_encoder_body(self.layout, generator)
        self.decoder = image_decoder(code_dim, self.layout, generator)
        columns = [Column("shared_gaussian")] * self.layout.n_features
        self.noise = SharedGaussian(columns)
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))
        # Processor time of the fit, for the caller to set; kept with the weights.
        self.register_buffer("seconds", torch.zeros(()))
        counts = torch.tensor(self.n_values)
        absent = torch.arange(max(self.n_values)) >= counts[:, None]
        self.register_buffer("absent", absent)
        prior = (-counts.float().log())[:, None].expand(absent.shape)
        self.register_buffer("log_prior", prior.masked_fill(absent, _LOG_ZERO))

    def losses(self, x, codes, generator):
        """Return the loss of each row (n,), in nats.

        Parameters
        ----------
        x : tensor (n, n_features)
            Images, as returned by `rows`.
        codes : long tensor (n, L)
            Labels; -1 for unlabelled images.
        generator : torch.Generator
            Generator of the random numbers.
        """
        raise NotImplementedError

    def log_classifier(self, x):
        """Return log q(y_l = k | x) of images as rows, (n, L, K)."""
        raise NotImplementedError

    def code(self, x, do):
        """Return the decoder's inputs for rows whose labels `do` ({l: (n,)}) changes."""
        raise NotImplementedError

    def linear(self, n_in, n_out, generator):
        """Return a linear layer."""
        return make_layer(nn.Linear, n_in, n_out, generator=generator)

    def log_softmax(self, logits):
        """Turn logits (..., L * K) into log-probabilities (..., L, K) of labels."""
        logits = logits.unflatten(-1, self.absent.shape)
        return logits.masked_fill(self.absent, _LOG_ZERO).log_softmax(-1)

    def one_hot(self, codes):
        """Return indicators (n, L, K) of the codes of labels; zeros for -1."""
        indicators = F.one_hot(codes.clamp(min=0), self.absent.shape[1]).float()
        return indicators * (codes >= 0).unsqueeze(-1)

    def log_likelihood(self, code, x):
        """Log p(x | decoder's input), summed over the pixels: (..., n)."""
        decoded = self.decoder(code.flatten(0, -2)).unflatten(0, code.shape[:-1])
        return self.noise.log_prob(decoded[..., None], x).sum(-1)

    def rows(self, images):
        """Flatten images (n, height, width, channels) and scale them to unit variance."""
        rows = torch.as_tensor(images).flatten(1).float()
        return (rows - self.centre) / self.spread

    def fit(self, X, y, *, n_steps, random_state=0):
        """Train on images X and codes of labels y (n, L), -1 for unlabelled images."""
        pixels, codes = torch.as_tensor(X).flatten(1), torch.as_tensor(y)
        self.centre, self.spread = pixels.float().mean(), pixels.float().std()
        counts = self.one_hot(codes).sum(0) + (~self.absent).float()
        prior = (counts / counts.sum(-1, keepdim=True)).log()
        self.log_prior = prior.masked_fill(self.absent, _LOG_ZERO)
        data = Rows(pixels, codes, torch.ones(len(pixels)))
        order, generator = (torch.Generator().manual_seed(random_state) for _ in "ab")
        batches = MixedBatches(data, BATCH_SIZE, order)
        noise = list(self.noise.parameters())
        networks = [p for name, p in self.named_parameters() if "noise." not in name]
        rates = [LEARNING_RATE, NOISE_LEARNING_RATE_FACTOR * LEARNING_RATE]
        groups = zip([networks, noise], rates, strict=True)
        optimizer = torch.optim.Adam([{"params": p, "lr": r} for p, r in groups])
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, warmup_and_decay(n_steps, decay=1.0)
        )
        for x, known, _ in islice(chain.from_iterable(repeat(batches)), n_steps):
            loss = self.losses(self.rows(x), known, generator).mean() / x.shape[1]
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters(), MAX_GRADIENT_NORM)
            optimizer.step()
            schedule.step()
        return self.eval()

    @torch.no_grad()
    def predict(self, X):
        """Return the codes of the predicted labels (n, L)."""
        chunks = torch.as_tensor(X).split(_CHUNK)
        found = [self.log_classifier(self.rows(chunk)).argmax(-1) for chunk in chunks]
        return torch.cat(found).numpy()

    @torch.no_grad()
    def intervene(self, X, do, *, blend=False):
        """Edit labels: decode the images' codes, with the labels that `do` changes.

        Parameters
        ----------
        X : array (n, height, width, channels)
            Images of integers.
        do : dict
            ``{index: code}``, where the code is an int or an array with one for each
            image.
        blend : bool, default=False
            Whether to show the decoded image only where the edit changes it, as the
            package does, and the image itself elsewhere.
        """
        values = {label: np.broadcast_to(value, len(X)) for label, value in do.items()}
        edited = []
        for start in range(0, len(X), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            x = self.rows(X[chunk])
            requests = {k: torch.tensor(v[chunk]) for k, v in values.items()}
            image = self.decoder(self.code(x, requests))
            if blend:
                before = self.decoder(self.code(x, {}))
                # The rows have unit variance.
                unit = torch.ones(())
                image = x + blended(x, before, image, self.layout, unit) - before
            image = (image * self.spread + self.centre).round().clamp(0, 255)
            edited.append(image.to(torch.uint8).unflatten(-1, self.shape).numpy())
        return np.concatenate(edited)

    def reconstruct(self, X):
        """Reconstruct images, with their predicted labels."""
        return self.intervene(X, {})
