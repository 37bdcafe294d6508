"""Distillation: a smaller BERT that learns from a bigger one on unlabelled text."""

from bertplay.distill_options import DistillOptions
from bertplay.distillation.run import distill
from bertplay.distillation.view import DistillPlan, SilentDistillView

__all__ = ["DistillOptions", "DistillPlan", "SilentDistillView", "distill"]
