"""Functions of a number as vector code."""
