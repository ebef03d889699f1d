"""Display of the scores by number of labels."""

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.model_selection import LearningCurveDisplay
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._typing import Ax, Labels, RandomState, Rows
from sklearn_revae.model_selection._label_learning_curve import label_learning_curve


class LabelLearningCurveDisplay(LearningCurveDisplay):
    """Learning curve by the number of labels.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_labels : array-like of shape (n_ticks,)
        Numbers of labelled training samples.
    train_scores : array-like of shape (n_ticks, n_splits)
        Scores on the labelled training samples.
    test_scores : array-like of shape (n_ticks, n_splits)
        Scores on the test sets.
    estimator_name : str, default=None
        Name of the estimator in the legend.
    score_name : str, default="Score"
        Label of the y axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the learning curve.
    figure_ : matplotlib Figure
        Figure containing the Axes.
    lines_ : list of matplotlib Line2D
        The mean scores.
    fill_between_ : list of matplotlib PolyCollection
        Bands of one standard deviation of the scores around their means.

    See Also
    --------
    label_learning_curve : Compute the learning curve.

    Examples
    --------
    >>> from sklearn_revae.model_selection import LabelLearningCurveDisplay
    >>> display = LabelLearningCurveDisplay(
    ...     n_labels=[10, 20],
    ...     train_scores=[[1, 1], [1, 1]],
    ...     test_scores=[[0.6, 0.7], [0.8, 0.9]],
    ... )
    >>> display.plot().lines_[0].get_ydata()
    array([0.65, 0.85])
    """

    def __init__(
        self,
        *,
        n_labels: ArrayLike,
        train_scores: ArrayLike,
        test_scores: ArrayLike,
        estimator_name: str | None = None,
        score_name: str = "Score",
    ) -> None:
        super().__init__(
            train_sizes=np.asarray(n_labels),
            train_scores=np.asarray(train_scores),
            test_scores=np.asarray(test_scores),
            score_name=score_name,
        )
        self.n_labels = n_labels
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Rows,
        y: Labels,
        *,
        n_labels: ArrayLike = (0.1, 0.325, 0.55, 0.775, 1.0),
        groups: ArrayLike | None = None,
        cv: Any = None,
        scoring: str | Callable[..., float] | None = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        unlabeled_value: object = -1,
        estimator_name: str | None = None,
        score_type: Literal["test", "train", "both"] = "test",
        ax: Ax = None,
    ) -> Self:
        """Compute the learning curve of an estimator and draw it.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator, X, y, n_labels, groups, cv, scoring, n_jobs, random_state, \
unlabeled_value : object
            As in :func:`label_learning_curve`.
        estimator_name : str, default=None
            Name of the estimator in the legend. If None, the name of its class.
        score_type : {"test", "train", "both"}, default="test"
            Which scores to draw.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created. Pass the Axes of another
            display to compare estimators.

        Returns
        -------
        display : LabelLearningCurveDisplay
            The display, already drawn.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn_revae.model_selection import (
        ...     LabeledOnly,
        ...     LabelLearningCurveDisplay,
        ... )
        >>> X, y = load_iris(return_X_y=True)
        >>> model = LabeledOnly(LogisticRegression(max_iter=1000))
        >>> LabelLearningCurveDisplay.from_estimator(model, X, y, cv=2)
        <...LabelLearningCurveDisplay object at ...>
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        sizes, train_scores, test_scores = label_learning_curve(
            estimator,
            X,
            y,
            n_labels=n_labels,
            groups=groups,
            cv=cv,
            scoring=scoring,
            n_jobs=n_jobs,
            random_state=random_state,
            unlabeled_value=unlabeled_value,
        )
        display = cls(
            n_labels=sizes,
            train_scores=train_scores,
            test_scores=test_scores,
            estimator_name=estimator_name or type(estimator).__name__,
            score_name=scoring if isinstance(scoring, str) else "Score",
        )
        return display.plot(ax=ax, score_type=score_type)

    def plot(
        self, *, ax: Ax = None, score_type: Literal["test", "train", "both"] = "test"
    ) -> Self:
        """Draw the learning curve.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.
        score_type : {"test", "train", "both"}, default="test"
            Which scores to draw.

        Returns
        -------
        display : LabelLearningCurveDisplay
            The display itself.

        Examples
        --------
        >>> from sklearn_revae.model_selection import LabelLearningCurveDisplay
        >>> display = LabelLearningCurveDisplay(
        ...     n_labels=[10, 20], train_scores=[[1], [1]], test_scores=[[0.6], [0.8]]
        ... )
        >>> display.plot(score_type="both").ax_.get_xlabel()
        'Number of labelled training samples'
        """
        super().plot(ax, score_type=score_type)
        if self.estimator_name is not None:
            for line in self.lines_:
                line.set_label(f"{self.estimator_name} ({line.get_label().lower()})")
            self.ax_.legend()
        self.ax_.set_xlabel("Number of labelled training samples")
        return self
