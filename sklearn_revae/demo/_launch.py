"""The page on this machine: addresses, limits, and what a browser may load."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sklearn_revae._typing import Model, Rows

if TYPE_CHECKING:
    from gradio import Blocks

LARGEST_FILE = "64mb"
# Models that visitors have opened and not closed are kept for so many of them.
_MOST_SESSIONS = 100
# The browser is told to fetch nothing but from here, whatever a page says.
_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)


def launch(
    estimator: Model,
    X: Rows,
    *,
    image_shape: Sequence[int] | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    share: bool = False,
    inbrowser: bool = False,
    block: bool = False,
) -> "Blocks":
    """Open a page on which rows are edited by moving a slider for each label.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows as the estimator takes them, of which the first 100 are shown. Pictures are
        shown as pictures, other rows as tables.
    image_shape : tuple of int, default=None
        What makes pictures of flat rows; None takes the estimator's own.
    host : str, default="127.0.0.1"
        Address to listen on. Any other than a loopback address lets others in: the page
        knows no password.
    port : int, default=None
        Port; None takes the first free one from 7860 on.
    share : bool, default=False
        Whether the page gets a public address, through a server of gradio's.
    inbrowser : bool, default=False
        Whether it is opened in a browser at once.
    block : bool, default=False
        Whether the call returns only when the page is closed, by Ctrl-C.

    Returns
    -------
    page : gradio.Blocks
        The page, whose `local_url` is its address; `page.close()` ends it. In a notebook
        it is shown below the cell.

    Raises
    ------
    ValueError
        If the estimator cannot be shown, or does not take the rows.
    OSError
        If the port is taken.
    ImportError
        Without gradio: ``pip install sklearn-revae[demo]``.

    See Also
    --------
    explore : The same controls as a widget, without a server.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.demo import launch
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
    >>> page = launch(model, X)  # doctest: +SKIP
    >>> page.close()  # doctest: +SKIP
    """
    from sklearn_revae.demo._session import Session

    return serve(
        Session(estimator, X, image_shape),
        host=host,
        port=port,
        share=share,
        inbrowser=inbrowser,
        block=block,
    )


def serve(session, *, host, port, share, inbrowser, block, quiet=True):
    """Serve the page of a session; see :func:`launch`."""
    try:
        with warnings.catch_warnings():
            # gradio's own dependencies announce what they will change.
            warnings.simplefilter("ignore", DeprecationWarning)
            import gradio  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The demo needs gradio: pip install sklearn-revae[demo]."
        ) from error
    from starlette.middleware import Middleware

    from sklearn_revae.demo._page import head, make_page, style, theme

    page = make_page(session)
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        inbrowser=inbrowser,
        prevent_thread_lock=not block,
        quiet=quiet,
        theme=theme(),
        css=style(),
        head=head(),
        footer_links=[],
        allowed_paths=[],
        max_file_size=LARGEST_FILE,
        state_session_capacity=_MOST_SESSIONS,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        run_history=False,
        app_kwargs={"middleware": [Middleware(_OnlyFromHere)]},
    )
    return page


class _OnlyFromHere:
    """Adds to every answer what the browser may fetch: nothing from elsewhere."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        async def with_policy(message):
            if message["type"] == "http.response.start":
                headers = [
                    (b"content-security-policy", _POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._app(scope, receive, with_policy)
