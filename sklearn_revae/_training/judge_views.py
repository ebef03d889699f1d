"""The random views through which judges and critics see images."""

import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.views import ViewStrength, random_view

# The change of a pixel, in standard deviations, from which on it has fully changed.
LARGE_CHANGE = 0.5
_STRENGTH = ViewStrength(shift=1 / 28, rotation=0.1, scale=0.04, contrast=0.1)


class JudgeViews:
    """Random views of rows that hold images, which hide mere traces.

    Parameters
    ----------
    layout : ImageShape
        How a row holds an image.
    spread : tensor (n_inputs,)
        Standard deviation of each input, in which noise is measured.
    generator : torch.Generator
        Source of all randomness, on the device of the rows.
    """

    def __init__(self, layout, spread, generator):
        self.layout, self.spread, self.generator = layout, spread, generator
        of_pixels = torch.where(spread > 0, spread, 1.0)[: layout.n_features]
        self._large_change = LARGE_CHANGE * of_pixels

    def __call__(self, rows, noise):
        """Look at rows (n, n_inputs) through noise, in standard deviations."""
        rows = rows + noise * self.spread * normal(rows.shape, rows, self.generator)
        n = self.layout.n_features
        images = random_view(self.layout.images(rows[:, :n]), _STRENGTH, self.generator)
        return torch.cat([self.layout.rows(images), rows[:, n:]], dim=1)

    def change(self, edited, rows):
        """Fraction (n,) of the pixels that an edit changes; small changes count in part.

        Levels, whose noise has no standard deviation, are in the unit of the encoder.
        """
        change = (edited - rows)[:, : self.layout.n_features].abs()
        return (change / self._large_change).clamp(max=1).mean(1)
