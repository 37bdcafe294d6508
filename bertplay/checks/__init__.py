"""Numbered checks of a training: what may be wrong, why, and what to do about it."""
