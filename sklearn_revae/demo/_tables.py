"""A sample of a table as HTML or CSV, with the changes of an edit marked."""

import csv
import io
from html import escape

from sklearn_revae._data.missing import is_missing
from sklearn_revae.inspection._tabular import columns_of

# For wider tables only the changed features are shown.
MAX_FEATURES = 200
# The page shows the column of the reconstruction only on request.
_REBUILT = ' class="rebuilt"'


def cells(sample):
    """Values of a single sample (1, n_features), with None for missing values."""
    values = [column[0] for column in columns_of(sample)]
    return [None if is_missing(value) else value for value in values]


def cell_text(value):
    """Text that shows a value."""
    if value is None:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def sample_name(names, sample):
    """Name of a sample, made of its first three values."""
    return ", ".join(
        f"{name} {cell_text(value)}"
        for name, value in zip(names[:3], cells(sample)[:3], strict=True)
    )


def comparison(names, original, reconstruction, edited, keep=()):
    """HTML table with one line per feature, which marks the changes of an edit.

    Parameters
    ----------
    names : list of str
        Names of the features.
    original, reconstruction, edited : array-like of shape (1, n_features)
        The sample, its reconstruction by the model, and the sample after the edit.
    keep : sequence of str
        Names of the locked features.
    """
    rows = list(
        zip(names, cells(original), cells(reconstruction), cells(edited), strict=True)
    )
    note = ""
    if len(rows) > MAX_FEATURES:
        changed = [r for r in rows if cell_text(r[1]) != cell_text(r[3])]
        shown = changed[:MAX_FEATURES]
        note = (
            f"<p>Showing {len(shown)} of the {len(changed)} features that the edit "
            f"changed, out of {len(rows)} features.</p>"
        )
        rows = shown
    lines = "".join(_line(*row, locked=row[0] in keep) for row in rows)
    head = "".join(
        f'<th scope="col"{_REBUILT if title == "Reconstruction" else ""}>{title}</th>'
        for title in ("Feature", "Original", "Reconstruction", "Edited", "Change")
    )
    return (
        f'{note}<div class="scroll" tabindex="0" role="region" '
        'aria-label="The sample, with one line per feature"><table class="cells">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _line(name, original, reconstruction, edited, locked):
    changed = cell_text(original) != cell_text(edited)
    # In words, because not everyone can see the colour that marks a change.
    change = _change(original, edited) if changed else "locked" if locked else ""
    old = f"<td>{escape(cell_text(original))}</td>"
    old += f"<td{_REBUILT}>{escape(cell_text(reconstruction))}</td>"
    new = escape(cell_text(edited))
    new = f"<strong>{new}</strong>" if changed else new
    mark = ' class="changed"' if changed else ""
    return (
        f'<tr{mark}><th scope="row">{escape(name)}</th>{old}<td>{new}</td>'
        f"<td>{escape(change)}</td></tr>"
    )


def _change(original, edited):
    if original is None:
        return "filled in"
    if edited is None:
        return "removed"
    if isinstance(original, float) and isinstance(edited, float):
        difference = edited - original
        return f"{'▲' if difference > 0 else '▼'} {abs(difference):.3g}"
    return "● changed"


def as_csv(names, edited):
    """Encode the edited sample as a CSV file, in full precision."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerow(["" if value is None else value for value in cells(edited)])
    return file.getvalue().encode()
