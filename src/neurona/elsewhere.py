"""Names from elsewhere: what PyTorch, TensorFlow and scikit-learn call it, and its name here.

Data only: `errors.AbsentError` and `errors.unknown` look here before they look for near names.
"""

# Arguments, as `unknown` finds them: another word -> ours, if that is one of those asked for.
WORDS = {
    "bs": "batch_size", "cost": "loss", "criterion": "loss", "eps": "epsilon",
    "eta": "learning_rate", "eval_set": "validation_data", "hidden_size": "units",
    "in_features": "input_shape",
    "initializer": "kernel_initializer", "kernel": "kernel_size", "l2": "kernel_regularizer",
    "loss_fn": "loss", "lr": "learning_rate", "max_iter": "epochs", "metric": "metrics",
    "n_epochs": "epochs", "n_units": "units", "neurons": "units", "nodes": "units",
    "num_epochs": "epochs", "num_units": "units", "optim": "optimizer", "out_channels": "filters",
    "out_features": "units", "p": "rate", "padding_mode": "padding", "seed": "random_state",
    "stride": "strides", "validation": "validation_data", "val_data": "validation_data",
    "verbosity": "verbose",
}  # fmt: skip

_DEVICE = "leave it out: the processor computes, with all its cores"
_DATA = "model.fit(x, y, batch_size=32), or nn.data.Dataset.from_tensor_slices((x, y)).batch(32)"
_SEED = "nn.utils.set_random_seed(0)"
_FRESH = "leave it out: gradients are made anew each time"

# A kind of thing -> {names of elsewhere: what is written here}. Kinds are classes, whose subclasses
# are meant too, and modules; "" is the top level.
TABLE: dict[str, dict[str, str]] = {
    "": {
        "Module": "nn.Layer, or nn.Model for a whole network: write call(self, x)",
        "Linear": "nn.layers.Dense(units)",
        "no_grad inference_mode": "leave it out: gradients are taken only where nn.grad, a "
        "GradientTape or backward() asks for them; x.detach() is a constant",
        "function": "nn.jit(function)",
        "constant convert_to_tensor from_numpy as_tensor FloatTensor LongTensor": "nn.tensor(data)",
        "seed set_seed manual_seed set_random_seed": _SEED,
        "DataLoader TensorDataset": _DATA,
        "load": "nn.models.load_model(path)",
        "save": "model.save(path)",
        "cuda backends distribute": _DEVICE,
        "vmap": "nn.ops.vectorized_map",
        "numpy np linalg": "nn.ops, which has NumPy's functions; NumPy's own take tensors too",
        "math functional": "nn.ops",
        "transforms": "nn.layers.RandomFlip and its like, or nn.data.batches(augment=...)",
        "float32 float64 int32 int64": 'dtype="float32", as a text',
    },
    "layers": {
        "Linear": "Dense(units)",
        "LayerNorm": "LayerNormalization()",
        "BatchNorm BatchNorm1d BatchNorm2d": "BatchNormalization()",
        "Sequential Module": "nn.Sequential([...]), nn.Layer",
        "Sigmoid Tanh": 'Activation("sigmoid"), or Dense(units, activation="sigmoid")',
        "MaxPool2d": "MaxPooling2D(2)",
        "AvgPool2d": "AveragePooling2D(2)",
        "TransformerEncoderLayer": "nn.zoo.Transformer, and its parts",
    },
    "losses": {
        "MSELoss": 'MeanSquaredError(), or "mse"',
        "L1Loss": 'MeanAbsoluteError(), or "mae"',
        "CrossEntropyLoss": "SparseCategoricalCrossentropy(from_logits=True)",
        "NLLLoss": "SparseCategoricalCrossentropy(), which takes probabilities",
        "BCELoss": "BinaryCrossentropy()",
        "BCEWithLogitsLoss": "BinaryCrossentropy(from_logits=True)",
    },
    "ops": {
        "reduce_mean reduce_sum reduce_max reduce_min reduce_prod": "without reduce_: nn.ops.mean",
        "cat": "nn.ops.concatenate", "mm bmm": "nn.ops.matmul", "unsqueeze": "nn.ops.expand_dims",
        "permute": "nn.ops.transpose", "clamp": "nn.ops.clip",
        "random": "nn.random",
    },
    "random": {"seed manual_seed": _SEED, "randn": "normal", "rand": "uniform"},
    "utils": {"set_seed seed manual_seed": "set_random_seed(0)"},
    "data": {"DataLoader TensorDataset": _DATA},
    "Optimizer": {
        "zero_grad": _FRESH,
        "step": "model.fit(x, y); in a loop of your own: loss, gradients = "
        "nn.value_and_grad(compute_loss, weights)(...), then optimizer.apply(gradients, weights)",
        "param_groups": "optimizer.learning_rate; optimizer.scale_learning_rate(factor, weights)",
        "state_dict load_state_dict": "model.save(path) keeps the optimizer's state as well",
    },
    "Layer": {
        "parameters": "model.trainable_weights, or model.weights for all",
        "named_parameters": "[(p.path, p) for p in model.weights]",
        "forward": "call(self, x) where you write it, layer(x) where you use it",
        "train": "model.fit(x, y); model(x, training=True) is a call as in training",
        "eval": "leave it out: model(x) and model.predict(x) are as in use",
        "to cuda cpu": _DEVICE,
        "zero_grad": _FRESH,
        "state_dict": "model.save_weights(path), or model.get_weights()",
        "load_state_dict": "model.load_weights(path), or model.set_weights(arrays)",
        "children modules": "model.layers",
        "weight W w coef_": "kernel, or get_weights()",
        "b intercept_": "bias, or get_weights()",
        "score": "model.evaluate(x, y)",
        "transform forward_pass": "model.predict(x)",
        "partial_fit": "model.train_on_batch(x, y)",
        "history losses_": "history = model.fit(...), then history.history",
        "lr learning_rate": "model.optimizer.learning_rate",
        "num_parameters": "model.count_params()",
        "requires_grad requires_grad_": "trainable = False",
    },
    "Tensor": {
        "unsqueeze": "nn.ops.expand_dims(x, axis)",
        "view": "x.reshape(shape)",
        "permute": "x.transpose(axes)",
        "cpu cuda to device": _DEVICE,
        "contiguous": "leave it out",
        "requires_grad_": "nn.tensor(data, requires_grad=True)",
        "zero_grad zero_": _FRESH,
        "clone": "nn.ops.copy(x), or x itself, which never changes",
        "float double long int": 'x.astype("float32")',
        "t": "x.T", "numel": "x.size", "dim ndimension rank": "x.ndim",
        "clamp": "x.clip(low, high)",
        "values": "x.numpy()",
        "masked_fill": "nn.ops.where(mask, value, x)",
        "fill put itemset": "a Tensor is not changed in place: nn.ops.where, nn.ops.scatter_update",
    },
    "Parameter": {"weight weights": "it is the weight: p.numpy()"},
    "History": {
        "plot": "nn.plots.history(history)",
        "loss losses accuracy val_loss": 'history.history["loss"]',
        "keys items": "history.history, which is a dict",
    },
    "NeuralNetwork Perceptron": {
        "fit": "train(X, y)",
        "w W": "weights of a Perceptron; W1 and W2 of a NeuralNetwork",
        "b": "bias of a Perceptron; b1 and b2 of a NeuralNetwork",
        "z1 a1 z2 a2": "call forward(X) first: it leaves them",
        "dW1 db1 dW2 db2 dz1 dz2": "call forward(X) and backward(X, y) first: they leave them",
        "loss loss_history history": "losses, of each epoch",
    },
}  # fmt: skip


def written_here(kinds: list[str], name: str) -> str:
    """Return what is written here for a name of elsewhere, "" if it is not known.

    >>> written_here(["Sequential", "Layer"], "state_dict")
    'model.save_weights(path), or model.get_weights()'
    """
    for key, names in TABLE.items():
        if any(kind in kinds for kind in key.split(" ")):
            for others, here in names.items():
                if name in others.split():
                    return here
    return ""
