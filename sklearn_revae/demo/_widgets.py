"""The components of a session as ipywidgets."""

from dataclasses import replace
from importlib.resources import files

import ipywidgets as widgets

from sklearn_revae.demo import _views
from sklearn_revae.demo._edit import Edit, code, edited, report, words
from sklearn_revae.demo._session import STEP

_UNCHANGED = "unchanged"
# Value of a drop-down list in which nothing is chosen. None would show an empty list.
_NO_CHOICE = ...
# Width of the names of labels, in characters. Longer names are truncated.
_MAX_NAME_WIDTH = 30


def make_widget(session):
    """Return the widget of a session.

    Parameters
    ----------
    session : Session
        The model and its samples.

    Returns
    -------
    widget : ipywidgets.VBox
        The widget, whose attribute `explorer` is its :class:`Explorer`.
    """
    explorer = Explorer(session)
    explorer.widget.explorer = explorer
    return explorer.widget


class Explorer:
    """The widgets of a session and their handlers.

    Parameters
    ----------
    session : Session
        The model and its samples.

    Attributes
    ----------
    row : Dropdown
        The sample to edit.
    sliders, choices : dict of str to widget
        A slider for each label of two classes, and for each label a list of its classes.
    locks, donor, swapped : widget
        Locked features, the donor sample, and the labels to take from the donor.
    draw, reset : Button
        Draw the requested labels again, and undo the edit.
    original, reconstruction, edited, report, code : widget
        The views.
    widget : VBox
        All widgets together.
    """

    def __init__(self, session):
        self._session = session
        self._edit = Edit()
        # True while handlers set widgets, whose events must then be ignored.
        self._muted = False
        names = _views.sample_names(session)
        samples = [(name, i) for i, name in enumerate(names)]
        self.row = widgets.Dropdown(options=samples, value=0, description="Sample")
        self.sliders, self.choices = {}, {}
        width = min(max(map(len, session.editable), default=0) + 2, _MAX_NAME_WIDTH)
        description = {"description_width": f"{width}ch"}
        for label, position in session.positions(0).items():
            low, high = session.ends[label]
            self.sliders[label] = widgets.FloatSlider(
                value=position,
                min=low,
                max=high,
                step=STEP,
                description=label,
                # Typing a number replaces the arrow keys, which notebooks intercept.
                readout_format=".3f",
                style=description,
                layout={"width": f"calc({width}ch + 260px)"},
            )
        for label in session.editable:
            values = session.classes(label)
            options = zip(words(values), values, strict=True)
            self.choices[label] = widgets.Dropdown(
                options=[(_UNCHANGED, _NO_CHOICE), *options],
                layout={"width": "110px"},
            )
            if label not in self.sliders:
                self.choices[label].description = label
                self.choices[label].style = description
                self.choices[label].layout.width = f"calc({width}ch + 260px)"
        self.locks = widgets.SelectMultiple(
            options=session.lockable, description="Locked"
        )
        self.donor = widgets.Dropdown(
            options=[("none", _NO_CHOICE), *samples], description="Swap with"
        )
        self.swapped = widgets.SelectMultiple(
            options=session.labels, description="Labels"
        )
        self.draw = widgets.Button(description="Draw again")
        self.reset = widgets.Button(description="Reset")
        self.original, self.reconstruction = widgets.HTML(), widgets.HTML()
        self.edited, self.report = widgets.HTML(), widgets.HTML()
        self.code = widgets.Textarea(disabled=True, rows=4, layout={"width": "auto"})
        self._listen()
        self._pick()
        self.widget = self._layout()

    def _layout(self):
        css = files("sklearn_revae.demo").joinpath("notebook.css").read_text("utf-8")
        style = widgets.HTML(f"<style>{css}</style>", layout={"display": "none"})
        box = widgets.VBox([style, *self._parts()])
        box.add_class("revae")
        return box

    def _parts(self):
        if self._session.images is None:
            views = [self.edited]
        else:
            views = [self.original, self.reconstruction, self.edited]
        if not self._session.editable:
            return [self.row, widgets.HBox(views[:2]), widgets.HTML(_views.NO_LABELS)]
        labels = widgets.VBox(
            [
                widgets.HBox([*self._slider(label), choice])
                for label, choice in self.choices.items()
            ]
        )
        swap = [self.donor, self.swapped]
        if self._session.images is None:
            swap.append(self.locks)
        return [
            widgets.HBox([self.row, self.reset, self.draw]),
            widgets.HBox(views),
            labels,
            widgets.HBox(swap),
            self.report,
            self.code,
        ]

    def _listen(self):
        self.row.observe(lambda _: self._pick(), "value")
        self.reset.on_click(lambda _: self._pick())
        self.draw.on_click(lambda _: self._redraw())
        self.locks.observe(lambda _: self._change(keep=self.locks.value), "value")
        for widget in (self.donor, self.swapped):
            widget.observe(lambda _: self._swap(), "value")
        for label, slider in self.sliders.items():
            slider.observe(self._move(label), "value")
        for label, choice in self.choices.items():
            choice.observe(self._set(label), "value")

    def _slider(self, label):
        """The slider of a label in a list, which is empty if it has none."""
        return [self.sliders[label]] if label in self.sliders else []

    def _update(self, positions=(), cleared=()):
        """Set the sliders of labels and clear lists, without handling the events."""
        self._muted = True
        for label in self.sliders.keys() & positions:
            self.sliders[label].value = positions[label]
        for choice in cleared:
            choice.value = _NO_CHOICE
        self._muted = False

    def _pick(self):
        session, row = self._session, self.row.value
        self._update(session.positions(row), [*self.choices.values(), self.donor])
        if session.images is not None:
            self.original.value = _views.original_view(session, row)
            self.reconstruction.value = _views.reconstruction_view(session, row)
        self._show(Edit(row=row, keep=self._edit.keep))

    def _move(self, label):
        def handle(change):
            if self._muted:
                return
            position = round(change["new"], 3)
            initial = self._session.is_initial(self._edit.row, label, position)
            self._update(cleared=[self.choices[label], self.donor])
            self._show(self._edit.move(label, None if initial else position))

        return handle

    def _set(self, label):
        def handle(change):
            if self._muted:
                return
            self._update(cleared=[self.donor])
            new = self._show(self._edit.set(label, _chosen(change["new"])))
            self._update({label: self._session.positions(new).get(label)})

        return handle

    def _redraw(self):
        self._show(self._edit.redraw())

    def _swap(self):
        if not self._muted:
            self._change(donor=_chosen(self.donor.value), swapped=self.swapped.value)

    def _change(self, **changes):
        self._show(replace(self._edit, **changes))

    def _show(self, edit):
        session = self._session
        self._edit = edit
        self.draw.disabled = not edit.requests(session.model)
        new = edited(session.model, session.X, edit)
        self.edited.value = _views.edited_view(session, edit, new)
        if session.editable:
            self.report.value = _views.report_view(report(session.model, session.X, edit))
            self.code.value = session.setup + code(session.model, session.X, edit)
        return new


def _chosen(value):
    return None if value is _NO_CHOICE else value
