"""Display of how an intervention on one label changes every label."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._classifier import ReVAEClassifier
from sklearn_revae._interventions.passage import transform
from sklearn_revae._interventions.report import InterventionReport
from sklearn_revae._typing import Ax, Rows
from sklearn_revae.inspection._axes import LETTER, axes_for, tidy, wrapped
from sklearn_revae.inspection._labels import label_classes
from sklearn_revae.inspection._models import fitted_model

# Names of labels and requests that are longer than this are broken into lines.
_LONGEST_LINE = 30


def _probabilities(estimator, X):
    """Class probabilities, an array (n, n_classes) for each label."""
    probabilities = estimator.predict_proba(X)
    return probabilities if isinstance(probabilities, list) else [probabilities]


def change_of_labels(estimator, X):
    """Mean change of every label when each label is set to its other classes in turn.

    Returns
    -------
    change : ndarray of shape (n_labels, n_labels)
        Entry (i, j) is the change of label j when label i is set: half the sum of the
        absolute changes of its class probabilities, averaged over the samples and over
        the classes of label i other than the predicted one.
    """
    before = _probabilities(estimator, X)
    change = np.zeros((len(before), len(before)))
    for label, probabilities in enumerate(before):
        classes = np.asarray(label_classes(estimator, label))
        predicted = probabilities.argmax(axis=1)
        for shift in range(1, len(classes)):
            other = classes[(predicted + shift) % len(classes)]
            after = _probabilities(estimator, estimator.intervene(X, {label: other}))
            change[label] += [
                0.5 * np.abs(new - old).sum(axis=1).mean()
                for old, new in zip(before, after, strict=True)
            ]
        change[label] /= max(len(classes) - 1, 1)
    return change


class InterventionReportDisplay:
    """Matrix of how interventions on each label change every label.

    Interventions of a good model change the label that is set (the diagonal) and leave
    the other labels as they are: the entries off the diagonal are unintended changes.
    All changes are those that the model's own classifier sees.

    It is recommended to create this display with :meth:`from_estimator` or
    :meth:`from_report`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    change_matrix : array-like of shape (n_requests, n_labels)
        Mean change of each label (columns), from 0 to 1, for each request (rows).
    label_names : array-like of str of shape (n_labels,)
        Names of the labels.
    requested_names : array-like of str of shape (n_requests,), default=None
        Names of the requests. If None, each label is set once, in the order of
        `label_names`.

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The matrix.
    text_ : ndarray of shape (n_requests, n_labels) of matplotlib Text
        The numbers in the matrix.
    ax_ : matplotlib Axes
        Axes with the matrix.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    Raises
    ------
    ValueError
        If the shape of the matrix does not match the names.

    See Also
    --------
    sklearn_revae.intervention_report : Diagnostics of an intervention for each sample.

    Examples
    --------
    >>> from sklearn_revae.inspection import InterventionReportDisplay
    >>> display = InterventionReportDisplay(
    ...     [[0.9, 0.1], [0.0, 0.8]], label_names=["smile", "glasses"]
    ... ).plot()
    >>> display.text_[0, 1].get_text()
    '0.10'
    """

    def __init__(
        self,
        change_matrix: ArrayLike,
        *,
        label_names: Sequence[str],
        requested_names: Sequence[str] | None = None,
    ) -> None:
        self.change_matrix = change_matrix
        self.label_names = label_names
        self.requested_names = requested_names
        requests = label_names if requested_names is None else requested_names
        shape, expected = np.shape(change_matrix), (len(requests), len(label_names))
        if shape != expected:
            raise ValueError(
                f"change_matrix has the shape {shape}, but the names require the shape "
                f"{expected}: pass one label name per column, and requested_names with "
                "one name per row unless the rows are the labels."
            )

    @classmethod
    def from_estimator(
        cls, estimator: ReVAEClassifier | Pipeline, X: Rows, *, ax: Ax = None
    ) -> Self:
        r"""Set each label to each of its other classes, and draw what changes.

        The change of label :math:`j` by an edit is the total variation distance between
        the class probabilities that `predict_proba` returns before and after it,

        .. math::

            \frac{1}{2} \sum_k |q_{jk} - p_{jk}|,

        where :math:`p_{jk}` and :math:`q_{jk}` are the probabilities of class :math:`k`
        before and after the edit. It is averaged over the samples and the requested
        classes. It is 1 if the model is certain of one class before the edit and of
        another after it.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier or Pipeline
            Fitted classifier, or a fitted Pipeline that ends with one. Edits are made
            and measured as the classifier receives the samples.
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : InterventionReportDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the estimator is not a classifier.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import InterventionReportDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> display = InterventionReportDisplay.from_estimator(model, X)
        >>> display.change_matrix.shape
        (1, 1)
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        steps, model = fitted_model(estimator)
        if not hasattr(model, "predict_proba"):
            raise ValueError(
                f"estimator must be a ReVAEClassifier, got a {type(model).__name__}, "
                "which has no predict_proba to measure the changes of labels with."
            )
        change = change_of_labels(model, transform(steps, X))
        return cls(change, label_names=list(model.label_names_)).plot(ax=ax)

    @classmethod
    def from_report(cls, report: InterventionReport, *, ax: Ax = None) -> Self:
        """Draw the `change_matrix` of an intervention report.

        .. versionadded:: 0.2

        Parameters
        ----------
        report : InterventionReport
            Report that `intervene` returns with ``report=True``.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : InterventionReportDisplay
            The display, already drawn, with a row for each label and requested value.

        Raises
        ------
        ValueError
            If the report has no rows, because no value was requested.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import InterventionReportDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X, 2, report=True)
        >>> InterventionReportDisplay.from_report(report).requested_names
        ['label_0 = 2']
        """
        check_matplotlib_support(f"{cls.__name__}.from_report")
        if not len(report):
            raise ValueError(
                "report has no rows, because no value is requested for any sample: "
                "request one."
            )
        table = report.change_matrix()
        return cls(
            table.to_numpy(),
            label_names=[str(name) for name in table.columns],
            requested_names=[f"{label} = {value}" for label, value in table.index],
        ).plot(ax=ax)

    def plot(self, *, ax: Ax = None) -> Self:
        """Draw the matrix.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : InterventionReportDisplay
            The display itself.

        Examples
        --------
        >>> from sklearn_revae.inspection import InterventionReportDisplay
        >>> InterventionReportDisplay([[0.9]], label_names=["smile"]).plot()
        <...InterventionReportDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        matrix = np.asarray(self.change_matrix)
        requests = (
            self.label_names if self.requested_names is None else self.requested_names
        )
        names = [wrapped(name, _LONGEST_LINE) for name in self.label_names]
        requests = [wrapped(request, _LONGEST_LINE) for request in requests]
        across = 0.55 * len(names) + max(_inches(requests) + 0.8, 2.0)
        down = 0.55 * len(requests) + max(_inches(names) + 0.6, 1.6)
        ax = axes_for(ax, (max(across, 4.0), max(down, 3.2)))
        self.im_ = ax.imshow(matrix, cmap="Blues", vmin=0.0, vmax=1.0)
        self.text_ = np.empty(matrix.shape, dtype=object)
        for (row, label), change in np.ndenumerate(matrix):
            color = "white" if change > 0.5 else "black"
            self.text_[row, label] = ax.text(
                label, row, f"{change:.2f}", ha="center", va="center", color=color
            )
        ax.set_xticks(range(len(names)), names, rotation=90)
        ax.set_yticks(range(len(requests)), requests)
        ax.set(xlabel="mean change of label", ylabel="requested")
        ax.tick_params(length=0)
        tidy(ax, frame=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _inches(texts):
    """Length of the longest line of some texts."""
    return LETTER * max(len(line) for text in texts for line in text.split("\n"))
