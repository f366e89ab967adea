"""The activation functions, as in Keras: `from neurona import activations`."""

from neurona.nn.activations import get, linear, relu, sigmoid, softmax, tanh

__all__ = ["get", "linear", "relu", "sigmoid", "softmax", "tanh"]
