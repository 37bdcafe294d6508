"""The backbones that have a name of their own; all others are folders or Hugging Face repos."""

MINI = "mini"
"""A small pretrained BERT that comes with bertplay; docs/mini.md is its model card."""

SCRATCH = "scratch"
"""A small BERT with random weights and a vocabulary made from the training texts."""
