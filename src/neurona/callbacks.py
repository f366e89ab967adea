"""The callbacks, as in Keras: `from neurona import callbacks`."""

from neurona.doctor.callback import Doctor
from neurona.refusals import OrbaxCheckpoint
from neurona.train.callbacks.actions import LearningRateScheduler, TerminateOnNaN
from neurona.train.callbacks.averages import SwapEMAWeights
from neurona.train.callbacks.callback import Callback, CallbackList, LambdaCallback
from neurona.train.callbacks.checkpoint import BackupAndRestore, ModelCheckpoint
from neurona.train.callbacks.monitor import EarlyStopping, ReduceLROnPlateau
from neurona.train.callbacks.records import CSVLogger, TensorBoard
from neurona.train.callbacks.remote import RemoteMonitor
from neurona.train.history import History
from neurona.train.progress import ProgbarLogger
from neurona.train.progress import ProgbarLogger as ProgressBar

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "Doctor",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrbaxCheckpoint",
    "ProgbarLogger",
    "ProgressBar",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
