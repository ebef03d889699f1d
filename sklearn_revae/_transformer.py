"""ReVAETransformer: latents of rows, with labels where there are some."""

from collections.abc import Iterator, Sequence
from typing import Any, Self

from numpy.typing import ArrayLike

from sklearn_revae._base import BaseReVAE
from sklearn_revae._imputation.mixin import ImputationMixin
from sklearn_revae._interventions.generation import GenerationMixin
from sklearn_revae._interventions.mixin import InterventionMixin
from sklearn_revae._parameters import document_estimator, validates_parameters
from sklearn_revae._typing import Labels, Rows


@document_estimator
class ReVAETransformer(InterventionMixin, GenerationMixin, ImputationMixin, BaseReVAE):
    """Latents of a variational autoencoder that uses what labels there are.

    Without y an ordinary variational autoencoder. With y, in full or in part, the first
    latents hold each label's characteristics, and :meth:`intervene` changes them.

    .. versionadded:: 0.1

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The labels' values, sorted; a list with an array a label where y had several
        columns. Missing where there was no y.

        .. versionadded:: 0.2
    {attributes}

    See Also
    --------
    ReVAEClassifier : The same model as a classifier.
    sklearn.decomposition.PCA : Linear latents.

    {notes}

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAETransformer
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAETransformer(style_dim=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (150, 2)
    >>> list(model.get_feature_names_out())
    ['style_0', 'style_1']
    """

    _needs_labels = False

    @validates_parameters
    def fit(
        self, X: Rows, y: Labels | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the model to rows, with or without labels.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in any units.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Labels: ints, strings or bools, a column for each label. `unlabeled_value`,
            None and NaN mark what is not known, in any cell. Without any labelled row
            the model is fitted as if y were None.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the bound. A row of weight zero is as good as absent.

        Returns
        -------
        self : ReVAETransformer
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad parameters, rows or labels, before any training.
        FloatingPointError
            If the loss stays NaN or infinite through restarts at lower rates.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=2, random_state=0).fit(X)
        >>> model.n_iter_
        2
        """
        return self._fit(X, y, sample_weight, resume=self._resumes)

    @validates_parameters
    def partial_fit(
        self,
        X: Rows | Iterator[Any],
        y: Labels | None = None,
        classes: ArrayLike | Sequence[ArrayLike] | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch further on a batch of rows.

        .. versionadded:: 0.1

        The first call learns the columns' scales from its rows, and decides whether
        there are labels. The learning rate is constant.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or iterator
            Rows; or an iterator, a generator say, of batches: X, (X, y) or
            (X, y, sample_weight) each, with an epoch on one after another. Should a
            batch fail, those before it have been learned from.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Labels, as in :meth:`fit`; a batch may be without any. None for an iterator.
        classes : array-like of shape (n_classes,), or list of such, default=None
            All classes, a list with an array a label for several labels. Without
            them the classes are those in y of the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : ReVAETransformer
            The estimator.

        Raises
        ------
        ValueError
            As :meth:`fit` does; and if an
            iterator gives no batch, or y beside it.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(random_state=0)
        >>> for batch in range(3):
        ...     model = model.partial_fit(X[batch::3])
        >>> model.n_iter_
        3
        """
        return self._partial_fit(X, y, classes, sample_weight)
