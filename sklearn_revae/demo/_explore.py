"""The page's controls as a notebook's widget."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sklearn_revae._typing import Model, Rows

if TYPE_CHECKING:
    from ipywidgets import VBox


def explore(
    estimator: Model, X: Rows, *, image_shape: Sequence[int] | None = None
) -> "VBox":
    """Widget on which rows are edited by moving a slider for each label.

    What :func:`launch` shows on a page, in a notebook's cell and without a server.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows as the estimator takes them, of which the first 100 are shown.
    image_shape : tuple of int, default=None
        What makes pictures of flat rows; None takes the estimator's own.

    Returns
    -------
    widget : ipywidgets.VBox
        Shown where it is a cell's last value.

    Raises
    ------
    ValueError
        If the estimator cannot be shown, or does not take the rows.
    ImportError
        Without ipywidgets: ``pip install sklearn-revae[demo]``.

    See Also
    --------
    launch : The same controls as a page.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.demo import explore
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
    >>> widget = explore(model, X)
    """
    try:
        from sklearn_revae.demo._widgets import make_widget
    except ImportError as error:
        raise ImportError(
            "The widget needs ipywidgets: pip install sklearn-revae[demo]."
        ) from error
    from sklearn_revae.demo._session import Session

    return make_widget(Session(estimator, X, image_shape))
