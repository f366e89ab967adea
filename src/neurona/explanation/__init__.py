"""Explanation: what a model computes, in formulas and numbers, read from the Graph that it runs."""
