"""The controls of the page as a notebook widget."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sklearn_revae._typing import Model, Rows

if TYPE_CHECKING:
    from ipywidgets import VBox


def explore(
    estimator: Model, X: Rows, *, image_shape: Sequence[int] | None = None
) -> "VBox":
    """Make a notebook widget that edits samples with a slider for each label.

    It has the same controls as the page that :func:`launch` serves, but needs no server.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted model.
    X : array-like of shape (n_samples, n_features)
        Samples, in the units of the training data. The first 100 are shown.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images. If None, the
        `image_shape` of the estimator is used.

    Returns
    -------
    widget : ipywidgets.VBox
        The widget, which a notebook shows if it is the last value of a cell.

    Raises
    ------
    ValueError
        If the estimator is not a fitted ReVAE, or does not accept `X`.
    ImportError
        If ipywidgets is not installed. Install it with
        ``pip install sklearn-revae[demo]``.

    See Also
    --------
    launch : The same controls as a web page.

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
            "explore requires the package ipywidgets. Install it with: "
            "pip install sklearn-revae[demo]"
        ) from error
    from sklearn_revae.demo._session import Session

    return make_widget(Session(estimator, X, image_shape))
