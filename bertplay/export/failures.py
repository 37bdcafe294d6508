"""How an export ends that was asked for rightly and cannot be done."""


class ExportFailedError(RuntimeError):
    """An export that does not compute what the model does, or that the Hub has not taken."""
