"""What a page and a notebook show of an edit, as HTML."""

from html import escape

from sklearn_revae.demo import _tables
from sklearn_revae.demo._edit import take
from sklearn_revae.demo._pictures import SHEET_COLUMNS, data_address


def figure(session, row, title, alt):
    """One row as a picture with its title below."""
    source = data_address(session.pictures.png(row), "image/png")
    return (
        f'<figure><img src="{source}" alt="{escape(alt)}">'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )


def original_view(session, row):
    """The picture of a row itself."""
    return figure(session, take(session.X, row), "The row", f"Row {row}")


def rebuilt_view(session, row):
    """The picture of a row, encoded and decoded."""
    rebuilt = session.model.reconstruct(take(session.X, row))
    return figure(session, rebuilt, "Rebuilt", f"Row {row}, rebuilt by the model")


def edited_view(session, edit, new):
    """The edited row: a picture, or for a table all three rows side by side."""
    if session.pictures is not None:
        return figure(session, new, "Edited", f"Row {edit.row}, edited")
    row = take(session.X, edit.row)
    rebuilt = session.model.reconstruct(row)
    return _tables.comparison(session.columns, row, rebuilt, new, edit.keep)


def download_view(session, edit, new):
    """A link that stores the edited row, which the page carries itself."""
    if session.pictures is not None:
        address = data_address(session.pictures.png(new), "image/png")
        name, text = f"row_{edit.row}_edited.png", "Download the picture"
    else:
        address = data_address(_tables.as_csv(session.columns, new), "text/csv")
        name, text = f"row_{edit.row}_edited.csv", "Download the row"
    return f'<a class="download" href="{address}" download="{name}">{text}</a>'


def report_view(report):
    """The report's numbers of a single edited row, in words."""
    if report is None:
        return (
            "<p>Nothing is asked of the row yet. Move a label, and the model's own "
            "judgement of the edit stands here.</p>"
        )
    lines = []
    for a, (label, values) in enumerate(report.asked.items()):
        before, after = report.probability_before[0, a], report.probability_after[0, a]
        verdict = "reached" if report.achieved[0, a] else "not reached"
        lines.append(
            (
                f"{label} = {values[0]}",
                f"<strong>{verdict}</strong>, probability {before:.2f} → {after:.2f}",
            )
        )
    if report.other_label[0] is not None:
        lines.append(
            (
                "Other labels",
                f"largest change of a probability {report.other_change[0]:.2f}, of "
                f"{escape(str(report.other_label[0]))}",
            )
        )
    plausible = (
        "<strong>out of distribution</strong>: less likely than 99 % of the training rows"
        if report.out_of_distribution[0]
        else "within the distribution of the training rows"
    )
    lines += [
        ("The row now", plausible),
        ("Distance", f"{report.distance[0]:.2f} standard deviations a column"),
    ]
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{text}</td></tr>'
        for name, text in lines
    )
    return f'<table class="report"><tbody>{body}</tbody></table>'


def code_view(lines):
    """Lines of Python, and a button that copies them."""
    copy = (
        "navigator.clipboard?.writeText(this.previousElementSibling.textContent)"
        ".then(() => { this.textContent = 'Copied' })"
    )
    return (
        f'<pre tabindex="0" aria-label="The same in Python">{escape(lines)}</pre>'
        f'<button class="copy" onclick="{copy}">Copy</button>'
    )


def row_names(session):
    """What the rows to pick from are called."""
    if session.pictures is not None:
        return [f"Row {i}" for i in range(session.n_rows)]
    columns = session.columns
    return [
        f"{i}: {_tables.row_name(columns, take(session.X, i))}"
        for i in range(session.n_rows)
    ]


def gallery_style(session):
    """Style that lays the rows' pictures, one sheet, over the buttons to pick them."""
    if session.pictures is None:
        return ""
    sheet = data_address(session.pictures.sheet(session.shown), "image/png")
    lines = -(-session.n_rows // SHEET_COLUMNS)
    across, down = SHEET_COLUMNS - 1, max(lines - 1, 1)
    places = "".join(
        f".tiles label:nth-of-type({i + 1}){{background-position:"
        f"{100 * (i % SHEET_COLUMNS) / across:.4f}% "
        f"{100 * (i // SHEET_COLUMNS) / down:.4f}%!important}}"
        for i in range(session.n_rows)
    )
    return (
        # The buttons' own colours, which depend on their state, would cover it.
        f"<style>.tiles label{{background-image:url({sheet})!important;"
        f"background-size:{100 * SHEET_COLUMNS}% {100 * lines}%!important}}{places}"
        "</style>"
    )
