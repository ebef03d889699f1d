"""How the components of the page call the server."""

import functools

import gradio as gr


def listen(trigger, handler, inputs, outputs):
    """Let a trigger call a handler, without queueing.

    While a call runs, only the latest of the calls that follow it waits. An error that
    the handler raises for invalid values is shown to the user who sent them, and not
    printed on the server.

    Returns
    -------
    dependency : gradio.events.Dependency
        Its method `then` chains another call.
    """
    return trigger(
        _showing_errors(handler),
        inputs,
        outputs,
        queue=False,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )


def _showing_errors(handler):
    @functools.wraps(handler)
    def run(*values):
        try:
            return handler(*values)
        except (TypeError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return run
