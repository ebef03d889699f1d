"""ReVAEClassifier, the semi-supervised classifier."""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._base import BaseReVAE
from sklearn_revae._class_labels import ClassLabelsMixin
from sklearn_revae._data.file_names import in_order_of, weights_in_order_of
from sklearn_revae._data.labels import cell_accuracy
from sklearn_revae._data.tensors import like
from sklearn_revae._docstrings import document_estimator
from sklearn_revae._imputation.mixin import ImputationMixin
from sklearn_revae._inference.blocks import by_blocks
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.disagreement import DisagreementMixin
from sklearn_revae._inference.novelty import NoveltyMixin
from sklearn_revae._interventions.generation import GenerationMixin
from sklearn_revae._interventions.mixin import InterventionMixin
from sklearn_revae._parameters import validates_parameters
from sklearn_revae._typing import Labels, PerLabel, Rows, Weights


@document_estimator
class ReVAEClassifier(
    InterventionMixin,
    GenerationMixin,
    ImputationMixin,
    DisagreementMixin,
    NoveltyMixin,
    ClassifierMixin,
    ClassLabelsMixin,
    BaseReVAE,
):
    """Semi-supervised classifier that can also change the labels of a sample.

    It is a variational autoencoder, trained on labelled and unlabelled samples together.
    Its latent space has separate dimensions for the *characteristics* of each label,
    which describe how a sample shows the label, and for everything else. The classifier
    therefore also provides latent codes (:meth:`transform`) and counterfactual samples:
    what a sample would look like with another label (:meth:`intervene`).

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
        per label.
    temperature_ : ndarray of shape (n_labels,)
        Temperature of the class probabilities of each label, see :meth:`predict_proba`.
    {attributes}

    See Also
    --------
    ReVAETransformer : The same model for data without labels, or with few.
    sklearn.semi_supervised.LabelSpreading : Spreads labels along a graph of the samples.
    sklearn.semi_supervised.SelfTrainingClassifier : Adds confident predictions of a
        classifier to its training labels.

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
    def fit(self, X: Rows, y: Labels, sample_weight: Weights | None = None) -> Self:
        """Fit the model to labelled and unlabelled samples.

        .. versionadded:: 0.1

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            {labels}
        {sample_weight}

        Returns
        -------
        self : ReVAEClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, X, y or `sample_weight` is invalid, or a label has no labelled
            sample. This is checked before training starts.
        {fit_errors}

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
        sample_weight: Weights | None = None,
    ) -> Self:
        """Train the model for one epoch on a batch of samples.

        .. versionadded:: 0.1

        Parameters
        ----------
        {batches}
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            Labels, as in :meth:`fit`; a batch may be entirely unlabelled. None if X is an
            iterator or a DataLoader.
        {classes}
            Required in the first call, optional in later calls.
        {batch_weight}

        Returns
        -------
        self : ReVAEClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            As in :meth:`fit`; if `classes` is missing in the first call; or if X is an
            iterator or a DataLoader, and has no batch or is passed together with y.
        {fit_errors}

        Notes
        -----
        {partial_fit_notes}

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

    @property
    def temperature_(self) -> NDArray[np.float64]:
        """Temperature of the class probabilities of each label."""
        check_is_fitted(self)
        return self.module_.label_model.temperature.double().cpu().numpy()

    @by_blocks
    def predict_proba(self, X: Rows) -> PerLabel:
        r"""Predict the probability of each class.

        It is the mean of the ensemble members' q(y|z), where z is the mean of q(z|x).
        A temperature makes its confidence more realistic, see the notes.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or list of such arrays
            Probabilities of the classes, in the order of `classes_`. For several labels,
            a list with one array per label.

        Notes
        -----
        With few labels the mean of the members would often be overconfident. For most of
        the training, each labelled sample is therefore left out by one member. How well
        these members predict the labels that they leave out determines the temperature
        :math:`T` of each label, `temperature_` [1]_:

        .. math::

            p(k|x) \propto \left( \frac{1}{M} \sum_m q_m(k|x) \right)^{1/T}

        The temperature does not change predicted classes. It is 1 with fewer than
        three members, if no class has three labelled samples, and for a model that was
        only trained by `partial_fit`.

        References
        ----------
        .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern
           Neural Networks", ICML 2017, arXiv:1706.04599.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> model.predict_proba(X).shape
        (150, 3)
        """
        log_probabilities = self._log_probabilities(X)
        probabilities = [like(X, np.exp(values)) for values in log_probabilities]
        return probabilities if self._labels.several_ else probabilities[0]

    @by_blocks
    def predict_log_proba(self, X: Rows) -> PerLabel:
        """Predict the natural logarithm of the probability of each class.

        It stays finite where :meth:`predict_proba` rounds a probability to 0.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        logs : ndarray of shape (n_samples, n_classes), or list of such arrays
            Log-probabilities of the classes, in the order of `classes_`. For several
            labels, a list with one array per label.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
        >>> model.predict_log_proba(X).shape
        (150, 3)
        """
        log_probabilities = [like(X, values) for values in self._log_probabilities(X)]
        return log_probabilities if self._labels.several_ else log_probabilities[0]

    def _log_probabilities(self, X):
        """Log-probabilities (n, n_classes) of each label, a list."""
        x = self._scaled(X)
        values = apply(self.module_, lambda m, rows: m.log_class_probabilities(rows), x)
        return [
            values[:, label, : len(classes)]
            for label, classes in enumerate(self._labels.classes_)
        ]

    @by_blocks
    def predict(self, X: Rows) -> NDArray[Any]:
        """Predict the most probable class of each sample.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes, written as in the y of :meth:`fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> model.predict(X[:3])
        array([0, 0, 0])
        """
        x = self._scaled(X)
        return like(X, self._labels.decode(self._codes_of(x)))

    def score(self, X: Rows, y: Labels, sample_weight: Weights | None = None) -> float:
        """Return the accuracy over the labelled entries of y.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels. Unlabelled entries are ignored, and a class that was not seen
            during :meth:`fit` counts as an error. Strings have to be strings, and numbers
            numbers, as in :meth:`fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        accuracy : float
            Weighted fraction of the labelled entries that are predicted correctly.

        Raises
        ------
        ValueError
            If no sample of positive weight is labelled, or y or `sample_weight` is
            invalid.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> model.score(X, y) > 0.9
        True
        >>> model.score(X[:3], [-1, -1, 0])
        1.0
        """
        x = self._scaled(X)
        y = in_order_of(x.values, y)
        weight = weights_in_order_of(x.values, sample_weight)
        check_consistent_length(x, y)
        codes = self._labels.encode(y, unknown="count")
        return cell_accuracy(self._codes_of(x), codes, weight)
