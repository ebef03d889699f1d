"""Remove back-links of references that point to places missing from the page.

numpydoc adds one citation of every reference for the LaTeX output only. In HTML, the link
from the reference back to that citation would be broken.
"""

from docutils import nodes


def remove_dead_backlinks(app, doctree, docname):
    """Remove back-links whose target does not exist in the document."""
    existing = {name for node in doctree.findall(nodes.Element) for name in node["ids"]}
    for kind in (nodes.citation, nodes.footnote):
        for reference in doctree.findall(kind):
            reference["backrefs"] = [n for n in reference["backrefs"] if n in existing]


def setup(app):
    """Run after a page's references are resolved, before it is written."""
    app.connect("doctree-resolved", remove_dead_backlinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
