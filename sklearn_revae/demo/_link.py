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
    """Return the edit of a fragment. What the session does not have is left out."""
    edit = Edit()
    labels = {str(label): label for label in session.editable}
    for key, value in parse_qsl(text.removeprefix("#")):
        kind, _, name = key.partition(".")
        label = labels.get(name)
        if key == "sample" and value in map(str, range(session.n_shown)):
            edit = Edit(int(value), edit.positions, edit.values)
        elif kind == "at" and label in session.ends:
            edit = edit.move(label, _position(value, *session.ends[label]))
        elif kind == "is" and label is not None:
            same = [v for v in session.classes(label) if str(v) == value]
            edit = edit.set(label, same[0] if same else None)
    return edit


def _position(text, low, high):
    """The position that a text states, or None if no slider can be there."""
    try:
        position = float(text)
    except ValueError:
        return None
    return position if low <= position <= high else None
