"""The operations: primitive ones by family, and compositions of them.

Every function takes Tensors, NumPy arrays, lists or numbers, and returns Tensors. Each works
eagerly, while tracing, and under any number of gradients.
"""

from inspect import isfunction as _isfunction

from neurona.core.op import composition as _composition
from neurona.ops import operators  # noqa: F401  (gives Tensor its operators)
from neurona.ops.arithmetic import *  # noqa: F403
from neurona.ops.attention import *  # noqa: F403
from neurona.ops.comparison import *  # noqa: F403
from neurona.ops.conv import *  # noqa: F403
from neurona.ops.convolve import *  # noqa: F403
from neurona.ops.ctc import *  # noqa: F403
from neurona.ops.ctc_decode import *  # noqa: F403
from neurona.ops.filled import *  # noqa: F403
from neurona.ops.functional import *  # noqa: F403
from neurona.ops.functions import *  # noqa: F403
from neurona.ops.getitem import *  # noqa: F403
from neurona.ops.images import *  # noqa: F403
from neurona.ops.index import *  # noqa: F403
from neurona.ops.joining import *  # noqa: F403
from neurona.ops.matmul import *  # noqa: F403
from neurona.ops.movement import *  # noqa: F403
from neurona.ops.names import *  # noqa: F403
from neurona.ops.observe import *  # noqa: F403
from neurona.ops.pool import *  # noqa: F403
from neurona.ops.pooling import *  # noqa: F403
from neurona.ops.reduce import *  # noqa: F403
from neurona.ops.scan import *  # noqa: F403

for _name, _fn in list(globals().items()):
    if _isfunction(_fn) and not _name.startswith("_"):
        globals()[_name] = _composition(_fn)
        globals()[_name].__module__ = __name__  # where pickle finds it
