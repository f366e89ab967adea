"""What the site does beyond Sphinx: docstrings of the house, read by autodoc, and signatures."""

from __future__ import annotations

import inspect
from typing import Any

from docs.site.docstrings import to_rest


def _convert(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = to_rest(lines)


def _signature(app: Any, what: str, name: str, thing: Any, options: Any, *_: Any) -> Any:
    """Write a signature without types; what all of a family take together is `**common`."""
    from sphinx.util.inspect import stringify_signature

    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return None
    made = inspect.unwrap(thing.__init__ if inspect.isclass(thing) else thing)
    parameters = list(signature.parameters.values())
    if what == "method" and parameters and parameters[0].name in ("self", "cls"):
        del parameters[0]
    code = getattr(made, "__code__", None)
    if inspect.isclass(thing) and code is not None and code.co_flags & inspect.CO_VARKEYWORDS:
        own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if any(p.name not in own for p in parameters if p.kind is p.KEYWORD_ONLY):
            rest = code.co_varnames[len(own) + bool(code.co_flags & inspect.CO_VARARGS)]
            parameters = [p for p in parameters if p.kind is not p.KEYWORD_ONLY or p.name in own]
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                parameters.append(inspect.Parameter(rest, inspect.Parameter.VAR_KEYWORD))
    return stringify_signature(
        signature.replace(parameters=parameters), show_annotation=False
    ), None


def setup(app: Any) -> dict[str, Any]:
    """Be an extension of Sphinx."""
    app.connect("autodoc-process-docstring", _convert)
    app.connect("autodoc-process-signature", _signature)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
