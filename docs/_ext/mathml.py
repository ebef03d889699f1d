"""Render formulas as MathML, which browsers display without scripts or network access.

Not every system has a font for formulas, so the site brings one: the letters and signs of
STIX Two Math that are listed in FONT_CHARACTERS. To add some, extend the list and write
docs/_static/stix-two-math.woff2 anew (`pip install fonttools brotli`), from the font of
https://github.com/stipub/stixfonts or of the npm package @fontsource/stix-two-math::

    pyftsubset FONT --flavor=woff2 --no-hinting --layout-features='*' \\
        --output-file=docs/_static/stix-two-math.woff2 --unicodes=FONT_CHARACTERS
"""

import re
from html import escape, unescape

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

# Latin letters, digits and accents; Greek letters; dots, primes and invisible operators;
# arrows, operators, relations and brackets; letters in bold, italic and bold italic, and
# capital letters in script and blackboard.
FONT_CHARACTERS = (
    "20-7e,a0,ac,b1,b7,d7,131,237,300-305,391-3a1,3a3-3a9,3b1-3c9,3d1,3d5,3d6,3f0,3f1,3f5,"
    "2016,2020,2026,2032-2034,203e,2061-2064,2102,210b,210d,210e,2110,2112,2113,2115,2119,"
    "211a,211b,211d,2124,212c,2130,2131,2133,2190-2194,21a6,21d0-21d4,2200,2202-2209,220b,"
    "220f-2213,2215-221a,221d,221e,2223-222b,223c,2248,2260-2265,2282-2287,2295,2297,22a4,"
    "22a5,22c5,22ef,2308-230b,23de,23df,27e8,27e9,1d400-1d454,1d456-1d467,1d49c,1d49e,1d49f,"
    "1d4a2,1d4a5,1d4a6,1d4a9-1d4ac,1d4ae-1d4b5,1d538,1d539,1d53b-1d53e,1d540-1d544,1d546,"
    "1d54a-1d550,1d6a4,1d6a5,1d6a8-1d71b"
)
# The font lacks these accents and this operator: browsers take them from another font.
FROM_OTHER_FONTS = set("\u02c6\u02c9\u2299")
_LOG = logging.getLogger(__name__)


def font_characters():
    """Return the characters of the font, a set."""
    bounds = [part.split("-") for part in FONT_CHARACTERS.split(",")]
    codes = [range(int(part[0], 16), int(part[-1], 16) + 1) for part in bounds]
    return {chr(code) for part in codes for code in part}


def _mathml(node, block):
    source = node.astext().strip()
    # Sphinx starts a new line of a formula at an empty line; docutils only supports `\\`.
    lines = [line for line in re.split(r"\n\s*\n", source) if line.strip()]
    source = r" \\ ".join(lines)
    # docutils does not support \dots, and omits the space after \log and \exp.
    source = re.sub(r"\\dots\b", r"\\ldots", source)
    source = re.sub(r"\\(log|exp)\b(?!\s*[_^(])", r"\\\1\\,", source)
    try:
        formula = latex2mathml.tex2mathml(source, as_block=block)
    except MathError as error:
        _LOG.warning("formula %r: %s", source, error, location=node)
        return f"<code>{escape(source)}</code>"
    written = "".join(unescape(re.sub(r"<[^>]*>", "", formula)).split())
    if missing := sorted(set(written) - font_characters() - FROM_OTHER_FONTS):
        _LOG.warning("formula %r: the font lacks %s", source, missing, location=node)
    return formula


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
