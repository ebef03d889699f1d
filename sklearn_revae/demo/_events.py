"""How the components of the page call the server."""

import functools

import gradio as gr

from sklearn_revae.demo._views import alert


def listen(trigger, handler, inputs, outputs):
    """Let a trigger call a handler, without queueing.

    While a call runs, only the latest of the calls that follow it waits.

    Returns
    -------
    dependency : gradio.events.Dependency
        Its method `then` chains another call.
    """
    return trigger(
        handler,
        inputs,
        outputs,
        queue=False,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def reporting_errors(handler, n_outputs):
    """Return a handler with one more output: the error that the values cause, as HTML.

    gradio shows no error of a call that is not queued. After an error, the other
    `n_outputs` outputs stay as they are.
    """

    @functools.wraps(handler)
    def run(*values):
        try:
            return [*handler(*values), ""]
        except (TypeError, ValueError) as error:
            return [*[gr.skip()] * n_outputs, alert(str(error))]

    return run
