"""What asking one label does to every label."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._classifier import ReVAEClassifier
from sklearn_revae._interventions.report import InterventionReport
from sklearn_revae._typing import Ax, Rows
from sklearn_revae.inspection._axes import axes_for, tidy
from sklearn_revae.inspection._labels import label_classes


def _probabilities(estimator, X):
    """Class probabilities, an array (n, n_classes) for each label."""
    probabilities = estimator.predict_proba(X)
    return probabilities if isinstance(probabilities, list) else [probabilities]


def change_of_labels(estimator, X):
    """Mean change of every label when each is asked for each other value in turn.

    Returns
    -------
    change : ndarray of shape (n_labels, n_labels)
        Row: the label asked. Column: half the sum of absolute changes of a label's
        probabilities, averaged over rows and over the values other than the predicted
        one.
    """
    before = _probabilities(estimator, X)
    change = np.zeros((len(before), len(before)))
    for asked, probabilities in enumerate(before):
        classes = np.asarray(label_classes(estimator, asked))
        predicted = probabilities.argmax(axis=1)
        for shift in range(1, len(classes)):
            other = classes[(predicted + shift) % len(classes)]
            after = _probabilities(estimator, estimator.intervene(X, {asked: other}))
            change[asked] += [
                0.5 * np.abs(new - old).sum(axis=1).mean()
                for old, new in zip(before, after, strict=True)
            ]
        change[asked] /= max(len(classes) - 1, 1)
    return change


class InterventionReportDisplay:
    """Matrix of the labels asked for and the changes of every label.

    A good model changes the label that is asked for, on the diagonal, and leaves the
    others: the rest of the matrix is its leakage, as the model's own classifier sees it.

    Best made by :meth:`from_estimator`. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    change_matrix : array-like of shape (n_asked, n_labels)
        Row: what was asked. Column: the mean absolute change of a label, 0 to 1.
    label_names : array-like of str of shape (n_labels,)
        Names of the labels.
    asked_names : array-like of str of shape (n_asked,), default=None
        Names of what was asked; None where each label was, in the same order.

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The matrix.
    text_ : ndarray of shape (n_asked, n_labels) of matplotlib Text
        The numbers.
    ax_ : matplotlib Axes
        Axes of the matrix.
    figure_ : matplotlib Figure
        Figure of the Axes.

    Raises
    ------
    ValueError
        If the matrix does not fit the names.

    See Also
    --------
    sklearn_revae.intervention_report : Looks at edits row by row.

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
        asked_names: Sequence[str] | None = None,
    ) -> None:
        self.change_matrix = change_matrix
        self.label_names = label_names
        self.asked_names = asked_names
        asked = label_names if asked_names is None else asked_names
        shape, wanted = np.shape(change_matrix), (len(asked), len(label_names))
        if shape != wanted:
            raise ValueError(
                f"change_matrix has shape {shape}, but {wanted} is that of the names: "
                f"pass label_names of its columns, and asked_names of its rows."
            )

    @classmethod
    def from_estimator(
        cls, estimator: ReVAEClassifier, X: Rows, *, ax: Ax = None
    ) -> Self:
        """Ask each label for each other value in turn, and draw what changes.

        The numbers are half the sum of absolute changes of a label's `predict_proba`,
        averaged over rows and values: 1 where a sure prediction becomes another sure
        one.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator : ReVAEClassifier
            A fitted classifier.
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : InterventionReportDisplay
            The Display, drawn.

        Raises
        ------
        ValueError
            If the estimator is no classifier.

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
        check_is_fitted(estimator)
        if not hasattr(estimator, "predict_proba"):
            raise ValueError(
                f"estimator={type(estimator).__name__} has no predict_proba to tell "
                "whether labels change: pass a ReVAEClassifier."
            )
        change = change_of_labels(estimator, X)
        return cls(change, label_names=list(estimator.label_names_)).plot(ax=ax)

    @classmethod
    def from_report(cls, report: InterventionReport, *, ax: Ax = None) -> Self:
        """Draw the `change_matrix` of a report: a row for each label and value asked.

        .. versionadded:: 0.2

        Parameters
        ----------
        report : InterventionReport
            What `intervene` returns with `report=True`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : InterventionReportDisplay
            The Display, drawn.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> from sklearn_revae.inspection import InterventionReportDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> _, report = model.intervene(X, 2, report=True)
        >>> InterventionReportDisplay.from_report(report).asked_names
        ['label_0 = 2']
        """
        check_matplotlib_support(f"{cls.__name__}.from_report")
        table = report.change_matrix()
        return cls(
            table.to_numpy(),
            label_names=[str(name) for name in table.columns],
            asked_names=[f"{label} = {value}" for label, value in table.index],
        ).plot(ax=ax)

    def plot(self, *, ax: Ax = None) -> Self:
        """Draw the matrix.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : InterventionReportDisplay
            The Display itself.

        Examples
        --------
        >>> from sklearn_revae.inspection import InterventionReportDisplay
        >>> InterventionReportDisplay([[0.9]], label_names=["smile"]).plot()
        <...InterventionReportDisplay object at ...>
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        matrix = np.asarray(self.change_matrix)
        asked = self.label_names if self.asked_names is None else self.asked_names
        across, down = 0.55 * len(self.label_names), 0.55 * len(asked)
        ax = axes_for(ax, (max(across + 2.0, 4.0), max(down + 1.6, 3.2)))
        self.im_ = ax.imshow(matrix, cmap="Blues", vmin=0.0, vmax=1.0)
        self.text_ = np.empty(matrix.shape, dtype=object)
        for (row, label), change in np.ndenumerate(matrix):
            color = "white" if change > 0.5 else "black"
            self.text_[row, label] = ax.text(
                label, row, f"{change:.2f}", ha="center", va="center", color=color
            )
        ax.set_xticks(range(len(self.label_names)), self.label_names, rotation=90)
        ax.set_yticks(range(len(asked)), asked)
        ax.set(xlabel="mean change of label", ylabel="asked")
        ax.tick_params(length=0)
        tidy(ax, frame=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
