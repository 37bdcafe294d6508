"""What a prediction rests on: the part that each word of a text has in it."""

from bertplay.attribution.explanation import Explanation, explain
from bertplay.attribution.path_integral import PathIntegral, integrated_gradients
from bertplay.attribution.words import Word

__all__ = ["Explanation", "PathIntegral", "Word", "explain", "integrated_gradients"]
