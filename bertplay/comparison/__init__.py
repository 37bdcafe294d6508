"""Losses on the same splits beside cheap baselines, and what their differences allow to say."""
