"""The operations: primitive ones by family, and compositions of them.

Every function takes Tensors, NumPy arrays, lists or numbers, and returns Tensors. Each works
eagerly, while tracing, and under any number of gradients.
"""

import importlib as _importlib
import sys as _sys
from inspect import isfunction as _isfunction
from typing import TYPE_CHECKING
from typing import Any as _Any

from neurona.core.op import composition as _composition
from neurona.ops import operators  # noqa: F401  (gives Tensor its operators)
from neurona.ops import twins as _twins
from neurona.ops.arithmetic import *  # noqa: F403
from neurona.ops.attention import *  # noqa: F403
from neurona.ops.comparison import *  # noqa: F403
from neurona.ops.convolutions import *  # noqa: F403
from neurona.ops.convolve import *  # noqa: F403
from neurona.ops.ctc import *  # noqa: F403
from neurona.ops.ctc_decode import *  # noqa: F403
from neurona.ops.filled import *  # noqa: F403
from neurona.ops.functional import *  # noqa: F403
from neurona.ops.functions import *  # noqa: F403
from neurona.ops.getitem import *  # noqa: F403
from neurona.ops.index import *  # noqa: F403
from neurona.ops.joining import *  # noqa: F403
from neurona.ops.later import HOMES as _HOMES
from neurona.ops.later import NAMESPACES as _NAMESPACES
from neurona.ops.matmul import *  # noqa: F403
from neurona.ops.movement import *  # noqa: F403
from neurona.ops.names import *  # noqa: F403
from neurona.ops.observe import *  # noqa: F403
from neurona.ops.pool import *  # noqa: F403
from neurona.ops.pooling import *  # noqa: F403
from neurona.ops.reduce import *  # noqa: F403
from neurona.ops.scan import *  # noqa: F403

if TYPE_CHECKING:
    from neurona.ops.activations import *  # noqa: F403
    from neurona.ops.arranging import *  # noqa: F403
    from neurona.ops.bessel import *  # noqa: F403
    from neurona.ops.control import *  # noqa: F403
    from neurona.ops.creation import *  # noqa: F403
    from neurona.ops.crossentropy import *  # noqa: F403
    from neurona.ops.elementary import *  # noqa: F403
    from neurona.ops.elements import *  # noqa: F403
    from neurona.ops.factors import *  # noqa: F403
    from neurona.ops.facts import *  # noqa: F403
    from neurona.ops.filters import *  # noqa: F403
    from neurona.ops.folding import *  # noqa: F403
    from neurona.ops.fourier import *  # noqa: F403
    from neurona.ops.framing import *  # noqa: F403
    from neurona.ops.integers import *  # noqa: F403
    from neurona.ops.mapping import *  # noqa: F403
    from neurona.ops.matrices import *  # noqa: F403
    from neurona.ops.nans import *  # noqa: F403
    from neurona.ops.normalizing import *  # noqa: F403
    from neurona.ops.norms import *  # noqa: F403
    from neurona.ops.ordering import *  # noqa: F403
    from neurona.ops.own_gradient import *  # noqa: F403
    from neurona.ops.patches import *  # noqa: F403
    from neurona.ops.placing import *  # noqa: F403
    from neurona.ops.products import *  # noqa: F403
    from neurona.ops.quantiles import *  # noqa: F403
    from neurona.ops.questions import *  # noqa: F403
    from neurona.ops.rearranging import *  # noqa: F403
    from neurona.ops.sampling import *  # noqa: F403
    from neurona.ops.searching import *  # noqa: F403
    from neurona.ops.segments import *  # noqa: F403
    from neurona.ops.spatial import *  # noqa: F403
    from neurona.ops.spectra import *  # noqa: F403
    from neurona.ops.spectrograms import *  # noqa: F403
    from neurona.ops.vectorized import *  # noqa: F403


def _published(values: dict[str, _Any]) -> None:
    """Put functions and ops into this room; symbolic tensors record calls of those that compute."""
    for name, value in values.items():
        if _isfunction(value) and _HOMES.get(name) != "facts":
            value = _composition(value)
            value.__module__ = __name__  # where pickle finds it
        globals()[name] = value


_published({name: value for name, value in globals().items() if not name.startswith("_")})


_twins.ops = _sys.modules[__name__]


def __getattr__(name: str) -> _Any:
    if name in _HOMES:
        family = _importlib.import_module(f"neurona.ops.{_HOMES[name]}")
        _published({each: getattr(family, each) for each in family.__all__})
    elif name in _NAMESPACES:
        globals()[name] = _importlib.import_module(f"neurona.ops.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_NAMESPACES})
