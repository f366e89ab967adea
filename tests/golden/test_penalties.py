"""Every regulariser (value and gradient) and every constraint against Keras 3."""

from .library import arguments, backward, close, each, gradient, public, tensor


@each("penalties")
def test_penalty_agrees_with_keras(case):
    function = public(case["module"], case["class"])(**arguments(case["kwargs"]))
    weight = tensor(case["weight"], requires_grad=case["gradient"] is not None)

    value = function(weight)

    close(value, case["value"], case["tolerance"], "value")
    if case["gradient"] is not None:
        backward(value)
        close(gradient(weight), case["gradient"], case["tolerance"], "gradient")
