"""Optimizers: the rules by which a gradient changes a parameter, and which parameter has which."""
