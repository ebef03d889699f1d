"""The site and README.rst show what is there: names, code, pictures, versions."""

import importlib.util
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import sklearn_revae

ROOT = Path(__file__).parents[1]
README = ROOT / "README.rst"
DOCS = ROOT / "docs"
FIRST_LINES = DOCS / "snippets" / "first_lines.py"


def load(path):
    """Return a script's names; what it does when it is run is not done."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def indented(text):
    return "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())


def test_readme_has_the_first_lines_as_they_are():
    block = ".. code-block:: python\n\n" + indented(FIRST_LINES.read_text())
    assert README.read_text().count(block) == 1
    assert (
        ".. literalinclude:: snippets/first_lines.py" in (DOCS / "index.rst").read_text()
    )


def test_the_first_lines_do_what_they_say(capsys):
    # A shorter training than the default one is enough for this.
    code, fit = FIRST_LINES.read_text(), "ReVAEClassifier(random_state=0).fit("
    assert code.count(fit) == 1
    names = {}
    exec(code.replace(fit, "ReVAEClassifier(max_iter=5, random_state=0).fit("), names)
    assert float(capsys.readouterr().out) > 0.85
    assert (names["model"].predict(names["eights"]) == 8).all()
    assert len(FIRST_LINES.read_text().split("\n\n")) < 4
    assert sum(map(bool, FIRST_LINES.read_text().splitlines())) <= 10


PICTURE = DOCS / "images" / "digits_interventions.png"


def test_the_front_page_shows_pictures_and_tables_that_exist():
    page = (DOCS / "index.rst").read_text()
    snippets = re.findall(r":file: (\S+)", page)
    html = "".join((DOCS / snippet).read_text() for snippet in snippets)
    pictures = re.findall(r'src(?:set)?="(\S+)"', html)
    pictures += re.findall(r":img-top: (\S+)", page)
    assert len(pictures) == 5
    assert not [name for name in pictures if not (DOCS / name).exists()]


def test_the_front_page_marks_the_cells_that_an_edit_has_changed():
    html = (DOCS / "snippets" / "front_tables.html").read_text()
    before, after = (
        re.findall(r"<td(?: class=\"(\w+)\")?>(.*?)</td>", table)
        for table in html.split("</table>")[:2]
    )
    assert len(before) == len(after) == 18
    for (unmarked, old), (mark, new) in zip(before, after, strict=True):
        assert not unmarked
        assert (mark == "changed") == (old != new)


def test_the_page_on_accuracy_has_the_means_of_the_results():
    pytest.importorskip("matplotlib").use("Agg")
    lists = load(DOCS / "start" / "figures" / "accuracy.py").tables()
    page = (DOCS / "start" / "how_good.rst").read_text()
    number = r" +(\d[\d.]*) +(\d[\d.]*) +(\d[\d.]*)$"
    for name, table in zip(["first", "second"], lists, strict=True):
        shown = page.partition(f"\n{name} list ")[2]
        assert re.match(r" +3 labels +10 labels +30 labels\n", shown)
        rows = re.findall(r"^[\w -]+?" + number, shown.partition("\n\n")[0], re.M)
        for column, n_labels in enumerate([3, 10, 30]):
            # As the page says, it leaves out the blobs.
            cells = [
                values
                for (data, n), values in table.items()
                if n == n_labels and not data.startswith("blobs")
            ]
            assert rows[0][column] == str(len(cells))
            shown_means = [float(row[column]) for row in rows[1:]]
            assert np.abs(np.mean(cells, axis=0) - shown_means).max() < 0.0011


def test_the_picture_is_what_the_example_draws(tmp_path, monkeypatch):
    # Earlier versions place text otherwise.
    matplotlib = pytest.importorskip("matplotlib", "3.11")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.image import imread

    path = tmp_path / "drawn.png"
    example = str(ROOT / "examples" / "plot_quickstart.py")
    monkeypatch.setattr(sys, "argv", [example, str(path)])
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        runpy.run_path(example, run_name="__main__")
    plt.close("all")
    drawn, shown = imread(path), imread(PICTURE)
    assert drawn.shape == shown.shape
    # Other machines round otherwise; another figure would differ by far more.
    assert np.abs(drawn - shown).mean() < 0.02


def test_readme_is_read_without_a_complaint():
    docutils = pytest.importorskip("docutils.core")
    settings = {"halt_level": 2, "report_level": 2, "file_insertion_enabled": False}
    html = docutils.publish_string(
        README.read_text(), writer="html", settings_overrides=settings
    )
    assert b"<pre" in html


def test_readme_links_to_what_is_there():
    for name in re.findall(r"<([^>:]+\.\w+)>`_|image:: (\S+)", README.read_text()):
        assert (ROOT / "".join(name)).exists(), name


def listed_names():
    """Names that the API reference has, with their modules."""
    module, inside, names = "", False, set()
    for line in (DOCS / "api" / "index.rst").read_text().splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        if found := re.match(r"\.\. data:: (\S+)", line):
            names.add(f"{module}.{found[1]}")
        if line and not line.startswith(" "):
            inside = line.startswith(".. autosummary::")
        elif inside and (found := re.fullmatch(r"   (\w+)", line)):
            names.add(f"{module}.{found[1]}")
    return names


def test_the_api_reference_has_every_public_name_and_no_other(public_modules):
    public = {f"{m.__name__}.{name}" for m in public_modules for name in m.__all__}
    assert listed_names() == public


def test_the_citation_is_of_this_version():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == sklearn_revae.__version__
    assert citation["authors"]
    assert citation["message"]
    paper = citation["preferred-citation"]
    families = [author["family-names"] for author in paper["authors"]]
    for page in [README, DOCS / "cite.rst"]:
        bibtex = page.read_text()
        assert f"title     = {{{paper['title'].replace('VAE', '{VAE}')}}}" in bibtex
        found = [bibtex.index(f"{family}, ") for family in families]
        assert found == sorted(found)


@pytest.fixture(scope="module")
def check_links():
    return load(DOCS / "check_links.py")


def write_site(folder, body):
    (folder / "index.html").write_text(f"<p id='here'>{body}</p>")
    (folder / "other.html").write_text("<h1 id='there'>Other</h1>")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<a href='gone.html'>x</a>", "gone.html does not exist"),
        (
            "<a href='other.html#gone'>x</a>",
            "#gone: the page has no such anchor",
        ),
        ("<a href='#gone'>x</a>", "#gone: the page has no such anchor"),
        ("<img src='gone.png'>", "gone.png does not exist"),
        ("<script src='https://cdn.example/x.js'></script>", "from another site"),
        ("<link rel='stylesheet' href='//cdn.example/x.css'>", "from another site"),
    ],
)
def test_a_broken_link_is_found(body, fault, check_links, tmp_path):
    write_site(tmp_path, body)
    [found] = check_links.find_problems(tmp_path)
    assert fault in found
    assert found.startswith("index.html: ")


def test_valid_links_are_not_reported(check_links, tmp_path):
    links = ["#here", "other.html#there", "https://elsewhere.example", "other.html?q=1"]
    write_site(tmp_path, "".join(f"<a href='{link}'>x</a>" for link in links))
    assert check_links.find_problems(tmp_path) == []


def test_a_style_that_loads_from_another_site_is_found(check_links, tmp_path):
    write_site(tmp_path, "")
    (tmp_path / "a.css").write_text("@import 'https://cdn.example/x.css';")
    assert len(check_links.find_problems(tmp_path)) == 1


def test_a_folder_without_pages_is_reported(check_links, tmp_path):
    assert "make docs" in check_links.find_problems(tmp_path)[0]


@pytest.fixture
def data_of_examples():
    return load(DOCS / "_ext" / "data_of_examples.py")


def test_examples_without_their_data_are_not_run(data_of_examples, monkeypatch):
    monkeypatch.setattr(data_of_examples, "missing", lambda: ["plot_avatars"])
    pattern = data_of_examples.can_run(ROOT / "examples")
    assert not re.search(pattern, "/x/examples/plot_avatars.py")
    assert re.search(pattern, "/x/examples/plot_avatars_more.py")
    assert re.search(pattern, "/x/examples/tutorials/plot_first.py")


def test_with_all_data_every_example_is_run(data_of_examples, monkeypatch):
    monkeypatch.setattr(data_of_examples, "missing", list)
    pattern = data_of_examples.can_run(ROOT / "examples")
    examples = list((ROOT / "examples").rglob("plot_*.py"))
    assert examples
    assert all(re.search(pattern, str(path)) for path in examples)


def test_an_example_that_was_not_run_has_a_note(data_of_examples, monkeypatch):
    monkeypatch.setattr(data_of_examples, "missing", lambda: ["plot_avatars"])
    page = "\n.. _mark:\n\n\nFaces\n=====\n\nDrawn faces.\n\nMore\n====\n"
    source = [page]
    data_of_examples.add_note(None, "auto_examples/plot_avatars", source)
    title, note, rest = re.split(r"(\n\.\. note::\n\n(?:   .*\n)+)", source[0])
    assert title.rstrip().endswith("Faces\n=====")
    assert "shows no results" in note
    assert rest.lstrip().startswith("Drawn faces.")
    source = [page]
    data_of_examples.add_note(None, "auto_examples/plot_quickstart", source)
    assert source == [page]


def test_pages_name_no_one_s_machine():
    made = {"_build", "auto_examples", "generated", "backreferences"}
    pages = [README, *(p for p in DOCS.rglob("*.rst") if not made & set(p.parts))]
    assert not [p for p in pages if re.search(r"/(work|root|tmp)/", p.read_text())]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").rglob("plot_*.py")), ids=lambda path: path.stem
)
def test_a_page_of_the_gallery_shows_no_code_that_only_serves_the_script(path):
    marks = r"# sphinx_gallery_start_ignore\n.*?# sphinx_gallery_end_ignore\n"
    shown = re.sub(marks, "", path.read_text(), flags=re.S)
    found = re.findall(r"\bsys\b|\bos\.|savefig|plt\.show|ImportError|find_spec", shown)
    assert found == []
