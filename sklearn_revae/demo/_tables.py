"""A row of a table, with what an edit changed in it marked."""

import csv
import io
from html import escape

from sklearn_revae.inspection._tabular import columns_of

# Wider tables are cut to what changed.
MOST_COLUMNS = 200


def cells(row):
    """The values of a table's only row: floats, and others; None where missing."""
    values = [column[0] for column in columns_of(row)]
    return [None if value is None or value != value else value for value in values]


def cell_text(value):
    """A value as it is shown."""
    if value is None:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def row_name(names, row):
    """A few values by which a row is told from others."""
    return ", ".join(
        f"{name} {cell_text(value)}"
        for name, value in zip(names[:3], cells(row)[:3], strict=True)
    )


def comparison(names, original, rebuilt, edited, keep=()):
    """Table of HTML: a line a column, what the edit changed in words and in bold.

    Parameters
    ----------
    names : list of str
        The columns.
    original, rebuilt, edited : array-like of shape (1, n_features)
        The row, as the model rebuilds it, and after the edit.
    keep : sequence of str
        Locked columns.
    """
    rows = list(zip(names, cells(original), cells(rebuilt), cells(edited), strict=True))
    note = ""
    if len(rows) > MOST_COLUMNS:
        changed = [r for r in rows if cell_text(r[1]) != cell_text(r[3])]
        note = (
            f"<p>{len(rows)} columns; shown are {min(len(changed), MOST_COLUMNS)} of the "
            f"{len(changed)} that the edit changed.</p>"
        )
        rows = changed[:MOST_COLUMNS]
    lines = "".join(_line(*row, locked=row[0] in keep) for row in rows)
    head = "".join(
        f'<th scope="col">{title}</th>'
        for title in ("Column", "Row", "Rebuilt", "Edited", "Change")
    )
    return (
        f'{note}<div class="scroll" tabindex="0" role="region" '
        f'aria-label="The row, a line a column"><table class="cells"><thead><tr>{head}'
        f"</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _line(name, original, rebuilt, edited, locked):
    changed = cell_text(original) != cell_text(edited)
    # Words, for colour alone tells some readers nothing.
    change = _change(original, edited) if changed else "locked" if locked else ""
    cut = "".join(f"<td>{escape(cell_text(v))}</td>" for v in (original, rebuilt))
    new = escape(cell_text(edited))
    new = f"<strong>{new}</strong>" if changed else new
    mark = ' class="changed"' if changed else ""
    return (
        f'<tr{mark}><th scope="row">{escape(name)}</th>{cut}<td>{new}</td>'
        f"<td>{escape(change)}</td></tr>"
    )


def _change(original, edited):
    if original is None:
        return "filled in"
    if edited is None:
        return "removed"
    if isinstance(original, float) and isinstance(edited, float):
        step = edited - original
        return f"{'▲' if step > 0 else '▼'} {abs(step):.3g}"
    return "● another"


def as_csv(names, edited):
    """The edited row as a file of comma-separated values, of full precision."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerow(["" if value is None else value for value in cells(edited)])
    return file.getvalue().encode()
