"""The HTML that the page and the notebook widget show for an edit."""

from html import escape

from sklearn_revae.demo import _tables
from sklearn_revae.demo._edit import take
from sklearn_revae.demo._images import SHEET_COLUMNS, data_url

NO_LABELS = (
    "<p>This model was fitted without labels, so there is nothing to edit. You can "
    "compare samples with their reconstructions.</p>"
)

WIPE = (
    "<label>Wipe to the original "
    '<input type="range" min="0" max="100" value="0" oninput="document.querySelector('
    "'#edited').style.setProperty('--wipe', this.value + '%')\"></label>"
)

# While the report of an edit is computed, that of the edit before it is dimmed.
STALE = "<style>#assessment, #download { opacity: .4; pointer-events: none }</style>"


def alert(text):
    """A message about an error, which screen readers announce."""
    return f'<p role="alert" class="bad">{escape(text)}</p>'


def figure(session, sample, title, alt):
    """One sample as an image with a title below it."""
    source = data_url(session.images.png(sample), "image/png")
    return (
        f'<figure><img src="{source}" alt="{escape(alt)}">'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )


def original_view(session, row):
    """The image of the sample at index `row`."""
    return figure(session, take(session.X, row), "Original", f"Sample {row}")


def reconstruction_view(session, row):
    """The image of the reconstruction of the sample at index `row`."""
    reconstruction = session.model.reconstruct(take(session.X, row))
    return figure(
        session, reconstruction, "Reconstruction", f"Reconstruction of sample {row}"
    )


def edited_view(session, edit, new):
    """The edited sample: an image, or a table with the original and reconstruction."""
    if session.images is not None:
        return figure(session, new, "Edited", f"Sample {edit.row}, edited")
    original = take(session.X, edit.row)
    reconstruction = session.model.reconstruct(original)
    return _tables.comparison(
        session.feature_names, original, reconstruction, new, edit.keep
    )


def download_view(session, edit, new):
    """A link that downloads the edited sample, which the page itself contains."""
    if session.images is not None:
        url = data_url(session.images.png(new), "image/png")
        name, text = f"sample_{edit.row}_edited.png", "Download the image"
    else:
        url = data_url(_tables.as_csv(session.feature_names, new), "text/csv")
        name, text = f"sample_{edit.row}_edited.csv", "Download the sample"
    return f'<a class="download" href="{url}" download="{name}">{text}</a>'


def report_view(report):
    """The numbers of an intervention report on a single sample, in words."""
    if report is None:
        return (
            "<p>There is no edit yet. Change a label to see how the model itself "
            "assesses the edit.</p>"
        )
    lines = []
    for a, (label, values) in enumerate(report.requested.items()):
        before, after = report.probability_before[0, a], report.probability_after[0, a]
        verdict = "achieved" if report.achieved[0, a] else "not achieved"
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
                f"largest change of a probability {report.other_change[0]:.2f}, for "
                f"{escape(str(report.other_label[0]))}",
            )
        )
    plausibility = (
        "<strong>out of distribution</strong>: less likely than 99 % of the training "
        "samples"
        if report.out_of_distribution[0]
        else "within the distribution of the training samples"
    )
    lines += [
        ("Edited sample", plausibility),
        ("Distance", f"{report.distance[0]:.2f} standard deviations per feature"),
    ]
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{text}</td></tr>'
        for name, text in lines
    )
    return f'<table class="report"><tbody>{body}</tbody></table>'


def code_view(lines):
    """Python code with a button that copies it."""
    copy = (
        "navigator.clipboard?.writeText(this.previousElementSibling.textContent)"
        ".then(() => { this.textContent = 'Copied' })"
    )
    return (
        f'<pre tabindex="0" aria-label="Python code">{escape(lines)}</pre>'
        f'<button class="copy" onclick="{copy}">Copy</button>'
    )


def sample_names(session):
    """Names of the samples in the gallery."""
    if session.images is not None:
        return [f"Sample {i}" for i in range(session.n_shown)]
    names = session.feature_names
    return [
        f"{i}: {_tables.sample_name(names, take(session.X, i))}"
        for i in range(session.n_shown)
    ]


def marks_style(session, row):
    """CSS that marks where the sample at index `row` begins.

    The mark is a line on a slider and a dot on a button. The original image lies over the
    edited one, cut off where the user puts the wipe.
    """
    positions, predicted = session.positions(row), session.predicted(row)
    lines = []
    for i, label in enumerate(session.editable):
        if label in positions:
            low, high = session.ends[label]
            began = (positions[label] - low) / (high - low)
            lines.append(f"#label-{i}{{--began:{began:.4f}}}")
        else:
            k = session.classes(label).index(predicted[label]) + 1
            lines.append(f"#label-{i} .set label:nth-of-type({k})::after{{content:'•'}}")
    if session.images is not None:
        original = data_url(session.images.png(take(session.X, row)), "image/png")
        lines.append(f"#edited{{--original:url({original})}}")
    return f"<style>{''.join(lines)}</style>"


def gallery_style(session):
    """CSS that shows the images of the samples, from one sheet, on the buttons."""
    if session.images is None:
        return ""
    sheet = data_url(session.images.sheet(session.shown), "image/png")
    n_rows = -(-session.n_shown // SHEET_COLUMNS)
    across, down = SHEET_COLUMNS - 1, max(n_rows - 1, 1)
    positions = "".join(
        f".tiles label:nth-of-type({i + 1}){{background-position:"
        f"{100 * (i % SHEET_COLUMNS) / across:.4f}% "
        f"{100 * (i // SHEET_COLUMNS) / down:.4f}%!important}}"
        for i in range(session.n_shown)
    )
    return (
        # !important, because gradio's colours of the buttons would hide the images.
        f"<style>.tiles label{{background-image:url({sheet})!important;"
        f"background-size:{100 * SHEET_COLUMNS}% {100 * n_rows}%!important}}{positions}"
        "</style>"
    )
