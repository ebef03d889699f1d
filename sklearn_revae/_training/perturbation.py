"""Perturbed views of rows: what the consistency loss and the edits show to an encoder."""

import math

import torch

from sklearn_revae._model.draws import normal, uniform

# Fraction of the discrete values of a perturbed view that are replaced by another row's
# value, because no small noise can be added to them.
CORRUPTED_FRACTION = 0.15


class Noise:
    """Noise that each member of an ensemble adds to what its encoder reads.

    Parameters
    ----------
    members : sequence of MemberSettings
        How much noise each member adds, and of what kind.
    spread : tensor (n_inputs,)
        Standard deviation of each of the encoder's inputs, in which noise is measured.
    generator : torch.Generator
        Source of the noise, on the device of the rows.
    """

    def __init__(self, members, spread, generator):
        self.generator = generator
        self.correlated = [i for i, m in enumerate(members) if m.correlated_noise]
        sizes = spread.new_tensor([m.noise for m in members])
        self.scale = sizes.view(-1, 1, 1) * spread

    def views(self, likelihood, x):
        """Perturbed views (M, n, n_inputs) of rows (n, n_features), one per member."""
        discrete = likelihood.discrete
        if discrete.any():
            drawn = uniform(x.shape, x, self.generator) < CORRUPTED_FRACTION
            x = torch.where(discrete & drawn, x.roll(1, 0), x)
        features = likelihood.features(x)
        return features + self.draw(features, len(features))

    def draw(self, features, n_draws):
        """Noise (M, n_draws, n_inputs) for what the encoder of each member reads.

        Correlated noise has the covariance of `features`, (n, n_inputs).
        """
        shape = (len(self.scale), n_draws, features.shape[-1])
        noise = normal(shape, features, self.generator)
        if self.correlated:
            # Independent noise on many pixels averages out, so that the encoder hardly
            # feels it. Random combinations of centred rows have the rows' covariance.
            n_rows = len(features)
            mixtures = normal(
                (len(self.correlated), n_draws, n_rows), features, self.generator
            )
            centred = (features - features.mean(0)) / math.sqrt(n_rows)
            noise[self.correlated] = mixtures @ centred
        return self.scale * noise
