"""The pages of the API reference: groups of parameters, pages of methods, formulas."""

import importlib.util
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from sklearn_revae import ReVAEClassifier, ReVAERegressor, ReVAETransformer
from sklearn_revae._parameters import PARAMETERS, Group
from sklearn_revae._regressor_parameters import REGRESSOR_PARAMETERS

DOCS = Path(__file__).parents[1] / "docs"
TITLES = {f":{group.capitalize()} parameters:" for group in get_args(Group)}


def extension(name):
    """Return a Sphinx extension of the site."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def api_pages():
    return extension("api_pages")


@pytest.mark.parametrize("parameters", [PARAMETERS, REGRESSOR_PARAMETERS])
def test_every_parameter_has_a_group_and_no_group_is_empty(parameters):
    groups = {name: parameter.group for name, parameter in parameters.items()}
    assert set(groups.values()) == set(get_args(Group))


@pytest.mark.parametrize("cls", [ReVAEClassifier, ReVAERegressor, ReVAETransformer])
def test_the_page_of_an_estimator_has_each_parameter_once_in_its_group(cls, api_pages):
    # As numpydoc writes them.
    lines = ["The first sentence.", "", ":Parameters:", ""]
    for name in cls().get_params():
        lines += [f"    **{name}** : its type", f"        About {name}.", ""]
    lines += [":Attributes:", "", "    **n_iter_** : int", ""]
    api_pages.group_parameters(None, "class", cls.__name__, cls, None, lines)
    assert ":Parameters:" not in lines
    assert lines[-4:] == [":Attributes:", "", "    **n_iter_** : int", ""]
    found, group = [], None
    for line, following in pairwise(lines):
        if re.match(r":.+:$", line):
            group = line if line in TITLES else None
        elif group and (entry := re.match(r"    \*\*(\w+)\*\* : ", line)):
            assert group == f":{PARAMETERS[entry[1]].group.capitalize()} parameters:"
            assert following == f"        About {entry[1]}."
            found.append(entry[1])
    assert sorted(found) == sorted(cls().get_params())


def test_other_classes_keep_their_section_of_parameters(api_pages):
    lines = [":Parameters:", "", "    **max_iter** : int"]
    api_pages.group_parameters(None, "class", "dict", dict, None, lines)
    assert lines == [":Parameters:", "", "    **max_iter** : int"]


def test_methods_of_other_packages_are_listed_apart(api_pages):
    inherited = api_pages.inherited_methods()["sklearn_revae.ReVAEClassifier"]
    assert {"get_params", "set_output", "set_fit_request"} <= set(inherited)
    assert not {"fit", "intervene", "score", "impute"} & set(inherited)


def test_an_attribute_is_described_as_its_class_says(api_pages, monkeypatch):
    numpydoc = pytest.importorskip("numpydoc.docscrape_sphinx")
    base = numpydoc.SphinxDocString
    monkeypatch.setattr(base, "_process_param", base._process_param)
    api_pages.show_attributes_as_written()
    text = str(
        numpydoc.SphinxClassDoc(ReVAEClassifier, config={"show_class_members": False})
    )
    assert "**column_kinds_** : ColumnKinds" in text.replace("\\_", "_")
    assert "its fraction of missing values" in " ".join(text.split())


def test_every_character_that_a_formula_may_have_is_in_the_font():
    pytest.importorskip("brotli", reason="reads the compressed font")
    fonts = pytest.importorskip("fontTools.ttLib")
    pytest.importorskip("sphinx")
    mathml = extension("mathml")
    characters = fonts.TTFont(DOCS / "_static" / "stix-two-math.woff2").getBestCmap()
    assert mathml.font_characters() <= set(map(chr, characters))


def test_a_page_of_scikit_learn_s_gallery_is_named_where_it_cannot_be_linked(api_pages):
    lines = ["See :ref:`sphx_glr_auto_examples_plot_set_output.py`", "for an example."]
    app = SimpleNamespace(config=SimpleNamespace(intersphinx_mapping={}))
    api_pages.name_the_gallery(app, "method", "set_output", None, None, lines)
    assert lines == ["See scikit-learn's gallery", "for an example."]
    app.config.intersphinx_mapping = {"sklearn": ()}
    link = ["See :ref:`sphx_glr_auto_examples_plot_set_output.py`."]
    api_pages.name_the_gallery(app, "method", "set_output", None, None, link)
    assert link == ["See :ref:`sphx_glr_auto_examples_plot_set_output.py`."]


def test_lists_of_pages_show_the_name_of_a_method_without_its_class(api_pages):
    nodes = pytest.importorskip("docutils.nodes", reason="requires docutils")
    page, name = "api/generated/sklearn_revae.ReVAEClassifier.fit", "ReVAEClassifier.fit"
    contents = nodes.bullet_list("", nodes.reference("", "", nodes.Text(name)))
    env = SimpleNamespace(
        docname=page,
        titles={page: nodes.title("", "", nodes.Text(name))},
        tocs={page: contents},
    )
    doctree = nodes.section("", nodes.title("", "", nodes.Text(name)))
    api_pages.shorten_title(SimpleNamespace(env=env), doctree)
    assert env.titles[page].astext() == env.tocs[page].astext() == "fit"
    assert doctree.astext().replace("\N{ZERO WIDTH SPACE}", "") == name
