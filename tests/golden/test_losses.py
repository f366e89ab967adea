"""Every loss, as a class and as a function, against Keras 3: value and gradient."""

import numpy as np

from .library import (
    backward,
    close,
    each,
    gradient,
    public,
    tensor,
    weighted_sum,
)


@each("losses")
def test_loss_agrees_with_keras(case):
    loss = public("losses", case["loss"])
    y_true = tensor(case["y_true"], case["y_true_dtype"])
    y_pred = tensor(case["y_pred"], requires_grad=case["gradient"] is not None)

    if case["loss"][0].isupper():
        weight = case["sample_weight"]
        weight = None if weight is None else np.asarray(weight, "float32")
        value = loss(**case["kwargs"])(y_true, y_pred, sample_weight=weight)
    else:
        value = loss(y_true, y_pred, **case["kwargs"])

    close(value, case["value"], case["tolerance"], "value")
    if case["gradient"] is not None:
        backward(weighted_sum(value, case["cotangent"]))
        close(gradient(y_pred), case["gradient"], case["tolerance"], "gradient")
