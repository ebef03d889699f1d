"""Write the page of the faces that ship with the package, which the guide embeds."""

from pathlib import Path

from sklearn_revae.demo import export_html, load_avatars
from sklearn_revae.demo._avatars import PRESETS


def write_page(app, exception):
    """Write `_static/faces.html` beside the pages."""
    if exception is None and app.builder.format == "html":
        path = Path(app.outdir, "_static", "faces.html")
        export_html(*load_avatars(), path, presets=PRESETS)


def setup(app):
    """Run when all pages and static files are written."""
    app.connect("build-finished", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
