"""Layers, activations, initialisers, regularisers, constraints, losses and metrics."""
