import io
import json
import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from neurona.data import sound
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError

GOLDEN = json.loads(
    Path(__file__).parent.with_name("golden").joinpath("sounds.json").read_text()
)["cases"]  # fmt: skip
RNG = np.random.default_rng(0)


def glide(count):
    n = np.arange(count) / 8000
    x = np.sin(2 * np.pi * (300 + 900 * n) * n) + 0.3 * np.sin(2 * np.pi * 2500 * n)
    x[count // 3] += 5
    return x / 4


@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: f"{c['function']}-{c['arguments']}")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_of_librosa(case, dtype):
    inputs = [glide(case["samples"]).astype(dtype)] if case["samples"] else []
    found = getattr(sound, case["function"])(*inputs, **case["arguments"])
    assert list(found.shape) == case["shape"]
    if inputs:
        assert found.dtype == dtype
    expected = np.array(case["values"])
    found = found[tuple(slice(None, None, step) for step in case["steps"])]
    # In float32 the transform's rounding is relative to the loudest bin of a frame; where bands
    # are all but silent, decibels show it. Filters are float32 in any case, as librosa's are.
    close = {"rtol": 1e-6, "atol": 1e-9 * np.abs(expected).max()}
    if dtype == "float32" or case["function"] != "spectrogram":
        close = {"rtol": 1e-4, "atol": 1e-6 * np.abs(expected).max()}
    if case["function"] == "mfcc":
        close = {"rtol": 1e-3, "atol": 0.01 if dtype == "float32" else 1e-3}
    np.testing.assert_allclose(found, expected, **close)


def test_batches_and_integers():
    x = RNG.normal(size=(2, 3, 500))
    found = sound.mel_spectrogram(x, 8000, n_fft=64, hop_length=50, n_mels=8)
    assert found.shape == (2, 3, 11, 8)
    np.testing.assert_allclose(
        found[1, 2], sound.mel_spectrogram(x[1, 2], 8000, n_fft=64, hop_length=50, n_mels=8)
    )
    whole = (x[0] * 1000).astype(np.int16)
    np.testing.assert_array_equal(
        sound.spectrogram(whole, 64), sound.spectrogram(whole.astype(np.float32), 64)
    )


def test_decibels_keep_a_range_below_the_loudest():
    assert sound.decibels([1e3, 1.0, 1e-20], top_db=None).round(9).tolist() == [30, 0, -100]
    assert sound.decibels([1e3, 1.0, 1e-20]).round(9).tolist() == [30, 0, -50]
    assert sound.decibels(np.float32([4.0]), ref=4.0).tolist() == [0.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sound.spectrogram([]), DataError, r"of samples. Got float64 of shape \(0,\)"),
        (lambda: sound.spectrogram(["a"]), DataError, "array of samples"),
        (lambda: sound.spectrogram(np.ones(9), center=False), DataError,
         "shorter than a frame. Got 9 samples; expected n_fft = 2048"),
        (lambda: sound.spectrogram(np.ones(9), n_fft=8, win_length=9), ArgumentError, "win_length"),
        (lambda: sound.spectrogram(np.ones(9), window="box"), ArgumentError, "window"),
        (lambda: sound.spectrogram(np.ones(9), hop_length=0), ArgumentError, "hop_length"),
        (lambda: sound.mel_filters(8000, 64, fmin=4000), ArgumentError, "0 <= fmin < fmax"),
        (lambda: sound.mel_filters(8000, 64, norm="l2"), ArgumentError, "norm is unknown"),
        (lambda: sound.mfcc(np.ones(99), n_mfcc=20, n_mels=10), ArgumentError,
         "no more coefficients than bands. Got n_mfcc=20; expected at most n_mels = 10"),
        (lambda: sound.resample(np.ones(9), 0, 1), ArgumentError, "rate"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("rate", "new"), [(8000, 16000), (44100, 16000), (16000, 44100)])
def test_resampled_tones_are_the_tones_at_the_new_rate(rate, new):
    seconds = 0.2
    tone = lambda r: np.sin(2 * np.pi * 1000 * np.arange(round(seconds * r)) / r)  # noqa: E731
    found = sound.resample(tone(rate), rate, new)
    assert len(found) == round(seconds * new)
    inner = slice(new // 50, -new // 50)  # the ends feel the silence beyond
    np.testing.assert_allclose(found[inner], tone(new)[inner], atol=2e-3)


def test_resampling_takes_out_what_the_new_rate_cannot_hold():
    n = np.arange(16000) / 16000
    high = np.sin(2 * np.pi * 6000 * n)
    assert np.abs(sound.resample(high, 16000, 8000)[100:-100]).max() < 1e-3
    assert sound.resample(np.ones(1000), 8000, 11025)[100:-100] == pytest.approx(1)
    assert sound.resample(high, 8000, 8000) is high


def test_recordings_there_and_back(tmp_path):
    path = tmp_path / "x.wav"
    x = np.round(RNG.uniform(-1, 1, (50, 2)) * 2**15).clip(-(2**15), 2**15 - 1) / 2**15
    sound.write_sound(path, x, 8000)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)
    found, rate = sound.read_sound(path, mono=False)
    assert (rate, found.dtype) == (8000, np.float32)
    np.testing.assert_array_equal(found, x.astype(np.float32))
    mean, _ = sound.read_sound(path)
    np.testing.assert_allclose(mean, x.mean(axis=1), atol=1e-7)
    slower, rate = sound.read_sound(io.BytesIO(path.read_bytes()), 4000, mono=False)
    assert (slower.shape, rate) == ((25, 2), 4000)
    sound.write_sound(path, [2.0, -2.0], 8000)  # too loud: cut off
    assert sound.read_sound(path)[0].tolist() == [1 - 2**-15, -1]


def test_eight_and_twenty_four_bits(tmp_path):
    for width, raw, expected in ((1, b"\x80\x00\xc0", [0, -1, 0.5]),
                                 (3, b"\0\0\0" b"\0\0\x80" b"\0\0\x40", [0, -1, 0.5])):  # fmt: skip
        with wave.open(str(tmp_path / "x.wav"), "wb") as file:
            file.setparams((1, width, 8000, 0, "NONE", ""))
            file.writeframes(raw)
        assert sound.read_sound(tmp_path / "x.wav")[0].tolist() == expected


def test_what_is_no_recording(tmp_path, monkeypatch):
    path = tmp_path / "x.wav"
    with pytest.raises(MissingDataError, match="there is no such file"):
        sound.read_sound(path)
    for content in (b"", b"RIFF", b"no sound" * 99):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"x.wav: this is no sound that can be read"):
            sound.read_sound(path)
    sound.write_sound(path, np.zeros(1000), 8000)
    with pytest.raises(FormatError, match=r"Got 4000 bytes of samples; expected at most max_bytes"):
        sound.read_sound(path, max_bytes=3999)
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 2**32 - 1)  # declares 4 GB, has 2 KB
    path.write_bytes(content)
    assert len(sound.read_sound(path)[0]) == 1000
    sound.write_sound(path, np.zeros(1000), 8000)
    whole = path.read_bytes()
    for kept in (44, 45, 1000, 2043):
        path.write_bytes(whole[:kept])
        for given in (path, io.BytesIO(whole[:kept])):
            with pytest.raises(
                FormatError, match=rf"was cut off. Got {kept:,} bytes; expected 2,044"
            ):
                sound.read_sound(given)
    streamed = whole[:4] + b"\xff\xff\xff\xff" + whole[8:]  # of who did not know the length
    assert len(sound.read_sound(io.BytesIO(streamed))[0]) == 1000
    path.write_bytes(whole[:40] + bytes(4))
    with pytest.raises(FormatError, match="cut off"):
        sound.read_sound(path)
    with pytest.raises(DataError, match="Got NaN"):
        sound.write_sound(path, [np.nan], 8000)
    with pytest.raises(DataError, match=r"Got shape \(0,\)"):
        sound.write_sound(path, [], 8000)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingDataError, match=r"pip install neurona\[sound\]"):
        sound.read_sound(path)


def test_the_loudest_part():
    x = np.array([0.0, 3, 0, 1, 2, 2, 0], np.float32)
    assert sound.loudest_part(x, 1).tolist() == [3]
    assert sound.loudest_part(x, 3).tolist() == [3, 0, 1]  # 10, and 1 + 4 + 4 = 9
    assert sound.loudest_part(x, 7).tolist() == x.tolist()
    assert sound.loudest_part(x, 10).tolist() == [0, *x.tolist(), 0, 0]
    assert sound.loudest_part(x, 2).dtype == np.float32
    with pytest.raises(ArgumentError, match="length"):
        sound.loudest_part(x, 0)
    with pytest.raises(DataError, match="a sound is an array of samples"):
        sound.loudest_part([], 3)


def test_shifts_leave_silence_behind():
    x = np.arange(1.0, 41).reshape(4, 10).astype(np.float32)
    found = sound.RandomShift(0.5, value=-1)(x, np.random.default_rng(1))
    for row, source in zip(found, x, strict=True):
        kept = row[row != -1]
        assert 5 <= len(kept) <= 10
        assert kept.tolist() in (source[: len(kept)].tolist(), source[10 - len(kept) :].tolist())
    assert {len(row[row != -1]) for row in found} != {10}
    assert sound.RandomShift(0.2)(np.ones((2, 10, 3)), RNG).shape == (2, 10, 3)


def test_volume_and_noise_stay_in_their_ranges():
    x = np.sin(np.arange(1, 4001.0)).reshape(4, 1000)
    louder = sound.RandomVolumeNoise(0.5, 0)(x, np.random.default_rng(0)) / x
    factors = louder[:, 5]
    np.testing.assert_allclose(louder, np.broadcast_to(factors[:, None], x.shape))
    assert len(set(factors)) == 4
    assert (np.abs(factors - 1) <= 0.5).all()
    noise = sound.RandomVolumeNoise(0, 0.1)(x, np.random.default_rng(0)) - x
    assert 0 < noise.std() < 0.1


def test_masks_blot_out_bands_and_stretches():
    x = RNG.normal(size=(20, 50, 40)).astype(np.float32)
    masks = sound.RandomMasks(bands=1, band_width=8, stretches=0, value=9.0)
    hidden = masks(x, np.random.default_rng(0)) == 9
    assert (hidden.all(axis=1) == hidden.any(axis=1)).all()  # whole columns
    widths = hidden[:, 0].sum(axis=1)
    assert widths.max() <= 8
    assert len(set(widths.tolist())) > 3
    both = sound.RandomMasks()(x, np.random.default_rng(0))
    changed = both != x
    np.testing.assert_allclose(
        both[changed], np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)[changed]
    )
    again = sound.RandomMasks()(x, np.random.default_rng(0))
    np.testing.assert_array_equal(both, again)


def test_augmentation_errors():
    with pytest.raises(DataError, match=r"RandomMasks takes a batch of floats. Got float64 of s"):
        sound.RandomMasks()(np.ones((2, 3)), RNG)
    with pytest.raises(DataError, match="RandomShift takes a batch of floats"):
        sound.RandomShift()(np.ones((2, 3), int), RNG)
    with pytest.raises(ArgumentError, match="fraction"):
        sound.RandomShift(1.5)
    with pytest.raises(ArgumentError, match="band_width"):
        sound.RandomMasks(band_width=-1)


@pytest.mark.parametrize(("rate", "samples"), [(1, 3000), (2**31 - 1, 3000), (7, 100_000)])
def test_a_sample_rate_that_a_file_names_asks_for_no_memory_without_end(tmp_path, rate, samples):
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros(samples), rate, subtype="PCM_U8")
    with pytest.raises(FormatError, match=r"very long sound[\s\S]*max_bytes=\d+, if you trust"):
        sound.read_sound(path, 16_000)
    assert sound.read_sound(path)[1] == rate


def test_hours_of_silence_in_a_few_kilobytes(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "x.flac"
    soundfile.write(path, np.zeros(20_000_000, np.int16), 8000)
    assert path.stat().st_size < 100_000
    with open(path, "rb") as file:
        for given in (path, file):
            with pytest.raises(
                FormatError, match=r"long sound. Got 80000000 b[\s\S]*=80000000, if"
            ):
                sound.read_sound(given)
    assert len(sound.read_sound(path, max_bytes=80_000_000)[0]) == 20_000_000
