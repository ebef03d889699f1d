"""The page: a heading, a model file to open, and below it the model's own controls."""

from html import escape
from importlib import resources
from pathlib import Path

import gradio as gr

from sklearn_revae import persistence
from sklearn_revae.demo._controls import Controls
from sklearn_revae.demo._events import listen
from sklearn_revae.demo._session import MOST_ROWS, Session

_HEADING = """<header><h1>What would it look like if&nbsp;&hellip;</h1><p>Pick a row, move
a slider, and the model draws the row with more or less of that label. It follows what the
training rows associate with a label, which is not what causes what.</p></header>"""

# gradio gives every radio button a group of its own: they become one group a question,
# through which arrow keys go, with a name that is read aloud.
_HEAD = """<script>
new MutationObserver(() => {
  for (const input of document.querySelectorAll("fieldset input[type=radio]")) {
    const set = input.closest("fieldset");
    const title = set.querySelector("[data-testid=block-info]");
    set.dataset.group ??= `group-${document.querySelectorAll("[data-group]").length}`;
    if (input.name !== set.dataset.group) input.name = set.dataset.group;
    if (title && !set.hasAttribute("aria-label")) {
      set.setAttribute("role", "radiogroup");
      set.setAttribute("aria-label", title.textContent);
    }
  }
}).observe(document.documentElement, {childList: true, subtree: true});
</script>"""


def make_page(session):
    """Return the page of a session, as gradio's Blocks.

    Who opens another model on it has a session of their own; nobody else sees it.

    Parameters
    ----------
    session : Session
        What everybody starts with.

    Returns
    -------
    page : gradio.Blocks
        Not launched.
    """
    # Stray uploads go after ten minutes; those that are read are gone at once.
    with gr.Blocks(
        title="sklearn_revae", analytics_enabled=False, delete_cache=(600, 600)
    ) as page:
        own = gr.State(None)
        with gr.Row(elem_id="heading"):
            gr.HTML(_HEADING)
            upload = gr.UploadButton(
                "Open a model file",
                file_types=[".safetensors"],
                elem_id="open",
                size="sm",
                scale=0,
            )
        status = gr.HTML(elem_id="status")
        # A state's own change goes unnoticed where the queue is left out.
        opened = gr.Textbox(label="Opened", visible="hidden")

        @gr.render(
            inputs=[own],
            triggers=[page.load, opened.change],
            queue=False,
            show_progress="hidden",
        )
        def draw(own):
            Controls(own or session)

        listen(upload.upload, open_model, [upload], [own, opened, status])
    return page


def open_model(path):
    """Session of an uploaded file, what tells it from others, and what is said of it.

    A file that cannot be shown changes nothing but what is said.
    """
    path = Path(path)
    try:
        model = persistence.load(path)
        X, _ = model.sample(MOST_ROWS, random_state=0)
        session = Session(model, X, setup=setup_of(path.name))
    except Exception as error:
        reason = escape(str(error).replace(str(path), path.name))
        text = f"Not opened, and nothing has changed. {reason}"
        return gr.skip(), gr.skip(), f'<p role="alert" class="bad">{text}</p>'
    finally:
        path.unlink(missing_ok=True)
    text = (
        f"{escape(path.name)} is open, for you alone. A file holds no rows: these "
        f"{MOST_ROWS} are drawn by the model."
    )
    return session, str(id(session)), f'<p role="status">{text}</p>'


def setup_of(path):
    """Lines of Python that give a model, and rows of its own, from a file."""
    return (
        "from sklearn_revae.persistence import load\n"
        f"model = load({str(path)!r})\n"
        f"X, _ = model.sample({MOST_ROWS}, random_state=0)\n"
    )


def head():
    """What the page's head holds."""
    return _HEAD


def theme():
    """Colours and fonts; the fonts are the machine's own, so that none is fetched."""
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="slate",
        radius_size="sm",
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )


def style():
    """The page's own style sheet."""
    return resources.files("sklearn_revae.demo").joinpath("style.css").read_text()
