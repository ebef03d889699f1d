"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

import re

from docutils import nodes
from docutils.utils.math import latex2mathml


def _mathml(source, block):
    # Sphinx takes an empty line for a new line of a formula; docutils knows `\\` alone.
    lines = [line for line in re.split(r"\n\s*\n", source.strip()) if line]
    if len(lines) > 1:
        source = r" \\ ".join(lines)
    return latex2mathml.tex2mathml(source, as_block=block)


def visit_math(translator, node):
    """Put an inline formula."""
    translator.body.append(_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def visit_math_block(translator, node):
    """Put a formula of its own, which may be wider than a phone."""
    ids = "".join(f' id="{name}"' for name in node["ids"][:1])
    formula = _mathml(node.astext(), block=True)
    translator.body.append(f'<div class="formula"{ids}>{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer, and choose it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
