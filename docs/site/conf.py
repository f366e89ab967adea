"""Settings of the site, which `python -m docs.site` builds."""

project = "neurona"
copyright = "the neurona contributors"
author = "the neurona contributors"

extensions = ["myst_parser", "sphinx.ext.autodoc", "docs.site.extension"]
root_doc = "index"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
smartquotes = False  # formulas stay as they are
nitpicky = False  # code in a docstring may be a name without an entry

myst_heading_anchors = 4
myst_links_external_new_tab = False
suppress_warnings = ["myst.header"]  # the changelog's groups stand below its versions

highlight_language = "none"
pygments_style = "a11y-high-contrast-light"
python_maximum_signature_line_length = 78
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = True
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = "neurona"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["copy.js"]
html_show_sourcelink = False
html_copy_source = False
html_favicon = "static/neuron.svg"
html_theme_options = {
    "logo": {"text": "neurona", "image_light": "neuron.svg", "image_dark": "neuron.svg"},
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "navigation_depth": 3,
    "collapse_navigation": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "CHANGELOG": [], "CONTRIBUTING": []}
