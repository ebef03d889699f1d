"""ReVAEClassifier: classes from few labels and many rows without."""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import check_consistent_length

from sklearn_revae._base import BaseReVAE
from sklearn_revae._data.labels import cell_accuracy
from sklearn_revae._imputation.mixin import ImputationMixin
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.generation import GenerationMixin
from sklearn_revae._interventions.mixin import InterventionMixin
from sklearn_revae._parameters import document_estimator, validates_parameters
from sklearn_revae._typing import Labels, PerLabel, Rows


@document_estimator
class ReVAEClassifier(
    InterventionMixin, GenerationMixin, ImputationMixin, ClassifierMixin, BaseReVAE
):
    """Classifier that learns from labelled and unlabelled rows alike.

    A semi-supervised variational autoencoder whose latents hold each label's
    *characteristics* (how a row shows the label) apart from everything else. It
    predicts labels, gives latents, and answers what a row would look like with another
    label (:meth:`intervene`).

    Rows without a label are marked by `unlabeled_value` in y, or by None or NaN.
    Columns are scaled inside; there is no need to standardise X.

    .. versionadded:: 0.1

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The classes; for y of shape (n_samples, n_labels) a list with an array a label.
    {attributes}

    See Also
    --------
    ReVAETransformer : The same model without a need for labels.
    sklearn.semi_supervised.LabelSpreading : Spreads labels along a graph of the rows.
    sklearn.semi_supervised.SelfTrainingClassifier : Lets a classifier label rows.

    {notes}

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> few = np.full_like(y, -1)
    >>> few[::5] = y[::5]
    >>> model = ReVAEClassifier(random_state=0).fit(X, few)
    >>> model.score(X, y) > 0.8
    True
    >>> virginica = model.intervene(X[:1], 2)
    >>> model.predict(virginica)
    array([2])
    """

    _needs_labels = True

    @validates_parameters
    def fit(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model to labelled and unlabelled rows.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in any units.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels: ints, strings or bools, a column for each label. `unlabeled_value`,
            None and NaN mark what is not known, in any cell.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the bound. A row of weight zero is as good as absent.

        Returns
        -------
        self : ReVAEClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad parameters, rows or labels, before any training; among them y
            without any labelled row.
        FloatingPointError
            If the loss stays NaN or infinite through restarts at lower rates.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
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

        The first call learns the columns' scales from its rows. The learning rate is
        constant.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or iterator
            Rows; or an iterator, a generator say, of batches: (X, y) or
            (X, y, sample_weight) each, with an epoch on one after another. Should a
            batch fail, those before it have been learned from.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Labels, as in :meth:`fit`; all of a batch may be unknown. None is for an
            iterator alone.
        classes : array-like of shape (n_classes,), or list of such, default=None
            All classes, a list with an array a label for several labels. Needed in
            the first call; later it may be left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : ReVAEClassifier
            The estimator.

        Raises
        ------
        ValueError
            As :meth:`fit` does, if `classes` is missing in the first call; and if an
            iterator gives no batch, or y beside it.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(random_state=0)
        >>> for batch in range(3):
        ...     model = model.partial_fit(X[batch::3], y[batch::3], classes=[0, 1, 2])
        >>> model.n_iter_
        3
        >>> batches = ((X[batch::3], y[batch::3]) for batch in range(3))
        >>> model.partial_fit(batches).n_iter_
        6
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def predict_proba(self, X: Rows) -> PerLabel:
        """Probability of each class, q(y|z) at the mean of q(z|x).

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or list of such
            Columns in the order of `classes_`; for several labels a list with an
            array a label.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> model.predict_proba(X).shape
        (150, 3)
        """
        x = self._scaled(X)
        log_probability = apply(
            self.module_, lambda m, rows: m.log_class_probabilities(rows), x
        )
        probabilities = [
            np.exp(log_probability[:, label, : len(classes)])
            for label, classes in enumerate(self._labels.classes_)
        ]
        return probabilities if self._labels.several_ else probabilities[0]

    def predict(self, X: Rows) -> NDArray[Any]:
        """Most probable class of each row.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes, as they were written in y.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=100, random_state=0).fit(X, y)
        >>> model.predict(X[:3])
        array([0, 0, 0])
        """
        x = self._scaled(X)
        return self._labels.decode(self._codes_of(x))

    def score(self, X: Rows, y: Labels, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy over the labelled rows; for several labels over the labelled cells.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels; cells marked as unlabelled are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        accuracy : float
            Weighted share of known labels that are predicted right.

        Raises
        ------
        ValueError
            If no cell of y is labelled.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=100, random_state=0).fit(X, y)
        >>> model.score(X, y) > 0.9
        True
        >>> model.score(X[:3], [-1, -1, 0])
        1.0
        """
        x = self._scaled(X)
        check_consistent_length(x, y, sample_weight)
        # A class never seen in fit cannot be predicted, which makes it a miss.
        codes = self._labels.encode(y, unknown="count")
        return cell_accuracy(self._codes_of(x), codes, sample_weight)
