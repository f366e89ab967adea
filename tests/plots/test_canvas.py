"""Figures: when pyplot holds them, when it does not, and what importing costs."""

import os
import subprocess
import sys
import threading
import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from neurona import plots
from neurona.errors import ArgumentError, DataError
from neurona.plots.canvas import (
    HELD,
    as_array,
    as_numbers,
    axes_for,
    check_names,
    grid_shape,
    new_figure,
)
from neurona.plots.palette import OKABE_ITO, class_colors, class_marker, ink_on


def run(code, **environment):
    keep = {k: v for k, v in os.environ.items() if k not in ("MPLBACKEND", "DISPLAY")}
    path = os.pathsep.join(p for p in sys.path if p)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=keep | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_plots_does_not_import_matplotlib():
    code = "import neurona.plots, sys; print([m for m in sys.modules if 'matplotlib' in m])"
    assert run(code) == "[]"


def test_all_names_are_functions_with_docstrings_and_no_stray_names():
    assert plots.__all__ == sorted(plots.__all__)
    for name in plots.__all__:
        assert callable(getattr(plots, name))
        assert ">>> " in getattr(plots, name).__doc__, name


def test_headless_figures_do_not_pile_up_and_can_be_saved(tmp_path):
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = [new_figure(2, 1) for _ in range(30)]
    assert [plt.figure(n) for n in plt.get_fignums()] == figures[-HELD:]
    figures[0].add_subplot().plot([1, 2])
    figures[0].savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("environment", [{"MPLBACKEND": "Agg"}, {}])
def test_what_was_drawn_last_is_what_pyplot_saves(environment, tmp_path):
    code = f"""
import neurona as nn
network = nn.classic.NeuralNetwork(2, 4, 1, random_state=0)
network.train([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]], epochs=3, verbose=False)
network.visualize_training()
import matplotlib.pyplot as plt
plt.savefig({str(tmp_path / "a.png")!r}, dpi=20)
print((plt.imread({str(tmp_path / "a.png")!r}) < 0.9).any(), len(plt.get_fignums()))
"""
    assert run(code, **environment) == "True 1"


def test_a_window_backend_without_a_display_still_draws():
    pytest.importorskip("tkinter")
    if sys.platform != "linux":
        pytest.skip("only Linux tells that there is no display")
    code = "from neurona import plots; print(len(plots.loss_curve([1., .5]).axes))"
    assert run(code, MPLBACKEND="TkAgg") == "1"


def test_where_pyplot_can_show_it_holds_the_figure_once(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "get_backend", lambda: "module://a_notebook")
    figure = new_figure(2, 1)
    assert isinstance(figure, Figure)
    assert [plt.figure(n) for n in plt.get_fignums()] == [figure]
    assert figure._repr_mimebundle_() is None  # a notebook asks this before it shows the figure
    assert plt.get_fignums() == []  # so the end of the cell does not show it again


def test_many_figures_of_pyplot_do_not_warn(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "get_backend", lambda: "module://a_notebook")
    for _ in range(25):
        new_figure(1, 1)
    assert len(plt.get_fignums()) == 25
    plt.close("all")


def test_other_threads_never_touch_pyplot(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "get_backend", lambda: "tkagg")
    made = []
    thread = threading.Thread(target=lambda: made.append(new_figure(2, 1)))
    thread.start()
    thread.join()
    assert type(made[0]) is Figure
    assert plt.get_fignums() == []


def test_given_axes_are_drawn_on_also_inside_a_subfigure():
    figure = Figure()
    ax = figure.subfigures(1, 2)[1].add_subplot()
    assert axes_for(ax, 1, 1) == (figure, ax)
    assert plots.loss_curve([1.0, 0.5], ax=ax) is figure


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_styles_of_the_user_are_kept(style):
    with matplotlib.style.context(style):
        figure = plots.loss_curve([1.0, 0.5])
        figure.canvas.draw()
        assert figure.axes[0].title.get_color() == matplotlib.rcParams["axes.titlecolor"].replace(
            "auto", matplotlib.rcParams["text.color"]
        )


def test_arrays_come_from_tensors_and_lists():
    class Tensor:
        def numpy(self):
            return np.ones(2)

    assert as_array(Tensor(), "x").tolist() == [1, 1]
    assert np.isnan(as_array([1.0, None], "x")[1])
    with pytest.raises(DataError, match="rows of different lengths"):
        as_array([[1], [1, 2]], "x")
    with pytest.raises(DataError, match="x must hold numbers"):
        as_array(object(), "x")
    with pytest.raises(DataError, match="Got nothing; expected one or more"):
        as_numbers([], "x")


def test_names_and_grids():
    assert check_names({1: "b", 0: "a"}, 2) == ["a", "b"]
    with pytest.raises(ArgumentError, match="Got 1 names; expected 3"):
        check_names(["a"], 3)
    assert grid_shape(3) == (1, 3)
    with pytest.raises(ArgumentError, match="columns is too small"):
        grid_shape(3, 0)


def test_colours_are_distinct_and_class_pairs_never_repeat():
    colors = class_colors(21)
    assert len(set(colors)) == 21
    assert colors[:7] == list(OKABE_ITO)
    pairs = {(i % 7, class_marker(i)) for i in range(40)}
    assert len(pairs) == 40
    assert (ink_on(np.ones(3)), ink_on(np.zeros(3))) == ("black", "white")
