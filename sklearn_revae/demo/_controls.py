"""The part of the page that depends on the model: samples, labels, views, actions."""

from dataclasses import replace

import gradio as gr

from sklearn_revae.demo import _views
from sklearn_revae.demo._edit import Edit, code, edited, report, words
from sklearn_revae.demo._events import listen, reporting_errors
from sklearn_revae.demo._link import to_link
from sklearn_revae.demo._session import STEP

# A label has buttons if it has at most this many classes; otherwise it has a drop-down
# list. A selection of several has check boxes if there are at most this many; otherwise
# it has a drop-down list.
_MAX_BUTTONS, _MAX_BOXES = 12, 30
# The report takes longer than an image, so it is made once the slider has been still for
# 250 ms.
_ASSESS_LATER = """() => {
  clearTimeout(window.assessing);
  window.assessing = setTimeout(() => document.querySelector("#assess")?.click(), 250);
}"""
_SHOW_LINK = "(link) => history.replaceState(null, '', `#${link}`)"


class Controls:
    """The components of a session and their handlers.

    They are added to the page that is being built.

    Parameters
    ----------
    session : Session
        The model and its samples.
    edit : Edit
        The edit to begin with.
    error : str, default=""
        A message to begin with.
    has_link : bool, default=True
        Whether the address of the page repeats the edit.
    """

    def __init__(self, session, edit, error="", has_link=True):
        self._session = session
        self._has_link = has_link
        self._edit = gr.State(edit)
        gr.HTML(_views.gallery_style(session), padding=False, elem_id="sheet")
        with gr.Row(elem_id="page"):
            with gr.Column(scale=1, min_width=280, elem_id="left"):
                self._row = self._gallery("Samples", edit.row)
            with gr.Column(scale=3, min_width=320, elem_id="right"):
                self._build_views(edit)
                message = _views.alert(error) if error else ""
                self._message = gr.HTML(message, elem_id="message")
                if session.editable:
                    self._build_actions(edit)
                    self._build_labels(edit)
                    self._build_rest(edit)
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

    def _build_views(self, edit):
        session = self._session
        fixed = self._fixed_views(edit.row)
        with gr.Row(elem_id="views"):
            # An edited table includes the original and the reconstruction.
            names = ("original", "reconstruction")[: len(fixed) - 1]
            self._fixed = [
                gr.HTML(view, elem_id=name)
                for name, view in zip(names, fixed, strict=False)
            ]
            self._edited = gr.HTML(
                self._view(edit),
                elem_id="edited",
                visible=bool(session.editable) or session.images is None,
            )
        self._fixed.append(gr.HTML(fixed[-1], padding=False, elem_id="marks"))

    def _build_actions(self, edit):
        presets = self._session.presets
        with gr.Row(elem_id="actions"):
            self._reset = gr.Button("Reset", size="sm", elem_id="reset")
            self._surprise = gr.Button(
                "Surprise me",
                size="sm",
                elem_id="surprise",
                visible=bool(self._session.editable),
            )
            self._presets = [
                gr.Button(name, size="sm", elem_classes="preset") for name in presets
            ]
            self._draw = gr.Button(
                "Draw again",
                size="sm",
                interactive=bool(edit.requests(self._session.model)),
                elem_id="draw",
            )
            if self._session.images is not None:
                gr.HTML(_views.WIPE, elem_id="wipe")
            gr.Checkbox(
                label="Reconstruction",
                container=False,
                interactive=True,
                elem_id="rebuilt",
            )
            self._download = gr.HTML(elem_id="download")

    def _build_labels(self, edit):
        session = self._session
        self._sliders, self._choices = {}, {}
        positions, chosen = self._states(edit)
        with gr.Row(elem_id="labels"):
            for i, label in enumerate(session.editable):
                with gr.Column(min_width=190, elem_id=f"label-{i}", elem_classes="label"):
                    if label in session.ends:
                        self._sliders[label] = gr.Slider(
                            *session.ends[label],
                            positions[label],
                            step=STEP,
                            label=label,
                            buttons=[],
                            interactive=True,
                        )
                    self._choices[label] = _choice(
                        label, session.classes(label), chosen[label], session.ends
                    )

    def _build_rest(self, edit):
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
                found = report(session.model, session.X, edit)
                self._report = gr.HTML(_views.report_view(found), elem_id="report")
            with gr.Column(min_width=300):
                gr.HTML("<h2>Python code</h2>")
                self._code = gr.HTML(self._lines(edit), elem_id="code")
        self._stale = gr.HTML(padding=False, elem_id="stale")
        self._link = gr.Textbox(label="Link", visible="hidden")
        self._assess_button = gr.Button("Assess", visible="hidden", elem_id="assess")

    # Handlers

    def _listen(self):
        session, edit = self._session, self._edit
        if not session.editable:
            outputs = [edit, self._edited, *self._fixed]
            self._call(self._row.input, self._pick_only, [edit, self._row], outputs)
            return
        for label, choice in self._choices.items():
            slider = [self._sliders[label]] if label in self._sliders else []
            self._react(choice.input, self._set(label), [choice], slider)
            if slider:
                self._react(slider[0].input, self._move(label), slider, [choice])
        controls = [*self._sliders.values(), *self._choices.values(), self._donor]
        for trigger in (self._row.input, self._reset.click):
            self._react(trigger, self._pick, [self._row], [*self._fixed, *controls])
        self._react(self._surprise.click, self._set_several(None), [], controls)
        for button, name in zip(self._presets, session.presets, strict=True):
            self._react(button.click, self._set_several(name), [], controls)
        self._react(self._draw.click, self._redraw, [], [])
        for trigger in (self._donor.input, self._swapped.input):
            self._react(trigger, self._swap, [self._donor, self._swapped], [])
        if self._locks is not None:
            self._react(self._locks.input, self._lock, [self._locks], [])
        outputs = [self._report, self._code, self._download, self._link, self._stale]
        assessed = self._call(self._assess_button.click, self._assess, [edit], outputs)
        if self._has_link:
            assessed.then(None, [self._link], js=_SHOW_LINK)

    def _call(self, trigger, handler, inputs, outputs):
        """Let a trigger call a handler, and show its errors."""
        handler = reporting_errors(handler, len(outputs))
        return listen(trigger, handler, inputs, [*outputs, self._message])

    def _react(self, trigger, handler, inputs, outputs):
        """Let a trigger change the edit and its view now, and the report later.

        The handler returns the new edit and the values of `outputs`.
        """

        def react(edit, *values):
            new, *rest = handler(edit, *values)
            draw = gr.update(interactive=bool(new.requests(self._session.model)))
            return [new, self._view(new), draw, _views.STALE, *rest]

        inputs = [self._edit, *inputs]
        outputs = [self._edit, self._edited, self._draw, self._stale, *outputs]
        self._call(trigger, react, inputs, outputs).then(None, js=_ASSESS_LATER)

    def _view(self, edit):
        session = self._session
        return _views.edited_view(session, edit, edited(session.model, session.X, edit))

    def _fixed_views(self, row):
        """What depends on the sample only: images, if it is one, and marks."""
        session = self._session
        marks = _views.marks_style(session, row)
        if session.images is None:
            return [marks]
        original = _views.original_view(session, row)
        return [original, _views.reconstruction_view(session, row), marks]

    def _states(self, edit):
        """Positions of the sliders, and indices of the chosen classes, two dicts."""
        session = self._session
        positions = session.positions(edit.row)
        if edit.values:
            after = session.positions(edited(session.model, session.X, edit))
            positions |= {label: after[label] for label in positions.keys() & edit.values}
        chosen = {
            label: session.classes(label).index(edit.values[label])
            if label in edit.values
            else None
            for label in session.editable
        }
        return positions | edit.positions, chosen

    def _pick(self, edit, row):
        new = Edit(row=row, keep=edit.keep)
        return [new, *self._fixed_views(row), *self._settings(new)]

    def _pick_only(self, edit, row):
        """Pick a sample of a model without labels."""
        new = Edit(row=row)
        return [new, self._view(new), *self._fixed_views(row)]

    def _settings(self, edit):
        """Values of all sliders and choices, and of the donor."""
        return [
            *(value for state in self._states(edit) for value in state.values()),
            None,
        ]

    def _set_several(self, preset):
        """Handler that sets the labels of a preset, or of a surprise."""

        def handle(edit):
            session = self._session
            values = session.presets[preset] if preset else session.surprise(edit.row)
            new = Edit(row=edit.row, keep=edit.keep, values=values)
            return [new, *self._settings(new)]

        return handle

    def _move(self, label):
        def handle(edit, position):
            initial = self._session.is_initial(edit.row, label, position)
            choice = None if label in edit.values else gr.skip()
            new = edit.move(label, None if initial else position)
            return new, choice

        return handle

    def _set(self, label):
        session = self._session

        def handle(edit, code):
            classes = session.classes(label)
            new = edit.set(label, None if code is None else classes[code])
            if label not in session.ends:
                return [new]
            return new, self._states(new)[0][label]

        return handle

    def _redraw(self, edit):
        if not edit.requests(self._session.model):
            raise ValueError("Change a label first, then press Draw again.")
        return [edit.redraw()]

    def _swap(self, edit, donor, labels):
        if donor is None:
            return [edit]
        return [replace(edit, donor=donor, swapped=tuple(labels))]

    def _lock(self, edit, features):
        return [replace(edit, keep=tuple(features))]

    def _assess(self, edit):
        session = self._session
        sample = edited(session.model, session.X, edit)
        return (
            _views.report_view(report(session.model, session.X, edit)),
            self._lines(edit),
            _views.download_view(session, edit, sample),
            to_link(edit),
            "",
        )

    def _lines(self, edit):
        session = self._session
        return _views.code_view(session.setup + code(session.model, session.X, edit))


def _choice(label, classes, chosen, sliders):
    """Return a component to set a label: buttons for some classes, a list for many."""
    choices = [(text, index) for index, text in enumerate(words(classes))]
    if len(choices) > _MAX_BUTTONS:
        return gr.Dropdown(
            choices, value=chosen, label=label, interactive=True, elem_classes="set"
        )
    # The buttons of two classes are at the ends of a slider, which shows the label.
    with_slider = label in sliders
    return gr.Radio(
        choices,
        value=chosen,
        label=f"Set {label}" if with_slider else label,
        show_label=not with_slider,
        container=not with_slider,
        interactive=True,
        elem_classes=["set", "ends" if with_slider else "classes"],
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
