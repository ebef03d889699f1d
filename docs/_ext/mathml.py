"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

_LOG = logging.getLogger(__name__)


def _mathml(node, block):
    source = node.astext().strip()
    # Sphinx takes an empty line for a new line of a formula; docutils knows `\\` alone.
    lines = [line for line in re.split(r"\n\s*\n", source) if line.strip()]
    source = r" \\ ".join(lines)
    # A name of LaTeX's that docutils does not know, and a space that it forgets.
    source = re.sub(r"\\dots\b", r"\\ldots", source)
    source = re.sub(r"\\(log|exp)\b(?!\s*[_^(])", r"\\\1\\,", source)
    try:
        return latex2mathml.tex2mathml(source, as_block=block)
    except MathError as error:
        _LOG.warning("formula %r: %s", source, error, location=node)
        return f"<code>{escape(source)}</code>"


def visit_math(translator, node):
    """Put an inline formula."""
    translator.body.append(_mathml(node, block=False))
    raise nodes.SkipNode


def visit_math_block(translator, node):
    """Put a formula of its own, which may be wider than a phone."""
    ids = "".join(f' id="{name}"' for name in node["ids"][:1])
    formula = _mathml(node, block=True)
    translator.body.append(f'<div class="formula"{ids}>{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer, and choose it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
