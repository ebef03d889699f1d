"""Display of the scores with and without unlabelled samples."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklearn_revae._typing import Ax, Labels, RandomState, Rows
from sklearn_revae.model_selection._unlabeled_gain import unlabeled_gain


class UnlabeledGainDisplay:
    """Scores of each split with and without the unlabelled samples.

    It is recommended to create this display with :meth:`from_estimator`. All parameters
    are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    scores_with : array-like of shape (n_splits,)
        Scores of the fits to all training samples.
    scores_without : array-like of shape (n_splits,)
        Scores of the fits to the labelled training samples only.
    interval : array-like of shape (2,)
        Confidence interval of the mean gain.
    score_name : str, default="Score"
        Label of the y axis.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        A line from one score to the other for each split.
    mean_line_ : matplotlib Line2D
        The line between the mean scores.
    ax_ : matplotlib Axes
        Axes with the scores.
    figure_ : matplotlib Figure
        Figure containing the Axes.

    See Also
    --------
    unlabeled_gain : Compute the scores.

    Examples
    --------
    >>> from sklearn_revae.model_selection import UnlabeledGainDisplay
    >>> display = UnlabeledGainDisplay(
    ...     scores_with=[0.8, 0.9], scores_without=[0.7, 0.8], interval=[0.05, 0.15]
    ... )
    >>> display.plot().ax_.get_title()
    'Mean gain: 0.100 [0.050, 0.150]'
    """

    def __init__(
        self,
        *,
        scores_with: ArrayLike,
        scores_without: ArrayLike,
        interval: ArrayLike,
        score_name: str = "Score",
    ) -> None:
        self.scores_with = scores_with
        self.scores_without = scores_without
        self.interval = interval
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Rows,
        y: Labels,
        *,
        groups: ArrayLike | None = None,
        cv: Any = None,
        scoring: str | Callable[..., float] | None = None,
        confidence: float = 0.95,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        unlabeled_value: object = -1,
        ax: Ax = None,
    ) -> Self:
        """Compute the scores of an estimator and draw them.

        .. versionadded:: 0.2

        Parameters
        ----------
        estimator, X, y, groups, cv, scoring, confidence, n_jobs, random_state, \
unlabeled_value : object
            As in :func:`unlabeled_gain`.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : UnlabeledGainDisplay
            The display, already drawn.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.semi_supervised import SelfTrainingClassifier
        >>> from sklearn_revae.datasets import mask_labels
        >>> from sklearn_revae.model_selection import UnlabeledGainDisplay
        >>> X, y = load_iris(return_X_y=True)
        >>> few = mask_labels(y, n_per_class=5, random_state=0)
        >>> model = SelfTrainingClassifier(LogisticRegression(max_iter=1000))
        >>> UnlabeledGainDisplay.from_estimator(model, X, few, cv=3)
        <...UnlabeledGainDisplay object at ...>
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        result = unlabeled_gain(
            estimator,
            X,
            y,
            groups=groups,
            cv=cv,
            scoring=scoring,
            confidence=confidence,
            n_jobs=n_jobs,
            random_state=random_state,
            unlabeled_value=unlabeled_value,
        )
        display = cls(
            scores_with=result.scores_with,
            scores_without=result.scores_without,
            interval=result.interval,
            score_name=scoring if isinstance(scoring, str) else "Score",
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Ax = None) -> Self:
        """Draw the scores.

        .. versionadded:: 0.2

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure is created.

        Returns
        -------
        display : UnlabeledGainDisplay
            The display itself.

        Examples
        --------
        >>> from sklearn_revae.model_selection import UnlabeledGainDisplay
        >>> display = UnlabeledGainDisplay(
        ...     scores_with=[0.8, 0.9], scores_without=[0.7, 0.8], interval=[0.05, 0.15]
        ... ).plot()
        >>> len(display.lines_)
        2
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(4.5, 4.0), layout="constrained")
        pairs = np.array([self.scores_without, self.scores_with])
        means = pairs.mean(axis=1)
        self.lines_ = ax.plot(pairs, color="0.7", marker=".")
        (self.mean_line_,) = ax.plot(means, color="C0", marker="o", linewidth=2.5)
        self.lines_[0].set_label("one split")
        self.mean_line_.set_label("mean")
        low, high = np.asarray(self.interval)
        ax.set_title(f"Mean gain: {means[1] - means[0]:.3f} [{low:.3f}, {high:.3f}]")
        ax.set_xticks([0, 1], ["labelled\nsamples only", "with unlabelled\nsamples"])
        ax.set(xlim=(-0.3, 1.3), ylabel=self.score_name)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self
