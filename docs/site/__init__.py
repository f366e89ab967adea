"""The site of the documentation: `python -m docs.site` builds it into build/site/html."""
