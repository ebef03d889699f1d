"""The page: a heading, a button to open a model file, and the model's controls."""

from html import escape
from importlib import resources
from pathlib import Path

import gradio as gr

from sklearn_revae import persistence
from sklearn_revae.demo._controls import Controls
from sklearn_revae.demo._edit import Edit
from sklearn_revae.demo._events import listen
from sklearn_revae.demo._link import from_link
from sklearn_revae.demo._session import MAX_SAMPLES, Session, draw_samples, load_code
from sklearn_revae.demo._views import alert

_HEADING = """<header><h1>What would it look like if&nbsp;&hellip;</h1><p>Pick a sample
and move a slider: the model edits the sample to show more or less of that label. Edits
follow associations in the training data, which need not be causal.</p></header>"""

# gradio gives every radio button a group of its own. The script joins the buttons of a
# question to one group, so that arrow keys move between them, and names the group for
# screen readers.
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
_REMOVE_LINK = "(opened) => opened && history.replaceState(null, '', location.pathname)"


def make_page(session):
    """Build the page of a session.

    A user who opens another model gets a session that nobody else sees.

    Parameters
    ----------
    session : Session
        The session that every user starts with.

    Returns
    -------
    page : gradio.Blocks
        The page, not launched yet.
    """
    # Uploaded files that are never read are deleted after ten minutes. Those that are
    # read are deleted at once, in open_model.
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
        # Without the queue a State triggers no change event, but a Textbox does.
        opened = gr.Textbox(label="Opened", visible="hidden")
        # The fragment of the address, or "#", because an empty text would be no change.
        link = gr.Textbox(label="Address", visible="hidden")
        page.load(None, None, [link], js="() => location.hash || '#'")

        @gr.render(
            inputs=[own, link],
            triggers=[link.change, opened.change],
            queue=False,
            show_progress="hidden",
        )
        def draw(own, link):
            if own is None:
                Controls(session, *from_link(link, session))
            else:
                # Whoever follows a link, or reloads the page, sees the first model.
                Controls(own, Edit(), has_link=False)

        tried = listen(upload.upload, open_model, [upload], [own, opened, status])
        tried.then(None, [opened], js=_REMOVE_LINK)
    return page


def open_model(path):
    """Open an uploaded model file. An invalid file changes nothing but the status.

    Returns
    -------
    session : Session
        Session of the model and samples that it draws.
    key : str
        A string that differs between sessions.
    status : str
        HTML that tells the user the outcome.
    """
    path = Path(path)
    try:
        model = persistence.load(path)
        X, code = draw_samples(model)
        session = Session(model, X, setup=load_code(path.name) + code)
    except Exception as error:
        reason = str(error).replace(str(path), path.name)
        text = f"Not opened; the page shows the same model as before. {reason}"
        return gr.skip(), gr.skip(), alert(text)
    finally:
        path.unlink(missing_ok=True)
    text = (
        f"{escape(path.name)} is open, and only you can see it, until you reload the "
        f"page. Model files contain no samples, so the model drew these {MAX_SAMPLES}."
    )
    return session, str(id(session)), f'<p role="status">{text}</p>'


def head():
    """Return the content of the HTML head."""
    return _HEAD


def theme():
    """Return colours and fonts; system fonts only, so that none is downloaded."""
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="slate",
        radius_size="sm",
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )


def style():
    """Return the style sheet."""
    return resources.files("sklearn_revae.demo").joinpath("style.css").read_text("utf-8")
