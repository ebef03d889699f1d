"""Sphinx configuration, used by `make docs`.

The site is built without network access unless the environment variable ONLINE is 1.
"""

import os
import sys
from datetime import date
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

import data_of_examples  # noqa: E402

from sklearn_revae import __version__  # noqa: E402
from sklearn_revae._notebook import documentation_address  # noqa: E402

ONLINE = os.environ.get("ONLINE") == "1"

project = "sklearn_revae"
author = "The sklearn_revae developers"
copyright = f"{date.today().year}, {author}. BSD 3-Clause licence"
version = release = __version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "api_pages",
    "backlinks",
    "data_of_examples",
    "faces_page",
    "mathml",
]
templates_path = ["_templates"]
exclude_patterns = [
    "_build",
    "snippets",
]
default_role = "literal"
nitpicky = True

# Links to other packages' documentation need network access. Without it, the names of
# their objects are shown as plain text.
if ONLINE:
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "joblib": ("https://joblib.readthedocs.io/en/stable", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
        "skorch": ("https://skorch.readthedocs.io/en/stable", None),
    }
else:
    nitpick_ignore_regex = [
        (r"py:.*", r"(joblib|matplotlib|numpy|pandas|sklearn|skorch|torch)\..+"),
        # Docstrings inherited from scikit-learn refer to its user guide and glossary.
        ("std:ref", r"metadata_routing|df_output_transform|sphx_glr_auto_examples_.*"),
        ("std:term", "meta-estimator"),
    ]

autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
autosummary_generate = True
autosummary_ignore_module_all = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["auto_examples"],
    "backreferences_dir": "api/backreferences",
    "doc_module": ("sklearn_revae",),
    "filename_pattern": data_of_examples.can_run(DOCS.parent / "examples"),
    "within_subsection_order": "gallery.ReadingOrder",
    "reset_modules": ("matplotlib", "gallery.link_to_these_pages"),
    "capture_repr": ("_repr_html_", "__repr__"),
    # Otherwise a page would print the address of each figure in memory.
    "ignore_repr_types": r"matplotlib|Display",
    "image_srcset": ["2x"],
    "thumbnail_size": (480, 360),
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    # Do not report run times: they mostly reflect the load of the building machine.
    "min_reported_time": 3600,
    "show_signature": False,
    "download_all_examples": False,
    "plot_gallery": "True",
    "abort_on_example_error": False,
    "only_warn_on_example_error": True,
    "parallel": 2,
}

plot_basedir = "guide"
plot_formats = [("png", 144)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_revae"
html_baseurl = documentation_address()
html_favicon = "_static/mark.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"index": [], "whats_new": [], "cite": []}
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_prev_next": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": {
        "**": ["page-toc"],
        "index": [],
        "auto_examples/index": [],
        "auto_examples/tutorials/index": [],
    },
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

if "spelling" in sys.argv:
    extensions.append("sphinxcontrib.spelling")
spelling_lang = "en_GB"
spelling_word_list_filename = "spelling_wordlist.txt"
spelling_show_suggestions = True
spelling_warning = True

linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False
