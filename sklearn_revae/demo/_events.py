"""How the page's parts call the server."""

import functools

import gradio as gr


def listen(trigger, handler, inputs, outputs):
    """Let a trigger call a handler: at once, and while it runs only the last call waits.

    What the handler says of bad values is told to who sent them, and no more.

    Returns
    -------
    Dependency
        What `then` hangs on.
    """
    return trigger(
        _told(handler),
        inputs,
        outputs,
        queue=False,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _told(handler):
    @functools.wraps(handler)
    def run(*values):
        try:
            return handler(*values)
        except (TypeError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return run
