"""An ensemble of ReVAEs with one architecture, whose predictions are averaged."""

import torch
from torch import nn

from sklearn_revae._model.revae import ReVAE
from sklearn_revae._model.stacked import StackedReVAE


class Ensemble(ReVAE):
    """Several ReVAEs: this module is the first of them, and holds the others.

    Latent codes are those of the first member. Lower bounds on log-densities are the mean
    over all members, and so are class probabilities, apart from their temperature.

    Parameters
    ----------
    first : ReVAE
        The first member.
    others : sequence of ReVAE
        The other members, of the same architecture.
    """

    def __init__(self, first, others=()):
        super().__init__(
            first.encoder,
            first.decoder,
            first.likelihood,
            first.label_model,
            first.style_dim,
        )
        self.others = nn.ModuleList(others)
        self._stacked = ()

    @property
    def members(self):
        """All members, a list."""
        return [self, *self.others]

    def set_prior(self, counts, exclusions):
        """Set p(y_l) and the exclusions of every member.

        Parameters
        ----------
        counts : list of tensor (K_l,)
            Number of samples with each value, for every label.
        exclusions : tuple
            See :func:`~sklearn_revae._model.edits.implied`.
        """
        for member in self.members:
            member.label_model.set_prior(counts)
            member.label_model.exclusions = exclusions

    def set_evidence(self, evidence):
        """Tell every member what codes below -1 stand for.

        Parameters
        ----------
        evidence : tensor (R, K) or None
            See :meth:`LabelModel.set_evidence`.
        """
        for member in self.members:
            member.label_model.set_evidence(evidence)

    def set_measured(self, values):
        """Set what was measured by labels that members left out, for every member.

        Parameters
        ----------
        values : tensor (L,)
            The temperatures of a :class:`~sklearn_revae._model.label_model.LabelModel`,
            or the noise of a :class:`~sklearn_revae._model.number_model.NumberModel`.
        """
        for member in self.members:
            member.label_model.set_measured(values)

    def stack(self):
        """Compute all members at once from now on.

        For copies whose weights will not change: what is computed at once has copies of
        the weights.
        """
        self._stacked = (StackedReVAE(self.members),)
        for model in (*self.members, *self._stacked):
            model.label_model.freeze()

    def member_predictions(self, x):
        """What the label model of every member predicts: (M, n, L, ...)."""
        if self._stacked:
            return self._stacked[0].member_predictions(x)
        return torch.stack([member.predictions(x) for member in self.members])
