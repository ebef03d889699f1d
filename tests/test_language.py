"""Public prose avoids the words and phrases that readers had to decode.

The tests read the pages of the documentation, the examples' docstrings and comments, and
the docstrings of everything public. Code, formulas and literals are not prose.
"""

import ast
import inspect
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GENERATED = {"_build", "auto_examples", "generated", "backreferences"}


@dataclass(frozen=True)
class Habit:
    """A phrase to avoid.

    A space in `pattern` stands for any whitespace. `example` is a sentence that the
    pattern must find, and `plain` the sentence to write instead, which it must not find.
    """

    pattern: str
    instead: str
    example: str
    plain: str

    def find(self, text):
        """Yield a match for every occurrence in `text`."""
        return re.finditer(
            self.pattern.replace(" ", r"\s+"), text, re.IGNORECASE | re.MULTILINE
        )


HABITS = [
    # Words for which the field has a term.
    Habit(
        r"\b(?:gaps?|holes?)\b",
        "missing value(s)",
        "`impute` fills gaps.",
        "`impute` fills in missing values.",
    ),
    Habit(
        r"\b(?:what|which|values|those|ones|that) (?:is|are) there\b",
        "observed",
        "The bound counts the values that are there.",
        "Only observed values enter the ELBO. There are five of them.",
    ),
    Habit(
        r"\bwhat is (?:not )?known\b|\bknown cells?\b",
        "observed; unlabelled; missing",
        "What is not known is -1.",
        "-1 marks an unlabelled entry, whose class is not known.",
    ),
    Habit(
        r"\b(?:labels|seeds|five|ten|twenty|\d+) an? (?:class|type|gene)\b"
        r"|\b(?:latents|numbers|nats|draws?|means?|dimensions) an? "
        r"(?:label|class|row|column|sample|value|step|epoch)\b"
        r"|\b(?:rows|samples|draws) an? (?:class|step|batch|epoch|value)\b",
        "per label, per class, per feature",
        "Number of latents a label, with 20 labels a class.",
        "Number of latent dimensions per label. This gives all samples a label.",
    ),
    Habit(
        r"\bblocks? of (?:latents|a label|other|the others?)\b"
        r"|\b(?:label's|labels'|own) blocks?\b",
        "characteristic latents; latent dimensions",
        "Each label is predicted from its own block.",
        "Each label is predicted from its own latent dimensions. Blocks are shuffled.",
    ),
    Habit(
        r"\brebuil[dt]\w*\b",
        "reconstruction, reconstruct",
        "The face, and the face rebuilt.",
        "The face and its reconstruction.",
    ),
    Habit(
        r"\bdrawn (?:again|anew)\b",
        "reconstructed; edited",
        "The row is drawn again as a nine.",
        "The sample is edited to be a nine. It is drawn from p(x).",
    ),
    Habit(
        r"\b(?:the|one|minus|training|usual) bound\b(?! [,\w]* ?(?:set|is reached))",
        "ELBO, loss, negative ELBO",
        "The bound of labelled rows.",
        "The ELBO of labelled samples. Set the bounds of a feature.",
    ),
    Habit(
        r"\bperceptrons?\b",
        "fully connected network",
        "The encoder is a perceptron.",
        "The encoder is a fully connected network.",
    ),
    Habit(
        r"\bnot (?:been )?fitted (?:to|on)\b",
        "held-out samples, test set",
        "Score it on rows that it was not fitted on.",
        "Score it on held-out samples. The model is not fitted yet.",
    ),
    Habit(
        r"\b(?:rows?|pictures|faces) (?:to learn|learned) from\b"
        r"|\brows to (?:test|train) on\b",
        "training samples; test samples",
        "1257 rows to learn from.",
        "1257 training samples.",
    ),
    Habit(
        r"\bshares? of\b|\bclass shares\b|\bits share\b",
        "fraction",
        "Share of missing values.",
        "Fraction of missing values. The features share one scale.",
    ),
    Habit(
        r"\bnoisy cop(?:y|ies)\b",
        "perturbed view, augmentation",
        "A row and a noisy copy of it.",
        "A sample and a perturbed view of it.",
    ),
    Habit(
        r"\bturned over\b",
        "flipped; edited",
        "Faces with single labels turned over.",
        "Faces in which one label is flipped.",
    ),
    Habit(
        r"\bwhat (?:is|was|has been) asked\b|\bas asked\b"
        r"|\basked (?:value|label|class|to be)\b"
        r"|\b(?:labels?|values?|rows?) (?:that (?:is|are|was|were) )?asked (?:for|of)\b",
        "requested",
        "The edit is recognised as what was asked.",
        "The edit is recognised as the requested value. The page asks for a file.",
    ),
    Habit(
        r"\b(?:is|are|was|were|be) taken for\b|\btakes? -1 for\b|\btook \w+ for\b",
        "is treated as, is inferred to be",
        "What each column is taken for.",
        "The type of each feature is inferred. It takes 20 s for each face.",
    ),
    Habit(
        r"\bone more class\b",
        "an additional class",
        "It takes -1 for one more class.",
        "It treats -1 as an additional class.",
    ),
    Habit(
        r"\bunlike (?:columns?|rows?|things?|ones?|garments?|samples?)\b",
        "different, dissimilar",
        "Unlike columns get a scale each.",
        "Different features are scaled individually, unlike pixels.",
    ),
    Habit(
        r"\bwhat no (?:\w+ is|\w+ can)\b",
        "implausible, out of distribution",
        "Edits drew what no cell is.",
        "The edited cells were implausible.",
    ),
    Habit(
        r"\b(?:a|the) judge\b|\bjudges? (?:its|their) own\b",
        "an independent classifier; the model's own assessment",
        "A judge that knows all labels sees it.",
        "An independent classifier recognises it. Judge for yourself.",
    ),
    Habit(
        r"\btold apart\b|\btell(?:s|ing)? (?:\w+ ){0,3}apart\b",
        "distinguish",
        "The model tells kinds of columns apart.",
        "The model distinguishes types of features.",
    ),
    Habit(
        r"\b(?:is|are|be|was) told\b"
        r"|\b(?:latents?|others?|style|rows?|numbers?|labels?|errors) tells? (?!you|us)",
        "encode information about; predict; receive",
        "What other latents tell of a label.",
        "Information about a label in other latent dimensions. Examples tell you more.",
    ),
    Habit(
        r"\b(?:judge|model|page|encoder|decoder|classifier|latents|rest) "
        r"(?:that )?knows?\b",
        "encode information about; is trained on",
        "Does the rest know the label? The page knows no password.",
        "Do other latent dimensions encode the label? The model is known.",
    ),
    # Constructions that read as a riddle.
    Habit(
        r"(?<!there\s)\b(?:is|are|was|were) no (?!longer\b|worse\b|less\b|fewer\b|"
        r"more\b|other\b|way\b|need\b|match\b|\w+er\b)[a-z]",
        "is not a ...",
        "An intervention is no cause.",
        "An intervention is not a cause. There is no better cause, and it is no longer.",
    ),
    Habit(
        r"\bwho (?:asks|wants|turns|has|needs|can write)\b|\b(?:for|to) who\b",
        "if you ..., you ...",
        "Who asks for one of them gets rid of the other.",
        "If you request one of them, the other is removed. Who can see the page?",
    ),
    Habit(
        r"\bof which\b",
        "a second sentence",
        "It learns from rows of which few are labelled.",
        "It learns from samples, and few of them are labelled.",
    ),
    Habit(
        r"(?<!let\s)(?<!stand-)(?<!stand)\balone\b",
        "only",
        "It has the labelled rows alone.",
        "It is trained on the labelled samples only. The script is stand-alone.",
    ),
    Habit(
        r"\bthe (?:more|less) so\b",
        "especially",
        "Training rows score better, the more so the smaller the data.",
        "Training samples score higher, especially on small data sets.",
    ),
    Habit(
        r"\bby the many\b",
        "many",
        "Counts by the many take a linear encoder.",
        "Many count features take a linear encoder.",
    ),
    Habit(
        r"\ball else\b",
        "everything else; all other features",
        "real: all else.",
        "real: all other features.",
    ),
    Habit(
        r"\bsays? (?:nothing )?of\b|\bsaid of\b|\bis said\b|\bare said\b",
        "say about; describe",
        "What the model says of the edit.",
        "What the model says about the edit.",
    ),
    Habit(
        r"\bone (?:does|did|would|wants|gets|asks) not\b|\bnobody (?:has|asks|knows)\b",
        "you",
        "Nobody has to drop the rows.",
        "You do not have to drop the samples.",
    ),
    Habit(
        r"^You get: ",
        "This page ...",
        "You get: scores that mean something.",
        "This page shows how to score. You get a table.",
    ),
]


def _blank(text):
    """Return spaces in place of `text`, with its line breaks."""
    return re.sub(r"[^\n]", " ", text)


def prose(text):
    """Blank out everything in reStructuredText that is not prose.

    Literal blocks, code, formulas, doctests and inline literals become spaces, so that
    everything else keeps its line.
    """
    lines = text.split("\n")
    block = None  # the indentation of what introduced a block of code
    for i, line in enumerate(lines):
        stripped = line.strip()
        indentation = len(line) - len(line.lstrip())
        if block is not None and stripped and indentation <= block:
            block = None
        if block is not None:
            lines[i] = ""
        elif re.match(r"\.\. (code-block|math|literalinclude|bibtex)::", stripped):
            block = indentation
            lines[i] = ""
        elif stripped.endswith("::") and not stripped.startswith(".. "):
            block = indentation
    text = "\n".join(lines)
    # A doctest ends at the next blank line, together with its output.
    text = re.sub(r"^[ ]*>>> .*(?:\n[ ]*\S.*)*", lambda m: _blank(m[0]), text, flags=re.M)
    return re.sub(
        r"``[^`]*``|`[^`\n]*\n?[^`\n]*`", lambda m: _blank(m[0]), text, flags=re.S
    )


def script_prose(source):
    """Return the docstrings and comments of a script, each on its own line."""
    lines = [""] * (source.count("\n") + 1)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            first = node.body[0] if node.body else None
            if ast.get_docstring(node) is not None:
                for i, line in enumerate(first.value.value.split("\n")):
                    lines[first.lineno - 1 + i] = line
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = token.string.lstrip("#").removeprefix(" ")
    return prose("\n".join(lines))


def faults(text):
    """Line, phrase and advice for everything in `text` that is to be avoided."""
    return [
        (
            text.count("\n", 0, match.start()) + 1,
            " ".join(match[0].split()),
            habit.instead,
        )
        for habit in HABITS
        for match in habit.find(text)
    ]


def _message(path, line, phrase, instead):
    return f"{path}:{line}: {phrase!r}: write {instead!r}"


def _files():
    pages = [ROOT / name for name in ("README.rst", "CHANGELOG.rst", "CONTRIBUTING.rst")]
    pages.append(ROOT / "SECURITY.md")
    pages += [p for p in (ROOT / "docs").rglob("*.rst") if not GENERATED & set(p.parts)]
    pages += [p for p in (ROOT / "examples").rglob("*") if p.suffix in (".py", ".rst")]
    return sorted(str(path.relative_to(ROOT)) for path in pages)


@pytest.mark.parametrize("path", _files())
def test_pages_and_examples_are_in_plain_english(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    text = script_prose(text) if path.endswith(".py") else prose(text)
    found = [_message(path, *fault) for fault in faults(text)]
    assert not found, "\n".join(found)


def _public_docstrings(modules):
    """Yield an object that is public, or belongs to a public class, and its docstring."""
    for module in modules:
        yield module, module.__doc__
        for name in module.__all__:
            found = getattr(module, name)
            if not hasattr(found, "__module__"):
                continue
            yield found, found.__doc__
            if inspect.isclass(found):
                for attribute in inspect.classify_class_attrs(found):
                    home = attribute.defining_class.__module__
                    if home.startswith("sklearn_revae") and attribute.name[0] != "_":
                        yield attribute.object, getattr(attribute.object, "__doc__", None)


@cache
def _sources():
    """Lines of every module of the package, by path."""
    modules = sorted((ROOT / "sklearn_revae").rglob("*.py"))
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").split("\n")
        for path in modules
    }


def _places(line):
    """Every place, a path and a number, where the package's source has this line."""
    for path, lines in _sources().items():
        for number, other in enumerate(lines, start=1):
            # The first line of a docstring follows its quotes, the last precedes them.
            other = other.strip().removeprefix('"""').removesuffix('"""').strip()
            if other == line.strip():
                yield path, number


def test_public_docstrings_are_in_plain_english(public_modules):
    found = set()
    for owner, docstring in _public_docstrings(public_modules):
        docstring = inspect.cleandoc(docstring or "")
        for number, phrase, instead in faults(prose(docstring)):
            places = list(_places(docstring.split("\n")[number - 1]))
            for place in places or [(f"the docstring of {owner!r}", number)]:
                found.add(_message(*place, phrase, instead))
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.instead)
def test_a_pattern_finds_its_example_and_accepts_the_plain_sentence(habit):
    assert list(habit.find(habit.example))
    assert not list(habit.find(habit.plain))


def test_every_plain_sentence_is_accepted_by_all_patterns():
    for habit in HABITS:
        assert faults(prose(habit.plain)) == []


def test_a_phrase_is_found_across_a_line_break():
    [(line, phrase, _)] = faults("Rows\nthat are noisy\ncopies of others.")
    assert (line, phrase) == (2, "noisy copies")


def test_only_prose_is_read():
    page = """Title

Run this::

    gaps = 1

.. code-block:: python

    gaps = 2

.. math::

   gaps

A literal ``gaps`` and `gaps`.

>>> gaps
gaps

.. note::

   Prose with gaps.
"""
    [(line, phrase, _)] = faults(prose(page))
    assert (line, phrase) == (page.split("\n").index("   Prose with gaps.") + 1, "gaps")


def test_comments_and_docstrings_of_a_script_are_read():
    script = '"""A page.\n\nIt fills gaps.\n"""\n\n# %%\n# More gaps.\ngaps = "gaps"\n'
    assert [line for line, _, _ in faults(script_prose(script))] == [3, 7]
