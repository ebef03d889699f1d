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
        sizes = spread.new_tensor([m.noise for m in members])
        correlated = torch.tensor([m.correlated_noise for m in members])
        correlated = correlated.to(spread.device)
        # How a kind of noise is drawn, in which unit its size is, and who adds it. The
        # covariance of rows contains their spread already.
        self._kinds = [
            (draw, (sizes * of_kind).view(-1, 1, 1) * unit)
            for draw, unit, of_kind in (
                (self._draw_independent, spread, ~correlated),
                (self._draw_correlated, (spread > 0).to(spread), correlated),
            )
            if of_kind.any()
        ]

    def views(self, likelihood, x, inputs=None):
        """Perturbed views (M, n, n_inputs) of rows, one per member.

        Parameters
        ----------
        likelihood : ProductLikelihood
            Knows what the encoder reads of a row.
        x : tensor (n, n_features)
            The rows.
        inputs : tensor (n, n_inputs), optional
            What the encoder reads of them, if it is known already.
        """
        if likelihood.any_discrete:
            drawn = uniform(x.shape, x, self.generator) < CORRUPTED_FRACTION
            x, inputs = torch.where(likelihood.discrete & drawn, x.roll(1, 0), x), None
        if inputs is None:
            inputs = likelihood.features(x)
        return inputs + self.draw(inputs, len(inputs))

    def draw(self, features, n_draws):
        """Noise (M, n_draws, n_inputs) for what the encoder of each member reads.

        It is the same noise for all members of a kind, except for its scale: drawing
        other noise for each takes longer, and changes nothing that could be measured.
        """
        first, *others = (scale * draw(features, n_draws) for draw, scale in self._kinds)
        return sum(others, start=first)

    def _draw_independent(self, features, n_draws):
        return normal((n_draws, features.shape[-1]), features, self.generator)

    def _draw_correlated(self, features, n_draws):
        """Noise with the covariance of `features`, (n, n_inputs).

        Independent noise on many pixels averages out, so that the encoder hardly feels
        it. Random combinations of centred rows have the covariance of the rows.
        """
        mixtures = normal((n_draws, len(features)), features, self.generator)
        return mixtures @ (features - features.mean(0)) / math.sqrt(len(features))
