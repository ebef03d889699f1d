"""Render formulas as MathML, which browsers display without scripts or network access."""

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

_LOG = logging.getLogger(__name__)


def _mathml(node, block):
    source = node.astext().strip()
    # Sphinx starts a new line of a formula at an empty line; docutils only supports `\\`.
    lines = [line for line in re.split(r"\n\s*\n", source) if line.strip()]
    source = r" \\ ".join(lines)
    # docutils does not support \dots, and omits the space after \log and \exp.
    source = re.sub(r"\\dots\b", r"\\ldots", source)
    source = re.sub(r"\\(log|exp)\b(?!\s*[_^(])", r"\\\1\\,", source)
    try:
        return latex2mathml.tex2mathml(source, as_block=block)
    except MathError as error:
        _LOG.warning("formula %r: %s", source, error, location=node)
        return f"<code>{escape(source)}</code>"


def visit_math(translator, node):
    """Write an inline formula."""
    translator.body.append(_mathml(node, block=False))
    raise nodes.SkipNode


def visit_math_block(translator, node):
    """Write a displayed formula, in a container that can scroll on narrow screens."""
    ids = "".join(f' id="{name}"' for name in node["ids"][:1])
    formula = _mathml(node, block=True)
    translator.body.append(f'<div class="formula"{ids}>{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer and select it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
