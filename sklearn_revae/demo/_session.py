"""A model and the rows that a page shows it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae.demo._edit import take
from sklearn_revae.demo._pictures import Pictures
from sklearn_revae.inspection._tabular import column_names

# What a page has room for, and an eye patience.
MOST_ROWS = 100


@dataclass(frozen=True, eq=False)
class Session:
    """A fitted model and rows to try it on; nothing in it changes.

    Parameters
    ----------
    model : ReVAEClassifier or ReVAETransformer
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows as the model takes them; the first `MOST_ROWS` are shown.
    image_shape : tuple of int or None
        What makes pictures of flat rows.
    setup : str
        Lines of Python that give `model` and `X`.

    Raises
    ------
    ValueError
        If the model cannot be shown, or does not take the rows.
    """

    model: object
    X: object
    image_shape: Sequence[int] | None = None
    setup: str = ""

    def __post_init__(self):
        if not isinstance(self.model, (ReVAEClassifier, ReVAETransformer)):
            raise ValueError(
                f"estimator is a {type(self.model).__name__}: pass a fitted "
                "ReVAEClassifier or ReVAETransformer. Of a Pipeline pass this step, with "
                "the rows as it takes them."
            )
        check_is_fitted(self.model)
        if not hasattr(self.X, "shape"):
            object.__setattr__(self, "X", np.asarray(self.X))
        if len(self.X.shape) < 2 or self.X.shape[0] == 0:
            raise ValueError(
                f"X has the shape {tuple(self.X.shape)}: pass at least one row, of shape "
                "(n_samples, n_features)."
            )
        # Rows that do not fit are told of here, not when somebody picks one. Pictures are
        # all of one shape and type: the first tells, and the page opens sooner.
        alike = self.pictures is not None
        self.model.transform(take(self.X, 0) if alike else self.shown)

    @cached_property
    def shown(self):
        """The rows that can be picked."""
        if hasattr(self.X, "iloc"):
            return self.X.iloc[:MOST_ROWS]
        return self.X[:MOST_ROWS]

    @property
    def n_rows(self):
        """Number of rows that can be picked."""
        return self.shown.shape[0]

    @cached_property
    def pictures(self):
        """How rows are drawn, or None where they are a table."""
        shape = self.image_shape or self.model.image_shape
        return Pictures.of(self.shown, shape)

    @cached_property
    def columns(self):
        """Names of a table's columns."""
        return column_names(self.model)

    @property
    def labels(self):
        """Names of the labels; empty for a model without."""
        return list(self.model.label_names_)

    @property
    def movable(self):
        """Labels of at least two values."""
        return [name for name, at in self.places(0).items() if at is not None]

    def places(self, row):
        """Where a row is on the line of each label, within 0 and 1; None: nowhere to go.

        Parameters
        ----------
        row : int or array-like of shape (1, n_features)
            Its position in X, or the row itself.
        """
        if not self.labels:
            return {}
        row = take(self.X, row) if isinstance(row, int) else row
        found = self.model.locate(row)[0]
        return {
            name: None if np.isnan(at) else round(float(np.clip(at, 0, 1)), 2)
            for name, at in zip(self.labels, found, strict=True)
        }
