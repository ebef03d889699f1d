"""How much the members of the ensemble disagree about a label: the mixin."""

import math

from sklearn_revae._inference.blocks import by_blocks
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._typing import PerLabel, Rows


def averaged(log_members):
    """Average the predictions of ensemble members, and measure their disagreement.

    Parameters
    ----------
    log_members : tensor (M, n, L, K)
        Log-probabilities of the labels' values according to each of M members.

    Returns
    -------
    probabilities : tensor (n, L, K)
        Mean over the members.
    disagreement : tensor (n, L)
        Mutual information between the value and the member, in nats.
    """
    log_mean = log_members.logsumexp(0) - math.log(len(log_members))
    probabilities = log_mean.exp()
    entropy = -(probabilities * log_mean).sum(-1)
    entropy_of_members = -(log_members.exp() * log_members).sum(-1).mean(0)
    # Rounding may make the difference of two equal numbers negative.
    return probabilities, (entropy - entropy_of_members).clamp(min=0.0)


def disagreement(module, x):
    """Disagreement (n, L) of the members about scaled samples; see :func:`averaged`."""
    return averaged(module.member_predictions(x))[1]


class DisagreementMixin(LatentsMixin):
    """The method `predict_disagreement` of a fitted classifier."""

    @by_blocks
    def predict_disagreement(self, X: Rows) -> PerLabel:
        r"""Measure how much the ensemble members disagree about each sample.

        The members agree where the labels and the data determine the class, and also
        where they all find the same two classes equally probable. They disagree where
        other labelled samples could have led to another prediction. Active learning
        chooses such samples to be labelled next [1]_.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        disagreement : ndarray of shape (n_samples,), or list of such arrays
            Mutual information between the label and the member, in nats: from 0, if all
            members predict the same probabilities, to the logarithm of the number of
            classes. It is 0 for an ensemble of one member. For several labels, a list
            with one array per label.

        Notes
        -----
        Let :math:`p_m(k)` be the probability of class k according to member m of M. The
        mutual information is the entropy of the mean minus the mean of the entropies,

        .. math::

            H\left(\frac{1}{M} \sum_m p_m\right) - \frac{1}{M} \sum_m H(p_m),
            \quad H(p) = -\sum_k p(k) \log p(k)

        References
        ----------
        .. [1] N. Houlsby, F. Huszár, Z. Ghahramani, M. Lengyel, "Bayesian Active Learning
           for Classification and Preference Learning", 2011, arXiv:1112.5745.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> disagreement = model.predict_disagreement(X)
        >>> disagreement.shape
        (150,)
        >>> wrong = model.predict(X) != y
        >>> bool(disagreement[wrong].mean() > disagreement[~wrong].mean())
        True
        """
        found = apply(self.module_, disagreement, self._scaled(X))
        return list(found.T) if self._labels.several_ else found[:, 0]
