"""Healthy twins of the faulty programs of the fourth part."""
