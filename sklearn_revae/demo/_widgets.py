"""The controls of a session as ipywidgets."""

from dataclasses import replace
from importlib.resources import files

import ipywidgets as widgets

from sklearn_revae.demo import _views
from sklearn_revae.demo._edit import Edit, classes_of, code, edited, report

_AS_IT_IS = "as it is"
# The value of a dropdown where nothing is chosen; None would leave it blank.
_NOTHING = ...
# Names of labels stand in one column; longer ones are cut short.
_WIDEST_NAME = 30


def make_widget(session):
    """Return the widget of a session.

    Parameters
    ----------
    session : Session
        The model and its rows.

    Returns
    -------
    widget : ipywidgets.VBox
        Its attribute `explorer` is the :class:`Explorer` behind it.
    """
    explorer = Explorer(session)
    explorer.widget.explorer = explorer
    return explorer.widget


class Explorer:
    """Widgets of a session and what they do.

    Parameters
    ----------
    session : Session
        The model and its rows.

    Attributes
    ----------
    row : Dropdown
        The row that is edited.
    sliders, choices : dict of str to widget
        A slider for each label, and its values to set outright.
    locks, donor, swapped : widget
        Locked columns, the row that gives, and the labels that it gives.
    draw, reset : Button
        Draws the asked labels anew; takes all back.
    original, rebuilt, edited, report, code : widget
        What is seen.
    widget : VBox
        All of it.
    """

    def __init__(self, session):
        self._session = session
        self._edit = Edit()
        self._quiet = False
        names = _views.row_names(session)
        rows = [(name, i) for i, name in enumerate(names)]
        self.row = widgets.Dropdown(options=rows, value=0, description="Row")
        self.sliders, self.choices = {}, {}
        width = min(max(map(len, session.movable), default=0) + 2, _WIDEST_NAME)
        for label in session.movable:
            self.sliders[label] = widgets.FloatSlider(
                value=session.places(0)[label],
                min=0.0,
                max=1.0,
                step=0.01,
                description=label,
                # Notebooks keep arrow keys to themselves: a number can be typed.
                readout_format=".2f",
                style={"description_width": f"{width}ch"},
                layout={"width": f"calc({width}ch + 260px)"},
            )
            values = classes_of(session.model, label)
            self.choices[label] = widgets.Dropdown(
                options=[(_AS_IT_IS, _NOTHING), *((str(v), v) for v in values)],
                layout={"width": "110px"},
            )
        self.locks = widgets.SelectMultiple(
            options=_columns(session), description="Locked"
        )
        self.donor = widgets.Dropdown(
            options=[("nobody", _NOTHING), *rows], description="Swap with"
        )
        self.swapped = widgets.SelectMultiple(
            options=session.labels, description="It gives"
        )
        self.draw = widgets.Button(description="Draw again")
        self.reset = widgets.Button(description="Back to the row")
        self.original, self.rebuilt = widgets.HTML(), widgets.HTML()
        self.edited, self.report = widgets.HTML(), widgets.HTML()
        self.code = widgets.Textarea(disabled=True, layout={"width": "100%"})
        self._listen()
        self._pick()
        self.widget = self._laid_out()

    def _laid_out(self):
        css = files("sklearn_revae.demo").joinpath("notebook.css").read_text("utf-8")
        style = widgets.HTML(f"<style>{css}</style>", layout={"display": "none"})
        box = widgets.VBox([style, *self._parts()])
        box.add_class("revae")
        return box

    def _parts(self):
        if self._session.pictures is None:
            views = [self.edited]
        else:
            views = [self.original, self.rebuilt, self.edited]
        if not self._session.labels:
            none = widgets.HTML(
                "<p>The model was fitted without labels: none to move.</p>"
            )
            return [self.row, widgets.HBox(views[:2]), none]
        labels = widgets.VBox(
            [
                widgets.HBox([slider, self.choices[label]])
                for label, slider in self.sliders.items()
            ]
        )
        swap = [self.donor, self.swapped]
        if self._session.pictures is None:
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
        for label in self.sliders:
            self.sliders[label].observe(self._slide(label), "value")
            self.choices[label].observe(self._set(label), "value")

    def _put(self, places=(), at_rest=()):
        """Set labels' sliders, and dropdowns to nothing, unheard."""
        self._quiet = True
        for label in self.sliders.keys() & places:
            self.sliders[label].value = places[label]
        for dropdown in at_rest:
            dropdown.value = _NOTHING
        self._quiet = False

    def _pick(self):
        session, row = self._session, self.row.value
        self._put(session.places(row), [*self.choices.values(), self.donor])
        if session.pictures is not None:
            self.original.value = _views.original_view(session, row)
            self.rebuilt.value = _views.rebuilt_view(session, row)
        self._show(Edit(row=row, keep=self._edit.keep))

    def _slide(self, label):
        def handle(change):
            if self._quiet:
                return
            place = round(change["new"], 2)
            at_rest = place == self._session.places(self._edit.row)[label]
            self._put(at_rest=[self.choices[label], self.donor])
            self._show(self._edit.slid(label, None if at_rest else place))

        return handle

    def _set(self, label):
        def handle(change):
            if self._quiet:
                return
            self._put(at_rest=[self.donor])
            new = self._show(self._edit.set(label, _chosen(change["new"])))
            self._put({label: self._session.places(new)[label]})

        return handle

    def _redraw(self):
        if self._edit.asked(self._session.model):
            self._show(self._edit.drawn())

    def _swap(self):
        if not self._quiet:
            self._change(donor=_chosen(self.donor.value), swapped=self.swapped.value)

    def _change(self, **changes):
        self._show(replace(self._edit, **changes))

    def _show(self, edit):
        session = self._session
        self._edit = edit
        new = edited(session.model, session.X, edit)
        self.edited.value = _views.edited_view(session, edit, new)
        if session.labels:
            self.report.value = _views.report_view(report(session.model, session.X, edit))
            self.code.value = session.setup + code(session.model, session.X, edit)
        return new


def _chosen(value):
    return None if value is _NOTHING else value


def _columns(session):
    named = hasattr(session.model, "feature_names_in_")
    if session.pictures is not None:
        return []
    return [(name, name if named else j) for j, name in enumerate(session.columns)]
