"""Names of Keras that are refused on purpose: each is there, and says why and what to do instead.

One table. A name that has a better place, such as an argument that is refused, says so there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from neurona.errors import RefusedError


class Row(NamedTuple):
    """Names that are refused for one reason.

    Attributes:
        module: where Keras has them; "" is the top level.
        names: separated by spaces.
        why: the reason, as a sentence without a full stop.
        instead: what to do.
        in_scope: whether it is a thing that a library as this one might have.
    """

    module: str
    names: str
    why: str
    instead: str
    in_scope: bool = False


_NO_QUANTISING = "there is no quantised arithmetic here", "leave it out: float32 computes it"
_DISTRIBUTION = (
    "one process computes, with all cores of its processor", "leave it out: threads are used anyway"
)  # fmt: skip
TABLE = (
    Row(
        "quantizers",
        "AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig "
        "Int8QuantizationConfig QuantizationConfig Quantizer abs_max_quantize "
        "abs_max_quantize_grouped_with_zero_point compute_float8_amax_history compute_float8_scale "
        "deserialize fake_quant_with_min_max_vars get pack_int4 quantize_and_dequantize serialize "
        "unpack_int4",
        *_NO_QUANTISING,
    ),
    Row("", "Quantizer", *_NO_QUANTISING),
    Row(
        "dtype_policies",
        "AWQDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy "
        "QuantizedFloat8DTypePolicy",
        *_NO_QUANTISING,
    ),
    Row(
        "dtype_policies",
        "DTypePolicyMap",
        "each layer has a type of its own",
        'dtype="float64" of that layer',
        True,
    ),
    Row(
        "distillation",
        "DistillationLoss Distiller FeatureDistillation LogitsDistillation",
        "a student that learns from a teacher is a train_step of some ten lines",
        "a Model with a train_step of its own: loss = alpha * hard + (1 - alpha) * soft",
    ),
    Row(
        "distribution",
        "DataParallel DeviceMesh LayoutMap ModelParallel TensorLayout distribute_tensor "
        "distribution get_device_count initialize list_devices set_distribution",
        *_DISTRIBUTION,
    ),
    Row(
        "export",
        "ExportArchive",
        "what it writes is for other frameworks' servers",
        "model.save(path), and load_model where it is used",
    ),
    Row(
        "layers",
        "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        "it wraps the code of another framework, which nothing here could compile or differentiate",
        "write the layer: call(self, x) with neurona.ops",
    ),
    Row(
        "callbacks",
        "OrbaxCheckpoint",
        "it writes a format of JAX's",
        "ModelCheckpoint, or BackupAndRestore to go on after a stop",
    ),
    Row(
        "saving",
        "KerasFileEditor",
        "a model's file is no archive of parts",
        "safetensors.numpy.load_file(path) for its arrays, load_model(path) for the model",
        True,
    ),
    Row(
        "config",
        "enable_unsafe_deserialization",
        "no file makes code run here, ever",
        "load_model(path, custom_objects={'name': function}) for what is your own",
        True,
    ),
    Row(
        "backend",
        "learning_phase learning_phase_scope set_learning_phase",
        "whether this is training is an argument of a call, not a state of the process",
        "model(x, training=True), or a layer whose call takes training; predict never trains",
        True,
    ),
    Row(
        "backend",
        "get_session manual_variable_initialization set_session",
        "there are no sessions: values are there at once",
        "leave the line out",
        True,
    ),
    Row(
        "backend",
        "rnn",
        "loops are neurona.ops.scan",
        "layers.RNN(cell), or ops.scan(step, states, inputs)",
        True,
    ),
    Row(
        "backend",
        "local_conv1d local_conv2d",
        "convolutions without shared weights are gone from Keras, too",
        "layers.Conv1D and layers.Conv2D, or ops.einsum over ops.extract_patches",
        True,
    ),
    Row(
        "backend",
        "ctc_label_dense_to_sparse",
        "no tensor is sparse",
        "ctc_batch_cost, which takes labels as they are, with their lengths",
        True,
    ),
    Row(
        "wrappers",
        "KerasClassifier KerasRegressor SKLearnClassifier SKLearnRegressor SKLearnTransformer",
        "models are no estimators of scikit-learn",
        "nn.classic.NeuralNetwork, or nn.data.k_fold with a function that makes the model",
        True,
    ),
)
ROWS = {name: row for row in reversed(TABLE) for name in row.names.split()}


class Refused:
    """What stands for a name that is refused: using it raises a RefusedError."""

    row: Row

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Say why it is refused.

        Raises:
            RefusedError: always.
        """
        raise refusal(cls.__name__, cls.row.why, cls.row.instead)

    def __init_subclass__(cls, row: Row | None = None, **kwargs: Any) -> None:
        if row is None:  # somebody derives a class from it
            base = cls.__mro__[1]
            raise refusal(base.__name__, base.row.why, base.row.instead)  # type: ignore[attr-defined]
        cls.row = row


def refusal(name: str, why: str, instead: str) -> RefusedError:
    """Return the error for a name that is refused.

    >>> print(refusal("TFSMLayer", "it wraps other code", "write the layer"))
    neurona has no TFSMLayer: it wraps other code.
    try: write the layer
    """
    return RefusedError(f"neurona has no {name}: {why}.", hint=instead)


def __getattr__(name: str) -> Any:
    if name not in ROWS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    row = ROWS[name]
    doc = f"Not in neurona: {row.why}.\n\n    Try: {row.instead}.\n    "
    made = type(name, (Refused,), {"__doc__": doc, "__module__": __name__}, row=row)
    globals()[name] = made
    return made
