"""Pages of the API reference: groups of parameters, inherited methods, short titles."""

import inspect
import re
from importlib import import_module
from typing import get_args

from sklearn_revae._base import BaseReVAE
from sklearn_revae._parameters import PARAMETERS, Group

MODULES = ("", ".datasets", ".demo", ".inspection", ".model_selection", ".persistence")
_ENTRY = re.compile(r"    \*\*(\w+)\*\*")


def grouped(lines):
    """Return a docstring that numpydoc has processed with one field per parameter group.

    The docstring itself keeps a single section of parameters, because scikit-learn and
    editors read it.
    """
    begin = lines.index(":Parameters:")
    end = begin + 1
    while end < len(lines) and (not lines[end] or lines[end].startswith(" ")):
        end += 1
    entries = {}
    for line in lines[begin + 1 : end]:
        if found := _ENTRY.match(line):
            entry = entries[found[1]] = []
        if entries:
            entry.append(line)
    fields = []
    for group in get_args(Group):
        fields += [f":{group.capitalize()} parameters:", ""]
        for name, entry in entries.items():
            fields += entry if PARAMETERS[name].group == group else []
    return [*lines[:begin], *fields, *lines[end:]]


def group_parameters(app, what, name, found, options, lines):
    """Group the parameters of the classifier, the regressor and the transformer."""
    if inspect.isclass(found) and issubclass(found, BaseReVAE):
        lines[:] = grouped(lines)


def name_the_gallery(app, what, name, found, options, lines):
    """Replace links to scikit-learn's gallery in a build that cannot reach it."""
    if not app.config.intersphinx_mapping:
        text = re.sub(
            r":ref:`sphx_glr_\w+\.py`", "scikit-learn's gallery", "\n".join(lines)
        )
        lines[:] = text.split("\n")


def inherited_methods():
    """Return the methods of each public class that another package defines, a dict."""
    inherited = {}
    for module in [import_module(f"sklearn_revae{name}") for name in MODULES]:
        for name, cls in inspect.getmembers(module, inspect.isclass):
            homes = {m: getattr(getattr(cls, m), "__module__", None) for m in dir(cls)}
            inherited[f"{module.__name__}.{name}"] = [
                method
                for method, home in homes.items()
                if not str(home).startswith("sklearn_revae")
            ]
    return inherited


def shorten_title(app, doctree):
    """Call the page of a method by the method's name in lists of pages.

    Its heading has the name of the class as well, and breaks between the two.
    """
    from docutils import nodes

    page = app.env.docname
    cls, _, method = app.env.titles[page].astext().partition(".")
    if page.startswith("api/generated/") and method:
        app.env.titles[page] = nodes.title("", "", nodes.Text(method))
        # The list of pages beside the text shows the entry of the page's own contents.
        entry = next(app.env.tocs[page].findall(nodes.reference))
        entry.children = [nodes.Text(method)]
        heading = next(doctree.findall(nodes.title))
        heading.children = [nodes.Text(f"{cls}.\N{ZERO WIDTH SPACE}{method}")]


def show_attributes_as_written():
    """Keep the text of each attribute.

    Otherwise numpydoc would replace the text of a property by a link to a page about the
    property, and by the first sentence of the property's own docstring.
    """
    from numpydoc.docscrape_sphinx import SphinxDocString

    process = SphinxDocString._process_param
    SphinxDocString._process_param = lambda self, name, text, _: process(
        self, name, text, False
    )


def setup(app):
    """Run after numpydoc and after Sphinx has collected titles; their priority is 500."""
    show_attributes_as_written()
    app.connect("autodoc-process-docstring", group_parameters, priority=600)
    app.connect("autodoc-process-docstring", name_the_gallery, priority=600)
    app.connect("doctree-read", shorten_title, priority=600)
    app.config.autosummary_context = {"inherited_methods": inherited_methods()}
    return {"parallel_read_safe": True, "parallel_write_safe": True}
