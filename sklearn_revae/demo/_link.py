"""Links that repeat an edit: the sample and the values of its labels, as text."""

from urllib.parse import parse_qsl, urlencode

from sklearn_revae.demo._edit import Edit


def to_link(edit):
    """Return the fragment of an address that repeats an edit.

    It has the number of the sample, the positions of moved sliders (`at.NAME`) and the
    classes that labels were set to (`is.NAME`). Draws, swaps and locks are left out.
    """
    pairs = [("sample", edit.row)]
    pairs += [(f"at.{label}", position) for label, position in edit.positions.items()]
    pairs += [(f"is.{label}", value) for label, value in edit.values.items()]
    return urlencode(pairs)


def from_link(text, session):
    """Return the edit of a fragment, and a message about the parts that do not fit.

    Returns
    -------
    edit : Edit
        The edit, without the parts that the session does not have.
    error : str
        A message that names these parts; empty if all parts fit.
    """
    edit, ignored = Edit(), []
    for key, value in parse_qsl(text.removeprefix("#")):
        new = _with_part(edit, key, value, session)
        if new is None:
            ignored.append(f"{key}={value}")
        edit = new or edit
    if not ignored:
        return edit, ""
    return edit, (
        "This link does not fit the model and the samples of this page. "
        f"It was shown without: {', '.join(ignored)}."
    )


def _with_part(edit, key, value, session):
    """Return the edit with one part of a link, or None if the session lacks it."""
    if key == "sample":
        fits = value in map(str, range(session.n_shown))
        return Edit(int(value), edit.positions, edit.values) if fits else None
    kind, _, name = key.partition(".")
    label = {str(label): label for label in session.editable}.get(name)
    if kind == "at" and label in session.ends:
        position = _position(value, *session.ends[label])
        return None if position is None else edit.move(label, position)
    if kind == "is" and label is not None:
        same = [v for v in session.classes(label) if str(v) == value]
        return edit.set(label, same[0]) if same else None
    return None


def _position(text, low, high):
    """The position that a text states, or None if no slider can be there."""
    try:
        position = float(text)
    except ValueError:
        return None
    return position if low <= position <= high else None
