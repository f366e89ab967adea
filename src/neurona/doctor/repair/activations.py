"""Changes of the last activation before the first step: left out, another one, of other axes."""

from __future__ import annotations

from typing import Any

from neurona.doctor import fixes
from neurona.doctor.repair.changes import Change, setting
from neurona.doctor.written import activation_name
from neurona.train.source import ArraySource


def activate(fix: fixes.Activate, model: Any, source: ArraySource) -> Change | None:
    """Set or leave out the last activation of a name."""
    layers = [v for v in model.all_layers() if activation_name(v)]
    width = fix.units
    ends = [v for v in layers if width is None or not v.weights or _width(v) == width]
    last = next((v for v in reversed(ends) if activation_name(v) == fix.before), None)
    within = next((v for v in reversed(ends) if _own_activation(v)), None) if fix.whole else None
    after = fix.after if last is not None else fix.whole
    instead = "left out" if fix.after == "linear" else f"{fix.after} instead"
    what = f"the last {fix.before} is {instead}."
    found = [v for v in (last or within,) if v is not None]
    return setting(found, "activation", after, what, str(fix))


def axis(fix: fixes.Axis, model: Any, source: ArraySource) -> Change | None:
    """Let the last softmax sum over the classes: it is a layer, or in a function of a layer."""
    layers = model.all_layers()
    made = [v for v in layers if type(v).__name__ == "Softmax"]
    own = [v for v in layers if _own_activation(v)]
    what = "the softmax sums over the classes."
    if made:
        return setting(made[-1:], "axis", fix.after, what, str(fix))
    return setting(own[-1:], "activation", "softmax", what, str(fix)) if fix.after == -1 else None


def _width(layer: Any) -> int | None:
    return getattr(layer, "units", getattr(layer, "filters", None))


def _own_activation(layer: Any) -> bool:
    """Whether a layer's activation is a function that the user wrote."""
    function = getattr(layer, "activation", None)
    return function is not None and not (getattr(function, "__module__", "") or "").startswith(
        "neurona"
    )
