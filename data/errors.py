"""The one error that means: what the user gave is wrong, and how to mend it."""


class InputError(ValueError):
    """Wrong input or options: one clear sentence for the user, exit code 2 on the command line."""
