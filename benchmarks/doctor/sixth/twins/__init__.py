"""Healthy twins of the faulty programs of the sixth part."""
