"""The pages people open, the probes machines read, and the control socket."""


class CannotListenError(OSError):
    """An address cannot be listened on; the text names it, and says why."""
