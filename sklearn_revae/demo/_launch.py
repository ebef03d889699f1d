"""Serving the page: addresses, limits, and what a browser is allowed to load."""

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.utils._param_validation import validate_parameter_constraints

from sklearn_revae._inference.arguments import Number
from sklearn_revae._typing import Model, Rows

if TYPE_CHECKING:
    from gradio import Blocks

_CONSTRAINTS = {"port": [Number(Integral, 1, 65535, closed="both"), None]}
MAX_FILE_SIZE = "64mb"
# Number of users whose opened models are kept in memory.
_MAX_SESSIONS = 100
# Content security policy: the browser may load resources from this server only.
_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)


def launch(
    estimator: Model,
    X: Rows,
    *,
    image_shape: Sequence[int] | None = None,
    presets: Mapping[str, Mapping[str, Any]] | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    share: bool = False,
    inbrowser: bool = False,
    block: bool = False,
) -> "Blocks":
    """Serve a page on which samples are edited with a slider for each label.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted model.
    X : array-like of shape (n_samples, n_features)
        Samples, in the units of the training data. The first 100 are shown, as images if
        they are images, else as tables.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images. If None, the
        `image_shape` of the estimator is used.
    presets : dict of str to dict, default=None
        Buttons that set several labels at once: the text on the button, and the class of
        each label.
    host : str, default="127.0.0.1"
        Address to listen on. With any address that is not a loopback address, other
        machines can open the page, which has no password.
    port : int, default=None
        Port to listen on. If None, the first free port from 7860 on.
    share : bool, default=False
        Whether to give the page a public address through gradio's servers.
    inbrowser : bool, default=False
        Whether to open the page in a browser.
    block : bool, default=False
        If True, return only after the page is closed with Ctrl-C.

    Returns
    -------
    page : gradio.Blocks
        The page. Its `local_url` is the address, and ``page.close()`` closes it. In a
        notebook, the page is shown below the cell.

    Raises
    ------
    ValueError
        If the estimator is not a fitted ReVAE, or does not accept `X`, if a preset has a
        label or a class that the model does not have, or if `port` is not a port.
    OSError
        If the port is not free.
    ImportError
        If gradio is not installed. Install it with ``pip install sklearn-revae[demo]``.

    See Also
    --------
    explore : The same controls as a notebook widget, without a server.

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
    validate_parameter_constraints(_CONSTRAINTS, {"port": port}, "launch")
    from sklearn_revae.demo._session import Session

    return serve(
        Session(estimator, X, image_shape, presets=presets or {}),
        host=host,
        port=port,
        share=share,
        inbrowser=inbrowser,
        block=block,
    )


def serve(session, *, host, port, share, inbrowser, block):
    """Serve the page of a session; the parameters are those of :func:`launch`."""
    try:
        with warnings.catch_warnings():
            # Dependencies of gradio emit these warnings on import.
            warnings.simplefilter("ignore", DeprecationWarning)
            import gradio  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The demo requires the package gradio. Install it with: "
            "pip install sklearn-revae[demo]"
        ) from error
    from starlette.middleware import Middleware

    from sklearn_revae.demo._page import head, make_page, style, theme

    page = make_page(session)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            share=share,
            inbrowser=inbrowser,
            prevent_thread_lock=not block,
            quiet=True,
            theme=theme(),
            css=style(),
            head=head(),
            footer_links=[],
            allowed_paths=[],
            max_file_size=MAX_FILE_SIZE,
            state_session_capacity=_MAX_SESSIONS,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            run_history=False,
            app_kwargs={"middleware": [Middleware(_SecurityHeaders)]},
        )
    except OSError as error:
        if port is None:
            raise
        # The message of gradio names an argument that is not one of ours.
        raise OSError(
            f"port={port} of host={host!r} is not free. Pass another port, or None for "
            "the first free one."
        ) from error
    return page


class _SecurityHeaders:
    """Middleware that adds security headers, such as the policy, to every response."""

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
