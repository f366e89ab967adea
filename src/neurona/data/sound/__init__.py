"""Sound as numbers: recordings, spectrograms, mel bands, cepstra, and their augmentation.

Arguments have librosa's names and defaults; time is the axis before the last one, as sequence
layers read it, where librosa has it last.
"""

from neurona.data.sound.augment import RandomMasks, RandomShift, RandomVolumeNoise
from neurona.data.sound.length import loudest_part
from neurona.data.sound.mel import decibels, mel_filters, mel_spectrogram, mfcc
from neurona.data.sound.recording import read_sound, resample, write_sound
from neurona.data.sound.spectrum import spectrogram

__all__ = [
    "RandomMasks",
    "RandomShift",
    "RandomVolumeNoise",
    "decibels",
    "loudest_part",
    "mel_filters",
    "mel_spectrogram",
    "mfcc",
    "read_sound",
    "resample",
    "spectrogram",
    "write_sound",
]
