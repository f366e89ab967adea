"""Pictures of data, training and networks: each function returns a matplotlib Figure.

Importing this package does not import matplotlib; the first plot does. No function opens a window
or waits for one. `figure.savefig("name.png")` writes a file; in a notebook the figure shows itself;
in a script with a display, `matplotlib.pyplot.show()` opens all figures. What was drawn last is
pyplot's current figure, also without a display: `matplotlib.pyplot.savefig("name.png")` writes it.
"""

from neurona.plots.alarms import alarms
from neurona.plots.attention_maps import attention_maps
from neurona.plots.attribution import occlusion, saliency
from neurona.plots.boundary import boundary_grid, decision_boundary
from neurona.plots.confusion import confusion_matrix
from neurona.plots.curves import activations
from neurona.plots.embedding_map import embedding_space
from neurona.plots.features import feature_maps
from neurona.plots.gradients import gradient_flow
from neurona.plots.graph import model_graph
from neurona.plots.images import misclassified, samples
from neurona.plots.kernels import weights
from neurona.plots.linear import linear_boundary
from neurona.plots.lines import lines
from neurona.plots.model_plot import model_to_dot, plot_model
from neurona.plots.predictions import predictions
from neurona.plots.rows import image_rows
from neurona.plots.scatter import scatter
from neurona.plots.sequences import attention, bars, forecast, spectrograms
from neurona.plots.training import history, learning_rate, loss_curve

__all__ = [
    "activations",
    "alarms",
    "attention",
    "attention_maps",
    "bars",
    "boundary_grid",
    "confusion_matrix",
    "decision_boundary",
    "embedding_space",
    "feature_maps",
    "forecast",
    "gradient_flow",
    "history",
    "image_rows",
    "learning_rate",
    "linear_boundary",
    "lines",
    "loss_curve",
    "misclassified",
    "model_graph",
    "model_to_dot",
    "occlusion",
    "plot_model",
    "predictions",
    "saliency",
    "samples",
    "scatter",
    "spectrograms",
    "weights",
]
