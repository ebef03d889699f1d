"""Perturbed views of rows: what the consistency loss and the edits show to an encoder."""

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
        How much noise each member adds.
    spread : tensor (n_inputs,)
        Standard deviation of each of the encoder's inputs, in which noise is measured.
    generator : torch.Generator
        Source of the noise, on the device of the rows.
    """

    def __init__(self, members, spread, generator):
        self.generator = generator
        sizes = spread.new_tensor([member.noise for member in members])
        self.scale = sizes.view(-1, 1, 1) * spread

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
        return inputs + self.draw(len(inputs))

    def draw(self, n_rows):
        """Noise (M, n_rows, n_inputs) for what the encoder of each member reads.

        It is the same noise for all members, except for its scale: drawing other noise
        for each takes longer, and changes nothing that could be measured.
        """
        drawn = normal((n_rows, self.scale.shape[-1]), self.scale, self.generator)
        return self.scale * drawn
