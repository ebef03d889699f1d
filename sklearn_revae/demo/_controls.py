"""The part of the page that depends on the model: samples, labels, views, actions."""

from dataclasses import replace

import gradio as gr

from sklearn_revae.demo import _views
from sklearn_revae.demo._edit import Edit, classes_of, code, edited, report
from sklearn_revae.demo._events import listen

# A label has buttons if it has at most this many classes, and their names at most this
# many letters in total; otherwise it has a drop-down list. A selection of several has
# check boxes if there are at most this many; otherwise it has a drop-down list.
_MAX_BUTTONS, _MAX_LETTERS, _MAX_BOXES = 4, 24, 30
# The report takes longer than an image, so it is made once the slider has been still for
# 250 ms.
_ASSESS_LATER = """() => {
  clearTimeout(window.assessing);
  window.assessing = setTimeout(() => document.querySelector("#assess")?.click(), 250);
}"""


class Controls:
    """The components of a session and their handlers.

    They are added to the page that is being built.

    Parameters
    ----------
    session : Session
        The model and its samples.
    """

    def __init__(self, session):
        self._session = session
        self._edit = gr.State(Edit())
        gr.HTML(_views.gallery_style(session), padding=False, elem_id="sheet")
        with gr.Row(elem_id="page"):
            with gr.Column(scale=1, min_width=280, elem_id="left"):
                self._row = self._gallery("Samples", 0)
            with gr.Column(scale=3, min_width=320, elem_id="right"):
                self._build_views()
                if session.labels:
                    self._build_labels()
                    self._build_rest()
                else:
                    gr.HTML(_views.NO_LABELS, elem_id="no-labels")
        self._listen()

    # Components

    def _gallery(self, title, chosen):
        names = _views.sample_names(self._session)
        look = "lines" if self._session.images is None else "tiles"
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
            # An edited table includes the original and the reconstruction.
            self._fixed = []
            if session.images is not None:
                self._fixed = [
                    gr.HTML(_views.original_view(session, 0), elem_id="original"),
                    gr.HTML(
                        _views.reconstruction_view(session, 0), elem_id="reconstruction"
                    ),
                ]
            new = edited(session.model, session.X, edit)
            self._edited = gr.HTML(
                _views.edited_view(session, edit, new),
                elem_id="edited",
                visible=bool(session.labels) or session.images is None,
            )

    def _build_labels(self):
        session = self._session
        positions = session.positions(0)
        self._sliders, self._choices = {}, {}
        with gr.Row(elem_id="actions"):
            self._reset = gr.Button("Reset", size="sm", elem_id="reset")
            self._draw = gr.Button("Draw again", size="sm", elem_id="draw")
            self._download = gr.HTML(elem_id="download")
        with gr.Row(elem_id="labels"):
            for label in session.editable:
                with gr.Column(min_width=190, elem_classes="label"):
                    self._sliders[label] = gr.Slider(
                        0,
                        1,
                        positions[label],
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
        if session.images is None:
            self._locks = _boxes("Locked features", session.lockable, "locks")
        with gr.Accordion("Swap with another sample", open=False, elem_id="swap"):
            self._swapped = _boxes(
                "Labels to take from the donor (none ticked: all)",
                session.labels,
                "donor-labels",
            )
            self._donor = self._gallery("Donor", None)
        with gr.Row(elem_id="assessment"):
            with gr.Column(min_width=300):
                gr.HTML("<h2>The model's assessment of the edit</h2>")
                self._report = gr.HTML(_views.report_view(None), elem_id="report")
            with gr.Column(min_width=300):
                gr.HTML("<h2>Python code</h2>")
                self._code = gr.HTML(self._lines(Edit()), elem_id="code")
        self._assess_button = gr.Button("Assess", visible="hidden", elem_id="assess")

    # Handlers

    def _listen(self):
        session, edit = self._session, self._edit
        if not session.labels:
            outputs = [edit, self._edited, *self._fixed]
            listen(self._row.input, self._pick, [edit, self._row], outputs)
            return
        for label, slider in self._sliders.items():
            choice = self._choices[label]
            self._react(slider.input, self._move(label), [slider], [choice])
            self._react(choice.input, self._set(label), [choice], [slider])
        controls = [*self._sliders.values(), *self._choices.values(), self._donor]
        for trigger in (self._row.input, self._reset.click):
            self._react(trigger, self._pick, [self._row], [*self._fixed, *controls])
        self._react(self._draw.click, self._redraw, [], [])
        for trigger in (self._donor.input, self._swapped.input):
            self._react(trigger, self._swap, [self._donor, self._swapped], [])
        if self._locks is not None:
            self._react(self._locks.input, self._lock, [self._locks], [])
        outputs = [self._report, self._code, self._download]
        listen(self._assess_button.click, self._assess, [edit], outputs)

    def _react(self, trigger, handler, inputs, outputs):
        """Let a trigger change the edit and its view now, and the report later."""
        inputs = [self._edit, *inputs]
        outputs = [self._edit, self._edited, *outputs]
        listen(trigger, handler, inputs, outputs).then(None, js=_ASSESS_LATER)

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
                _views.reconstruction_view(session, row),
            ]
        if not session.labels:
            return [new, self._view(new), *fixed]
        positions = session.positions(row)
        sliders = [positions[label] for label in self._sliders]
        return [new, self._view(new), *fixed, *sliders, *[None] * len(sliders), None]

    def _move(self, label):
        def handle(edit, position):
            initial = self._session.is_initial(edit.row, label, position)
            choice = None if label in edit.values else gr.skip()
            new = edit.move(label, None if initial else position)
            return new, self._view(new), choice

        return handle

    def _set(self, label):
        classes = classes_of(self._session.model, label)

        def handle(edit, code):
            session = self._session
            new = edit.set(label, None if code is None else classes[code])
            sample = edited(session.model, session.X, new)
            view = _views.edited_view(session, new, sample)
            return new, view, session.positions(sample)[label]

        return handle

    def _redraw(self, edit):
        if not edit.requests(self._session.model):
            raise ValueError("Change a label first, then press Draw again.")
        new = edit.redraw()
        return new, self._view(new)

    def _swap(self, edit, donor, labels):
        if donor is None:
            return gr.skip(), gr.skip()
        new = replace(edit, donor=donor, swapped=tuple(labels))
        return new, self._view(new)

    def _lock(self, edit, features):
        new = replace(edit, keep=tuple(features))
        return new, self._view(new)

    def _assess(self, edit):
        session = self._session
        sample = edited(session.model, session.X, edit)
        return (
            _views.report_view(report(session.model, session.X, edit)),
            self._lines(edit),
            _views.download_view(session, edit, sample),
        )

    def _lines(self, edit):
        session = self._session
        return _views.code_view(session.setup + code(session.model, session.X, edit))


def _choice(title, classes):
    """Return a component to set a label: buttons for a few classes, a list for many."""
    texts = [str(value) for value in classes]
    choices = [(text, index) for index, text in enumerate(texts)]
    if len(texts) <= _MAX_BUTTONS and sum(map(len, texts)) <= _MAX_LETTERS:
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
    """Return a component to select several of `choices`."""
    if len(choices) <= _MAX_BOXES:
        return gr.CheckboxGroup(choices, label=title, interactive=True, elem_id=name)
    return gr.Dropdown(
        choices,
        value=[],
        multiselect=True,
        label=title,
        interactive=True,
        elem_id=name,
    )
