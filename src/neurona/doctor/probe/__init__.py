"""The one-batch probe: rules GD3xx, found by one forward and backward pass on a copy of a model."""
