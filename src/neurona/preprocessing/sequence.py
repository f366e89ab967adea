"""Keras's `preprocessing.sequence`."""

from neurona.data import pad_sequences
from neurona.data.old.sequences import TimeseriesGenerator, make_sampling_table, skipgrams

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]
