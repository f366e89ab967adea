"""Models that make images: they learn, are killed and go on, are saved, and say what is wrong."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import neurona as nn
from neurona import ops, zoo
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.optimizers import Adam
from neurona.zoo import denoiser, diffusion
from tests.first import first
from tests.settings import engine_set_to, threads_set_to

SCRIPT = Path(__file__).with_name("making_script.py")
script = SimpleNamespace(**runpy.run_path(str(SCRIPT)))
X, Y = script.images()
BARS = np.stack([X[k == Y].mean(axis=0) for k in (0, 1)])
MODELS = ["GAN", "DCGAN", "WGAN", "DDPM"]
each = pytest.mark.parametrize("name", MODELS)
one = pytest.mark.parametrize("name", first(MODELS, "GAN"))


def bits(model):
    return [p.numpy().tobytes() for p in model.weights]


def fitted(name, epochs=2, **settings):
    model = script.model(name)
    x = (X + 1) / 2 if name == "GAN" else X
    return model, model.fit(x, Y, 12, epochs, verbose=0, **settings).history


@pytest.mark.sampled(5)
@each
def test_both_engines_compute_the_same(name):
    model, logs = fitted(name)
    with engine_set_to("reference"):
        other, other_logs = fitted(name)
    for key, values in logs.items():
        np.testing.assert_allclose(other_logs[key], values, rtol=2e-3, atol=1e-4)
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-2, atol=2e-3)


@pytest.mark.slow
@one
def test_the_bits_do_not_depend_on_the_number_of_threads(name):
    found = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads):
            found.append(bits(fitted(name, 1)[0]))
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.sampled(5)
@each
def test_is_saved_loaded_and_goes_on_exactly(name, tmp_path):
    model, _ = fitted(name)
    model.save(tmp_path / "m")
    model.fit(X, Y, 12, 4, initial_epoch=2, verbose=0)
    again = nn.models.load_model(tmp_path / "m")
    again.fit(X, Y, 12, 4, initial_epoch=2, verbose=0)
    assert bits(again) == bits(model)
    a, b = (m.sample(labels=[0, 1], seed=5) for m in (model, again))
    np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@one
def test_killed_in_the_middle_of_training_it_goes_on_to_the_same_bytes(name, tmp_path):
    expected = script.train(tmp_path / "whole", name)
    folder = tmp_path / "killed"
    for wait in (0.1, 0.2, None):
        process = subprocess.Popen(
            [sys.executable, SCRIPT, folder, name], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(nn.__file__).parent.parent)},
        )  # fmt: skip
        assert process.stdout.readline() == "training\n"
        if wait is None:
            assert process.wait() == 0
        else:
            backup = folder / "backup" / "training.backup"
            while not backup.exists() and process.poll() is None:
                time.sleep(0.01)
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
    assert json.loads((folder / "result.json").read_text()) == expected


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("name", "epochs"), [("GAN", 60), ("DCGAN", 40), ("WGAN", 60), ("DDPM", 40)]
)
def test_images_of_a_class_are_like_those_of_the_class(name, epochs):
    model, _ = fitted(name, epochs)
    asked = np.arange(20) % 2
    made = model.sample(labels=asked, seed=1, **({"guidance": 1.0} if name == "DDPM" else {}))
    if name == "GAN":
        made = 2 * made - 1
    distances = ((made[:, None] - BARS) ** 2).mean(axis=(2, 3, 4))
    assert (distances.argmin(axis=1) == asked).mean() >= 0.9


# --- GANs ---------------------------------------------------------------------------------------


def test_dcgan_has_the_weights_of_pytorchs_example():
    model = zoo.DCGAN(64, 3)
    counts = [
        sum(p.size for p in net.trainable_weights) for net in (model.generator, model.discriminator)
    ]
    assert counts == [3_576_704, 2_765_568]


def test_the_slope_of_a_critic_is_held_at_one():
    model = script.model("WGAN")
    x, made = ops.zeros((3, 8, 8, 1)), ops.ones((3, 8, 8, 1))
    y = np.array([0, 1, 1])
    model.penalty = 0.0
    apart = model.judged(x, made, y).item()
    score = model.discriminator
    assert apart == pytest.approx(
        (ops.mean(score(made, y)) - ops.mean(score(x, y))).item(), abs=1e-6
    )
    model.penalty = 10.0
    for p in score.trainable_weights:  # a critic that is flat has slope 0 everywhere
        p.assign(ops.zeros(p.shape))
    assert model.judged(x, made, y).item() == pytest.approx(10, rel=1e-3)


def test_what_gans_refuse():
    with pytest.raises(ArgumentError, match=r"strides of 2 make the images[\s\S]*size=7"):
        zoo.DCGAN(7)
    model = script.model("DCGAN")
    with pytest.raises(
        DataError, match=r"labels if it has classes[\s\S]*missing[\s\S]*fit\(x, y\)"
    ):
        model.fit(X, verbose=0)
    with pytest.raises(ArgumentError, match=r"made by a model with classes[\s\S]*labels=\[0"):
        model.sample(3)
    plain = zoo.DCGAN(8, latent=4, width=2)
    plain.compile()
    with pytest.raises(DataError, match="classes=0, labels given"):
        plain.fit(X, Y, verbose=0)
    with pytest.raises(ArgumentError, match="classes=0, labels=array"):
        plain.sample(labels=Y)
    assert set(plain.fit(X, batch_size=12, verbose=0).history) == {"d_loss", "g_loss"}
    with pytest.raises(ShapeError, match=r"a piece of the batch[\s\S]*13 images, critic_steps=2"):
        script.model("WGAN").fit(X, Y, batch_size=13, verbose=0)


def small(classes=0):
    return zoo.GAN((8, 8, 1), 4, (8,), classes=classes)


@pytest.mark.parametrize(
    "given", [{"optimizer": "sgd"}, {"loss": "mse"}, {"metrics": ["mae"]}, {"loss_weights": [1.0]}]
)
def test_what_a_game_chooses_itself_cannot_be_chosen(given):
    with pytest.raises(
        ArgumentError,
        match=rf"GAN has losses of its own.*{next(iter(given))}[\s\S]*g_optimizer, d_",
    ):
        small().compile(**given)
    if "optimizer" not in given:
        with pytest.raises(ArgumentError, match=r"DDPM has losses.*\n*try: compile\(optimizer\)"):
            zoo.DDPM((8, 8, 1), (4,), steps=10).compile(**given)


def test_a_loss_by_position_is_refused_as_well():
    with pytest.raises(ArgumentError, match=r"DDPM has losses of its own.*Got loss\."):
        zoo.DDPM((8, 8, 1), (4,), steps=10).compile("adam", "mae")


def test_the_optimizers_of_a_game_have_names():
    model = small()
    model.compile("adam", "sgd")
    assert type(model.g_optimizer).__name__ == "Adam"
    assert type(model.d_optimizer).__name__ == "SGD"
    assert np.isfinite(model.fit(X, verbose=0).history["d_loss"]).all()
    with pytest.raises(ArgumentError, match="unknown optimizer"):
        model.compile("adom")


@pytest.mark.parametrize("name", ["GAN", "WGAN"])
def test_a_game_is_evaluated_by_both_losses(name):
    model = script.model(name)
    before = bits(model)
    logs = model.evaluate(X, Y, batch_size=48, verbose=0, return_dict=True)
    assert bits(model) == before
    assert np.isfinite(list(logs.values())).all()
    for p in model.discriminator.trainable_weights:  # who scores 0 loses 2 ln 2, and G then ln 2
        p.assign(ops.zeros(p.shape))
    logs = model.evaluate(X, Y, batch_size=48, verbose=0, return_dict=True)
    expected = {"GAN": (2 * np.log(2), np.log(2)), "WGAN": (10.0, 0.0)}[name]
    assert (logs["d_loss"], logs["g_loss"]) == pytest.approx(expected, rel=1e-3)


def test_a_game_is_validated_while_it_learns():
    model = small()
    model.compile()
    history = model.fit(X, validation_data=X[:12], verbose=0).history
    assert set(history) == {"d_loss", "g_loss", "val_d_loss", "val_g_loss"}


@pytest.mark.parametrize("name", ["GAN", "DDPM"])
def test_weights_of_samples_are_refused(name):
    model = script.model(name)
    with pytest.raises(DataError, match=rf"{name} weighs all samples alike[\s\S]*class_weight"):
        model.fit(X, Y, sample_weight=np.ones(len(X)), verbose=0)


@pytest.mark.parametrize("name", ["GAN", "DDPM"])
def test_labels_of_no_class_are_refused(name):
    model = script.model(name)
    for labels, found in (([0, 2], "2 at index 1"), ([-1], "-1 at index 0"), ([0.5], "0.5")):
        with pytest.raises(
            ArgumentError, match=rf"the number of a class\. Got {found}.*from 0 to 1"
        ):
            model.sample(labels=labels)
    for labels in (1, [[0], [1]], [[0], [0, 1]], [], "ab"):
        with pytest.raises(ArgumentError, match="a row of class numbers, one for each image"):
            model.sample(labels=labels)
    with pytest.raises(DataError, match=r"the number of a class\. Got 7 at index 0"):
        model.fit(X, Y + 7, verbose=0)
    with pytest.raises(DataError, match=r"row of class numbers[\s\S]*\(48, 1\)[\s\S]*y\[:, 0\]"):
        model.fit(X, Y[:, None], verbose=0)
    with pytest.raises(DataError, match=r"the number of a class\. Got 2 at index"):
        model.fit(X, Y, validation_data=(X, Y + 1), verbose=0)
    with pytest.raises(DataError, match=r"the number of a class\. Got 2 at index"):
        model.train_on_batch(X, Y + 1)


def test_what_the_numbers_of_a_game_are():
    with pytest.raises(ArgumentError, match="critic_steps is too small"):
        zoo.WGAN(8, latent=4, width=2, critic_steps=0)
    with pytest.raises(ArgumentError, match="penalty is out of range"):
        zoo.WGAN(8, latent=4, width=2, penalty=-1)
    with pytest.raises(ArgumentError, match="classes is too small"):
        small(-1)
    for given in ({"count": 0}, {"seed": -1}):
        with pytest.raises(ArgumentError, match=f"{next(iter(given))} is too small"):
            small().sample(**given)


# --- diffusion ----------------------------------------------------------------------------------


def test_schedules_are_those_of_the_papers():
    linear = diffusion.left_after("linear", 1000)
    beta = np.linspace(1e-4, 0.02, 1000)
    np.testing.assert_allclose(linear[1:], np.cumprod(1 - beta), rtol=1e-5)
    cosine = diffusion.left_after("cosine", 1000)
    t = np.arange(1001) / 1000
    curve = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(cosine[:-1], curve[:-1] / curve[0], rtol=1e-4)
    assert linear[0] == cosine[0] == 1
    assert (np.diff(linear) < 0).all()
    assert (np.diff(cosine) < 0).all()


def test_noise_that_is_known_leads_straight_back():
    """With the true noise, DDIM arrives at the image in any number of steps."""
    model = zoo.DDPM((8, 8, 1), (4,), steps=50, attention=False)
    image = np.clip(BARS[:1], -1, 1)

    class Knowing(nn.layers.Layer):
        def call(self, x, t, y=None):
            a = ops.take(nn.tensor(model.left), t, axis=0)[:, None, None, None]
            return (x - ops.sqrt(a) * image) / ops.sqrt(1 - a)

    model.denoiser = Knowing()
    for steps, eta in ((1, 0.0), (5, 0.0), (50, 0.0), (50, 1.0)):
        made = model.sample(2, steps=steps, eta=eta, seed=1)
        np.testing.assert_allclose(made, np.repeat(image, 2, axis=0), atol=2e-3)
    path = model.sample(2, steps=5, eta=0.0, seed=1, path=True)
    assert path.shape == (6, 2, 8, 8, 1)
    np.testing.assert_array_equal(path[-1], model.sample(2, steps=5, eta=0.0, seed=1))


def test_a_step_of_the_way_back_is_the_papers():
    """Ancestral sampling: the mean and the variance of q(x_s | x_t, x_0), equations 6 and 7."""
    steps, t = 50, 20
    left = diffusion.left_after("linear", steps).astype(float)
    a, b = left[t], left[t - 1]
    beta = 1 - a / b
    x0, x = 0.3, 0.7
    e = (x - np.sqrt(a) * x0) / np.sqrt(1 - a)
    sigma = np.sqrt((1 - b) / (1 - a) * (1 - a / b))
    assert sigma**2 == pytest.approx((1 - b) / (1 - a) * beta)
    mean = np.sqrt(b) * x0 + np.sqrt(1 - b - sigma**2) * e
    expected = np.sqrt(b) * beta / (1 - a) * x0 + np.sqrt(1 - beta) * (1 - b) / (1 - a) * x
    assert mean == pytest.approx(expected)


@pytest.mark.slow
def test_guidance_goes_from_no_class_to_the_class_and_beyond():
    model, _ = fitted("DDPM", 1)
    given = [model.sample(labels=[0, 1], steps=1, eta=0.0, guidance=w, seed=2) for w in (0.0, 1.0)]
    t, y = np.full(2, 20), np.array([0, 1], np.int32)
    start = model.sample(labels=[0, 1], steps=1, eta=0.0, seed=2, path=True)[0]
    told, untold = (model.denoiser(start, nn.tensor(t), nn.tensor(c)) for c in (y, np.full(2, 2)))
    a = model.left[20]
    for w, image in zip((0.0, 1.0), given, strict=True):
        e = (1 + w) * told - w * untold
        expected = ops.clip((start - np.sqrt(1 - a) * e) / np.sqrt(a), -1, 1)
        np.testing.assert_allclose(image, expected.numpy(), atol=1e-3)


@pytest.mark.slow
def test_labels_are_left_out_now_and_then():
    model = zoo.DDPM((8, 8, 1), (4,), classes=2, steps=10, untold=1.0, attention=False)
    model.compile(Adam(0.01))
    before = model.denoiser.label.get_weights()[0]
    model.fit(X, Y, 12, verbose=0)
    after = model.denoiser.label.get_weights()[0]
    assert (before[:2] == after[:2]).all()
    assert (before[2] != after[2]).any()


def test_the_time_is_told_by_waves():
    t = np.array([0.0, 1.0, 500.0], np.float32)
    found = denoiser.waves(nn.tensor(t), 6).numpy()
    rates = 10_000.0 ** -(np.arange(3) / 3)
    np.testing.assert_allclose(found[:, :3], np.sin(t[:, None] * rates), atol=1e-4)
    np.testing.assert_allclose(found[:, 3:], np.cos(t[:, None] * rates), atol=1e-4)


def test_what_diffusion_refuses():
    with pytest.raises(
        ArgumentError, match=r"level of the U-Net but the last halves[\s\S]*28 x 28"
    ):
        zoo.DDPM((28, 28, 1), (4, 4, 4, 4))
    with pytest.raises(ArgumentError, match="a U-Net has a level"):
        denoiser.Denoiser(1, ())
    with pytest.raises(ArgumentError, match="schedule"):
        zoo.DDPM((8, 8, 1), (4,), schedule="sine")
    model = zoo.DDPM((8, 8, 1), (4,), classes=2, steps=10)
    model.compile()
    with pytest.raises(ArgumentError, match=r"no more steps than the way there[\s\S]*steps=11"):
        model.sample(labels=[0], steps=11)
    with pytest.raises(ArgumentError, match="made by a model with classes"):
        model.sample(2)
    with pytest.raises(DataError, match=r"DDPM learns from images and their labels[\s\S]*missing"):
        model.fit(X, verbose=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"guidance": 1.0}, r"guidance is towards a class.*classes=0, guidance=1\.0"),
        ({"guidance": "much"}, "guidance must be a number"),
        ({"eta": "ddim"}, "eta must be a number"),
        ({"eta": -1}, "eta is out of range"),
        ({"count": 0}, "count is too small"),
        ({"seed": -1}, "seed is too small"),
        ({"seed": 2**63}, "seed is too large"),
        ({"seed": 1.5}, "seed must be an integer"),
    ],
)
def test_what_the_way_back_refuses(given, message):
    model = zoo.DDPM((8, 8, 1), (4,), steps=10, attention=False)
    with pytest.raises(ArgumentError, match=message):
        model.sample(**{"count": 1, "steps": 1, **given})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shape": (8, 8)}, r"a height, a width and channels.*shape=\(8, 8\)"),
        ({"untold": 2.0}, "untold is out of range"),
        ({"classes": -1}, "classes is too small"),
        ({"classes": 2.5}, "classes must be an integer"),
    ],
)
def test_what_a_diffusion_model_is_not_made_of(given, message):
    with pytest.raises(ArgumentError, match=message):
        zoo.DDPM(**{"shape": (8, 8, 1), "widths": (4,), "steps": 10, **given})
