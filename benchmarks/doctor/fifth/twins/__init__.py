"""Healthy twins of the faulty programs of the fifth part."""
