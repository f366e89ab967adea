"""Callbacks: objects with `on_*` methods that `fit` calls as it goes, one family a file."""

from neurona.train.callbacks.callback import Callback, CallbackList, LambdaCallback

__all__ = ["Callback", "CallbackList", "LambdaCallback"]
