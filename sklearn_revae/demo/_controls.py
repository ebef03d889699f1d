"""Everything on the page that depends on the model: rows, labels, views, actions."""

from dataclasses import replace

import gradio as gr

from sklearn_revae.demo import _views
from sklearn_revae.demo._edit import Edit, classes_of, code, edited, report
from sklearn_revae.demo._events import listen

# Wider choices become a list that opens.
_MOST_BUTTONS, _MOST_LETTERS, _MOST_BOXES = 4, 24, 30
# The report takes longer than a picture: it is asked for when the hand rests.
_JUDGE_SOON = """() => {
  clearTimeout(window.judging);
  window.judging = setTimeout(() => document.querySelector("#judge")?.click(), 250);
}"""


class Controls:
    """Components of a session and what they do; made within a page being built.

    Parameters
    ----------
    session : Session
        The model and its rows.
    """

    def __init__(self, session):
        self._session = session
        self._edit = gr.State(Edit())
        gr.HTML(_views.gallery_style(session), padding=False, elem_id="sheet")
        with gr.Row(elem_id="page"):
            with gr.Column(scale=1, min_width=280, elem_id="left"):
                self._row = self._gallery("Rows", 0)
            with gr.Column(scale=3, min_width=320, elem_id="right"):
                self._build_views()
                if session.labels:
                    self._build_labels()
                    self._build_rest()
                else:
                    gr.HTML(
                        "<p>This model was fitted without labels: there is nothing to "
                        "move. The row and the row as the model rebuilds it are all "
                        "there is to see.</p>",
                        elem_id="no-labels",
                    )
        self._listen()

    # What there is

    def _gallery(self, title, chosen):
        names = _views.row_names(self._session)
        look = "rows" if self._session.pictures is None else "tiles"
        return gr.Radio(
            [(name, i) for i, name in enumerate(names)],
            value=chosen,
            label=title,
            interactive=True,
            elem_classes=["gallery", look],
        )

    def _build_views(self):
        session, edit = self._session, Edit()
        with gr.Row(elem_id="views"):
            if session.pictures is not None:
                self._fixed = [
                    gr.HTML(_views.original_view(session, 0), elem_id="original"),
                    gr.HTML(_views.rebuilt_view(session, 0), elem_id="rebuilt"),
                ]
            else:
                self._fixed = []
            new = edited(session.model, session.X, edit)
            shown = session.labels or session.pictures is None
            self._edited = gr.HTML(
                _views.edited_view(session, edit, new),
                elem_id="edited",
                visible=bool(shown),
            )

    def _build_labels(self):
        session = self._session
        places = session.places(0)
        self._sliders, self._choices = {}, {}
        with gr.Row(elem_id="actions"):
            self._reset = gr.Button("Back to the row", size="sm", elem_id="reset")
            self._draw = gr.Button("Draw again", size="sm", elem_id="draw")
            self._download = gr.HTML(elem_id="download")
        with gr.Row(elem_id="labels"):
            for label in session.movable:
                with gr.Column(min_width=190, elem_classes="label"):
                    self._sliders[label] = gr.Slider(
                        0,
                        1,
                        places[label],
                        step=0.01,
                        label=label,
                        buttons=[],
                        interactive=True,
                    )
                    self._choices[label] = _choice(
                        f"Set {label}", classes_of(session.model, label)
                    )

    def _build_rest(self):
        session = self._session
        self._locks = None
        if session.pictures is None:
            names = hasattr(session.model, "feature_names_in_")
            columns = [
                (name, name if names else j) for j, name in enumerate(session.columns)
            ]
            self._locks = _boxes("Locked columns", columns, "locks")
        with gr.Accordion("Swap with another row", open=False, elem_id="swap"):
            self._swapped = _boxes(
                "What the other row gives (nothing ticked: all)", session.labels, "gives"
            )
            self._donor = self._gallery("The row that gives", None)
        with gr.Row(elem_id="judgement"):
            with gr.Column(min_width=300):
                gr.HTML("<h2>What the model says of the edit</h2>")
                self._report = gr.HTML(_views.report_view(None), elem_id="report")
            with gr.Column(min_width=300):
                gr.HTML("<h2>The same in Python</h2>")
                self._code = gr.HTML(self._lines(Edit()), elem_id="code")
        self._judge = gr.Button("Judge", visible="hidden", elem_id="judge")

    # What it does

    def _listen(self):
        session, edit = self._session, self._edit
        if not session.labels:
            seen = [edit, self._edited, *self._fixed]
            listen(self._row.input, self._pick, [edit, self._row], seen)
            return
        for label, slider in self._sliders.items():
            choice = self._choices[label]
            self._react(slider.input, self._slide(label), [slider], [choice])
            self._react(choice.input, self._set(label), [choice], [slider])
        controls = [*self._sliders.values(), *self._choices.values(), self._donor]
        for trigger in (self._row.input, self._reset.click):
            self._react(trigger, self._pick, [self._row], [*self._fixed, *controls])
        self._react(self._draw.click, self._redraw, [], [])
        for trigger in (self._donor.input, self._swapped.input):
            self._react(trigger, self._swap, [self._donor, self._swapped], [])
        if self._locks is not None:
            self._react(self._locks.input, self._lock, [self._locks], [])
        told = [self._report, self._code, self._download]
        listen(self._judge.click, self._tell, [edit], told)

    def _react(self, trigger, handler, inputs, outputs):
        """Let a trigger change the edit and its view, and the report follow later."""
        inputs = [self._edit, *inputs]
        outputs = [self._edit, self._edited, *outputs]
        listen(trigger, handler, inputs, outputs).then(None, js=_JUDGE_SOON)

    def _view(self, edit):
        session = self._session
        return _views.edited_view(session, edit, edited(session.model, session.X, edit))

    def _pick(self, edit, row):
        session = self._session
        new = Edit(row=row, keep=edit.keep)
        fixed = []
        if self._fixed:
            fixed = [
                _views.original_view(session, row),
                _views.rebuilt_view(session, row),
            ]
        if not session.labels:
            return [new, self._view(new), *fixed]
        places = session.places(row)
        sliders = [places[label] for label in self._sliders]
        return [new, self._view(new), *fixed, *sliders, *[None] * len(sliders), None]

    def _slide(self, label):
        def handle(edit, place):
            at_rest = place == self._session.places(edit.row)[label]
            choice = None if label in edit.values else gr.skip()
            new = edit.slid(label, None if at_rest else place)
            return new, self._view(new), choice

        return handle

    def _set(self, label):
        classes = classes_of(self._session.model, label)

        def handle(edit, code):
            session = self._session
            new = edit.set(label, None if code is None else classes[code])
            row = edited(session.model, session.X, new)
            view = _views.edited_view(session, new, row)
            return new, view, session.places(row)[label]

        return handle

    def _redraw(self, edit):
        if not edit.asked(self._session.model):
            raise ValueError("Move or set a label first: then it is drawn anew.")
        new = edit.drawn()
        return new, self._view(new)

    def _swap(self, edit, donor, labels):
        if donor is None:
            return gr.skip(), gr.skip()
        new = replace(edit, donor=donor, swapped=tuple(labels))
        return new, self._view(new)

    def _lock(self, edit, columns):
        new = replace(edit, keep=tuple(columns))
        return new, self._view(new)

    def _tell(self, edit):
        session = self._session
        row = edited(session.model, session.X, edit)
        found = report(session.model, session.X, edit)
        return (
            _views.report_view(found),
            self._lines(edit),
            _views.download_view(session, edit, row),
        )

    def _lines(self, edit):
        session = self._session
        return _views.code_view(session.setup + code(session.model, session.X, edit))


def _choice(title, classes):
    """Component that sets a label: buttons for few values, a list for many."""
    texts = [str(value) for value in classes]
    choices = [(text, place) for place, text in enumerate(texts)]
    if len(texts) <= _MOST_BUTTONS and sum(map(len, texts)) <= _MOST_LETTERS:
        return gr.Radio(
            choices,
            label=title,
            show_label=False,
            container=False,
            interactive=True,
            elem_classes="set",
        )
    return gr.Dropdown(
        choices, value=None, label=title, interactive=True, elem_classes="set"
    )


def _boxes(title, choices, name):
    """Component to tick several of `choices`."""
    if len(choices) <= _MOST_BOXES:
        return gr.CheckboxGroup(choices, label=title, interactive=True, elem_id=name)
    return gr.Dropdown(
        choices,
        value=[],
        multiselect=True,
        label=title,
        interactive=True,
        elem_id=name,
    )
