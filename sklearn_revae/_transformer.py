"""ReVAETransformer, the same model for data with or without labels."""

from collections.abc import Iterator, Sequence
from typing import Any, Self

from numpy.typing import ArrayLike

from sklearn_revae._base import BaseReVAE
from sklearn_revae._class_labels import ClassLabelsMixin
from sklearn_revae._docstrings import document_estimator
from sklearn_revae._imputation.mixin import ImputationMixin
from sklearn_revae._interventions.generation import GenerationMixin
from sklearn_revae._interventions.mixin import InterventionMixin
from sklearn_revae._parameters import validates_parameters
from sklearn_revae._typing import Labels, Rows, Weights


@document_estimator
class ReVAETransformer(
    InterventionMixin, GenerationMixin, ImputationMixin, ClassLabelsMixin, BaseReVAE
):
    """Latent representation that uses labels where they are available.

    Without y, it is an ordinary variational autoencoder. With y, which may be partly
    unlabelled, the first latent dimensions describe the *characteristics* of each label,
    and :meth:`intervene` changes them.

    Unlabelled samples are marked in y by `unlabeled_value`, None or NaN. The features are
    scaled internally, so there is no need to standardise X.

    .. versionadded:: 0.1

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The classes, sorted. For y of shape (n_samples, n_labels), a list with one array
        per label. Not defined if the model was fitted without labels.

        .. versionadded:: 0.2
    {attributes}

    See Also
    --------
    ReVAEClassifier : The same model as a classifier.
    sklearn.decomposition.PCA : A linear latent representation.

    {notes}

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAETransformer
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAETransformer(style_dim=2, max_iter=20, random_state=0).fit(X)
    >>> model.transform(X).shape
    (150, 2)
    >>> list(model.get_feature_names_out())
    ['style_0', 'style_1']
    """

    _needs_labels = False

    @validates_parameters
    def fit(
        self, X: Rows, y: Labels | None = None, sample_weight: Weights | None = None
    ) -> Self:
        """Fit the model to samples, with or without labels.

        .. versionadded:: 0.1

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            {labels}
            If no sample is labelled, y is treated as None.
        {sample_weight}

        Returns
        -------
        self : ReVAETransformer
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X, y or `sample_weight` is invalid, or some of several labels
            have no labelled sample. This is checked before training starts.
        {fit_errors}

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
        sample_weight: Weights | None = None,
    ) -> Self:
        """Train the model for one epoch on a batch of samples.

        .. versionadded:: 0.1

        The first call decides whether the model has labels.

        Parameters
        ----------
        {batches}
            Without labels, the batches can also be X, or a list [X].
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Labels, as in :meth:`fit`; a batch may be entirely unlabelled. None if X is an
            iterator or a DataLoader.
        {classes}
            If None, the classes are those in the y of the first call.
        {batch_weight}

        Returns
        -------
        self : ReVAETransformer
            The fitted estimator.

        Raises
        ------
        ValueError
            As in :meth:`fit`; or if X is an iterator or a DataLoader, and has no batch or
            is passed together with y.
        {fit_errors}

        Notes
        -----
        {partial_fit_notes}

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
