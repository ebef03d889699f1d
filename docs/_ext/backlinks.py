"""References name no places that are not on their page.

numpydoc cites every reference once for LaTeX alone; in pages the way back from a
reference to that place would lead nowhere.
"""

from docutils import nodes


def drop_dead(app, doctree, docname):
    """Forget the places of citations that are not in the page."""
    there = {name for node in doctree.findall(nodes.Element) for name in node["ids"]}
    for kind in (nodes.citation, nodes.footnote):
        for reference in doctree.findall(kind):
            reference["backrefs"] = [n for n in reference["backrefs"] if n in there]


def setup(app):
    """Connect to pages that are about to be written."""
    app.connect("doctree-resolved", drop_dead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
