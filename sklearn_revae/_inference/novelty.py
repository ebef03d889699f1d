"""How little samples resemble the labelled ones: the mixin with novelty_scores."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from sklearn_revae._inference.blocks import by_blocks
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.disagreement import disagreement
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._typing import Rows

# Weight of the disagreement, chosen on digits and on drawn clusters.
_WEIGHT = 3.0
# Codes of equal samples differ by less than this.
_ROUNDING = 1e-9


class NoveltyMixin(LatentsMixin):
    """The method `novelty_scores` of a fitted classifier."""

    @by_blocks
    def novelty_scores(self, X: Rows, X_labeled: Rows) -> NDArray[np.float64]:
        r"""Score how little samples resemble the labelled ones, to find unknown classes.

        Samples of a class that occurs in the data without any label get high scores.
        `predict_proba` can be sure of a wrong class for its samples, and
        :meth:`score_samples` cannot recognise them if the model has seen them unlabelled.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        X_labeled : array-like of shape (n_labeled, n_features)
            The labelled samples that the model was trained on, at least two.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The larger, the less a sample resembles the labelled ones. As a threshold, use
            a quantile of the scores of other samples of the known classes, whose labels
            were not used in `fit`: the labelled codes are closer to each other than
            those of such samples are to them.

        Raises
        ------
        ValueError
            If `X_labeled` has fewer than two samples.

        See Also
        --------
        score_samples : Scores of samples unlike all training samples, labelled or not.

        Notes
        -----
        The score of a sample is

        .. math::

            \frac{1}{M} \sum_m \left( \frac{d_m}{\bar{d}_m}
            + \frac{c_m}{\bar{c}_m} \right) + 3 \frac{I}{\log K}

        where :math:`d_m` is the Euclidean distance of its latent code from the nearest
        code of a labelled sample, according to member m of the ensemble, in units of the
        standard deviations of the labelled codes; :math:`c_m` is the same for the
        characteristic latents only; :math:`\bar{d}_m` and :math:`\bar{c}_m` are the
        medians of these distances among the labelled samples; I is
        :meth:`predict_disagreement`, and K the number of classes. Of several labels, the
        one with the largest quotient counts.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> few = np.full(150, -1)
        >>> few[:20], few[50:70] = 0, 1  # virginica is never labelled
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, few)
        >>> known = np.r_[20:35, 70:85]  # setosa and versicolor, labelled later
        >>> threshold = np.quantile(model.novelty_scores(X[known], X[few != -1]), 0.95)
        >>> virginica = model.novelty_scores(X[100:], X[few != -1])
        >>> bool((virginica > threshold).mean() > 0.5)
        True
        """
        labeled = self._latent_codes(X_labeled)
        if len(labeled) < 2:
            raise ValueError(
                f"X_labeled has {len(labeled)} samples, but distances between labelled "
                "samples require at least two: pass more."
            )
        own = self._latent_codes(X)
        disagreeing = self._relative_disagreement(X)
        width = self.module_.characteristic_dim
        distances = sum(
            _relative_distance(own[..., :n], labeled[..., :n]) for n in (None, width)
        )
        return distances + _WEIGHT * disagreeing

    def _latent_codes(self, X):
        """Mean of q(z|x) by member: (n, M, D)."""

        def encode(module, rows):
            return torch.stack([m.encode(rows)[0] for m in module.members], dim=1)

        return apply(self.module_, encode, self._scaled(X), copies=self.n_members_)

    def _relative_disagreement(self, X):
        """Disagreement (n,) about the labels as a fraction of the largest possible."""
        found = apply(self.module_, disagreement, self._scaled(X))
        n_classes = np.array(self.module_.label_model.n_values)
        return (found / np.log(np.maximum(n_classes, 2))).max(axis=1)


def _relative_distance(codes, labeled):
    """Mean over members of distances (n,) from the nearest labelled code.

    They are relative to the distances between labelled codes.
    """
    found = []
    for own, known in zip(codes.swapaxes(0, 1), labeled.swapaxes(0, 1), strict=True):
        spread = known.std(axis=0)
        spread = np.where(spread > _ROUNDING, spread, 1.0)
        neighbours = NearestNeighbors(n_neighbors=1).fit(known / spread)
        # Without an argument, a code is not its own neighbour.
        typical = np.median(neighbours.kneighbors()[0])
        nearest = neighbours.kneighbors(own / spread)[0][:, 0]
        found.append(nearest / (typical if typical > _ROUNDING else 1.0))
    return np.mean(found, axis=0)
