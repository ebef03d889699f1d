"""Views of images in place of rows with noise."""

import torch

from sklearn_revae._training.perturbation import Noise


class Views(Noise):
    """Random views of images in place of rows with noise. Edits still get noise.

    Parameters
    ----------
    views : ImageViews
        How views are made.
    members, spread, generator
        See :class:`Noise`.
    """

    def __init__(self, views, members, spread, generator):
        super().__init__(members, spread, generator)
        self.function, self.layout = views.function, views.layout
        self.n_members = len(members)
        self.shift, self.unit = (
            torch.from_numpy(values).to(spread) for values in (views.shift, views.scale)
        )

    def views(self, likelihood, x, inputs=None):
        """Views (M, n, n_inputs) of rows (n, n_features), different for every member.

        A missing value is replaced by zero, which scaling makes a typical value, so that
        the view can be computed, and is missing again in the view.
        """
        missing = x.isnan()
        complete = torch.where(missing, 0.0, x) * self.unit + self.shift
        images = self.layout.images(complete)
        repeated = images.repeat(self.n_members, 1, 1, 1)
        views = self.function(repeated, self.generator)
        rows = (self.layout.rows(views) - self.shift) / self.unit
        rows = rows.unflatten(0, (self.n_members, len(x)))
        return likelihood.features(torch.where(missing, torch.nan, rows))
