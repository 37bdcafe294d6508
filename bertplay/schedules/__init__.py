"""Learning rates as functions of the step, computed on the host in double precision."""

from bertplay.schedules.named import schedule_for
from bertplay.schedules.schedule import Schedule

__all__ = ["Schedule", "schedule_for"]
