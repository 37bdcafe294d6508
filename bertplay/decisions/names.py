"""What a user calls the ways of deciding; loads nothing, as the command line's help needs them."""

CALIBRATIONS = ("none", "temperature", "vector", "isotonic")
DEFAULT_CALIBRATION = "temperature"
