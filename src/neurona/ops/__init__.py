"""The operations: primitive ones by family, and compositions of them.

Every function takes Tensors, NumPy arrays, lists or numbers, and returns Tensors. Each works
eagerly, while tracing, and under any number of gradients.
"""

import sys as _sys
from inspect import isfunction as _isfunction
from types import ModuleType as _ModuleType

from neurona.core.op import composition as _composition
from neurona.ops import operators  # noqa: F401  (gives Tensor its operators)
from neurona.ops.activations import *  # noqa: F403
from neurona.ops.arithmetic import *  # noqa: F403
from neurona.ops.attention import *  # noqa: F403
from neurona.ops.comparison import *  # noqa: F403
from neurona.ops.control import *  # noqa: F403
from neurona.ops.conv import *  # noqa: F403
from neurona.ops.convolve import *  # noqa: F403
from neurona.ops.crossentropy import *  # noqa: F403
from neurona.ops.ctc import *  # noqa: F403
from neurona.ops.ctc_decode import *  # noqa: F403
from neurona.ops.custom_gradient import *  # noqa: F403
from neurona.ops.factors import *  # noqa: F403
from neurona.ops.filled import *  # noqa: F403
from neurona.ops.filters import *  # noqa: F403
from neurona.ops.fourier import *  # noqa: F403
from neurona.ops.framing import *  # noqa: F403
from neurona.ops.functional import *  # noqa: F403
from neurona.ops.functions import *  # noqa: F403
from neurona.ops.getitem import *  # noqa: F403
from neurona.ops.index import *  # noqa: F403
from neurona.ops.joining import *  # noqa: F403
from neurona.ops.mapping import *  # noqa: F403
from neurona.ops.matmul import *  # noqa: F403
from neurona.ops.matrices import *  # noqa: F403
from neurona.ops.movement import *  # noqa: F403
from neurona.ops.names import *  # noqa: F403
from neurona.ops.namespaces import NAMESPACES as _NAMESPACES
from neurona.ops.normalizing import *  # noqa: F403
from neurona.ops.norms import *  # noqa: F403
from neurona.ops.observe import *  # noqa: F403
from neurona.ops.patches import *  # noqa: F403
from neurona.ops.placing import *  # noqa: F403
from neurona.ops.pool import *  # noqa: F403
from neurona.ops.pooling import *  # noqa: F403
from neurona.ops.rearrange import *  # noqa: F403
from neurona.ops.reduce import *  # noqa: F403
from neurona.ops.sampling import *  # noqa: F403
from neurona.ops.scan import *  # noqa: F403
from neurona.ops.segments import *  # noqa: F403
from neurona.ops.spatial import *  # noqa: F403
from neurona.ops.spectra import *  # noqa: F403
from neurona.ops.spectrograms import *  # noqa: F403

for _name, _fn in list(globals().items()):
    if _isfunction(_fn) and not _name.startswith("_"):
        globals()[_name] = _composition(_fn)
        globals()[_name].__module__ = __name__  # where pickle finds it

nn: _ModuleType
linalg: _ModuleType
image: _ModuleType

for _name, _names in _NAMESPACES.items():  # so that `from neurona.ops.nn import relu` works, too
    _namespace = _ModuleType(f"{__name__}.{_name}", f"Functions of `ops`, as in Keras: `{_name}`.")
    vars(_namespace).update({name: globals()[name] for name in _names.split()})
    globals()[_name] = _sys.modules[_namespace.__name__] = _namespace
